#!/usr/bin/python3
# Where a store cannot be safe it is refused in one sentence, or moved and said:
# network file systems, other users' links, files that are no stores, newer stores.
# SPDX-License-Identifier: Apache-2.0
import os
import sqlite3
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from reachable import for_nobody
from store import NOBODY, Folder, can_be_nobody, emit, write
from tap import EMIT, check, check_equal, end, skip

FAIL_DISK = for_nobody(os.environ["FAIL_DISK"])


def refused(done, words, what):
    lines = done.stderr.strip().splitlines()
    return check(
        done.returncode != 0 and len(lines) == 1 and words in lines[0], f"{what}: {done.stderr.strip()}"
    )


# In a mount namespace where /var/lib and /var/tmp are empty: the machine's own stay as they are.
def network():
    hidden = [place for place in ("/var/lib", "/var/tmp") if os.path.realpath(EMIT).startswith(place + "/")]
    script = 'mount -t tmpfs tmpfs /var/lib && mount -t tmpfs tmpfs /var/tmp && exec "$0" "$@"'
    become = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    inside = ["unshare", *become, "--mount", "sh", "-c", script]
    if hidden or subprocess.run([*inside, "true"], capture_output=True).returncode:
        return skip("a store on a network file system", "needs a mount namespace, and a build outside of /var")
    done = subprocess.run([*inside, sys.executable, os.path.abspath(__file__), "network"], capture_output=True, text=True)
    told = [line for line in done.stdout.splitlines() if line.startswith(("ok ", "not ok "))]
    for line in told:
        check(line.startswith("ok "), line.split(" - ", 1)[1])
    check(len(told) == 7, f"all of that was looked at {done.stderr.strip()}")


def network_inside():
    with Folder() as home, Folder() as runtime:
        store = home + "/state/emit/outbox.db"
        nfs = {"LD_PRELOAD": FAIL_DISK, "FAIL_DIR": home, "FAIL_FSTYPE": "6969"}
        local = {**nfs, "XDG_RUNTIME_DIR": runtime}
        done = write(store, environment=local)
        check(done.returncode == 0, f"on NFS entries are stored all the same {done.stderr}")
        check(not os.path.exists(store), "but not there")
        stats = emit("outbox", "stats", "--outbox", store, environment=local)
        check("20" in stats.stdout and home not in stats.stdout, "they are found by the same name")
        check("network file system" in stats.stderr, f"and it is said: {stats.stderr.strip()}")
        folder = os.path.dirname(stats.stdout.split()[1])
        check(folder == "/var/lib/emit" and os.stat(folder).st_mode & 0o777 == 0o700, "root's is /var/lib/emit, 0700")
        if can_be_nobody():
            os.chmod("/var/tmp", 0o1777)
            os.chmod(home, 0o777 | 0o1000)
            done = write(home + "/theirs.db", before=[*NOBODY, "env", "-u", "XDG_RUNTIME_DIR"], environment=nfs)
            made = os.listdir("/var/tmp")
            check(done.returncode == 0 and made == ["emit-65534"], f"a user's is /var/tmp/emit-UID {made} {done.stderr}")
            check(os.stat("/var/tmp/emit-65534").st_mode & 0o777 == 0o700, "0700 as well")
        else:
            skip("a user's is /var/tmp/emit-UID", "needs root and setpriv")
            skip("0700 as well", "needs root and setpriv")


def no_right():
    if not can_be_nobody():
        return skip("an unwritable folder, and another user's link", "needs root and setpriv")
    with Folder() as folder:
        done = write(folder + "/state/outbox.db", before=NOBODY)
        refused(done, "Permission denied", "an unwritable folder is refused")
        os.chmod(folder, 0o1777)
        write(folder + "/theirs/outbox.db", before=NOBODY)
        subprocess.run([*NOBODY, "ln", "-s", folder + "/theirs", folder + "/link"], check=True)
        done = write(folder + "/link/outbox.db")
        refused(done, "symbolic link that another user", "a folder linked by another user is refused")
        subprocess.run([*NOBODY, "ln", "-s", "/nonexistent", folder + "/outbox.db"], check=True)
        done = write(folder + "/outbox.db")
        refused(done, "not a plain file", "a store linked by another user is refused")
        os.remove(folder + "/outbox.db")
        subprocess.run([*NOBODY, "touch", folder + "/outbox.db-wal"], check=True)
        done = write(folder + "/outbox.db")
        refused(done, "not a plain file", "a log put there by another user is refused")
        os.chmod(folder, 0o777)
        done = write(folder + "/new.db")
        refused(done, "everybody may replace", "a folder where everybody may rename is refused")


def read_only():
    if os.geteuid() != 0:
        return skip("a read-only file system", "needs root")
    with Folder() as folder:
        script = f'mount -t tmpfs -o ro tmpfs "{folder}" && exec 9>/dev/null && exec "$0" "$@"'
        words = [os.environ["STORE_SUBJECT"], "script", folder + "/outbox.db", "1", "1", "0"]
        done = subprocess.run(
            ["unshare", "--mount", "sh", "-c", script, *words], capture_output=True, text=True
        )
        if "mount" in done.stderr:
            return skip("a read-only file system", "this machine lets nobody mount")
        refused(done, "Read-only file system", "a read-only file system is refused")


def foreign_files():
    with Folder() as folder:
        text, database, newer = (folder + name for name in ("/notes.txt", "/other.db", "/newer.db"))
        with open(text, "w") as out:
            out.write("notes, for years\n" * 500)
        with sqlite3.connect(database) as other:
            other.execute("CREATE TABLE things(name)")
        before = open(text, "rb").read(), open(database, "rb").read()
        for round in ("at first", "and a second time"):
            refused(write(text), "no store of emit", f"a text is no store, {round}")
            refused(write(database), "no store of emit", f"another program's database is none, {round}")
        check_equal((open(text, "rb").read(), open(database, "rb").read()), before, "both are untouched")
        write(newer)
        with sqlite3.connect(newer) as store:
            store.execute("PRAGMA user_version = 9")
        for done in (write(newer), emit("outbox", "stats", "--outbox", newer)):
            refused(done, "newer emit (schema 9", "a newer store is refused")


if sys.argv[1:] == ["network"]:
    network_inside()
else:
    network()
    no_right()
    read_only()
    foreign_files()
end()
