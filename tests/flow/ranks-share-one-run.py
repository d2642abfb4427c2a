#!/usr/bin/python3
# Several processes that name one run meter each device once, for the union of their
# windows: whoever comes first or last, whoever is killed. Runs of different names
# know of each other by device: a GPU that only one of them uses is shared by none.
# SPDX-License-Identifier: Apache-2.0
import json
import os
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from tap import EMIT, check, check_equal, end, skip

TESTBED = os.environ["EMIT_TESTBED"]
SCENARIO = json.loads(subprocess.run([TESTBED, "describe", "--json", "two-gpus"], capture_output=True, check=True).stdout)
DEVICES = ["package-0", *(gpu["uuid"] for gpu in SCENARIO["gpus"])]


class Rank:
    """One emit run; its command ends when it is told to, and begins when the meters have answered, however slow that is."""

    def __init__(self, run, number, **environment):
        self.name, self.status = f"{run}.{number}", number
        self.emit = subprocess.Popen([EMIT, "run", "--interval", "50ms", "--start-timeout", "20s", "--output", f"{self.name}.events", "--report",
                                      f"{self.name}.report", "--", "sh", "-c", f"echo runs; read end; exit {self.status}"],
                                     env={**os.environ, "EMIT_RUN_ID": run, "EMIT_WORKSPACE_ID": "ws_test", **environment},
                                     stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def runs(self):
        self.emit.stdout.readline()
        return self

    def tell(self):
        self.emit.stdin.write("end\n")
        self.emit.stdin.flush()

    def end(self):
        self.said = self.emit.communicate("end\n")[1]
        return self.emit.returncode == self.status

    def kill(self):
        self.emit.kill()
        self.emit.communicate()

    def report(self):
        with open(f"{self.name}.report", encoding="utf-8") as text:
            return json.load(text)

    def events(self):
        with open(f"{self.name}.events", encoding="utf-8") as lines:
            return [json.loads(line) for line in lines]


def all_at_once():
    ranks = [Rank("job", number) for number in range(8)]
    for rank in ranks:
        rank.runs()
    time.sleep(0.2)
    return ranks, [rank.end() for rank in ranks]


def staggered():
    ranks = []
    for number in range(4):
        ranks.append(Rank("job", number).runs())
        time.sleep(0.1)
    return ranks, [rank.end() for rank in ranks]


def one_is_killed():
    ranks = [Rank("job", number).runs() for number in range(4)]
    ranks[2].kill()
    time.sleep(0.1)
    del ranks[2]
    return ranks, [rank.end() for rank in ranks]


def the_sampler_is_killed():
    ranks = [Rank("job", number).runs() for number in range(4)]
    time.sleep(0.1)
    ranks.pop(0).kill()
    time.sleep(0.2)
    return ranks, [rank.end() for rank in ranks]


def the_sampler_is_killed_at_the_end():
    ranks = [Rank("job", number).runs() for number in range(3)]
    time.sleep(0.1)
    for rank in ranks[1:]:
        os.kill(rank.emit.pid, signal.SIGSTOP)
    ranks.pop(0).kill()
    for rank in ranks:  # no wake-up between the death and the end
        rank.tell()
        os.kill(rank.emit.pid, signal.SIGCONT)
    return ranks, [rank.end() for rank in ranks]


def the_samplers_are_killed_in_turn():
    ranks = [Rank("job", number).runs() for number in range(5)]
    for _ in range(4):
        time.sleep(0.15)
        ranks.pop(0).kill()
    return ranks, [ranks[0].end()]


# Sixty-four that come and go together.
def many():
    ranks = [Rank("job", number) for number in range(64)]
    for rank in ranks:
        rank.runs()
    time.sleep(0.2)
    for rank in ranks:
        rank.tell()
    return ranks, [rank.end() for rank in ranks]


CASES = {"all-at-once": all_at_once, "staggered": staggered, "one-is-killed": one_is_killed,
         "the-sampler-is-killed": the_sampler_is_killed, "the-sampler-is-killed-at-the-end": the_sampler_is_killed_at_the_end,
         "the-samplers-are-killed-in-turn": the_samplers_are_killed_in_turn, "sixty-four": many}


def inside(case):
    ranks, kept = CASES[case]()
    with open("verdict", "w", encoding="utf-8") as verdict:
        json.dump({"kept": all(kept), "events": [event for rank in ranks for event in rank.events()],
                   "reports": [rank.report() for rank in ranks], "said": [rank.said for rank in ranks]}, verdict)


def served(ledger):
    """The joules that each device's counter showed, reading by reading."""
    values = {}
    for line in sorted(ledger, key=lambda line: line["at"]):
        if line["what"] == "read" and "error" not in line:
            device = line.get("gpu", DEVICES[0])
            joules = line["millijoules"] / 1e3 if "gpu" in line else line["microjoules"] / 1e6
            values.setdefault(device, []).append(joules)
    return values


def play(case, folder):
    os.makedirs(folder)
    got = subprocess.run([TESTBED, "run", "--ledger", "ledger", "two-gpus", "--", sys.executable, os.path.abspath(__file__),
                          case], cwd=folder, env={**os.environ, "XDG_STATE_HOME": folder}, check=False)
    check_equal(got.returncode, 0, f"{case}: played")
    with open(f"{folder}/verdict", encoding="utf-8") as verdict:
        told = json.load(verdict)
    with open(f"{folder}/ledger", encoding="utf-8") as lines:
        ledger = [json.loads(line) for line in lines]
    check(told["kept"], f"{case}: every command's exit status is kept")
    check_equal(sorted(event["tags"]["device_id"] for event in told["events"]), sorted(DEVICES),
                f"{case}: each device has one event, of all processes together")
    # Not always the very first and last value: who opens a meter looks at its counter,
    # before the first sample, or while another process takes the last one.
    truth = served(ledger)
    wrong = {}
    for event in told["events"]:
        device, counted = event["tags"]["device_id"], truth[event["tags"]["device_id"]]
        if not any(abs(last - first - event["quantity"]) < 1e-6 for first in counted[:2] for last in counted[-8:]):
            wrong[device] = event["quantity"], counted
    check_equal(wrong, {}, f"{case}: which is what the device counted from the first sample to one after the last end")
    codes = {(point["outcome"], point["code"]) for report in told["reports"] if not report.get("left_to_others")
             for point in report["points"]}
    check_equal(codes, {("measured", "simulated")}, f"{case}: and is plainly measured")
    left = [point["code"] for report in told["reports"] if report.get("left_to_others") for point in report["points"]]
    check(set(left) <= {"already-metered"}, f"{case}: the other reports say already-metered")
    check(sum("will report" in said for said in told["said"]) == len(told["said"]) - 1, f"{case}: and who tells")
    # Processes, not threads: how many opened NVML.
    return {line["pid"] for line in ledger if line["what"] == "read" and "gpu" in line}


# What launchers give to ranks: variables of all, CUDA_VISIBLE_DEVICES of each (None: not set), which of eight GPUs are then
# the run's, and which rank is killed. The first rank meters.
LISTS = {
    "wrapper": ({}, "01234567", "01234567", None),
    "mpirun": ({"OMPI_COMM_WORLD_LOCAL_SIZE": "2"}, "05", "05", None),
    "torchrun": ({"LOCAL_WORLD_SIZE": "2"}, ["2,3", "2,3"], "23", None),
    "torchrun-all": ({"LOCAL_WORLD_SIZE": "2"}, [None, None], "01234567", None),
    "srun": ({"SLURM_JOB_GPUS": "1,2,3", "SLURM_STEP_GPUS": "2,3"}, "01", "23", None),
    "alone": ({}, "3", "3", None),
    "one-has-none": ({}, ["", "5"], "5", None),
    "one-has-all": ({}, ["1", None], "01234567", None),
    "uuids": ({}, ["GPU-e3170003", "6"], "36", None),
    "killed": ({}, "014", "014", 2),
    "sampler-killed": ({}, "014", "014", 0),
}


def started(name):
    variables, lists, _, _ = LISTS[name]
    ranks = []
    for number, cuda in enumerate(lists):
        own = {} if cuda is None else {"CUDA_VISIBLE_DEVICES": cuda}
        ranks.append(Rank(name, number, XDG_STATE_HOME=os.path.abspath(name), **variables, **own))
        if number == 0:
            ranks[0].runs()
    return ranks


def lists():
    """The GPUs of the run that have an event, for each launcher."""
    jobs = {name: started(name) for name in LISTS}
    for name, ranks in jobs.items():
        for rank in ranks[1:]:
            rank.runs()
    time.sleep(0.3)  # more than an update of the GPUs' counters, and a look at the run's
    seen = {}
    for name, ranks in jobs.items():
        if LISTS[name][3] is not None:
            ranks.pop(LISTS[name][3]).kill()
            time.sleep(0.2)
        for rank in ranks:
            rank.end()
        indices = [event["tags"]["device_index"] for rank in ranks for event in rank.events() if event["tags"]["component"] == "gpu"]
        seen[name] = "".join(map(str, sorted(indices)))
    with open("seen", "w", encoding="utf-8") as text:
        json.dump(seen, text)


def play_lists(folder):
    os.makedirs(folder)
    subprocess.run([TESTBED, "run", "eight-gpus", "--", sys.executable, os.path.abspath(__file__), "lists"], cwd=folder, check=True)
    with open(f"{folder}/seen", encoding="utf-8") as text:
        seen = json.load(text)
    for name, (_, _, wanted, _) in LISTS.items():
        check_equal(seen[name], wanted, f"{name}: the GPUs of all ranks are the run's, each once")


def disjoint():
    """What each of three runs says of other runs, by device."""
    left = Rank("left", 0, CUDA_VISIBLE_DEVICES="0").runs()
    right = Rank("right", 0, CUDA_VISIBLE_DEVICES="1").runs()
    both = Rank("both", 0, CUDA_VISIBLE_DEVICES="0,1").runs() if sys.argv[2] == "both" else None
    late = Rank("left", 1, CUDA_VISIBLE_DEVICES="1").runs() if sys.argv[2] == "late" else None
    time.sleep(0.25)  # more than an update of the GPUs' counters
    seen = {}
    for rank in filter(None, (late, both, right, left)):
        rank.end()
        if rank is late:
            continue
        seen[rank.name[:-2]] = {event["tags"]["device_id"]: event["tags"].get("concurrent_runs", 0) for event in rank.events()}
    with open("seen", "w", encoding="utf-8") as text:
        json.dump(seen, text)


def play_disjoint(third, folder):
    os.makedirs(folder)
    subprocess.run([TESTBED, "run", "two-gpus", "--", sys.executable, os.path.abspath(__file__), "disjoint", third],
                   cwd=folder, env={**os.environ, "XDG_STATE_HOME": folder}, check=True)
    with open(f"{folder}/seen", encoding="utf-8") as text:
        return json.load(text)


if len(sys.argv) > 1:
    {"disjoint": disjoint, "lists": lists}.get(sys.argv[1], lambda: inside(sys.argv[1]))()
    sys.exit(0)
if not os.path.exists("/dev/fuse"):
    skip("ranks", "needs /dev/fuse")
    end()
with tempfile.TemporaryDirectory() as home:
    for case, readers in (("all-at-once", 4), ("staggered", 4), ("one-is-killed", 3), ("the-sampler-is-killed", 3),
                          ("the-sampler-is-killed-at-the-end", 3), ("the-samplers-are-killed-in-turn", 5), ("sixty-four", 12)):
        pids = play(case, os.path.join(home, case))
        check(len(pids) <= readers, f"{case}: {len(pids)} processes opened the GPUs")
    cpu, first, second = DEVICES
    check_equal(play_disjoint("none", os.path.join(home, "two")), {"left": {cpu: 1, first: 0}, "right": {cpu: 1, second: 0}},
                "runs on two GPUs share the socket, and no GPU")
    check_equal(play_disjoint("late", os.path.join(home, "late")),
                {"left": {cpu: 1, first: 0, second: 1}, "right": {cpu: 1, second: 1}}, "until a rank of the first lists the second's GPU")
    play_lists(os.path.join(home, "lists"))
    check_equal(play_disjoint("both", os.path.join(home, "three")),
                {"left": {cpu: 2, first: 1}, "right": {cpu: 2, second: 1}, "both": {cpu: 2, first: 1, second: 1}},
                "a third run on both GPUs shares each with one")
end()
