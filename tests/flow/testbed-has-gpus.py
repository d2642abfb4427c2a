#!/usr/bin/python3
# What the test bed's vendor libraries show is what the vendors' would: an NVML client
# in C and a DCGM client in Python, both written from the documented interfaces and
# without a line of ours, see the scenario's devices, energy as its curve says, and
# its errors; all of it stands in the ledger, and nothing is left behind.
# SPDX-License-Identifier: Apache-2.0
import concurrent.futures
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from dcgm_client import BLANK, ENERGY, GPU, GPU_INSTANCE, INSTANT, POWER, UUID, Dcgm
from reachable import for_nobody
from tap import check, check_equal, end, skip

TESTBED, CLIENT, LIBRARIES = (os.environ[name] for name in ("EMIT_TESTBED", "NVML_CLIENT", "LIBRARIES"))
NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all"]
# What a client needs, as the vendors' documentation lists it, and what may be there beside.
EXPORTS = {
    "libnvidia-ml.so.1": """nvmlInit_v2 nvmlShutdown nvmlErrorString nvmlSystemGetDriverVersion nvmlDeviceGetCount_v2
        nvmlDeviceGetHandleByIndex_v2 nvmlDeviceGetHandleByUUID nvmlDeviceGetUUID nvmlDeviceGetName nvmlDeviceGetPciInfo_v3
        nvmlDeviceGetTotalEnergyConsumption nvmlDeviceGetPowerUsage nvmlDeviceGetFieldValues nvmlDeviceGetMigMode
        nvmlDeviceGetComputeRunningProcesses_v3 nvmlDeviceIsMigDeviceHandle nvmlDeviceGetDeviceHandleFromMigDeviceHandle
        nvmlDeviceGetMinorNumber nvmlDeviceGetMaxMigDeviceCount nvmlDeviceGetMigDeviceHandleByIndex""",
    "libdcgm.so.4": """dcgmInit dcgmShutdown dcgmConnect_v2 dcgmDisconnect dcgmStartEmbedded_v2 dcgmStopEmbedded
        dcgmGetAllSupportedDevices dcgmFieldGroupCreate dcgmFieldGroupDestroy dcgmWatchFields dcgmUnwatchFields
        dcgmUpdateAllFields dcgmGetLatestValuesForFields dcgmEntitiesGetLatestValues dcgmGetDeviceAttributes errorString""",
}
MACHINE = """
summary: every kind of GPU and of fault
driver: "535.161.08"
dcgm: {library: 4}
nvml: {missing: [nvmlDeviceGetMinorNumber]}
gpus:
  - {name: H100, power: {shape: walk, low: 200, high: 600, period: 10ms, seed: 4}, update: 20ms, jitter: 9ms, start: 123}
  - {name: P100, power: 150, energy: power-only, window: 0ms}
  - {name: GTX, energy: none}
  - {name: GH200, power: 640, energy: power-only, module: true}
  - {name: H100, power: 300, mig: 2}
  - {name: H100, power: 301}
  - {name: H100, power: 302}
  - {name: H100, power: 303}
  - {name: H100, power: 304, start: 500000}
  - {name: H100, power: 305}
events:
  - {at: 0ms, gpu: 5, what: denied}
  - {at: 500ms, gpu: 6, what: lost}
  - {at: 500ms, gpu: 7, what: reset-required}
  - {at: 500ms, gpu: 8, what: reset}
  - {at: 0ms, gpu: 9, what: slow, delay: 30ms}
"""
DCGM = """
summary: DCGM's own faults
nvml: {installed: false}
dcgm: {library: 3}
gpus:
  - {power: 100, mig: 2, start: 1000}
  - {power: 200, start: 2000000}
  - {power: 300, energy: power-only}
  - {power: 400}
  - {power: 500}
events:
  - {at: 1s, gpu: 3, what: blank}
  - {at: 1s, gpu: 4, what: stale}
  - {at: 1600ms, until: 2200ms, what: engine-down}
"""


