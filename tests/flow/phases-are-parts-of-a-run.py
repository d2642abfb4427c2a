#!/usr/bin/python3
# Phases, marked by a shell, by a C program and by Python, inside a run and alone: each has
# events of its own whose joules are differences of what the ledger says was read, near
# what the curve drew meanwhile; the sum of the run knows nothing of them.
# SPDX-License-Identifier: Apache-2.0
import concurrent.futures
import datetime
import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from reachable import for_nobody
from tap import check, check_equal, end, skip
from testbed import EMIT, MEMORY, TESTBED, describe, devices_of_points, read_lines

EXAMPLES, BUILD = os.environ["EXAMPLES"], os.environ["BUILD"]
PHASES_C = os.environ["PHASES_C"]
PRELOAD = os.environ.get("PRELOAD", "")  # what a library built with a sanitizer wants
POOL = concurrent.futures.ThreadPoolExecutor(4)  # plays mostly sleep: all are started, then looked at
NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all"]
WATTS = {"package-0": 100, "dram-0": 10}  # of the scenario steady


class Stage:
    def __init__(self, name, scenario="steady"):
        self.folder = tempfile.mkdtemp(dir=MEMORY)
        self.name, self.scenario = name, scenario
        self.environment = {**os.environ, "HOME": self.folder, "XDG_STATE_HOME": self.folder,
                            "EMIT_OUTBOX": self.path("outbox.db"), "EMIT_WORKSPACE_ID": "ws_test",
                            "LD_LIBRARY_PATH": BUILD, "PATH": f"{os.path.dirname(EMIT)}:{os.environ['PATH']}"}
        for variable in ("EMIT_RUN_ID", "EMIT_RUN_FOLDER"):
            self.environment.pop(variable, None)

    def path(self, name):
        return os.path.join(self.folder, name)

    # A future: .result() when the play is over.
    def play(self, *command):
        return POOL.submit(subprocess.run, [TESTBED, "run", "--ledger", self.path("ledger"), self.scenario, "--", *command],
                           capture_output=True, text=True, cwd=self.folder, env=self.environment)

    # The same, with the tree as plain files in a folder.
    def play_at(self, folder, *command):
        return POOL.submit(subprocess.run, [TESTBED, "run", "--static", "--mount", folder, self.scenario, "--", *command],
                           capture_output=True, text=True, cwd=self.folder, env=self.environment)

    def emit(self, *words):
        return subprocess.run([EMIT, *words], capture_output=True, text=True, cwd=self.folder, env=self.environment)

    # The report of the only run, and all events, of the store.
    def look(self):
        listed = [json.loads(line) for line in self.emit("runs", "--json").stdout.splitlines()]
        check_equal(len(listed), 1, f"{self.name}: one run is in the store")
        report = json.loads(self.emit("show", "--json", listed[0]["run_id"]).stdout)
        events = [json.loads(line) for line in self.emit("outbox", "export").stdout.splitlines()]
        valid = subprocess.run([EMIT, "validate", "--strict"], capture_output=True, text=True, env=self.environment,
                               input="".join(json.dumps(event) + "\n" for event in events))
        check_equal(valid.returncode, 0, f"{self.name}: events keep the contract {valid.stdout}")
        left = [name for name in os.listdir(self.path("runs")) if not name.startswith(".")]
        check_equal(left, [], f"{self.name}: no file is left beside the store")
        return report, events

    def close(self):
        shutil.rmtree(self.folder)


# All that lies between two readings of a device, in microjoules.
def differences(ledger, zone):
    served = [line["microjoules"] for line in ledger if line["what"] == "read" and line.get("zone") == zone]
    return {later - earlier for earlier, later in itertools.combinations(served, 2)}


def is_sum_of(total, parts, terms):
    if parts == 1:
        return total in terms
    return any(is_sum_of(total - term, parts - 1, terms) for term in terms if term <= total)


