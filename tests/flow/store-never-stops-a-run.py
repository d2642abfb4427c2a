#!/usr/bin/python3
# Whatever is wrong with the store, `emit run` keeps the command's status and says in
# one sentence what is not recorded. After a full disk nothing is lost: the run waits
# in its file, and the next command stores it. Ten runs at once need no turns.
# SPDX-License-Identifier: Apache-2.0
import json
import os
import sqlite3
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from store import NOBODY, Folder, can_be_nobody, emit, write
from tap import EMIT, check, check_equal, end, skip
from zones import Machine, Mover


def run(machine, store, *options, before=(), command=("sh", "-c", "sleep 0.02; exit 7")):
    """emit run with a store; a hang ends after a minute."""
    words = [*before, EMIT, "run", "--sysfs-root", machine.root, "--outbox", store, *options, "--", *command]
    return subprocess.run(words, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60)


def only_line(text):
    lines = text.strip().splitlines()
    return lines[0] if len(lines) == 1 else ""


def told(machine, store, words, what, before=()):
    """The run's status is its own, and both the report and the one line of --quiet say why."""
    for options in ([], ["--quiet"]):
        done = run(machine, store, *options, before=before)
        said = " ".join(done.stderr.split())
        check(done.returncode == 7 and words in said and "Traceback" not in said,
              f"{what} {' '.join(options)}: exit {done.returncode}, {said[-300:]}")
    check(words in only_line(done.stderr), f"{what}: --quiet says it in one line")
    done = emit("outbox", "stats", "--outbox", store, before=before)
    check(done.returncode in (1, 2) and only_line(done.stderr),
          f"{what}: stats exits {done.returncode}: {done.stderr.strip()}")


def unusable_places(machine):
    with Folder() as folder:
        places = {name: f"{folder}/{name}" for name in ("folder.db", "pipe.db", "notes.db", "newer.db", "below")}
        os.mkdir(places["folder.db"])
        os.mkfifo(places["pipe.db"])
        with open(places["notes.db"], "w") as notes:
            notes.write("notes, for years\n" * 500)
        write(places["newer.db"])
        with sqlite3.connect(places["newer.db"]) as newer:
            newer.execute("PRAGMA user_version = 9")
        with open(places["below"], "w") as file:
            file.write("a file")
        told(machine, places["folder.db"], "not a plain file", "the store is a folder")
        told(machine, places["pipe.db"], "not a plain file", "the store is a pipe")
        told(machine, places["notes.db"], "no store of emit", "the store is a text")
        told(machine, places["newer.db"], "newer emit (schema 9", "the store is a newer emit's")
        told(machine, places["below"] + "/outbox.db", "is not a folder", "the store lies below a file")


def other_users(machine):
    if not can_be_nobody():
        return skip("an unwritable folder, and other users' files", "needs root and setpriv")
    with Folder() as folder, Folder() as theirs:
        told(machine, folder + "/outbox.db", "Permission denied", "an unwritable folder", before=NOBODY)
        said = " ".join(run(machine, folder + "/outbox.db", before=NOBODY).stderr.split())
        check("the directory of runs: Permission denied" in said and "--outbox names another place" in said,
              f"the same of the run file, and what helps: {said[-400:]}")
        os.chown(theirs, 65534, 65534)
        os.chmod(folder, 0o1777)
        subprocess.run([*NOBODY, "ln", "-s", theirs, folder + "/link"], check=True)
        told(machine, folder + "/link/outbox.db", "another user put there", "another user's link")
        subprocess.run([*NOBODY, "touch", folder + "/outbox.db"], check=True)
        told(machine, folder + "/outbox.db", "not a plain file of this user", "another user's file")


def in_namespace(script, *words):
    """A shell script in a mount namespace of its own, its exit status 99 where nobody may mount."""
    return subprocess.run(["unshare", "--mount", "sh", "-c", script, *words], capture_output=True, text=True,
                          timeout=60)


def can_mount():
    return os.geteuid() == 0 and in_namespace("mount -t tmpfs tmpfs /mnt").returncode == 0


def read_only(machine):
    with Folder() as folder:
        script = 'mount -t tmpfs -o ro tmpfs "$0" && exec "$@"'
        words = [EMIT, "run", "-q", "--sysfs-root", machine.root, "--outbox", folder + "/outbox.db", "--",
                 "sh", "-c", "exit 7"]
        done = in_namespace(script, folder, *words)
        check(done.returncode == 7 and "Read-only file system" in only_line(done.stderr),
              f"a read-only file system: exit {done.returncode}, {done.stderr.strip()}")


# $0 the folder, $1 emit, $2 the machine. Each step says what came of it on a line.
FULL = r"""
mount -t tmpfs -o size=32m,mode=0700 tmpfs "$0" || exit 99
run() { "$1" run --sysfs-root "$2" --outbox "$3/outbox.db" --run-id "$4" --json -- sh -c 'sleep 0.05; exit 7' 2>"$3/../said" >/dev/null
        echo "$4 $?" "$(tr '\n' ' ' <"$3/../said")"; }
run "$1" "$2" "$0" run_before
head -c 40m /dev/zero >"$0/filler" 2>/dev/null
truncate -s -256K "$0/filler"
run "$1" "$2" "$0" run_little
truncate -s +0 "$0/filler"
head -c 1m /dev/zero >>"$0/filler" 2>/dev/null
run "$1" "$2" "$0" run_nothing
echo "files" $(ls "$0/runs")
echo "stored" $("$1" outbox stats --json --outbox "$0/outbox.db" 2>/dev/null)
rm "$0/filler"
"$1" runs --outbox "$0/outbox.db" 2>&1 | sed 's/^/runs /'
echo "left" $(ls "$0/runs")
"$1" outbox export --outbox "$0/outbox.db" | sed 's/^/event /'
"$1" outbox verify --outbox "$0/outbox.db"
"""


