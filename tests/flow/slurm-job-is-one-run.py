#!/usr/bin/python3
# A Slurm job of eight tasks on a node with two simulated GPUs, by an unprivileged user
# whose home is on a network file system: each device is metered once, nobody's exit
# status changes and nobody waits, whether the tasks meter or the prolog does.
# SPDX-License-Identifier: Apache-2.0
import concurrent.futures
import json
import os
import re
import shlex
import signal
import struct
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import network_home
import slurm
from pressure import stalled_s
from reachable import for_nobody
from store import Folder
from tap import EMIT, check, check_equal, end, skip
from testbed import TESTBED, describe, read_lines, zone_of_points

SCENARIO = "slurm-node"
TASKS, GPUS, TASK_MS = 8, 2, 700
START_TIMEOUT_S = 0.25  # of emit run
WHAT = "a Slurm job is one run"
USER = 65534
AS_USER = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups"]
SHIPPED = os.path.join(os.environ["SOURCE"], "packaging", "slurm")
OURS = ("EMIT_NVML_LIBRARY", "EMIT_DCGM_LIBRARY", "EMIT_DCGM_HOST", "EMIT_DCGM_EXPORTER", "LD_LIBRARY_PATH",
        "EMIT_TESTBED_")


def prepare():
    """Steps into the test bed, where /var/lib and /var/tmp are empty."""
    if os.geteuid() != 0:
        return skip(WHAT, "slurmd needs root")
    absent = slurm.missing() or network_home.missing()
    if absent:
        return skip(WHAT, f"{absent} is not installed")
    if os.path.realpath(EMIT).startswith(("/var/lib/", "/var/tmp/")):
        return skip(WHAT, "the build lies where this test hides things")
    with Folder() as folder:
        script = 'mount -t tmpfs tmpfs /var/lib && mount -t tmpfs tmpfs /var/tmp && chmod 1777 /var/tmp && exec "$0" "$@"'
        got = subprocess.run(
            [TESTBED, "run", "--ledger", folder + "/ledger", SCENARIO, "--", "sh", "-c", script,
             sys.executable, os.path.abspath(__file__), folder], capture_output=True, text=True)
        told = [line for line in got.stdout.splitlines() if line.startswith(("ok ", "not ok "))]
        for line in told:
            check(line.startswith("ok "), line.split(" - ", 1)[1])
        if check(got.returncode in (0, 1) and len(told) > 20, f"all of that was looked at {got.stderr[-2000:]}"):
            compare_with_ledger(folder)


def task(folder, wrapper, body):
    """What a task executes: says when it asked for its command, when that began, and what both waited for a processor."""
    return (f"date +%s%N > {folder}/asked.$SLURM_PROCID; exec {wrapper} sh -c "
            f"'date +%s%N > {folder}/begun.$SLURM_PROCID; "
            f"cat /proc/$PPID/schedstat /proc/$$/schedstat > {folder}/held.$SLURM_PROCID; {body}'")


def read(path):
    with open(path, encoding="ascii") as file:
        return file.read().strip()


def stamp(folder, name, number):
    with open(f"{folder}/{name}.{number}", encoding="ascii") as file:
        return int(file.read())


# How long each task waited for its command, and how much of that for a processor: emit's main thread and the command itself.
def waits(folder):
    return [(stamp(folder, "begun", number) - stamp(folder, "asked", number)) / 1e9 for number in range(TASKS)]


def held_up(folder):
    return [sum(int(line.split()[1]) for line in read(f"{folder}/held.{number}").splitlines()) / 1e9 for number in range(TASKS)]


# How long eight tasks wait for their commands on this machine anyway.
def unmetered_wait(node, folder):
    os.mkdir(folder + "/unmetered")
    os.chown(folder + "/unmetered", USER, USER)
    node.run("srun", f"-n{TASKS}", "--chdir=/", "sh", "-c", task(folder + "/unmetered", "env", "true"), before=AS_USER)
    node.wait_until_idle()
    return max(waits(folder + "/unmetered"))


