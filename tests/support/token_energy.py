# The energy of modeled events, computed a second time: from the event's own tags and the
# table of coefficients, in fractions. Shares nothing with the program but the formula, which
# docs/guide.md has in words ("Checking a modeled figure by hand").
# SPDX-License-Identifier: Apache-2.0
import decimal
import fractions
import hashlib
import json
import subprocess

from tap import EMIT

ENDS = ("low", "central", "high")
LEVELS = ("low", "medium", "high")
# The stages in the order in which a transform leads on.
BOUNDARY_STAGE = {"accelerator": 0, "system": 1, "facility": 3}
STAGES = ("accelerator", "system", "provisioned", "facility")
# tag -> bucket, and which tokens of it were beyond the profile's context
BUCKETS = {
    "input_tokens": ("input", None),
    "cached_input_tokens": ("cached_input", None),
    "output_tokens": ("output", "extrapolated_output_tokens"),
    "reasoning_output_tokens": ("reasoning_output", "extrapolated_reasoning_output_tokens"),
    "requests": ("request", None),
}
PHASES = {
    "total": set(BUCKETS),
    "prefill": {"input_tokens", "cached_input_tokens", "requests"},
    "decode": {"output_tokens", "reasoning_output_tokens"},
}


class Table:
    def __init__(self, *options):
        got = subprocess.run([EMIT, "tokens", "profiles", "--json", *options], capture_output=True, check=True)
        self.sha256 = hashlib.sha256(got.stdout).hexdigest()
        rows = [json.loads(line, parse_float=decimal.Decimal) for line in got.stdout.splitlines()]
        self.profiles = {row["profile"]: row for row in rows if "profile" in row}
        self.transforms = {row["transform"]: row for row in rows if "transform" in row}


def factor(row, end):
    return fractions.Fraction(row["factor"][end])


# The three ends of an event's quantity as exact fractions of joules.
def joules(table, tags):
    profile = table.profiles[tags["coefficient_profile"]]
    transforms = [table.transforms[name] for name in tags.get("coefficient_transforms", "").split()]
    beyond = [row for row in transforms if row["from"] == row["to"]]
    chain = [row for row in transforms if row["from"] != row["to"]]
    sums = {}
    for end in ENDS:
        total = fractions.Fraction(0)
        for tag in PHASES[tags["phase"]] & set(tags):
            bucket, part = BUCKETS[tag]
            if not tags[tag]:
                continue
            extrapolated = tags.get(part, 0)
            tokens = fractions.Fraction(tags[tag] - extrapolated)
            if extrapolated:
                tokens += extrapolated * factor(beyond[0], end)
            total += tokens * fractions.Fraction(profile["coefficients"][bucket][end])
        for row in chain:
            total *= factor(row, end)
        sums[end] = total
    return sums


# How far the event is to be trusted, by the rules of docs/decisions.
def confidence(table, event):
    tags = event["tags"]
    profile = table.profiles[tags["coefficient_profile"]]
    used = [table.transforms[name] for name in tags.get("coefficient_transforms", "").split()]
    levels = [row["confidence"] for row in used]
    counted = [profile["coefficients"][BUCKETS[tag][0]] for tag in PHASES[tags["phase"]] & set(tags) if tags[tag]]
    told = [row["confidence"] for row in counted if row["central"]]
    if not told:
        return "low"
    level = min(LEVELS.index(name) for name in told + levels)
    if any(row["valid_until"] < event["event_ts"][:10] for row in [profile, *used]):
        level = max(0, level - 1)
    return LEVELS[level]


# Where the joules stand when all that the event names was applied.
def boundary(table, tags):
    at = BOUNDARY_STAGE[table.profiles[tags["coefficient_profile"]]["boundary"]]
    for name in tags.get("coefficient_transforms", "").split():
        row = table.transforms[name]
        if STAGES.index(row["from"]) != at:
            return f"{name} begins elsewhere"
        at = STAGES.index(row["to"])
    return {stage: name for name, stage in BOUNDARY_STAGE.items()}.get(at, STAGES[at])


# What is wrong with an event; the empty list for one that is right, to the last bit.
def faults(table, event):
    tags = event["tags"]
    wanted = joules(table, tags)
    got = {"low": tags["quantity_low"], "central": event["quantity"], "high": tags["quantity_high"]}
    wrong = [f"{end}: {got[end]!r}, wanted {float(wanted[end])!r}" for end in ENDS if got[end] != float(wanted[end])]
    for tag, right in (("coefficient_table_sha256", table.sha256), ("confidence", confidence(table, event)),
                       ("measurement_boundary", boundary(table, tags)),
                       ("pue_applied", tags["measurement_boundary"] == "facility")):
        if tags[tag] != right:
            wrong.append(f"{tag}: {tags[tag]!r}, wanted {right!r}")
    return wrong