def write(folder, name, text):
    path = os.path.join(folder, name + ".yaml")
    with open(path, "w", encoding="ascii") as out:
        out.write(text)
    return path


def run(scenario, *command, options=(), before=(), **more):
    return subprocess.run([TESTBED, "run", *options, scenario, "--", *before, *command], capture_output=True, text=True, **more)


def ledger_of(path):
    with open(path, encoding="ascii") as lines:
        return [json.loads(line) for line in lines]


# The client's lines about one GPU, by their first word behind its index.
def told(text, index):
    lines = [line.split(" ", 3) for line in text.splitlines() if line.startswith(f"gpu {index} ")]
    return {words[2]: words[3] for words in lines}


# before CODE MJ at NS after CODE MJ at NS power CODE MW
def energy(text, index):
    before, first, at, after, last, until, power, milliwatts = re.fullmatch(
        r"(\d+) (\d+) at (\d+) after (\d+) (\d+) at (\d+) power (\d+) (\d+)", told(text, index)["before"]).groups()
    return {"codes": (int(before), int(after), int(power)), "first": int(first), "last": int(last),
            "from": int(at), "to": int(until), "milliwatts": int(milliwatts)}


def exports():
    for name, wanted in EXPORTS.items():
        got = subprocess.run(["nm", "-D", "--defined-only", os.path.join(LIBRARIES, name)], capture_output=True, text=True)
        check_equal(sorted(line.split()[2] for line in got.stdout.splitlines()), sorted(wanted.split()),
                    f"{name} exports what its clients know, and nothing else")


def machine(folder):
    scenario, ledger = write(folder, "machine", MACHINE), os.path.join(folder, "ledger")
    got = run(scenario, CLIENT, "700", options=["--ledger", ledger])
    text = got.stdout
    if not check(got.returncode == 0 and text.startswith("no symbol nvmlDeviceGetMinorNumber\ninit 0 Success\ndriver 535.161.08\ncount 10\n"),
                 f"NVML: a library without one symbol, its driver, ten devices {got.stderr} {text[:200]}"):
        return
    check(text.endswith("shutdown 0 and again 1\n"), "NVML: shut down once, and not twice")
    described = json.loads(subprocess.run([TESTBED, "describe", "--json", scenario], capture_output=True, text=True).stdout)
    handles = [int(told(text, index)["handle"]) for index in range(10)]
    check_equal(handles, [0, 0, 0, 0, 0, 4, 0, 0, 0, 0], "NVML: ten are counted, of one no handle is given (4)")
    seen = [told(text, index)["uuid"].split()[0] for index in range(10) if index != 5]
    check_equal(seen, [gpu["uuid"] for number, gpu in enumerate(described["gpus"]) if number != 5], "NVML: UUIDs")
    check(all("name EMIT-TESTBED " in told(text, index)["uuid"] for index in range(10) if index != 5), "NVML: names say so")
    check("another" not in text and "short buffer" not in text, "NVML: handles by UUID, and buffers too short")
    check_equal([energy(text, index)["codes"] for index in (0, 1, 2, 3, 6, 7)],
                [(0, 0, 0), (3, 3, 0), (3, 3, 3), (3, 3, 3), (0, 15, 15), (0, 16, 16)],
                "NVML: codes of counter, power only, nothing, module, lost, to be reset")
    scopes = [line.split()[3:6] for line in text.splitlines() if line.startswith("gpu 3 field 186")]
    check_equal(scopes, [["186", "0", "3"], ["186", "1", "0"]], "NVML: a superchip knows the power of its module only")
    reset = energy(text, 8)
    check(reset["first"] >= 500000 and 0 <= reset["last"] < reset["first"], f"NVML: a driver loaded anew begins at zero: {reset['first']} mJ, then {reset['last']} mJ")
    instances = [line for line in text.splitlines() if line.startswith("gpu 4 instance")]
    check(len(instances) == 2 and all("uuid MIG-" in line and "energy 3" in line and line.endswith(described["gpus"][4]["uuid"])
                                      for line in instances), f"NVML: MIG instances have no energy and a parent {instances}")
    first = energy(text, 0)
    check(first["first"] >= 123, "NVML: the counter begins where the scenario says")
    lines = ledger_of(ledger)
    begin = next(line["at"] for line in lines if line["what"] == "begin")
    truth = subprocess.run([TESTBED, "energy", scenario, "--device", described["gpus"][0]["uuid"], "--begin", str(begin),
                            "--from", str(first["from"]), "--to", str(first["to"])], capture_output=True, text=True).stdout
    error = (first["last"] - first["first"]) / 1e3 - float(truth.split()[1])
    check(abs(error) <= 2 * 0.038 * 600, f"NVML: energy rises as the curve says: {error:+.3f} J off {truth.split()[1]} J")
    served = [line for line in lines if line["what"] == "read" and line.get("gpu") == described["gpus"][0]["uuid"] and "millijoules" in line]
    check_equal([(served[-1]["millijoules"], served[-1]["by"]), served[-3]["millijoules"]], [(first["last"], "nvml"), first["first"]],
                "every value served is in the ledger")
    lost = [line.get("error") for line in lines if line.get("gpu") == described["gpus"][6]["uuid"]]
    check(15 in lost, "and so is every error")
    slow = energy(text, 9)
    check(slow["to"] - slow["from"] >= 730e6, "NVML: a slow GPU takes its time at every call")


