#!/usr/bin/python3
# What emit-testbed shows is what the kernel would show: names, links, modes,
# error codes, update periods; every value served stands in the ledger; and
# nothing is left behind, however it ends.
# SPDX-License-Identifier: Apache-2.0
import errno
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from tap import check, check_equal, end, skip

TESTBED = os.environ["EMIT_TESTBED"]
CLASS = "class/powercap"
SCENARIO = """
summary: everything that can go wrong, on one machine
zones:
  - name: package-0
    power: {shape: sine, low: 50, high: 150, period: 30ms}
    parts: [{name: dram, unit: dram, power: 9}]
  - {name: package-1, power: 80}
  - {name: package-2, power: 70}
  - {name: package-3, power: 60}
  - {name: package-4, power: 50}
  - {name: package-5, power: 40}
events:
  - {at: 0ms, zone: "intel-rapl:1", what: denied}
  - {at: 0ms, zone: "intel-rapl:2", what: masked}
  - {at: 0ms, zone: "intel-rapl:3", what: einval}
  - {at: 0ms, zone: "intel-rapl:4", what: eio}
  - {at: 2s, zone: "intel-rapl:5", what: unplug}
"""


def failure_of(action):
    try:
        action()
    except OSError as error:
        return errno.errorcode[error.errno]
    return ""


def zone(root, name, file=""):
    return os.path.join(root, CLASS, name, file)


def read(path):
    with open(path, "rb", buffering=0) as file:
        return file.read(64)


def mode(path):
    return oct(stat.S_IMODE(os.stat(path).st_mode))


# Runs inside the test bed and prints what it saw.
def inside(root):
    seen = {}
    energy = zone(root, "intel-rapl:0", "energy_uj")
    going = os.open(zone(root, "intel-rapl:5", "energy_uj"), os.O_RDONLY)
    seen["before it goes"] = os.pread(going, 64, 0).decode()
    file = os.open(energy, os.O_RDONLY)
    values, until = [], time.monotonic() + 0.1
    while time.monotonic() < until:
        values.append(int(os.pread(file, 64, 0)))
    seen["values"] = len(values)
    seen["distinct"] = len(set(values))
    seen["falls"] = sum(a > b for a, b in zip(values, values[1:]))
    seen["tail"] = os.pread(file, 64, 5).decode()
    seen["behind"] = os.pread(file, 64, 4000).decode()
    seen["modes"] = {name: mode(zone(root, "intel-rapl:0", name))
                     for name in ("energy_uj", "name", "max_energy_range_uj", "enabled")}
    seen["links"] = {name: os.readlink(os.path.join(root, CLASS, name)) for name in os.listdir(os.path.join(root, CLASS))}
    seen["device"] = os.path.realpath(zone(root, "intel-rapl:0:0", "device"))
    seen["subsystem"] = os.path.realpath(zone(root, "intel-rapl:0:0", "subsystem"))
    seen["name"] = read(zone(root, "intel-rapl:0:0", "name")).decode()
    seen["range"] = read(zone(root, "intel-rapl:0:0", "max_energy_range_uj")).decode()
    seen["write energy"] = failure_of(lambda: os.open(energy, os.O_WRONLY))
    seen["write limit"] = failure_of(
        lambda: os.open(zone(root, "intel-rapl:0", "constraint_0_power_limit_uw"), os.O_RDWR))
    for number, what in enumerate(("denied", "masked", "einval", "eio"), 1):
        seen[what] = failure_of(lambda n=number: read(zone(root, f"intel-rapl:{n}", "energy_uj")))
    until = time.monotonic() + 10
    while not failure_of(lambda: os.pread(going, 64, 0)) and time.monotonic() < until:
        time.sleep(0.02)
    seen["gone, kept open"] = failure_of(lambda: os.pread(going, 64, 0))
    seen["gone, by name"] = failure_of(lambda: read(zone(root, "intel-rapl:5", "energy_uj")))
    seen["gone, listed"] = "intel-rapl:5" in os.listdir(os.path.join(root, CLASS))
    seen["others"] = [sorted(os.listdir("/sys/class")), sorted(os.listdir("/sys/devices/virtual"))]
    json.dump(seen, sys.stdout)


def myself(*words):
    return [sys.executable, os.path.abspath(__file__), *words]


