#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""emit tokens stores an event for each request on a disk that is too small: it says so, what was
stored stays, and with more room the same file completes it: nothing lost, nothing twice.

usage: tokens_full.py EMIT
Needs root (it mounts a tmpfs, in a mount namespace of its own); skips without.
"""
import os
import subprocess
import sys
import tempfile

import tokens_records as records

RECORDS = 28000  # of which a batch stores some 4000, in 8 MiB
emit = sys.argv[1]
number = 0


def say(good, words):
    global number
    number += 1
    print(f"{'ok' if good else 'not ok'} {number} - {words}")


def check(folder, disk):
    """Inside of the namespace: `disk` is a tmpfs of 64 MiB."""
    records.write(folder, RECORDS)
    store = os.path.join(disk, "outbox.db")
    done = records.run(emit, folder, store)
    kept = records.stored(emit, store)
    say(done.returncode not in (0, None) and done.returncode < 126 and done.stderr.strip(),
        f"a full disk is told: {done.returncode}, {done.stderr.strip()[-200:].replace(folder, '')}")
    say(0 < len(kept) < RECORDS and len(set(records.refs_of(kept))) == len(kept), f"{len(kept)} events of whole batches are there, each once")
    done = records.run(emit, folder, store)
    again = records.stored(emit, store)
    say(done.returncode != 0 and sorted(again) == sorted(kept), f"once more on the full disk: nothing is lost: {len(again)}")
    subprocess.run(["mount", "-o", "remount,size=512m", disk], check=True)
    done = records.run(emit, folder, store)
    whole = records.stored(emit, store)
    say(done.returncode == 0 and len(whole) == len(set(records.refs_of(whole))) == RECORDS and set(kept) <= set(whole),
        f"with more room the same file completes it: {len(whole)} {done.stderr.strip()[-200:]}")
    verify = subprocess.run([emit, "outbox", "verify", "--outbox", store], capture_output=True, text=True)
    say(verify.returncode == 0, f"and the store is whole: {verify.stdout.strip()}")
    print(f"1..{number}")


def main():
    if len(sys.argv) > 2:
        return check(sys.argv[2], sys.argv[3])
    if os.geteuid() != 0:
        return print("1..0 # SKIP mounting a small disk needs root")
    with tempfile.TemporaryDirectory(prefix="emit-tokens-full-") as folder:
        disk = os.path.join(folder, "disk")
        os.mkdir(disk)
        mount = f'mount -t tmpfs -o size=64m,mode=0700 tmpfs "{disk}"'
        if subprocess.run(["unshare", "--mount", "sh", "-c", mount], capture_output=True).returncode:
            return print("1..0 # SKIP this machine lets nobody mount a tmpfs")
        script = f'{mount} && exec "$@"'
        words = ["unshare", "--mount", "sh", "-c", script, "sh", sys.executable, __file__, emit, folder, disk]
        return subprocess.run(words).returncode


sys.exit(main())
