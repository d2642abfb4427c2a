# emit compare: a difference within what two runs leave open is not claimed; what is not of the same
# devices, not measured in full, or simulated on one side only is not compared; and that is said.
# SPDX-License-Identifier: Apache-2.0
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile

SOURCE = os.environ["SOURCE"]
sys.path.insert(0, os.path.join(SOURCE, "tests", "support"))
from tap import EMIT, check, check_equal, end
from zones import MOVE, Machine

import jsonschema

SCHEMA = jsonschema.Draft202012Validator(json.load(open(os.path.join(SOURCE, "contract", "compare.schema.json"))))
PACKAGE, GPU = ("rapl", "rapl", "cpu-package"), ("nvml", "nvml", "gpu")


def point(kind, device_id, index, joules, margin, outcome="measured"):
    made = {"meter": kind[0], "device_id": device_id, "energy_source": kind[1], "component": kind[2],
            "accuracy_class": "device-counter", "device_index": index, "outcome": outcome}
    if outcome == "refused":
        return {**made, "code": "denied"}
    if outcome == "partial":
        made["code"] = "gone"
    return {**made, "in_total": True, "joules": joules, "mean_watts": joules / 10, "timing_uncertainty_joules": margin,
            "resolution_joules": 0.001, "coverage_ratio": 1, "sampling_hz": 1, "samples": 11, "counter_wraps": 0,
            "from_offset_ns": 0, "to_offset_ns": 10000000000}


def report(run_id, points, seconds=10, **more):
    counted = [p for p in points if p.get("in_total")]
    words = " + ".join(sorted({p["component"] for p in counted}, key=["gpu", "cpu-package"].index))
    total = [{"what": words, "joules": sum(p["joules"] for p in counted), "mean_watts": sum(p["mean_watts"] for p in counted),
              "timing_uncertainty_joules": sum(p["timing_uncertainty_joules"] for p in counted)}] if counted else []
    return {"run_id": run_id, "workspace_id": "ws_1", "node_id": "node-1", "command": "./bench", "window_ns": int(seconds * 1e9),
            "simulated": False, "concurrent_runs": 0, "from": "2026-06-13T16:00:00.000Z", "to": "2026-06-13T16:00:10.000Z",
            "exit": 0, "points": points, "totals": total, "diagnostics": [], "notes": [],
            "events": {"made": 0, "refused": 0, "stored": 0, "duplicate": 0, "in_store": False},
            "self": {"cpu_seconds": 0}, **more}


class Folder:
    def __init__(self, path):
        self.path, self.count = path, 0

    # Exit status, document and text of a comparison of two reports.
    def compare(self, a, b):
        files = []
        for document in (a, b):
            self.count += 1
            files.append(os.path.join(self.path, f"{self.count}.json"))
            with open(files[-1], "w") as out:
                json.dump(document, out)
        text = subprocess.run([EMIT, "compare", *files], capture_output=True, text=True)
        got = subprocess.run([EMIT, "compare", "--json", *files], capture_output=True, text=True)
        check_equal(got.returncode, text.returncode, f"--json exits the same: {got.stderr}{text.stderr}")
        document = json.loads(got.stdout)
        check_equal([e.message for e in SCHEMA.iter_errors(document)], [], "the object keeps its schema")
        widest = max(text.stdout.splitlines(), key=len)
        check(len(widest) <= 80, f"in 80 columns: {len(widest)}: {widest}")
        check("\033" not in text.stdout, "without control characters")
        return text.returncode, document, text.stdout

    # The text with a row for every device.
    def all(self, *documents):
        files = [os.path.join(self.path, f"all-{i}.json") for i in range(2)]
        for path, document in zip(files, documents):
            with open(path, "w") as out:
                json.dump(document, out)
        return subprocess.run([EMIT, "compare", "--all", *files], capture_output=True, text=True).stdout


def check_verdicts(folder):
    for b, status, verdict, words in ((100, 0, "within", "no difference"), (104.9, 0, "within", "no difference"),
                                      (105.1, 1, "more", "B used more"), (94.9, 0, "less", "B used less")):
        got, document, text = folder.compare(report("run_a", [point(PACKAGE, "package-0", 0, 100, 2)]),
                                             report("run_b", [point(PACKAGE, "package-0", 0, b, 3)]))
        row = document["joules"]
        check_equal((got, row["verdict"]), (status, verdict), f"100 J beside {b} J, 2 J and 3 J open")
        check(math.isclose(row["difference"], b - 100) and math.isclose(row["percent"], b - 100, abs_tol=1e-9),
              f"the difference is {row['difference']}")
        check_equal(row["margin"], 5, "what is open on both sides is added")
        check(words in text and document["devices"][0]["verdict"] == verdict, f"and said: {words}")
        check_equal(document["seconds"]["verdict"], "unjudged", "the time of single runs is not judged")