def others_outside():
    return [sorted({"powercap", *os.listdir(folder)}) for folder in ("/sys/class", "/sys/devices/virtual")]


def ledger_of(path):
    with open(path, encoding="ascii") as lines:
        return [json.loads(line) for line in lines]


def check_tree(seen, where):
    check(50 < seen["values"] and 20 <= seen["distinct"] <= 140,
          f"{where}: the counter moves about once a millisecond: {seen['distinct']} values in 100 ms")
    check_equal(seen["falls"], 0, f"{where}: and never falls")
    check(seen["tail"].endswith("\n") and 2 <= len(seen["tail"]) < 13 and seen["behind"] == "",
          f"{where}: a read at an offset gives the tail of a value")
    check_equal(seen["modes"], {"energy_uj": "0o400", "name": "0o444", "max_energy_range_uj": "0o444",
                                "enabled": "0o644"}, f"{where}: modes")
    check_equal(seen["links"].get("intel-rapl:0:0"),
                "../../devices/virtual/powercap/intel-rapl/intel-rapl:0/intel-rapl:0:0",
                f"{where}: a part is listed flat and lives nested")
    check_equal(sorted(seen["links"]), sorted(["intel-rapl", "intel-rapl:0:0"] + [f"intel-rapl:{i}" for i in range(6)]),
                f"{where}: control type, zones and parts are listed")
    check(seen["device"].endswith("/intel-rapl/intel-rapl:0") and seen["subsystem"].endswith("/class/powercap"),
          f"{where}: device and subsystem lead where they should")
    check_equal((seen["name"], seen["range"]), ("dram\n", "65712999613\n"), f"{where}: name and range")
    for what, wanted in [("write energy", "EACCES"), ("write limit", "EACCES"), ("denied", "EACCES"),
                         ("masked", "ENOENT"), ("einval", "EINVAL"), ("eio", "EIO"),
                         ("gone, kept open", "ENODEV"), ("gone, by name", "ENOENT"), ("gone, listed", False)]:
        check_equal(seen[what], wanted, f"{where}: {what} gives {wanted}")


def check_ledger(lines, seen, path, where):
    reads = [line for line in lines if line["what"] == "read"]
    values = [line["microjoules"] for line in reads if line["zone"] == "intel-rapl:0"]
    check_equal(len(values), seen["values"], f"{where}: every value served is in the ledger, once")
    check_equal(len(set(values)), seen["distinct"], f"{where}: as it was served")
    check_equal([line["error"] for line in reads if "error" in line], ["EINVAL", "EIO", "ENODEV", "ENODEV"],
                f"{where}: so is every error")
    check_equal([line["file"] for line in lines if line["what"] == "write"],
                ["energy_uj", "constraint_0_power_limit_uw"], f"{where}: and every attempt to write")
    marks = {line["what"]: line["at"] for line in lines}
    check(marks["begin"] <= marks["start"] < marks["exit"], f"{where}: begin, start, exit")
    energy = [line for line in lines if line["what"] == "energy"]
    told = subprocess.run([TESTBED, "energy", path, "--begin", str(marks["begin"]), "--from",
                           str(marks["start"]), "--to", str(marks["exit"])],
                          capture_output=True, text=True, check=True).stdout
    check_equal([f"{line['zone']} {float(line['joules'])}" for line in energy],
                [f"{name} {float(joules)}" for name, joules in map(str.split, told.splitlines())],
                f"{where}: energy from start to exit is what `energy` says")
    seconds = (marks["exit"] - marks["start"]) / 1e9
    check(abs(energy[2]["joules"] - 80 * seconds) < 1e-6, f"{where}: 80 W for {seconds:.3f} s are {energy[2]['joules']:.6f} J")


def whole_tree(folder, scenario, *options):
    where = " ".join(word for word in options if word.startswith("--")) or "at /sys"
    ledger = os.path.join(folder, "ledger")
    root = '"${EMIT_TESTBED_SYSFS:-/sys}"'
    got = subprocess.run([TESTBED, "run", "--ledger", ledger, *options, scenario, "--", "sh", "-c",
                          f'exec "$0" "$@" {root}', *myself("inside")], capture_output=True, text=True)
    if not check_equal((got.returncode, got.stderr), (0, ""), f"{where}: runs the command"):
        return
    seen = json.loads(got.stdout)
    check_tree(seen, where)
    check_ledger(ledger_of(ledger), seen, scenario, where)
    if not options:
        check_equal(seen["others"], others_outside(), "all else in /sys is still there")


