#!/usr/bin/python3
# A run that root began is seen by every user of the node: a user's emit run of the
# same name meters nothing a second time, one of another name says that it was not
# alone. What users may see is a copy: they hold up nothing, and a run whose process
# died is no run.
# SPDX-License-Identifier: Apache-2.0
import fcntl
import json
import os
import signal
import stat
import struct
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from reachable import for_nobody
from tap import EMIT, check, check_equal, end, skip
from zones import Machine, Mover

if os.geteuid() != 0:
    skip("root's runs", "not root here")
    end()
NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all"]
scratch = tempfile.TemporaryDirectory()
home = scratch.name
os.chmod(home, 0o755)
node = os.path.join(home, "run", "emit", "runs")
machine = Machine(os.path.join(home, "sys"))
METERS = ["--sysfs-root", machine.root]


def environment(user):
    folder = os.path.join(home, user)
    if not os.path.isdir(folder):
        os.mkdir(folder, 0o700)
        if user != "root":
            os.chown(folder, 65534, 65534)
    return {"PATH": os.environ["PATH"], "HOME": folder, "XDG_STATE_HOME": folder, "EMIT_NODE_RUNS": node, "EMIT_WORKSPACE_ID": "ws_test"}


def root(*words):
    got = subprocess.run([EMIT, *words], env=environment("root"), capture_output=True, text=True)
    check(got.returncode == 0, f"root: emit {words[0]} {got.stderr.strip()[:60]}")
    return got.stderr


def user(run_id, seconds="0.1"):
    """A user's emit run: its report, and what it printed."""
    folder = os.path.join(home, "user")
    words = [*NOBODY, for_nobody(EMIT), "run", *METERS, "--run-id", run_id, "--report", f"{folder}/{run_id}", "--", "sh", "-c",
             f"sleep {seconds}; exit 7"]
    got = subprocess.run(words, env=environment("user"), cwd="/", capture_output=True, text=True)
    check_equal(got.returncode, 7, f"a user's run {run_id} keeps its status")
    with open(f"{folder}/{run_id}", encoding="utf-8") as text:
        return json.load(text), got.stderr


def events(user_name, run_id):
    before = NOBODY if user_name == "user" else []
    got = subprocess.run([*before, for_nobody(EMIT), "outbox", "list", "--run", run_id, "--json"], cwd="/", env=environment(user_name),
                         capture_output=True, text=True)
    told = [json.loads(line) for line in got.stdout.splitlines()]
    told = [entry.get("event", entry) for entry in told]
    return [event for event in told if event.get("kind") == "emit:energy_meter_recorded"]


def codes(report):
    return {(point["outcome"], point["code"]) for point in report["points"]}


environment("user")
mover = Mover(machine)
root("begin", "--run-id", "job", *METERS)
shown = os.listdir(node)
check_equal(len(shown), 1, "root's run is shown on the node")
path = os.path.join(node, shown[0])
check_equal((stat.S_IMODE(os.stat(path).st_mode), stat.S_IMODE(os.stat(node).st_mode)), (0o644, 0o755), "for everybody to read")

time.sleep(1.2)
report, said = user("job")
check_equal(codes(report), {("excluded", "already-metered")}, "a rank of it meters nothing a second time")
check("Metered by the run that root began" in said and "J by now" in said, f"and says who does: {said.strip()[-160:]}")
check_equal(events("user", "job"), [], "without an event of its own")
got = subprocess.run([*NOBODY, for_nobody(EMIT), "mark", "--run-id", "job", "x"], env=environment("user"), cwd="/", capture_output=True, text=True)
check(got.returncode == 2 and "metered by root, who alone can mark it" in got.stderr, f"nor can a user mark it, which is said: {got.stderr}")

report, said = user("other")
check_equal({point.get("concurrent_runs", 0) for point in report["points"]}, {1}, "a run of another name was not alone")
check_equal({event["tags"].get("concurrent_runs") for event in events("user", "other")}, {1}, "and its events say so")

# A user who may read the copy may lock it for reading, and nothing comes of it.
with open(path, "rb") as copy:
    try:
        fcntl.fcntl(copy, 37, struct.pack("hhqqi4x", fcntl.F_RDLCK, os.SEEK_SET, 1, 0, 0))  # F_OFD_SETLK
    except OSError:
        pass
    root("end", "--run-id", "job")
check_equal(sorted(event["tags"]["device_id"] for event in events("root", "job")), ["dram-0", "package-0"], "root's run has its events")
check_equal(os.listdir(node), [], "and is shown no longer")
report, said = user("alone")
check_equal({point.get("concurrent_runs", 0) for point in report["points"]}, {0}, "then a user's run is alone")

dies = f"dies-{os.getpid()}"  # ps shows everybody's
root("begin", "--run-id", dies, *METERS)
pids = subprocess.run(["pgrep", "-f", f"^emit begin {dies}"], capture_output=True, text=True).stdout.split()
check_equal(len(pids), 1, "a process meters it")
os.kill(int(pids[0]), signal.SIGKILL)
time.sleep(0.1)
report, said = user(dies)
check("measured" in {outcome for outcome, _ in codes(report)}, "a run whose process died meters for nobody")
root("begin", "--run-id", "next", *METERS)
check_equal([name.split("@")[0] for name in os.listdir(node)], ["next"], "and root's next run takes its copy away")
shown = os.listdir(node)[0]
with open(os.path.join(node, shown), "rb") as copy:
    true_copy = copy.read()
root("end", "--run-id", "next")

# What is another user's is not believed, in whatever folder: it could end under our eyes,
# or keep us from metering. Not even when it is a true copy, and its writer lives.
PLANT = """
import fcntl, os, struct, sys
copy = os.open(sys.argv[1], os.O_RDWR)
fcntl.fcntl(copy, 37, struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0))  # F_OFD_SETLK
print("planted", flush=True)
while len(sys.argv) > 2:
    os.ftruncate(copy, 0)
    os.pwrite(copy, bytes.fromhex(sys.argv[2]), 0)
sys.stdin.read()
"""


def planted(owner_of_folder, owner_of_copy, *content):
    """Root's runs beside a copy that a process of its owner has locked."""
    path = os.path.join(node, shown)
    os.chown(node, owner_of_folder, -1)
    with open(path, "wb") as copy:
        copy.write(true_copy)
    os.chown(path, owner_of_copy, -1)
    planter = subprocess.Popen([*(NOBODY if owner_of_copy else []), sys.executable, "-c", PLANT, path, *content], cwd="/",
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    planter.stdout.readline()
    told = []
    for run_id in ("next", "another"):
        got = subprocess.run([EMIT, "run", *METERS, "--run-id", run_id, "--report", f"{home}/told", "--", "sleep", "0.05"],
                             env=environment("root"), capture_output=True, text=True)
        with open(f"{home}/told", encoding="utf-8") as text:
            report = json.load(text)
        told.append((got.returncode, {outcome for outcome, _ in codes(report)}, report["points"][0].get("concurrent_runs", 0)))
    planter.kill()
    planter.communicate()
    return told


ALONE = [(0, {"measured"}, 0)] * 2
check_equal(planted(0, 0), [(0, {"excluded"}, 0), (0, {"measured"}, 1)], "root's own copy is believed")
check_equal(planted(0, 65534), ALONE, "another user's copy is not")
check_equal(planted(65534, 0), ALONE, "nor any in another user's folder")
check_equal(planted(0, 65534, true_copy.hex()), ALONE, "nor one that is cut off again and again")
mover.stop()
scratch.cleanup()
end()
