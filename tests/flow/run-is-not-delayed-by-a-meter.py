#!/usr/bin/python3
# A meter that does not answer delays neither the start of the command nor its
# end, and costs no status: what was not read in time is late, or timed out. The
# meter is the test bed's file system, which is stopped and continued.
# SPDX-License-Identifier: Apache-2.0
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from pressure import stalled_s
from tap import EMIT, check, check_equal, end, skip

TESTBED = os.environ.get("EMIT_TESTBED", "")


def run(seconds, *options):
    """Returns the delay of the start and of the end beside what the machine was busy, the status, the outcomes of the default
    set, what was said, and when the command started."""
    code = f"import time; print(time.monotonic(), flush=True); time.sleep({seconds}); " \
           "print(time.monotonic(), flush=True); raise SystemExit(5)"
    begin, stalled = time.monotonic(), stalled_s()
    got = subprocess.run([EMIT, "run", "--sysfs-root", sys.argv[2], "--interval", "50ms", "--json", *options,
                          "--", sys.executable, "-S", "-c", code], capture_output=True, text=True)
    over, stalled = time.monotonic(), stalled_s() - stalled
    started, ended = (float(line) for line in got.stdout.split())
    try:
        report = json.loads(got.stderr.splitlines()[-1])
        points = {(point["outcome"], point.get("code")) for point in report["points"]
                  if point["outcome"] in ("measured", "partial", "refused") and point.get("code") != "denied"}
    except (IndexError, ValueError):
        points = set()
    return started - begin - stalled, over - ended - stalled, got.returncode, points, got.stderr, started


def states(server):
    found = set()
    for task in os.listdir(f"/proc/{server}/task"):
        with open(f"/proc/{server}/task/{task}/stat") as stat:
            found.add(stat.read().rsplit(")", 1)[1].split()[0])
    return found


rescues = []


class Traffic:
    """Counts the requests that the file system has not answered, by the kernel's own account."""

    def __init__(self, folder):
        control = os.path.join(os.environ["XDG_STATE_HOME"], "fusectl")
        os.mkdir(control)
        subprocess.run(["mount", "-t", "fusectl", "none", control], capture_output=True, check=False)
        self.waiting = os.path.join(control, str(os.minor(os.stat(folder).st_dev)), "waiting")

    def in_flight(self):
        if not os.path.exists(self.waiting):
            return 0  # the kernel does not say
        with open(self.waiting, encoding="ascii") as waiting:
            return int(waiting.read())


def stop(server, traffic):
    """Stops it while it has nothing to answer: a request that it has taken and does not
    answer cannot be killed, and no process that waits for it could end."""
    while True:
        os.kill(server, signal.SIGSTOP)
        while states(server) != {"T"}:
            time.sleep(0.001)
        if traffic.in_flight() == 0:
            break
        os.kill(server, signal.SIGCONT)
        time.sleep(0.003)
    # Whatever goes wrong, nothing hangs for ever.
    for rescue in rescues:
        rescue.cancel()
    rescues.append(threading.Timer(8, os.kill, (server, signal.SIGCONT)))
    rescues[-1].daemon = True
    rescues[-1].start()


