#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Syncs of a durable commit, counted by strace, opening and closing included.

usage: append_syncs.py BENCH
Exits 1 above the bound, 77 where strace cannot trace.
"""
import re
import subprocess
import sys
import tempfile

COMMITS, BOUND = 2000, 1.02

with tempfile.TemporaryDirectory(prefix="emit-syncs-", dir="/var/tmp") as folder:
    traced = "trace=fsync,fdatasync,sync_file_range,msync,syncfs"

    def count(commits):
        command = ["strace", "-f", "-qq", "-e", traced, "-o", folder + "/trace"]
        command += [sys.argv[1], "syncs", folder + f"/{commits}", str(commits)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            print(f"syncs per commit: not counted, {done.stderr.strip()}")
            sys.exit(77)
        return len(re.findall(r"sync\w*\(", open(folder + "/trace").read()))

    # Making a store syncs its folders once; that is not a commit's.
    making, all_of_it = count(0), count(COMMITS)
    ratio = (all_of_it - making) / COMMITS
    print(f"syncs of a durable commit: {ratio:.3f} of {COMMITS} commits, {making} to make the store (<= {BOUND})")
    sys.exit(0 if ratio <= BOUND else 1)
