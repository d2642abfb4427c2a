#!/usr/bin/python3
# A damaged store never stops anybody: it is set aside under another name, what can
# still be read is carried over, and it is said. Looking at it changes nothing.
# SPDX-License-Identifier: Apache-2.0
import os
import sqlite3
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from store import Folder, emit, write
from tap import check, check_equal, end


def lines_of(store):
    return emit("outbox", "export", "--outbox", store).stdout.splitlines()


def overwrite(path, at, bytes_):
    with open(path, "r+b") as file:
        file.seek(at)
        file.write(bytes_)


def files_of(folder):
    return {name: open(os.path.join(folder, name), "rb").read() for name in os.listdir(folder)}


def broken_pages():
    with Folder() as folder:
        store = folder + "/outbox.db"
        write(store, 40, 10)
        whole = lines_of(store)
        size = os.path.getsize(store)
        overwrite(store, size // 2 // 4096 * 4096, b"\xff" * 8192)
        before = files_of(folder)["outbox.db"]
        done = emit("outbox", "verify", "--outbox", store)
        check_equal(done.returncode, 1, f"verify exits 1: {done.stderr.strip()}")
        check_equal(files_of(folder)["outbox.db"], before, "and changes nothing")
        done = emit("outbox", "verify", "--repair", "--outbox", store)
        check("carried over" in done.stderr, f"verify --repair says what it did: {done.stderr.strip()}")
        left = lines_of(store)
        check(len(left) >= len(whole) - 30 and set(left) <= set(whole), f"{len(left)} of {len(whole)} entries are left, none of them altered")
        kept = [name for name in os.listdir(folder) if ".damaged-" in name]
        check(len(kept) >= 1, f"the damaged file is kept: {kept}")
        check_equal(emit("outbox", "verify", "--outbox", store).returncode, 0, "the fresh store is whole")
        check_equal(write(store, 60, 10).returncode, 0, "and is written to")
        check(len(lines_of(store)) == 600, "what was lost is stored anew, what was not is not doubled")


def no_header():
    with Folder() as folder:
        store = folder + "/outbox.db"
        write(store, 40, 10)  # so many that the log was written back
        overwrite(store, 0, b"\0" * 4096)
        done = write(store)
        check_equal(done.returncode, 0, f"a store without its first page stops no writer {done.stderr}")
        check(any(".damaged-" in name for name in os.listdir(folder)), "it is kept")
        check_equal(len(lines_of(store)), 20, "the fresh one holds what was written then")


def one_bad_entry():
    with Folder() as folder:
        store = folder + "/outbox.db"
        write(store)
        with sqlite3.connect(store) as database:
            database.execute("UPDATE entry SET body = replace(body, 'n\":7,', 'n\":8,') WHERE sequence = 8")
        done = emit("outbox", "export", "--outbox", store)
        check_equal(len(done.stdout.splitlines()), 19, "an altered entry is not exported, its neighbours are")
        check(done.returncode == 3 and "1 damaged" in done.stderr, f"and it is said: {done.stderr.strip()}")
        check_equal(emit("outbox", "verify", "--outbox", store).returncode, 1, "verify exits 1")
        emit("outbox", "verify", "--repair", "--outbox", store)
        stats = emit("outbox", "stats", "--json", "--outbox", store).stdout
        check('"events":19' in stats and '"quarantined":1' in stats, f"repaired, it is in quarantine: {stats.strip()}")
        check_equal(emit("outbox", "verify", "--outbox", store).returncode, 0, "and the store is whole")
        write(store)
        check_equal(len(lines_of(store)), 20, "stored again, it is there again")


broken_pages()
no_header()
one_bad_entry()
end()
