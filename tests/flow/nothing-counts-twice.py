#!/usr/bin/python3
# Who may be inside whom: of every pair of processes that meter one node at a time, each
# device has one total for a run id, whatever stores and users they have; of two ids each
# knows of the other; and a phase is never added to a total.
# SPDX-License-Identifier: Apache-2.0
import concurrent.futures
import json
import os
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from reachable import for_nobody
from tap import check, check_equal, end, skip
from testbed import EMIT, MEMORY, TESTBED, describe, read_lines, zone_of_points

SCENARIO = "slurm-node"
SESSION = os.environ["PHASES_C"]  # a program with libemit: windows prefill and decode
LONG_SESSION = os.environ["SESSION_UNTIL"]  # the same, until the file "over" is there
USER = "setpriv --reuid=65534 --regid=65534 --clear-groups env XDG_STATE_HOME=$PWD/user "
STORES = ["state/emit/outbox.db", "far/outbox.db", "far/2/outbox.db", "user/emit/outbox.db", "user/far-outbox.db"]
AT_ONCE = 20  # cells; they mostly sleep
FAR = "--outbox $PWD/far/outbox.db"
# A command that is metered until somebody says that it is over; when it begins, its run has.
STAYS = "sh -c 'touch begun; until [ -e over ]; do sleep 0.05; done'"
# What comes in between comes when the run has begun, and ends before it does.
MEANWHILE = "until [ -e begun ]; do sleep 0.02; done; %s; touch over; wait"
# Three of one run: the command of each goes on until all three have begun.
MEETS = "sh -c 'touch here.$$; until [ $(ls here.* | wc -l) -ge 3 ]; do sleep 0.05; done; sleep 0.3'"
# Who meters the run a, and who else comes while it goes on, or inside of it.
OUTER = {
    "run": f"$E run -q --run-id a -- {STAYS} & O=$!; {MEANWHILE}",
    "far run": f"$E run -q --run-id a {FAR} -- {STAYS} & {MEANWHILE}",
    "at once": f"$E run -q --run-id a --outbox $PWD/far/2/outbox.db -- {MEETS} & %s & $E run -q --run-id a -- {MEETS}; wait",
    "around": "$E run -q --run-id a -- sh -c '%s'",
    "around far": f"$E run -q --run-id a {FAR} -- sh -c '%s'",
    "around by variable": "EMIT_OUTBOX=$PWD/far/outbox.db $E run -q --run-id a -- sh -c '%s'",
    "begin": "$E begin -q --run-id a; %s; $E end -q --run-id a",
    "far begin": f"$E begin -q --run-id a {FAR}; %s; $E end -q --run-id a {FAR}",
    "root's begin": f"$E begin -q --run-id a; {USER} sh -c '%s'; $E end -q --run-id a",
    # Of a process that it attaches to, only its run tells that it has begun.
    "attach": f"{STAYS} & $E attach -q --run-id a $! & until [ -n \"$(ls state/emit/runs 2>/dev/null)\" ]; do sleep 0.05; done; {MEANWHILE}",
    "session": f"EMIT_RUN_ID=a $L & {MEANWHILE}",
}
INNER = {
    "rank": "$E run -q --run-id a -- sleep 0.4",
    "far rank": f"$E run -q --run-id a {FAR} -- sleep 0.4",
    "other": "$E run -q --run-id b -- sleep 0.4",
    "far other": f"$E run -q --run-id b {FAR} -- sleep 0.4",
    "begin": "$E begin -q --run-id a; sleep 0.4; $E end -q --run-id a",
    "attach": "sleep 0.4 & $E attach -q --run-id a $!",
    "session": "EMIT_RUN_ID=a $S; sleep 0.2",
    "far session": "EMIT_OUTBOX=$PWD/far/outbox.db EMIT_RUN_ID=a $S",
    "mark": "EMIT_RUN_ID=a $E mark p; sleep 0.4; EMIT_RUN_ID=a $E mark --end p",
    "rank around": '$E run -q --run-id a -- sh -c "$E run -q -- sleep 0.3; $E mark p; sleep 0.1; $E mark --end p"',
    # Who came later stays longer: until the process of the other one is gone.
    "rank without store": '$E run -q --no-outbox --run-id a -- sh -c "touch over; while kill -0 $O; do sleep 0.05; done" 2>/dev/null; $E runs',
    "nested": "$E run -q -- sleep 0.4",
    "user's nested": f"{USER} $E run -q -- sleep 0.4",
}
ALL = ["rank", "far rank", "other", "far other", "attach", "session", "far session", "mark"]
CELLS = [(outer, inner) for outer, inners in {
    "run": [*ALL, "begin", "rank around", "rank without store"],
    "far run": [*ALL, "rank around"],
    "at once": ["rank", "far rank"],
    "around": [*ALL, "begin", "nested", "user's nested"],
    "around far": [*ALL, "nested"],
    "around by variable": ["rank", "session", "mark", "nested"],
    "begin": [*ALL, "begin"],
    "far begin": ALL,
    "root's begin": ["rank", "far rank", "other", "attach", "session"],
    "attach": ALL,
    "session": ALL,
}.items() for inner in inners]


