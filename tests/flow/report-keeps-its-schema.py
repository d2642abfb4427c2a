#!/usr/bin/python3
# What `emit run --json`, `--report`, `emit show --json` and `emit diagnostics
# --json` print keeps contract/report.schema.json and diagnostic.schema.json; the
# words in those schemas are the vocabulary's.
# SPDX-License-Identifier: Apache-2.0
import json
import os
import re
import subprocess
import sys
import tempfile

SOURCE = os.environ["SOURCE"]
sys.path.insert(0, os.path.join(SOURCE, "tests", "support"))
from tap import EMIT, check, check_equal, end, skip

import jsonschema

TESTBED = os.environ.get("EMIT_TESTBED", "")
SCENARIOS = ["demo", "dcgm-and-nvml", "gpus-denied", "all-domains", "masked", "unplug", "frozen", "amd-mirrored-dies", "empty-class", "wrap-unproven"]


def read_schema(name):
    with open(os.path.join(SOURCE, "contract", f"{name}.schema.json"), encoding="utf-8") as file:
        return json.load(file)


# The enumerations of a schema, by member.
def enumerations(schema, member=None):
    if isinstance(schema, list):
        for item in schema:
            yield from enumerations(item, member)
    if isinstance(schema, dict):
        if member and "description" in schema and isinstance(schema.get("enum"), list):
            yield member, schema["enum"]
        for key, value in schema.items():
            yield from enumerations(value, key if isinstance(value, dict) else member)


def words_are_the_vocabularys(schemas):
    def rows(file, name):
        text = open(os.path.join(SOURCE, "src", "vocabulary", file), encoding="utf-8").read()
        return [word for word in re.findall(rf'ROW\({name}_\w+,\s*"([^"]*)"', text) if word]

    wanted = {"code": rows("codes.h", "EMIT_CODE"), "outcome": rows("codes.h", "EMIT_OUTCOME"),
              "energy_source": rows("names.h", "EMIT_SOURCE"), "component": rows("names.h", "EMIT_COMPONENT"),
              "accuracy_class": rows("names.h", "EMIT_ACCURACY"), "boundary": rows("names.h", "EMIT_BOUNDARY"),
              "confidence": rows("names.h", "EMIT_CONFIDENCE")}
    wanted["replicate_code"] = wanted["code"]
    members = open(os.path.join(SOURCE, "src", "report", "members.c"), encoding="utf-8").read()
    wanted["state"] = re.findall(r'\[EMIT_REPORT_\w+\] = "(\w+)"', members)
    servers = open(os.path.join(SOURCE, "src", "meters", "served.c"), encoding="utf-8").read()
    wanted["kind"] = re.findall(r'^ +\[[A-Z]+\] = {"([^"]*)"', servers, re.MULTILINE)
    for name, schema in schemas.items():
        for member, words in enumerations(schema):
            check_equal(words, wanted[member], f"{name}: the words of {member} are the vocabulary's")


def faults(schema, document):
    return [f"{'/'.join(map(str, error.absolute_path))}: {error.message[:200]}"
            for error in jsonschema.Draft202012Validator(schema).iter_errors(document)]


def check_scenario(schemas, folder, name):
    def path(end):
        return os.path.join(folder, name + end)

    got = subprocess.run([TESTBED, "run", name, "--", EMIT, "run", "--json", "--report", path(".json"), "--outbox",
                          path(".db"), "--run-id", f"run_{name}", "--", "sleep", "0.3"],
                         capture_output=True, text=True, check=False)
    lines = [line for line in got.stderr.splitlines() if line.startswith("{")]
    if not check(len(lines) == 1, f"{name}: --json prints one object: {got.stderr[-300:]!r}"):
        return
    check_equal(faults(schemas["report"], json.loads(lines[0])), [], f"{name}: the report keeps its schema")
    check_equal(open(path(".json"), encoding="utf-8").read().strip(), lines[0], f"{name}: --report writes the same")
    shown = subprocess.run([EMIT, "show", "--json", "--outbox", path(".db"), f"run_{name}"], capture_output=True,
                           text=True, check=False).stdout
    if check(shown.startswith("{"), f"{name}: emit show --json prints the stored report"):
        check_equal(faults(schemas["report"], json.loads(shown)), [], f"{name}: and it keeps the schema")
    listed = subprocess.run([EMIT, "diagnostics", "--json", "--outbox", path(".db")], capture_output=True, text=True,
                            check=False).stdout.splitlines()
    wrong = [fault for line in listed for fault in faults(schemas["diagnostic"], json.loads(line))]
    check_equal(wrong, [], f"{name}: {len(listed)} diagnostics keep their schema")
    check_equal(len(listed), len(json.loads(lines[0])["diagnostics"]), f"{name}: as many as the report has")


# A schema that accepts everything would prove nothing.
def refuses(schemas):
    broken = {"run_id": "run_1", "points": []}
    check(faults(schemas["report"], broken) != [], "half a report is refused")
    check(faults(schemas["diagnostic"], {"code": "denied", "message": "x"}) != [], "half a diagnostic is refused")


def main():
    schemas = {name: read_schema(name) for name in ("report", "diagnostic")}
    words_are_the_vocabularys(schemas)
    refuses(schemas)
    served = {key: value for key, value in read_schema("served").items() if key not in ("$schema", "$id", "title")}
    check_equal(served, schemas["report"]["properties"]["served"], "what a server counted has one schema, alone and in a report")
    if not TESTBED or not os.access("/dev/fuse", os.R_OK | os.W_OK):
        skip("reports of the test bed", "/dev/fuse is missing")
        end()
    with tempfile.TemporaryDirectory() as folder:
        for name in SCENARIOS:
            check_scenario(schemas, folder, name)
    end()


main()
