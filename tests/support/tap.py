# TAP for whole-program tests in Python: check() counts, prints and goes on;
# end() prints the plan and exits. The programs' paths come from the environment.
# SPDX-License-Identifier: Apache-2.0
import os
import sys

EMIT = os.environ.get("EMIT", "")
# No test shows its runs to the node it runs on, nor looks for others there.
os.environ.setdefault("EMIT_NODE_RUNS", "/proc/none")
_count = 0
_failed = 0


def check(good, what):
    global _count, _failed
    _count += 1
    if not good:
        _failed += 1
    what = " ".join(what.split())  # one line, whatever it quotes
    print(f"{'ok' if good else 'not ok'} {_count} - {what}", flush=True)
    return bool(good)


def check_equal(got, wanted, what):
    return check(got == wanted, what if got == wanted else f"{what}: got {got!r}, wanted {wanted!r}")


def skip(what, why):
    global _count
    _count += 1
    print(f"ok {_count} - {what} # SKIP {why}", flush=True)


def end():
    print(f"1..{_count}")
    sys.exit(1 if _failed else 0)
