#!/usr/bin/python3
# The run lasts until the last process the command left behind: said at once,
# ended by a second Ctrl-C or --orphan-timeout, not done with --no-wait-orphans.
# The exit status stays the command's.
# SPDX-License-Identifier: Apache-2.0
import os
import pty
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from tap import EMIT, check, check_equal, end
from terminal import read_until

RUN = [EMIT, "run", "--meters", "none", "--no-outbox", "--quiet"]


def timed(*words):
    begin = time.monotonic()
    got = subprocess.run(RUN + list(words), capture_output=True, stdin=subprocess.DEVNULL)
    return got.returncode, time.monotonic() - begin, got.stderr.decode()


def leaves(seconds, status):
    """A command that leaves a grandchild in a session of its own, without our streams."""
    return ["--", "sh", "-c", f"setsid sh -c 'sleep {seconds}' >/dev/null 2>&1 & exit {status}"]


def without_terminal():
    status, seconds, said = timed(*leaves(0.5, 7))
    check_equal(status, 7, "the status is the command's")
    check(0.5 <= seconds < 20, f"the run lasts as long as the orphan ({seconds:.2f} s)")
    check("waiting for 1 process" in said, "it says that it waits, and for whom")

    status, seconds, said = timed("--no-wait-orphans", *leaves(10, 8))
    check(status == 8 and seconds < 9, "--no-wait-orphans ends with the command")
    check("not waited for" in said and "1 process" in said, "and says what lives on")

    status, seconds, said = timed("--orphan-timeout", "300ms", *leaves(10, 9))
    check(status == 9 and 0.3 <= seconds < 9, f"--orphan-timeout ends the wait ({seconds:.2f} s)")
    check("--orphan-timeout" in said and "still running: 1 process" in said, "and says what lives on")

    status, seconds, said = timed("--", "sh", "-c", "sleep 0.2 & wait; exit 3")
    check_equal((status, said), (3, ""), "a command that waits for its own children leaves nothing to say")

    emit = subprocess.Popen(RUN + leaves(15, 4), stderr=subprocess.PIPE)
    read_until(emit.stderr.fileno(), b"waiting", 20)
    begin = time.monotonic()
    emit.send_signal(signal.SIGTERM)
    status = emit.wait()
    check(status == 4 and time.monotonic() - begin < 20, "TERM, sent to emit while it waits, ends the wait")
    emit.stderr.close()


def on_a_terminal():
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvp(RUN[0], RUN + leaves(15, 6))
    said = read_until(terminal, b"waiting", 20)
    time.sleep(0.5)  # the orphan reaches its own session: this Ctrl-C is not for it
    begin = time.monotonic()
    os.write(terminal, b"\x03")
    time.sleep(0.3)
    check_equal(os.waitpid(pid, os.WNOHANG), (0, 0), "a first Ctrl-C does not end the wait")
    os.write(terminal, b"\x03")
    said += read_until(terminal, b"\0never", 3)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    os.close(terminal)
    check(status == 6 and time.monotonic() - begin < 20, "a second one does, with the command's status")
    check(b"still running: 1 process" in said, f"and says what lives on ({said[-90:]!r})")

    pid, terminal = pty.fork()
    if pid == 0:
        os.execvp(RUN[0], RUN + ["--", "sh", "-c", "setsid sleep 15 & echo ready; sleep 30"])
    said = read_until(terminal, b"ready", 20)
    time.sleep(0.5)
    os.write(terminal, b"\x03")
    said = read_until(terminal, b"waiting", 20)
    os.write(terminal, b"\x03")
    said += read_until(terminal, b"\0never", 3)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    os.close(terminal)
    check_equal(status, 130, "the first Ctrl-C ends the command, the second the wait")


without_terminal()
on_a_terminal()
end()