class Job:
    """What is known of one job of eight tasks when it has ended."""

    def __init__(self, node, folder, home, number, programs):
        self.id = f"slurm-{node.first_job + number}"  # as the task prolog says it
        self.folder = f"{folder}/job-{number}"
        os.mkdir(self.folder)
        os.chown(self.folder, USER, USER)
        emit, lifetime = programs
        words = task(self.folder, f"{emit} run --report {self.folder}/report.$SLURM_PROCID --",
                     f"{lifetime} {self.folder}/life.$SLURM_PROCID {TASK_MS}; exit $SLURM_PROCID")
        self.begun_ns, stalled = time.monotonic_ns(), stalled_s()
        self.got = node.run("srun", f"-n{TASKS}", f"--gres=gpu:{GPUS}", "--chdir=/", "sh", "-c", words,
                            before=AS_USER, environment={"HOME": home, "EMIT_WORKSPACE_ID": "ws_test"})
        node.wait_until_idle()
        self.ended_ns, self.stalled_s = time.monotonic_ns(), stalled_s() - stalled

    def lives(self):
        for task in range(TASKS):
            with open(f"{self.folder}/life.{task}", "rb") as life:
                yield struct.unpack("qq", life.read(16))

    def exits(self):
        said = {int(task): int(status) for task, status in
                re.findall(r"task (\d+): Exited with exit code (\d+)", self.got.stderr)}
        return [said.get(task, 0) for task in range(TASKS)]

    def reports(self):
        for task in range(TASKS):
            with open(f"{self.folder}/report.{task}", encoding="utf-8") as report:
                yield json.load(report)


def events_of(run_id, before, environment, emit):
    got = subprocess.run([*before, emit, "outbox", "export"], capture_output=True, text=True, cwd="/",
                         env={**os.environ, **environment})
    lines = [json.loads(line) for line in got.stdout.splitlines()]
    return [line for line in lines if line.get("compute_assignment_run_id") == run_id and line.get("kind")]


# What each device's counter gained between the first and the last reading of a job.
# The test bed tells of GPUs only when its command has ended: hence afterwards.
def compare_with_ledger(folder):
    zones = zone_of_points(describe(SCENARIO)["zones"])
    reads = [line for line in read_lines(folder + "/ledger") if line["what"] == "read" and "error" not in line]
    events = read_lines(folder + "/stated")
    for event in events:
        device, (begun, ended) = event["device"], event["span_ns"]
        zone = zones.get(device, {}).get("id")
        within = [line for line in reads if begun <= line["at"] <= ended]
        counts = ([line["millijoules"] / 1e3 for line in within if line.get("gpu") == device and "millijoules" in line] or
                  [line["microjoules"] / 1e6 for line in within if zone and line.get("zone") == zone])
        # A GPU is asked once more where a process finds out whether it counts energy.
        edges = 2 if device.startswith("GPU-") else 1
        truths = [last - first for first in counts[:edges] for last in counts[-edges:]]
        check(any(abs(event["joules"] - truth) < 1e-6 for truth in truths),
              f"{event['what']}: {device} is what was served: {event['joules']} J, {truths}")
    check(len(events) == 2 * 6, "both jobs told of all devices")


def check_tasks(job, what, anyway):
    check_equal(job.exits(), list(range(TASKS)), f"{what}: every task keeps its exit status {job.got.stderr[-300:]}")
    wait, held = max(zip(waits(job.folder), held_up(job.folder)), key=lambda task: task[0] - task[1])
    check(wait <= START_TIMEOUT_S + anyway + held, f"{what}: no task waits longer than the start timeout ({wait:.3f} s, of that {held:.3f} s "
          f"for a processor, {anyway:.3f} s without emit)")


def check_events(job, events, what, folder, window):
    devices = sorted(event["tags"]["device_id"] for event in events)
    check_equal(len(devices), len(set(devices)), f"{what}: each device once {devices}")
    check_equal(sum(device.startswith("GPU-") for device in devices), GPUS, f"{what}: both GPUs are there")
    check_equal(sum(device.startswith("package-") for device in devices), 2, f"{what}: and both packages")
    for event in events:
        tags = event["tags"]
        with open(folder + "/stated", "a", encoding="utf-8") as stated:
            print(json.dumps({"what": what, "device": tags["device_id"], "joules": event["quantity"],
                              "span_ns": (job.begun_ns, job.ended_ns)}), file=stated)
        check(tags["measurement_window_ms"] >= window, f"{what}: {tags['device_id']} for all tasks ({tags['measurement_window_ms']} ms)")
        check(tags.get("simulated") is True, f"{what}: and says that it is simulated")


