#!/usr/bin/python3
# The live line stands on the last row of a terminal, is gone when the command
# ends, and is never drawn anywhere else.
# SPDX-License-Identifier: Apache-2.0
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import tempfile
import termios
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from tap import EMIT, check, end
from zones import Machine, Mover


def on_terminal(words, terminal_name="xterm", rows=24):
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ["TERM"] = terminal_name
        fcntl.ioctl(2, termios.TIOCSWINSZ, struct.pack("HHHH", rows, 80, 0, 0))
        os.execv(words[0], words)
    seen, end_at = b"", time.monotonic() + 15
    while time.monotonic() < end_at:
        if select.select([terminal], [], [], 0.1)[0]:
            try:
                got = os.read(terminal, 4096)
            except OSError:
                break
            if not got:
                break
            seen += got
    os.waitpid(pid, 0)
    os.close(terminal)
    return seen.decode("utf8", "replace")


with tempfile.TemporaryDirectory() as home:
    machine = Machine(os.path.join(home, "sys"))
    os.environ["XDG_STATE_HOME"] = home
    mover = Mover(machine)
    run = [EMIT, "run", "--interval", "200ms", "--sysfs-root", machine.root]
    command = ["--", "sh", "-c", "sleep 1.3; echo said; sleep 1"]

    seen = on_terminal(run + command)
    line = re.search(r"\x1b7\x1b\[24;1H\x1b\[2Kemit  0:01  cpu (\d+) W  dram (\d+) W  sum (\d+) W  [\d.]+ J  2/2 points\x1b8",
                     seen)
    check(line, f"a line with watts, joules and points on the last row ({seen[:160]!r})")
    if line:
        cpu, dram, both = (int(text) for text in line.groups())
        # Between two samples, 200 ms apart: what the counters had not shown of it yet, or showed too late.
        off = 15 + 50 * mover.longest_s / 0.2
        check(abs(cpu - 50) < off and abs(cpu + dram - both) <= 1, f"{cpu} W, {dram} W, {both} W at 50 W each, {off:.0f} W allowed")
    gone = seen.rfind("\x1b[r\x1b[24;1H\x1b[2K")
    check(gone > seen.rfind("0:0") and gone < seen.find("emit: "), "it is erased before the report is printed")
    check(seen.count("\x1b[r") == 1, "and the terminal scrolls as before")

    seen = on_terminal(run + ["--quiet"] + command)
    check(seen == "said\r\n", f"--quiet: nothing between or after the command's output ({seen!r})")
    for name, rows in [("dumb", 24), ("xterm", 3)]:
        seen = on_terminal(run + command, name, rows)
        check("\x1b" not in seen and "said" in seen, f"no line on a {name} terminal of {rows} rows")
    seen = on_terminal(run + ["--", "sh", "-c", "stty raw; sleep 1.5; stty sane"])
    check("\x1b[24;1H" not in seen, "no line while a command has the terminal for itself")
    got = subprocess.run(run + command, capture_output=True, text=True)
    check("\x1b" not in got.stderr and got.stdout == "said\n", "no line where stderr is no terminal")
    mover.stop()
end()