def wanted_phases(outer, inner):
    """The phases of the run a. An emit run inside another one of its id is a phase of it."""
    phases = {"p"} if inner in ("mark", "rank around") else set()
    if outer == "session" or (inner.endswith("session") and outer != "root's begin"):
        phases |= {"prefill", "decode"}
    if inner == "rank around" or (outer.startswith("around") and inner in ("rank", "far rank", "nested")):
        phases.add("sleep")
    return phases


def play(cell):
    """One cell, in a folder of its own."""
    folder, outer, inner = cell
    for name, mode, owner in (("", 0o755, 0), ("user", 0o700, 65534), ("far", 0o700, 0)):
        os.mkdir(f"{folder}/{name}")
        os.chmod(f"{folder}/{name}", mode)
        os.chown(f"{folder}/{name}", owner, owner)
    environment = {key: value for key, value in os.environ.items() if key not in ("EMIT_OUTBOX", "EMIT_RUN_ID", "EMIT_RUN_FOLDER")}
    environment.update(XDG_STATE_HOME=f"{folder}/state", HOME=folder, EMIT_NODE_RUNS=f"{folder}/node", EMIT_WORKSPACE_ID="ws_test",
                       E=for_nobody(EMIT), S=for_nobody(SESSION), L=for_nobody(LONG_SESSION))
    comes = INNER[inner].replace("sleep 0.4", MEETS) if outer == "at once" else INNER[inner]
    script = OUTER[outer] % comes.replace("far/", "user/far-" if outer == "root's begin" else "far/")
    begun_ns = time.monotonic_ns()
    got = subprocess.run(["sh", "-c", script], cwd=folder, env=environment, capture_output=True, text=True)
    return {"outer": outer, "inner": inner, "folder": folder, "span_ns": (begun_ns, time.monotonic_ns()),
            "said": [got.returncode, got.stdout, got.stderr]}


def inside(folder):
    cells = [(f"{folder}/{number}", *cell) for number, cell in enumerate(CELLS)]
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool, open(f"{folder}/played", "w", encoding="utf-8") as played:
        for got in pool.map(play, cells):
            print(json.dumps(got), file=played)


def stored(folder):
    """The events of all stores of a cell."""
    for place in STORES:
        if os.path.exists(f"{folder}/{place}"):
            got = subprocess.run([EMIT, "outbox", "export", "--outbox", f"{folder}/{place}"], capture_output=True, text=True)
            yield from map(json.loads, got.stdout.splitlines())


def reports_of(folder, run_id):
    for place in STORES:
        if os.path.exists(f"{folder}/{place}"):
            got = subprocess.run([EMIT, "show", "--json", "--outbox", f"{folder}/{place}", run_id], capture_output=True, text=True)
            if got.returncode == 0:
                yield json.loads(got.stdout)


