#!/usr/bin/python3
# Whatever is read again, in whatever order, pieces and options: no request is ever in two totals
# of a run, and exit status 0 says that all of them are in one. Request n has 2^n input tokens, so
# that the tokens of an event say which requests are in it.
# SPDX-License-Identifier: Apache-2.0
import json
import os
import random
import sys
import tempfile

sys.path.insert(0, os.path.join(os.environ["SOURCE"], "tests", "support"))
import tokens
from tap import check, check_equal, end
from tokens import chat

MODELS = ["acme-small-1", "acme-small-2", "acme-large-1", "acme-large-2"]
MAPS = [{"acme-small*": "managed-balanced-v1", "acme-large*": "managed-frontier-v1"},
        {"acme-small-1": "managed-balanced-v1"},
        {"acme-small*": "managed-balanced-v1", "acme-large-1": "managed-balanced-v1"},
        {"acme*": "managed-large-v1"}]
REQUESTS = [chat(f"request-{n}", model=MODELS[n % 4], prompt=2 ** n, completion=n + 1, at=1781366400 + n) for n in range(16)]


def bits(requests):
    return sum(request["usage"]["prompt_tokens"] for request in requests)


# The totals of a run, and what is wrong with them: bits that are in two of them, phases that are
# not those of their total.
def counted(home, run):
    events = [event for event in home.stored() if event["compute_assignment_run_id"] == run]
    seen, faults, totals = 0, [], {}
    for event in events:
        if event["tags"]["phase"] != "total":
            continue
        count = event["tags"]["input_tokens"]
        if seen & count:
            faults.append(f"twice: {seen & count:b} in {event['tags']['record_ref']}")
        seen |= count
        totals[event["tags"]["record_ref"]] = event
    for event in events:
        tags = event["tags"]
        total = totals.get(tags["record_ref"], {"tags": {}})["tags"]
        if tags["phase"] == "prefill" and (tags["input_tokens"], tags["measurement_boundary"]) != (total.get("input_tokens"), total.get("measurement_boundary")):
            faults.append(f"a prefill without its total: {tags['record_ref']}")
    return seen, faults


def is_mapped(request, models):
    return any(request["model"] == glob or (glob.endswith("*") and request["model"].startswith(glob[:-1])) for glob in models)


