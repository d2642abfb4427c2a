# A home on a network file system: sshfs over Debian's sftp-server, joined by a pair of
# sockets. With direct_io it shares no memory between processes, so that SQLite's
# write-ahead log cannot work there; whoever mounts it sees that in works_with_wal.
# SPDX-License-Identifier: Apache-2.0
import os
import shutil
import socket
import subprocess
import time

SFTP = "/usr/lib/openssh/sftp-server"


def missing():
    return next((name for name in ("sshfs", "fusermount3") if not shutil.which(name)),
                None if os.path.exists(SFTP) else "sftp-server")


class NetworkHome:
    """Mounts `folder` at `home` for `uid`; both are made."""

    def __init__(self, folder, home, uid):
        self.folder, self.home, self.uid = folder, home, uid

    def __enter__(self):
        os.mkdir(self.folder, 0o755)
        os.chown(self.folder, self.uid, self.uid)
        os.mkdir(self.home, 0o755)
        ours, theirs = socket.socketpair()
        become = ["setpriv", f"--reuid={self.uid}", f"--regid={self.uid}", "--clear-groups"]
        self.server = subprocess.Popen([*become, SFTP], stdin=theirs, stdout=theirs)
        self.client = subprocess.Popen(
            ["sshfs", "-f", "-o", "passive,direct_io,allow_other,default_permissions",
             f":{self.folder}", self.home], stdin=ours, stdout=ours, stderr=subprocess.DEVNULL)
        ours.close()
        theirs.close()
        until = time.monotonic() + 10
        while not os.path.ismount(self.home):
            if time.monotonic() > until or self.client.poll() is not None:
                self.__exit__()
                raise RuntimeError("sshfs does not mount")
            time.sleep(0.01)
        return self

    def works_with_wal(self):
        """Tried with a database of another name, as the uid would."""
        script = ("import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); "
                  "c.execute('pragma journal_mode=wal'); c.execute('create table t(a)'); c.commit()")
        become = ["setpriv", f"--reuid={self.uid}", f"--regid={self.uid}", "--clear-groups"]
        got = subprocess.run([*become, "/usr/bin/python3", "-c", script, self.home + "/try.db"], capture_output=True)
        return got.returncode == 0

    def __exit__(self, *_):
        subprocess.run(["fusermount3", "-u", "-z", self.home], capture_output=True)
        for process in (self.client, self.server):
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