def check_what_is_not_compared(folder):
    one = [point(PACKAGE, "package-0", 0, 100, 1)]
    two = one + [point(GPU, "GPU-1", 0, 900, 9)]
    got, document, text = folder.compare(report("run_a", one), report("run_b", two))
    check_equal((got, document["joules"]["verdict"]), (3, "not-compared"), "sums of different devices are not compared")
    check("not in A" in text and "do not hold the same devices" in text, "the device that is missing is named")
    check_equal([r["verdict"] for r in document["devices"]], ["not-compared", "within"], "what both have is")
    lost = one + [point(GPU, "GPU-1", 0, 400, 9, "partial")]
    got, document, text = folder.compare(report("run_a", two), report("run_b", lost))
    check_equal((got, document["joules"]["verdict"]), (3, "not-compared"), "a partial outcome is not compared")
    check("B was not measured in full" in text, "and that is said")
    denied = one + [point(GPU, "GPU-1", 0, 0, 0, "refused")]
    got, document, text = folder.compare(report("run_a", one), report("run_b", denied))
    check_equal((got, document["b"]["measured_in_full"]), (0, False), "a refused device is no part of the sum, and is said")
    got, document, text = folder.compare(report("run_a", one, simulated=True), report("run_b", one))
    check_equal(got, 3, "simulated beside real is not compared")
    check("nothing can be compared" in text and all(r["verdict"] == "not-compared" for r in document["devices"]), "not one device")
    got, document, text = folder.compare(report("run_a", [point(GPU, "GPU-1", 0, 900, 9)]),
                                         report("run_b", [point(GPU, "GPU-7", 0, 950, 9)], node_id="node-2"))
    check_equal((got, document["nodes_differ"]), (1, True), "on another node devices are matched by kind and index")
    check("node-1" in text and "node-2" in text, "and both nodes are named")
    got, document, text = folder.compare(report("run_a", [point(GPU, "GPU-1", 0, 900, 9)]),
                                         report("run_b", [point(GPU, "GPU-7", 0, 950, 9)]))
    check_equal(got, 3, "on one node another device at the same index is another device")
    got, document, text = folder.compare(report("run_a", one, concurrent_runs=2), report("run_b", one))
    check("2 beside A" in text, "other runs on the same devices are said")
    nothing = report("run_c", [point(PACKAGE, "package-0", 0, 0, 0, "refused")])
    got, document, text = folder.compare(nothing, nothing)
    check_equal(got, 3, "two runs that measured nothing cannot be compared")


def phase(name, joules, margin, what="cpu-package"):
    return {"phase": name, "parts": 1, "window_ns": 4000000000, "from": "2026-06-13T16:00:01.000Z", "to": "2026-06-13T16:00:05.000Z",
            "points": [], "totals": [{"what": what, "joules": joules, "mean_watts": joules / 4, "timing_uncertainty_joules": margin}]}


def check_phases(folder):
    one = [point(PACKAGE, "package-0", 0, 100, 1)]
    got, document, text = folder.compare(
        report("run_a", one, phases=[phase("load", 40, 2), phase("train", 50, 2), phase("old", 5, 1), phase("part", 7, 1, "gpu")]),
        report("run_b", one, phases=[phase("load", 44.5, 2), phase("train", 53.5, 2), phase("new", 5, 1), phase("part", 7, 1)]))
    rows = {row["phase"]: row["joules"]["verdict"] for row in document["phases"]}
    check_equal(rows, {"load": "more", "train": "within", "old": "not-compared", "new": "not-compared", "part": "not-compared"},
                "a phase is judged as a run is; of other devices, or on one side only, it is not compared")
    check_equal(got, 0, "and changes nothing in the exit status")
    check("load" in text and "not in B" in text and "apart from the sum" in text, "phases stand apart from the sum")


def check_eight(folder):
    eight = [point(GPU, f"GPU-{i:08x}-77d0-4c1e-9f00-aabbccddeeff", i, 154000 + i, 120) for i in range(8)]
    hostile = report("run_b", eight, command="sh -c '\x1b[2J" + "x" * 200 + "'")
    got, document, text = folder.compare(report("run_a", eight), hostile)
    check_equal((got, len(document["devices"])), (0, 8), "eight GPUs")
    check("gpu x8" in text and "each  +0.0..+0.0 %: 8 within" in text, "share a row, and the one under it tells how they fared")
    moved = eight[:6] + [point(GPU, eight[6]["device_id"], 6, 160000, 120), point(GPU, eight[7]["device_id"], 7, 0, 0, "refused")]
    got, document, text = folder.compare(report("run_a", eight), report("run_b", moved))
    check("gpu x7" in text and "1 more, 6 within" in text and "gpu 7" in text and "not in B" in text, "one that is not compared has its own")
    text = folder.all(report("run_a", eight), report("run_b", moved))
    check("each" not in text and all(f"gpu {i} " in text for i in range(8)), "with --all each of them has")