def check_phase(stage, report, events, ledger, name, parts, seconds):
    label = f"{stage.name}: {name}"
    phase = next((one for one in report.get("phases", []) if one["phase"] == name), None)
    if not check(phase is not None, f"{label} is in the report"):
        return
    lasted = phase["window_ns"] / 1e9
    check(phase["parts"] == parts and seconds <= lasted < seconds + 0.4, f"{label}: {phase['parts']} parts, {lasted:.3f} s")
    own = {event["tags"]["device_id"]: event for event in events if event["tags"]["phase"] == name}
    check_equal(sorted(own), sorted(WATTS), f"{label}: an event for each device")
    for device, event in own.items():
        zone = {"package-0": "intel-rapl:0", "dram-0": "intel-rapl:0:0"}[device]
        joules, allowed = event["quantity"], event["tags"]["timing_uncertainty_joules"]
        check(is_sum_of(round(joules * 1e6), parts, differences(ledger, zone)),
              f"{label}: {device} is what {parts} times two readings differ by: {joules} J")
        off = joules - WATTS[device] * lasted
        check(abs(off) <= 3 * allowed, f"{label}: {device} is near the curve: {off:+.4f} J, allowed {allowed:.4f} J")
    summed = sum(event["quantity"] for event in own.values())
    check(abs(phase["totals"][0]["joules"] - summed) < 1e-6, f"{label}: its total is its own")


def check_total(stage, report, events):
    total = [event for event in events if event["tags"]["phase"] == "total"]
    check_equal(len(total), len(WATTS), f"{stage.name}: one total for each device")
    check(abs(report["totals"][0]["joules"] - sum(event["quantity"] for event in total)) < 1e-6,
          f"{stage.name}: the sum of the run holds no phase")


def example(name, command, phases, inside):
    stage = Stage(f"{name} {'in a run' if inside else 'alone'}")
    play = stage.play(EMIT, "run", "--", *command) if inside else stage.play(*command)
    yield
    got = play.result()
    check_equal(got.returncode, 0, f"{stage.name}: ends well {got.stderr[-300:] if got.returncode else ''}")
    report, events = stage.look()
    ledger = read_lines(stage.path("ledger"))
    for phase, parts, seconds in phases:
        check_phase(stage, report, events, ledger, phase, parts, seconds)
    check_total(stage, report, events)
    if inside:
        lines = got.stderr.splitlines()
        wide = [line for line in lines if len(line) > 80]
        check(any("may overlap" in line for line in lines) and not wide, f"{stage.name}: the report tells them {wide}")
        shown = stage.emit("show", report["run_id"]).stdout
        check_equal(shown.splitlines()[:8], lines[:8], f"{stage.name}: emit show prints the same")
    if name != "shell":
        window_results_are_said(got, stage.name)
    stage.close()


def window_results_are_said(got, name):
    told = [line.split() for line in got.stdout.splitlines() if line.startswith(("prefill", "decode"))]
    check(len(told) == 3 and all(float(line[1]) > 0 for line in told), f"{name}: each window hands back its joules {told}")


# An emit run inside is a phase: its own report, its own status; deeper ones too.
def nested():
    stage = Stage("nested")
    play = stage.play(EMIT, "run", "--outbox", "elsewhere.db", "--", "sh", "-c",
                     f"cd /; {EMIT} run -- sleep 0.3; {EMIT} run --phase deep -- sh -c '{EMIT} run -q -- sleep 0.2; exit 3'; "
                     f"echo status $?; {EMIT} run -q --run-id other -- true; exit 7")
    yield
    got = play.result()
    check_equal((got.returncode, got.stdout), (7, "status 3\n"), "nested: every status is its command's")
    check(got.stderr.count("phase sleep of the run") == 1 and got.stderr.count("stored, 0 sent") == 1,
          "nested: the inner one tells its part, the outer one stores")
    stage.environment["EMIT_OUTBOX"] = stage.path("elsewhere.db")
    listed = [json.loads(line) for line in stage.emit("runs", "--json").stdout.splitlines()]
    others = [run["run_id"] for run in listed if run["run_id"] != "other"]
    check_equal((len(listed), len(others)), (2, 1), "nested: they are one run, and one of another name, in the outer one's store")
    report = json.loads(stage.emit("show", "--json", others[0]).stdout)
    told = {phase["phase"]: phase["parts"] for phase in report["phases"]}
    check_equal(told, {"sleep": 2, "deep": 1}, "nested: phases are named after commands, or as one says")
    stage.close()


