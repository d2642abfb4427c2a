#!/usr/bin/python3
# What the command used is what the events say, to the last count: the first
# sample is taken before the command can run, the last after everything it
# started has ended.
# SPDX-License-Identifier: Apache-2.0
import json
import os
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from tap import EMIT, check, check_equal, end
from zones import MOVE, Machine, Mover

scratch = tempfile.TemporaryDirectory()
home = scratch.name
machine = Machine(os.path.join(home, "sys"))
environment = {"PATH": os.environ["PATH"], "HOME": home, "XDG_STATE_HOME": os.path.join(home, "state"),
               "XDG_CONFIG_HOME": os.path.join(home, "config")}
command_file = os.path.join(home, "command.py")


def run(*options, code="spend(0, 0.05)", **more):
    """Runs Python code in which zone 0 is `package`, zone 1 `dram`; returns the process and events."""
    with open(command_file, "w") as out:
        out.write(MOVE + f"package, dram = Zone({machine.root!r}, 'intel-rapl:0'), "
                         f"Zone({machine.root!r}, 'intel-rapl:0:0')\n" + code)
    output = os.path.join(home, "events.ndjson")
    if os.path.exists(output):
        os.remove(output)
    more.setdefault("env", environment)
    got = subprocess.run([EMIT, "run", "--sysfs-root", machine.root, "--output", output, "--json",
                          *options, "--", sys.executable, command_file],
                         capture_output=True, text=True, **more)
    events = []
    if os.path.exists(output):
        with open(output) as file:
            events = [json.loads(line) for line in file]
    report = json.loads(got.stderr.splitlines()[-1]) if got.stderr.endswith("}\n") else None
    return got, events, report


SPEND = "package.spend(3, 0.1); dram.spend(1, 0.05)\n"


def joules(events):
    return {event["tags"]["device_id"]: event["quantity"] for event in events}


def energy_is_exact():
    got, events, report = run(code="package.add(7)\n" + SPEND + "package.add(2)\nexit(3)\n")
    check_equal(got.returncode, 3, "the exit status is the command's")
    check_equal(joules(events).get("package-0"), 12, "the first and the last joule of the command count")
    check_equal({(event["kind"], event["tags"]["simulated"]) for event in events},
                {("emit:energy_meter_recorded", True)}, "every event says that it is simulated")
    check(report and report["exit"] == 3, "--json prints the report on stderr")
    check(report and report["run_id"].startswith("run_"), "with the run's id")
    check_equal({event["compute_assignment_run_id"] for event in events},
                {report and report["run_id"]}, "which the events carry")
    kinds = [point["outcome"] for point in report["points"]]
    check_equal(len(kinds), 2, "every point found has an outcome")

    orphan = SPEND + """
import sys
if os.fork() == 0:
    os.setsid()
    package.spend(4, 0.2)
    os._exit(0)
"""
    got, events, _ = run(code=orphan)
    check_equal(joules(events).get("package-0"), 7, "what an orphan uses counts")
    got, events, _ = run("--no-wait-orphans", code=orphan)
    check(joules(events).get("package-0", 9) < 7, "but not with --no-wait-orphans")


def files_are_written():
    trace, report_file = os.path.join(home, "trace.csv"), os.path.join(home, "report.json")
    mover = Mover(machine)
    got, events, report = run("--trace", trace, "--interval", "20ms", "--report", report_file,
                              code="time.sleep(0.5)\n")
    mover.stop()
    with open(trace) as file:
        rows = [line.strip().split(",") for line in file]
    check_equal(rows[0], ["seconds", "meter", "device_id", "component", "joules", "watts"],
                "--trace begins with the names of its columns")
    package = [row for row in rows if row[2] == "package-0"]
    check(len(package) >= 12, f"--trace has a row for every sample ({len(package)})")
    check_equal(float(package[-1][4]), joules(events).get("package-0"), "its last row is the event's energy")
    check_equal((package[0][5], float(package[0][4])), ("", 0), "its first row begins at nothing")
    seconds = [float(row[0]) for row in package]
    check(seconds == sorted(seconds) and seconds[0] == 0, "its times rise from zero")
    with open(report_file) as file:
        check_equal(json.load(file), report, "--report holds what --json prints")
    for option in ["--trace", "--report", "--output"]:
        mark = os.path.join(home, "ran")
        got = subprocess.run([EMIT, "run", option, home + "/no/such/folder/file", "--", "touch", mark],
                             capture_output=True, text=True, env=environment)
        check(got.returncode == 125 and not os.path.exists(mark) and option in got.stderr,
              f"{option} that cannot be written keeps the command from starting")


def workspace_of(events):
    return {event["workspace_id"] for event in events}