def full_disk(machine):
    with Folder() as folder:
        disk = folder + "/disk"
        os.mkdir(disk)
        done = in_namespace(FULL, disk, EMIT, machine.root)
        lines = [line.split(None, 1) for line in done.stdout.splitlines()]

        def of(word):
            return [(line + [""])[1] for line in lines if line and line[0] == word]

        check("".join(of("run_before")).startswith("7 "), "before the disk is full a run is stored")
        for name in ("run_little", "run_nothing"):
            said = "".join(of(name))
            check(said.startswith("7 ") and "Events are not stored: the disk of" in said,
                  f"{name}: the status is the command's, and it is said: {said[-200:]}")
        check("if emit is killed, this run is lost" in "".join(of("run_nothing")),
              "without room for a run file, that is said as well")
        check(of("files") and "run_little" in of("files")[0] and "run_before" not in of("files")[0],
              f"the run that could not be stored waits in its file: {of('files')}")
        check(bool(of("stored")) and json.loads(of("stored")[0])["reports"] == 1, "a full store can still be read")
        check_equal(of("left"), [""], "with room again, the next command stores it and removes the file")
        events = [json.loads(line) for line in of("event")]
        check_equal(sorted(event["compute_assignment_run_id"] for event in events), ["run_before"] * 2 + ["run_little"] * 2,
                    "both runs have their events")
        waited = [event for event in events if event["compute_assignment_run_id"] == "run_little"]
        check(bool(waited) and all(event["quantity"] > 0 for event in waited), "with their energy")
        check("0 damaged" in done.stdout, f"and the store is whole {done.stderr.strip()}")


def new_folders(machine):
    """What was acknowledged must outlive a power cut: also the folders it lies in."""
    with Folder() as folder:
        trace = folder + "/trace"
        store = folder + "/state/deep/emit/outbox.db"
        tracer = ["strace", "-f", "-y", "-o", trace, "-e", "trace=mkdir,fsync"]
        if run(machine, store, before=tracer).returncode != 7:
            return skip("new folders are synced into their parents", "strace does not work here")
        lines = open(trace).read().splitlines()
        made = [line.split('"')[1] for line in lines if "mkdir(" in line and line.endswith(" = 0")]
        synced = {line.split("<")[1].split(">")[0] for line in lines if "fsync(" in line}
        check(len(made) >= 3, f"folders were made: {made}")
        unsynced = [path for path in made if os.path.dirname(path) not in synced]
        check_equal(unsynced, [], "each is synced into its parent")


def at_once(machine, store, what, others=()):
    """Ten runs together, and other commands beside them as long as they last."""
    ends, strange = [], []
    stopped = threading.Event()

    def metered(number):
        ends.append(run(machine, store, "--run-id", f"run_{number}", command=("sh", "-c", f"sleep 0.0{number}; exit 7")))

    def beside(words):
        while not stopped.is_set():
            done = emit(*words, "--outbox", store)
            if done.returncode and "no store at" not in done.stderr:
                strange.append(f"{words}: {done.returncode} {done.stderr.strip()}")

    runs = [threading.Thread(target=metered, args=(number,)) for number in range(10)]
    besides = [threading.Thread(target=beside, args=(words,)) for words in others]
    for thread in runs + besides:
        thread.start()
    for thread in runs:
        thread.join()
    stopped.set()
    for thread in besides:
        thread.join()
    unstored = [done.stderr for done in ends if "stored, 0 sent" not in done.stderr and "the report is stored" not in done.stderr]
    check(len(ends) == 10 and all(done.returncode == 7 for done in ends) and not unstored,
          f"{what}: ten runs end as their commands did and are stored {unstored[:1]}")
    check_equal(strange, [], f"{what}: nothing beside them fails")
    stats = json.loads(emit("outbox", "stats", "--json", "--outbox", store).stdout or "{}")
    check_equal(stats.get("reports"), 10, f"{what}: ten reports are in the store")
    check_equal(emit("outbox", "verify", "--outbox", store).returncode, 0, f"{what}: it is whole")


def crowds(machine):
    with Folder() as folder:
        at_once(machine, folder + "/state/emit/outbox.db", "a store that is not there yet")
    with Folder() as folder:
        store = folder + "/outbox.db"
        write(store, 40, 10)
        size = os.path.getsize(store)
        with open(store, "r+b") as file:
            file.seek(size // 2 // 4096 * 4096)
            file.write(b"\xff" * 8192)
        with open(store, "r+b") as file:  # the first page as well: nobody can open it unnoticed
            file.write(b"\0" * 100)
        at_once(machine, store, "a damaged store")
        kept = [name for name in os.listdir(folder) if ".damaged-" in name and not name.endswith(("-wal", "-shm"))]
        check_equal(len(kept), 1, f"the damaged file was set aside once: {kept}")
    with Folder() as folder:
        at_once(machine, folder + "/outbox.db", "beside prune, verify and export",
                [("outbox", "prune", "--older-than", "1h"), ("outbox", "verify"), ("outbox", "export")])


def main():
    with Folder() as folder:
        machine = Machine(folder + "/sys")
        mover = Mover(machine)
        unusable_places(machine)
        other_users(machine)
        if can_mount():
            read_only(machine)
            full_disk(machine)
        else:
            skip("a read-only file system and a full disk", "this machine lets nobody mount")
        new_folders(machine)
        crowds(machine)
        mover.stop()
    end()


main()
