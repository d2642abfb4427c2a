#!/usr/bin/python3
# A thousand runs, metered, leave no file but the store's own, and no process.
# SPDX-License-Identifier: Apache-2.0
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from tap import EMIT, check, check_equal, end
from zones import Machine

RUNS = 1000
with tempfile.TemporaryDirectory() as home:
    machine = Machine(os.path.join(home, "sys"))
    state = os.path.join(home, "state")
    environment = {"PATH": os.environ["PATH"], "HOME": home, "TMPDIR": home, "XDG_STATE_HOME": state}

    def files():
        return sorted(os.path.relpath(os.path.join(folder, name), home)
                      for folder, _, names in os.walk(home) for name in names)

    def run():
        return subprocess.run([EMIT, "run", "-q", "--sysfs-root", machine.root, "--", "true"], env=environment,
                              stderr=subprocess.PIPE).returncode

    run()
    before = files()
    failed = sum(run() != 0 for _ in range(RUNS))
    check_equal(failed, 0, f"{RUNS} runs succeed")
    check_equal(files(), before, "no file more than after the first")
    check_equal(os.listdir(os.path.join(state, "emit", "runs")), [], "no run file is left")
    stats = subprocess.run([EMIT, "outbox", "stats"], env=environment, capture_output=True, text=True).stdout
    check(f"reports      {RUNS + 1}" in stats, "and every run is in the store")
end()
