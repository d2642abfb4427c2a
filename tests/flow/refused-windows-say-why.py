#!/usr/bin/python3
# What emit campus facility-energy refuses it tells: in its answer, to who looks on, in a file.
# SPDX-License-Identifier: Apache-2.0
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

SOURCE = os.environ["SOURCE"]
sys.path.insert(0, os.path.join(SOURCE, "tests", "support"))
from tap import EMIT, check, check_equal, end, skip

import jsonschema

with open(os.path.join(SOURCE, "contract", "campus.output.schema.json"), encoding="utf-8") as schema:
    OUTPUT = jsonschema.Draft202012Validator(json.load(schema))
METADATA = {"region": "eu-central"}


def record(**members):
    return {"energy_source": "pdu", "facility_id": "fra-1", "device_id": "rack-7", "from": "2026-06-13T14:00:00Z",
            "to": "2026-06-13T15:00:00Z", "value": 1, "unit": "kWh"} | members


def hours(first, last):
    return record(**{"from": f"2026-06-13T{first:02d}:00:00Z", "to": f"2026-06-13T{last:02d}:00:00Z"})


def run(text, *words):
    return subprocess.run([EMIT, "campus", "facility-energy", *words], input=text, capture_output=True, text=True,
                          check=False, timeout=60)


def call(records, *words):
    got = run(json.dumps({"records": records, "metadata": METADATA}), "--no-outbox", *words)
    check_equal(got.returncode, 3, "something refused: exit 3")
    return json.loads(got.stdout) | {"stderr": got.stderr}


# Who looks on is told what was refused, though the answer has it too.
def refused_lines():
    answer = call([record(unit="kVAh"), hours(3, 4), record(value="x"), record(facilty_id="fra-2")])
    said = [line.split(": ")[:4] for line in answer["stderr"].splitlines()[:-1]]
    check_equal(said, [["standard input", f"records[{item['index']}]", item["code"], item["field"]] for item in answer["refused"]],
                "standard error has a line for each record refused, as the answer names it")
    check("(nearest: facility_id)" in answer["stderr"], "a field that is none is told with the one that was meant")
    check_equal(call([record(unit="kVAh")], "--quiet")["stderr"], "", "not with --quiet")
    many = call([record(unit="kVAh")] * 13)
    lines = many["stderr"].splitlines()
    check_equal((len(many["refused"]), len(lines), lines[10]), (13, 12, "and 3 more refused: the answer has them all"),
                "ten lines are enough")
    escape = call([record(energy_source="pdu\x9b31m")])["stderr"]
    check("\x9b" not in escape and "\x1b" not in escape, "what it quotes moves no cursor")


# What is told of the refused of a filter is told in a file as in the answer to an object.
def refused_file():
    records = [record(unit="kVAh"), hours(3, 4), hours(3, 5), hours(6, 7), record(value="x")]
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "refused.ndjson")
        text = "\n".join(map(json.dumps, [{"metadata": METADATA}] + records)) + '\n{"a"\n'
        got = run(text, "--ndjson", "--no-outbox", "--refused", path)
        with open(path, encoding="utf-8") as file:
            said = [json.loads(line) for line in file]
        check_equal([(item["index"], item["line"], item["code"]) for item in said],
                    [(0, 2, "not-energy"), (2, 4, "overlap"), (4, 6, "bad-number"), (5, 7, "malformed")],
                    "--refused has index, line and code of each")
        check_equal(got.stderr, "6 records: 2 events, 0 duplicates, 4 refused\n", "and standard error their number")
        answer = {"events": [], "refused": said, "duplicates": 0, "notes": []}
        check_equal([error.message for error in OUTPUT.iter_errors(answer)], [], "they are those of the output schema")
        got = run(json.dumps({"records": []}), "--no-outbox", "--refused", path)
        check(got.returncode == 2 and "--ndjson" in got.stderr, f"of an object they are in the answer: {got.stderr}")
        got = run(text, "--ndjson", "--no-outbox", "--refused", folder)
        check(got.returncode == 2 and folder in got.stderr, f"a file that cannot be written is told: {got.stderr}")
        got = run(text, "--ndjson", "--no-outbox", "--refused", "/dev/full")
        check(got.returncode == 2 and "/dev/full" in got.stderr, f"and a full disk: {got.stderr}")
        for words in ([], ["--ndjson"]):
            one = record(region="eu-central")
            asked = json.dumps(one if words else {"records": [one]})
            got = run(asked, *words, "--outbox", os.path.join(folder, f"store{len(words)}", "outbox.db"), "--output", "/dev/full")
            check(got.returncode == 2 and "/dev/full" in got.stderr and "1 event is stored" in got.stderr,
                  f"what is stored is told when its copy fails: {got.stderr}")


# What is no stream of records is told as what it is.
def wrong_forms():
    document = json.dumps({"records": [record()], "metadata": METADATA})
    turned = json.dumps({"metadata": METADATA, "records": [record()]})
    for text in (document, turned):
        got = run(text, "--ndjson", "--no-outbox")
        check(got.returncode == 2 and got.stdout == "" and "without --ndjson" in got.stderr, f"an object is no filter's: {got.stderr}")
    for words in ([], ["--ndjson"]):
        got = run("time,outlet,kwh\n2026-06-13T14:00:00Z,rack-7,3512.8\n", "--no-outbox", *words)
        check(got.returncode in (2, 3) and "CSV" in got.stderr, f"CSV is told: {got.stderr}")


# The guide's way from CSV is right: its own words, on its own file.
def guide_from_csv():
    with open(os.path.join(SOURCE, "docs", "guide.md"), encoding="utf-8") as file:
        recipe = re.search(r"```sh\n(jq -Rnc .*?)```", file.read(), re.S)
    if not check(recipe, "the guide has a way from CSV"):
        return
    if not shutil.which("jq"):
        skip("the guide's way from CSV", "jq is missing")
        return
    with tempfile.TemporaryDirectory() as state:
        environment = os.environ | {"XDG_STATE_HOME": state, "PATH": f"{os.path.dirname(EMIT)}:{os.environ['PATH']}"}
        got = subprocess.run(["sh", "-c", recipe[1]], cwd=os.path.join(SOURCE, "examples"), env=environment, timeout=60,
                             capture_output=True, text=True, check=False)
    said = [(event["tags"]["device_id"], event["tags"]["valid_from"][11:16], event["quantity"])
            for event in map(json.loads, got.stdout.splitlines())]
    check_equal(said, [("rack-8", "14:00", 40680000), ("rack-8", "15:00", 39240000), ("rack-9", "14:00", 19080000)],
                f"its windows are the differences of the file: {got.stderr.strip()}")


refused_lines()
refused_file()
wrong_forms()
guide_from_csv()
end()