def small_cases(folder):
    mismatch = run(write(folder, "mismatch", "summary: x\nnvml: {init: 18}\ngpus: [{power: 1}]\n"), CLIENT)
    check_equal(mismatch.stdout, "init 18 Driver/library version mismatch\n", "NVML: library and driver of two versions")
    reorder = run(write(folder, "reorder", "summary: x\ngpus: [{power: 1}, {power: 2}]\nevents: [{at: 150ms, what: reorder}]\n"),
                  "sh", "-c", '"$0" 0; sleep .2; "$0" 0', CLIENT)
    uuids = [line.split()[3] for line in reorder.stdout.splitlines() if " uuid " in line]
    check(len(uuids) == 4 and uuids[0] == uuids[3] != uuids[1] == uuids[2], "NVML: indices change, UUIDs do not")
    slow = write(folder, "slow", "summary: x\nnvml: {init-takes: 300ms}\ngpus: [{power: 1}]\n")
    started = time.monotonic()
    check("init 0" in run(slow, CLIENT).stdout and time.monotonic() - started > 0.3, "NVML: a start that takes its time")
    outside = subprocess.run([CLIENT], env={**os.environ, "LD_LIBRARY_PATH": LIBRARIES}, capture_output=True, text=True)
    check_equal(outside.stdout, "init 9 Driver Not Loaded\n", "NVML: outside the test bed there is no driver")
    bad = run(write(folder, "bad", "summary: x\nnvml: {missing: [nvmlNoSuch]}\ngpus: [{power: 1}]\n"), "true")
    check(bad.returncode == 125 and bad.stderr.count("\n") == 1 and "nvmlNoSuch" in bad.stderr,
          f"a symbol that cannot be missing is a mistake: {bad.stderr}")


