#!/usr/bin/python3
# How many windows a second emit campus --ndjson turns into events on one core, beside node doing
# the same without the contract: interleaved, pinned to one core, the median of the rounds, processor
# time of user and system. Both outputs must be the same bytes. And what it keeps in memory.
# BENCH_WINDOWS (500000) and BENCH_ROUNDS (5) make it shorter. Environment: EMIT.
# SPDX-License-Identifier: Apache-2.0
import hashlib
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
from datetime import datetime, timedelta

EMIT = os.environ["EMIT"]
WINDOWS = int(os.environ.get("BENCH_WINDOWS", "500000"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
METERS = 50
WANTED = 0.5  # million a second
HERE = os.path.dirname(os.path.abspath(__file__))
ONE_CORE = ["taskset", "-c", str(max(os.sched_getaffinity(0)))]


# Fifty racks, five minutes each, in kWh with three decimals.
def write_records(path):
    generator = random.Random(4)
    begin, step = datetime(2025, 1, 1), timedelta(minutes=5)
    with open(path, "w", encoding="utf-8") as out:
        out.write('{"metadata":{"region":"eu-central","pue":[{"value":1.21,"from":"2020-01-01T00:00:00Z",'
                  '"to":"2030-01-01T00:00:00Z"}]}}\n')
        for i in range(WINDOWS):
            start = begin + (i // METERS) * step
            out.write(f'{{"energy_source":"pdu","facility_id":"fra-1","device_id":"rack-{i % METERS}",'
                      f'"from":"{start.isoformat()}Z","to":"{(start + step).isoformat()}Z",'
                      f'"value":{generator.uniform(0.1, 3):.3f},"unit":"kWh"}}\n')


# Seconds of processor time of the whole process, and its memory at most in KiB.
def emit_run(path, out):
    with open(out, "wb") as target, subprocess.Popen(
            [*ONE_CORE, EMIT, "campus", "facility-energy", "--ndjson", "--no-outbox", "--workspace", "ws_local", path],
            stdout=target, stderr=subprocess.PIPE, text=True) as program:
        said = program.stderr.read()
        _, status, usage = os.wait4(program.pid, 0)
        program.returncode = os.waitstatus_to_exitcode(status)
    if not said.startswith(f"{WINDOWS} records: {WINDOWS} events"):
        sys.exit(f"emit campus: {said}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss


def node_run(path, out):
    with open(out, "wb") as target:
        got = subprocess.run([*ONE_CORE, "node", os.path.join(HERE, "windows.js"), path], stdout=target,
                             stderr=subprocess.PIPE, text=True, check=True)
    seconds, count = got.stderr.split()
    if int(count) != WINDOWS:
        sys.exit(f"node made {count} of {WINDOWS} events")
    return float(seconds)


def digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def main():
    with tempfile.TemporaryDirectory(prefix="emit-bench-") as folder:
        path, ours, theirs = (os.path.join(folder, name) for name in ("records", "ours", "theirs"))
        write_records(path)
        seconds, node = [], []
        for _ in range(ROUNDS):
            taken, memory = emit_run(path, os.devnull)
            seconds.append(taken)
            if shutil.which("node"):
                node.append(node_run(path, os.devnull))
        emit_run(path, ours)
        if node:
            node_run(path, theirs)
        same = not node or digest(ours) == digest(theirs)
        size = os.path.getsize(path) / WINDOWS
    rate = WINDOWS / statistics.median(seconds) / 1e6
    print(f"{WINDOWS} windows of {METERS} meters, {size:.0f} bytes each, median of {ROUNDS}")
    print(f"{'':34} {'windows/s':>12} {'at least':>10} {'emit is faster by':>18}")
    print(f"{'emit campus --ndjson':34} {rate:10.2f} M {WANTED:8.1f} M")
    if node:
        ratio = statistics.median(node) / statistics.median(seconds)
        print(f"{'node, the same without a contract':34} {WINDOWS / statistics.median(node) / 1e6:10.2f} M {'':10} {ratio:16.1f} x")
        print(f"the events of both are {'the same bytes' if same else 'NOT THE SAME'}")
    print(f"memory at most {memory / 1024:.1f} MiB")
    sys.exit(0 if same and rate >= WANTED else 1)


main()