# Whether the counter of a GPU, which never wraps, began anew between two of these answers.
def is_reset(answers):
    counts = [line["millijoules"] for line in answers if line and "millijoules" in line]
    return any(later < earlier for earlier, later in itertools.pairwise(counts))


def longest_wait_s(answers):
    times = [line["at"] for line in answers if line]
    return max((later - earlier for earlier, later in itertools.pairwise(times)), default=0) / 1e9


# What the ledger knows of one device at the marks of a run. How early a machine lets each of them run is its own affair:
# a phase is judged by what was answered to it.
class Witness:
    # Who reads last is the run. A mark is known by its process; those that read nothing came before the run had found
    # anything.
    def __init__(self, ledger, device, total, marks):
        reads = [line for line in ledger if line["what"] == "read"]
        run = reads[-1]["pid"]
        came = list(dict.fromkeys(line["pid"] for line in reads if line["pid"] != run))
        assert len(came) <= marks, f"{len(came)} readers beside the run"
        self.marks = [None] * (marks - len(came)) + came
        self.answers = [line for line in reads if device["id"] in (line.get("zone"), line.get("gpu")) and "error" not in line]
        self.runs_own = [line for line in self.answers if line["pid"] == run]
        self.run_was_late = total.get("from_offset_ns") == 0

    # The last answer to a mark, or None.
    def at(self, mark):
        return next((line for line in reversed(self.answers) if line["pid"] == self.marks[mark]), None)

    # Whether what the report says of a phase between two marks is what was read.
    def bears_out(self, part, begin, end):
        first, last = self.at(begin), self.at(end)
        begun, ended = first["at"] if first else 0, last["at"] if last else float("inf")
        before = [line for line in self.runs_own if line["at"] < begun][-1:]
        inside = [line for line in self.runs_own if begun <= line["at"] <= ended]
        seen = [first, *inside, last]
        if part["outcome"] == "measured":
            if not first or not last or is_reset(seen):
                return False
            return "millijoules" not in first or abs(part["joules"] * 1e3 - (last["millijoules"] - first["millijoules"])) < 1e-3
        moved = len({line.get("millijoules") for line in seen if line}) > 1
        return {
            "gone": not last and (moved if part["outcome"] == "partial" else not first or len(inside) < 2),
            "below-resolution": not last and len(inside) < 3,
            "reset": is_reset(before + seen),
            "late": self.run_was_late,
            "timeout": self.run_was_late and not first,
            "gap": longest_wait_s(before + seen) > (0.15 if any("milliwatts" in line for line in self.answers) else 1),  # sampled every 0.1 s
            "absent": not self.answers,
        }.get(part["code"], False)


