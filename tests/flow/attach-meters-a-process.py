#!/usr/bin/python3
# emit attach meters until a process that it did not start has ended, or until it is
# told to end; the process notices nothing. What is metered is the ledger's, and the
# report says that the window began at attach. A process that cannot be waited for
# is one sentence.
# SPDX-License-Identifier: Apache-2.0
import json
import os
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from reachable import for_nobody
from tap import EMIT, check, check_equal, end, skip

TESTBED = os.environ["EMIT_TESTBED"]
NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all"]


def emit(*words, program=EMIT, before=()):
    return subprocess.run([*before, program, *words], capture_output=True, text=True)


def started(*words):
    """emit attach that has said whom it meters."""
    process = subprocess.Popen([EMIT, "attach", "--start-timeout", "20s", *words], stderr=subprocess.PIPE, text=True)
    return process, process.stderr.readline()


def served(device):
    with open("ledger", encoding="utf-8") as lines:
        reads = [json.loads(line) for line in lines]
    return [line["microjoules"] for line in reads if line["what"] == "read" and line["zone"] == device]


def refusals():
    gone = subprocess.Popen(["true"])
    gone.wait()
    mine = subprocess.Popen(["sleep", "60"])
    several = subprocess.Popen([sys.executable, "-c", "import threading, time; threading.Thread(target=time.sleep, "
                                "args=(60,)).start(); print('up', flush=True); time.sleep(60)"], stdout=subprocess.PIPE)
    several.stdout.readline()
    thread = max(int(name) for name in os.listdir(f"/proc/{several.pid}/task"))
    for words, status, said, what in [
            ([str(gone.pid)], 1, "there is no process", "a process that has ended"),
            (["0"], 2, "no process id", "no number of a process"),
            (["-7"], 2, "", "a negative number"),
            (["12x"], 2, "no process id", "a number with letters"),
            (["99999999999999999999"], 2, "no process id", "a number beyond all"),
            ([], 2, "name one process", "no process at all"),
            ([str(mine.pid), str(mine.pid)], 2, "name one process", "two processes"),
            ([str(thread)], 2, f"is a thread of process {several.pid}", "a thread"),
            (["--meters", "none", str(mine.pid)], 2, "nothing to do", "no meters")]:
        got = emit("attach", *words)
        check(got.returncode == status and said in got.stderr and got.stderr.count("\n") == 1,
              f"{what} is told in one sentence: {got.returncode} {got.stderr}")
    with open("/proc/2/stat", encoding="ascii") as stat:
        is_kernels = int(stat.read().rpartition(")")[2].split()[6]) & 0x200000
    if is_kernels:
        got = emit("attach", "2")
        check(got.returncode == 2 and "thread of the kernel" in got.stderr, f"a thread of the kernel: {got.stderr}")
    else:
        skip("a thread of the kernel", "none is seen here")
    mine.kill(), several.kill(), mine.wait(), several.wait()
    got = emit("run", "--quiet", "--no-outbox", "--", "sh", "-c", f"exec {EMIT} attach $$")
    check(got.returncode == 2 and "this emit itself" in got.stderr, f"itself: {got.stderr}")


