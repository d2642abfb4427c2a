#!/usr/bin/python3
# emit tokens from counts: the event is what its own tags and the cited table say, what is
# not given is no 0, and the same counts count once.
# SPDX-License-Identifier: Apache-2.0
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.environ["SOURCE"], "tests", "support"))
import reachable
import store
import tokens
from tap import EMIT, check, check_equal, end, skip

COUNTS = ["--profile", "managed-balanced-v1", "--input", "500", "--cached", "100", "--output", "300",
          "--reasoning", "40", "--requests", "2", "--at", tokens.AT]
ROWS, HASH = tokens.table()


def fresh(folder, name, **more):
    return tokens.Home(os.path.join(folder, name), **more)


def the_event_is_the_arithmetic(folder):
    home = fresh(folder, "arithmetic")
    got = home.tokens(*COUNTS)
    check_equal((got.returncode, got.stderr), (0, ""), "counts become an event")
    event = home.stored()[0]
    tags = event["tags"]
    low, central, high = tokens.joules(ROWS, tags)
    check_equal((tags["quantity_low"], event["quantity"], tags["quantity_high"]), (low, central, high),
                "low, central and high are the table's numbers times the tokens, bit by bit")
    check_equal([tags[name] for name in tokens.BUCKETS.values()], [500, 100, 300, 40, 2], "the counts stand in it")
    check_equal(tags["coefficient_table_sha256"], HASH, "its table is the bytes of emit tokens profiles --json")
    check_equal((tags["energy_provenance"], tags["energy_source"], tags["measurement_boundary"], tags["pue_applied"]),
                ("modeled", "token_model", "accelerator", False), "it says what it is")
    check_equal((event["event_ts"], tags["record_ref"]), (tokens.AT, f"counts/{tokens.AT}"), "when, and which counts")
    judged = subprocess.run([EMIT, "validate", "--strict"], input=json.dumps(event), capture_output=True, text=True)
    check_equal(judged.returncode, 0, f"the contract accepts it: {judged.stdout}")
    document, status = home.document(*COUNTS)
    check_equal(tokens.schema_faults(document), [], "the document keeps its schema")
    check_equal((status, document["events"]["duplicate"], len(home.stored())), (0, 1, 1), "the same counts again are told, and count once")
    check_equal(document["profiles"][0]["joules"], central, "the document is exact")


def other_counts_of_a_time_are_told(folder):
    home = fresh(folder, "conflict")
    home.tokens(*COUNTS)
    before = home.stored_bytes()
    got = home.tokens("--profile", "managed-balanced-v1", "--input", "501", "--output", "300", "--at", tokens.AT)
    check(got.returncode == 3 and "nothing was replaced" in got.stdout.replace("\n           ", " "), f"other counts of the same time: {got.stdout}")
    check_equal(home.stored_bytes(), before, "nothing was replaced")
    got = home.tokens("--profile", "managed-balanced-v1", "--input", "501", "--at", tokens.AT, "--record", "second")
    check_equal((got.returncode, len(home.stored())), (0, 2), "--record tells them apart")
    got = home.tokens("--profile", "managed-large-v1", "--input", "501", "--at", tokens.AT, "--record", "second")
    check_equal((got.returncode, len(home.stored())), (3, 2), "a record is modeled once, whatever the profile")


def boundaries_are_cited_factors(folder):
    home = fresh(folder, "boundary")
    for boundary, transforms in (("system", 1), ("facility", 3)):
        home.tokens(*COUNTS, "--boundary", boundary, run=boundary)
        event = home.stored()[-1]
        tags = event["tags"]
        check_equal((tags["measurement_boundary"], tags["pue_applied"]), (boundary, boundary == "facility"), f"{boundary}: what it includes")
        check_equal(len(tags["coefficient_transforms"].split()), transforms, f"{boundary}: {tags['coefficient_transforms']}")
        check_equal([tags["quantity_low"], event["quantity"], tags["quantity_high"]], tokens.joules(ROWS, tags), f"{boundary}: each factor once")
    for words in ([], ["--boundary", "facility"]):
        got = home.tokens(*COUNTS, "--pue", "1.2", *words, run="pue")
        check(got.returncode == 2 and "campus facility-energy" in got.stderr and got.stderr.count("\n") == 1, f"--pue is refused: {got.stderr}")


