#!/usr/bin/python3
# One GPU seen by DCGM and NVML is one event, by whichever of them has it whole; the
# other says which was used and by how much they differed. A host engine that went
# away and came back with other numbers costs readings and no energy.
# SPDX-License-Identifier: Apache-2.0
import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from tap import EMIT, check, check_equal, end

TESTBED = os.environ["EMIT_TESTBED"]
RUNS = {"dcgm-and-nvml": "0.6", "dcgm-engine-gone": "0.8", "dcgm-engine-back": "2.8"}


def run(scenario):
    got = subprocess.run([TESTBED, "run", scenario, "--", EMIT, "run", "--no-outbox", "--json", "--start-timeout", "5s",
                          "--interval", "50ms", "--", "sleep", RUNS[scenario]], capture_output=True, text=True, timeout=60)
    return json.loads(got.stderr.splitlines()[-1])


def by_meter(report, meter):
    return [p for p in report["points"] if p["meter"] == meter]


def check_twins(name, report, used, other, pattern):
    pairs = {p["device_id"]: p for p in by_meter(report, used) if p["outcome"] == "measured"}
    twins = [p for p in by_meter(report, other) if p.get("code") == "replicate"]
    check(twins and all(p["device_id"] in pairs and p["because_meter"] == used for p in twins),
          f"{name}: {len(twins)} GPUs of {other} are those of {used}")
    check(all("joules" not in p and 0 < p["replicate_joules"] for p in twins), f"{name}: their joules are kept, and none is an event's")
    said = [d["message"] for d in report["diagnostics"] if d["meter"] == other and d["code"] == "replicate"]
    check(len(said) == 1 and all(re.search(pattern, words) for words in said), f"{name}: {said}")
    whole = sum(p["joules"] for p in report["points"] if p.get("in_total"))
    check(abs(whole - sum(total["joules"] for total in report["totals"])) < 1e-6, f"{name}: each GPU is in the sum once: {whole:.1f} J")


with ThreadPoolExecutor(len(RUNS)) as pool:
    reports = dict(zip(RUNS, pool.map(run, RUNS)))

both = reports["dcgm-and-nvml"]
check_twins("both", both, "dcgm", "nvml", r"^2 devices, the same counters as dcgm, which is used: (less than 0.01|[\d.e-]+ to [\d.e-]+) % apart")
for twin in (p for p in by_meter(both, "nvml") if p.get("code") == "replicate"):
    used = next(p for p in by_meter(both, "dcgm") if p["device_id"] == twin["device_id"])
    check(abs(used["joules"] - twin["replicate_joules"]) <= used["timing_uncertainty_joules"],
          f"they differ by less than an edge: {used['joules']} and {twin['replicate_joules']} J")

check_twins("engine gone", reports["dcgm-engine-gone"], "nvml", "dcgm", r"^2 devices, the same counters as nvml, which is used: .*; here timeout:")

back = by_meter(reports["dcgm-engine-back"], "dcgm")
check_equal([(p["outcome"], p["code"], p["coverage_ratio"]) for p in back], [("partial", "gap", 1)] * 2,
            "an engine that comes back: readings are missing, and the whole window is covered")
for point, watts in zip(back, (400, 90)):
    joules = watts * reports["dcgm-engine-back"]["window_ns"] / 1e9
    check(abs(point["joules"] - joules) <= point["timing_uncertainty_joules"],
          f"each GPU has its own counter again: {point['joules']} J of {joules:.0f} J")
end()