def inside():
    before = {zone: len(served(zone)) for zone in ("intel-rapl:0", "intel-rapl:0:0")}
    job = subprocess.Popen(["sh", "-c", "read end; exit 7"], stdin=subprocess.PIPE)
    time.sleep(0.2)
    asked = time.monotonic()
    attach, said = started("--run-id", "attached", "--output", "events", "--report", "report", str(job.pid))
    attached = time.monotonic()
    time.sleep(0.8)
    least_ms = (time.monotonic() - attached) * 1000
    job.communicate(b"end\n")
    text = attach.stderr.read()
    most_ms = (time.monotonic() - asked) * 1000
    check_equal((attach.wait(), job.returncode), (0, 7), "emit ends with 0 when the process has ended, which ends as ever")
    check(f"process {job.pid} (sh -c read end; exit 7): 2 points metered" in said, f"it says whom it meters: {said}")
    with open("report", encoding="utf-8") as file:
        report = json.load(file)
    check_equal((report["exit"], report["command"]), (None, "sh -c read end; exit 7"), "the command is named, its status is not known")
    check("Metered from attach on" in text and "less than a second before" in text, f"the window begins at attach, and it is said: {text}")
    with open("events", encoding="utf-8") as file:
        events = {event["tags"]["device_id"]: event for event in map(json.loads, file)}
    check_equal(sorted(events), ["dram-0", "package-0"], "an event for each point")
    for device, zone in (("package-0", "intel-rapl:0"), ("dram-0", "intel-rapl:0:0")):
        counts = served(zone)[before[zone]:]
        check_equal(events[device]["quantity"], (counts[-1] - counts[0]) / 1e6, f"{device} is the ledger's last count minus its first")
        window = events[device]["tags"]["measurement_window_ms"]
        check(least_ms <= window <= most_ms + 1, f"{device}: the window is the time from attach to the end of the process: {window} ms")
    shown = emit("show", "attached").stdout
    check_equal(shown, text, "emit show prints the same")
    check_equal(emit("validate", "--strict", "events").returncode, 0, "the events keep the contract")

    job = subprocess.Popen(["sleep", "60"])
    for number in (signal.SIGINT, signal.SIGTERM):
        attach, _ = started("--json", "--interval", "50ms", str(job.pid))
        time.sleep(0.15)
        attach.send_signal(number)
        report = json.loads(attach.stderr.read())
        check_equal(attach.wait(), 0, f"{number.name} ends the metering")
        check(any(f"Process {job.pid} goes on" in note for note in report["notes"]), "the report says that the process goes on")
        check_equal({point["outcome"] for point in report["points"]}, {"measured"}, "what was metered counts")
    check_equal(job.poll(), None, "and it does go on")
    attach, _ = started("--run-id", "both", str(job.pid))
    emit("run", "--quiet", "--run-id", "both", "sleep", "0.2")
    attach.terminate(), attach.communicate()
    told = emit("show", "both").stdout
    check("2 tasks shared the run on this node: 1 exit 0, 1 not seen to end." in told, f"nobody claims to know how it ended: {told[:200]}")
    if os.geteuid() == 0:
        attach = subprocess.Popen([*NOBODY, for_nobody(EMIT), "attach", "--no-outbox", str(job.pid)],
                                  stderr=subprocess.PIPE, text=True, cwd="/")
        said = attach.stderr.readline()
        job.kill(), job.wait()
        text = attach.communicate()[1]
        check(attach.returncode == 0 and "0 points metered" in said and "setcap" in text,
              f"another user's process is waited for, and what is denied is told: {said} {text}")
    else:
        job.kill(), job.wait()
    refusals()
    check(os.environ["GPUS_SAID"].startswith("ok 1 "), f"on a node of eight GPUs: {os.environ['GPUS_SAID']}")
    end()


def inside_gpus():
    """Which GPUs are metered is for the environment of the process to say, not for emit's."""
    job = subprocess.Popen(["sleep", "60"], env=dict(os.environ, CUDA_VISIBLE_DEVICES="3"))
    attach = subprocess.Popen([EMIT, "attach", "--start-timeout", "20s", "--output", "of-gpus", str(job.pid)], stderr=subprocess.PIPE, text=True,
                              env=dict(os.environ, CUDA_VISIBLE_DEVICES="1"))
    attach.stderr.readline()
    time.sleep(0.5)
    job.kill(), job.wait(), attach.communicate()
    with open("of-gpus", encoding="utf-8") as lines:
        tags = [json.loads(line)["tags"] for line in lines]
    check_equal([tag["device_id"][-2:] for tag in tags if tag["component"] == "gpu"], ["03"], "the GPU of the process is metered, and no other")
    end()


if sys.argv[1:] == ["inside"]:
    inside()
if sys.argv[1:] == ["inside-gpus"]:
    inside_gpus()
if not os.path.exists("/dev/fuse"):
    skip("emit attach", "needs /dev/fuse")
    end()
with tempfile.TemporaryDirectory() as home:
    environment = dict(os.environ, XDG_STATE_HOME=home, HOME=home, EMIT_WORKSPACE_ID="ws_test")
    here = [sys.executable, os.path.abspath(__file__)]
    gpus = subprocess.run([TESTBED, "run", "eight-gpus", "--", *here, "inside-gpus"], check=False, cwd=home,
                          env=environment, capture_output=True, text=True)
    environment["GPUS_SAID"] = gpus.stdout + gpus.stderr
    got = subprocess.run([TESTBED, "run", "--ledger", "ledger", "steady", "--", *here, "inside"], check=False, cwd=home,
                         env=environment)
sys.exit(got.returncode)