# Parts that follow each other and cover the run come to its total, wherever the counter wraps and however the power is known:
# within what their edges leave open, and what the time in none or in two of them can hold. What lacks something lacks what
# was not read.
def covering(scenario):
    stage = Stage(f"covering {scenario}", scenario)
    play = stage.play(EMIT, "run", "-q", "--interval", "100ms", "--", "sh", "-c", "emit mark a; sleep 0.25; emit mark b; emit mark --end a; "
                      "sleep 0.25; emit mark c; emit mark --end b; sleep 0.25; emit mark --end c")
    marks = {"a": (0, 2), "b": (1, 4), "c": (3, 5)}
    yield
    check_equal(play.result().returncode, 0, f"{stage.name}: ends well {play.result().stderr}")
    report, _ = stage.look()
    phases = sorted(report["phases"], key=lambda phase: phase["phase"])
    edges = [report["from"]] + [phase[edge] for phase in phases for edge in ("from", "to")] + [report["to"]]
    at = [datetime.datetime.fromisoformat(edge.replace("Z", "+00:00")).timestamp() for edge in edges]
    # In no phase at either end, and in two phases where one follows another; a millisecond is what a time says.
    elsewhere_s = sum(abs(at[after] - at[after - 1]) + 0.001 for after in range(1, len(at), 2))
    devices, ledger = devices_of_points(describe(scenario)), read_lines(stage.path("ledger"))
    for total in report["points"]:
        parts = [next(point for point in phase["points"] if point["device_id"] == total["device_id"]) for phase in phases]
        if total["outcome"] == "measured":
            off = sum(part.get("joules", 0) for part in parts) - total["joules"]
            allowed = sum(point.get("timing_uncertainty_joules", 0) for point in [total, *parts]) + elsewhere_s * 4 * total["mean_watts"]  # a burst
            check(len(parts) == 3 and abs(off) <= allowed, f"{stage.name}: {total['device_id']}: three phases come to the total: {off:+.4f} J, "
                  f"allowed {allowed:.4f} J of {total['joules']:.4f} J")
        witness = Witness(ledger, devices[total["device_id"]], total, 6)
        told = [(part["outcome"], part["code"]) for part in parts]
        check(all(witness.bears_out(part, *marks[phase["phase"]]) for phase, part in zip(phases, parts)),
              f"{stage.name}: {total['device_id']}: each phase has what was read of it {told}")
        came_late = [code in ("late", "timeout") for _, code in told]
        check(came_late == sorted(came_late, reverse=True), f"{stage.name}: {total['device_id']}: late is only what came first {told}")
    stage.close()


# A GPU that nobody but the marks can have seen vanish: the run samples at its ends alone. What is said of it is that it
# went away, and nothing else, whichever mark was the first that did not find it.
def vanished():
    stage = Stage("vanished", "gpu-lost")
    play = stage.play(EMIT, "run", "-q", "--interval", "20s", "--", "sh", "-c", "emit mark before; sleep 0.6; emit mark after; "
                      "emit mark --end before; emit mark --end after")
    yield
    check_equal(play.result().returncode, 0, f"vanished: ends well {play.result().stderr}")
    report, _ = stage.look()
    told = {(phase["phase"], point["outcome"], point["code"]) for phase in report["phases"] for point in phase["points"]
            if not point["device_id"].endswith("0")}
    check(told and {code for _, _, code in told} == {"gone"}, f"vanished: a GPU that is gone is called so {sorted(told)}")
    check(all(outcome == "refused" for name, outcome, _ in told if name == "after"), "vanished: and nothing is known of a phase after that")
    stage.close()


# Edges where the counters have just moved: a GPU that updates ten times a second is then known
# as well as a CPU, and the constant one of the scenario shows that this is true.
def aligned():
    stage, gpu, watts = Stage("aligned", "two-gpus"), "GPU-e3170001-0000-4000-8000-000000000001", 71
    play = stage.play(EMIT, "run", "-q", "--", "sh", "-c", "for i in 1 2 3; do emit mark --align fresh$i; sleep 0.4; emit mark --align "
                     "--end fresh$i; done; emit mark plain; sleep 0.4; emit mark --end plain")
    yield
    got = play.result()
    check_equal((got.returncode, got.stderr), (0, ""), "aligned: nothing goes wrong")
    report, events = stage.look()
    allowed = {}
    for phase in report["phases"]:
        event = next(one for one in events if one["tags"]["phase"] == phase["phase"] and one["tags"]["device_id"] == gpu)
        allowed[phase["phase"]] = event["tags"]["timing_uncertainty_joules"]
        off = event["quantity"] - watts * phase["window_ns"] / 1e9
        check(abs(off) <= allowed[phase["phase"]] + 0.05,
              f"aligned: {phase['phase']} is near the curve: {off:+.3f} J, allowed {allowed[phase['phase']]:.3f} J")
    # Where a mark could ask as often as it wants to: one that was held up has its edge that much later, and says so.
    asked = {}
    for line in read_lines(stage.path("ledger")):
        if line["what"] == "read" and line.get("gpu") == gpu:
            asked.setdefault(line["pid"], []).append(line)
    *marks, _ = sorted(asked.values(), key=lambda lines: lines[-1]["at"])  # the run itself reads last
    prompt = {f"fresh{number + 1}": all(longest_wait_s(mark[1:]) < 0.005 for mark in marks[2 * number:2 * number + 2]) for number in range(3)}
    check(all(2 * allowed[name] < allowed["plain"] for name in prompt if prompt[name]),
          f"aligned: and much better known than without {allowed}, held up: {[name for name in prompt if not prompt[name]]}")
    stage.close()


