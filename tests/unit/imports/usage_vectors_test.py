#!/usr/bin/python3
# Golden vectors: each record of tests/usage is read into the buckets that an independent
# computation says and that are committed beside it, its dialect is found out, and no record
# passes for one of another dialect.
# usage: usage_vectors_test.py USAGE_TELL [--write], which writes the committed file anew
# SPDX-License-Identifier: Apache-2.0
import glob
import json
import os
import subprocess
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..")
sys.path.insert(0, os.path.join(ROOT, "tests", "support"))
import usage_oracle
from tap import check, check_equal, end

FOLDER = os.path.join(ROOT, "tests", "usage")
COMMITTED = os.path.join(FOLDER, "expected.txt")
DIALECTS = ["openai-chat", "openai-responses", "openai-embeddings", "anthropic-messages", "gemini", "otel-genai",
            "litellm", "transcript", "lumenflow-costs", "ollama", "bedrock", "cohere"]
# Records without a mark of either, which count the same in both.
ALIKE = {("anthropic-messages-plain", "openai-responses"), ("anthropic-messages-null-counts", "openai-responses"),
         ("openai-embeddings-no-object", "openai-chat")}
TELL = sys.argv[1]


# What the records of each file come to, in one process: a sanitizer makes it slow to begin.
def tell(paths, dialect=""):
    got = subprocess.run([TELL, dialect, *paths], capture_output=True, check=True, text=True).stdout
    return [[json.loads(line) for line in file.splitlines()] for file in got.split("\n\n")[:-1]]


def dialect_of(name):
    return next(dialect for dialect in DIALECTS if name.startswith(dialect + "-"))


def fixtures():
    for path in sorted(glob.glob(os.path.join(FOLDER, "*.*json"))):
        name, kind = os.path.splitext(os.path.basename(path))
        with open(path, encoding="utf-8") as file:
            yield path, name, dialect_of(name), file.read(), kind == ".ndjson"


# One line of the committed file: what a person can check against the record.
def as_line(name, index, judged):
    if judged["fate"] != "used":
        return f"{name} {index} {judged['fate']}"
    counted = " ".join("-" if one is None else str(one) for one in judged["buckets"])
    who = " ".join(str(judged[key] if judged[key] is not None else "-")
                   for key in ("model", "response_id", "request_id", "time_ns"))
    return f"{name} {index} used {counted} {who}"


def from_told(told):
    keys = ("model", "response_id", "request_id", "time_ns")
    return {"fate": told["fate"], "buckets": [told.get(key) for key in ("input", "cached", "output", "reasoning")],
            **{key: told.get(key) for key in keys}}


def main():
    read = list(fixtures())
    computed = [as_line(name, index, judged) for _, name, dialect, text, is_lines in read
                for index, judged in enumerate(usage_oracle.judge_text(dialect, text, is_lines))]
    if "--write" in sys.argv:
        with open(COMMITTED, "w", encoding="utf-8") as file:
            file.write("# record, its number in the file, fate, input, cached, output, reasoning, model, response id, "
                       "request id, time\n" + "\n".join(computed) + "\n")
        return
    with open(COMMITTED, encoding="utf-8") as file:
        committed = [line for line in file.read().splitlines() if not line.startswith("#")]
    check_equal(computed, committed, "the computation says what is committed")
    told = []
    for (_, name, dialect, *_), records in zip(read, tell([path for path, *_ in read]), strict=True):
        for index, one in enumerate(records):
            told.append(as_line(name, index, from_told(one)))
            only_error = one["fate"] == "failed" and "dialect" not in one
            check(one.get("dialect") == dialect or only_error, f"{name} {index} is of {one.get('dialect')}")
            check(one["fate"] == "used" or one["message"], f"{name} {index}: {one['fate']}: {one['message']}")
    for index, line in enumerate(committed):
        check_equal(told[index] if index < len(told) else "nothing", line, line)
    check_equal(len(told), len(committed), "as many records")
    passed = []
    for other in DIALECTS:
        strange = [(path, name) for path, name, dialect, *_ in read if dialect != other]
        passed += [(name, other) for (_, name), records in zip(strange, tell([path for path, _ in strange], other), strict=True)
                   if any(one["fate"] == "used" for one in records)]
    check_equal([pair for pair in passed if pair not in ALIKE], [], "no record passes for another dialect's")
    for dialect in DIALECTS:
        check(sum(of == dialect for _, _, of, *_ in read) >= 6, f"six records or more of {dialect}")
    end()


main()
