# emit run --repeat runs a command N times, each a run of its own, and says of all of them what can be
# computed from their reports; a failing run ends it, and warm-up runs leave nothing.
# SPDX-License-Identifier: Apache-2.0
import json
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time

SOURCE = os.environ["SOURCE"]
sys.path.insert(0, os.path.join(SOURCE, "tests", "support"))
from tap import EMIT, check, check_equal, end
from zones import MOVE, Machine

import jsonschema

# Spends the joules of its turn, a line of the file `plan` each; then exits with what stands behind them.
COMMAND = MOVE + r"""
import sys
root, plan, turn = sys.argv[1:4]
turns = open(turn).read().count(".") if os.path.exists(turn) else 0
open(turn, "a").write(".")
joules, status = open(plan).read().split("\n")[turns].split()
Zone(root, "intel-rapl:0").spend(float(joules), 0.03)
Zone(root, "intel-rapl:0:0").spend(float(joules) / 4, 0.03)
sys.exit(int(status))
"""
SPENT = [(2, 0), (2.2, 0), (2.1, 0), (2.05, 0), (2.15, 0), (9, 0), (2.12, 0)]


class Repetition:
    def __init__(self, folder, turns, *options, command=None, check_json=True):
        os.makedirs(folder)
        path = lambda name: os.path.join(folder, name)
        self.store, self.turn = path("outbox.db"), path("turn")
        machine = Machine(path("sys"))
        with open(path("plan"), "w") as plan:
            plan.write("\n".join(f"{joules} {status}" for joules, status in turns) + "\n")
        self.got = subprocess.run(
            [EMIT, "run", "--start-timeout", "10s", "--sysfs-root", machine.root, "--outbox", self.store,
             "--report", path("report"), *options, "--",
             *(command or ["/usr/bin/python3", "-c", COMMAND, machine.root, path("plan"), self.turn])],
            capture_output=True, text=True, timeout=120)
        text = open(path("report")).read() if os.path.exists(path("report")) else ""
        self.document = json.loads(text) if text else None

    def turns(self):
        return os.path.getsize(self.turn) if os.path.exists(self.turn) else 0

    def listed(self):
        got = subprocess.run([EMIT, "runs", "--json", "--outbox", self.store], capture_output=True, text=True)
        return sorted(json.loads(line)["run_id"] for line in got.stdout.splitlines())


def close(got, wanted):
    return abs(got - wanted) <= 1e-9 * abs(wanted)


def agrees(what, got, values):
    check_equal(got["count"], len(values), f"{what}: count")
    for name, function in (("mean", statistics.fmean), ("sigma", statistics.stdev), ("min", min), ("max", max),
                           ("median", statistics.median)):
        check(close(got[name], function(values)), f"{what}: {name} {got[name]!r}")


def check_figures(folder):
    one = Repetition(folder, SPENT, "--repeat", "7", "--run-id", "bench")
    check_equal(one.got.returncode, 0, f"seven runs: {one.got.stderr[-300:]}")
    schema = json.load(open(os.path.join(SOURCE, "contract", "repeat.schema.json")))
    faults = [e.message for e in jsonschema.Draft202012Validator(schema).iter_errors(one.document)]
    check_equal(faults, [], "the document keeps its schema")
    ids = [f"bench-{i}" for i in range(1, 8)]
    check_equal([run["run_id"] for run in one.document["runs"]], ids, "each is a run of its own")
    check_equal(one.listed(), ids, "and stands in the store")
    package = [joules for joules, _ in SPENT]
    devices = {device["device_id"]: device["joules"] for device in one.document["devices"]}
    agrees("package-0", devices["package-0"], package)
    agrees("dram-0", devices["dram-0"], [joules / 4 for joules in package])
    agrees("sum", one.document["sum"]["joules"], [joules * 1.25 for joules in package])
    agrees("time", one.document["seconds"], [run["seconds"] for run in one.document["runs"]])
    check_equal([run["energy_stands_out"] for run in one.document["runs"]], [joules == 9 for joules in package],
                "the run that used four times as much stands out")
    lines = one.got.stderr.splitlines()
    check(lines[0].startswith("emit: SIMULATED"), "a tree of our own is called simulated")
    check(one.document["simulated"], "also in the document")
    check(max(map(len, lines)) <= 80, f"in 80 columns: {max(lines, key=len)!r}")
    check_equal(sum(line.startswith("emit: run ") for line in lines), 7, "a line a run")
    row = next((line.split() for line in lines if line.startswith("  sum")), [])
    check_equal(row[1:3], [f"{statistics.fmean(package) * 1.25:.3f}", "J"], "the table tells the same mean")
    check(any("Stands out:" in line and re.search(r"run [\d, ]*6[\d, ]* in energy", line) for line in lines),
          "what stands out is said")
    shown = subprocess.run([EMIT, "show", "bench-6", "--outbox", one.store], capture_output=True, text=True)
    check("11.250 J" in shown.stdout, "the report of one of them can be shown")