def phases_are_parts(folder):
    home = fresh(folder, "phases")
    home.tokens(*COUNTS, "--phases")
    events = {event["tags"]["phase"]: event for event in home.stored()}
    check_equal(sorted(events), ["decode", "prefill", "total"], "an event for each phase")
    for phase, event in events.items():
        tags = event["tags"]
        check_equal([tags["quantity_low"], event["quantity"], tags["quantity_high"]], tokens.joules(ROWS, tags, phase), f"{phase}: its own tokens")
    parts = events["prefill"]["quantity"] + events["decode"]["quantity"]
    check(abs(parts - events["total"]["quantity"]) < 1e-9 * parts, "the parts come to the whole")
    document, _ = home.document(*COUNTS)
    check_equal((document["events"]["duplicate"], document["exit"]), (1, 0), "without --phases again: the total is known")
    home.tokens("--profile", "managed-balanced-v1", "--input", "9", "--at", tokens.AT, "--phases", run="half")
    check_equal(sorted(event["tags"]["phase"] for event in home.stored()[3:]), ["prefill", "total"], "no event stands for a phase without tokens")


def what_is_not_given_is_no_0(folder):
    home = fresh(folder, "unknown")
    got = home.tokens("--profile", "managed-balanced-v1", "--input", "500", "--at", tokens.AT)
    tags = home.stored()[0]["tags"]
    check_equal([name for name in tokens.BUCKETS.values() if name in tags], ["input_tokens"], "no tag for what nobody gave")
    row = next(line for line in got.stdout.splitlines() if "modeled" in line)
    check("500 / - / -" in row and "output tokens; requests" in got.stdout, f"the page says so: {got.stdout}")
    document, _ = home.document("--profile", "managed-balanced-v1", "--input", "500", "--at", tokens.AT)
    check_equal(document["profiles"][0]["output_tokens"], None, "null in the document")


# A mean request longer than the coefficients are for has a wider range.
def long_requests_are_extrapolated(folder):
    home = fresh(folder, "long")
    context = int(ROWS["managed-balanced-v1"]["context_tokens_max"])
    for requests, wanted in ((1, None), (1, 100), (10, None)):
        tokens_in = context * requests - (0 if wanted else 100)
        home.tokens("--profile", "managed-balanced-v1", "--input", str(tokens_in), "--output", "100", "--requests", str(requests),
                    "--record", f"{requests}-{wanted}")
        event = home.stored()[-1]
        tags = event["tags"]
        check_equal(tags.get("extrapolated_output_tokens"), wanted, f"{requests} requests of {tokens_in} tokens")
        check_equal([tags["quantity_low"], event["quantity"], tags["quantity_high"]], tokens.joules(ROWS, tags), "as the table says")


# A copy of the table in which these rows were valid until 2026-06-13.
def aged(home, *names):
    rows = os.path.join(home.path, "aged")
    shutil.copytree(os.path.join(os.environ["SOURCE"], "data", "coefficients"), rows)
    for name in names:
        path = os.path.join(rows, f"{name}.yaml")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        with open(path, "w", encoding="utf-8") as file:
            file.write(re.sub('^valid_until: .*$', 'valid_until: "2026-06-13"', text, flags=re.M))
    return rows


# The event's own day decides: the same counts always make the same event.
def expired_numbers_are_trusted_less(folder):
    home = fresh(folder, "expired")
    own = aged(home, "managed-balanced-v1", "boundary-host-v1")
    words = ["--profile", "managed-balanced-v1", "--input", "500", "--output", "300", "--coefficients", own]
    for at, confidence in (("2026-06-13T16:00:00Z", "medium"), ("2026-06-14T00:00:00Z", "low")):
        got = home.tokens(*words, "--at", at)
        event = home.stored()[-1]
        check_equal((event["tags"]["confidence"], f"expired {words[1]}" in " ".join(got.stdout.split())), (confidence, confidence == "low"), f"{at}: {confidence}")
        said = " ".join(got.stdout.split())
        check_equal([event["tags"]["quantity_low"], event["quantity"], event["tags"]["quantity_high"]], tokens.joules(ROWS, event["tags"]), "the joules are the same")
    check(f"expired {words[1]} on 2026-06-13: confidence of {words[1]} is low, a step below medium"
          in said, "the page names the row, its day, and what became of the confidence")
    check_equal(tokens.page_faults(got.stdout), [], "the page")
    got = home.tokens(*words, "--at", "2026-06-15T00:00:00Z", "--boundary", "system")
    said = " ".join(got.stdout.split())
    check(f", boundary-host-v1 on 2026-06-13: confidence of {words[1]} stays low" in said,
          "and the transform that was used; low has no step below")
    check_equal(tokens.page_faults(got.stdout), [], "the page with both")


