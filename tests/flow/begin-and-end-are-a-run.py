#!/usr/bin/python3
# emit begin and emit end are a run around a job that emit does not start: what they
# say is the ledger's last count minus its first. The process that stays behind holds
# nothing of its caller's and survives it; killed, the run is closed at its last
# sample; forgotten, it ends by itself. No job fails by either command.
# SPDX-License-Identifier: Apache-2.0
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from pressure import stalled_s
from reachable import for_nobody
from tap import EMIT, check, check_equal, end, skip

TESTBED = os.environ["EMIT_TESTBED"]
NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all"]
ZONES = {"package-0": "intel-rapl:0", "dram-0": "intel-rapl:0:0"}
SOON = 30  # seconds: what should come at once has come, on any machine
WATTS = 110  # of the scenario steady


def own(run_id):
    """The id as it is given to emit: this test's own, for ps shows everybody's."""
    return run_id if run_id.startswith(("run_", "slurm-")) else f"{run_id}-{os.getpid()}"


def emit(*words, program=EMIT, before=(), **more):
    return subprocess.run([*before, program, *words], capture_output=True, text=True, timeout=60, **more)


def begin(run_id, *words, **more):
    # It returns when the meters have answered, however slow the machine is.
    return emit("begin", "--start-timeout", "20s", "--run-id", own(run_id), *words, **more)


def finish(run_id, *words, **more):
    return emit("end", "--run-id", own(run_id), *words, **more)


def sampler(run_id):
    """The process that ps shows as emit begin ID; None where there is none."""
    lines = subprocess.run(["ps", "-e", "-o", "pid=,args="], capture_output=True, text=True).stdout.splitlines()
    pids = [int(line.split()[0]) for line in lines if line.split(None, 1)[1].rstrip() == f"emit begin {own(run_id)}"]
    return pids[0] if len(pids) == 1 else None


def is_gone(pid):
    until = time.monotonic() + SOON
    while time.monotonic() < until:
        try:
            with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:
                if stat.read().rpartition(")")[2].split()[0] in "ZX":
                    return True
        except FileNotFoundError:
            return True
        time.sleep(0.01)
    return False


def served():
    with open("ledger", encoding="utf-8") as lines:
        reads = [json.loads(line) for line in lines]
    return {device: [line for line in reads if line["what"] == "read" and line["zone"] == zone] for device, zone in ZONES.items()}


# Joules of a run of which this has been seen after so long.
def is_drawn(joules, seconds):
    return 0 < joules <= WATTS * seconds * 1.01


def report_of(run_id):
    got = emit("show", "--json", own(run_id))
    return json.loads(got.stdout.splitlines()[-1]) if got.returncode == 0 else None


def outcomes(report):
    return {(point["outcome"], point["code"]) for point in report["points"]}


# The line to paste names the run, whatever is in its name.
def check_strange_name():
    name = own("it's;a-&-job")
    got = begin("it's;a-&-job")
    pid = sampler("it's;a-&-job")
    check("emit end --run-id" in got.stderr, f"it says how to end it: {got.stderr}")
    command = got.stderr[got.stderr.index("emit end --run-id"):].strip()
    got = subprocess.run(["sh", "-c", f"emit() {{ {EMIT} \"$@\"; }}; {command}"], capture_output=True, text=True)
    check_equal((got.returncode, is_gone(pid)), (0, True), f"the run of a strange name is ended by the line: {command}")
    command = got.stderr[got.stderr.index("emit show "):].strip()
    check_equal(shlex.split(command), ["emit", "show", name], f"and shown by another: {command}")