def check_unresolved(folder):
    one = Repetition(folder, [(5, 0)] * 4, "--repeat", "4")
    check("Sigma is within the edges" in one.got.stderr, "equal runs: the edges of a window outweigh sigma, and that is said")
    check(one.got.stderr.count("emit: run ") == 4 and " in energy" not in one.got.stderr, "nothing stands out in energy")
    check(not any(run["energy_stands_out"] for run in one.document["runs"]), "nor in the document")


def check_endings(folder):
    failing = [(5, 0), (5, 3), (5, 0), (5, 4)]
    one = Repetition(f"{folder}/stops", failing, "--repeat", "4")
    check_equal((one.got.returncode, one.turns()), (3, 2), "the first run that fails ends it and gives the status")
    check("run 2 ended with 3" in one.got.stderr and "--ignore-failure" in one.got.stderr, "that is said, and what helps")
    check_equal(len(one.document["runs"]), 1, "and its figures do not count")
    one = Repetition(f"{folder}/goes-on", failing, "--repeat", "4", "--ignore-failure")
    check_equal((one.got.returncode, one.turns(), len(one.document["runs"])), (3, 4, 4),
                "--ignore-failure goes on, and exits as the first that failed")
    one = Repetition(f"{folder}/missing", [], "--repeat", "3", "--ignore-failure", command=["/nonexistent/command"])
    check_equal(one.got.returncode, 127, "a command that is not there is tried once")
    check_equal(one.got.stderr.count("there is no command"), 1, "and said once")
    one = Repetition(f"{folder}/killed", [], "--repeat", "3", "--ignore-failure", command=["sh", "-c", "kill -TERM $$"])
    check_equal((one.got.returncode, len(one.listed())), (143, 1), "a signal ends it whatever is ignored")


def check_warmup(folder):
    one = Repetition(folder, [(1000, 0)] + [(5, 0)] * 3, "--repeat", "3", "--warmup", "1", "--run-id", "warm")
    check_equal((one.turns(), one.listed()), (4, ["warm-1", "warm-2", "warm-3"]), "a warm-up run is run and not metered")
    check(close(one.document["sum"]["joules"]["max"], 6.25), "and is in no figure")


def check_phases(folder):
    mark = f'"{EMIT}" mark load; sleep 0.02; "{EMIT}" mark --end load'
    one = Repetition(folder, [], "--repeat", "3", command=["sh", "-c", mark])
    phases = one.document["phases"]
    check_equal([(p["phase"], p["seconds"]["count"]) for p in phases], [("load", 3)], "a phase is told of all runs")
    check("each apart from the sum" in one.got.stderr, "and apart from the sum")
    bare = subprocess.run([EMIT, "run", "--meters", "none", "--repeat", "2", "--json", "--", "true"], capture_output=True, text=True)
    document = json.loads(bare.stderr)
    check_equal((document["command"], document["seconds"]["count"], document["sum"]["joules"]["count"]), ("true", 2, 0),
                "without meters the time is told")


def check_interrupt(folder):
    os.makedirs(folder)
    machine = Machine(os.path.join(folder, "sys"))
    with subprocess.Popen([EMIT, "run", "--sysfs-root", machine.root, "--outbox", f"{folder}/outbox.db", "--repeat", "50",
                           "--ignore-failure", "--", "sleep", "0.4"], stderr=subprocess.PIPE, text=True) as child:
        child.stderr.readline()  # SIMULATED: the first run has ended
        child.send_signal(signal.SIGINT)
        began = time.monotonic()
        text = child.stderr.read()
    check_equal(child.returncode, 130, "an interrupt ends the repetition with the run")
    check(time.monotonic() - began < 5 and "emit: 1 run of" in text, "and what was measured is shown")


def check_words():
    for words, wanted in ((["--repeat", "0"], "--repeat"), (["--repeat", "10001"], "1 to 10000"),
                          (["--repeat", "x"], "repeat"), (["--repeat", "2", "--trace", "/tmp/x.csv"], "--trace"),
                          (["--repeat", "2", "--run-id", "a/b"], "run id"), (["--repeat", "2", "--run-id", "a" * 127], "run id")):
        got = subprocess.run([EMIT, "run", *words, "--no-outbox", "--", "true"], capture_output=True, text=True)
        check(got.returncode == 125 and wanted in got.stderr and got.stderr.count("\n") == 1,
              f"{' '.join(words)[:40]}: one sentence: {got.stderr.strip()}")


with tempfile.TemporaryDirectory() as scratch:
    check_figures(f"{scratch}/figures")
    check_unresolved(f"{scratch}/unresolved")
    check_endings(scratch)
    check_warmup(f"{scratch}/warmup")
    check_phases(f"{scratch}/phases")
    check_interrupt(f"{scratch}/interrupt")
    check_words()
end()
