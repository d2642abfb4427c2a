#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs a command again and again; in run n the n-th allocation fails, or the n-th
change of a file. In a second pass everything from the n-th on fails.

usage: fail_each.py SHIM [options] -- COMMAND...

  --what allocation|disk  what fails: SHIM is fail_allocation.so or fail_disk.so
  --errno NAMES           with disk: the errors to try, such as EIO,ENOSPC; SHORT
                          cuts a write in half
  --exits LIST            exit statuses that are an answer (default: any below 126)
  --store SUBJECT         after each run, `SUBJECT verify` must find in @/outbox.db
                          what the command acknowledged on descriptor 9
  --machine               make a machine of plain files in @/sys first
  --stored EMIT           after a run that does not exit 125, the report must be in @/outbox.db, or
                          the command has said that something is not stored
  --program NAME          what fails (default: the first word of COMMAND)
  --quiet EMIT            make @/quiet, a name of emit under which nothing fails
  --alone                 two seconds after a run none of its processes may be there
  --every N               try every N-th only
  --long N                the same with EMIT_FAULTS=long in the environment (default: all); which
                          of the N is first, chance says, so that other runs try the others

"@" in COMMAND becomes a fresh folder. A run may fail, and say so; it may not be
killed by a signal, hang, or lose what was acknowledged.
"""
import argparse
import collections
import ctypes
import errno
import os
import random
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from zones import Machine

parser = argparse.ArgumentParser()
parser.add_argument("shim")
parser.add_argument("--what", choices=["allocation", "disk"], default="allocation")
parser.add_argument("--errno", default="EIO,ENOSPC")
parser.add_argument("--exits", default="")
parser.add_argument("--store")
parser.add_argument("--machine", action="store_true")
parser.add_argument("--stored")
parser.add_argument("--program")
parser.add_argument("--quiet")
parser.add_argument("--alone", action="store_true")
parser.add_argument("--every", type=int, default=1)
parser.add_argument("--long", type=int, default=1)
parser.add_argument("command", nargs="+")
options = parser.parse_args()
LONG = os.environ.get("EMIT_FAULTS") == "long"
if LONG:
    options.every = options.long
first = random.randint(1, options.long) if LONG else 1
prefix = {"allocation": "OOM", "disk": "FAIL"}[options.what]
allowed = [int(word) for word in options.exits.split(",") if word]
work = tempfile.mkdtemp(
    prefix="emit-fail-", dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None
)


def children():
    with open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as pids:
        return [int(pid) for pid in pids.read().split()]


# Orphans of the command come to us.
def nobody_stays():
    until = time.monotonic() + 2
    while children() and time.monotonic() < until:
        for pid in children():
            os.waitpid(pid, os.WNOHANG)
        time.sleep(0.002)
    left = children()
    for pid in left:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    return not left


class Run:
    """One run of the command in a fresh folder."""

    def __init__(self, orders):
        self.folder = os.path.join(work, "at")
        shutil.rmtree(self.folder, ignore_errors=True)
        os.mkdir(self.folder, 0o700)
        if options.machine:
            Machine(os.path.join(self.folder, "sys"))
        self.command = [word.replace("@", self.folder) for word in options.command]
        environment = dict(os.environ, SHIM=os.path.abspath(options.shim), FAIL_DIR=self.folder, EMIT_NODE_RUNS="/proc/none")
        environment["OOM_PROGRAM"] = options.program or os.path.basename(self.command[0])
        if options.program:
            environment["FAIL_PROGRAM"] = options.program
        if options.quiet:
            os.symlink(os.path.abspath(options.quiet), os.path.join(self.folder, "quiet"))
        environment[prefix + "_COUNT"] = os.path.join(work, "count")
        environment.update(orders)
        acks = os.path.join(work, "acks")
        # Descriptor 9 is for acknowledgements, also of a command that gives none.
        shell = 'exec 9>"$0" && LD_PRELOAD="$SHIM" exec "$@"'
        try:
            done = subprocess.run(
                ["sh", "-c", shell, acks] + self.command,
                env=environment, capture_output=True, timeout=20,
            )
            self.status = done.returncode
            self.words = done.stderr.decode("utf8", "replace")
        except subprocess.TimeoutExpired:
            self.status, self.words = None, "hangs"
        self.acks = open(acks).read().split()
        self.stays = options.alone and not nobody_stays()

    def fault(self):
        """What is wrong with how it ended, or None."""
        if self.status is None:
            return "hangs"
        if self.status < 0 or self.status > 128:
            return f"died of a signal ({self.status})"
        if self.stays:
            return f"a process stays: {self.words.strip()[-300:]}"
        if allowed and self.status not in allowed:
            return f"exit {self.status}: {self.words.strip()[-300:]}"
        if options.stored and self.status != 125:
            return self.fault_of_silence()
        return self.fault_of_store() if options.store else None

    def fault_of_silence(self):
        store = os.path.join(self.folder, "outbox.db")
        stats = [options.stored, "outbox", "stats", "--json", "--outbox", store]
        done = subprocess.run(stats, capture_output=True, text=True, timeout=20)
        if '"reports":1' in done.stdout or " not stored" in self.words:
            return None
        if "othing is stored" in self.words or "nothing is metered" in self.words:
            return None
        return f"nothing stored, and not said: {self.words.strip()[-300:]}"

    def fault_of_store(self):
        acked = [int(word[1:]) for word in self.acks if word[0] == "a"]
        drained = [int(word[1:]) for word in self.acks if word[0] == "b"]
        if not acked:
            return None
        verify = [
            options.store, "verify", os.path.join(self.folder, "outbox.db"),
            str(drained[-1] if drained else 0), str(acked[-1]),
        ]
        done = subprocess.run(verify, capture_output=True, text=True, timeout=60)
        return None if done.returncode == 0 else f"the store afterwards: {done.stdout.strip()}"


def orders_of(kind, at, goes_on):
    orders = {prefix + "_AT": str(at)}
    if kind == "SHORT":
        orders["FAIL_SHORT"] = "1"
    elif kind:
        orders["FAIL_ERRNO"] = str(getattr(errno, kind))
    if goes_on:
        orders[prefix + "_ON"] = "1"
    return orders


def main():
    if options.alone:
        ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
    whole = Run(orders_of(None, 0, False))
    with open(os.path.join(work, "count"), "rb") as count:
        (total,) = struct.unpack("l", count.read())
    print(f"# {total} of them in a run without faults, exit {whole.status}; tried: number {first}, and every {options.every} behind it")
    fault = whole.fault()
    good = fault is None and total > 0
    print(f"{'ok' if good else 'not ok'} 1 - without a fault: {fault or 'whole'}")
    number = 1
    for kind in options.errno.split(",") if options.what == "disk" else [None]:
        for goes_on in [False, True]:
            if kind == "SHORT" and goes_on:
                continue
            faults, ends, runs = [], collections.Counter(), 0
            for at in range(min(first, total), total + 1, options.every):
                run = Run(orders_of(kind, at, goes_on))
                fault = run.fault()
                ends[run.status] += 1
                runs += 1
                if fault:
                    faults.append(f"{at}: {fault}")
            for line in faults[:5]:
                print("#", line)
            number += 1
            print(
                f"{'ok' if not faults else 'not ok'} {number} - {kind or 'no memory'} at the n-th"
                f"{' and all after it' if goes_on else ''}: {runs} runs, {len(faults)} faults, "
                f"exits {dict(sorted(ends.items(), key=str))}"
            )
    print(f"1..{number}")


try:
    main()
finally:
    shutil.rmtree(work, ignore_errors=True)