def check_energy():
    before = {device: len(counts) for device, counts in served().items()}
    begun = time.monotonic()
    got = begin("job", "--interval", "100ms")
    check_equal((got.returncode, got.stdout), (0, ""), "begin: 0, and nothing on stdout for a run that has a name")
    check(re.fullmatch(r"emit: .*2 points metered;\s+emit end --run-id job-\d+\n", got.stderr), f"it says how to end it: {got.stderr}")
    check(all(len(line) <= 80 for line in got.stderr.splitlines()), "in 80 columns")
    time.sleep(1.2)
    pid = sampler("job")
    got = finish("job", "--exit", "5", "--output", "events", "--report", "report")
    check_equal((got.returncode, got.stdout), (0, ""), "end: 0, whatever became of the job")
    lasted_ms = (time.monotonic() - begun) * 1000
    with open("report", encoding="utf-8") as file:
        report = json.load(file)
    check_equal((report["exit"], report["run_id"], outcomes(report)), (5, own("job"), {("measured", "simulated")}), "the report has the job's exit status")
    with open("events", encoding="utf-8") as file:
        events = {event["tags"]["device_id"]: event for event in map(json.loads, file)}
    check_equal(sorted(events), sorted(ZONES), "an event for each point")
    for device, counts in served().items():
        mine = counts[before[device]:]
        check_equal(events[device]["quantity"], (mine[-1]["microjoules"] - mine[0]["microjoules"]) / 1e6, f"{device} is the ledger's last count minus its first")
        tags = events[device]["tags"]
        late = any(after["at"] - before["at"] > 150e6 for before, after in zip(mine, mine[1:]))  # of what should be 100 ms
        check(1200 <= tags["measurement_window_ms"] <= lasted_ms + 1 and tags["samples"] == len(mine) and (late or len(mine) >= 10),
              f"{device}: from begin to end, sampled in between: {tags['measurement_window_ms']} ms, {tags['samples']} samples")
    check_equal(emit("validate", "--strict", "events").returncode, 0, "the events keep the contract")
    check_equal(emit("show", own("job")).stdout, got.stderr, "emit show prints the same")
    check(pid and is_gone(pid), "no process stays")

    got = begin("quiet", "-q")
    took = []
    for i in range(5):
        before, stalled = time.monotonic(), stalled_s()
        begin(f"quick-{i}")
        took.append((time.monotonic() - before - (stalled_s() - stalled)) * 1000)
        finish(f"quick-{i}")
    check(min(took) < 100, f"begin returns at once: {min(took):.1f} ms beside what the machine was busy")
    check_equal((got.stderr, finish("quiet", "-q").stderr), ("", ""), "both are silent when asked to be")