def window_ms(job):
    lives = list(job.lives())
    return (max(life[1] for life in lives) - min(life[0] for life in lives)) // 1000000


def ranks_meter(node, folder, home, programs, anyway):
    what = "ranks"
    job = Job(node, folder, home, 1, programs)
    check_tasks(job, what, anyway)
    user = {"HOME": home}
    events = events_of(job.id, AS_USER, user, programs[0])
    check_events(job, events, what, folder, window_ms(job))
    others = [report for report in job.reports() if not any(point["outcome"] in ("measured", "partial") for point in report["points"])]
    check_equal(len(others), TASKS - 1, f"{what}: one task reports the energy, the others say who does")
    check(all(point["code"] == "already-metered" for report in others for point in report["points"]
              if point["code"] not in ("unassigned", "nested", "denied", "replicate")), f"{what}: already-metered is the word")
    show = subprocess.run([*AS_USER, programs[0], "show", job.id], capture_output=True, text=True, cwd="/", env={**os.environ, **user})
    check(show.returncode == 0 and job.id in show.stdout and "GPU" in show.stdout, f"{what}: emit show tells the job: {show.stdout} {show.stderr}")
    check(f"{TASKS} tasks shared the run" in show.stdout and all(f" 1 exit {task}" in show.stdout.replace("\n ", "") for task in range(TASKS)), f"{what}: and how each task ended")
    check(all(len(line) <= 80 for line in show.stdout.splitlines()), f"{what}: in 80 columns")
    check(not os.path.exists(home + "/.local/state/emit/outbox.db"), f"{what}: nothing is stored on the network home")
    check(os.path.isdir(f"/var/tmp/emit-{USER}"), f"{what}: but on this node")
    check("network file system" in show.stderr, f"{what}: and it is said")


def prolog_meters(node, folder, home, programs, anyway):
    what = "prolog"
    open(folder + "/prolog-meters", "w").close()
    job = Job(node, folder, home, 2, programs)
    check_tasks(job, what, anyway)
    root = {"EMIT_OUTBOX": folder + "/root/outbox.db"}
    events = events_of(job.id, [], root, EMIT)
    check_events(job, events, what, folder, window_ms(job))
    check_equal(events_of(job.id, AS_USER, {"HOME": home}, programs[0]), [], f"{what}: the tasks store no second event")
    codes = {point["code"] for report in job.reports() for point in report["points"]} - {"unassigned", "nested", "denied", "replicate"}
    check_equal(codes, {"already-metered"}, f"{what}: their reports say why")
    show = subprocess.run([EMIT, "show", job.id], capture_output=True, text=True, env={**os.environ, **root})
    check(show.returncode == 0 and job.id in show.stdout, f"{what}: root's emit show tells the job: {show.stdout} {show.stderr}")
    for name in ("prolog", "epilog"):
        with open(f"{folder}/{name}.took", encoding="ascii") as took:
            begun, ended, status = map(int, took.read().split()[-3:])
        check_equal(status, 0, f"{what}: the {name} exits 0")
        check((ended - begun) / 1e9 < 1 + job.stalled_s, f"{what}: the {name} is quick ({(ended - begun) / 1e6:.0f} ms)")
    left = subprocess.run(["pgrep", "-f", f"^emit begin {job.id}$"], capture_output=True, text=True).stdout.split()
    check_equal(left, [], f"{what}: no sampler is left behind")
    for process in left:
        os.kill(int(process), signal.SIGTERM)


