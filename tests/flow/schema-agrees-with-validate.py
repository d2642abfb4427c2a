#!/usr/bin/python3
# The second opinion: python3-jsonschema runs both schemas over the corpus, and
# over events made from it at random, and agrees with `emit validate` wherever a
# schema can express the rule. The reasons none can express are at most ten, and
# each is shown to need the exception.
# SPDX-License-Identifier: Apache-2.0
import json
import os
import random
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from tap import check, check_equal, end
import corpus

import jsonschema

MUTATIONS = 1500


# Schemas speak ECMA-262, where $ is the end of the text; Python's $ is also
# before a line end that is the last character.
def translate(schema):
    if isinstance(schema, dict):
        return {key: value[:-1] + r"\Z" if key == "pattern" and isinstance(value, str) and value.endswith("$")
                else translate(value) for key, value in schema.items()}
    if isinstance(schema, list):
        return [translate(item) for item in schema]
    return schema


def validator(name):
    with open(os.path.join(corpus.CONTRACT, name), encoding="utf-8") as file:
        return jsonschema.Draft202012Validator(translate(json.load(file)))


NOT_JSON = object()


def read(path):
    try:
        return json.load(open(path, encoding="utf-8"))
    except ValueError:
        return NOT_JSON


# The reasons an event is refused for at a level: strict is core and more.
def against(findings, level):
    return {finding.reason for finding in findings if level == "strict" or finding.level == "core"}


def agree_on_corpus(schemas, beyond):
    shown = set()
    for path, findings in corpus.verdicts(corpus.accepted() + corpus.rejected()).items():
        name = os.path.relpath(path, corpus.CONTRACT)
        event = read(path)
        if event is NOT_JSON:
            shown.add(corpus.named_reason(path))
            check(corpus.named_reason(path) in beyond, f"{name}: not JSON, for a reason beyond schemas")
            continue
        for level, schema in schemas.items():
            reasons, valid = against(findings, level), schema.is_valid(event)
            if not reasons or reasons - beyond:
                check_equal(valid, not reasons, f"{name}: the {level} schema agrees with validate")
            elif valid:
                shown |= reasons
    check_equal(beyond - shown, set(), "each exception is needed: a schema accepts a file with that reason")


# What stands in the corpus, anywhere: values by field.
def values_by_field(events):
    values = {}
    for event in events:
        for field, value in [*event.items(), *event["tags"].items()]:
            if not isinstance(value, (dict, list)) and len(str(value)) < 100:
                values.setdefault(field, []).append(value)
    return values


def mutate(generator, event, values):
    place = event if generator.random() < 0.2 else event["tags"]
    fields = list(place)
    turn = generator.random()
    if turn < 0.3:
        del place[generator.choice(fields)]
        return
    field = generator.choice(fields if turn < 0.7 else list(values))
    if turn < 0.36 or turn > 0.95:
        place[field] = generator.choice([None, None, [], {}, True, -1, 0.5, "", " ", "A", "a" * 65, 1e300, 2**53 + 2])
        return
    likely = values.get(field) if generator.random() < 0.7 else None
    place[field] = generator.choice(likely or values[generator.choice(list(values))])


def agree_on_mutations(schemas, beyond):
    generator = random.Random(13)
    events = [event for event in map(read, corpus.accepted() + corpus.rejected())
              if isinstance(event, dict) and isinstance(event.get("tags"), dict)]
    values = values_by_field(events)
    bases = [event for event in map(read, corpus.accepted()) if len(event["tags"]) < 100]
    mutated = {}
    with tempfile.TemporaryDirectory() as folder:
        for number in range(MUTATIONS):
            event = json.loads(json.dumps(generator.choice(bases)))
            for _ in range(generator.choice([1, 1, 2, 3])):
                if isinstance(event.get("tags"), dict):
                    mutate(generator, event, values)
            path = os.path.join(folder, f"{number}.json")
            with open(path, "w", encoding="utf-8") as out:
                json.dump(event, out)
            mutated[path] = event
        found = corpus.verdicts(mutated)
    compared, other = {True: 0, False: 0}, []
    for path, event in mutated.items():
        for level, schema in schemas.items():
            reasons = against(found[path], level)
            if reasons and reasons <= beyond:
                continue
            compared[not reasons] += 1
            if schema.is_valid(event) != (not reasons):
                other.append((level, sorted(reasons), event))
    check(min(compared.values()) > MUTATIONS // 10,
          f"mutated events: {compared[True]} accepted and {compared[False]} refused verdicts compared")
    check_equal(other[:3], [], "the schemas agree on all of them")


def main():
    schemas = {"core": validator("event.schema.json"), "strict": validator("event.strict.schema.json")}
    beyond = {word for word, says in corpus.reasons().items() if not says}
    check(0 < len(beyond) <= 10, f"{len(beyond)} reasons no schema can express, at most 10")
    agree_on_corpus(schemas, beyond)
    agree_on_mutations(schemas, beyond)
    end()


main()
