#!/usr/bin/python3
# The invariants of the emit channel, in the spirit of the specification's own
# suite and without our validator: live output, the fixtures of contract/ and
# every example in the pages are observation only and free of provider brands.
# SPDX-License-Identifier: Apache-2.0
import glob
import json
import os
import re
import subprocess
import sys
import tempfile

SOURCE = os.environ["SOURCE"]
sys.path.insert(0, os.path.join(SOURCE, "tests", "support"))
from tap import EMIT, check, check_equal, end, skip
import corpus

import jsonschema

TESTBED = os.environ.get("EMIT_TESTBED", "")
SOURCES = {"nvml", "dcgm", "rapl", "ipmi", "redfish", "pdu", "ups", "smart_meter", "token_model", "facility_proration"}
EVERY_EVENT = {"energy_provenance": str, "energy_source": str, "component": str, "phase": str, "accuracy_class": str,
               "capability_tier": str, "provider_family": str, "pue_applied": bool}
CLOUD_OWNS = re.compile(r"co2|carbon|emission|cost|billing|invoice|margin|cogs|attribution", re.I)
GRID_FACTS = {"grid_carbon_intensity_g_per_kwh", "grid_carbon_intensity_kind"}
BRANDS = re.compile(r"\b(nvidia|amd|intel|apple|google|gcp|aws|amazon|azure|microsoft|oracle|meta|openai|gpt|anthropic|"
                    r"claude|gemini|llama|mistral|cohere|deepseek|qwen|coreweave|cerebras|groq)\b", re.I)
CITED = {"coefficient_source_title", "coefficient_source_url", "coefficient_source_version", "coefficient_notes"}


# Every way in which one event breaks the specification; an empty list is good.
def broken(event):
    tags = event.get("tags", {})
    for field, wanted in (("kind", "emit:energy_meter_recorded"), ("channel_id", "emit"), ("unit", "joules")):
        if event.get(field) != wanted:
            yield f"{field} is not {wanted}"
    if not isinstance(event.get("quantity"), (int, float)) or not event["quantity"] >= 0:
        yield "quantity is no energy"
    for tag, kind in EVERY_EVENT.items():
        if not isinstance(tags.get(tag), kind):
            yield f"{tag} is missing or of another type"
    for tag, value in tags.items():
        if isinstance(value, (dict, list)) or value is None:
            yield f"{tag} is not flat"
        if CLOUD_OWNS.search(tag) and tag not in GRID_FACTS:
            yield f"{tag} belongs to the cloud"
        if isinstance(value, str) and tag not in CITED and BRANDS.search(value.replace("_", "-")):
            yield f"{tag} names a brand: {value}"
    source, provenance = tags.get("energy_source"), tags.get("energy_provenance")
    if source not in SOURCES:
        yield f"{source} is no source"
    wanted = {"token_model": {"modeled"}, "facility_proration": {"estimated"}}.get(source, {"measured", "estimated"})
    if provenance not in wanted:
        yield f"{source} cannot be {provenance}"
    if provenance == "measured" and "compute_assignment_run_id" in event:
        if not tags.get("sampling_hz", 0) > 0 or not tags.get("measurement_window_ms", 0) > 0:
            yield "a measurement without a rate and a window"
    if provenance == "modeled":
        for tag in sorted(CITED) + ["coefficient_published", "coefficient_accessed", "measurement_boundary",
                                    "confidence", "coefficient_profile"]:
            if not tags.get(tag):
                yield f"a coefficient without {tag}"
    if "compute_assignment_run_id" not in event:
        for tag in ("facility_id", "valid_from", "valid_to"):
            if tag not in tags:
                yield f"a facility window without {tag}"
        if tags.get("provider_family") != "operator-owned":
            yield "a facility window that is not operator-owned"


def check_events(events, what):
    wrong = [f"{where}: {fault}" for where, event in events for fault in broken(event)]
    check_equal(wrong, [], f"{what}: {len(events)} events keep the invariants")


def fixtures():
    events = [(os.path.basename(path), json.load(open(path, encoding="utf-8"))) for path in corpus.accepted()]
    check(len(events) > 30, "the fixtures are there")
    check_events([(where, event) for where, event in events if "other-spellings" not in where], "contract/accepted")
    given = {event["tags"]["energy_source"] for _, event in events}
    check_equal(given, SOURCES, "the fixtures cover the closed vocabulary of sources")
    got = subprocess.run([EMIT, "validate", "--strict", *corpus.accepted("strict")], capture_output=True, text=True,
                         check=False)
    check_equal((got.returncode, got.stdout), (0, ""), "contract/accepted/strict passes strict")


def check_examples(*pages):
    return subprocess.run([os.path.join(SOURCE, "tools", "check-examples"), os.path.dirname(EMIT), *pages], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)