SPEND = MOVE + "import sys; Zone(sys.argv[1], 'intel-rapl:0').spend(float(open(sys.argv[2]).readline()), 0.02); " \
    "rest = open(sys.argv[2]).readlines()[1:]; open(sys.argv[2], 'w').writelines(rest)"


# Two repetitions in a store, against the formula computed here.
def check_groups(scratch):
    root, store, plan = (os.path.join(scratch, name) for name in ("sys", "outbox.db", "plan"))
    Machine(root, zones=(("intel-rapl:0", "package-0"),))
    spent = {"old": [2, 2.1, 2.2, 1.9], "new": [3, 3.1, 2.9, 3.3]}
    for name, joules in spent.items():
        with open(plan, "w") as out:
            out.writelines(f"{j}\n" for j in joules)
        subprocess.run([EMIT, "run", "--quiet", "--start-timeout", "10s", "--sysfs-root", root, "--outbox", store,
                        "--repeat", "4", "--run-id", name, "--",
                        "/usr/bin/python3", "-c", SPEND, root, plan], check=True, stderr=subprocess.DEVNULL)

    def compare(*words):
        return subprocess.run([EMIT, "compare", "--outbox", store, *words], capture_output=True, text=True)

    document = json.loads(compare("--json", "old", "new").stdout)
    for side, name in (("a", "old"), ("b", "new")):
        row = document["joules"][side]
        check(math.isclose(row["value"], statistics.fmean(spent[name])), f"{name}: mean")
        check(math.isclose(row["sigma"], statistics.stdev(spent[name])), f"{name}: sigma")
        edges = statistics.fmean(json.loads(subprocess.run(
            [EMIT, "show", "--json", "--outbox", store, f"{name}-{i}"], capture_output=True,
            text=True).stdout)["totals"][0]["timing_uncertainty_joules"] for i in range(1, 5))
        check(math.isclose(row["margin"], max(edges, statistics.stdev(spent[name]))), f"{name}: the margin is the larger one")
    check_equal(compare("ol", "ne").stdout, compare("old", "new").stdout, "a beginning that only one group shares will do")
    one = json.loads(compare("--json", "old-1", "new-2").stdout)
    check_equal((one["a"]["runs"], one["joules"]["a"]["value"], one["joules"]["b"]["value"]), (1, 2, 3.1), "single runs of a group")
    check(compare("old-1", "old-1").returncode == 0, "a run beside itself")
    subprocess.run([EMIT, "tokens", "--profile", "managed-nano-v1", "--output", "9", "--outbox", store, "--run-id", "of-tokens"],
                   stdout=subprocess.DEVNULL, check=True)
    for words, wanted in ((["nothing", "old"], "no run begins with"), (["of-t", "old"], "metered for of-tokens: what was modeled"), (["old"], "name two runs"), (["", "old"], "name two runs"),
                          (["old", "new", "x"], "name two runs"), ([f"{scratch}/missing.json", "old"], "cannot read"),
                          ([plan + "/", "old"], "cannot read"), ([os.path.join(SOURCE, "README.md"), "old"], "README.md: ")):
        got = compare(*words)
        check(got.returncode == 2 and wanted in got.stderr and got.stderr.count("\n") == 1 and not got.stdout,
              f"one sentence: {got.stderr.strip()}")
    subprocess.run([EMIT, "run", "--quiet", "--sysfs-root", root, "--outbox", store, "--run-id", "older", "--", "true"],
                   stderr=subprocess.DEVNULL)
    got = compare("ol", "new")
    check(got.returncode == 2 and "several runs begin with 'ol'" in got.stderr, f"ambiguous: {got.stderr.strip()}")
    full = subprocess.run(f'"{EMIT}" compare --outbox "{store}" old new > /dev/full', shell=True, capture_output=True, text=True)
    check(full.returncode == 2 and "cannot write" in full.stderr, f"a full disk is an error: {full.returncode} {full.stderr}")


with tempfile.TemporaryDirectory() as scratch:
    check_verdicts(Folder(scratch))
    check_what_is_not_compared(Folder(scratch))
    check_phases(Folder(scratch))
    check_eight(Folder(scratch))
    check_groups(scratch)
end()