def inside():
    server = os.getppid()
    traffic = Traffic(sys.argv[2])
    _, _, status, points, said, _ = run(0.3)
    check(points == {("measured", None)} or points == {("measured", "simulated")},
          f"while the meter answers, everything is measured: {points}")

    stop(server, traffic)
    start, finish, status, points, said, _ = run(0.3)
    os.kill(server, signal.SIGCONT)
    check(start < 1, f"never answers: the command starts in time ({start:.3f} s)")
    check(finish < 2, f"and emit ends in time ({finish:.3f} s)")
    check_equal(status, 5, "with the command's status")
    check("not" in said and "answer" in said, f"and says what was not metered: {said.strip()[:120]}")

    # A machine may be too slow to start a command before the answer comes, or to read all counters between the answer and the
    # end of the command: then both come later.
    for answers_s, goes_on_s in ((0.6, 0.9), (2, 3), (5, 8)):
        stop(server, traffic)
        answers = time.monotonic() + answers_s
        threading.Timer(answers_s, os.kill, (server, signal.SIGCONT)).start()
        start, finish, status, points, said, started = run(answers_s + goes_on_s)
        if started < answers and ("partial", "late") in points:
            break
    check(start < 0.55, f"answers late: the command starts before it does ({start:.3f} s)")
    check({kind for kind, _ in points} == {"partial"} and ("partial", "late") in points,
          f"and the points are late: {points}")
    check_equal(status, 5, "with the command's status")

    for stops_s in (0.5, 2, 5):  # nor does it stop before there was something to read
        stops = time.monotonic() + stops_s
        timer = threading.Timer(stops_s, stop, (server, traffic))
        timer.start()
        start, finish, status, points, said, started = run(stops_s + 0.5)
        timer.join()
        os.kill(server, signal.SIGCONT)
        if started + 0.2 < stops:
            break
    check(finish < 2, f"stops answering: emit ends in time ({finish:.3f} s)")
    check({kind for kind, _ in points} <= {"partial", "refused"} and ("partial", "timeout") in points,
          f"and the points say timeout: {points}")
    check_equal(status, 5, "with the command's status")

    stop(server, traffic)
    mark = os.path.join(os.environ["XDG_STATE_HOME"], "ran")
    emit = subprocess.Popen([EMIT, "run", "--sysfs-root", sys.argv[2], "--start-timeout", "1s", "--", "touch", mark],
                            stderr=subprocess.PIPE, text=True)
    time.sleep(0.4)
    emit.send_signal(signal.SIGTERM)
    said = emit.communicate()[1]
    os.kill(server, signal.SIGCONT)
    check(emit.returncode == 143 and not os.path.exists(mark),
          f"TERM before the command is started keeps it from starting: {emit.returncode} {said.strip()}")

    stop(server, traffic)
    mark = os.path.join(os.environ["XDG_STATE_HOME"], "ran")
    got = subprocess.run([EMIT, "run", "--sysfs-root", sys.argv[2], "--require-measured", "--", "touch", mark],
                         capture_output=True, text=True)
    os.kill(server, signal.SIGCONT)
    check(got.returncode == 125 and not os.path.exists(mark),
          f"--require-measured does not start without a meter: {got.stderr.strip()}")
    said = os.environ["SLOW_SAID"]
    for line in said.splitlines():
        if line.startswith(("ok ", "not ok ")):
            check(line.startswith("ok "), "slow driver: " + line.split(" - ", 1)[1])
    check("\n1..10\n" in said, f"slow driver: all of that was looked at {'' if '1..10' in said else said[-500:]}")
    end()


def slow_driver():
    """NVML takes half a second to start, for every process anew: who starts a command or a run waits for half of that."""
    ran = os.environ["XDG_STATE_HOME"] + "-ran"

    def wait(*words):
        begin, stalled = time.time(), stalled_s()
        got = subprocess.run([EMIT, *words], capture_output=True, text=True)
        begin += stalled_s() - stalled
        check_equal(got.returncode, 0, f"{words[0]}: goes well {got.stderr[-200:] if got.returncode else ''}")
        return got.stderr, (os.stat(ran).st_mtime if "touch" in words else time.time()) - begin

    report, waited = wait("run", "--run-id", "alone", "--", "touch", ran)
    check(waited < 0.4, f"a run starts in time ({waited:.3f} s)")
    said, waited = wait("begin", "--run-id", "job")
    check(waited < 0.4, f"and emit begin returns in time ({waited:.3f} s)")
    report, waited = wait("run", "--run-id", "job", "--", "touch", ran)
    check(waited < 0.4, f"a rank waits no longer ({waited:.3f} s)")
    time.sleep(0.6)
    report, _ = wait("end", "--run-id", "job")
    check(" late " in report and "did not answer" not in report, "what came late was metered, and nobody says otherwise")
    script = f"sleep 0.7; date +%s.%N; {EMIT} run --run-id outer --phase inner -- sh -c 'touch {ran}; sleep 0.1'"
    stalled = stalled_s()
    outer = subprocess.run([EMIT, "run", "-q", "--run-id", "outer", "--", "sh", "-c", script], capture_output=True, text=True)
    waited = os.stat(ran).st_mtime - float(outer.stdout) - (stalled_s() - stalled)
    check(waited < 0.4, f"nor does a run inside another one ({waited:.3f} s)")
    shown = subprocess.run([EMIT, "show", "outer"], capture_output=True, text=True).stdout
    check("inner " in shown and ">= " in shown, f"whose phase lacks the GPU, and says so: {shown[-600:]}")
    end()


if sys.argv[1:] == ["slow"]:
    slow_driver()
if len(sys.argv) > 1:
    inside()
with tempfile.TemporaryDirectory() as home:
    folder = os.path.join(home, "sys")
    os.mkdir(folder)
    os.environ["XDG_STATE_HOME"] = home
    trial = subprocess.run([TESTBED, "run", "--mount", folder, "demo", "--", "true"], capture_output=True, text=True)
    if trial.returncode != 0:
        skip("a meter that does not answer", f"no FUSE here: {trial.stderr.strip()[:100]}")
        end()
    slow = subprocess.run([TESTBED, "run", "nvml-slow", "--", sys.executable, __file__, "slow"], capture_output=True, text=True,
                          env={**os.environ, "XDG_STATE_HOME": os.path.join(home, "slow"), "EMIT_WORKSPACE_ID": "ws_test"})
    os.environ["SLOW_SAID"] = slow.stdout + slow.stderr
    status = subprocess.run([TESTBED, "run", "--mount", folder, "demo", "--", sys.executable, __file__, "inside",
                             folder]).returncode
    sys.exit(status)
