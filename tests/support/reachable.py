# Programs that nobody can run: root may have built them in a folder that is
# closed to others, as /root is.
# SPDX-License-Identifier: Apache-2.0
import atexit
import os
import shutil
import subprocess
import tempfile

_copies = []


def _is_open(path):
    words = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "test", "-r", os.path.abspath(path)]
    return subprocess.run(words, cwd="/", capture_output=True).returncode == 0


def for_nobody(path):
    """The file itself, or a copy of it in a folder open to all, which goes away at the end."""
    if not path or os.geteuid() != 0 or _is_open(path):
        return path
    if not _copies:
        _copies.append(tempfile.mkdtemp(prefix="emit-open-"))
        os.chmod(_copies[0], 0o755)
        atexit.register(shutil.rmtree, _copies[0], ignore_errors=True)
    return shutil.copy(path, _copies[0])
