#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""emit tokens killed at any moment, again and again, while it stores an event for each request.

usage: tokens_killed.py EMIT ROUNDS    half of them are killed, or it goes on
EMIT_FAULTS=long in the environment: ten times as many rounds.

After every kill each record is in the store once at most, and nothing that was there before is
gone; in the end the same file completes it: as many events as records, the same as without a kill.
"""
import os
import random
import subprocess
import sys
import tempfile
import time

import tokens_records as records

ROUNDS_AT_MOST = 6  # times as many as wanted
RECORDS = 9000  # of which a batch stores some 4000
MEMORY = "/dev/shm"  # a kill leaves the kernel's pages alone: a store in memory is as good
emit, rounds = sys.argv[1], int(sys.argv[2])
if os.environ.get("EMIT_FAULTS") == "long":
    rounds *= 10
seed = int.from_bytes(os.urandom(2), "big")
chance = random.Random(seed)


def is_enough(killed, grew):
    return killed >= rounds // 2 and grew > rounds // 20


def kill_rounds(folder, longest):
    store = os.path.join(folder, "killed.db")
    before, faults, killed, grew, number = set(), [], 0, 0, 0
    # Some end before the kill comes; how many, the machine says.
    while not is_enough(killed, grew) and number < ROUNDS_AT_MOST * rounds:
        # From the begin, so that all of them die at different places, and none is only told again
        # what is stored already.
        if number % 10 == 0 or len(before) == RECORDS:
            for suffix in ("", "-wal", "-shm", "-lock", "-ballast"):
                if os.path.exists(store + suffix):
                    os.unlink(store + suffix)
            before = set()
        child = subprocess.Popen(records.command(emit, folder, store), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(chance.uniform(0, longest))
        child.kill()
        killed += child.wait() == -9
        refs = records.refs_of(records.stored(emit, store))
        if len(refs) != len(set(refs)):
            faults.append(f"round {number}: a record is there twice")
        if not before <= set(refs):
            faults.append(f"round {number}: {len(before - set(refs))} records are gone")
        grew += len(refs) > len(before)
        before = set(refs)
        number += 1
    return faults, killed, grew


def main():
    with tempfile.TemporaryDirectory(prefix="emit-tokens-", dir=MEMORY if os.access(MEMORY, os.W_OK) else None) as folder:
        records.write(folder, RECORDS)
        killed_store, whole_store = os.path.join(folder, "killed.db"), os.path.join(folder, "whole.db")
        began = time.monotonic()
        done = records.run(emit, folder, whole_store)
        longest = time.monotonic() - began
        whole = records.stored(emit, whole_store)
        good = done.returncode == 0 and len(set(records.refs_of(whole))) == len(whole) == RECORDS
        print(f"{'ok' if good else 'not ok'} 1 - without a kill: {len(whole)} events in {longest:.2f} s {done.stderr.strip()[:200]}")
        faults, killed, grew = kill_rounds(folder, longest)
        for fault in faults[:5]:
            print("#", fault)
        good = not faults and is_enough(killed, grew)
        print(f"{'ok' if good else 'not ok'} 2 - {killed} killed (seed {seed}), {grew} of them after a batch: "
              f"{len(faults)} faults")
        done = records.run(emit, folder, killed_store)
        good = done.returncode == 0 and sorted(records.stored(emit, killed_store)) == sorted(whole)
        print(f"{'ok' if good else 'not ok'} 3 - the same records once more complete it: the same events as without a kill")
        verify = [emit, "outbox", "verify", "--outbox", killed_store]
        done = subprocess.run(verify, capture_output=True, text=True)
        print(f"{'ok' if done.returncode == 0 else 'not ok'} 4 - and the store is whole: {done.stdout.strip()}")
        print("1..4")


main()
