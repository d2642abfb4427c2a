#!/usr/bin/python3
# The report of a run, its document, its events and what the store shows of it later
# are four tellings of one truth: compared on simulated machines of many kinds.
# SPDX-License-Identifier: Apache-2.0
import concurrent.futures
import hashlib
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from tap import check, check_equal, end, skip
from testbed import EMIT, ROOT, Run

CANONICAL = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support", "canonical.js")
CONTRACT = os.environ["CONTRACT"]
PLAYED = {"demo": [], "steady": [], "sixteen-sockets": [], "all-domains": ["--domains", "all"],
          "psys-only": [], "mmio-twin": ["--domains", "all"], "masked": [], "unplug": [], "frozen": []}
AT_ONCE = 3  # plays mostly sleep


# A store that only its owner can reach: others refuse to be used.
def store(folder, name):
    return os.path.join(folder, name + "-state", "outbox.db")


def emit(run, *arguments):
    return subprocess.run([EMIT, *arguments, "--outbox", store(*os.path.split(run.folder))],
                          capture_output=True, text=True, env=run.environment)


def check_text(label, run):
    lines = run.got.stderr.splitlines()
    measured = bool(run.events)
    check_equal(lines[0], "emit: SIMULATED NODE, no number below is real",
                f"{label}: a simulated node is said in the first line, also where nothing can be read")
    check(max(map(len, lines)) <= 80, f"{label}: 80 columns are enough")
    check(len(lines) <= 18, f"{label}: {len(lines)} lines, near a dozen")
    check_equal("Whole devices: includes anything else" in run.got.stderr, measured,
                f"{label}: numbers say that they are of whole devices")
    for diagnostic in run.report["diagnostics"]:
        if diagnostic["code"] in ("denied", "masked", "stale", "gone"):
            check(f"  {diagnostic['code']}  " in run.got.stderr, f"{label}: {diagnostic['code']} is told")
            check(diagnostic.get("remedy", "") in run.got.stderr, f"{label}: with what helps")


def check_document(label, run):
    report = run.report
    points = {(point["meter"], point["device_id"]): point for point in report["points"]}
    with_energy = [point for point in report["points"] if "joules" in point]
    check_equal(report["events"]["made"], len(run.events), f"{label}: as many events as it says")
    check_equal((report["events"]["stored"], report["events"]["in_store"]), (len(run.events), True),
                f"{label}: all are stored")
    for event in run.events:
        tags = event["tags"]
        point = points[(tags["energy_source"], tags["device_id"])]
        for tag, member in (("timing_uncertainty_joules",) * 2, ("resolution_joules",) * 2, ("samples",) * 2,
                            ("sampling_hz",) * 2, ("counter_wraps",) * 2, ("component",) * 2):
            check_equal(tags[tag], point[member], f"{label}: {tags['device_id']}: {tag}")
        check_equal(event["quantity"], point["joules"], f"{label}: {tags['device_id']}: quantity")
        check_equal(tags.get("coverage_ratio", 1), point["coverage_ratio"], f"{label}: coverage")
        check_equal(tags.get("contained_in"), point.get("contained_in"), f"{label}: contained_in")
        if "contained_in" in tags:
            check(any(other["tags"]["device_id"] == tags["contained_in"]
                      and other["event_ts"] == event["event_ts"] for other in run.events),
                  f"{label}: {tags['device_id']} is contained in an event of the same window")
    summed = [point["joules"] for point in with_energy if point.get("in_total")]
    totals = [total["joules"] for total in report["totals"]]
    check_equal(len(totals), bool(summed), f"{label}: a total where there is something to sum")
    if totals:
        check(math.isclose(totals[0], math.fsum(summed), rel_tol=1e-12), f"{label}: the total is the sum")
        means = [point["mean_watts"] for point in with_energy if point.get("in_total")]
        check(math.isclose(report["totals"][0]["mean_watts"], math.fsum(means), rel_tol=1e-9),
              f"{label}: the total's mean watts are the sum of the means")


def check_store(label, run):
    shown = emit(run, "show", run.report["run_id"])
    check_equal(shown.stdout, run.got.stderr, f"{label}: emit show prints the same")
    check_equal(json.loads(emit(run, "show", "--json", run.report["run_id"]).stdout), run.report,
                f"{label}: and the same document")
    with open(os.path.join(run.folder, "events"), encoding="utf-8") as copy:
        check_equal(sorted(emit(run, "outbox", "export").stdout.splitlines()), sorted(copy.read().splitlines()),
                    f"{label}: the store holds the lines of the copy")
    said = [json.loads(line) for line in emit(run, "diagnostics", "--json").stdout.splitlines()]
    check_equal([(line["meter"], line["point"], line["code"], line["message"]) for line in said],
                [(line["meter"], line["point"], line["code"], line["message"])
                 for line in run.report["diagnostics"]], f"{label}: and the diagnostics")
    listed = emit(run, "runs").stdout.splitlines()
    check(len(listed) == 2 and listed[1].startswith(run.report["run_id"]), f"{label}: emit runs lists it")
    check(" sim " in listed[1], f"{label}: marked as simulated")


# node writes numbers as RFC 8785 wants them; our lines have to be that form already.
def check_canonical(label, run):
    with open(os.path.join(run.folder, "events"), encoding="utf-8") as copy:
        lines = copy.read().splitlines()
    lines += emit(run, "diagnostics", "--json").stdout.splitlines()
    if not shutil.which("node"):
        skip(f"{label}: lines are canonical", "node is not installed")
        return
    paths = []
    for number, line in enumerate(lines):
        paths.append(os.path.join(run.folder, f"line-{number}"))
        with open(paths[-1], "w", encoding="utf-8") as file:
            file.write(line)
    canonical = subprocess.run(["node", CANONICAL, *paths], capture_output=True, text=True, check=True)
    check_equal(canonical.stdout.split(), [hashlib.sha256(line.encode()).hexdigest() for line in lines],
                f"{label}: {len(lines)} lines are canonical")


def schema_faults(report):
    try:
        import jsonschema
    except ImportError:
        return None
    with open(os.path.join(CONTRACT, "report.schema.json"), encoding="utf-8") as file:
        schema = json.load(file)
    return [fault.message for fault in jsonschema.Draft202012Validator(schema).iter_errors(report)]


with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
    os.chmod(folder, 0o755)
    plays = {name: pool.submit(Run, os.path.join(folder, name), name, ROOT, 1300,
                               [*options, "--outbox", store(folder, name)])
             for name, options in PLAYED.items()}
    for name, play in plays.items():
        run = play.result()
        if not check(run.report is not None and run.got.returncode == 0, f"{name}: reported"):
            continue
        check_text(name, run)
        check_document(name, run)
        check_store(name, run)
        check_canonical(name, run)
        faults = schema_faults(run.report)
        if faults is None:
            skip(f"{name}: the document keeps its schema", "python3-jsonschema is not installed")
        else:
            check_equal(faults, [], f"{name}: the document keeps its schema")
end()
