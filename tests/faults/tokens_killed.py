#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""emit tokens killed at any moment, again and again, while it stores an event for each request.

usage: tokens_killed.py EMIT ROUNDS
EMIT_FAULTS=long in the environment: ten times as many rounds.

After every kill each record is in the store once at most, and nothing that was there before is
gone; in the end the same file completes it: as many events as records, the same as without a kill.
"""
import json
import os
import random
import subprocess
import sys
import tempfile
import time

RECORDS = 6000  # six batches
MEMORY = "/dev/shm"  # a kill leaves the kernel's pages alone: a store in memory is as good
emit, rounds = sys.argv[1], int(sys.argv[2])
if os.environ.get("EMIT_FAULTS") == "long":
    rounds *= 10
seed = int.from_bytes(os.urandom(2), "big")
chance = random.Random(seed)


def write_records(path):
    with open(path, "w", encoding="ascii") as file:
        for number in range(RECORDS):
            usage = {"prompt_tokens": 100 + number, "completion_tokens": 10, "total_tokens": 110 + number}
            record = {"id": f"chatcmpl-{number}", "object": "chat.completion", "created": 1780000000 + number,
                      "model": "made-up", "usage": usage}
            file.write(json.dumps(record) + "\n")


def command(folder, store):
    return [emit, "tokens", "--config", os.path.join(folder, "emit.yaml"), "--usage", os.path.join(folder, "usage.jsonl"),
            "--run-id", "run_killed", "--group", "request", "--outbox", os.path.join(folder, store), "--quiet"]


def stored(folder, store):
    """The bodies of the events; none where there is no store yet."""
    words = [emit, "outbox", "export", "--outbox", os.path.join(folder, store)]
    done = subprocess.run(words, capture_output=True, text=True)
    return done.stdout.splitlines()


def refs_of(lines):
    return [json.loads(line)["tags"]["record_ref"] for line in lines]


def kill_rounds(folder, longest):
    before, faults, killed, grew = set(), [], 0, 0
    for number in range(rounds):
        if number % 10 == 0:  # from the begin, so that all of them die at different places
            for suffix in ("", "-wal", "-shm", "-lock", "-ballast"):
                if os.path.exists(os.path.join(folder, "killed.db" + suffix)):
                    os.unlink(os.path.join(folder, "killed.db" + suffix))
            before = set()
        child = subprocess.Popen(command(folder, "killed.db"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(chance.uniform(0, longest))
        child.kill()
        killed += child.wait() == -9
        refs = refs_of(stored(folder, "killed.db"))
        if len(refs) != len(set(refs)):
            faults.append(f"round {number}: a record is there twice")
        if not before <= set(refs):
            faults.append(f"round {number}: {len(before - set(refs))} records are gone")
        grew += len(refs) > len(before)
        before = set(refs)
    return faults, killed, grew


def main():
    with tempfile.TemporaryDirectory(prefix="emit-tokens-", dir=MEMORY if os.access(MEMORY, os.W_OK) else None) as folder:
        write_records(os.path.join(folder, "usage.jsonl"))
        with open(os.path.join(folder, "emit.yaml"), "w", encoding="ascii") as file:
            file.write("models:\n  made-up: managed-balanced-v1\n")
        began = time.monotonic()
        done = subprocess.run(command(folder, "whole.db"), capture_output=True, text=True)
        longest = time.monotonic() - began
        whole = stored(folder, "whole.db")
        good = done.returncode == 0 and len(set(refs_of(whole))) == len(whole) == RECORDS
        print(f"{'ok' if good else 'not ok'} 1 - without a kill: {len(whole)} events in {longest:.2f} s {done.stderr.strip()[:200]}")
        faults, killed, grew = kill_rounds(folder, longest)
        for fault in faults[:5]:
            print("#", fault)
        good = not faults and killed > rounds // 4 and grew > rounds // 20
        print(f"{'ok' if good else 'not ok'} 2 - {killed} of {rounds} killed (seed {seed}), {grew} of them after a batch: "
              f"{len(faults)} faults")
        done = subprocess.run(command(folder, "killed.db"), capture_output=True, text=True)
        good = done.returncode == 0 and sorted(stored(folder, "killed.db")) == sorted(whole)
        print(f"{'ok' if good else 'not ok'} 3 - the same records once more complete it: the same events as without a kill")
        verify = [emit, "outbox", "verify", "--outbox", os.path.join(folder, "killed.db")]
        done = subprocess.run(verify, capture_output=True, text=True)
        print(f"{'ok' if done.returncode == 0 else 'not ok'} 4 - and the store is whole: {done.stdout.strip()}")
        print("1..4")


main()
