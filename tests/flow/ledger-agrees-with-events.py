#!/usr/bin/python3
# Plays every shipped scenario with `emit run`, as root and as nobody. Every point
# has the outcome and code that the scenario's author expects; every event equals
# the ledger's last count minus its first; of the measured events 99 in 100 differ
# from the exact energy of the command's life by no more than they say they may.
# usage: ledger-agrees-with-events.py [SCENARIO...]
# SPDX-License-Identifier: Apache-2.0
import concurrent.futures
import math
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from tap import check, check_equal, end, skip
from testbed import (AHEAD, AS_NOBODY, EMIT, LIFETIME, MEMORY, ROOT, TESTBED, Run, curve_joules, describe, devices_of_points,
                     read_life, read_lines, scenarios)

SIDES = {ROOT: "root", AS_NOBODY: "nobody"}
AT_ONCE = 8  # plays mostly sleep
errors = []  # of all measured events: who, joules off the curve, joules allowed


# What an outcome's code is here: all counters are simulated, so a plain measurement says so.
def told(point):
    code = point.get("code", "")
    return (point["outcome"], "" if code == "simulated" else code)


# One device may be seen through several meters: one of them counts, the others are
# replicates, or count it in another scope and are nested.
def points_by_device(label, run):
    devices = {}
    for point in run.report["points"]:
        devices.setdefault(point["device_id"], []).append(point)
    for name, seen in devices.items():
        counting = [point for point in seen if len(seen) == 1 or point["outcome"] != "excluded"]
        if len(seen) > 1:
            wanted = int({point.get("code") for point in seen} != {"unassigned"})
            check_equal(len(counting), wanted, f"{label}: {name} is seen {len(seen)} times and counts {wanted} times")
        devices[name] = (counting or seen)[0]
    return devices


def check_points(label, run, wanted, side):
    found = {name: told(point) for name, point in points_by_device(label, run).items()}
    expected = {name: tuple(sides[side]) for name, sides in wanted["expected"].items()}
    check_equal(found, expected, f"{label}: every point's outcome")
    check_equal(sum(point["meter"] == "rapl" for point in run.report["points"]), run.zones_found,
                f"{label}: as many points as ls finds zones")
    silent = [point["device_id"] for point in run.report["points"] if point["outcome"] in ("partial", "refused")
              and not any(said["meter"] == point["meter"] and said["code"] == point["code"]
                          and said["point"] in (point["device_id"], "") for said in run.report["diagnostics"])]
    check_equal(silent, [], f"{label}: what is not whole is explained")
    denied = [said for said in run.report["diagnostics"] if said["code"] == "denied"]
    helpless = [said for said in denied if not said.get("remedy") or
                said["meter"] == "rapl" and ("setcap" in said["remedy"]) != (side == AS_NOBODY)]
    check_equal(helpless, [], f"{label}: what is denied has a remedy, and root's is not to become root")


def check_events(label, run):
    with_energy = [point["device_id"] for point in run.report["points"]
                   if "joules" in point and point["outcome"] != "excluded"]
    check_equal(sorted(event["tags"]["device_id"] for event in run.events), sorted(with_energy),
                f"{label}: an event for every point with energy, and no other")
    check_equal([event for event in run.events if event["tags"].get("simulated") is not True], [],
                f"{label}: every event says simulated")
    validated = subprocess.run([EMIT, "validate", "--strict", os.path.join(run.folder, "events")],
                               capture_output=True, text=True)
    check(validated.returncode == 0, f"{label}: events keep the contract {validated.stdout}")
    return {event["tags"]["device_id"]: event for event in run.events}


# Counts are compared exactly. Power is multiplied with times, of which the ledger
# knows the library's and emit its own.
def check_measured(label, run, point, device, quantity, truth):
    name = point["device_id"]
    if "uuid" not in device:
        check_equal(quantity, run.zone_joules(device), f"{label}: {name} is the ledger's last count minus its first")
    elif device["energy"] == "counter":
        check_equal(quantity, run.gpu_joules(device, point["meter"]),
                    f"{label}: {name} is the ledger's last count minus its first, by {point['meter']}")
    else:
        served = run.gpu_joules(device, point["meter"])
        check(abs(quantity - served) <= 0.01 * served, f"{label}: {name} is the power served, integrated: {quantity} of {served:.4f} J")
    error, allowed = quantity - truth, point["timing_uncertainty_joules"]
    errors.append((f"{label}: {name}", error, allowed))
    check(abs(error) <= 3 * allowed, f"{label}: {name} is near the curve: {error:+.4f} J, allowed {allowed:.4f} J")


