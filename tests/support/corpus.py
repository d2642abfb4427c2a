# The corpus of contract/ and the verdicts of `emit validate` on any set of files.
# SPDX-License-Identifier: Apache-2.0
import collections
import glob
import json
import os
import re
import subprocess

from tap import EMIT

CONTRACT = os.environ["CONTRACT"]

Finding = collections.namedtuple("Finding", "level field reason")


def accepted(level="*"):
    return sorted(glob.glob(os.path.join(CONTRACT, "accepted", level, "*.json")))


def rejected():
    return sorted(glob.glob(os.path.join(CONTRACT, "rejected", "*.json")))


# The table of reasons on the committed page: word -> whether a schema can say it.
def reasons():
    with open(os.path.join(CONTRACT, "vocabulary.md"), encoding="utf-8") as page:
        table = page.read().split("## Reasons")[1]
    return {word: says == "yes" for word, says in re.findall(r"^\| `([a-z0-9-]+)` \|.*\| (yes|no) \|$", table, re.M)}


# The reason a rejected file is named after; the longest that fits.
def named_reason(path):
    name = os.path.basename(path)
    fitting = [word for word in reasons() if name.startswith(word + "-")]
    return max(fitting, key=len, default=None)


# path -> set of findings, of both levels.
def verdicts(paths):
    found = {path: set() for path in paths}
    paths = list(paths)
    for first in range(0, len(paths), 200):
        some = paths[first:first + 200]
        got = subprocess.run([EMIT, "validate", "--json", *some], capture_output=True, text=True, check=False)
        if got.returncode not in (0, 1):
            raise RuntimeError(f"emit validate exits {got.returncode}: {got.stderr}")
        for line in got.stdout.splitlines():
            finding = json.loads(line)
            found[finding["file"]].add(Finding(finding["level"], finding["field"], finding["reason"]))
    return found


# A number as it is spelled: 1e309 and 1512e-1 survive being read and written.
class Number(str):
    pass


def read_pairs(text):
    return json.loads(text, object_pairs_hook=lambda pairs: pairs, parse_float=Number, parse_int=Number)


def is_object(value):
    return isinstance(value, list) and all(isinstance(pair, tuple) for pair in value)


# Members in the order of `order`, a function from list to list; duplicates stay.
def write_pairs(value, order=lambda pairs: pairs):
    if isinstance(value, Number):
        return str(value)
    if is_object(value) and value:
        members = [json.dumps(key) + ":" + write_pairs(item, order) for key, item in order(value)]
        return "{" + ",".join(members) + "}"
    if isinstance(value, list):
        return "[" + ",".join(write_pairs(item, order) for item in value) + "]"
    return json.dumps(value)
