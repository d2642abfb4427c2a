#!/usr/bin/python3
# Signals sent to emit reach the command once; a terminal's Ctrl-C is not
# doubled; stopping, continuing and nohup work as without emit.
# SPDX-License-Identifier: Apache-2.0
import os
import pty
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from tap import EMIT, check, check_equal, end
from terminal import read_until

RUN = [EMIT, "run", "--meters", "none", "--no-outbox", "--quiet", "--"]

# Counts what it gets; says so when it ends on TERM or after the stdin line.
COUNTER = r"""
import os, signal, sys, time
seen = []
for name in sys.argv[1:]:
    signal.signal(getattr(signal, name), lambda n, f: seen.append(signal.Signals(n).name))
os.write(1, b"ready\n")
end = time.monotonic() + 10
while not seen and time.monotonic() < end:
    time.sleep(0.01)
time.sleep(0.15)
os.write(1, (" ".join(seen) + "\n").encode())
"""


def state_of(pid):
    with open(f"/proc/{pid}/stat") as stat:
        return stat.read().rsplit(")", 1)[1].split()[0]


def wait_state(pid, wanted, seconds=5.0):
    end_at = time.monotonic() + seconds
    while time.monotonic() < end_at:
        if state_of(pid) in wanted:
            return True
        time.sleep(0.01)
    return False


def child_of(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as children:
        return int(children.read().split()[0])


def sent_to_emit():
    for name in ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2"]:
        emit = subprocess.Popen(RUN + [sys.executable, "-c", COUNTER, name], stdout=subprocess.PIPE)
        read_until(emit.stdout.fileno(), b"ready\n")
        emit.send_signal(getattr(signal, name))
        rest = emit.stdout.read()
        check_equal((rest, emit.wait()), (name.encode() + b"\n", 0), f"{name} arrives once")
        emit.stdout.close()
    emit = subprocess.Popen(RUN + ["sleep", "30"])
    time.sleep(0.2)
    emit.send_signal(signal.SIGTERM)
    check_equal(emit.wait(), 143, "a command that does not handle TERM ends, and emit says 143")


def stop_and_continue():
    emit = subprocess.Popen(RUN + ["sleep", "1"], preexec_fn=os.setpgrp)
    time.sleep(0.2)
    command = child_of(emit.pid)
    emit.send_signal(signal.SIGTSTP)
    check(wait_state(command, "T"), "TSTP sent to emit stops the command")
    check(wait_state(emit.pid, "T"), "and emit with it")
    emit.send_signal(signal.SIGCONT)
    check(wait_state(command, "SR"), "CONT sent to emit continues the command")
    check_equal(emit.wait(), 0, "and both go on to the end")

    emit = subprocess.Popen(RUN + ["sleep", "1"], preexec_fn=os.setpgrp)
    time.sleep(0.2)
    command = child_of(emit.pid)
    os.kill(command, signal.SIGSTOP)
    check(wait_state(command, "T") and not wait_state(emit.pid, "T", 0.3),
          "a SIGSTOP for the command alone does not stop emit, which nobody would continue")
    os.kill(command, signal.SIGCONT)
    check_equal(emit.wait(), 0, "and the command goes on")


def in_terminal(command, ready, *steps):
    """Runs command on a terminal; steps are bytes to type or functions of its pid."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvp(command[0], command)
    output = read_until(terminal, ready)
    for step in steps:
        if callable(step):
            step(pid)
        else:
            os.write(terminal, step)
        time.sleep(0.2)
    output += read_until(terminal, b"\0never", 3.0)
    status = os.waitpid(pid, 0)[1]
    os.close(terminal)
    return output, os.waitstatus_to_exitcode(status)


def on_a_terminal():
    output, status = in_terminal(RUN + [sys.executable, "-c", COUNTER, "SIGINT"], b"ready\r\n", b"\x03")
    check(output.endswith(b"SIGINT\r\n") and b"SIGINT SIGINT" not in output,
          f"Ctrl-C reaches the command once ({output[-40:]!r})")
    own_group = "import os; os.setpgid(0, 0)\n" + COUNTER
    output, status = in_terminal(RUN + [sys.executable, "-c", own_group, "SIGINT"], b"ready\r\n", b"\x03")
    check(output.endswith(b"SIGINT\r\n"), "Ctrl-C reaches a command in a group of its own too")

    shell = ["bash", "--norc", "--noprofile", "-i"]
    command = " ".join(RUN) + " sleep 1\n"
    output, status = in_terminal(
        shell, b"bash-", b"PS1=; stty -echo\n", command.encode(), b"\x1a", b"jobs\n", b"fg\n",
        lambda pid: time.sleep(1), b"echo status=$?\n", b"exit 0\n")
    check(b"Stopped" in output, "Ctrl-Z stops the job, and the shell sees it")
    check(b"status=0" in output, "fg continues it to its end")


def with_nohup():
    emit = subprocess.Popen(["nohup"] + RUN + ["sh", "-c", "sleep 0.6; exit 6"],
                            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL)
    time.sleep(0.3)
    emit.send_signal(signal.SIGHUP)
    check_equal(emit.wait(), 6, "under nohup a hang-up reaches neither emit nor the command")


def when_the_terminal_hangs_up():
    with tempfile.TemporaryDirectory() as scratch:
        seen = os.path.join(scratch, "seen")
        tell = COUNTER + f"open({seen!r}, 'w').write(' '.join(seen))\n"
        pid, terminal = pty.fork()  # emit leads the session: the hang-up comes to it alone
        if pid == 0:
            os.execvp(RUN[0], RUN + [sys.executable, "-c", tell.replace("os.write(1, (", "((" ), "SIGHUP"])
        read_until(terminal, b"ready")
        os.close(terminal)
        check_equal(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 0, "emit ends after its command")
        with open(seen) as file:
            check_equal(file.read().split()[:1], ["SIGHUP"], "a hang-up reaches the command")


# A shell starts what runs in the background with INT and QUIT ignored, and emit
# keeps to what it inherits: begin from the defaults, whoever runs this test.
for each in (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2, signal.SIGTSTP):
    signal.signal(each, signal.SIG_DFL)
signal.signal(signal.SIGINT, signal.default_int_handler)
sent_to_emit()
stop_and_continue()
on_a_terminal()
with_nohup()
when_the_terminal_hangs_up()
end()