# Wherever the tree is and whoever asks.
def everywhere(folder):
    scenario = write(folder, "two", "summary: x\ndcgm: {library: 3}\nzones: [{name: package-0, power: 5}]\ngpus: [{power: 70}, {power: 80}]\n")
    place, client = os.path.join(folder, "place"), for_nobody(CLIENT)
    os.mkdir(place)
    for what, options, before in [("at /sys", [], []), ("as nobody", [], NOBODY), ("in a directory", ["--mount", place], []),
                                  ("with plain files", ["--static", "--mount", place], [])]:
        ledger = os.path.join(folder, "everywhere")
        got = run(scenario, client, "60", options=["--ledger", ledger, *options], before=before)
        reads = [line for line in ledger_of(ledger) if line["what"] == "read" and "gpu" in line]
        check("count 2" in got.stdout and "EMIT-TESTBED" in got.stdout and len(reads) > 8, f"GPUs {what}: {got.stderr}")
    got = run(scenario, "sh", "-c", "echo $LD_LIBRARY_PATH $EMIT_NVML_LIBRARY $EMIT_DCGM_LIBRARY; ls $EMIT_TESTBED_GPUS",
              env={**os.environ, "LD_LIBRARY_PATH": "/somewhere"})
    words = got.stdout.split()
    check_equal([words[0], words[1:3], sorted(words[3:])],
                [words[0].split(":")[0] + ":/somewhere", [os.path.join(words[0].split(":")[0], name) for name in ("libnvidia-ml.so.1", "libdcgm.so.3")],
                 ["libdcgm.so.3", "libnvidia-ml.so.1", "machine"]], "the environment leads to what the scenario has")
    check(not os.path.exists(words[0].split(":")[0]), "and its folder goes away with the test bed")
    plain = {line.split("=")[0] for line in run("steady", "env").stdout.splitlines()} - set(os.environ)
    check_equal(plain, {"EMIT_TESTBED_SCENARIO"}, "a scenario without GPUs changes nothing")
    killed = subprocess.Popen([TESTBED, "run", scenario, "--", "sh", "-c", "echo $EMIT_TESTBED_GPUS; exec sleep 60"],
                              stdout=subprocess.PIPE, text=True)
    left = killed.stdout.readline().strip()
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    until = time.monotonic() + 5
    while os.path.exists(left) and time.monotonic() < until:
        time.sleep(0.01)
    check(left and not os.path.exists(left), "nor does kill -9 leave it behind")


def inside_dcgm(ledger):
    dcgm, seen = Dcgm(os.environ["EMIT_DCGM_LIBRARY"]), {}
    begun = ledger_of(ledger)[0]["at"]
    sleep_until = lambda ms: time.sleep(max(0, begun / 1e9 + ms / 1e3 - time.monotonic()))
    gpus = [(GPU, number) for number in range(5)]
    seen["library"] = os.path.basename(os.environ["EMIT_DCGM_LIBRARY"])
    seen["start"] = [dcgm.started, dcgm.connect(version=0x01000010), dcgm.connect(), dcgm.connect()]
    seen["devices"] = dcgm.devices()
    seen["live"] = dcgm.values(gpus, [UUID, ENERGY, POWER, INSTANT])[1]
    seen["instances"] = dcgm.values([(GPU, 0), (GPU_INSTANCE, 0), (GPU_INSTANCE, 1)], [ENERGY])[1]
    seen["no such"] = [dcgm.values([(GPU, 9)], [ENERGY])[0], dcgm.values([(GPU_INSTANCE, 2)], [ENERGY])[0]]
    seen["unknown"] = dcgm.values([(GPU, 0)], [1000])[1][0][3]
    seen["unwatched"] = dcgm.values([(GPU, 0)], [ENERGY], 0)[1][0][3]
    seen["watch"] = dcgm.watch([ENERGY], 300000)
    seen["no data"] = dcgm.values([(GPU, 0)], [ENERGY], 0)[1][0][3]
    dcgm.update()
    cached = [dcgm.values([(GPU, 0)], [ENERGY], 0)[1][0] for _ in range(2)]
    seen["cached"] = [cached[0][3], cached[0] == cached[1]]
    sleep_until(1200)
    seen["late"] = dcgm.values(gpus, [ENERGY])[1]
    seen["again"] = dcgm.values(gpus, [ENERGY])[1]
    sleep_until(1700)
    seen["down"] = [dcgm.devices()[0], dcgm.connect()]
    sleep_until(2300)
    seen["old handle"] = dcgm.devices()[0]
    seen["back"] = [dcgm.connect(), dcgm.values(gpus, [UUID, ENERGY])[1]]
    json.dump(seen, sys.stdout)