def exits():
    for command, status in [(["true"], 0), (["sh", "-c", "exit 7"], 7), (["sh", "-c", "kill -KILL $$"], 137),
                            (["/no/such/command"], 127), (["/etc/passwd"], 126)]:
        got = subprocess.run([TESTBED, "run", "steady", "--", *command], capture_output=True)
        check_equal(got.returncode, status, f"exit status {status} of {command}")
    for words in (["run"], ["run", "steady"], ["run", "no-such-scenario", "true"], ["run", "--no", "x", "true"]):
        got = subprocess.run([TESTBED, *words], capture_output=True)
        check_equal((got.returncode, got.stderr.count(b"\n")), (125, 1), f"125 and one sentence: {words}")
    for name in subprocess.run([TESTBED, "list"], capture_output=True, text=True, check=True).stdout.splitlines():
        got = subprocess.run([TESTBED, "describe", name.split()[0]], capture_output=True, text=True)
        check(got.returncode == 0 and "expected of emit run" in got.stdout, f"describe {name.split()[0]}")


def starts(options, command="echo $$; exec sleep 60"):
    started = subprocess.Popen([TESTBED, "run", *options, "steady", "--", "sh", "-c", command],
                               stdout=subprocess.PIPE, text=True)
    return started, int(started.stdout.readline())


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as words:
            return words.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


def waits_for(what, seconds=5):
    until = time.monotonic() + seconds
    while not what() and time.monotonic() < until:
        time.sleep(0.01)
    return what()


def mounted(word):
    with open("/proc/self/mounts", encoding="utf-8") as mounts:
        return any(word in line for line in mounts)


def endings():
    started, child = starts([])
    check(not mounted("/sys/class"), "nobody outside sees the mounts")
    started.send_signal(signal.SIGTERM)
    check_equal(started.wait(10), 143, "SIGTERM is passed on, and 143 comes back")
    check(not alive(child), "the command is gone")
    started, child = starts([])
    os.kill(child, signal.SIGKILL)
    check_equal(started.wait(10), 137, "a killed command gives 137")
    for who, command in [("the command", "echo $$; exec sleep 60"),
                         ("a command that changed its user",
                          "echo $$; exec setpriv --reuid=65534 --regid=65534 --clear-groups sleep 60")]:
        started, child = starts([], command)
        check(waits_for(lambda: b"sleep" in open(f"/proc/{child}/cmdline", "rb").read().split(b"\0")[0]), f"{who} runs")
        started.kill()
        started.wait()
        check(waits_for(lambda: not alive(child)), f"kill -9 of the test bed takes {who} along")
    check(not mounted("emit-testbed"), "and leaves no mount")


# The device as udev makes it on most systems: open to everybody.
def as_nobody(folder, *words):
    device = os.path.join(folder, "fuse")
    script = (f"mount --make-rprivate / && (test -e {device} || mknod {device} c 10 229) && chmod 666 {device} && "
              f"mount --bind {device} /dev/fuse && exec setpriv --reuid=65534 --regid=65534 --clear-groups "
              f"--inh-caps=-all env EMIT_SCENARIOS={folder}/scenarios \"$@\"")
    return ["unshare", "-m", "sh", "-c", script, "sh", os.path.join(folder, "emit-testbed"), *words]


KILLED = """
wait_for() { i=0; while [ "$(grep -c "$place" /proc/mounts)" != $1 ] && [ $i -lt 250 ]; do sleep .02; i=$((i + 1)); done; }
place=$1
"$0" run --mount "$place" one -- sleep 60 &
wait_for 1; grep -q "$place" /proc/mounts && echo mounted
kill -9 $!
wait_for 0; grep -q "$place" /proc/mounts || echo unmounted
"""


