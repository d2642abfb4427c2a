#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A disk of 32 MiB fills up and is drained, several times.

usage: store_full.py SUBJECT
Needs root (it mounts a tmpfs, in a mount namespace of its own); skips without.
EMIT_FAULTS=long: 30 cycles instead of 5, and 8 on a loop-mounted ext4.
"""
import os
import subprocess
import sys
import tempfile

LONG = os.environ.get("EMIT_FAULTS") == "long"
subject = sys.argv[1]


def fill(mount, folder):
    """Mounts, fills and drains in a namespace that ends with the command."""
    cycles = "5" if not LONG else "30" if "tmpfs" in mount else "8"  # a real disk syncs
    script = f'{mount} && exec "{subject}" fill "{folder}/outbox.db" {cycles}'
    return subprocess.run(
        ["unshare", "--mount", "sh", "-c", script], capture_output=True, text=True
    )


def main():
    if os.geteuid() != 0:
        print("1..0 # SKIP mounting a small disk needs root")
        return
    with tempfile.TemporaryDirectory(prefix="emit-full-") as outer:
        folder = os.path.join(outer, "disk")
        os.mkdir(folder)
        disks = {"tmpfs": f'mount -t tmpfs -o size=32m,mode=0700 tmpfs "{folder}"'}
        if LONG:
            image = os.path.join(outer, "image")
            disks["ext4"] = (
                f'truncate -s 64M "{image}" && mkfs.ext4 -q "{image}" && '
                f'mount -o loop "{image}" "{folder}"'
            )
        if subprocess.run(
            ["unshare", "--mount", "sh", "-c", disks["tmpfs"]], capture_output=True
        ).returncode:
            print("1..0 # SKIP this machine lets nobody mount a tmpfs")
            return
        for number, name in enumerate(disks, 1):
            done = fill(disks[name], folder)
            for line in done.stdout.splitlines() + done.stderr.splitlines():
                print("#", line.lstrip("# "))
            good = "ok" if done.returncode == 0 else "not ok"
            print(f"{good} {number} - a full {name}: told, nothing accepted is lost, it drains")
        print(f"1..{len(disks)}")


main()