def a_table_of_ones_own(folder):
    home = fresh(folder, "table")
    rows = os.path.join(home.path, "rows")
    shutil.copytree(os.path.join(os.environ["SOURCE"], "data", "coefficients"), rows)
    with open(os.path.join(rows, "managed-balanced-v1.yaml"), encoding="utf-8") as file:
        text = file.read()
    with open(os.path.join(rows, "acme-hall-v3.yaml"), "w", encoding="utf-8") as file:
        file.write(text.replace("managed-balanced-v1", "acme-hall-v3"))
    document, status = home.document("--coefficients", rows, "--profile", "acme-hall-v3", "--input", "5", "--at", tokens.AT)
    ours = subprocess.run([EMIT, "tokens", "profiles", "--json", "--coefficients", rows], capture_output=True, check=True).stdout
    check_equal((status, document["coefficient_table_sha256"]), (0, hashlib.sha256(ours).hexdigest()), "its hash is of that table")
    check_equal(home.stored()[0]["tags"]["coefficient_table_sha256"], hashlib.sha256(ours).hexdigest(), "the event says it")
    page = home.tokens("--coefficients", "rows", "--profile", "acme-hall-v3", "--input", "5", "--no-outbox").stdout
    words = re.search(r"^  sources  emit (.*)$", page, re.M)
    check(words and home.emit(*words[1].split()).stdout.startswith("acme-hall-v3"), f"the page's line finds the row again: {page}")
    got = home.tokens("--coefficients", home.file("none"), "--profile", "acme-hall-v3", "--input", "5")
    check(got.returncode == 2 and got.stderr.count("\n") == 1, f"a folder that is not there: {got.stderr}")


def who_served_them(folder):
    home = fresh(folder, "served")
    for word, tier, family in (("managed", "managed-inference", "managed"), ("byok-proxy", "byok-proxy", "byok"), ("here", "gpu-runner", "operator-owned")):
        home.tokens(*COUNTS, "--served", word, run=word)
        tags = home.stored()[-1]["tags"]
        check_equal((tags["capability_tier"], tags["provider_family"]), (tier, family), f"--served {word}")


REFUSED = [
    (["--input", "5"], "--profile"),
    (["--profile", "managed-nothing-v1", "--input", "5"], "managed-nothing-v1"),
    (["--profile", "managed-balanced-v1"], "say which tokens"),
    (["--profile", "managed-balanced-v1", "--cached", "5"], "--input"),
    (["--profile", "managed-balanced-v1", "--input", "5", "--reasoning", "5"], "--output"),
    (["--profile", "managed-balanced-v1", "--requests", "5"], "no tokens"),
    (["--profile", "managed-balanced-v1", "--input", "5", "--requests", "0"], "--requests"),
    (["--profile", "managed-balanced-v1", "--input", "-5"], "--input"),
    (["--profile", "managed-balanced-v1", "--input", "5.5"], "--input"),
    (["--profile", "managed-balanced-v1", "--input", "1e3"], "--input"),
    (["--profile", "managed-balanced-v1", "--input", "1000000000000000000"], "2^53"),
    (["--profile", "managed-balanced-v1", "--input", "99999999999999999999999"], "--input"),
    (["--profile", "managed-balanced-v1", "--input", ""], "--input"),
    (["--profile", "managed-balanced-v1", "--input", "5", "--output", "events.ndjson"], "--events"),
    (["--profile", "managed-balanced-v1", "--input", "5", "--at", "yesterday"], "--at"),
    (["--profile", "managed-balanced-v1", "--input", "5", "--at", "2026-02-30T00:00:00Z"], "and not '2026-02-30"),
    (["--profile", "managed-balanced-v1", "--input", "5", "--at", "2228-01-01T00:00:00Z"], "ahead of the clock"),
    (["--profile", "managed-balanced-v1", "--input", "5", "--at", "2999-01-01T00:00:00Z"], "a time of the past"),
    (["--usage", "/dev/null", "--at", "2228-01-01T00:00:00Z"], "ahead of the clock"),
    (["--profile", "managed-balanced-v1", "--input", "5", "--usage"], "--usage"),
    (["--profile", "managed-balanced-v1", "--input", "5", "records.ndjson"], "--input"),
    (["--profile", "managed-balanced-v1", "--input", "5", "--record", "x" * 200], "--record"),
    (["--profile", "managed-balanced-v1", "--input", "5", "--record", ""], "--record"),
    (["--profile", "managed-embedding-v1", "--input", "5", "--output", "5"], "output"),
    (["--profile", "managed-balanced-v1", "--input", "5", "--boundary", "moon"], "--boundary"),
]