# A machine may be too slow to read a device at all within a short command. Then nothing is counted, and that is told.
def refused(points):
    return [point["device_id"] for point in points if point["outcome"] == "refused"]


def refused_phases(folder):
    return {("a", phase["phase"]) for report in reports_of(folder, "a") for phase in report.get("phases", [])
            if len(refused(phase["points"])) == len(phase["points"])}


def served(ledger, wanted):
    """What each device's counter showed, and when: in joules of a thousandth or a millionth."""
    zones = {zone["id"]: device for device, zone in zone_of_points(wanted["zones"]).items()}
    reads = {device: [] for device in [*zones.values(), *(gpu["uuid"] for gpu in wanted["gpus"])]}
    for line in ledger:
        if line["what"] == "read" and "microjoules" in line:
            reads[zones[line["zone"]]].append((line["at"], line["microjoules"]))
        elif line["what"] == "read" and "millijoules" in line:
            reads[line["gpu"]].append((line["at"], line["millijoules"] * 1000))
    return reads


def check_joules(event, reads, span_ns):
    """Two readings within the cell differ by what the event says."""
    counts = {count for at, count in reads[event["tags"]["device_id"]] if span_ns[0] <= at <= span_ns[1]}
    microjoules = round(event["quantity"] * 1e6)
    return any(count + microjoules in counts for count in counts)


def check_cell(cell, reads):
    outer, inner, label = cell["outer"], cell["inner"], f"{cell['outer']} / {cell['inner']}"
    totals, others, phases, wrong = {}, {}, set(), []
    for event in stored(cell["folder"]):
        tags, run_id = event["tags"], event["compute_assignment_run_id"]
        if tags["phase"] != "total":
            phases.add((run_id, tags["phase"]))
            continue
        totals.setdefault(run_id, []).append(tags["device_id"])
        others.setdefault(run_id, set()).add(tags.get("concurrent_runs", 0))
        if not check_joules(event, reads, cell["span_ns"]):
            wrong.append((tags["device_id"], event["quantity"]))
    ids = {"a": 1, "b": 1} if inner.endswith("other") else {"a": 0}
    if outer == "root's begin" and "b" in ids:
        ids["a"] = 0  # no user can tell root's run that it is not alone: the user's says it
    for run_id in ids:
        if set(totals.get(run_id, [])) < set(reads):
            seen = totals.setdefault(run_id, [])
            seen += [device for report in reports_of(cell["folder"], run_id) for device in refused(report["points"])]
            others.setdefault(run_id, {ids[run_id]})
    good = check_equal({run_id: sorted(devices) for run_id, devices in totals.items()}, {run_id: sorted(reads) for run_id in ids},
                       f"{label}: each device has one total for a run id")
    good &= check_equal(others, {run_id: {count} for run_id, count in ids.items()}, f"{label}: and knows of runs of other ids")
    parts = {("a", name) for name in wanted_phases(outer, inner)}
    if phases < parts:
        phases |= refused_phases(cell["folder"])
    good &= check_equal(phases, parts, f"{label}: parts are phases")
    good &= check_equal(wrong, [], f"{label}: totals are what the ledger says")
    if not good:
        print("#", *cell["said"][2].splitlines(), sep="\n# ")


def main():
    if os.geteuid() != 0 or not os.path.exists("/dev/fuse"):
        skip("nothing counts twice", "needs root and /dev/fuse")
        end()
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        os.chmod(folder, 0o755)
        got = subprocess.run([TESTBED, "run", "--ledger", f"{folder}/ledger", SCENARIO, "--", sys.executable, os.path.abspath(__file__), folder],
                             capture_output=True, text=True)
        check_equal((got.returncode, got.stderr), (0, ""), f"{len(CELLS)} cells are played")
        reads = served(read_lines(f"{folder}/ledger"), describe(SCENARIO))
        for cell in read_lines(f"{folder}/played"):
            check_cell(cell, reads)
    end()


if len(sys.argv) > 1:
    inside(sys.argv[1])
else:
    main()
