#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Commands under every limit of resources: few descriptors, little memory, files that may
not grow, nobody who reads what is said.

usage: run_limits.py EMIT

emit run runs its command and has its status; emit begin and emit end never fail a job; what
could not be done is said; none dies of a signal, hangs, or leaves a process behind.
"""
import collections
import ctypes
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from zones import Machine

EMIT = os.path.abspath(sys.argv[1])
STEP = 1 if os.environ.get("EMIT_FAULTS") == "long" else 5
MIB = 1 << 20
LIMITS = {
    "descriptors": (resource.RLIMIT_NOFILE, range(4, 40, STEP)),
    "memory": (resource.RLIMIT_AS, range(6 * MIB, 64 * MIB, STEP * MIB)),
    "file sizes": (resource.RLIMIT_FSIZE, [0, 1, 1000, 4096, 8192, 50000, 200000, 4 * MIB][::1 if STEP == 1 else 3]),
}
folder = tempfile.mkdtemp(prefix="emit-limits-", dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None)
machine = Machine(os.path.join(folder, "sys"))
SYS = f"--sysfs-root {machine.root}"
# Each a name, a script for sh, and the statuses that are an answer.
COMMANDS = [
    ("emit run", f"exec {EMIT} run {SYS} -- sh -c 'exit 3'", {3}),
    # The command itself is ended by the limit as it would be alone.
    ("emit run, of a command that writes", f"exec {EMIT} run {SYS} -- sh -c 'head -c 9000000 /dev/zero > big; [ $? = 153 ]'", {0}),
    ("emit run --repeat", f"exec {EMIT} run {SYS} --repeat 2 --ignore-failure -- sh -c 'exit 3'", {3, 125}),
    ("emit begin, mark and end",
     f"{EMIT} begin {SYS} --run-id x --max 200ms || exit 9; {EMIT} mark {SYS} --run-id x p; {EMIT} mark {SYS} --run-id x --end p; "
     f"{EMIT} end --run-id x || exit 8", {0}),
    ("emit attach", f"sleep 0.03 & exec {EMIT} attach {SYS} $!", {0, 1, 2, 3}),
    ("emit sensors --record", f"exec {EMIT} sensors {SYS} --record recorded", {0, 1, 2, 3}),
]
number = broken = 0


def say(good, words):
    global number, broken
    number += 1
    broken += not good
    print(f"{'ok' if good else 'not ok'} {number} - {words}", flush=True)


def children():
    with open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as pids:
        return [int(pid) for pid in pids.read().split()]


# Orphans come to us. What emit begin left where emit end could not reach it ends by --max.
def nobody_stays(seconds):
    until = time.monotonic() + seconds
    while children() and time.monotonic() < until:
        for pid in children():
            os.waitpid(pid, os.WNOHANG)
        time.sleep(0.005)
    left = children()
    for pid in left:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    return not left


def play(script, **more):
    home = os.path.join(folder, "home")
    shutil.rmtree(home, ignore_errors=True)
    os.mkdir(home, 0o700)
    environment = {"PATH": os.environ["PATH"], "HOME": home, "XDG_STATE_HOME": home, "EMIT_NODE_RUNS": "/proc/none"}
    try:
        got = subprocess.run(["sh", "-c", script], cwd=home, env=environment, timeout=20, stdin=subprocess.DEVNULL,
                             **{"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, **more})
        return got.returncode, (got.stderr or b"").decode("utf-8", "replace")
    except subprocess.TimeoutExpired:
        return "hangs", ""


def under(limit, script, allowed):
    which, values = LIMITS[limit]
    if "--record" in script and STEP > 1:
        values = values[:1]  # it takes a second each time
    statuses, faults = collections.Counter(), []
    for value in values:
        status, said = play(script, preexec_fn=lambda: resource.setrlimit(which, (value, value)))
        # Where so little is left that the program cannot even be loaded, that is not ours.
        if "error while loading shared libraries" in said or "libc.so" in said:
            status = "not loaded"
        statuses[status] += 1
        if status != "not loaded" and status not in allowed:
            faults.append(f"{value}: {status} {said.strip()[-200:]}")
        if not nobody_stays(2):
            faults.append(f"{value}: a process stays")
    for fault in faults[:3]:
        print("#", fault)
    return faults, statuses


def main():
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
    for name, script, allowed in COMMANDS:
        for limit in LIMITS:
            if "writes" in name and limit != "file sizes" or "--record" in script and limit != "descriptors" and STEP > 1:
                continue
            faults, statuses = under(limit, script, allowed)
            say(not faults, f"{name}, limited {limit}: {sum(statuses.values())} limits, {len(faults)} faults, {dict(statuses)}")
    reads, writes = os.pipe()
    os.close(reads)
    status, _ = play(COMMANDS[3][1], stderr=writes, preexec_fn=lambda: signal.signal(signal.SIGPIPE, signal.SIG_DFL))
    say(status == 0 and nobody_stays(2), f"emit begin and end, and nobody reads what they say: {status}")
    script = f"""umask 077; mkdir -p emit/runs; mkfifo emit/runs/x@$(uname -n | tr . _).run
                 {EMIT} begin {SYS} --run-id x || exit 9; {EMIT} end --run-id x || exit 8"""
    status, said = play(script)
    say(status == 0 and "nothing is metered" in said and "has begun" not in said and nobody_stays(2),
        f"emit begin, where no run file can be: {status} {said.splitlines()[:1]}")
    # The control: the same limit ends a program that does not bear it.
    status, _ = play("head -c 100000 /dev/zero > big", preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0)))
    say(status == 128 + signal.SIGXFSZ, f"a program that does not bear it dies of it: {status}")
    print(f"1..{number}")


try:
    main()
finally:
    shutil.rmtree(folder, ignore_errors=True)
sys.exit(1 if broken else 0)
