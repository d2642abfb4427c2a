#!/usr/bin/python3
# The identity of an event is the SHA-256 of its RFC 8785 form, however it is
# spelled: compared with node over the corpus and over events with odd keys,
# strings and numbers.
# SPDX-License-Identifier: Apache-2.0
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

SUPPORT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support")
sys.path.insert(0, SUPPORT)
from tap import EMIT, check, check_equal, end, skip
import corpus

NUMBERS = ["0", "-0", "-0.0e5", "1e0", "100", "1.50", "1e21", "999999999999999999999", "1e-6", "1e-7", "0.1",
           "0.30000000000000004", "333333333.33333329", "9007199254740993", "5e-324", "1.7976931348623157e308",
           "2.2250738585072011e-308", "5.6843418860808015e-14", "123456789012345678901234567890", "1e-400",
           "4.9e-324", "0.000001", "1E+2", "9.999999999999997e22", "1e23"]
# RFC 8785 sorts by UTF-16 code units: U+1F600 (d83d) before U+FB33, unlike its UTF-8.
KEYS = ["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\x80", "\u00f6", "a\"b", "a\\b", "</script>", "", "Z", "a", "aa",
        "_", "\u2028", "\x7f", "\ue000", "\U00010000", "\ud7ff"]


def identities(paths):
    got = subprocess.run([EMIT, "validate", "--identity", *paths], capture_output=True, text=True, check=False)
    return re.findall(r"^([0-9a-f]{64})\b", got.stdout, re.M)


def theirs(paths):
    got = subprocess.run(["node", os.path.join(SUPPORT, "canonical.js"), *paths], capture_output=True, text=True,
                         check=True)
    return got.stdout.split()


def spell_string(generator, text):
    out = ""
    for character in text:
        plain = character >= " " and character not in "\"\\"
        if plain and generator.random() < 0.7:
            out += character
        else:
            units = character.encode("utf-16-be").hex()
            out += "".join("\\u" + units[at:at + 4] for at in range(0, len(units), 4))
    return '"' + out + '"'


# An event in one of the many ways it can be written.
def spell(generator, event):
    if isinstance(event, dict):
        between = generator.choice(["", " ", "\n\t", "\r\n"])
        around = generator.choice(["", " ", "\t"])
        members = [spell_string(generator, key) + around + ":" + around + spell(generator, value)
                   for key, value in generator.sample(list(event.items()), len(event))]
        return "{" + between + ("," + between).join(members) + between + "}"
    if isinstance(event, corpus.Number):
        return str(event)
    if isinstance(event, str):
        return spell_string(generator, event)
    return json.dumps(event)


def odd_events(generator, folder, count):
    base = corpus.accepted("core")[0]
    paths = []
    for number in range(count):
        event = json.load(open(base, encoding="utf-8"))
        event["quantity"] = corpus.Number(generator.choice([n for n in NUMBERS if not n.startswith("-")]))
        event["workspace_id"] = "".join(generator.choice(KEYS) for _ in range(4)) + "w"
        for key in generator.sample(KEYS, 6):
            event["tags"][key] = generator.choice([
                True, False, generator.choice(KEYS), corpus.Number(generator.choice(NUMBERS)),
                corpus.Number(repr(generator.uniform(-1, 1) * 10 ** generator.randint(-30, 30)))])
        paths.append(os.path.join(folder, f"odd-{number}.json"))
        with open(paths[-1], "w", encoding="utf-8", newline="") as out:
            out.write(spell(generator, event))
    return paths


def main():
    if not shutil.which("node"):
        skip("identities are those of an independent implementation", "node is not installed")
        end()
    paths = corpus.accepted()
    ours, wanted = identities(paths), theirs(paths)
    check_equal(len(ours), len(paths), "one identity an event of the corpus")
    for path, our, their in zip(paths, ours, wanted):
        check_equal(our, their, f"{os.path.relpath(path, corpus.CONTRACT)}: the identity is node's")
    identity = dict(zip(map(os.path.basename, paths), wanted))
    check_equal(identity["other-spellings.json"], identity["specification-example.json"],
                "the spelling of an event does not change its identity")
    check_equal(len(set(wanted)), len(paths) - 1, "no two other events of the corpus are one")
    with tempfile.TemporaryDirectory() as folder:
        generator = random.Random(11)
        odd = odd_events(generator, folder, 400)
        ours, wanted = identities(odd), theirs(odd)
        check_equal(len(ours), len(odd), "one identity an odd event")
        other = [open(path, encoding="utf-8").read() for path, our, their in zip(odd, ours, wanted) if our != their]
        check(not other, f"{len(odd)} odd events, identities as node's; first that differs: {other[:1]}")
    end()


main()
