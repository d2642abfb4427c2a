#!/usr/bin/python3
# One GPU seen by DCGM and NVML is one event, by whichever of them has it whole; the
# other says which was used and by how much they differed. A host engine that went
# away and came back with other numbers costs readings and no energy. The text of an
# exporter is the third to see them: it agrees within its steps, and stands in for a
# library that is lost.
# SPDX-License-Identifier: Apache-2.0
import http.server
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from tap import EMIT, check, check_equal, end

TESTBED = os.environ["EMIT_TESTBED"]
# What happens to the host engine, in milliseconds, and how long a run of it lasts.
RUNS = {"dcgm-and-nvml": (None, None, 600), "dcgm-engine-gone": (300, None, 800), "dcgm-engine-back": (300, 1500, 3800)}
DCGM = """summary: the host engine of two GPUs of constant power
nvml: {installed: %s}
dcgm: {library: 4}
gpus:
  - {name: H100, uuid: GPU-e3170000-0000-4000-8000-000000000000, power: 400, start: 800000000}
  - {name: H100, uuid: GPU-e3170001-0000-4000-8000-000000000001, power: 90, start: 1000}
events:
  - {at: %dms,%s what: engine-down}
"""


def play(scenario, lasts_ms, ledger):
    got = subprocess.run([TESTBED, "run", "--ledger", ledger, scenario, "--", EMIT, "run", "--no-outbox", "--json", "--start-timeout",
                          "5s", "--interval", "50ms", "--", "sleep", str(lasts_ms / 1000)], capture_output=True, text=True, timeout=120)
    return json.loads(got.stderr.splitlines()[-1])


# Whether emit has seen both GPUs' counters move before the engine went away: by as much as tells their energy.
def was_metered(ledger, until_ms):
    with open(ledger, encoding="utf-8") as text:
        lines = [json.loads(line) for line in text]
    begun_ns = next(line["at"] for line in lines if line["what"] == "begin")
    seen = {}
    for line in lines:
        if line["what"] == "read" and line.get("by") == "dcgm" and "millijoules" in line and line["at"] < begun_ns + until_ms * 1e6:
            seen.setdefault(line["gpu"], set()).add(line["millijoules"])
    return len(seen) == 2 and all(len(counts) > 2 for counts in seen.values())


# An engine can be missed only by who has seen it. A machine that was too slow for that plays again, with an engine that
# stays for longer; what is said of it is looked at once.
def run(name):
    down_ms, up_ms, lasts_ms = RUNS[name]
    with tempfile.TemporaryDirectory() as folder:
        ledger, scenario = f"{folder}/ledger", f"{folder}/scenario.yaml"
        if down_ms is None:
            return play(name, lasts_ms, ledger)
        for later_ms in (0, 1500, 8000):
            until = f" until: {up_ms + later_ms}ms," if up_ms else ""
            with open(scenario, "w", encoding="utf-8") as text:
                text.write(DCGM % ("false" if up_ms else "true", down_ms + later_ms, until))
            report = play(scenario, lasts_ms + later_ms, ledger)
            if was_metered(ledger, down_ms + later_ms):
                break
        return report


# An exporter of GPUs of constant power, which collects every STEP_S.
STEP_S, WATTS = 0.25, {"GPU-e3990000-0000-4000-8000-000000000000": 400, "GPU-e3990000-0000-4000-8000-000000000001": 90}
MACHINE = "summary: two GPUs of constant power\ngpus:\n" + "".join(
    f"  - {{name: H100, uuid: {uuid}, power: {watts}}}\n" for uuid, watts in WATTS.items())


class Exporter(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        collected = time.monotonic() // STEP_S * STEP_S
        text = "".join(f'DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION{{gpu="{index}",UUID="{uuid}"}} {int(collected * watts * 1000)}\n'
                       for index, (uuid, watts) in enumerate(WATTS.items())).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *words):
        pass


# Twelve steps of an exporter beside NVML, which loses the first GPU in the middle or does not.
def run_beside_exporter(loses):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Exporter)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as scenario:
        scenario.write(MACHINE + ("events:\n  - {at: 1500ms, gpu: 0, what: lost}\n" if loses else ""))
        scenario.flush()
        got = subprocess.run([TESTBED, "run", scenario.name, "--", EMIT, "run", "--no-outbox", "--json", "--start-timeout", "5s",
                              "--interval", "100ms", "--dcgm-exporter", f"http://127.0.0.1:{server.server_address[1]}/metrics",
                              "--dcgm-exporter-step", "250ms", "--", "sleep", "3"], capture_output=True, text=True, timeout=60)
    server.shutdown()
    server.server_close()
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


with ThreadPoolExecutor(len(RUNS) + 2) as pool:
    beside = [pool.submit(run_beside_exporter, loses) for loses in (False, True)]
    reports = dict(zip(RUNS, pool.map(run, RUNS)))
    whole, lost = (report.result() for report in beside)

both = reports["dcgm-and-nvml"]
check_twins("both", both, "dcgm", "nvml", r"^2 devices, the same counters as dcgm, which is used: (identical|(less than 0.01|[\d.e-]+ to [\d.e-]+) % apart)$")
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

check_twins("beside an exporter", whole, "nvml", "dcgm-exporter", r"^2 devices, the same counters as nvml, which is used: ")
for twin in by_meter(whole, "dcgm-exporter"):
    watts = WATTS[twin["device_id"]]
    used = next(p for p in by_meter(whole, "nvml") if p["device_id"] == twin["device_id"])
    most = used["timing_uncertainty_joules"] + 4 * STEP_S * watts  # up to two steps old, at each end
    check(abs(used["joules"] - twin["replicate_joules"]) <= most,
          f"both count the same energy: {used['joules']} J, {twin['replicate_joules']} J by steps, {most:.0f} J left open")
points = {p["device_id"]: p for p in by_meter(lost, "dcgm-exporter")}
first, second = (points[uuid] for uuid in WATTS)
check_equal((first["outcome"], second["code"]), ("measured", "replicate"), "a GPU that NVML lost is the exporter's, the other is not")
joules = WATTS[first["device_id"]] * lost["window_ns"] / 1e9
check(abs(first["joules"] - joules) <= first["timing_uncertainty_joules"],
      f"and whole: {first['joules']} J of {joules:.0f} J within {first['timing_uncertainty_joules']} J")
end()
