# Mixed events for the bench: every template of contract/accepted/strict, ids and quantities
# made anew for each line, templates in random order. The seed is fixed: always the same bytes.
# SPDX-License-Identifier: Apache-2.0
import glob
import json
import os
import random

LABELS = ("component", "accuracy_class", "capability_tier", "provider_family")


def templates(contract):
    paths = sorted(glob.glob(os.path.join(contract, "accepted", "strict", "*.json")))
    return [json.load(open(path, encoding="utf-8")) for path in paths]


# One member as a function that writes it for the next line.
def member(generator, key, value, modeled, unknown):
    if key == "workspace_id":
        return lambda: f'"workspace_id":"ws_{generator.getrandbits(20)}"'
    if key == "compute_assignment_run_id":
        return lambda: f'"compute_assignment_run_id":"run_{generator.getrandbits(60):013X}"'
    if key == "quantity" and not modeled:
        return lambda: f'"quantity":{round(generator.uniform(0, 1e5), 3)!r}'
    if unknown and key in LABELS and value != "operator-owned":  # a facility is operator-owned
        return lambda: f'"{key}":"custom-{generator.getrandbits(10)}-{generator.getrandbits(16):x}"'
    text = json.dumps(key) + ":" + json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return lambda: text


# The members of an object, sorted by key as emit writes them; tags stands apart.
def members(generator, fields, modeled, unknown):
    return [member(generator, key, value, modeled, unknown) for key, value in sorted(fields.items()) if key != "tags"]


def lines(contract, count, shuffled=False, unknown=False):
    generator = random.Random(7)
    made = []
    for event in templates(contract):
        modeled = "quantity_low" in event["tags"]
        made.append((members(generator, event, modeled, unknown), sorted(event).index("tags"),
                     members(generator, event["tags"], modeled, unknown)))
    for _ in range(count):
        top, place, tags = generator.choice(made)
        top, tags = [text() for text in top], [text() for text in tags]
        if shuffled:
            generator.shuffle(tags)
        top.insert(place, '"tags":{' + ",".join(tags) + "}")
        if shuffled:
            generator.shuffle(top)
        yield "{" + ",".join(top) + "}\n"