# Three processes that go by one id, as ranks do: one run, and their windows are its phases.
def shared():
    stage = Stage("shared")
    stage.environment["EMIT_RUN_ID"] = "ranks"
    play = stage.play("sh", "-c", f"{PHASES_C} & {PHASES_C} & {PHASES_C}; wait")
    yield
    check_equal((play.result().returncode, play.result().stderr), (0, ""), "shared: nothing goes wrong")
    report, events = stage.look()
    # One part each where they run side by side; a machine that is slow to start them makes more of them.
    parts = {phase["phase"]: phase["parts"] for phase in report["phases"]}
    check(1 <= parts["prefill"] <= 3 and 2 <= parts["decode"] <= 6, f"shared: windows of one name are one phase {parts}")
    check_total(stage, report, events)
    stage.close()


# The run's emit is killed: the next command takes the phases along.
def killed():
    stage = Stage("killed")
    play = stage.play("sh", "-c", f"{EMIT} run --interval 100ms -- sh -c 'echo $PPID > pid; emit mark a; sleep 0.3; emit mark --end a; "
                           f"emit mark b; sleep 0.4; kill -9 $(cat pid)'; exit 0")
    yield
    play.result()
    report, events = stage.look()
    ledger = read_lines(stage.path("ledger"))
    check_phase(stage, report, events, ledger, "a", 1, 0.3)
    cut = next(phase for phase in report["phases"] if phase["phase"] == "b")
    check(report["state"] == "killed" and cut["ended_with_run"] and {point["code"] for point in cut["points"]} == {"gap"},
          "killed: what was open then is partial, and said to have ended with the run")
    stage.close()


def complaints():
    stage = Stage("complaints")
    play = stage.play(EMIT, "run", "-q", "--", "sh", "-c", "emit mark --end x; emit mark x; emit mark x; emit mark --end x; emit mark --end x")
    yield
    for words, wanted in ((["mark", "x"], "no run is named"), (["mark"], "name one phase"), (["mark", "total"], "'total'"),
                          (["mark", "--run-id", "none", "x"], "no run none goes on"), (["mark", "A"], "'A' is no phase"),
                          (["run", "--phase", "x", "--", "true"], "there is none")):
        got = stage.emit(*words)
        check(got.returncode in (2, 125) and wanted in got.stderr and got.stderr.count("\n") == 1,
              f"emit {' '.join(words)}: {got.stderr.strip()}")
    got = play.result()
    check_equal((got.returncode, got.stdout, got.stderr), (0, "", "emit mark: phase 'x' was not begun\n"),
                "marks print nothing but what went wrong")
    stage.close()


# What only options of the run said holds for every emit in it, wherever that is.
def handed_on():
    stage = Stage("handed on", "two-gpus")
    os.mkdir(stage.path("sys"))
    inside = "cd / && emit mark a && sleep 0.3 && emit mark --end a && emit run -q --phase b -- emit run -q --phase c -- sleep 0.3"
    play = stage.play_at("sys", "sh", "-c", f'unset EMIT_OUTBOX EMIT_SYSFS_ROOT; library=$EMIT_NVML_LIBRARY; unset EMIT_NVML_LIBRARY; '
                         f'{EMIT} run --outbox outbox.db --sysfs-root sys --nvml-library "$library" -- sh -c "{inside}"')
    yield
    got = play.result()
    check_equal(got.returncode, 0, f"handed on: every emit inside finds the run {got.stderr[-300:]}")
    report, _ = stage.look()
    check_equal({phase["phase"]: sorted({point["outcome"] for point in phase["points"]}) for phase in report["phases"]},
                {name: ["measured"] for name in "abc"}, "handed on: and reads its counters")
    stage.close()