# Random readings of one run.
def readings(folder, seed):
    generator = random.Random(seed)
    home = tokens.Home(os.path.join(folder, f"random-{seed}"))
    configs = []
    for number, models in enumerate(MAPS):
        path = home.file(f"map-{number}.yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write("models:\n" + "".join(f'  "{glob}": {profile}\n' for glob, profile in models.items()))
        configs.append((path, models))
    before, faults, groups = 0, [], set()
    for step in range(12):
        chosen = [request for request in REQUESTS if generator.random() < generator.choice((0.3, 1))]
        generator.shuffle(chosen)
        cut = generator.randrange(len(chosen) + 1)
        again = chosen[:generator.randrange(3)]
        files = [home.file("a.jsonl", chosen[:cut] + again), home.file("b.jsonl", again + chosen[cut:])]
        generator.shuffle(files)
        path, models = generator.choice(configs)
        words = ["--config", path, "--group", generator.choice(("run", "run", "request"))]
        words += generator.choice(([], [], ["--boundary", "facility"], ["--served", "here"], ["--phases"], ["--phases"], ["--workspace", "ws_other"],
                                   ["--profile", "managed-unknown-v1"]))
        document, status = home.document(*words, *files)
        told = f"seed {seed} step {step}: {' '.join(words)}"
        seen, wrong = counted(home, "run_88")
        wrong += tokens.schema_faults(document)
        faults += [f"{told}: {fault}" for fault in wrong]
        wanted = bits(request for request in chosen if "--profile" in words or is_mapped(request, models))
        said = sum(profile["input_tokens"] for profile in document["profiles"])
        if before & ~seen:
            faults.append(f"{told}: something went away")
        if status == 0 and bits(chosen) & ~seen:
            faults.append(f"{told}: exit 0, and {bits(chosen) & ~seen:b} is in no event")
        if said & ~seen or said & ~wanted:
            faults.append(f"{told}: told {said:b}, stored {seen:b}, wanted {wanted:b}")
        if sum(document["records"]["fates"].values()) != len(chosen) + 2 * len(again):
            faults.append(f"{told}: {document['records']}")
        before = seen
        groups.add(frozenset(document["records"]["fates"]))
    check(not faults, f"seed {seed}: no request is in two totals, and none is said to be that is not; {'; '.join(faults[:2])}")
    return groups


# Two logs of one run that come to the same tokens at the same time are two facts all the same.
def equal_sums_of_other_requests(folder):
    home = tokens.Home(os.path.join(folder, "sums"))
    one, two = home.file("one", [chat("a"), chat("b")]), home.file("two", [chat("a"), chat("c")])
    check_equal(home.tokens(one).returncode, 0, "one log")
    got = home.tokens(two)
    check(got.returncode == 3 and "modeled in this run already" in " ".join(got.stdout.split()), f"another with the same sums is told: {got.stdout}")
    bare = [{"timestamp": tokens.AT, "model": "acme-small-1", "input_tokens": 1, "output_tokens": 2, "wu_id": wu} for wu in ("x", "y", "y")]
    check_equal(home.tokens(home.file("bare", bare), run="bare").returncode, 0, "records without ids")
    check_equal(home.tokens(home.file("bare", reversed(bare)), run="bare").returncode, 0, "in another order they are the same")
    check_equal(home.tokens(home.file("bare", [bare[0], *bare[:2]]), run="bare").returncode, 3, "another one twice: other records")
    refs = {event["tags"]["record_ref"] for event in home.stored()}
    check_equal(len(refs), 2, f"each event has its own record_ref: {refs}")


# A model that is mapped when its profile has an event already.
def a_model_mapped_later(folder):
    home = tokens.Home(os.path.join(folder, "later"), models={"acme-small-1": "managed-balanced-v1"})
    path = home.file("a.jsonl", REQUESTS[:8])
    document, status = home.document(path, "--phases")
    check_equal((status, document["records"]["fates"]), (3, {"used": 2, "unmapped-model": 6}), "its records are refused at first")
    with open(home.file("emit/emit.yaml"), "w", encoding="utf-8") as file:
        file.write('models: { "acme-*": managed-balanced-v1 }\n')
    document, status = home.document(path, "--phases")
    check_equal((status, document["records"]["used"], document["events"]), (0, 8, {"made": 6, "stored": 3, "duplicate": 3, "conflicting": 0}),
                "and added when it is mapped, as an event of the models that had none")
    check_equal(counted(home, "run_88"), (bits(REQUESTS[:8]), []), "every request is in one total")
    before = home.stored_bytes()
    document, status = home.document(path)
    check_equal((status, home.stored_bytes() == before, document["events"]["duplicate"]), (0, True, 2), "again: nothing changes")
    got = home.tokens(home.file("b.jsonl", REQUESTS[:9]))
    check(got.returncode == 3 and '("acme-small-1")' in " ".join(got.stdout.split()) and counted(home, "run_88")[0] == bits(REQUESTS[:8]),
          f"a longer log is told, by the models it is longer of: {got.stdout}")


# The parts of another sum are not stored beside the total that is.
def phases_belong_to_their_total(folder):
    home = tokens.Home(os.path.join(folder, "phases"))
    short, long = home.file("short", REQUESTS[:4]), home.file("long", REQUESTS[:8])
    for group in ("run", "request"):
        home.tokens(short, "--group", group, run=group)
        document, _ = home.document(long if group == "run" else short, "--group", group, "--phases", "--boundary", "system", run=group)
        check_equal((document["events"]["stored"], document["profiles"]), (0, []), f"{group}: phases of another sum are refused with it")
        document, status = home.document(short, "--group", group, "--phases", run=group)
        check_equal((status, document["events"]["stored"]), (0, 4 if group == "run" else 8), f"{group}: those of the total that is there are added")
        check_equal(counted(home, group)[1], [], f"{group}: and are its own")


# More models than one event claims.
def many_models(folder):
    home = tokens.Home(os.path.join(folder, "many"), models={"m*": "managed-balanced-v1"})
    records = [chat(f"request-{n}", model=f"m{n}") for n in range(150)]
    document, status = home.document(home.file("a", records))
    check_equal((status, document["events"]["stored"], document["profiles"][0]["model_count"]), (0, 3, 150), "150 models of one profile are three events")
    random.Random(1).shuffle(records)
    document, status = home.document(home.file("b", records))
    check_equal((status, document["events"]["duplicate"]), (0, 3), "in another order the same three")
    check_equal(sum(event["tags"]["requests"] for event in home.stored()), 150, "with each request once")


with tempfile.TemporaryDirectory() as place:
    met = set()
    for number in range(4):
        met |= readings(place, number)
    check(any("already-modeled" in fates for fates in met) and any("already-modeled" not in fates for fates in met), "some readings agreed, and some did not")
    for promise in (equal_sums_of_other_requests, a_model_mapped_later, phases_belong_to_their_total, many_models):
        promise(place)
end()
