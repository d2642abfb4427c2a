# emit sensors --record: the folder it writes is a machine of tests/hosts in which emit sees the same points, its
# GPUs too, played by the test bed; nothing in it tells which machine it was; and what may not be read is not in it.
# SPDX-License-Identifier: Apache-2.0
import concurrent.futures
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile

SOURCE = os.environ["SOURCE"]
sys.path[:0] = [f"{SOURCE}/tests/support", f"{SOURCE}/tests/hosts"]
from hosts import Machine, read_gpus, scenario_of, watts_of  # noqa: E402
from reachable import for_nobody  # noqa: E402
from tap import EMIT, check, check_equal, end, skip  # noqa: E402

TESTBED = os.environ["EMIT_TESTBED"]
NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
BLANKED = re.compile(r"00000000-0000-4000-8000-0000000000[0-9a-f]{2}$")


# "vm" is a name that machines have, and a part of "nvml".
def has_word(word, text):
    return re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text) is not None


def points(*words, **more):
    got = subprocess.run([EMIT, "sensors", "--json", *words], capture_output=True, text=True, **more)
    return [(p["meter"], p["device_id"], p.get("component"), p.get("code") if not p["readable"] else None)
            for p in json.loads(got.stdout)["points"]]


def read(folder):
    return {name: open(os.path.join(folder, name)).read() for name in sorted(os.listdir(folder))}


def expand(folder, root):
    machine = Machine(folder)
    machine.expand(root)
    return root


# The test bed's machine as root sees it: recorded, expanded, and the same points again.
def check_testbed(scratch, scenario):
    folder = os.path.join(scratch, scenario)
    script = f'"{EMIT}" sensors --json > "{scratch}/seen.json"; "{EMIT}" sensors --record "{folder}"; ls -l /sys/class/powercap'
    got = subprocess.run([TESTBED, "run", scenario, "--", "sh", "-c", script], capture_output=True, text=True)
    if not check(os.path.isdir(folder), f"{scenario}: recorded: {got.stdout[-200:]}{got.stderr[-300:]}"):
        return
    seen = json.load(open(f"{scratch}/seen.json"))["points"]
    zones = [(p["meter"], p["device_id"], p.get("component")) for p in seen if p["meter"] == "rapl"]
    again = [p[:3] for p in points("--sysfs-root", expand(folder, os.path.join(scratch, scenario + "-sys")))]
    check_equal([p for p in again if p[0] == "rapl"], zones, f"{scenario}: emit sees the same points in the recorded folder")
    files = read(folder)
    lines = [line for line in files["gpus"].splitlines() if " id=" in line]
    gpus = [p for p in seen if p["meter"] != "rapl"]
    check_equal(len(lines), len(gpus), f"{scenario}: and each GPU point has a line")
    ids = [UUID.search(line) for line in lines]
    check(all(i and BLANKED.match(i[0]) for i in ids), f"{scenario}: whose UUID is a stand-in")
    check_equal(len({i[0] for i in ids}), len({p["device_id"] for p in gpus}), f"{scenario}: one for each device")
    check(all(re.search(r"counts=\d+\.\.\d+", line) or "found=readable" not in line for line in lines),
          f"{scenario}: with its counts")
    text = "".join(files.values())
    for name in (socket.gethostname(), os.environ.get("USER", "root") + "@", scratch):
        check(not has_word(name, text), f"{scenario}: '{name}' is not in it")


def record(scenario, folder):
    return subprocess.run([TESTBED, "run", scenario, "--", EMIT, "sensors", "--record", folder], capture_output=True, text=True)


# What a recording says of its GPUs, but for the counts, which go on.
def told(folder):
    points, absent = read_gpus(folder)
    return [tuple(point[word] for word in ("meter", "index", "id", "component", "accuracy", "found", "update", "note"))
            for point in points] + sorted(absent)


# A recorded GPU machine, played by the test bed and recorded there: the same devices in the same words.
def replay(scratch, folder):
    name = os.path.basename(folder)
    scenario, again = os.path.join(scratch, f"{name}-again.yaml"), os.path.join(scratch, f"{name}-again")
    with open(scenario, "w") as out:
        out.write(scenario_of(folder))
    return name, folder, again, record(scenario, again)


def check_replays(scratch):
    folders = [f"{SOURCE}/tests/hosts/{name}" for name in sorted(os.listdir(f"{SOURCE}/tests/hosts"))
               if os.path.exists(f"{SOURCE}/tests/hosts/{name}/gpus")]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        made = [os.path.join(scratch, scenario) for scenario in ("dcgm-and-nvml", "gpus-denied", "gpu-power-only", "nvml-mismatch")]
        list(pool.map(lambda folder: record(os.path.basename(folder), folder), made))
        for name, folder, again, got in pool.map(lambda folder: replay(scratch, folder), folders + made):
            if not check(got.returncode in (0, 1) and os.path.isdir(again), f"{name}: its GPUs are played again {got.stderr[-200:]}"):
                continue
            check_equal(told(again), told(folder), f"{name}: and are the same devices, in the same words")
            pairs = [(watts_of(p), watts_of(q)) for p, q in zip(read_gpus(folder)[0], read_gpus(again)[0])]
            check(all(abs(p - q) <= 0.3 * p for p, q in pairs), f"{name}: that draw what they drew {pairs}")


