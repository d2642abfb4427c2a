# Reading from a pipe or a terminal until it says what is waited for.
# SPDX-License-Identifier: Apache-2.0
import os
import select
import time


def read_until(descriptor, wanted, seconds=10.0):
    """What came until `wanted` was in it, the time was over, or the other end closed."""
    data = b""
    end_at = time.monotonic() + seconds
    while wanted not in data and time.monotonic() < end_at:
        if select.select([descriptor], [], [], 0.05)[0]:
            try:
                got = os.read(descriptor, 4096)
            except OSError:
                break
            if not got:
                break
            data += got
    return data