# Somebody who may not read: denied, and never zero.
def denied():
    stage = Stage("denied")
    os.chmod(stage.folder, 0o777)
    library, program = for_nobody(BUILD + "/libemit.so.0"), for_nobody(PHASES_C)
    play = stage.play(*NOBODY, "env", f"LD_LIBRARY_PATH={os.path.dirname(library)}", program)
    yield
    got = play.result()
    check(got.returncode == 0 and "package-0 refused denied" in got.stdout and " J" not in got.stdout,
          f"denied: a session says so {got.stdout[:200]} {got.stderr}")
    stage.close()


# With a borrowed right a phase is told by whole seconds: nothing finer is read for it.
def borrowed():
    stage = Stage("borrowed")
    stage.environment.pop("EMIT_OUTBOX")
    os.chmod(stage.folder, 0o777)
    emit = shutil.copy(EMIT, stage.path("emit-cap"))
    if subprocess.run(["setcap", "cap_dac_read_search=ep", emit], capture_output=True).returncode:
        skip("borrowed: a phase by whole seconds", "no file capabilities here")
        return

    def play():
        return stage.play(*NOBODY, emit, "run", "-q", "--start-timeout", "1100ms", "--report", "report", "--", "sh", "-c",
                          f"{emit} mark short; {emit} mark long; sleep 0.1; {emit} mark --end short; sleep 1.2; {emit} mark --end long")

    def phases_of(played):
        check_equal(played.result().returncode, 0, f"borrowed: ends well {played.result().stderr}")
        with open(stage.path("report"), encoding="utf-8") as report:
            return {phase["phase"]: phase for phase in json.load(report)["phases"]}

    played = play()
    yield
    phases = phases_of(played)
    for _ in range(2):  # a busy machine may hold emit up for longer than a tick is good
        if phases["long"]["points"][0]["outcome"] == "measured":
            break
        phases = phases_of(play())
    told = {name: [(point["outcome"], point.get("code")) for point in phase["points"]] for name, phase in phases.items()}
    check_equal(told["long"], [("measured", "simulated")] * 2, "borrowed: a second and more is measured")
    check(all(kind == "refused" for kind, _ in told["short"]) or phases["short"]["window_ns"] > 9e8,
          f"borrowed: less than a second is not {phases['short']}")
    edges = phases["long"]["window_ns"] / 1e9
    check(abs(edges - round(edges)) < 0.006, f"borrowed: it lasts from tick to tick: {edges:.4f} s")
    stage.close()


def main():
    if os.geteuid() != 0 or not os.path.exists("/dev/fuse"):
        skip("phases", "needs root and /dev/fuse")
        end()
    windows = [("prefill", 1, 0.2), ("decode", 2, 0.6)]
    python = [os.path.join(EXAMPLES, "phases.py")]
    if PRELOAD:  # what the interpreter itself leaks is its own affair
        python = ["env", f"LD_PRELOAD={PRELOAD}", "ASAN_OPTIONS=detect_leaks=0", *python]
    plays = [example("shell", [os.path.join(EXAMPLES, "phases.sh")], [("prepare", 1, 0.2), ("train", 2, 0.6), ("check", 1, 0.2)], True)]
    for inside in (True, False):
        plays.append(example("C", [PHASES_C], windows, inside))
        plays.append(example("Python", python, [("prefill", 1, 0.2), ("decode", 2, 0.4)], inside))
    plays += [*map(covering, ("wrap-once", "bursts", "gpu-power-only", "gpu-lost", "gpu-reset")), vanished(), nested(), handed_on(), aligned(), shared(), killed(), complaints(), denied(), borrowed()]
    for play in plays:  # each starts its command, ...
        next(play, None)
    for play in plays:  # ... and looks at what came of it
        next(play, None)
    end()


main()