def workspaces():
    folder = os.path.join(home, "project", "deep", "below")
    os.makedirs(folder)
    os.makedirs(os.path.join(home, "config", "emit"))
    settings = os.path.join(home, "config", "emit", "emit.yaml")
    got, events, _ = run(code=SPEND)
    check_equal(workspace_of(events), {"ws_local"}, "no workspace: ws_local")
    for outbox, said in ((["--outbox", os.path.join(home, "kept", "outbox.db")], 1), (["--no-outbox"], 0)):
        got = subprocess.run([EMIT, "run", "--sysfs-root", machine.root, *outbox, "--", sys.executable, command_file],
                             capture_output=True, text=True, env=environment)
        check_equal(got.stderr.count("stay on this machine"), said, f"which a report of {outbox[0]} says {said} times")
    with open(os.path.join(home, "project", "workspace.yaml"), "w") as out:
        out.write("version: 1\nid: ws_file\nlist:\n  - {a: b}\n")
    got, events, _ = run(code=SPEND, cwd=folder)
    check_equal(workspace_of(events), {"ws_file"}, "the id of the nearest workspace.yaml")
    with open(settings, "w") as out:
        out.write("workspace: ws_settings\nmodels: {big-4.1*: managed-large-v1, '*': house-v2}\n")
    got, events, _ = run(code=SPEND, cwd=folder)
    check_equal(workspace_of(events), {"ws_settings"}, "the configuration ranks above it")
    named = dict(environment, EMIT_WORKSPACE_ID="ws_variable")
    got, events, _ = run(code=SPEND, cwd=folder, env=named)
    check_equal(workspace_of(events), {"ws_variable"}, "EMIT_WORKSPACE_ID above that")
    got, events, _ = run("--workspace", "ws_option", code=SPEND, cwd=folder, env=named)
    check_equal(workspace_of(events), {"ws_option"}, "and --workspace above all")
    for text, sentence in [("workspace: [\n", "emit.yaml:2: not YAML"),
                           ("a: 1\n", "emit.yaml:1: there is no setting 'a'"),
                           ("\ninterval: soon\n", "emit.yaml:2: --interval"),
                           ("orphan_timeout: soon\n", "emit.yaml:1: "),
                           ("models:\n  x: big\n", "emit.yaml:2: 'big' is no profile id"),
                           ("models: {x: openai-v1}\n", "emit.yaml:1: 'openai-v1' is no profile id"),
                           ("models: [x]\n", "emit.yaml:1: models is a map"), ("models: all\n", "emit.yaml:1: models is a map")]:
        with open(settings, "w") as out:
            out.write(text)
        got, events, _ = run(code=SPEND)
        check(got.returncode == 125 and sentence in got.stderr, f"a broken configuration: {got.stderr.strip()}")
    os.remove(settings)
    with open(os.path.join(home, "project", "workspace.yaml"), "w") as out:
        out.write("id: [\n")
    got, events, report = run(code=SPEND, cwd=folder)
    check(got.returncode == 0 and workspace_of(events) == {"ws_local"},
          "a workspace.yaml that cannot be read stops nothing")
    check("workspace.yaml:2" in json.dumps(report), "and is told")


def choices():
    mark = os.path.join(home, "ran")
    for words, sentence in [
        (["--meters", "rapl,nope"], "there is no meter 'nope'"),
        (["--interval", "1ns"], "too short"),
        (["--max-power", "0W"], "1W to 1MW"),
        (["--max-power", "9000000000MW"], "1W to 1MW"),
        (["--interval", "often"], "'often'"),
        (["--run-id", "a/b"], "unusable"),
        (["--run-id", "x" * 128], "unusable"),
        (["--workspace", "a b"], "unusable"),
        (["--sysfs-root", "/no/such/folder"], "/no/such/folder"),
        (["--config", "/no/such/file"], "/no/such/file"),
    ]:
        got = subprocess.run([EMIT, "run", *words, "--", "touch", mark], capture_output=True, text=True,
                             env=environment)
        check(got.returncode == 125 and sentence in got.stderr and not os.path.exists(mark),
              f"{' '.join(words)[:40]} is refused: {got.stderr.strip()[:100]}")
    hostile = b"./no\x1b[2Jsuch\xff\ncommand"
    for words in ([EMIT, "run", "--", hostile], [EMIT, "run", "--meters", hostile, "--", "true"], [EMIT, hostile],
                  [EMIT, "run", "--sysfs-root", machine.root, "--", "sh", "-c", b"exit 0 # " + hostile]):
        said = subprocess.run(words, capture_output=True, env=environment).stderr
        check(said and not any(byte < 0x20 and byte != 0x0a for byte in said) and said.decode(),
              f"what is quoted reaches the terminal as text only: {said!r}")
    for words in (["--sysfs-root", machine.root], ["--meters", "none"]):
        got = subprocess.run([EMIT, "run", *words, "--require-measured", "--", "touch", mark],
                             capture_output=True, text=True, env=environment)
        check(got.returncode == 125 and "--require-measured" in got.stderr and not os.path.exists(mark),
              f"--require-measured refuses to start: {got.stderr.strip()}")


