# Mean, sigma, median and outliers of emit run --repeat are what Python's statistics module and the
# published rule say of the same values.
# SPDX-License-Identifier: Apache-2.0
import math
import os
import random
import statistics
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "support"))
from tap import check, check_equal, end


# Iglewicz and Hoaglin 1993, as IBM SPSS states it: modified Z-score, with its fallback for MAD 0.
def outliers(values):
    known = [v for v in values if not math.isnan(v)]
    if len(known) < 4:
        return []
    middle = statistics.median(known)
    mad = statistics.median(abs(v - middle) for v in known)
    mean = statistics.fmean(abs(v - middle) for v in known)
    scale = 1.4826 * mad if mad else 1.253314 * mean
    return [i for i, v in enumerate(values) if not math.isnan(v) and abs(v - middle) > 3.5 * scale]


def close(got, wanted):
    return abs(got - wanted) <= 1e-12 * abs(wanted)


def cases():
    draw = random.Random(20261125)
    yield "one value", [238.3]
    yield "two values", [1.0, 2.0]
    yield "equal values", [7.25] * 9
    yield "none known", [math.nan, math.nan]
    yield "no values", []
    yield "some not known", [math.nan, 3.0, 1.0, math.nan, 2.0]
    yield "large values that differ little", [1e12 + i for i in range(10)]
    yield "small ones", [1e-9, 3e-9, 2e-9, 2.5e-9]
    yield "a warm-up", [9.0, 1.0, 1.01, 0.99, 1.02, 1.0]
    yield "more than half equal", [5.0] * 8 + [6.0, 5.0, 50.0]
    yield "zeros", [0.0] * 5
    for n in (3, 4, 5, 10, 100, 1001):
        yield f"{n} normal values", [draw.gauss(1000, 20) for _ in range(n)]
        yield f"{n} heavy-tailed values", [draw.lognormvariate(3, 1.5) for _ in range(n)]


names, lists = zip(*cases())
got = subprocess.run([sys.argv[1]], input="\n".join(" ".join(map(repr, v)) for v in lists) + "\n",
                     capture_output=True, text=True, check=True).stdout.splitlines()
check_equal(len(got), len(lists), "a line for each list")
for name, values, line in zip(names, lists, got):
    figures, _, marked = line.partition(" | ")
    known = [v for v in values if not math.isnan(v)]
    count, *rest = figures.split()
    check_equal(int(count), len(known), f"{name}: values known")
    check_equal([int(i) for i in marked.split()[1:]], outliers(values), f"{name}: what stands out")
    if not known:
        continue
    mean, sigma, least, most, median = map(float.fromhex, rest)
    check(close(mean, statistics.fmean(known)), f"{name}: mean {mean!r}")
    check(math.isnan(sigma) if len(known) < 2 else close(sigma, statistics.stdev(known)), f"{name}: sigma {sigma!r}")
    check_equal((least, most), (min(known), max(known)), f"{name}: extremes")
    check(close(median, statistics.median(known)), f"{name}: median {median!r}")
end()
