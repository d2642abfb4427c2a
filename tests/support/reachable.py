# Programs that nobody can run: root may have built them in a folder that is
# closed to others, as /root is.
# SPDX-License-Identifier: Apache-2.0
import atexit
import os
import shutil
import subprocess
import tempfile
import threading

_folder = []
_copies = {}  # by path: a program that runs cannot be written again
_lock = threading.Lock()


def _is_open(path):
    words = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "test", "-r", os.path.abspath(path)]
    return subprocess.run(words, cwd="/", capture_output=True).returncode == 0


def for_nobody(path):
    """The file itself, or a copy of it in a folder open to all, which goes away at the end."""
    if not path or os.geteuid() != 0 or _is_open(path):
        return path
    with _lock:
        if not _folder:
            _folder.append(tempfile.mkdtemp(prefix="emit-open-"))
            os.chmod(_folder[0], 0o755)
            atexit.register(shutil.rmtree, _folder[0], ignore_errors=True)
        if path not in _copies:
            _copies[path] = shutil.copy(path, _folder[0])
        return _copies[path]
