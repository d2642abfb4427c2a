# Slurm on this machine alone, from Debian's packages: munged, slurmctld and slurmd on
# loopback with a folder, ports and a key of their own, stopped by their pids.
# SPDX-License-Identifier: Apache-2.0
import os
import shutil
import signal
import socket
import subprocess
import time

PROGRAMS = ["munged", "slurmctld", "slurmd", "srun", "sinfo", "sbatch"]
WAIT_S = 30

CONFIGURATION = """\
ClusterName=emit
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket
CredType=cred/munge
SlurmctldPort={controller_port}
SlurmdPort={node_port}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
PlugStackConfig={folder}/plugstack.conf
SlurmdParameters=config_overrides
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
MpiDefault=none
ReturnToService=2
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
PrologFlags=Alloc
FirstJobId={first_job}
Prolog={folder}/prolog
Epilog={folder}/epilog
TaskProlog={folder}/task-prolog
GresTypes=gpu
NodeName={host} NodeAddr=127.0.0.1 CPUs={tasks} RealMemory=100 Gres=gpu:{gpus} State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


def missing():
    """The first program that is not here, or None."""
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    return next((name for name in PROGRAMS if not shutil.which(name, path=path)), None)


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Slurm:
    """One node with so many tasks and GPUs; prolog, epilog and task prolog are script texts."""

    def __init__(self, folder, tasks, gpus, prolog, epilog, task_prolog):
        self.folder = folder
        self.processes = []
        self.first_job = 1000 + os.getpid()  # ids of two nodes at once do not meet
        self.environment = {**os.environ, "SLURM_CONF": folder + "/slurm.conf",
                            "PATH": os.environ["PATH"] + ":/usr/sbin:/sbin"}
        for name in ("state", "spool", "munge"):
            os.mkdir(f"{folder}/{name}", 0o755)
        for name, text in (("prolog", prolog), ("epilog", epilog), ("task-prolog", task_prolog)):
            self._write(name, text, 0o755)
        self._write("slurm.conf", CONFIGURATION.format(
            host=socket.gethostname(), folder=folder, tasks=tasks, gpus=gpus, first_job=self.first_job,
            controller_port=_free_port(), node_port=_free_port()))
        self._write("plugstack.conf", "")
        # Slurm wants a device node for each GPU; any will do.
        self._write("gres.conf", f"Name=gpu File={folder}/gpu[0-{gpus - 1}]\n")
        for index in range(gpus):
            os.mknod(f"{folder}/gpu{index}", 0o020666, os.makedev(1, 3))
        with open(folder + "/key", "wb") as key:
            os.chmod(folder + "/key", 0o600)
            key.write(os.urandom(128))

    def _write(self, name, text, mode=0o644):
        with open(f"{self.folder}/{name}", "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(f"{self.folder}/{name}", mode)

    def _start(self, *words):
        with open(f"{self.folder}/{words[0]}.out", "w", encoding="utf-8") as out:
            self.processes.append(subprocess.Popen(words, env=self.environment, stdout=out, stderr=out))

    def _is_up(self):
        got = subprocess.run(["sinfo", "-h", "-o", "%T"], env=self.environment, capture_output=True, text=True)
        return got.stdout.strip() == "idle"

    def _wait(self, true, what):
        until = time.monotonic() + WAIT_S
        while not true():
            if time.monotonic() > until or any(process.poll() is not None for process in self.processes):
                raise RuntimeError(f"{what} does not come up:\n{self.logs()}")
            time.sleep(0.02)

    def wait_until_idle(self):
        """Until the node takes jobs: it is up, and the last job's epilog is over."""
        self._wait(self._is_up, "the node")

    def __enter__(self):
        munge = self.folder + "/munge"
        try:
            self._start("munged", "--foreground", f"--key-file={self.folder}/key", f"--socket={munge}/socket",
                        f"--pid-file={munge}/pid", f"--log-file={munge}/log", f"--seed-file={munge}/seed",
                        "--num-threads=2")
            self._wait(lambda: os.path.exists(munge + "/socket"), "munged")
            self._start("slurmctld", "-D", "-i")
            self._start("slurmd", "-D", "-N", socket.gethostname())
            self.wait_until_idle()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for process in reversed(self.processes):
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def logs(self):
        text = ""
        for name in ("slurmctld.log", "slurmd.log", "munged.out", "slurmctld.out", "slurmd.out"):
            path = f"{self.folder}/{name}"
            if os.path.exists(path):
                with open(path, encoding="utf-8", errors="replace") as log:
                    text += f"== {name}\n" + "".join(log.readlines()[-15:])
        return text

    def run(self, *words, before=(), environment=None, timeout=60):
        """srun or the like; answers the finished process."""
        return subprocess.run([*before, *words], env={**self.environment, **(environment or {})},
                              capture_output=True, text=True, timeout=timeout, cwd="/")
