#!/usr/bin/python3
# emit show, emit runs and emit outbox list tell what was modeled of a run with its range and
# the word, in 80 columns, and never in a sum with what was measured.
# SPDX-License-Identifier: Apache-2.0
import json
import os
import re
import subprocess
import sys
import tempfile
from decimal import Decimal

import jsonschema

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from tap import EMIT, check, check_equal, end

AT = "2026-11-20T10:00:00Z"
RANGE = re.compile(r"\d \S?J \(\d|\d \(\d+(\.\d+)?\.\.\d")


def emit(store, *words):
    return subprocess.run([EMIT, *words], env={**os.environ, "EMIT_OUTBOX": store}, capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, check=False, timeout=60)


def model(store, run, *words):
    got = emit(store, "tokens", "--run-id", run, "--at", AT, *words)
    check_equal(got.returncode, 0, f"{run}: {' '.join(words)} is modeled" + got.stderr * (got.returncode != 0))


# Every line with a modeled figure says so itself, whoever reads that line alone.
def check_lines(text, what):
    lines = text.splitlines()
    unsaid = [line for line in lines if RANGE.search(line) and "modeled" not in line]
    check_equal(unsaid, [], f"{what}: every line with a range says modeled")
    check(max(map(len, lines), default=0) <= 80, f"{what}: 80 columns")
    check(any(RANGE.search(line) for line in lines), f"{what}: there is a range")


# Decimal adds up without a rounding, as emit show and emit runs do.
def sums(store, run):
    found = [json.loads(line, parse_float=Decimal)
             for line in emit(store, "outbox", "export", "--run", run).stdout.splitlines()]
    totals = [event for event in found if event["tags"]["phase"] == "total"]
    return len(found), *(float(sum(value)) for value in zip(*((event["quantity"], event["tags"]["quantity_low"],
                                                        event["tags"]["quantity_high"]) for event in totals)))


def listed(store, run, *words):
    lines = [json.loads(line) for line in emit(store, "runs", "--json", *words).stdout.splitlines()]
    return [line for line in lines if line["run_id"] == run]


def main():
    with tempfile.TemporaryDirectory() as folder:
        store = os.path.join(folder, "outbox.db")
        model(store, "job-both", "--profile", "managed-balanced-v1", "--input", "4000", "--output", "900", "--requests", "3",
              "--phases")
        model(store, "job-both", "--profile", "managed-frontier-v1", "--input", "70", "--output", "30", "--requests", "1",
              "--record", "other")
        model(store, "job-tokens", "--profile", "managed-compact-v1", "--input", "500", "--output", "300")
        model(store, "job-places", "--profile", "managed-compact-v1", "--input", "500", "--output", "300")
        model(store, "job-places", "--profile", "managed-compact-v1", "--input", "500", "--output", "300", "--boundary",
              "facility", "--record", "other")
        emit(store, "run", "--run-id", "job-both", "--", "true")

        both = emit(store, "show", "job-both").stdout
        check_lines(both, "show")
        check(both.count("emit: ") == 1 and "managed-balanced-v1" in both and "prefill" in both,
              "the report of the run, and below it what was modeled")
        only = emit(store, "show", "job-t")
        check(only.returncode == 0 and "no device was metered for it" in only.stdout,
              "a run that was only modeled is shown, by the beginning of its id too")
        check_lines(only.stdout, "show of a run that was only modeled")
        document = emit(store, "show", "job-tokens", "--json")
        alone = json.loads(document.stdout)
        check_equal((document.returncode, document.stderr, set(alone), alone["run_id"]),
                    (0, "", {"run_id", "modeled"}, "job-tokens"), "its document says what was modeled, and no more")
        check_equal([alone["modeled"].get(key) for key in ("events", "joules", "joules_low", "joules_high")],
                    list(sums(store, "job-tokens")), "as its events do")
        line, = emit(store, "show", "job-both", "--json").stdout.splitlines()
        modeled = json.loads(line).get("modeled", {})
        with open(os.path.join(os.environ["CONTRACT"], "report.schema.json"), encoding="utf-8") as file:
            schema = jsonschema.Draft202012Validator(json.load(file))
        for name, one in (("with what was modeled", json.loads(line)), ("of a run that was only modeled", alone)):
            check_equal([error.message for error in schema.iter_errors(one)], [], f"show --json: the document {name} keeps its schema")
        for name, less in (("of neither", {"run_id": "a"}), ("of a part of a report", alone | {"exit": 0})):
            check(not schema.is_valid(less), f"the schema knows no document {name}")
        check_equal([modeled.get(key) for key in ("events", "joules", "joules_low", "joules_high")], list(sums(store, "job-both")),
                    "show --json: the sum is that of the totals")
        check_equal([(row["profile"], row["phase"], row["events"]) for row in modeled["profiles"]],
                    [("managed-balanced-v1", "total", 1), ("managed-balanced-v1", "prefill", 1), ("managed-balanced-v1", "decode", 1),
                     ("managed-frontier-v1", "total", 1)], "show --json: each profile and phase")
        first = modeled["profiles"][0]
        check_equal([first[key] for key in ("input_tokens", "output_tokens", "requests", "cached_input_tokens")], [4000, 900, 3, None],
                    "show --json: its counts, and what nobody said is null")
        places = emit(store, "show", "job-places").stdout
        check("there is no sum" in places, "joules of two boundaries are not added")
        check_lines(places, "show of two boundaries")

        runs = emit(store, "runs").stdout
        check_lines(runs, "runs")
        check(runs.index("job-both") < runs.index("not metered here") < runs.index("job-tokens"),
              "runs that were only modeled stand behind the others")
        check("at several boundaries" in runs, "and of two boundaries there is no figure")
        for run in ("job-both", "job-tokens"):
            line, = listed(store, run)
            events, joules, low, high = sums(store, run)
            check_equal(line["modeled"], {"boundary": "accelerator", "events": events, "joules": joules,
                                          "joules_high": high, "joules_low": low},
                        f"runs --json: what was modeled of {run} is the sum of its totals")
            check_equal(line["joules"], None, f"and is not in what was measured of {run}")
        check_equal(listed(store, "job-places")[0]["modeled"]["joules"], None, "no sum of two boundaries")
        emit(store, "run", "--run-id", "job-later", "--", "true")
        check_equal(listed(store, "job-both", "--limit", "1"), [],
                    "a run beyond --limit is not taken for one that was only modeled")

        table = emit(store, "outbox", "list").stdout
        check_lines(table, "outbox list")
        check(len([line for line in table.splitlines() if line.endswith(" modeled")]) == 7, "a line for each event")
    end()


main()
