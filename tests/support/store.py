# Stores for whole-program tests: a folder that goes away, the writer that fills
# them (STORE_SUBJECT), and emit on them.
# SPDX-License-Identifier: Apache-2.0
import os
import shutil
import subprocess
import tempfile

from reachable import for_nobody
from tap import EMIT

SUBJECT = for_nobody(os.environ.get("STORE_SUBJECT", ""))
NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]


class Folder:
    """A fresh folder, 0755, removed at the end of the block."""

    def __enter__(self):
        self.path = tempfile.mkdtemp(prefix="emit-flow-")
        os.chmod(self.path, 0o755)
        return self.path

    def __exit__(self, *_):
        shutil.rmtree(self.path, ignore_errors=True)


def write(store, commits=4, batch=5, before=(), environment=None):
    """Appends commits * batch entries; answers the finished process."""
    script = 'exec 9>/dev/null; exec "$0" "$@"'
    words = ["sh", "-c", script, SUBJECT, "script", store, str(commits), str(batch), "0"]
    return subprocess.run(
        [*before, *words], capture_output=True, text=True, env={**os.environ, **(environment or {})}
    )


def emit(*words, before=(), environment=None):
    return subprocess.run(
        [*before, EMIT, *words], capture_output=True, text=True,
        env={**os.environ, **(environment or {})},
    )


def can_be_nobody():
    """Root that can also be somebody else, who can run the programs."""
    if os.geteuid() != 0:
        return False
    return subprocess.run([*NOBODY, EMIT, "version"], capture_output=True).returncode == 0
