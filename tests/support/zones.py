# A machine of plain files: class/powercap with zones whose counters the test, or
# the command under test, moves. Every number has one width and is written in
# place, so that a reader never sees half of one.
# SPDX-License-Identifier: Apache-2.0
import os
import threading
import time

WIDTH = 12
# What a command moves a counter with: `sh -c "$ADD"` style helpers would truncate.
MOVE = r"""
import os, time
class Zone:
    def __init__(self, root, entry):
        self.file = os.open(f"{root}/class/powercap/{entry}/energy_uj", os.O_RDWR)
    def add(self, joules):
        self.move(round(joules * 1000000))
    def move(self, counts):
        os.pwrite(self.file, b"%012d\n" % (int(os.pread(self.file, 32, 0)) + counts), 0)
    # Spends joules evenly over the seconds, so that the counter moves as a real one does.
    def spend(self, joules, seconds):
        steps = max(1, round(seconds / 0.002))
        whole = round(joules * 1000000)
        for i in range(steps):
            self.move(whole * (i + 1) // steps - whole * i // steps)
            time.sleep(seconds / steps)
"""


class Machine:
    def __init__(self, root, zones=(("intel-rapl:0", "package-0"), ("intel-rapl:0:0", "dram"))):
        self.root = root
        self.entries = [entry for entry, _ in zones]
        for entry, name in zones:
            folder = os.path.join(root, "class", "powercap", entry)
            os.makedirs(folder)
            for file, text in [("name", name), ("max_energy_range_uj", "262143328850"),
                               ("energy_uj", f"{123456789:0{WIDTH}d}")]:
                with open(os.path.join(folder, file), "w") as out:
                    out.write(text + "\n")


class Mover(threading.Thread):
    """Moves every counter by `watts` until stopped, every two milliseconds."""

    def __init__(self, machine, watts=50):
        super().__init__(daemon=True)
        self.files = [os.open(f"{machine.root}/class/powercap/{entry}/energy_uj", os.O_RDWR)
                      for entry in machine.entries]
        self.counts = [int(os.pread(file, 32, 0)) for file in self.files]
        self.watts = watts
        self.longest_s = 0  # for which the counters stood still, on a machine that is busy
        self.stopped = threading.Event()
        self.start()

    def run(self):
        before = time.monotonic()
        while not self.stopped.wait(0.002):
            now = time.monotonic()
            self.longest_s = max(self.longest_s, now - before)
            for i, file in enumerate(self.files):
                self.counts[i] += round((now - before) * self.watts * 1000000)
                os.pwrite(file, b"%012d\n" % self.counts[i], 0)
            before = now

    def stop(self):
        self.stopped.set()
        self.join()
        for file in self.files:
            os.close(file)
