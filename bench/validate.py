#!/usr/bin/python3
# How many events a second emit validate judges on one core, beside node's JSON.parse and
# ajv on the same lines. Interleaved, pinned to one core, the median of the rounds. A time is
# the processor time, user and system, so that what else runs here counts little: for emit of
# the whole process, file read included; for node from the first byte read on.
# BENCH_EVENTS (1000000) and BENCH_ROUNDS (5) make it shorter. Environment: EMIT, SOURCE.
# SPDX-License-Identifier: Apache-2.0
import os
import shutil
import statistics
import subprocess
import sys
import tempfile

import validate_events

EMIT, SOURCE = os.environ["EMIT"], os.environ["SOURCE"]
EVENTS = int(os.environ.get("BENCH_EVENTS", "1000000"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
HERE = os.path.dirname(os.path.abspath(__file__))
ONE_CORE = ["taskset", "-c", str(max(os.sched_getaffinity(0)))]


def write_events(folder, name, **how):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as out:
        out.writelines(validate_events.lines(os.path.join(SOURCE, "contract"), EVENTS, **how))
    return path


def install_ajv(folder):
    if not shutil.which("npm"):
        return None
    done = subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund", "ajv@8", "ajv-formats@3"],
                          cwd=folder, capture_output=True, check=False)
    return os.path.join(folder, "node_modules") if done.returncode == 0 else None


def emit_seconds(*arguments):
    with subprocess.Popen([*ONE_CORE, EMIT, "validate", *arguments], stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, text=True) as program:
        said = program.stderr.read()
        _, status, usage = os.wait4(program.pid, 0)
        program.returncode = os.waitstatus_to_exitcode(status)
    if not said.startswith(f"{EVENTS} events, 0 errors"):
        sys.exit(f"emit validate {' '.join(arguments)}: {said}")
    return usage.ru_utime + usage.ru_stime


def node_seconds(*arguments):
    got = subprocess.run([*ONE_CORE, "node", os.path.join(HERE, "validate.js"), *arguments],
                         capture_output=True, text=True, check=True)
    seconds, count = got.stdout.split()
    if int(count) != EVENTS:
        sys.exit(f"node saw {count} of {EVENTS} lines")
    return float(seconds)


def rows(folder):
    ordered = write_events(folder, "ordered.ndjson")
    shuffled = write_events(folder, "shuffled.ndjson", shuffled=True)
    unknown = write_events(folder, "unknown.ndjson", unknown=True)
    size = os.path.getsize(ordered) / EVENTS
    print(f"{EVENTS} events of {len(validate_events.templates(os.path.join(SOURCE, 'contract')))} templates, "
          f"{size:.0f} bytes each, median of {ROUNDS}", flush=True)
    yield "our key order, core", 1.3, lambda: emit_seconds("--core", ordered)
    yield "our key order, core and strict", 1.3, lambda: emit_seconds("--strict", ordered)
    yield "keys shuffled", 0.9, lambda: emit_seconds("--strict", shuffled)
    yield "unknown labels, core", 1.0, lambda: emit_seconds("--core", unknown)
    yield "unknown labels, warnings printed", 1.0, lambda: emit_seconds(unknown)
    if shutil.which("node"):
        yield "node JSON.parse", None, lambda: node_seconds("parse", ordered)
        modules = install_ajv(folder)
        if modules:
            schema = os.path.join(folder, "schema.json")
            with open(schema, "w", encoding="utf-8") as out:
                subprocess.run([EMIT, "schema"], stdout=out, check=True)
            yield "ajv, core schema", None, lambda: node_seconds("ajv", ordered, schema, modules)


def main():
    folder = tempfile.mkdtemp(prefix="emit-bench-")
    try:
        asked = list(rows(folder))
        seconds = {name: [] for name, _, _ in asked}
        for _ in range(ROUNDS):
            for name, _, measure in asked:
                seconds[name].append(measure())
    finally:
        shutil.rmtree(folder)
    middle = {name: statistics.median(taken) for name, taken in seconds.items()}
    ours = middle["our key order, core and strict"]
    print(f"{'':34} {'events/s':>12} {'at least':>10} {'emit is faster by':>18}")
    good = True
    for name, wanted, _ in asked:
        rate = EVENTS / middle[name] / 1e6
        peer = name.startswith(("node", "ajv"))
        floor = "" if wanted is None else f"{wanted:.1f} M"
        if peer:
            floor = "4.0 x"
        good &= (wanted is None or rate >= wanted) and (not peer or middle[name] / ours >= 4)
        ratio = f"{middle[name] / ours:.1f} x" if peer else ""
        print(f"{name:34} {rate:10.2f} M {floor:>10} {ratio:>18}", flush=True)
    sys.exit(0 if good else 1)


main()
