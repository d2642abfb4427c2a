#!/usr/bin/python3
# Two runs at once on one socket each get the whole of it, and both say so: in their
# events, in their reports, whichever began first and however one lies within the
# other. Runs one after the other, and a run within its own run, say nothing.
# SPDX-License-Identifier: Apache-2.0
import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from tap import EMIT, check, check_equal, end, skip

TESTBED = os.environ["EMIT_TESTBED"]


def others_in(path):
    with open(path, encoding="utf-8") as lines:
        return {json.loads(line)["tags"].get("concurrent_runs", 0) for line in lines}


class Started:
    """emit run with a command that says when it runs and ends when it is told to."""

    def __init__(self, name):
        self.name = name
        self.emit = subprocess.Popen([EMIT, "run", "--run-id", name, "--start-timeout", "20s", "--workspace", "ws_test", "--output", f"{name}.events",
                                      "--report", f"{name}.report", "--", "sh", "-c", "echo runs; read end; sleep 0.05"],
                                     stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.emit.stdout.readline()

    def end(self):
        """Returns what its events, its points and its report say of other runs."""
        said = self.emit.communicate("end\n")[1]
        with open(f"{self.name}.report", encoding="utf-8") as text:
            report = json.load(text)
        points = {(point["outcome"], point["code"]) for point in report["points"] if "joules" in point}
        codes = {diagnostic["code"] for diagnostic in report["diagnostics"]}
        return others_in(f"{self.name}.events"), points, "shared" in codes, "other run" in said and "no other run seen" not in said


def alone(count=0):
    return {count}, {("measured", "simulated")}, False, False


def together(count):
    return {count}, {("measured", "shared")}, True, True


def inside():
    first = Started("first")
    check_equal(first.end(), alone(), "alone: no other run is told of")
    second = Started("second")
    check_equal(second.end(), alone(), "nor of one that had ended before")

    outer, inner = Started("outer"), Started("inner")
    check_equal(inner.end(), together(1), "a run within the time of another says so")
    check_equal(outer.end(), together(1), "and so does the other, which ended alone")

    left, right = Started("left"), Started("right")
    check_equal(left.end(), together(1), "of two that overlap the earlier says so")
    check_equal(right.end(), together(1), "and the later")

    three = [Started(name) for name in ("one", "two", "three")]
    check_equal([run.end() for run in three], [together(2)] * 3, "of three at once each names two")

    long, short = Started("long"), None
    for name in ("short-1", "short-2"):
        short = Started(name)
        check_equal(short.end(), together(1), f"{name} met one other run")
    check_equal(long.end(), together(2), "the long one met both, although never two at once")

    subprocess.run([EMIT, "run", "--run-id", "own", "--workspace", "ws_test", "--output", "own.events", "--",
                    EMIT, "run", "--", "sleep", "0.1"], check=False, stderr=subprocess.DEVNULL)
    check_equal(others_in("own.events"), {0}, "a run within itself is no other run")
    end()


if sys.argv[1:] == ["inside"]:
    inside()
if not os.path.exists("/dev/fuse"):
    skip("runs at once", "needs /dev/fuse")
    end()
with tempfile.TemporaryDirectory() as home:
    got = subprocess.run([TESTBED, "run", "steady", "--", sys.executable, os.path.abspath(__file__), "inside"], check=False,
                         cwd=home, env=dict(os.environ, XDG_STATE_HOME=home))
sys.exit(got.returncode)