def examples(folder):
    got = check_examples()
    check(got.returncode == 0, "every JSON example in README, manual and docs: " + got.stdout.strip().replace("\n", "; "))
    # The check itself: what it has to find in a page.
    good = open(corpus.accepted("strict")[0], encoding="utf-8").read()
    other = open(os.path.join(corpus.CONTRACT, "accepted", "core", "specification-example.json"), encoding="utf-8").read()
    for what, mark, example, status in [
        ("an event of ours", "json", good, 0), ("an event that keeps core only", "json", other, 1),
        ("the same, marked", "json core", other, 0), ("an event with a cost", "json", good.replace("node_id", "cost_eur"), 1),
        ("an event that is not in a json block", "", good.replace("joules\"", "watts\""), 1),
        ("half an event", "json", good[:100], 1), ("a report that is none", "json", '{"run_id": "run_1", "points": []}', 1),
        ("another object", "yaml", '{"depth": 1}', 0),
    ]:
        page = os.path.join(folder, "page.md")
        with open(page, "w", encoding="utf-8") as out:
            out.write(f"# A page\n\n```{mark}\n{example}\n```\n")
        got = check_examples(page)
        check(got.returncode == status, f"check-examples and {what}: exit {got.returncode}")
    for what, example, status in (("an event of ours", good, 0), ("an event that keeps core only", other, 1)):
        page = os.path.join(folder, "emit-page.1")
        with open(page, "w", encoding="utf-8") as out:
            out.write(".SH EXAMPLES\n" + example.replace("\\", "\\e").replace("-", "\\-") + "\n")
        got = check_examples(page)
        check(got.returncode == status, f"check-examples and {what} in a manual page: exit {got.returncode}")


# The words of the program itself: what it calls its sources, tiers and profiles.
def vocabulary():
    page = subprocess.run([EMIT, "schema", "--strict"], capture_output=True, text=True, check=True).stdout
    words = {word for words in re.findall(r'"(?:enum|const)": (\[[^]]*\]|"[^"]*")', page)
             for word in re.findall(r'"([^"]*)"', words)}
    check(len(words) > 50, f"the schema names {len(words)} words")
    check_equal([word for word in sorted(words) if BRANDS.search(word.replace("_", "-"))], [], "none of them is a brand")
    tables = glob.glob(os.path.join(SOURCE, "data", "**", "*"), recursive=True)
    profiles = {profile for path in tables if os.path.isfile(path)
                for profile in re.findall(r"\b[a-z][a-z0-9-]*-v[0-9]+\b", open(path, encoding="utf-8").read())}
    if profiles:  # none before there are coefficient tables
        check_equal([profile for profile in sorted(profiles) if BRANDS.search(profile)], [],
                    f"none of {len(profiles)} coefficient profiles names a brand")


# What the programs print: each scenario of the test bed, metered as a user would.
def live(folder):
    listed = subprocess.run([TESTBED, "list"], capture_output=True, text=True, check=False)
    names = re.findall(r"^ *(\S+)", listed.stdout, re.M)
    if not check(len(names) > 5, "the test bed lists its scenarios"):
        return
    with open(os.path.join(corpus.CONTRACT, "event.strict.schema.json"), encoding="utf-8") as file:
        schema = jsonschema.Draft202012Validator(json.load(file))
    paths, events, unusable = [], [], []
    for name in names:
        path = os.path.join(folder, f"{name}.ndjson")
        got = subprocess.run([TESTBED, "run", name, "--", EMIT, "run", "--quiet", "--workspace", "ws_test", "--outbox",
                              os.path.join(folder, f"{name}.db"), "--output", path, "--", "sleep", "0.2"],
                             capture_output=True, text=True, check=False)
        if got.returncode:
            unusable.append(f"{name}: {got.returncode}: {got.stderr.strip()}")
        if os.path.exists(path):
            paths.append(path)
            events += [(name, json.loads(line)) for line in open(path, encoding="utf-8")]
    check_equal(unusable, [], "every scenario runs")
    check(len(events) > len(names), f"{len(events)} events from {len(names)} scenarios")
    check_events(events, "the test bed")
    wrong = [f"{name}: {error.message}" for name, event in events for error in schema.iter_errors(event)]
    check_equal(wrong, [], "all of them keep the strict schema")
    got = subprocess.run([EMIT, "validate", "--strict", *paths], capture_output=True, text=True, check=False)
    check_equal((got.returncode, got.stdout), (0, ""), "all of them pass validate --strict")
    check_equal([name for name, event in events if event["tags"].get("simulated") is not True], [],
                "all of them say that they are simulated")


def main():
    fixtures()
    vocabulary()
    with tempfile.TemporaryDirectory() as folder:
        examples(folder)
        if TESTBED and os.access("/dev/fuse", os.R_OK | os.W_OK):
            live(folder)
        else:
            skip("what the programs print in the test bed", "/dev/fuse is missing")
    end()


main()
