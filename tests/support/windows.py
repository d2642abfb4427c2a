# Records of facility windows, and emit campus facility-energy called with them. The schemas of
# contract/ judge what goes in and what comes out.
# SPDX-License-Identifier: Apache-2.0
import json
import os
import subprocess

import jsonschema

from tap import EMIT, check

SOURCE = os.environ["SOURCE"]


def schema(name):
    with open(os.path.join(SOURCE, "contract", f"{name}.schema.json"), encoding="utf-8") as file:
        return jsonschema.Draft202012Validator(json.load(file))


INPUT, OUTPUT = schema("campus.input"), schema("campus.output")
METADATA = {"region": "eu-central"}


def record(**members):
    base = {"energy_source": "pdu", "facility_id": "fra-1", "device_id": "rack-7", "from": "2026-06-13T14:00:00Z",
            "to": "2026-06-13T15:00:00Z", "value": 1, "unit": "kWh"}
    base.update(members)
    return {key: value for key, value in base.items() if value is not ...}


def counter(first, last, **members):
    def reading(value):
        return value if isinstance(value, dict) else {"value": value}
    return record(value=..., first=reading(first), last=reading(last), **members)


def feed(**members):
    return record(**{"energy_source": "smart_meter", "device_id": "feed-a", "pue_applied": True, **members})


def run(text, *words, wanted=None, env=None):
    got = subprocess.run([EMIT, "campus", "facility-energy", *words], input=text, capture_output=True, text=True,
                         check=False, env=env)
    if wanted is not None and got.returncode != wanted:
        check(False, f"{words} exits {wanted}: {got.returncode}, {got.stderr[-400:]}")
    return got


def call(records, metadata=METADATA, *words, **options):
    document = {"records": records}
    if metadata is not None:
        document["metadata"] = metadata
    got = run(json.dumps(document), "--no-outbox", *words, **options)
    if not got.stdout:
        return {"events": [], "refused": [], "duplicates": 0, "notes": [], "stderr": got.stderr, "exit": got.returncode}
    return json.loads(got.stdout) | {"exit": got.returncode, "stderr": got.stderr}


def stripped(answer):
    return {key: answer[key] for key in ("events", "refused", "duplicates", "notes")}


def hours(first, last, **members):
    return record(**{"from": f"2026-06-13T{first:02d}:00:00Z", "to": f"2026-06-13T{last:02d}:00:00Z", **members})
