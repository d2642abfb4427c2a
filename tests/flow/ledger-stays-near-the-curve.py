#!/usr/bin/python3
# Events against the truth: random power curves, counters with irregular updates,
# and for each the exact integral over the life of the metered command. The error
# stays within timing_uncertainty_joules in 99 of 100, and that figure is no excuse:
# it is at most three times the error's 95th percentile.
# usage: ledger-stays-near-the-curve.py RUNS [SEED]      8 curves a run
# SPDX-License-Identifier: Apache-2.0
import math
import os
import random
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from tap import check, end, skip
from testbed import MEMORY, ROOT, Run

ZONES = 8
LEAST_MS, MOST_MS = 60, 300


def curve(chance):
    low = chance.uniform(2, 150)
    high = low + chance.uniform(0, 250)
    shape = chance.choice(("constant", "square", "ramp", "sine", "walk"))
    if shape == "constant":
        return f"{high:.3f}"
    period_us = int(10 ** chance.uniform(3.3, 6.3))  # 2 ms to 2 s
    return (f"{{shape: {shape}, low: {low:.3f}, high: {high:.3f}, period: {period_us}us, "
            f"seed: {chance.randrange(1 << 30)}}}")


# Steps between updates as recorded: 0.9 to 1.1 ms on some parts, 0.7 to 1.6 on others.
def scenario_text(chance):
    lines = ["summary: random curves", "zones:"]
    for number in range(ZONES):
        lines.append(f"  - {{name: package-{number}, unit: {chance.choice(('esu14', 'esu16', 'dram'))}, "
                     f"jitter: {chance.randrange(450)}us, power: {curve(chance)}}}")
    return "\n".join(lines) + "\n"


# One number for each curve: error as a part of the stated uncertainty.
def play(folder, number, chance):
    scenario = os.path.join(folder, f"random-{number}.yaml")
    with open(scenario, "w", encoding="ascii") as out:
        out.write(scenario_text(chance))
    run = Run(os.path.join(folder, str(number)), scenario, ROOT, chance.randrange(LEAST_MS, MOST_MS),
              ["--no-outbox"])
    if not (run.got.returncode == 0 and run.life and len(run.events) == ZONES):
        check(False, f"run {number}: {len(run.events)} events, exit {run.got.returncode} {run.got.stderr[-300:]}")
        return []
    truth = run.truth_joules(scenario, *run.life)
    shares = []
    for event in run.events:
        tags = event["tags"]
        error = event["quantity"] - truth[f"intel-rapl:{int(tags['device_id'][len('package-'):]):x}"]
        shares.append(error / tags["timing_uncertainty_joules"])
    return shares


def main():
    if os.geteuid() != 0 or not os.path.exists("/dev/fuse"):
        skip("the curve", "needs root and /dev/fuse")
        end()
    runs = int(sys.argv[1])
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(1 << 30)
    shares = []
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        os.chmod(folder, 0o755)
        for number in range(runs):
            shares += play(folder, number, random.Random(seed + number))
    if not check(len(shares) == runs * ZONES, f"{len(shares)} events of {runs * ZONES} curves, seed {seed}"):
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