def unprivileged(folder):
    shutil.copy(TESTBED, folder)
    os.chmod(folder, 0o755)
    scenarios = os.path.join(folder, "scenarios")
    os.mkdir(scenarios)
    with open(os.path.join(scenarios, "one.yaml"), "w", encoding="ascii") as out:
        out.write("summary: one\nzones: [{name: package-0, power: 70}]\n")
    probe = subprocess.run(as_nobody(folder, "list"), capture_output=True, text=True)
    if not check(probe.returncode == 0, f"nobody runs the test bed {probe.stderr}"):
        return
    script = "id -u; stat -c '%u %a' $1/class/powercap/intel-rapl:0/energy_uj; cat $1/class/powercap/intel-rapl:0/energy_uj"
    got = subprocess.run(as_nobody(folder, "run", "one", "--", "sh", "-c", script, "sh", "/sys"),
                         capture_output=True, text=True)
    if "no namespace" in got.stderr:
        skip("in a user namespace", "this kernel lets nobody make one")
    else:
        lines = got.stdout.split("\n")
        check(got.returncode == 0 and lines[0] == "65534" and lines[1] == "65534 400" and int(lines[2]) > 0,
              f"in a user namespace, at /sys, with the caller's own ids: {lines} {got.stderr}")
    if not os.path.lexists("/etc/mtab"):
        return skip("in a directory, by fusermount3", "fusermount3 wants /etc/mtab, which is not here")
    place = os.path.join(folder, "place")
    os.mkdir(place)
    os.chown(place, 65534, 65534)
    got = subprocess.run(as_nobody(folder, "run", "--mount", place, "one", "--", "sh", "-c", script + "; grep -c $1 /proc/mounts",
                                   "sh", place), capture_output=True, text=True)
    lines = got.stdout.split("\n")
    check(got.returncode == 0 and lines[0] == "65534" and int(lines[2]) > 0 and lines[3] == "1" and got.stderr == "",
          f"in a directory, by fusermount3: {lines} {got.stderr}")
    got = subprocess.run(as_nobody(folder, "list")[:-2] + ["sh", "-c", KILLED, os.path.join(folder, "emit-testbed"), place],
                         capture_output=True, text=True, timeout=60)
    check_equal(got.stdout, "mounted\nunmounted\n", f"kill -9 leaves no mount of fusermount3 either {got.stderr}")


def static(folder):
    place = os.path.join(folder, "plain")
    os.mkdir(place)
    script = ("import os, sys, time; f = os.open(sys.argv[1] + '/class/powercap/intel-rapl:1/energy_uj', 0); "
              "a = os.pread(f, 64, 0); t = time.monotonic(); time.sleep(.2); b = os.pread(f, 64, 0); "
              "print(len(a), len(b), (int(b) - int(a)) / 1e6 / (time.monotonic() - t))")
    for where, options in [("at /sys", []), ("in a directory", ["--mount", place])]:
        root = place if options else "/sys"
        got = subprocess.run([TESTBED, "run", "--static", *options, "demo", "--", sys.executable, "-c", script, root],
                             capture_output=True, text=True)
        words = got.stdout.split()
        check(got.returncode == 0 and words[:2] == ["21", "21"] and 60 < float(words[2]) < 130,
              f"plain files {where} move under a kept descriptor: {words} {got.stderr if got.returncode else ''}")
        check("not played" in got.stderr, f"plain files {where} say what they cannot do")
    check_equal(os.listdir(place), [], "plain files are removed at the end")
    foreign = os.path.join(place, "class", "powercap", "intel-rapl:0", "name")
    os.makedirs(os.path.dirname(foreign))
    with open(foreign, "w", encoding="ascii") as out:
        out.write("mine")
    got = subprocess.run([TESTBED, "run", "--static", "--mount", place, "demo", "--", "true"], capture_output=True, text=True)
    check(got.returncode == 125 and "empty" in got.stderr and read(foreign) == b"mine",
          f"files that lie there are neither overwritten nor removed: {got.stderr}")


def main():
    if os.geteuid() != 0:
        skip("the test bed", "needs root to make a private mount namespace")
        end()
    if not os.path.exists("/dev/fuse"):
        skip("the test bed", "needs /dev/fuse")
        end()
    with tempfile.TemporaryDirectory() as folder:
        scenario = os.path.join(folder, "all.yaml")
        place = os.path.join(folder, "mount")
        os.mkdir(place)
        with open(scenario, "w", encoding="ascii") as out:
            out.write(SCENARIO)
        whole_tree(folder, scenario)
        whole_tree(folder, scenario, "--mount", place)
        exits()
        endings()
        static(folder)
        unprivileged(folder)
    end()


if sys.argv[1:2] == ["inside"]:
    inside(sys.argv[2])
else:
    main()
