#!/usr/bin/python3
# Every file of contract/ gets the verdict its place promises, each reason has
# files, each rejected event an accepted neighbour one token away, and the order
# of keys changes nothing.
# SPDX-License-Identifier: Apache-2.0
import json
import os
import random
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from tap import EMIT, check, check_equal, end
import corpus

KEPT_MAX = 64  # findings of one event


def name_of(path):
    return os.path.relpath(path, corpus.CONTRACT)


def places(found):
    for path in corpus.accepted("strict"):
        check_equal(found[path], set(), f"{name_of(path)} keeps both levels")
    for path in corpus.accepted("core"):
        levels = {finding.level for finding in found[path]}
        check_equal(levels, {"strict"}, f"{name_of(path)} keeps core and breaks strict")
    for path in corpus.rejected():
        # What breaks core is judged by its core findings: another producer's event may
        # also do what ours would not. One field may break two rules at once.
        core = {finding for finding in found[path] if finding.level == "core"}
        against = core or found[path]
        reasons = {finding.reason for finding in against}
        alone = len(reasons) == 1 or len({finding.field for finding in against}) == 1
        check(alone and corpus.named_reason(path) in reasons,
              f"{name_of(path)} breaks what it is named after, alone: {sorted(reasons)}")


def coverage(found):
    named = {corpus.named_reason(path) for path in corpus.rejected()}
    check_equal(set(corpus.reasons()) - named, set(), "each reason has a file in rejected/")
    given = {finding.reason for findings in found.values() for finding in findings}
    check_equal(given - set(corpus.reasons()), set(), "each reason given is on the page")


def exit_statuses(found):
    for path in corpus.accepted()[:3] + corpus.rejected()[::40]:
        breaks_core = any(finding.level == "core" for finding in found[path])
        for options, bad in (([], breaks_core), (["--strict"], bool(found[path]))):
            got = subprocess.run([EMIT, "validate", *options, path], capture_output=True, check=False)
            check_equal(got.returncode, int(bad), f"validate {' '.join(options)} {name_of(path)}: exit status")


# A text as its tokens; what is no token of JSON (a comment, a stray byte) is one too.
TOKEN = re.compile(rb'/\*.*?\*/|"(?:[^"\\]|\\.)*"|\xef\xbb\xbf|[-+.\w]+|\'[^\']*\'|[^\s]', re.S)


# How many tokens differ on each side when the common begin and end are taken away.
def difference(left, right):
    begin = 0
    while begin < min(len(left), len(right)) and left[begin] == right[begin]:
        begin += 1
    end_length = 0
    while end_length < min(len(left), len(right)) - begin and left[-1 - end_length] == right[-1 - end_length]:
        end_length += 1
    return len(left) - begin - end_length, len(right) - begin - end_length


# One token away: a value or a sign replaced, put in or taken out, or one whole
# member (key, colon, value, comma). The tags are one value of the event.
def is_near(tokens, left, right):
    there, here = difference(tokens[left], tokens[right])
    if max(there, here) <= 4 and min(there, here) <= 1:
        return True
    try:
        left, right = (json.load(open(path, encoding="utf-8")) for path in (left, right))
    except ValueError:
        return False
    if not isinstance(left, dict) or not isinstance(right, dict):
        return False
    fields = [field for field in {*left, *right} if left.get(field) != right.get(field)]
    return len(fields) == 1 and not isinstance(right.get("tags"), dict)


def neighbours():
    tokens = {path: TOKEN.findall(open(path, "rb").read()) for path in corpus.accepted() + corpus.rejected()}
    for path in corpus.rejected():
        near = [name_of(other) for other in corpus.accepted() if is_near(tokens, other, path)]
        is_token = len(tokens[path]) == 1
        check(near or is_token, f"{name_of(path)} is one token away from "
              + (near[0] if near else "any event, itself the token" if is_token else "no accepted event"))


def shuffled(found):
    generator = random.Random(7)
    with tempfile.TemporaryDirectory() as folder:
        original = {}
        for path in corpus.accepted() + corpus.rejected():
            # What is too large is so by its blanks, and of many findings not all are kept.
            if corpus.named_reason(path) == "event-too-large" or len(found[path]) >= KEPT_MAX:
                continue
            try:
                pairs = corpus.read_pairs(open(path, encoding="utf-8").read())
            except ValueError:
                continue
            for turn in range(3):
                copy = os.path.join(folder, f"{turn}-{os.path.basename(path)}")
                with open(copy, "w", encoding="utf-8") as out:
                    out.write(corpus.write_pairs(pairs, lambda list_: generator.sample(list_, len(list_))))
                original[copy] = path
        again = corpus.verdicts(original)
        other = [name_of(original[copy]) for copy in original if again[copy] != found[original[copy]]]
        check_equal(other, [], f"{len(original)} events with shuffled keys are judged as before")


def main():
    found = corpus.verdicts(corpus.accepted() + corpus.rejected())
    places(found)
    coverage(found)
    exit_statuses(found)
    neighbours()
    shuffled(found)
    end()


main()
