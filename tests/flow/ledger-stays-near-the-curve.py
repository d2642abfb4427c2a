#!/usr/bin/python3
# Events against the truth: random power curves, counters and sensors with irregular
# updates, and for each the exact integral over the life of the metered command. The
# error stays within timing_uncertainty_joules in 99 of 100, and that figure is no
# excuse: it is at most three times the error's 95th percentile.
# usage: ledger-stays-near-the-curve.py zones|gpus RUNS [SEED]      8 curves a run
# SPDX-License-Identifier: Apache-2.0
import math
import os
import random
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from tap import check, end, skip
from testbed import MEMORY, ROOT, Run

CURVES = 8
# How long a command lives, which begins when every counter has been updated at least once: a GPU's counter is read over two of its updates at least.
LIVES_MS = {"zones": (60, 300), "gpus": (250, 700)}
WATTS = {"zones": (150, 250), "gpus": (350, 400)}  # lowest, and what a curve may add to it


def curve(what, chance):
    least, more = WATTS[what]
    low = chance.uniform(2, least)
    high = low + chance.uniform(0, more)
    shape = chance.choice(("constant", "square", "ramp", "sine", "walk"))
    if shape == "constant":
        return f"{high:.3f}"
    period_us = int(10 ** chance.uniform(3.3, 6.3))  # 2 ms to 2 s
    return (f"{{shape: {shape}, low: {low:.3f}, high: {high:.3f}, period: {period_us}us, "
            f"seed: {chance.randrange(1 << 30)}}}")


# Steps between updates as recorded: 0.9 to 1.1 ms on some parts, 0.7 to 1.6 on others.
def zone_lines(chance):
    return ["zones:"] + [f"  - {{name: package-{number}, unit: {chance.choice(('esu14', 'esu16', 'dram'))}, "
                         f"jitter: {chance.randrange(450)}us, power: {curve('zones', chance)}}}"
                         for number in range(CURVES)]


# 20 to 100 ms, more or less regular.
def gpu_lines(chance):
    lines = ["gpus:"]
    for number in range(CURVES):
        update_us = chance.randrange(20000, 100001)
        lines.append(f"  - {{uuid: {device('gpus', number)}, update: {update_us}us, "
                     f"jitter: {chance.randrange(int(update_us * 0.3))}us, power: {curve('gpus', chance)}}}")
    return lines


def device(what, number):
    return f"GPU-00000000-0000-4000-8000-{number:012x}" if what == "gpus" else f"intel-rapl:{number:x}"


# One number for each curve: error as a part of the stated uncertainty.
def play(what, folder, number, chance):
    scenario = os.path.join(folder, f"random-{chance.randrange(1 << 30)}.yaml")
    lines = gpu_lines(chance) if what == "gpus" else zone_lines(chance)
    with open(scenario, "w", encoding="ascii") as out:
        out.write("\n".join(["summary: random curves", *lines]) + "\n")
    run = Run(os.path.join(folder, str(number)), scenario, ROOT, chance.randrange(*LIVES_MS[what]), ["--no-outbox"],
              after_s=chance.uniform(0.1, 0.2))
    if not (run.got.returncode == 0 and run.life and len(run.events) == CURVES):
        check(False, f"run {number}: {len(run.events)} events, exit {run.got.returncode} {run.got.stderr[-300:]}")
        return []
    truth = run.truth_joules(scenario, *run.life)
    shares = []
    for event in run.events:
        tags = event["tags"]
        name = tags["device_id"] if what == "gpus" else device(what, int(tags["device_id"][len("package-"):]))
        shares.append((event["quantity"] - truth[name]) / tags["timing_uncertainty_joules"])
    return shares


def main():
    if os.geteuid() != 0 or not os.path.exists("/dev/fuse"):
        skip("the curve", "needs root and /dev/fuse")
        end()
    what, runs = sys.argv[1], int(sys.argv[2])
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else random.randrange(1 << 30)
    shares = []
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        os.chmod(folder, 0o755)
        for number in range(runs):
            shares += play(what, folder, number, random.Random(seed + number))
    if not check(len(shares) == runs * CURVES, f"{len(shares)} events of {runs * CURVES} curves of {what}, seed {seed}"):
        end()
    sizes = sorted(map(abs, shares))
    within = sum(size <= 1 for size in sizes) / len(sizes)
    high = sizes[int(len(sizes) * 0.95)]
    # A thousand curves give the figure; fewer may miss it by what chance explains.
    chance = 0 if len(sizes) >= 1000 else 3 * math.sqrt(0.99 * 0.01 / len(sizes))
    check(within >= 0.99 - chance, f"the error is within its uncertainty in {within:.2%}, largest {sizes[-1]:.2f} of it")
    check(high * 3 >= 1, f"the uncertainty is {1 / high:.2f} times the error's 95th percentile, at most 3")
    print(f"# mean error {sum(shares) / len(shares):+.3f} of the uncertainty, median size {sizes[len(sizes) // 2]:.3f}")
    end()


main()
