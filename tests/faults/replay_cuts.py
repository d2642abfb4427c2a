#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What a power cut at any moment leaves of the store, and what the store makes of it.

usage: replay_cuts.py SUBJECT RECORDER CUTS SEED

The subject appends and drains under the recorder; at CUTS moments of the trace
(ten times as many with FAULTS_LONG=1 in the environment)
four disks are built from it, and `store-subject verify` reads each: all that was
acknowledged before the cut must be there, whole, without a notice.

The disk: data is on the medium at a sync of its file; before that, any 512-byte
sector of it may be, or not, in any order. A name is there for good at a sync of
its folder; before that the changes to names may be, as far as any prefix of
them. The four disks of a cut: nothing of what was not synced, all of it, and two
at random.

The control is a disk that answers every sync and does nothing. It must lose
events: a test that cannot tell such a disk from an honest one proves nothing.
"""
import collections
import os
import random
import shutil
import subprocess
import sys
import tempfile

SECTOR = 512
UNKEPT = ("-shm", "-lock", "-ballast")  # rebuilt, or no matter: as if it were never written


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
                    out.write(self.content(names[name], how, chance))
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


def replay(subject, records, cuts, seed, lies, work):
    chance = random.Random(seed)
    moments = sorted(chance.sample(range(1, len(records) + 1), min(cuts, len(records))))
    disk, at, acked, drained = Disk(lies), 0, 0, 0
    found = collections.Counter()
    examples = []
    root = os.path.join(work, "disk")
    for moment in moments:
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
        for how in ("nothing", "everything", "random", "random"):
            disk.build(root, how, chance)
            store = os.path.join(root, "state/emit/outbox.db")
            verify = [subject, "verify", store, str(drained), str(acked)]
            run = subprocess.run(verify, capture_output=True, text=True, timeout=60)
            what = {0: "whole", 1: "lost"}.get(run.returncode, "damaged")
            found[what] += 1
            if what != "whole" and len(examples) < 3:
                examples.append(f"cut {moment}, {how}: {run.stdout.strip()} {run.stderr[-200:]}")
    return found, examples


def main():
    subject, recorder, cuts, seed = sys.argv[1:3] + [int(word) for word in sys.argv[3:5]]
    if os.environ.get("FAULTS_LONG"):
        cuts *= 10
    work = tempfile.mkdtemp(prefix="emit-cuts-")
    try:
        folder, trace = os.path.join(work, "live"), os.path.join(work, "trace")
        os.mkdir(folder)
        environment = dict(
            os.environ, LD_PRELOAD=recorder, RECORD_DIR=folder, RECORD_TRACE=trace
        )
        script = [subject, "script", folder + "/state/emit/outbox.db", "120", "5", "40"]
        subprocess.run(script, env=environment, check=True, timeout=120)
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
        found, _ = replay(subject, records, max(25, cuts // 10), seed, True, work)
        states = sum(found.values())
        ok = found["lost"] + found["damaged"] > states // 4 and found["lost"] > 0
        print(
            f"{'ok' if ok else 'not ok'} 3 - the control loses: of {states} states of a disk that "
            f"lies about syncs {found['lost']} lose entries, {found['damaged']} are damaged"
        )
        print("1..3")
    finally:
        shutil.rmtree(work, ignore_errors=True)


main()
