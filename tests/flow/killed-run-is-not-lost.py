#!/usr/bin/python3
# emit is killed in mid-run: the next command that opens the store finds the run
# file and makes honest events of it. A run that is only stopped is left alone.
# SPDX-License-Identifier: Apache-2.0
import json
import os
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from tap import EMIT, check, check_equal, end
from zones import Machine, Mover

scratch = tempfile.TemporaryDirectory()
home = scratch.name
machine = Machine(os.path.join(home, "sys"))
environment = {"PATH": os.environ["PATH"], "HOME": home, "XDG_STATE_HOME": os.path.join(home, "state")}
runs = os.path.join(home, "state", "emit", "runs")


def start(run_id):
    emit = subprocess.Popen([EMIT, "run", "--sysfs-root", machine.root, "--interval", "50ms", "--run-id", run_id,
                             "--", "sleep", "30"], env=environment, stdin=subprocess.DEVNULL,
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    commands = []
    while not commands and emit.poll() is None:
        time.sleep(0.01)
        with open(f"/proc/{emit.pid}/task/{emit.pid}/children") as children:
            commands = children.read().split()
    time.sleep(0.6)
    return emit, int(commands[0])


def stored(run_id):
    got = subprocess.run([EMIT, "outbox", "list", "--run", run_id, "--json"], capture_output=True, text=True,
                         env=environment)
    events = []
    for line in got.stdout.splitlines():
        entry = json.loads(line)
        event = entry.get("event", entry)
        if event.get("kind") == "emit:energy_meter_recorded":
            events.append(event)
    return events


def any_command():
    return subprocess.run([EMIT, "run", "--sysfs-root", machine.root, "--", "sleep", "0.05"], env=environment,
                          capture_output=True, text=True)


mover = Mover(machine)
begun = time.monotonic()
emit, command = start("run_killed")
emit.send_signal(signal.SIGKILL)
emit.wait()
lived = time.monotonic() - begun
os.kill(command, signal.SIGTERM)
check_equal(len(os.listdir(runs)), 1, "the killed run left its file")
check_equal(any_command().returncode, 0, "another command runs")
check_equal(os.listdir(runs), [], "and closed the file")
events = stored("run_killed")
check_equal(sorted(event["tags"]["device_id"] for event in events), ["dram-0", "package-0"],
            "the killed run has an event for each point")
for event in events:
    seconds = event["tags"]["measurement_window_ms"] / 1000
    off = 0.2 * 50 * seconds + 2 * 50 * mover.longest_s
    # It ended before the sample that was due next, 50 ms after its last one.
    check(0.3 - mover.longest_s < seconds <= lived + 0.051 and abs(event["quantity"] - 50 * seconds) < off,
          f"{event['tags']['device_id']}: {event['quantity']} J in {seconds} of {lived:.3f} s at 50 W, {off:.1f} J allowed")

emit, command = start("run_stopped")
emit.send_signal(signal.SIGSTOP)
any_command()
check_equal(len(os.listdir(runs)), 1, "a stopped run is not a dead one: its file is left alone")
check_equal(stored("run_stopped"), [], "and nothing is told of it yet")
emit.send_signal(signal.SIGCONT)
os.kill(command, signal.SIGTERM)
check_equal(emit.wait(), 143, "it goes on and ends with its command")
check_equal(len(stored("run_stopped")), 2, "with its events")
check_equal(os.listdir(runs), [], "and leaves no file")
mover.stop()
scratch.cleanup()
end()
