#!/usr/bin/python3
# Observation only, on the running program: of all that emit does below /sys nothing writes, and
# no file that limits power (constraint_*, enabled) is so much as named. strace is the witness;
# whatever is not known to read is a fault.
# SPDX-License-Identifier: Apache-2.0
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from tap import EMIT, check, check_equal, end, skip
from zones import Machine

TESTBED = os.environ.get("EMIT_TESTBED", "")
READING = {"open", "openat", "openat2", "read", "pread64", "preadv", "readv", "close", "fstat", "stat", "lstat",
           "newfstatat", "statx", "statfs", "fstatfs", "access", "faccessat", "faccessat2", "readlink", "readlinkat",
           "getdents64", "lseek", "fcntl", "dup", "dup2", "dup3", "execve"}
WRITING = re.compile(r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_APPEND|O_TMPFILE")
CALL = re.compile(r"^\d+ +(\w+)\((.*)")
LIMIT = re.compile(r"constraint_|\benabled\b")


# Every fault of the calls that strace wrote down, and how often a counter was read.
def judge(calls, tree):
    faults, reads = [], 0
    below = re.compile(r"""[<"]""" + re.escape(tree) + r"""(?=[/">])""")
    for line in calls:
        call = CALL.match(line)
        if not call or not below.search(line):
            continue
        name, words = call[1], call[2]
        reads += name == "pread64" and "/energy_uj>" in words
        if name not in READING:
            faults.append(f"{name} is no call that reads: {line}")
        if name.startswith("open") and WRITING.search(words):
            faults.append(f"opened to be written: {line}")
        if name.startswith(("open", "stat", "lstat", "new", "access", "faccess")) and LIMIT.search(words):
            faults.append(f"a limit: {line}")
    return faults, reads


# The calls of a command on the machine, as strace -y writes them: descriptors with their paths.
def trace(folder, machine, command):
    log = os.path.join(folder, "log")
    traced = ["strace", "-f", "-y", "-s", "300", "-o", log, "-e", "trace=%file,%desc", *command]
    if machine is None:
        traced = [TESTBED, "run", "demo", "--", *traced]
    environment = dict(os.environ, XDG_STATE_HOME=folder, ASAN_OPTIONS="detect_leaks=0")  # it would trace, too
    got = subprocess.run(traced, env=environment, capture_output=True, text=True, check=False)
    with open(log, encoding="utf-8", errors="replace") as calls:
        return got, calls.read().splitlines()


def main():
    if not shutil.which("strace"):
        skip("what emit does below /sys", "strace is not installed")
        end()
    has_testbed = bool(TESTBED) and os.access("/dev/fuse", os.R_OK | os.W_OK) and os.geteuid() == 0
    with tempfile.TemporaryDirectory() as folder:
        machine = None if has_testbed else Machine(os.path.join(folder, "sys"))
        tree = "/sys" if machine is None else machine.root
        on = [] if machine is None else ["--sysfs-root", machine.root]
        where = "in the test bed" if machine is None else "in a folder"
        for what, arguments, statuses in (
                ("run", ["run", *on, "--", "sleep", "0.2"], (0,)),
                ("run --domains all --interval 20ms", ["run", *on, "--domains", "all", "--interval", "20ms", "--trace",
                                                       os.path.join(folder, "trace.csv"), "--", "sleep", "0.2"], (0,)),
                ("sensors", ["sensors", *on], (0, 1)), ("sensors --json", ["sensors", *on, "--json"], (0, 1))):
            got, calls = trace(folder, machine, [EMIT, *arguments])
            faults, reads = judge(calls, tree)
            check(got.returncode in statuses, f"emit {what} {where}: exit {got.returncode} {got.stderr if got.returncode else ''}")
            check(reads > 0, f"emit {what}: {reads} readings of counters were seen")
            check_equal(faults[:3], [], f"emit {what}: nothing else is done below {tree}")
        # The witness itself: what it has to see.
        zone = f"{tree}/class/powercap/intel-rapl:0"
        for command, said in ((["cat", f"{zone}/constraint_0_power_limit_uw"], "a limit"),
                              (["cat", f"{zone}/enabled"], "a limit"),
                              (["sh", "-c", f": 3<> {zone}/energy_uj"], "opened to be written"),
                              (["chmod", "0644", f"{zone}/energy_uj"], "no call that reads"),
                              (["sh", "-c", f"cd {zone} && exec cat enabled"], "a limit")):
            faults, _ = judge(trace(folder, machine, command)[1], tree)
            check(any(said in fault for fault in faults), f"{' '.join(command).replace(folder, '')} would be seen: {said}")
    end()


main()
