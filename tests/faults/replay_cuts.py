#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What a power cut at any moment leaves of the store, and what the store makes of it.

usage: replay_cuts.py SUBJECT RECORDER CUTS SEED

The subject appends and drains under the recorder; at CUTS moments of the trace
(five times as many with EMIT_FAULTS=long in the environment)
four disks are built from it, and `store-subject verify` reads each: all that was
acknowledged before the cut must be there, whole, without a notice.

The disk: data is on the medium at a sync of its file; before that, any 512-byte
sector of it may be, or not, in any order. A name is there for good at a sync of
its folder; before that the changes to names may be, as far as any prefix of
them. The four disks of a cut: nothing of what was not synced, all of it, and two
at random.

The same again while a damaged store is being set aside and carried over: whatever a
cut in the middle leaves, the next to open finishes it, and nothing is lost that the
damage itself had spared.

The control is a disk that answers every sync and does nothing. It must lose
events: a test that cannot tell such a disk from an honest one proves nothing.
"""
import collections
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

SECTOR = 512
DISKS = ("nothing", "everything", "random", "random")
UNKEPT = "-shm"  # written through a shared mapping, and rebuilt at opening
MEMORY = "/dev/shm"  # the disks are built in memory where there is such a place


def read_trace(path):
    trace = open(path, "rb").read()
    at, records = 0, []
    while at < len(trace):
        end = trace.index(b"\n", at)
        op, offset, length, name = trace[at:end].decode().split(" ", 3)
        body = trace[end + 1 : end + 1 + int(length)]
        records.append((op, int(offset), name, body))
        at = end + 1 + int(length) + 1
    return records


def change(content, op, offset, body):
    if op == "t":
        if offset < len(content):
            del content[offset:]
        else:
            content.extend(bytes(offset - len(content)))
    else:
        if len(content) < offset + len(body):
            content.extend(bytes(offset + len(body) - len(content)))
        content[offset : offset + len(body)] = body


class File:
    def __init__(self):
        self.durable = bytearray()
        self.pending = []


class Disk:
    """The state of the disk after a prefix of the trace."""

    def __init__(self, lies):
        self.lies = lies
        self.names = {}  # as the running system sees them: name -> File or None (a folder)
        self.durable_names = {}
        self.pending_names = []  # changes not yet on the medium, in order

    def preload(self, folder):
        """What lies in the folder is on the medium before the trace begins."""
        for root, folders, files in os.walk(folder):
            for name in folders + files:
                path = os.path.join(root, name)
                relative = os.path.relpath(path, folder)
                self.names[relative] = None if name in folders else File()
                if name in files:
                    self.names[relative].durable[:] = open(path, "rb").read()
        self.durable_names = dict(self.names)

    def name_change(self, kind, name, what):
        self.pending_names.append((kind, name, what))

    def apply(self, record):
        op, offset, name, body = record
        if op in "cm":
            self.names[name] = File() if op == "c" else None
            self.name_change("add", name, self.names[name])
        elif op == "u":
            self.names.pop(name, None)
            self.name_change("drop", name, None)
        elif op == "r":
            target = body.decode()
            self.names[target] = self.names.pop(name)
            self.name_change("move", name, (target, self.names[target]))
        elif op in "wt" and self.names.get(name):
            self.names[name].pending.append((op, offset, body))
        elif op == "s" and not self.lies and self.names.get(name):
            file = self.names[name]
            for one in file.pending:
                change(file.durable, *one)
            file.pending = []
        elif op == "D" and not self.lies:
            self.sync_folder("" if name == "." else name)

    def sync_folder(self, folder):
        kept = []
        for one in self.pending_names:
            if os.path.dirname(one[1]) == folder:
                self.settle(self.durable_names, one)
            else:
                kept.append(one)
        self.pending_names = kept

    @staticmethod
    def settle(names, one):
        kind, name, what = one
        if kind == "add":
            names[name] = what
        elif kind == "drop":
            names.pop(name, None)
        else:
            names.pop(name, None)
            names[what[0]] = what[1]

    def build(self, root, how, chance):
        """Writes the disk below root; how: nothing, everything, random."""
        names = dict(self.durable_names)
        count = {"nothing": 0, "everything": len(self.pending_names)}.get(
            how, chance.randint(0, len(self.pending_names))
        )
        for one in self.pending_names[:count]:
            self.settle(names, one)
        shutil.rmtree(root, ignore_errors=True)
        os.makedirs(root)
        for name in sorted(names):  # a folder before what is in it
            path = os.path.join(root, name)
            if not os.path.isdir(os.path.dirname(path)) or name.endswith(UNKEPT):
                continue
            if names[name] is None:
                os.mkdir(path, 0o700)
            else:
                with open(path, "wb") as out:
                    content = self.content(names[name], how, chance)
                    if name.endswith("-lock"):  # after a power cut it is another boot
                        content = re.sub(rb"[0-9a-f]{8}-[0-9a-f-]{27}", b"0" * 36, bytes(content))
                    out.write(content)
                os.chmod(path, 0o600)

    @staticmethod
    def content(file, how, chance):
        content = bytearray(file.durable)
        for op, offset, body in file.pending if how != "nothing" else []:
            if how == "everything" or (op == "t" and chance.random() < 0.5):
                change(content, op, offset, body)
            elif op == "w":
                for sector in range(offset // SECTOR, (offset + len(body) - 1) // SECTOR + 1):
                    begin = max(offset, sector * SECTOR)
                    end = min(offset + len(body), (sector + 1) * SECTOR)
                    if chance.random() < 0.5:
                        change(content, "w", begin, body[begin - offset : end - offset])
        return content


STORE = "state/emit/outbox.db"


def verify(subject, root, first, behind):
    """(whole, lost or damaged; what it printed) of the store below root."""
    words = [subject, "verify", os.path.join(root, STORE), str(first), str(behind)]
    run = subprocess.run(words, capture_output=True, text=True, timeout=60)
    what = {0: "whole", 1: "lost"}.get(run.returncode, "damaged")
    return what, run.stdout.strip() + run.stderr[-200:]


def moments_of(records, cuts, chance):
    return sorted(chance.sample(range(1, len(records) + 1), min(cuts, len(records))))


def replay(subject, records, cuts, seed, lies, work):
    """Cuts the trace of a writer; answers what became of the disks, and examples."""
    chance = random.Random(seed)
    disk, at, acked, drained = Disk(lies), 0, 0, 0
    found, examples = collections.Counter(), []
    root = os.path.join(work, "disk")
    for moment in moments_of(records, cuts, chance):
        for record in records[at:moment]:
            if record[0] == "a":
                letter, number = record[3].decode()[0], int(record[3][1:])
                if letter == "a":
                    acked = number
                else:
                    drained = number  # a drain has begun: these may or may not be gone
            else:
                disk.apply(record)
        at = moment
        for how in DISKS:
            disk.build(root, how, chance)
            what, words = verify(subject, root, drained, acked)
            found[what] += 1
            if what != "whole" and len(examples) < 3:
                examples.append(f"cut {moment}, {how}: {words}")
    return found, examples


def missing_of(words):
    found = re.search(r"missing (\d+) wrong 0 twice 0", words)
    return int(found.group(1)) if found else 1 << 30


def replay_salvage(subject, recorder, cuts, seed, work):
    """Cuts the trace of an opening that sets a damaged store aside."""
    chance = random.Random(seed)
    folder, trace = os.path.join(work, "damaged"), os.path.join(work, "trace2")
    before, root = os.path.join(work, "before"), os.path.join(work, "disk")
    store = os.path.join(folder, STORE)
    shell = 'exec 9>/dev/null && exec "$0" "$@"'
    subprocess.run(["sh", "-c", shell, subject, "script", store, "40", "10", "0"], check=True)
    with open(store, "r+b") as file:
        file.seek(os.path.getsize(store) // 2 // 4096 * 4096)
        file.write(b"\xff" * 4096)
    shutil.copytree(folder, before)
    record(subject, recorder, folder, trace, ["verify", store, "0", "0"], check=False)
    # A reader marks the doubt; the opening after it is the one that salvages.
    record(subject, recorder, folder, trace, ["verify", store, "0", "0"], check=False)
    spared = missing_of(verify(subject, folder, 0, 400)[1])
    records = read_trace(trace)
    disk, at, found, examples = Disk(False), 0, collections.Counter(), []
    disk.preload(before)
    for moment in moments_of(records, cuts, chance):
        for one in records[at:moment]:
            disk.apply(one)
        at = moment
        for how in DISKS:
            disk.build(root, how, chance)
            # The first opening finishes or begins the salvage; the second reads the end of it.
            verify(subject, root, 0, 400)
            what, words = verify(subject, root, 0, 400)
            good = missing_of(words) <= spared
            found["finished" if good else "lost"] += 1
            if not good and len(examples) < 3:
                examples.append(f"cut {moment}, {how}: {words}")
    renames = sum(one[0] == "r" for one in records)
    return found, examples, spared, renames


def record(subject, recorder, folder, trace, words, check=True):
    environment = dict(os.environ, LD_PRELOAD=recorder, RECORD_DIR=folder, RECORD_TRACE=trace)
    done = subprocess.run(
        [subject, *words], env=environment, check=check, timeout=120, stdout=subprocess.DEVNULL
    )
    return done


def main():
    subject, recorder, cuts, seed = sys.argv[1:3] + [int(word) for word in sys.argv[3:5]]
    if os.environ.get("EMIT_FAULTS") == "long":
        cuts *= 5
    work = tempfile.mkdtemp(prefix="emit-cuts-", dir=MEMORY if os.access(MEMORY, os.W_OK) else None)
    try:
        folder, trace = os.path.join(work, "live"), os.path.join(work, "trace")
        os.mkdir(folder)
        store = os.path.join(folder, STORE)
        # One process makes the store and appends nothing; short-lived ones follow, who find
        # its log there and sync the folder no more; then one that drains as well.
        record(subject, recorder, folder, trace, ["verify", store, "0", "0"], check=False)
        for first in range(0, 60, 5):
            record(subject, recorder, folder, trace, ["script", store, "1", "5", "0", str(first)])
        short = collections.Counter(one[0] for one in read_trace(trace))
        # Another program closes the database and removes the log; who opens next makes a new
        # one and appends nothing, and again one comes who trusts it.
        foreign = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute('SELECT count(*) FROM entry').fetchone()"
        record(sys.executable, recorder, folder, trace, ["-c", foreign, store])
        removed = not os.path.exists(store + "-wal")
        record(subject, recorder, folder, trace, ["verify", store, "0", "0"], check=False)
        for first in range(60, 90, 5):
            record(subject, recorder, folder, trace, ["script", store, "1", "5", "0", str(first)])
        record(subject, recorder, folder, trace, ["script", store, "120", "5", "40", "90"])
        records = read_trace(trace)
        kinds = collections.Counter(record[0] for record in records)
        print(f"# {len(records)} records: {dict(kinds)}")
        ok = kinds["s"] >= 120 and kinds["D"] >= 3 and kinds["a"] >= 120
        print(f"{'ok' if ok else 'not ok'} 1 - the recorder saw syncs, folder syncs and answers")
        found, examples = replay(subject, records, cuts, seed, False, work)
        for line in examples:
            print("#", line)
        states = sum(found.values())
        ok = found["whole"] == states
        print(
            f"{'ok' if ok else 'not ok'} 2 - {states} states of the disk: {found['lost']} lose "
            f"acknowledged entries, {found['damaged']} are damaged"
        )
        found, _ = replay(subject, records, max(20, cuts // 12), seed, True, work)
        states = sum(found.values())
        ok = found["lost"] + found["damaged"] > states // 4 and found["lost"] > 0
        print(
            f"{'ok' if ok else 'not ok'} 3 - the control loses: of {states} states of a disk that "
            f"lies about syncs {found['lost']} lose entries, {found['damaged']} are damaged"
        )
        found, examples, spared, renames = replay_salvage(
            subject, recorder, max(20, cuts // 8), seed, work
        )
        for line in examples:
            print("#", line)
        ok = found["lost"] == 0 and renames >= 3 and 0 < spared < 50
        print(
            f"{'ok' if ok else 'not ok'} 4 - a salvage cut short, {sum(found.values())} states: "
            f"{found['lost']} lose more than the {spared} of 400 entries that the damage took"
        )
        print(
            f"{'ok' if short['s'] < 30 and short['D'] < 10 and short['a'] == 12 and removed else 'not ok'} 5 - the twelve short-lived "
            f"writers among them and the creation took {short['s']} syncs of files, {short['D']} of folders"
        )
        print("1..5")
    finally:
        shutil.rmtree(work, ignore_errors=True)


main()
