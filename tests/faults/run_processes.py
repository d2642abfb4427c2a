#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""kill -9 at random moments, in the test bed: of the ranks of a run, of whoever marks its
phases, of the process that emit begin leaves behind, of emit end, and of the command that
recovers what they left. Then the next emit command is asked for.

usage: run_processes.py EMIT TESTBED SUBJECT KIND [ROUNDS [SEED]]
KIND: ranks, phases, begin, end. SUBJECT has windows of libemit (session_subject.c).

Each round is a run of its own. After it there is one report, and of each device one event
for the whole run, whose energy is the last count that the ledger says was served minus the
first. What stands in the store is looked up in SQLite, for any emit command would recover:
without one, a run all of whose processes were killed is missing.
"""
import ctypes
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

EMIT, TESTBED, SUBJECT = map(os.path.abspath, sys.argv[1:4])
KIND = sys.argv[4]
LONG = os.environ.get("EMIT_FAULTS") == "long"
ROUNDS = int(sys.argv[5]) if len(sys.argv) > 5 else {"ranks": 4, "phases": 4, "begin": 16, "end": 12}[KIND] * (60 if LONG else 1)
SEED = int(sys.argv[6]) if len(sys.argv) > 6 else 1
SCENARIO, DEVICES = "two-gpus", 3
BATCH = 8  # rounds in one test bed: it keeps so many records
SOON = 10  # seconds: whatever should come at once has come
EVENT, REPORT = 0, 2  # kinds of entries
PR_SET_CHILD_SUBREAPER = 36
chance = random.Random(SEED)
faults, counts, claims = [], {}, []


def count(what, by=1):
    counts[what] = counts.get(what, 0) + by


def fault(where, what):
    faults.append(f"{where}: {what}")
    return False


def children():
    with open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as pids:
        return [int(pid) for pid in pids.read().split()]


def kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


# Our children but for those known, once the dead are buried.
def living(known):
    for pid in children():
        if pid not in known:
            os.waitpid(pid, os.WNOHANG)
    return [pid for pid in children() if pid not in known]


# Orphans of killed processes come to us: none may stay, nor be waited for by anybody else.
def reap(known, kills):
    until = time.monotonic() + SOON
    while True:
        left = living(known)
        for pid in left if kills else ():
            kill(pid)
        if not left or time.monotonic() > until:
            return left
        time.sleep(0.002)


class Round:
    """A run in a store of its own."""

    def __init__(self, folder, number):
        self.run = f"{KIND}-{number}"
        self.folder = os.path.join(folder, self.run)
        self.store = os.path.join(self.folder, "outbox.db")
        self.environment = {**os.environ, "EMIT_OUTBOX": self.store, "EMIT_RUN_ID": self.run, "EMIT_WORKSPACE_ID": "ws_test",
                            "EMIT_NODE_RUNS": os.path.join(self.folder, "node"), "HOME": self.folder}
        self.began = time.monotonic_ns()
        os.mkdir(self.folder, 0o700)

    def start(self, *words, **more):
        return subprocess.Popen(words, env=self.environment, text=True, **{"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE,
                                                                        "stderr": subprocess.PIPE, **more})

    def emit(self, *words):
        return subprocess.run([EMIT, *words], env=self.environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)

    def files(self):
        try:
            return os.listdir(os.path.join(self.folder, "runs"))
        except FileNotFoundError:
            return []

    # Bodies of the run's entries of a kind, without any emit command.
    def stored(self, kind):
        if not os.path.exists(self.store):
            return []
        store = sqlite3.connect(f"file:{self.store}?mode=ro", uri=True, timeout=SOON)
        try:
            return [json.loads(row[0]) for row in store.execute("SELECT body FROM entry WHERE kind = ?", (kind,))]
        except sqlite3.OperationalError:  # no table yet: whoever wanted to make it was killed
            return []
        finally:
            store.close()

    # Recovers what is left, by commands of which the first may be killed, too.
    def recover(self):
        if chance.random() < 0.5:
            first = self.start(EMIT, "runs", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(chance.random() * 0.012)
            first.kill()
            first.wait()
            count("recoveries killed")
        got = self.emit("runs")
        return got.returncode == 0 or fault(self.run, f"emit runs: {got.stderr}")

    # One report; and of each device one total, which is a claim to be compared with the
    # ledger: last count, one of the last `ends` of the round, minus the first one.
    def check(self, ends, whole, wanted=True):
        reports, events = self.stored(REPORT), self.stored(EVENT)
        totals = {}
        for event in events:
            if event["tags"]["phase"] == "total":
                totals.setdefault(event["tags"]["device_id"], []).append(event["quantity"])
        if len(reports) != 1:
            return fault(self.run, f"{len(reports)} reports") if wanted or reports else None
        for device, joules in totals.items():
            if len(joules) != 1:
                fault(self.run, f"{device} has {len(joules)} events")
            claims.append((self.run, self.began, time.monotonic_ns(), device, joules[0], ends))
        if whole and len(totals) != DEVICES:
            fault(self.run, f"events of {sorted(totals)} only")
        count("events", sum(map(len, totals.values())))
        left = [name for name in self.files() if not name.startswith(".")]
        if left:
            fault(self.run, f"files stay: {left}")
        return reports[0]

    def check_missing(self):
        if self.stored(REPORT) or not self.files():
            return fault(self.run, "nobody recovered it, and yet it is not missing")
        count("missing without recovery")
        return True

    def close(self):
        shutil.rmtree(self.folder)


# Ranks of one run, killed one after another, the one that samples among them; in every third
# round all of them are.
def ranks(one, number):
    ranks = [one.start(EMIT, "run", "--interval", "20ms", "--quiet", "--", "sh", "-c", "echo up; read end; exit 3", stdin=subprocess.PIPE,
                       stderr=subprocess.DEVNULL, start_new_session=True) for _ in range(5)]
    if number % 2 == 0:
        for rank in ranks:
            rank.stdout.readline()
    time.sleep(0.3 if number % 2 == 0 else chance.random() * 0.05)
    chance.shuffle(ranks)
    killed = len(ranks) if number % 3 == 0 else 1 + chance.randrange(len(ranks) - 1)
    for rank in ranks[:killed]:
        time.sleep(chance.random() * 0.02)
        rank.kill()
        count("ranks killed")
    for rank in ranks[:killed]:
        rank.stdin.close()  # its command ends
        rank.wait()
    for rank in ranks[killed:]:
        if chance.random() < 0.5:
            time.sleep(chance.random() * 0.05)
        rank.communicate("end\n")
        if rank.returncode != 3:
            fault(one.run, f"a rank that lived: exit {rank.returncode}")
    for rank in ranks[:killed]:
        rank.stdout.close()
    reap((), True)
    all_died = killed == len(ranks)
    if all_died and one.files():
        one.check_missing()
    # A run that was killed before its file stood is none.
    if one.recover():
        one.check(4 if all_died else 1, not all_died and number % 2 == 0, wanted=not all_died or number % 2 == 0)


# Whoever marks is killed; what had ended stays, what had begun ends with the run.
def phases(one, number):
    run = one.start(EMIT, "run", "--interval", "50ms", "--quiet", "--", "sh", "-c", "echo up; read end; exit 3", stdin=subprocess.PIPE)
    run.stdout.readline()
    until = time.monotonic() + 0.35
    known, acknowledged = children(), {}
    while time.monotonic() < until and len(acknowledged) < 40:
        name = f"w{len(acknowledged)}"
        lasts = chance.choice(("0", "1500"))
        subject = one.start(SUBJECT, name, lasts, stderr=subprocess.DEVNULL)
        subject.stdout.readline()
        time.sleep(chance.random() * 0.008)
        subject.kill()
        # The last line may be cut; what stands in whole lines was acknowledged.
        acknowledged[name] = lasts, [float(line) for line in subject.communicate()[0].split("\n")[:-1]]
        mark = one.start(EMIT, "mark", *(["--end"] if chance.random() < 0.5 else []), "m", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(chance.random() * 0.006)
        mark.kill()
        mark.wait()
    count("markers killed", 2 * len(acknowledged))
    run_is_killed = number % 4 == 3
    if run_is_killed:
        run.kill()
        run.stdin.close()
        run.wait()
        run.stdout.close()
        run.stderr.close()
        reap(known, True)
        one.check_missing()
    else:
        run.communicate("end\n")
        if run.returncode != 3:
            fault(one.run, f"exit {run.returncode}")
    if not one.recover():
        return
    # Who marks reads too: the run's own last reading is the last of all only where it closed.
    report = one.check(1000 if run_is_killed else 1, not run_is_killed)
    if report:
        check_phases(one, report, acknowledged)


def check_phases(one, report, acknowledged):
    told = {phase["phase"]: phase for phase in report.get("phases", [])}
    for name, (lasts, windows) in acknowledged.items():
        if name not in told:
            if windows:
                fault(one.run, f"{name}: {len(windows)} windows are lost")
            continue
        phase = told[name]
        point = next(point for point in phase["points"] if point["device_id"] == "package-0")
        count("windows acknowledged", len(windows))
        count("of them with energy", sum(joules > 0 for joules in windows))
        inside = phase.get("ended_with_run", False)
        count("killed inside of one", inside)
        at_most = len(windows) + 1 + inside
        # Of windows of no length one may have been held up, and have energy that is lost in
        # what the edges of all the others leave open.
        joules = sum(windows) if lasts != "0" or "joules" in point else 0
        if not len(windows) <= phase["parts"] <= at_most or point.get("joules", 0) < joules - 1e-6:
            fault(one.run, f"{name}: {len(windows)} windows of {sum(windows)} J ended, {phase['parts']} of {point} are told")
    if not set(told) <= {"m", *acknowledged} or any("damaged" in note for note in report["notes"]):
        fault(one.run, f"phases {sorted(told)}, {report['notes']}")


# The process that emit begin leaves behind is our child as soon as its parent is gone.
def sampler_of(known, caller):
    until = time.monotonic() + SOON
    while time.monotonic() < until:
        for pid in children():
            if pid not in known and pid != caller.pid:
                return pid
        if caller.poll() is not None and not [pid for pid in children() if pid not in known]:
            return None
    return None


def begin(one, number):
    known = children()
    caller = one.start(EMIT, "begin", "--run-id", one.run, "--interval", "50ms")
    pid = sampler_of([*known, caller.pid], caller)
    time.sleep(chance.random() * (0.01 if number % 4 else 0.4))
    if pid:
        kill(pid)
        count("samplers killed")
    said = caller.communicate()[1]
    if caller.returncode != 0 or not said:
        fault(one.run, f"emit begin: exit {caller.returncode}, {said!r}")
    has_begun = "metered;" in said
    reap((), True)
    if has_begun:
        one.check_missing()
    if number % 2 and not one.recover():
        return
    got = one.emit("end", "--run-id", one.run)
    if got.returncode != 0 or not got.stderr:
        fault(one.run, f"emit end: exit {got.returncode}, {got.stderr!r}")
    report = one.check(3, False, wanted=has_begun)
    if report and report["state"] != "killed":
        fault(one.run, "and nothing says that it was killed")


def end(one, number):
    known = children()
    one.emit("begin", "--run-id", one.run, "--interval", "50ms", "--quiet")
    time.sleep(0.25 if number % 3 == 0 else 0.02)
    ender = one.start(EMIT, "end", "--run-id", one.run, "--quiet", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(chance.random() * 0.012)
    ender.kill()
    ender.wait()
    count("emit end killed")
    count("of them in the middle", ender.returncode == -signal.SIGKILL)
    time.sleep(0.01)  # whoever was asked to leave leaves
    # Killed between storing and removing the file, it is not missing, and is not told twice.
    if not living(known) and one.files() and not one.stored(REPORT):
        one.check_missing()
    again = one.emit("end", "--run-id", one.run)
    if again.returncode != 0:
        fault(one.run, f"emit end: exit {again.returncode}, {again.stderr!r}")
    if reap(known, False):
        fault(one.run, "a process stays")
        reap(known, True)
    if one.recover():
        one.check(1, number % 3 == 0)


def inside(folder, first, rounds):
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    chance.seed(SEED + first)
    for number in range(first, first + rounds):
        one = Round(folder, number)
        {"ranks": ranks, "phases": phases, "begin": begin, "end": end}[KIND](one, number)
        one.close()
    with open(os.path.join(folder, "told"), "w", encoding="utf-8") as told:
        json.dump([faults, counts, claims], told)


# All counts of each device that were served, in order of time.
def served(ledger):
    found = {}
    with open(ledger, encoding="utf-8") as lines:
        for line in map(json.loads, lines):
            if "microjoules" in line:
                found.setdefault("package-0", []).append((line["at"], line["microjoules"]))
            elif "millijoules" in line:
                found.setdefault(line["gpu"], []).append((line["at"], line["millijoules"] * 1000))
    return {device: sorted(reads) for device, reads in found.items()}


def compare(ledger, is_whole, claimed):
    reads = served(ledger)
    for run, began, until, device, joules, ends in claimed:
        mine = [count for at, count in reads[device] if began <= at <= until]
        # GPUs are asked when they are found, too: the first sample is one of the first.
        firsts = mine[:1 if device == "package-0" else 4]
        proven = {last - first for last in mine[-ends:] for first in firsts}
        if round(joules * 1e6) in proven:
            count("claims that the ledger proves")
            count("that are wrong by 7 uJ, and refuted", round(joules * 1e6) + 7 not in proven)
        elif is_whole or device == "package-0":
            fault(run, f"{device}: {joules} J is not what was served: {mine}")


# So many rounds in a test bed. A process that is killed while a record of its GPU is
# written leaves the ledger without it, which the test bed says.
def play(folder, first, rounds):
    os.mkdir(folder)
    ledger = os.path.join(folder, "ledger")
    words = [TESTBED, "run", "--ledger", ledger, SCENARIO, "--", sys.executable, os.path.abspath(__file__), *sys.argv[1:5],
             str(ROUNDS), str(SEED)]
    done = subprocess.run(words, env={**os.environ, "EMIT_KILLED_INSIDE": f"{first} {rounds} {folder}"}, stderr=subprocess.PIPE, text=True)
    is_whole = "not whole" not in done.stderr
    if done.returncode != 0 and is_whole or not os.path.exists(os.path.join(folder, "told")):
        return fault(f"{KIND}-{first}", done.stderr)
    with open(os.path.join(folder, "told"), encoding="utf-8") as file:
        told = json.load(file)
    faults.extend(told[0])
    for what, number in told[1].items():
        count(what, number)
    compare(ledger, is_whole, told[2])
    shutil.rmtree(folder)


def main():
    if os.geteuid() != 0 or not os.access("/dev/fuse", os.R_OK | os.W_OK):
        print("1..0 # SKIP needs root and /dev/fuse")
        return 0
    with tempfile.TemporaryDirectory(prefix="emit-killed-", dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None) as folder:
        for first in range(0, ROUNDS, BATCH):
            play(os.path.join(folder, str(first)), first, min(BATCH, ROUNDS - first))
    for line in faults[:10]:
        print("#", line[:2000])
    refuted = counts.pop("that are wrong by 7 uJ, and refuted", 0)
    if refuted != counts.get("claims that the ledger proves", 0):
        fault(KIND, "the ledger does not tell right from wrong")
    told = ", ".join(f"{number} {what}" for what, number in counts.items())
    print(f"{'not ok' if faults else 'ok'} 1 - {KIND}: {ROUNDS} runs, {told}: {len(faults)} faults")
    missing = counts.get("missing without recovery", 0)
    print(f"{'ok' if missing else 'not ok'} 2 - without a recovery {missing} runs were missing")
    print("1..2")
    return 1 if faults or not missing else 0


if "EMIT_KILLED_INSIDE" in os.environ:
    first, rounds, place = os.environ["EMIT_KILLED_INSIDE"].split(" ", 2)
    inside(place, int(first), int(rounds))
else:
    sys.exit(main())
