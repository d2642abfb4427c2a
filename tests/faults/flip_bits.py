#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""One random bit of the store is flipped, again and again: no reader is ever handed
a wrong entry, and nothing goes missing unnoticed.

usage: flip_bits.py SUBJECT FLIPS SEED
EMIT_FAULTS=long in the environment: five times as many, and a seed of chance.

A flip in the write-ahead log looks to SQLite like the torn end of the last commit
before a power cut: what stands behind it there is lost (at most 64 pages, and the
test shows it), but not unnoticed: the lock file knows how far the store had come.
"""
import collections
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

MEMORY = "/dev/shm"  # the copies are made in memory where there is such a place
PAGE = 4096
ENTRIES, ENTRIES_OF_LOG = 500, 40  # more than fit into the log left behind, and fewer
subject, flips, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
if os.environ.get("EMIT_FAULTS") == "long":
    flips *= 5
    seed = int.from_bytes(os.urandom(2), "big")


def verify(store, entries=ENTRIES):
    done = subprocess.run(
        [subject, "verify", store, "0", str(entries)], capture_output=True, text=True, timeout=60
    )
    if done.returncode < 0:
        return "the reader crashed", done.stdout
    if done.returncode == 3:
        return "not opened, and said", done.stdout
    figures = dict(re.findall(r"(missing|wrong|twice|damaged) (\d+)", done.stdout))
    if int(figures["wrong"]):
        return "WRONG ENTRY HANDED OUT", done.stdout
    if int(figures["twice"]):
        return "ENTRY HANDED OUT TWICE", done.stdout
    if done.returncode == 0:
        return "harmless", done.stdout
    missing = int(figures["missing"])
    if done.returncode == 1:
        return "MISSING UNNOTICED", done.stdout
    if missing <= 8:  # a page holds five to seven
        return "noticed, all others delivered", done.stdout
    return "noticed, more missing", done.stdout


def missing_all(words):
    return f"missing {ENTRIES}" in words


def flip(path, chance):
    size = os.path.getsize(path)
    with open(path, "r+b") as file:
        at = chance.randrange(size)
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes([byte ^ (1 << chance.randrange(8))]))
    return at


def run(name, store, entries, count, chance, work):
    """Flips in the file with this suffix; answers what became of each."""
    found, examples = collections.Counter(), {}
    for _ in range(count):
        copy = os.path.join(work, "copy")
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(store, copy)
        path = os.path.join(copy, "outbox.db")
        at = flip(path + name, chance)
        what, words = verify(path, entries)
        if what == "noticed, more missing" and name == "":
            # A reader stops at a broken page; the next to open carries the others over.
            what, words = verify(path, entries)
            # The first page says which tables there are: without it no row is found again.
            what = "noticed, all lost with the first page" if at < PAGE and missing_all(words) else what + " at the second opening"
        found[what] += 1
        examples.setdefault(what, f"byte {at}: {words.strip()}")
    for what, example in examples.items():
        print(f"# {what}: {example}")
    return found


def run_again(store, count, chance, work):
    """Flips in the database, and then everything comes once more: nothing is refused for a claim that
    rot made up, and afterwards every entry is there."""
    found = collections.Counter()
    for _ in range(count):
        copy = os.path.join(work, "copy")
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(store, copy)
        path = os.path.join(copy, "outbox.db")
        at = flip(path, chance)
        words = [subject, "again", path, "0", str(ENTRIES)]
        for _ in range(2):  # damage that is met in the middle is set aside by the next to open
            done = subprocess.run(words, capture_output=True, text=True, timeout=60)
            if done.returncode == 0 or "in conflict" in done.stdout:
                break
        # A reader stops at a broken page, and says so; the next to open carries over.
        for _ in range(2):
            missing = re.search(r"missing (\d+)", verify(path)[1])
            if missing and missing.group(1) == "0":
                break
        if done.returncode:
            what = "REFUSED"
        else:
            what = "all there" if missing and missing.group(1) == "0" else "MISSING"
        if what.isupper():
            print(f"# byte {at}: {done.stdout.strip()}")
        found[what] += 1
    return found


def make_store(work, name, entries):
    store = os.path.join(work, name)
    script = f'exec 9>/dev/null; "{subject}" script "{store}/outbox.db" {entries // 20} 20 0'
    subprocess.run(["sh", "-c", script], check=True, timeout=60)
    os.truncate(os.path.join(store, "outbox.db-ballast"), 0)  # copied a thousand times
    return store


def main():
    work = tempfile.mkdtemp(prefix="emit-flips-", dir=MEMORY if os.access(MEMORY, os.W_OK) else None)
    chance = random.Random(seed)
    try:
        store = make_store(work, "store", ENTRIES)
        whole, words = verify(os.path.join(shutil.copytree(store, store + "2"), "outbox.db"))
        print(f"{'ok' if whole == 'harmless' else 'not ok'} 1 - without a flip (seed {seed}): {words.strip()}")
        found = run("", store, ENTRIES, flips, chance, work)
        ok = not any(what[:5].isupper() or "crashed" in what or "more" in what for what in found)
        ok = ok and found["noticed, all lost with the first page"] <= flips // 100
        print(f"{'ok' if ok else 'not ok'} 2 - {flips} flips in the database: {dict(found)}")
        store = make_store(work, "log", ENTRIES_OF_LOG)
        log = run("-wal", store, ENTRIES_OF_LOG, flips // 10, chance, work)
        ok = not any(what[:5].isupper() or "crashed" in what for what in log)
        print(f"{'ok' if ok else 'not ok'} 3 - {flips // 10} flips in the log: {dict(log)}")
        again = run_again(os.path.join(work, "store"), flips // 4, chance, work)
        ok = not any(what.isupper() for what in again)
        print(f"{'ok' if ok else 'not ok'} 4 - {flips // 4} flips, and everything comes again: {dict(again)}")
        print("1..4")
    finally:
        shutil.rmtree(work, ignore_errors=True)


main()
