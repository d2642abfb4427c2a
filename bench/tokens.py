#!/usr/bin/python3
# How many usage records a second emit tokens turns into events on one core, one event for each
# profile or one for each request, beside the same work in node; and what memory a record
# takes. Interleaved, pinned to one core, the median of the rounds. A time is the processor
# time, user and system: for emit of the whole process, for node from the first byte read on.
# Neither stores anything, and the events go to /dev/null, by emit after its own contract
# check. That both make the same events is checked first, on fewer records.
# BENCH_RECORDS (1000000) and BENCH_ROUNDS (5) make it shorter. Environment: EMIT.
# SPDX-License-Identifier: Apache-2.0
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile

import tokens_records

EMIT = os.environ["EMIT"]
RECORDS = int(os.environ.get("BENCH_RECORDS", "1000000"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
HERE = os.path.dirname(os.path.abspath(__file__))
ONE_CORE = ["taskset", "-c", str(max(os.sched_getaffinity(0)))]
AT_LEAST = {"run": 1.0, "request": 0.3}  # million records a second
FASTER = 5
COMPARED = 20000


class Bench:
    def __init__(self, folder):
        self.folder = folder
        self.config = self.path("emit.yaml")
        with open(self.config, "w", encoding="utf-8") as out:
            out.write(tokens_records.configuration())
        self.records = self.write_records("records.ndjson", RECORDS)
        self.few = self.write_records("few.ndjson", min(COMPARED, RECORDS))
        self.wanted = self.write_wanted()

    def path(self, name):
        return os.path.join(self.folder, name)

    def write_records(self, name, count):
        with open(self.path(name), "w", encoding="utf-8") as out:
            out.writelines(tokens_records.lines(count))
        return self.path(name)

    # Seconds and peak memory of emit over a file.
    def emit(self, grouping, records, events="/dev/null"):
        command = [*ONE_CORE, EMIT, "tokens", "--usage", records, "--group", grouping, "--run-id", "run_bench",
                   "--workspace", "ws_bench", "--no-outbox", "--events", events, "--config", self.config, "--quiet"]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as program:
            said = program.stderr.read()
            _, status, usage = os.wait4(program.pid, 0)
            program.returncode = os.waitstatus_to_exitcode(status)
        if program.returncode != 0:
            sys.exit(f"{' '.join(command)}: exit {program.returncode}: {said}")
        return usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024

    def node(self, grouping, records, events="/dev/null"):
        got = subprocess.run([*ONE_CORE, "node", os.path.join(HERE, "tokens.js"), grouping, records, events, self.wanted],
                             capture_output=True, text=True, check=True)
        seconds, count, _ = got.stdout.split()
        if int(count) not in (RECORDS, COMPARED):
            sys.exit(f"node read {count} records")
        return float(seconds)

    # What node is told beside the records: the map, the coefficients, and tags that never change.
    def write_wanted(self):
        rows = subprocess.run([EMIT, "tokens", "profiles", "--json"], capture_output=True, text=True, check=True)
        events = self.path("like.ndjson")
        self.emit("run", self.few, events)
        made = [json.loads(line) for line in open(events, encoding="utf-8")]
        wanted = {
            "map": {glob: profile for _, glob, profile, _, _ in tokens_records.MODELS},
            "rows": [json.loads(line) for line in rows.stdout.splitlines()],
            "events": {event["tags"]["coefficient_profile"]: event for event in made},
        }
        with open(self.path("wanted.json"), "w", encoding="utf-8") as out:
            json.dump(wanted, out)
        return self.path("wanted.json")

    # The events of both, as objects: node does not sort keys.
    def compare(self):
        ours, theirs = self.path("ours.ndjson"), self.path("theirs.ndjson")
        self.emit("request", self.few, ours)
        self.node("request", self.few, theirs)
        count = 0
        with open(ours, encoding="utf-8") as one, open(theirs, encoding="utf-8") as other:
            for mine, its in zip(one, other, strict=True):
                count += 1
                if json.loads(mine) != json.loads(its):
                    sys.exit(f"event {count} differs:\n{mine}{its}")
        return count


def measure(bench, has_node):
    seconds, memory = {}, {}
    for _ in range(ROUNDS):
        for grouping in AT_LEAST:
            taken, peak = bench.emit(grouping, bench.records)
            seconds.setdefault(("emit", grouping), []).append(taken)
            memory.setdefault(grouping, []).append(peak)
            if has_node:
                seconds.setdefault(("node", grouping), []).append(bench.node(grouping, bench.records))
    return ({what: statistics.median(taken) for what, taken in seconds.items()},
            {what: statistics.median(taken) for what, taken in memory.items()})


def main():
    folder = tempfile.mkdtemp(prefix="emit-bench-")
    has_node = shutil.which("node") is not None
    try:
        bench = Bench(folder)
        size = os.path.getsize(bench.records) / RECORDS
        print(f"{RECORDS} chat completions of {size:.0f} bytes, one in twenty a repeat, median of {ROUNDS}", flush=True)
        if has_node:
            print(f"the same {bench.compare()} events by emit and node", flush=True)
        seconds, memory = measure(bench, has_node)
        idle = {grouping: bench.emit(grouping, bench.few)[1] for grouping in AT_LEAST}
    finally:
        shutil.rmtree(folder)
    print(f"{'':26} {'records/s':>11} {'at least':>9} {'node':>9} {'faster by':>10} {'bytes/record':>13}")
    good = True
    for grouping, wanted in AT_LEAST.items():
        rate = RECORDS / seconds["emit", grouping] / 1e6
        grown = (memory[grouping] - idle[grouping]) / (RECORDS - COMPARED) if RECORDS > COMPARED else 0
        theirs = ratio = ""
        good &= rate >= wanted
        if has_node:
            theirs = f"{RECORDS / seconds['node', grouping] / 1e6:.2f} M"
            ratio = f"{seconds['node', grouping] / seconds['emit', grouping]:.1f} x"
            good &= seconds["node", grouping] >= FASTER * seconds["emit", grouping]
        name = "one event a profile" if grouping == "run" else "one event a request"
        print(f"{name:26} {rate:9.2f} M {wanted:7.1f} M {theirs:>9} {ratio:>10} {grown:13.0f}", flush=True)
    if has_node:
        print(f"wanted: {FASTER} x node")
    sys.exit(0 if good else 1)


main()