def check_process():
    """What the sampler is, seen from outside."""
    inherited = os.open("/dev/null", os.O_RDONLY)
    reads, writes = os.pipe()
    words = ["sh", "-c", f"trap '' INT TERM HUP; kill -0 $$; exec {EMIT} begin --run-id {own('kept')}"]
    os.makedirs("somewhere", exist_ok=True)
    caller = subprocess.Popen([*words], pass_fds=[inherited, writes], start_new_session=True, cwd="somewhere",
                              stdin=reads, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    caller.communicate(timeout=SOON)
    check_equal(caller.returncode, 0, "whoever reads what begin prints reads to the end at once")
    os.close(writes)
    os.set_blocking(reads, False)
    check_equal(os.read(reads, 1), b"", "a pipe that begin inherited is closed")
    os.close(reads), os.close(inherited)
    pid = sampler("kept")
    if not check(pid, "ps shows emit begin kept"):
        return
    files = {int(file): os.readlink(f"/proc/{pid}/fd/{file}") for file in os.listdir(f"/proc/{pid}/fd")}
    check_equal([files[file] for file in (0, 1, 2)], ["/dev/null"] * 3, "standard streams are /dev/null")
    rest = {path for file, path in files.items() if file > 2}
    check(all(path.startswith("/sys") or "/emit/runs" in path for path in rest), f"nothing else is open but counters and the run: {rest}")
    check_equal(os.readlink(f"/proc/{pid}/cwd"), "/", "no folder is kept busy")
    with open(f"/proc/{pid}/status", encoding="ascii") as lines:
        status = dict(line.rstrip("\n").split(":\t", 1) for line in lines if ":\t" in line)
    errors = 1 << signal.SIGPIPE - 1 | 1 << signal.SIGXFSZ - 1
    libcs = 1 << 31 | 1 << 32  # signals that the C library keeps to itself: nobody can reset them
    check_equal((int(status["SigBlk"], 16), int(status["SigIgn"], 16) & ~libcs), (0, errors), "no signal is blocked or ignored, but for two that are errors")
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        group, session, terminal = stat.read().rpartition(")")[2].split()[2:5]
    check(int(group) == pid and int(session) != os.getsid(0) and terminal == "0", "a session and a group of its own, and no terminal")
    try:
        os.killpg(caller.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    check(sampler("kept") == pid, "it survives its caller's group")
    finish("kept")
    check(is_gone(pid), "until it is asked to end")

    got = emit("begin", env=dict(os.environ, EMIT_RUN_ID=own("named-by-variable")))
    check_equal(got.stdout, own("named-by-variable") + "\n", "an id from the environment is printed, for who did not name it")
    check(sampler("named-by-variable"), "a name longer than the command line stands whole in ps, too")
    with open(f"/proc/{sampler('named-by-variable')}/environ", "rb") as environ:
        check(b"HOME=" not in environ.read(), "which is where the environment was")
    finish("named-by-variable")


def check_open():
    """What others see of a run while it goes on."""
    apart = dict(os.environ, XDG_STATE_HOME=os.path.abspath("fresh"))
    begun = time.monotonic()
    begin("open-run", "--interval", "50ms", env=apart)
    while not json.loads(emit("runs", "--json", env=apart).stdout)["joules"]:
        time.sleep(0.05)
    got = emit("runs", env=apart)
    rows = [line.split() for line in got.stdout.splitlines()]
    check(got.returncode == 0 and rows[0][:2] == ["goes", "on"] and len(rows) == 2 and (rows[1][0], rows[1][-1]) == (own("open-run"), "you"),
          f"emit runs shows it before anything was ever stored: {got.stdout}")
    row = json.loads(emit("runs", "--json", env=apart).stdout)
    check(row["state"] == "open" and is_drawn(row["joules"], time.monotonic() - begun) and row["exit"] is None, f"with its joules so far: {row}")
    got = emit("show", "open", env=apart)
    check(got.returncode == 0 and "goes on" in got.stdout and "metered by you" in got.stdout, f"emit show shows it: {got.stdout}")
    report = json.loads(emit("show", "--json", own("open-run"), env=apart).stdout)
    check_equal((report["run_id"], report["state"], outcomes(report)), (own("open-run"), "open", {("measured", "simulated")}),
                "as it was at its last sample")
    got = emit("show", "other", env=apart)
    check(got.returncode == 1 and got.stderr.count("\n") == 1, f"and no other: {got.stderr}")
    finish("open-run", env=apart)
    check("goes on" not in emit("runs", env=apart).stdout, "until it has ended")


def check_several():
    begin("twice")
    pid = sampler("twice")
    got = begin("twice")
    check(got.returncode == 0 and "goes on already" in got.stderr, f"a second begin changes nothing: {got.stderr}")
    check_equal(sampler("twice"), pid, "and starts nothing")
    got = emit("run", "--run-id", own("twice"), "--output", "none", "--", "sleep", "0.1")
    check(got.returncode == 0 and "Another process of this run goes on" in got.stderr, f"emit run joins: {got.stderr}")
    check_equal(os.path.getsize("none"), 0, "and gives no events")
    finish("twice")
    report = report_of("twice")
    check_equal((outcomes(report), "tasks" in emit("show", own("twice")).stdout), ({("measured", "simulated")}, False),
                "the run is one, of both, and emit begin is no task of it")

    got = finish("twice")
    check(got.returncode == 0 and "was closed before" in got.stderr and "J " in got.stderr, f"ended again: its report, and that it was closed: {got.stderr}")
    got = emit("run", "-q", "--run-id", own("around"), "--", "sh", "-c", f'test $({EMIT} begin) = "$EMIT_RUN_ID" && sleep 0.1 && {EMIT} end')
    check(got.returncode == 0 and "is the emit run around this" in got.stderr and "has no emit begin to end it" in got.stderr,
          f"inside an emit run there is nothing to begin or to end: {got.stderr}")
    got = finish("never")
    check(got.returncode == 0 and "nothing to end" in got.stderr and got.stderr.count("\n") == 1, f"nothing to end: {got.stderr}")

    got = emit("begin")
    run_id = got.stdout.strip()
    check(got.returncode == 0 and run_id.startswith("run_") and len(run_id) == 30, f"without a name the new id is printed: {got.stdout}")
    check(sampler(run_id), "which ps shows")
    finish(run_id)
    check_equal(report_of(run_id)["exit"], None, "without --exit no exit status is known")


def check_deaths():
    begun = time.monotonic()
    begin("killed", "--interval", "50ms")
    while not json.loads(emit("runs", "--json").stdout.splitlines()[0])["joules"]:
        time.sleep(0.05)
    pid = sampler("killed")
    os.kill(pid, signal.SIGKILL)
    is_gone(pid)
    seconds = time.monotonic() - begun
    got = finish("killed")
    report = report_of("killed")
    check(got.returncode == 0 and "emit died during this run" in got.stderr, f"killed: end shows what there is: {got.stderr}")
    check_equal((report["state"], outcomes(report)), ("killed", {("partial", "gap")}), "closed at the last sample")
    joules = sum(point["joules"] for point in report["points"])
    check(is_drawn(joules, seconds), f"with the energy until then: {joules} J in at most {seconds:.3f} s")

    begin("overdue", "--max", "300ms")
    pid = sampler("overdue")
    check(is_gone(pid), "a run that nobody ends ends by itself")
    report = report_of("overdue")
    check(report and outcomes(report) == {("measured", "simulated")}, "and is stored")
    check(report and any("--max" in note for note in report["notes"]), "and says why")
    got = finish("overdue")
    check(got.returncode == 0 and "was closed before" in got.stderr, f"emit end finds it closed: {got.stderr}")


def check_wrong():
    for words, what in [(["begin", "x"], "an operand"), (["begin", "--run-id", "a b"], "a run id with a blank"), (["begin", "--max", "x"], "no duration"), (["begin", "--max", "0s"], "no time"),
                        (["begin", "--meters", "none"], "no meters"), (["begin", "--meters", "abc"], "no such meter"), (["end"], "no run"),
                        (["end", "--run-id", "x", "y"], "an operand"), (["end", "--run-id", "x", "--exit", "256"], "no exit status")]:
        got = emit(*words)
        check(got.returncode == 2 and got.stderr.count("\n") == 1, f"{words[0]}: {what}: {got.returncode} {got.stderr}")
    got = begin("lost", env=dict(os.environ, EMIT_OUTBOX="/proc/no/outbox.db"))
    check(got.returncode == 0 and "nothing is metered" in got.stderr and got.stderr.count("\n") <= 2, f"no place for the run: told, and no failure: {got.stderr}")
    check(not sampler("lost") or is_gone(sampler("lost")), "and nothing stays")
    os.makedirs("relative", exist_ok=True)
    begin("near", "--outbox", "relative/store.db")
    finish("near", "--outbox", "relative/store.db")
    check(os.path.exists("relative/store.db"), "a store beside the caller is found by both")


def check_slurm():
    """The scripts for Slurm, as slurmd calls them: a bare environment, and a failure drains the node."""
    scripts = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "packaging", "slurm")
    bare = {"PATH": os.path.dirname(os.path.abspath(EMIT)), "SLURM_JOB_ID": str(os.getpid()),
            **{name: value for name, value in os.environ.items() if name in ("XDG_STATE_HOME", "EMIT_NODE_RUNS", "ASAN_OPTIONS")}}
    prolog = subprocess.run([f"{scripts}/prolog"], env=bare, capture_output=True, text=True, timeout=SOON)
    check_equal((prolog.returncode, prolog.stdout, prolog.stderr), (0, "", ""), "the prolog begins silently")
    check(sampler(f"slurm-{os.getpid()}"), "the job is metered")
    task = subprocess.run([f"{scripts}/task-prolog"], env=bare, capture_output=True, text=True, timeout=SOON)
    check_equal(task.stdout, f"export EMIT_RUN_ID=slurm-{os.getpid()}\n", "its tasks are told the run")
    epilog = subprocess.run([f"{scripts}/epilog"], env=bare, capture_output=True, text=True, timeout=SOON)
    check_equal((epilog.returncode, epilog.stdout, epilog.stderr), (0, "", ""), "the epilog ends it silently")
    check(report_of(f"slurm-{os.getpid()}"), "and the report is in the store")
    nothing = subprocess.run([f"{scripts}/epilog"], env=bare, capture_output=True, text=True, timeout=SOON)
    check(nothing.returncode == 0 and nothing.stderr.count("\n") == 1, f"an epilog without anything to end: {nothing.stderr}")
    gone = subprocess.run([f"{scripts}/prolog"], env={**bare, "PATH": "/nowhere"}, capture_output=True, text=True, timeout=SOON)
    check_equal(gone.returncode, 0, "no emit on the path is no failure")


def check_nobody():
    if os.geteuid() != 0:
        return skip("as nobody", "needs root")
    home = tempfile.mkdtemp(prefix="emit-nobody-")
    os.chown(home, 65534, 65534)
    environment = dict(os.environ, XDG_STATE_HOME=home, HOME=home, ASAN_OPTIONS="detect_leaks=0")
    nobodys = dict(before=NOBODY, cwd="/", env=environment)
    got = begin("nobodys", program=for_nobody(EMIT), **nobodys)
    check(got.returncode == 0 and "nothing can be read: emit sensors says why" in got.stderr, f"as nobody it says that nothing can be read: {got.stderr}")
    got = finish("nobodys", program=for_nobody(EMIT), **nobodys)
    check(got.returncode == 0 and "setcap" in got.stderr, f"and ends with the remedy: {got.stderr}")

    shown = tempfile.mkdtemp(prefix="emit-node-")
    os.chmod(shown, 0o755)
    environment["EMIT_NODE_RUNS"] = shown
    begin("roots", env=dict(os.environ, EMIT_NODE_RUNS=shown))
    until = time.monotonic() + SOON
    while " J " not in emit("show", own("roots"), program=for_nobody(EMIT), **nobodys).stdout and time.monotonic() < until:
        time.sleep(0.2)  # what is shown is a second or two behind
    got = emit("runs", program=for_nobody(EMIT), **nobodys)
    check(any(line.startswith(own("roots")) and line.endswith("  root") for line in got.stdout.splitlines()), f"a user sees that root's run goes on: {got.stdout}")
    got = emit("show", own("roots"), program=for_nobody(EMIT), **nobodys)
    check("metered by root" in got.stdout and " J " in got.stdout, f"and what it has counted: {got.stdout}")
    got = begin("roots", program=for_nobody(EMIT), **nobodys)
    check(got.returncode == 0 and "goes on already" in got.stderr, f"begins nothing beside it: {got.stderr}")
    got = finish("roots", program=for_nobody(EMIT), **nobodys)
    check(got.returncode == 0 and "only root can end it" in got.stderr, f"and does not end it: {got.stderr}")
    finish("roots", env=dict(os.environ, EMIT_NODE_RUNS=shown))
    check(report_of("roots"), "root does")
    shutil.rmtree(shown)

    lent = os.path.join(home, "capable")
    shutil.copy(EMIT, lent)
    given = subprocess.run(["setcap", "cap_dac_read_search=ep", lent], capture_output=True, text=True)
    if given.returncode != 0:
        skip("with a borrowed right", f"setcap does not work here: {given.stderr}")
    else:
        got = begin("lent", "--start-timeout", "1100ms", program=lent, **nobodys)
        check(got.returncode == 0 and "2 points metered" in got.stderr, f"with a borrowed right: {got.stderr}")
        pid = sampler("lent")
        with open(f"/proc/{pid}/status", encoding="ascii") as lines:
            rights = [line.split()[1].strip("0") for line in lines if line.startswith(("CapPrm", "CapEff"))]
        check_equal(rights, ["", ""], "the process that stays has no right, but the counters")
        until = time.monotonic() + 4 * SOON  # on a busy machine a full second may be missed
        while time.monotonic() < until and not json.loads(emit("runs", "--json", program=lent, **nobodys).stdout.splitlines()[0])["joules"]:
            time.sleep(0.2)
        finish("lent", "--report", f"{home}/report", program=lent, **nobodys)
        with open(f"{home}/report", encoding="utf-8") as file:
            seconds = next(point["joules"] for point in json.load(file)["points"] if point["device_id"] == "package-0") / 100
        check(round(seconds) >= 1 and abs(seconds - round(seconds)) < 0.02, f"whole seconds of 100 W are metered, nothing finer: {seconds}")
        got = begin("lent", "--sysfs-root", "/", program=lent, **nobodys)
        check(got.returncode == 2 and "is refused" in got.stderr, f"and overrides are refused: {got.stderr}")
    shutil.rmtree(home)


def inside():
    check_energy()
    check_strange_name()
    check_process()
    check_open()
    check_several()
    check_deaths()
    check_wrong()
    check_slurm()
    check_nobody()
    listed = subprocess.run(["pgrep", "-f", f"^emit begin .*-{os.getpid()}$"], capture_output=True, text=True).stdout.split()
    check_equal([pid for pid in listed if not is_gone(pid)], [], "no process is left")
    check_equal(os.listdir(os.path.join(os.environ["XDG_STATE_HOME"], "emit", "runs")), [], "and no run file")
    end()


if sys.argv[1:] == ["inside"]:
    inside()
if not os.path.exists("/dev/fuse"):
    skip("emit begin and emit end", "needs /dev/fuse")
    end()
with tempfile.TemporaryDirectory() as home:
    environment = dict(os.environ, XDG_STATE_HOME=home, HOME=home, EMIT_WORKSPACE_ID="ws_test")
    got = subprocess.run([TESTBED, "run", "--ledger", "ledger", "steady", "--", sys.executable, os.path.abspath(__file__),
                          "inside"], check=False, cwd=home, env=environment)
sys.exit(got.returncode)