def dcgm_cases(folder):
    scenario, ledger = write(folder, "dcgm", DCGM), os.path.join(folder, "dcgm-ledger")
    got = run(scenario, sys.executable, os.path.abspath(__file__), "inside-dcgm", ledger, options=["--ledger", ledger])
    if not check(got.returncode == 0, f"DCGM: the client runs {got.stderr[-500:]}"):
        return
    seen = json.loads(got.stdout)
    value = lambda values, number, field: next(v for v in values if tuple(v[:3]) == (GPU, number, field))
    check_equal([seen["library"], seen["start"], seen["devices"]], ["libdcgm.so.3", [0, -12, 0, 0], [0, [0, 1, 2, 3, 4]]],
                "DCGM: the older library, a wrong version word refused, five GPUs")
    asked = [[GPU, number, field] for number in range(5) for field in (UUID, ENERGY, POWER, INSTANT)]
    check(sorted(v[:3] for v in seen["live"]) == sorted(asked) and [v[:3] for v in seen["live"]] != asked,
          "DCGM: every value comes, and not in the order asked for")
    check_equal([value(seen["live"], 2, ENERGY)[3:6:2], round(value(seen["live"], 2, POWER)[5], 6)], [[0, BLANK + 2], 300.0],
                "DCGM: what is not supported says so in its value, with status 0")
    check(abs(value(seen["live"], 0, ENERGY)[4] / 1e6 - time.time()) < 60, "DCGM: times are the wall clock's")
    whole = [v[5] for v in seen["instances"]]
    check(len(set(whole)) == 1 and whole[0] >= 1000, f"DCGM: an instance answers with its GPU's energy, the trap: {whole}")
    check_equal([seen["no such"], seen["unknown"], seen["unwatched"], seen["watch"], seen["no data"], seen["cached"]],
                [[-1, -1], -13, -16, 0, -14, [0, True]], "DCGM: no such entity, no such field, not watched, no data yet, cached")
    check_equal(value(seen["late"], 3, ENERGY)[3:6:2], [0, BLANK], "DCGM: a blank with status 0")
    check(value(seen["late"], 4, ENERGY)[5] == value(seen["again"], 4, ENERGY)[5] and
          abs(value(seen["late"], 4, ENERGY)[4] - value(seen["again"], 4, ENERGY)[4]) < 1000 and
          value(seen["late"], 0, ENERGY)[4] - value(seen["late"], 4, ENERGY)[4] > 50000, "DCGM: a stale value, with its old time")
    check_equal([seen["down"], seen["old handle"], seen["back"][0]], [[-21, -21], -21, 0],
                "DCGM: the host engine goes, the connection with it, and comes back")
    uuids = lambda values: [value(values, number, UUID)[5] for number in range(5)]
    check_equal(uuids(seen["back"][1]), uuids(seen["live"])[1:] + uuids(seen["live"])[:1], "DCGM: with other numbers for the same GPUs")
    check(value(seen["back"][1], 0, ENERGY)[5] > value(seen["live"], 1, ENERGY)[5] >= 2000000, "DCGM: whose counters went on")
    by = {line["by"] for line in ledger_of(ledger) if line["what"] == "read"}
    check_equal(by, {"dcgm"}, "DCGM: the ledger says who served")


def main():
    if os.geteuid() != 0 or not os.path.exists("/dev/fuse"):
        skip("the GPUs of the test bed", "needs root and /dev/fuse")
        end()
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor() as pool:
        os.chmod(folder, 0o755)
        for case in [pool.submit(case, folder) for case in (machine, dcgm_cases, small_cases, everywhere)]:
            case.result()
        exports()
    end()


if sys.argv[1:2] == ["inside-dcgm"]:
    inside_dcgm(sys.argv[2])
else:
    main()
