#!/usr/bin/python3
# The second opinion: python3-jsonschema runs both schemas over the corpus and
# agrees with `emit validate` wherever a schema can express the rule. The reasons
# none can express are at most ten, and each is shown to need the exception.
# SPDX-License-Identifier: Apache-2.0
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from tap import check, check_equal, end
import corpus

import jsonschema


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


def main():
    schemas = {"core": validator("event.schema.json"), "strict": validator("event.strict.schema.json")}
    expressible = corpus.reasons()
    beyond = {word for word, says in expressible.items() if not says}
    check(0 < len(beyond) <= 10, f"{len(beyond)} reasons no schema can express, at most 10")
    shown = set()
    paths = corpus.accepted() + corpus.rejected()
    for path, findings in corpus.verdicts(paths).items():
        name = os.path.relpath(path, corpus.CONTRACT)
        try:
            event = json.load(open(path, encoding="utf-8"))
        except ValueError:
            reason = corpus.named_reason(path)
            shown.add(reason)
            check(reason in beyond, f"{name}: not JSON, for a reason beyond schemas")
            continue
        for level, schema in schemas.items():
            against = {finding.reason for finding in findings if level == "strict" or finding.level == "core"}
            valid = schema.is_valid(event)
            if against and against <= beyond:
                if valid:
                    shown |= against
            else:
                check_equal(valid, not against, f"{name}: the {level} schema agrees with validate")
    check_equal(beyond - shown, set(), "each exception is needed: a schema accepts a file with that reason")
    end()


main()
