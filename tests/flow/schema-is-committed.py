#!/usr/bin/python3
# The schemas and the vocabulary page in contract/ are what this program prints,
# they are valid JSON Schema, and their $id carries the contract's version.
# SPDX-License-Identifier: Apache-2.0
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from tap import EMIT, check, check_equal, end

import jsonschema

CONTRACT = os.environ["CONTRACT"]
PRINTED = {
    "event.schema.json": ["schema"],
    "event.strict.schema.json": ["schema", "--strict"],
    "vocabulary.md": ["schema", "--format", "markdown"],
}
NAMES = sorted(name.removesuffix(".schema.json") for name in os.listdir(CONTRACT) if name.endswith(".schema.json"))
PRINTED |= {f"{name}.schema.json": ["schema", name] for name in NAMES if not name.startswith("event")}


def emit(*words):
    got = subprocess.run([EMIT, *words], capture_output=True, text=True)
    check(got.returncode == 0 and got.stderr == "", f"emit {' '.join(words)} exits 0 and complains of nothing")
    return got.stdout


def main():
    version = emit("version").split()[-1]
    for name, words in PRINTED.items():
        with open(os.path.join(CONTRACT, name), encoding="utf-8") as committed:
            same = committed.read() == emit(*words)
        check(same, f"contract/{name} is what 'emit {' '.join(words)}' prints")
    for name in (f"{name}.schema.json" for name in NAMES):
        with open(os.path.join(CONTRACT, name), encoding="utf-8") as file:
            schema = json.load(file)
        try:
            jsonschema.Draft202012Validator.check_schema(schema)
            check(True, f"{name} is a JSON Schema 2020-12")
        except jsonschema.SchemaError as error:
            check(False, f"{name} is a JSON Schema 2020-12: {error.message}")
        check(f":{version}:" in schema["$id"], f"{name}: the $id carries version {version}")
    told = emit("schema", "--help")
    check_equal([name for name in NAMES if name != "event.strict" and name not in told], [], "--help names each of them")
    check_equal(emit("schema", "event"), emit("schema"), "the event's is the one without a name")
    for words, says in ((["file.json"], "no schema 'file.json'"), (["tokns"], "nearest: tokens"), (["tokens", "--strict"], "of the event"),
                        (["tokens", "--format", "markdown"], "of the event"), (["tokens", "report"], "'report'")):
        got = subprocess.run([EMIT, "schema", *words], capture_output=True, text=True)
        check((got.returncode, got.stdout) == (2, "") and says in got.stderr, f"{words} is a usage error: {got.stderr}")
    got = subprocess.run(f'"{EMIT}" schema > /dev/full', shell=True, capture_output=True, text=True)
    check(got.returncode == 2 and "cannot write" in got.stderr, "a full disk is an error, not a short schema")
    end()


main()
