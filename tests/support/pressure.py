# How busy the machine is, as the kernel tells it. A limit in time that emit keeps on an
# idle machine is kept on a busy one beside what somebody has waited there.
# SPDX-License-Identifier: Apache-2.0
import os
import re


# For how long since the machine began somebody has waited for a processor or a disk; 0
# where the kernel does not tell.
def stalled_s():
    total = 0
    for what in ("cpu", "io"):
        if os.path.exists(f"/proc/pressure/{what}"):
            with open(f"/proc/pressure/{what}", encoding="ascii") as told:
                total += int(re.search(r"some .*total=(\d+)", told.read()).group(1)) / 1e6
    return total