# What was served while the counter rose: more cannot have been counted.
def most_joules(run, point, device):
    if "uuid" not in device:
        counts, joule = [line["microjoules"] for line in run.served(device) if "error" not in line], 1e6
    elif device["energy"] == "counter":
        counts, joule = [line["millijoules"] for line in run.samples(device, point["meter"], "millijoules")], 1e3
    else:
        return run.gpu_joules(device, point["meter"]) * 1.01
    return sum(max(after - before, 0) for before, after in zip(counts, counts[1:])) / joule


def check_energy(label, run, scenario, devices, events):
    truth = run.truth_joules(scenario, *run.life)
    for point in run.report["points"]:
        name = point["device_id"]
        if "joules" not in point or name not in events or point["outcome"] == "excluded":
            continue
        quantity = events[name]["quantity"]
        if point["outcome"] == "measured":
            check_measured(label, run, point, devices[name], quantity, truth[devices[name]["id"]])
        else:
            most = most_joules(run, point, devices[name])
            check(0 < quantity <= most, f"{label}: {name} counts no more than was served: {quantity} of {most} J")


# An uncertainty is right in 99 of 100: more misses than chance gives (three
# standard deviations) say that it is not.
def check_uncertainty():
    outside = [f"{who} {error:+.4f} of {allowed:.4f} J" for who, error, allowed in errors if abs(error) > allowed]
    most = 0.01 * len(errors) + 3 * math.sqrt(0.01 * 0.99 * len(errors))
    check(len(outside) <= most, f"of {len(errors)} events at most {most:.1f} lie outside their uncertainty: {outside}")


def play(folder, scenario, side, wanted):
    return Run(os.path.join(folder, f"{scenario}-{SIDES[side]}"), scenario, side, round(wanted["lasts_ms"]),
               wanted["options"].split())


def check_run(scenario, side, wanted, run):
    label = f"{scenario} as {SIDES[side]}"
    if not check(run.got.returncode == 0 and run.report is not None and run.life is not None,
                 f"{label}: runs, exit {run.got.returncode} {run.got.stderr[-300:] if run.report is None else ''}"):
        return
    check_points(label, run, wanted, side)
    check_energy(label, run, scenario, devices_of_points(wanted), check_events(label, run))
    writes = [line for line in run.ledger if line["what"] == "write"]
    check_equal(writes, [], f"{label}: nothing was opened for writing")


# Plain files have no ledger of values; the events still have to be near the truth.
def static_tree(folder):
    events, ledger, life = (os.path.join(folder, f"static-{name}") for name in ("events", "ledger", "life"))
    got = subprocess.run([*AHEAD, TESTBED, "run", "--static", "--ledger", ledger, "demo", "--", EMIT, "run", "--no-outbox",
                          "--output", events, "--", LIFETIME, life, "1000"], capture_output=True, text=True)
    if not check(got.returncode == 0, f"static: emit runs in plain files {got.stderr if got.returncode else ''}"):
        return
    devices = devices_of_points(describe("demo"))
    truth = curve_joules("demo", read_lines(ledger), *read_life(life))
    far = []
    for event in read_lines(events):
        tags, joules = event["tags"], event["quantity"]
        name, allowed = tags["device_id"], tags["timing_uncertainty_joules"]
        if abs(joules - truth[devices[name]["id"]]) > allowed + 0.1 * joules:  # files are written a hundred times a second
            far.append((name, joules, truth[devices[name]["id"]], allowed))
    check_equal(far, [], "static: energy is near the curve's over the command's life")


def main():
    if os.geteuid() != 0 or not os.path.exists("/dev/fuse"):
        skip("the ledger", "needs root and /dev/fuse")
        end()
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder, concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        os.chmod(folder, 0o755)
        plays = []
        for scenario in sys.argv[1:] or scenarios():
            wanted = describe(scenario)
            # Where there are GPUs alone nobody sees what root sees.
            sides = SIDES if wanted["zones"] or not wanted["gpus"] else [AS_NOBODY]
            plays += [(scenario, side, wanted, pool.submit(play, folder, scenario, side, wanted)) for side in sides]
        for scenario, side, wanted, run in plays:
            check_run(scenario, side, wanted, run.result())
        check_uncertainty()
        static_tree(folder)
    end()


main()
