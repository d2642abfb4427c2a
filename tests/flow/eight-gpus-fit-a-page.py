# What emit prints of a node with two sockets and eight GPUs that two meters see: report, sensors, live line,
# watched watts. Each line fits 80 columns, the report a dozen lines; and the figures are those of the devices.
# SPDX-License-Identifier: Apache-2.0
import fcntl
import json
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import tempfile
import termios

SOURCE = os.environ["SOURCE"]
sys.path.insert(0, os.path.join(SOURCE, "tests", "support"))
from tap import EMIT, check, check_equal, end, skip
from terminal import read_until

import jsonschema

TESTBED = os.environ["EMIT_TESTBED"]
# One of each kind: both meters, modules, no counter, no right, gone library.
SCENARIOS = ["eight-gpus", "dcgm-and-nvml", "gpu-module", "gpu-power-only", "gpus-denied", "nvml-mismatch", "demo", "gpus-in-trouble"]


def fits(text, what):
    widest = max(text.splitlines(), key=len)
    check(len(widest) <= 80, f"{what}: in 80 columns: {len(widest)}: {widest if len(widest) > 80 else ''}")
    check(not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", text), f"{what}: without control characters")


def check_report(scratch):
    got = subprocess.run([TESTBED, "run", "eight-gpus", "--", EMIT, "run", "--no-outbox", "--report", f"{scratch}/report", "--trace",
                          f"{scratch}/trace", "--", "sleep", "0.5"], capture_output=True, text=True)
    lines = got.stderr.splitlines()
    fits(got.stderr, "the report")
    check(len(lines) <= 12, f"the report has {len(lines)} lines")
    points = json.load(open(f"{scratch}/report"))["points"]
    counted = [p for p in points if p["component"] == "gpu" and p["outcome"] == "measured"]
    twins = [p for p in points if p["component"] == "gpu" and p.get("code") == "replicate"]
    check_equal((len(counted), len(twins)), (8, 8), "eight GPUs are counted, and eight are seen again")
    row = next((line.split() for line in lines if line.startswith("  gpu x8")), [])
    unit = {"J": 1, "kJ": 1000}.get(row[5] if len(row) > 5 else "", 0)
    total = sum(p["joules"] for p in counted)
    check(unit and abs(float(row[4]) * unit - total) <= unit / 1000, f"gpu x8 is their sum, {total:.3f} J: {' '.join(row)}")
    low, high = (f"{f(p['joules'] for p in counted):.0f}" for f in (min, max))
    check(len(row) > 2 and row[2] == f"{low}..{high}", f"between {low} and {high} J each")
    check(" ".join(row).endswith("dcgm counter"), "measured by what the event says")
    check(sum("nvml counted the same gpu x8" in line for line in lines) == 1, "the second meter has one line")
    rows = [line.split(",") for line in open(f"{scratch}/trace").read().splitlines()[1:]]
    check_equal(len({r[2] for r in rows if r[3] == "gpu"}), 8, "the trace has each GPU")


# Something else is wrong with each GPU: each is told once, by the meter that stands for it.
def check_trouble():
    got = subprocess.run([TESTBED, "run", "gpus-in-trouble", "--", EMIT, "run", "--no-outbox", "--interval", "100ms", "--device",
                          "0,1,2,3,4,5,6", "--", "sleep", "2.4"], capture_output=True, text=True)
    fits(got.stderr, "trouble")
    for number, words in ((0, "denied"), (1, "gone"), (2, "gone"), (3, "absent"), (6, "stale")):
        told = re.findall(rf"^    gpu (?:\d, )*{number}(?:, \d)*(?: GPU-\w+)?  dcgm  {words}  \S", got.stderr, re.M)
        check_equal(len(told), 1, f"gpu {number} is {words}: said once")
    check_equal(re.findall(r"^  gpu (\d) +GPU-", got.stderr, re.M), list("1245"), "a row for each that counted something")
    check("3 points not read, 2 read in part:" in got.stderr, "found = measured + partial + refused + excluded, as it is told")
    check("  1 device not of this run: gpu 7 (not in --device=0,1,2,3,4,5,6).\n" in got.stderr, "and which is not of the run, and why")
    check(got.stderr.count("  gpu 5 is in MIG mode: metered once, as a whole, for all of its instances.\n") == 1, "the run is told of instances")
    check(re.search(r"nvml counted the same gpu x7, .*\(1 absent, 1 denied, 2\s+gone, 1 stale there\)", got.stderr), "the other meter has one sentence")


def check_sensors(scratch):
    schema = jsonschema.Draft202012Validator(json.load(open(os.path.join(SOURCE, "contract", "sensors.schema.json"))))
    for scenario in SCENARIOS:
        script = f'"{EMIT}" sensors; "{EMIT}" sensors --json > {scratch}/sensors'
        got = subprocess.run([TESTBED, "run", scenario, "--", "sh", "-c", script], capture_output=True, text=True)
        fits(got.stdout, f"{scenario}: sensors")
        document = json.load(open(f"{scratch}/sensors"))
        check_equal([e.message for e in schema.iter_errors(document)], [], f"{scenario}: the object keeps its schema")
        check_equal(document["found"], document["readable"] + document["explained"] + document["unnameable"], f"{scenario}: all is told")
        if scenario == "eight-gpus":
            check_equal(len(re.findall(r"^  dcgm  gpu \d +[\d.]+ W  GPU-", got.stdout, re.M)), 8, "each GPU has a row with its watts")
            check_equal(len(re.findall(r"^  nvml  gpu x8 +replicate ", got.stdout, re.M)), 1, "its twins share one")


def check_watch():
    with subprocess.Popen([TESTBED, "run", "eight-gpus", "--", EMIT, "sensors", "--watch"], stdout=subprocess.PIPE, text=True) as child:
        child.stdout.readline()
        line = child.stdout.readline()
        child.send_signal(signal.SIGINT)
    check_equal(re.findall(r"gpu (\d) [\d.]+ W", line), list("01234567"), f"watched: watts of each GPU, once: {line[:70]}")


# The live line on a terminal of 80 columns.
def check_live():
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))

    def take_terminal():
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    with subprocess.Popen([TESTBED, "run", "eight-gpus", "--", EMIT, "run", "--no-outbox", "--", "sleep", "2.3"], stdin=slave,
                          stdout=slave, stderr=slave, preexec_fn=take_terminal, env=dict(os.environ, TERM="xterm")) as child:
        os.close(slave)
        data = read_until(master, b"summed once").decode()
    os.close(master)
    live = re.findall(r"\x1b\[2K(emit [^\x1b]*)", data)
    check(live and all(len(line) < 80 for line in live), f"the live line leaves a column free: {live}")
    found = re.match(r"emit  0:0\d  gpu (\d+) W  cpu (\d+) W  dram (\d+) W  sum (\d+) W  [\d.]+ k?J  12/12", next((line for line in live if "gpu" in line), ""))
    check(found and abs(sum(map(int, found.groups()[:3])) - int(found[4])) <= 2, "GPUs, processors and memory add up to its sum")


if not os.access("/dev/fuse", os.R_OK | os.W_OK):
    skip("the test bed's machines", "/dev/fuse is missing")
    end()
with tempfile.TemporaryDirectory() as scratch:
    check_report(scratch)
    check_trouble()
    check_sensors(scratch)
check_watch()
check_live()
end()