def two_jobs(node, folder):
    """At once on the node, each with a GPU of its own; the second one is cancelled."""
    what = "two jobs"
    srun = ["srun", "-n1", "-c1", "--mem=1", "--gres=gpu:1", "--chdir=/", "sh", "-c"]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        ends = pool.submit(node.run, *srun, f"echo $SLURM_JOB_ID; touch {folder}/slurm-user/1; sleep 0.8", before=AS_USER)
        cancelled = pool.submit(node.run, *srun, f"echo $SLURM_JOB_ID | tee {folder}/slurm-user/2; exec sleep 60", before=AS_USER)
        until = time.monotonic() + 20
        while not all(os.path.exists(f"{folder}/slurm-user/{job}") for job in (1, 2)) and time.monotonic() < until:
            time.sleep(0.02)
        time.sleep(0.4)
        node.run("scancel", read(f"{folder}/slurm-user/2"))
        jobs = [ends.result().stdout.strip(), cancelled.result().stdout.strip()]
    check(ends.result().returncode == 0 and cancelled.result().returncode != 0, f"{what}: one ends well, one is cancelled {cancelled.result().stderr[-200:]}")
    node.wait_until_idle()
    root, gpus = {"EMIT_OUTBOX": folder + "/root/outbox.db"}, []
    for job in jobs:
        tags = [event["tags"] for event in events_of(f"slurm-{job}", [], root, EMIT)]
        own = [tag for tag in tags if tag["component"] == "gpu"]
        gpus += [tag["device_id"] for tag in own]
        check_equal([tag.get("concurrent_runs", 0) for tag in own], [0], f"{what}: job {job} has a GPU that no other run used")
        check_equal([tag.get("concurrent_runs") for tag in tags if tag["component"] == "cpu-package"], [1, 1],
                    f"{what}: job {job} shared the sockets with one run")
    check_equal(len(set(gpus)), GPUS, f"{what}: each has another GPU")
    show = subprocess.run([EMIT, "show", f"slurm-{jobs[1]}"], capture_output=True, text=True, env={**os.environ, **root})
    check(show.returncode == 0 and "1 device not of this run" in show.stdout, f"{what}: the epilog ended the cancelled one's run: {show.stdout} {show.stderr}")
    check_equal(subprocess.run(["pgrep", "-f", f"^emit begin slurm-({'|'.join(jobs)})$"], capture_output=True, text=True).stdout, "", f"{what}: and no sampler stays")


def script(folder, name):
    """The shipped script, with what the test bed and this test say of the node."""
    given = {key: value for key, value in os.environ.items() if key.startswith(OURS)}
    given.update(EMIT_OUTBOX=folder + "/root/outbox.db", EMIT_NODE_RUNS=folder + "/node",
                 PATH=os.path.dirname(EMIT) + ":/usr/bin:/bin")
    exports = "".join(f"export {key}={shlex.quote(value)}\n" for key, value in given.items())
    shipped = f"sh {for_nobody(os.path.join(SHIPPED, name))}"  # the task prolog runs as the user
    if name == "task-prolog":
        return f"#!/bin/sh\n{exports}echo export EMIT_NODE_RUNS={folder}/node\n{shipped}\n"
    return (f"#!/bin/sh\n[ -e {folder}/prolog-meters ] || exit 0\n{exports}begun=$(date +%s%N)\n{shipped}\nstatus=$?\n"
            f"echo $begun $(date +%s%N) $status >> {folder}/{name}.took\nexit $status\n")


def inside(folder):
    programs = (for_nobody(EMIT), for_nobody(os.environ["EMIT_LIFETIME"]))
    for name in ("slurm", "root"):
        os.mkdir(f"{folder}/{name}", 0o755)
    os.mkdir(f"{folder}/slurm-user")
    os.chown(f"{folder}/slurm-user", USER, USER)
    for key in [key for key in os.environ if key.startswith("XDG_")]:
        del os.environ[key]  # the user's own home is what is tested
    for key, value in os.environ.items():  # what nobody has to load must be nobody's to read
        if key.startswith(OURS) and os.path.isfile(value):
            os.environ[key] = for_nobody(value)
    with network_home.NetworkHome(folder + "/server", folder + "/home", USER) as mounted:
        check(not mounted.works_with_wal(), "a write-ahead log cannot work in that home")
        with slurm.Slurm(folder + "/slurm", TASKS, GPUS, *(script(folder, name) for name in ("prolog", "epilog", "task-prolog"))) as node:
            try:
                anyway = unmetered_wait(node, folder)
                ranks_meter(node, folder, mounted.home, programs, anyway)
                prolog_meters(node, folder, mounted.home, programs, anyway)
                two_jobs(node, folder)
            except Exception:
                print(node.logs(), file=sys.stderr)
                raise
    end()


if len(sys.argv) > 1:
    inside(sys.argv[1])
else:
    prepare()
    end()
