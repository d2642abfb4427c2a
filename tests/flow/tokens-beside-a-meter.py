#!/usr/bin/python3
# Tokens that a run served itself are not modeled where its GPUs were metered, or are; tokens
# that others served stay, whatever the node meters.
# SPDX-License-Identifier: Apache-2.0
import json
import os
import shlex
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.environ["SOURCE"], "tests", "support"))
import tokens
from tap import EMIT, check, check_equal, end, skip

TESTBED = os.environ["EMIT_TESTBED"]
COUNTS = ["tokens", "--profile", "managed-balanced-v1", "--input", "500", "--output", "300", "--at", tokens.AT]


# emit inside a scenario; what it prints, and how it ends.
def inside(home, scenario, script):
    got = subprocess.run([TESTBED, "run", scenario, "--", "sh", "-c", script], capture_output=True, text=True, env=home.environment, cwd=home.path)
    return got.returncode, got.stdout, got.stderr


def line(*words):
    return shlex.join([EMIT, *words])


def modeled(home):
    return [event["tags"]["record_ref"] for event in home.stored() if event["tags"]["energy_provenance"] == "modeled"]


def check_metered(folder):
    home = tokens.Home(os.path.join(folder, "metered"))
    home.file("a.jsonl", [tokens.chat(1), tokens.chat(2, model="stranger")])
    status, _, said = inside(home, "demo", line("run", "--quiet", "--run-id", "r", "--", "sleep", "0.3"))
    check_equal((status, any(event["tags"]["component"] == "gpu" for event in home.stored())), (0, True), f"a run whose GPUs were metered: {said}")
    for words in (COUNTS, ["tokens", "--usage", "a.jsonl"], ["tokens", "--usage", "a.jsonl", "--group", "request"],
                  [*COUNTS, "--no-outbox", "--events", home.file("copy")]):
        got = home.emit(*words, "--run-id", "r", "--served", "here")
        check(got.returncode == 3 and "--served managed" in got.stdout and "0 events" in got.stdout, f"{words[1]}: refused: {got.returncode} {got.stdout} {got.stderr}")
    check_equal((modeled(home), os.path.getsize(home.file("copy"))), ([], 0), "none of them made an event")
    document, status = home.document("--usage", "a.jsonl", "--served", "here", run="r")
    check_equal((status, document["records"]["fates"], tokens.schema_faults(document)), (3, {"already-metered": 1, "unmapped-model": 1}, []), "the document says why")
    got = home.emit(*COUNTS, "--run-id", "other", "--served", "here")
    check_equal((got.returncode, len(modeled(home))), (0, 1), "another run is not the one that was metered")
    got = home.emit(*COUNTS, "--run-id", "r", "--served", "managed")
    check_equal((got.returncode, len(modeled(home))), (0, 2), "what others served stays, beside any meter")


def check_living(folder):
    home = tokens.Home(os.path.join(folder, "living"))
    status, said, _ = inside(home, "demo", line("run", "--quiet", "--run-id", "r", "--", "sh", "-c", line(*COUNTS, "--served", "here") + "; echo $?"))
    check(status == 0 and said.endswith("3\n") and modeled(home) == [], f"a run that goes on and meters GPUs: {said}")


# Modeled first and metered then: nothing is taken back, and every report says so.
def check_modeled_before(folder):
    home = tokens.Home(os.path.join(folder, "before"))
    got = home.emit(*COUNTS, "--run-id", "r", "--served", "here")
    check_equal(got.returncode, 0, f"tokens of a run before its meter: {got.stderr}")
    for name, words in (("emit run", ["run", "--run-id", "r", "--", "sleep", "0.3"]), ("emit show", ["show", "r"])):
        _, page, said = inside(home, "demo", line(*words))
        page += said
        check("already-modeled a model counted this run before its meter did" in " ".join(page.split()) and "grep -v token_model" in page, f"the page of {name} says it: {page}")
        check(all(len(row) <= 80 for row in page.splitlines() if "/" not in row), f"{name}: 80 columns: {page}")
    for name, words in (("emit run", ["run", "--json", "--run-id", "s", "--", "sleep", "0.3"]), ("emit show", ["show", "--json", "s"])):
        if name == "emit run":
            home.emit(*COUNTS, "--run-id", "s", "--served", "here")
        _, document, said = inside(home, "demo", line(*words))
        document = next(row for row in (document + said).splitlines() if row.startswith("{"))
        codes = [one["code"] for one in json.loads(document)["diagnostics"]]
        check_equal(codes.count("already-modeled"), 1, f"and the document of {name}: {said}")


def check_without_gpus(folder):
    home = tokens.Home(os.path.join(folder, "cpus"))
    inside(home, "wrap-once", line("run", "--quiet", "--run-id", "r", "--", "sleep", "0.3"))
    check(any(event["tags"]["energy_source"] == "rapl" for event in home.stored()), "a run of which only processors were metered")
    got = home.emit(*COUNTS, "--run-id", "r", "--served", "here")
    check_equal((got.returncode, len(modeled(home))), (0, 1), "nobody metered what served the tokens")


if not os.access("/dev/fuse", os.R_OK | os.W_OK):
    skip("emit tokens in the test bed", "/dev/fuse is missing")
    end()
with tempfile.TemporaryDirectory() as place:
    check_metered(place)
    check_living(place)
    check_modeled_before(place)
    check_without_gpus(place)
end()
