#!/usr/bin/python3
# Two runs at once that share one GPU of three: each gets the whole of it, as the
# ledger says it was served to them, and both say that another run used it too; of the
# GPUs that each has for itself neither says so.
# SPDX-License-Identifier: Apache-2.0
import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from tap import EMIT, check, check_equal, end, skip

TESTBED = os.environ["EMIT_TESTBED"]
GPU = "GPU-00000000-0000-4000-8000-{:012x}".format
SCENARIO = "summary: three GPUs\ngpus:\n" + "".join(
    f"  - {{uuid: {GPU(number)}, power: {100 + 100 * number}, update: 20ms, jitter: 5ms}}\n" for number in range(3))
# Both run at the same time, and end one after the other.
SCRIPT = """
meter() { CUDA_VISIBLE_DEVICES=$2 "$0" run --run-id $1 --workspace ws_test --output $1.events --no-outbox --meters nvml \
    --start-timeout 20s -- sh -c 'echo $PPID > '$1'.pid; while [ ! -e '$3' ]; do sleep .02; done; sleep .3'; }
meter left 0,1 right.pid & left=$!
meter right %s,2 left.pid; status=$?
wait $left && exit $status
""" % GPU(1)


def events(folder, name):
    with open(os.path.join(folder, name + ".events"), encoding="utf-8") as lines:
        return {event["tags"]["device_id"]: event for event in map(json.loads, lines)}


def main():
    if not os.path.exists("/dev/fuse"):
        skip("two runs share a GPU", "needs /dev/fuse")
        end()
    with tempfile.TemporaryDirectory() as folder:
        scenario, ledger = os.path.join(folder, "three.yaml"), os.path.join(folder, "ledger")
        with open(scenario, "w", encoding="ascii") as out:
            out.write(SCENARIO)
        got = subprocess.run([TESTBED, "run", "--ledger", ledger, scenario, "--", "sh", "-c", SCRIPT, EMIT], cwd=folder,
                             capture_output=True, text=True, env={**os.environ, "XDG_STATE_HOME": folder, "XDG_RUNTIME_DIR": folder})
        if not check_equal(got.returncode, 0, f"both runs end {got.stderr[-300:] if got.returncode else ''}"):
            end()
        told = {name: events(folder, name) for name in ("left", "right")}
        with open(ledger, encoding="ascii") as lines:
            reads = [line for line in map(json.loads, lines) if line["what"] == "read" and "millijoules" in line]
        for name, own in (("left", 0), ("right", 2)):
            check_equal(sorted(told[name]), sorted([GPU(own), GPU(1)]), f"{name}: the GPUs of its assignment, and no other")
            check_equal([told[name][GPU(number)]["tags"].get("concurrent_runs", 0) for number in (own, 1)], [0, 1],
                        f"{name}: another run used the shared GPU, and not its own")
        pids = {line["pid"] for line in reads if line["gpu"] == GPU(1)}
        counts = {pid: [line["millijoules"] for line in reads if line["pid"] == pid and line["gpu"] == GPU(1)] for pid in pids}
        check_equal(len(counts), 2, "two processes asked for the shared GPU")
        # A library is asked once before the first sample.
        whole = [{round(last[-1] - first) for first in last[:2]} for last in counts.values()]
        energies = [round(told[name][GPU(1)]["quantity"] * 1e3) for name in told]
        check(any(energies[0] in one and energies[1] in other for one, other in (whole, reversed(whole))),
              f"each got the whole of what was served to it: {energies} of {whole} mJ")
    end()


main()
