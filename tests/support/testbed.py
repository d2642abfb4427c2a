# One run of emit inside the test bed, and all that is known about it: the report,
# the events, the ledger, the life of the metered command.
# SPDX-License-Identifier: Apache-2.0
import json
import os
import shlex
import struct
import subprocess

from reachable import for_nobody

EMIT = os.environ["EMIT"]
TESTBED = os.environ["EMIT_TESTBED"]
LIFETIME = os.environ["EMIT_LIFETIME"]
NOBODYS_EMIT, NOBODYS_LIFETIME = for_nobody(EMIT), for_nobody(LIFETIME)
NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all"]
ROOT, AS_NOBODY = 0, 1
# What is tested is emit's arithmetic, not this machine's queues: everything is
# scheduled before other processes, and no disk is waited for.
AHEAD = ["chrt", "-f", "1"] if subprocess.run(["chrt", "-f", "1", "true"], check=False, capture_output=True).returncode == 0 else []
MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK | os.X_OK) else None


def describe(scenario):
    got = subprocess.run([TESTBED, "describe", "--json", scenario], capture_output=True, text=True, check=True)
    return json.loads(got.stdout)


def scenarios():
    got = subprocess.run([TESTBED, "list"], capture_output=True, text=True, check=True)
    return [line.split()[0] for line in got.stdout.splitlines()]


# One JSON object a line; nothing where there is no file.
def read_lines(path):
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


# Which zone a point of emit's is. Derived from the kernel's names alone, not from
# what emit's own code does: package-N, its parts, memory as dram-N.
def zone_of_points(zones):
    names, points = {}, {}
    for zone in zones:
        above, _, _ = zone["id"].rpartition(":")
        whole = names.get(above)
        if whole is None:
            point = zone["name"]
        elif zone["name"] == "dram" and whole.startswith("package-"):
            point = "dram-" + whole[len("package-"):]
        else:
            point = whole + "/" + zone["name"]
        names[zone["id"]] = zone["name"]
        points.setdefault(point, zone)
    return points


# Which zone or GPU a device id of emit's is. GPUs are who their UUID says; one whose
# UUID may not be read is known by its index alone.
def devices_of_points(wanted):
    devices = zone_of_points(wanted["zones"])
    for index, gpu in enumerate(wanted["gpus"]):
        devices[gpu["uuid"]] = devices[f"gpu-{index}"] = {"id": gpu["uuid"], **gpu}
    return devices


# When LIFETIME began and ended, by CLOCK_MONOTONIC.
def read_life(path):
    with open(path, "rb") as life:
        return struct.unpack("qq", life.read(16))


# The exact energy of all zones' and GPUs' curves between two CLOCK_MONOTONIC times.
def curve_joules(scenario, ledger, begin_ns, end_ns):
    played_ns = next(line["at"] for line in ledger if line["what"] == "begin")
    got = subprocess.run([TESTBED, "energy", scenario, "--begin", str(played_ns), "--from", str(begin_ns), "--to", str(end_ns)],
                         capture_output=True, text=True, check=True)
    return {name: float(joules) for name, joules in map(str.split, got.stdout.splitlines())}


class Run:
    """emit run --output EVENTS --report REPORT -- lifetime, as root or as nobody."""

    def __init__(self, folder, scenario, side, milliseconds, options=(), after_s=0):
        self.folder = folder
        path = lambda name: os.path.join(folder, name)
        os.makedirs(folder)
        if side == AS_NOBODY:
            os.chown(folder, 65534, 65534)
        self.environment = {**os.environ, "HOME": folder, "XDG_STATE_HOME": folder, "XDG_RUNTIME_DIR": folder,
                            "EMIT_OUTBOX": path("outbox.db"), "EMIT_WORKSPACE_ID": "ws_test"}
        program, lifetime = (NOBODYS_EMIT, NOBODYS_LIFETIME) if side == AS_NOBODY else (EMIT, LIFETIME)
        emit = [program, "run", "--report", path("report"), "--output", path("events"), *options, "--",
                lifetime, path("life"), str(milliseconds)]
        if side == AS_NOBODY:
            emit = NOBODY + emit
        listed = f"ls /sys/class/powercap > {shlex.quote(path('listed'))} 2>/dev/null"
        script = f"{listed}; sleep {after_s:.3f}; exec {shlex.join(emit)}"
        self.got = subprocess.run([*AHEAD, TESTBED, "run", "--ledger", path("ledger"), scenario, "--", "sh", "-c", script],
                                  capture_output=True, text=True, env=self.environment)
        self.life = self.report = None
        if os.path.exists(path("life")):
            self.life = read_life(path("life"))
        if os.path.exists(path("report")):
            with open(path("report"), encoding="utf-8") as report:
                self.report = json.load(report)
        self.events, self.ledger = read_lines(path("events")), read_lines(path("ledger"))
        with open(path("listed"), encoding="ascii") as listed:
            self.zones_found = sum(":" in line for line in listed)

    def at(self, what):
        return next(line["at"] for line in self.ledger if line["what"] == what)

    # All that was served of a zone, or of a GPU by one library, in order.
    def served(self, device, by=None):
        key = "gpu" if "uuid" in device else "zone"
        return [line for line in self.ledger if line["what"] == "read" and line.get(key) == device["id"]
                and (by is None or line.get("by") == by)]

    # Last count minus first, modulo what the counter counts modulo, in joules.
    def zone_joules(self, zone):
        counts = [line["microjoules"] for line in self.served(zone) if "error" not in line]
        energy_range = zone["range_microjoules"]
        modulus = energy_range + energy_range // (2**32 - 1)
        return (counts[-1] - counts[0]) % modulus / 1e6 if counts else None

    # A library is asked more often than for samples: when its devices are found, too.
    # The first sample is the last answer before the command lives.
    def samples(self, gpu, by, unit):
        lines = [line for line in self.served(gpu, by) if unit in line]
        before = [number for number, line in enumerate(lines) if line["at"] <= self.life[0]]
        return lines[before[-1] if before else 0:]

    # Last count minus first; where only power is known, the trapezoids between its samples.
    def gpu_joules(self, gpu, by):
        if gpu["energy"] == "counter":
            counts = [line["millijoules"] for line in self.samples(gpu, by, "millijoules")]
            return (counts[-1] - counts[0]) / 1e3 if counts else None
        lines = self.samples(gpu, by, "milliwatts")
        return sum((after["at"] - before["at"]) / 1e9 * (before["milliwatts"] + after["milliwatts"]) / 2e3
                   for before, after in zip(lines, lines[1:]))

    def truth_joules(self, scenario, begin_ns, end_ns):
        return curve_joules(scenario, self.ledger, begin_ns, end_ns)