# Whoever asks for the document gets it, whatever there was to meter.
def documents():
    report_file = os.path.join(home, "document.json")
    for options in (["--meters", "none"], ["--meters", "none", "--no-outbox"], ["--no-outbox"]):
        for report in ([], ["--report", report_file], ["--quiet"]):
            words = [*options, *report]
            got = subprocess.run([EMIT, "run", "--json", *words, "--workspace", "ws_named", "--", "sh", "-c", "exit 4"],
                                 capture_output=True, text=True, env=environment)
            document = json.loads(got.stderr) if got.stderr.count("\n") == 1 else {}
            check_equal((got.returncode, document.get("exit"), document.get("command"), document.get("workspace_id")),
                        (4, 4, "sh -c exit 4", "ws_named"), f"--json {' '.join(words)}: one object: {got.stderr[:200]}")
            if report:
                check(report == ["--quiet"] or open(report_file).read() == got.stderr, "--report has the same")
    for words, status in (["--", "no-such-command"], 127), (["--require-measured", "--", "true"], 125):
        got = subprocess.run([EMIT, "run", "--json", "--sysfs-root", machine.root, *words], capture_output=True,
                             text=True, env=environment)
        document = json.loads(got.stderr) if got.stderr.count("\n") == 1 else {"exit": got.stderr}
        check_equal((got.returncode, document["exit"], len(document.get("notes", []))), (status, status, 1),
                    f"a command that was not started has one that says why: {got.stderr[-200:]}")
    got = subprocess.run([EMIT, "run", "--meters", "none", "--report", report_file, "--", "true"], capture_output=True,
                         text=True, env=environment)
    check_equal((got.stderr, json.load(open(report_file))["points"]), ("", []), "--report alone says nothing")


def what_cannot_be_kept():
    blocked = os.path.join(home, "a-file")
    open(blocked, "w").close()
    for options in ([], ["-q"]):
        got = subprocess.run([EMIT, "run", "--sysfs-root", machine.root, "--outbox", blocked + "/outbox.db", *options,
                              "--", "sh", "-c", "exit 6"], capture_output=True, text=True, env=environment)
        check_equal((got.returncode, got.stdout), (6, ""), f"without a store the status is the command's {options}")
        check("a-file" in got.stderr, f"and it is said: {got.stderr.strip()[-200:]}")
        check("tries again" not in got.stderr, "without promising what no run file holds")
    # A store without its library: the counts stay in the run file until there is one.
    with open(os.path.join(home, "libsqlite3.so.0"), "w"):
        pass
    lost = dict(environment, XDG_STATE_HOME=os.path.join(home, "no-sqlite"))
    for name, shown in (("run_lost", True), ("run_quiet", False)):
        got = subprocess.run([EMIT, "run", "--run-id", name, "--sysfs-root", machine.root, *([] if shown else ["-q"]), "--",
                              sys.executable, command_file], capture_output=True, text=True,
                             env=dict(lost, LD_LIBRARY_PATH=home))
        check(got.returncode == 0 and "apt-get install libsqlite3-0" in " ".join(got.stderr.split()),
              f"without libsqlite3 the package is named: {got.stderr[-200:]}")
        check("the next emit command tries again" in " ".join(got.stderr.split()) or not shown, "and what comes of it")
        found = subprocess.run([EMIT, "show", name], capture_output=True, text=True, env=lost)
        check(found.returncode == 0 and "rapl counter" in found.stdout and "a run that could not be stored" in found.stderr,
              f"the next command stores it: {found.stderr}")
    full = subprocess.run([EMIT, "run", "--sysfs-root", machine.root, "--report", "/dev/full", "--output", "/dev/full",
                           "--", "sh", "-c", "exit 6"], capture_output=True, text=True, env=environment)
    check(full.returncode == 6 and "cannot write all of /dev/full" in full.stderr,
          f"a report that cannot be written costs no status, and is said: {full.stderr.strip()[-100:]}")


def sharing():
    inner = SPEND + f"import subprocess\nsubprocess.run([{EMIT!r}, 'run', '--sysfs-root', {machine.root!r}, " \
                    "'--output', os.environ['INNER'], '--', 'sleep', '0.1'], check=True)\n"
    inner_events = os.path.join(home, "inner.ndjson")
    got, events, _ = run(code=inner, env=dict(environment, INNER=inner_events))
    check_equal(got.returncode, 0, "an emit run inside an emit run succeeds")
    check_equal(os.path.getsize(inner_events), 0, "the inner one makes no events of the same devices")
    check_equal(joules(events).get("package-0"), 3, "the outer one counts each joule once")
    check("emit: sleep 0.1  exit 0" in got.stderr, f"each names its own command: {got.stderr[:200]}")
    first = subprocess.Popen([EMIT, "run", "--run-id", "shared", "--sysfs-root", machine.root, "--", "sleep", "0.2"],
                             stderr=subprocess.PIPE, text=True, env=environment)
    time.sleep(0.1)
    got, events, report = run("--run-id", "shared", code="spend_later = __import__('time').sleep(0.5)\n" + SPEND)
    check("emit: sleep 0.2  exit 0" in first.communicate()[1], "so does a rank that leaves early")
    check(command_file in report["command"] and joules(events), f"and the one that closes the run: {report['command']}")


energy_is_exact()
files_are_written()
workspaces()
choices()
documents()
what_cannot_be_kept()
sharing()
scratch.cleanup()
end()
