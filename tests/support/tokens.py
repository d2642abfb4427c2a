# emit tokens for whole-program tests: a home of its own, records of one dialect and
# the arithmetic, done again from the lines of `emit tokens profiles --json`.
# SPDX-License-Identifier: Apache-2.0
import hashlib
import json
import os
import re
import subprocess
from fractions import Fraction

import jsonschema

from tap import EMIT

BUCKETS = {"input": "input_tokens", "cached_input": "cached_input_tokens", "output": "output_tokens",
           "reasoning_output": "reasoning_output_tokens", "request": "requests"}
MODELS = {"acme-small*": "managed-balanced-v1", "acme-large*": "managed-frontier-v1", "acme-embed": "managed-embedding-v1"}
AT = "2026-06-13T16:00:00.000Z"


class Home:
    """emit tokens with a configuration, a store and files of its own below `path`."""

    def __init__(self, path, models=None, program=EMIT, before=()):
        self.path, self.program, self.before = path, program, list(before)
        os.makedirs(os.path.join(path, "emit"), exist_ok=True)
        lines = [f'  "{glob}": {profile}\n' for glob, profile in (MODELS if models is None else models).items()]
        with open(os.path.join(path, "emit", "emit.yaml"), "w", encoding="utf-8") as file:
            file.write("models:\n" + "".join(lines))
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("EMIT_")}
        self.environment |= {"EMIT_OUTBOX": self.file("outbox.db"), "EMIT_WORKSPACE_ID": "ws_test", "HOME": path,
                             "XDG_CONFIG_HOME": path, "XDG_STATE_HOME": path, "EMIT_NODE_RUNS": "/proc/none"}

    def file(self, name, records=None):
        path = os.path.join(self.path, name)
        if records is not None:
            with open(path, "w", encoding="utf-8") as file:
                file.writelines(record if isinstance(record, str) else json.dumps(record) + "\n" for record in records)
        return path

    def emit(self, *words, **more):
        return subprocess.run([*self.before, self.program, *words], capture_output=True, text=True, cwd=self.path,
                              env=self.environment, **more)

    def tokens(self, *words, run="run_88", **more):
        return self.emit("tokens", *words, *(["--run-id", run] if run else []), **more)

    # The document, and the status beside it.
    def document(self, *words, **more):
        got = self.tokens("--json", *words, **more)
        try:
            return json.loads(got.stdout), got.returncode
        except ValueError:
            raise AssertionError(f"no document: {got.returncode} {got.stdout!r} {got.stderr!r}") from None

    # What the store holds, as it left.
    def stored(self):
        got = self.emit("outbox", "export")
        return [json.loads(line) for line in got.stdout.splitlines()]

    def stored_bytes(self):
        return self.emit("outbox", "export").stdout


# A chat completion as it is logged.
def chat(number, model="acme-small-1", prompt=1000, completion=100, cached=None, reasoning=None, at=1781366400, **more):
    usage = {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}
    if cached is not None:
        usage["prompt_tokens_details"] = {"cached_tokens": cached}
    if reasoning is not None:
        usage["completion_tokens_details"] = {"reasoning_tokens": reasoning}
    record = {"id": None if number is None else f"chatcmpl-{number}", "object": "chat.completion", "created": at, "model": model, "usage": usage}
    return {name: value for name, value in {**record, **more}.items() if value is not None}


def table():
    """Rows by id, and the hash of their bytes."""
    got = subprocess.run([EMIT, "tokens", "profiles", "--json"], capture_output=True, check=True).stdout
    rows = [json.loads(line, parse_float=Fraction, parse_int=Fraction) for line in got.splitlines()]
    return {row.get("profile") or row["transform"]: row for row in rows}, hashlib.sha256(got).hexdigest()


def joules(rows, tags, part="total"):
    """low, central and high of an event's own tags: exact, then rounded once."""
    profile = rows[tags["coefficient_profile"]]
    chain = [name for name in tags.get("coefficient_transforms", "").split() if name.startswith("boundary-")]
    parts = {"total": BUCKETS, "prefill": ("input", "cached_input", "request"), "decode": ("output", "reasoning_output")}
    answer = []
    for end in ("low", "central", "high"):
        total = Fraction(0)
        for bucket in parts[part]:
            tokens = tags.get(BUCKETS[bucket], 0)
            beyond = tags.get(f"extrapolated_{BUCKETS[bucket]}", 0)
            if not tokens:
                continue
            each = profile["coefficients"][bucket][end]
            long = rows["context-long-v1"]["factor"][end] if beyond else 1
            total += each * (tokens - beyond) + each * beyond * long
        for name in chain:
            total *= rows[name]["factor"][end]
        answer.append(float(total))
    return answer


_FIGURE = re.compile(r"\(\S+\.\.\S+\)")


def page_faults(text):
    """What a page of emit tokens must not have."""
    faults = []
    for line in text.splitlines():
        if len(line) > 80 and "/" not in line:
            faults.append(f"wide: {line}")
        if _FIGURE.search(line) and "low..high" not in line and "modeled" not in line:
            faults.append(f"not called modeled: {line}")
        if any(ord(character) < 32 or ord(character) == 127 for character in line):
            faults.append(f"control character: {line!r}")
    return faults


def schema_faults(document):
    with open(os.path.join(os.environ["CONTRACT"], "tokens.schema.json"), encoding="utf-8") as file:
        schema = json.load(file)
    return [f"{'/'.join(map(str, error.absolute_path))}: {error.message[:200]}"
            for error in jsonschema.Draft202012Validator(schema).iter_errors(document)]