# A tree in which secrets were planted where a careless recorder would pick them up.
def check_planted(scratch):
    root, folder = os.path.join(scratch, "planted"), os.path.join(scratch, "planted-record")
    machine = Machine(f"{SOURCE}/tests/hosts/laptop-mmio-psys")
    machine.expand(root)
    secrets = {"class/dmi/id/product_serial": "SN9876543210XYZ", "class/dmi/id/product_uuid": "deadbeef-1234-4abc-8def-0123456789ab",
               "class/net/eth0/address": "52:54:00:ab:cd:ef", "class/drm/card0/device/vendor": "0x10de",
               "class/drm/card0/device/unique_id": "feedfacecafe1234"}
    for path, text in secrets.items():
        os.makedirs(os.path.dirname(os.path.join(root, path)), exist_ok=True)
        with open(os.path.join(root, path), "w") as out:
            out.write(text + "\n")
    subprocess.run([EMIT, "sensors", "--sysfs-root", root, "--record", folder], check=True, stdout=subprocess.DEVNULL)
    check_equal(points("--sysfs-root", expand(folder, os.path.join(scratch, "planted-again"))), points("--sysfs-root", root),
                "a laptop: the same points")
    text = "".join(read(folder).values())
    for secret in [*secrets.values(), socket.gethostname()]:
        check(not has_word(secret, text), f"'{secret}' is not in it")
    again = subprocess.run([EMIT, "sensors", "--sysfs-root", root, "--record", folder], capture_output=True, text=True)
    check(again.returncode == 2 and again.stderr.count("\n") == 1 and "cannot make" in again.stderr,
          f"a folder that is there is left alone: {again.stderr.strip()}")
    for words in (["--watch"], ["--json"], ["--udev", "x"]):
        got = subprocess.run([EMIT, "sensors", "--record", folder + "2", *words], capture_output=True, text=True)
        check(got.returncode == 2 and not os.path.exists(folder + "2"), f"--record with {words[0]} is refused")
    nowhere = subprocess.run([EMIT, "sensors", "--record", f"{scratch}/no/such/place"], capture_output=True, text=True)
    check(nowhere.returncode == 2 and nowhere.stderr.count("\n") == 1, f"one sentence: {nowhere.stderr.strip()}")


# As nobody: what may not be read is not in the folder, and who may is.
def check_denied(scratch):
    if os.geteuid() != 0:
        skip("what may not be read", "only root can make a file that nobody may not read")
        return
    root, folder = os.path.join(scratch, "denied"), os.path.join(scratch, "nobody")
    machine = Machine(f"{SOURCE}/tests/hosts/denied-for-some")
    machine.expand(root)
    os.makedirs(folder)
    os.chown(folder, 65534, 65534)
    program = for_nobody(EMIT)
    got = subprocess.run([*NOBODY, program, "sensors", "--sysfs-root", root, "--record", f"{folder}/record"],
                         capture_output=True, text=True)
    if not check(got.returncode == 0, f"nobody records what he may see: {got.stderr}"):
        return
    lines = dict(line.split(maxsplit=1) for line in read(f"{folder}/record")["machine"].splitlines() if ":" in line.split()[0])
    check("energy=9000000" in lines["intel-rapl:0"], "the counter that is open is in it")
    for entry in ("intel-rapl:0:0", "intel-rapl:1"):
        check("denied mode=0400 owner=root" in lines[entry] and "energy=" not in lines[entry],
              f"{entry}: not its value, but who may read it: {lines[entry]}")
    again = expand(f"{folder}/record", os.path.join(scratch, "denied-again"))
    seen = lambda tree: subprocess.run([*NOBODY, program, "sensors", "--json", "--sysfs-root", tree], capture_output=True, text=True)
    both = [[(p["device_id"], p["readable"], p.get("code"), p.get("note")) for p in json.loads(seen(t).stdout)["points"]]
            for t in (root, again)]
    check_equal(both[1], both[0], "and nobody sees the same there")


with tempfile.TemporaryDirectory() as scratch:
    os.chmod(scratch, 0o755)
    if os.access("/dev/fuse", os.R_OK | os.W_OK):
        for scenario in ("demo", "two-gpus", "mmio-twin"):
            check_testbed(scratch, scenario)
        check_replays(scratch)
    else:
        skip("the test bed's machine", "/dev/fuse is missing")
    check_planted(scratch)
    check_denied(scratch)
end()