def refused_in_a_sentence(folder):
    home = fresh(folder, "refused")
    for words, names in REFUSED:
        got = home.tokens(*words)
        good = got.returncode == 2 and got.stdout == "" and got.stderr.count("\n") == 1 and names in got.stderr
        check(good, f"{' '.join(words)[:90]}: {got.returncode} {got.stdout} {got.stderr}")
    got = home.tokens("--profile", "managed-balanced-v1", "--input", "5", run=None)
    check(got.returncode == 2 and "EMIT_RUN_ID" in got.stderr, f"no run: {got.stderr}")
    check_equal(home.stored_bytes(), "", "none of them stored anything")


def pages_can_be_read(folder):
    home = fresh(folder, "page")
    for number, words in enumerate((COUNTS, ["--profile", "managed-nano-v1", "--input", "1"],
                                    ["--profile", "managed-frontier-dense-v1", "--output", "9007199254740992"],
                                    ["--profile", "managed-embedding-v1", "--input", "1", "--requests", "1"],
                                    [*COUNTS, "--boundary", "facility", "--phases"])):
        got = home.tokens(*words, "--record", str(number))
        check_equal(tokens.page_faults(got.stdout), [], f"{words[1]}: 80 columns, every figure called modeled")
        row = next(line for line in got.stdout.splitlines() if line.startswith("  modeled"))
        central = row.rsplit("(", 1)[0].split()[-1]
        digits = central.split("e")[0].replace(".", "").strip("0")
        check(0 < len(digits) <= 2, f"{words[1]}: two digits and never 0 for something: {row}")


def events_go_where_they_are_asked(folder):
    home = fresh(folder, "events")
    got = home.tokens(*COUNTS, "--events", "-", "--no-outbox")
    event = json.loads(got.stdout)
    check(event["tags"]["energy_provenance"] == "modeled" and "modeled" in got.stderr, "events on standard output, words beside them")
    check(not os.path.exists(home.file("outbox.db")), "--no-outbox stores nothing")
    home.tokens(*COUNTS, "--events", home.file("copy"))
    home.tokens(*COUNTS, "--events", home.file("copy"), run="run_89")
    with open(home.file("copy"), encoding="utf-8") as lines:
        check_equal([json.loads(line) for line in lines], home.stored(), "a file gets a copy behind what it holds")
    got = home.tokens(*COUNTS, "--quiet", run="run_90")
    check_equal((got.returncode, got.stdout, got.stderr), (0, "", ""), "--quiet says nothing")
    got = home.tokens(*COUNTS, "--events", "/dev/full", run="run_92")
    check(got.returncode == 3 and "/dev/full" in got.stderr and "1 event is stored" in got.stderr, f"a copy that fails: {got.stderr}")
    got = home.tokens(*COUNTS, "--events", home.file("again"), run="run_92")
    check(got.returncode == 0 and os.path.getsize(home.file("again")) > 0, "and comes with the same counts again")
    with open("/dev/full", "w") as full:
        got = subprocess.run([EMIT, "tokens", *COUNTS, "--run-id", "run_91"], stdout=full, stderr=subprocess.PIPE, text=True, env=home.environment)
    check(got.returncode == 3 and "standard output" in got.stderr, f"a page that nobody gets is told: {got.returncode} {got.stderr}")


def nobody_can_do_it(folder):
    if not store.can_be_nobody():
        skip("as nobody", "not root, or nobody cannot run it")
        return
    os.chmod(folder, 0o755)
    home = fresh(folder, "nobody", program=reachable.for_nobody(EMIT), before=store.NOBODY)
    os.chown(home.path, 65534, 65534)
    got = home.tokens(*COUNTS)
    check_equal((got.returncode, got.stderr, len(home.stored())), (0, "", 1), "as nobody")


with tempfile.TemporaryDirectory() as place:
    for promise in (the_event_is_the_arithmetic, other_counts_of_a_time_are_told, boundaries_are_cited_factors, phases_are_parts,
                    what_is_not_given_is_no_0, long_requests_are_extrapolated, expired_numbers_are_trusted_less,
                    a_table_of_ones_own, who_served_them, refused_in_a_sentence,
                    pages_can_be_read, events_go_where_they_are_asked, nobody_can_do_it):
        promise(place)
end()
