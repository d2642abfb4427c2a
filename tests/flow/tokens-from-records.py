#!/usr/bin/python3
# emit tokens from usage records: every record counts once or is told with its line and the
# reason, and whatever is read again changes nothing.
# SPDX-License-Identifier: Apache-2.0
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.environ["SOURCE"], "tests", "support"))
import tokens
from tap import EMIT, check, check_equal, end, skip
from tokens import chat

ROWS, _ = tokens.table()


def fresh(folder, name, **more):
    return tokens.Home(os.path.join(folder, name), **more)


def told(text):
    """A page as one line: where it is broken is no promise."""
    return " ".join(text.split())


# One of each profile, a repeat, and a stranger.
def month():
    return [chat(1, prompt=1000, completion=100, cached=200, reasoning=30), chat(2, model="acme-large-7", at=1781366500),
            chat(2, model="acme-large-7", at=1781366500), chat(3, completion=50), chat(4, model="stranger")]


def one_event_for_each_profile(folder):
    home = fresh(folder, "profiles")
    path = home.file("march.jsonl", month())
    document, status = home.document("--usage", path)
    check_equal(tokens.schema_faults(document), [], "the document keeps its schema")
    check_equal((status, document["records"]["used"], document["records"]["fates"]),
                (3, 3, {"used": 3, "duplicate": 1, "unmapped-model": 1}), "every record has one fate")
    events = {event["tags"]["coefficient_profile"]: event for event in home.stored()}
    check_equal(sorted(events), ["managed-balanced-v1", "managed-frontier-v1"], "one event for each profile")
    tags = events["managed-balanced-v1"]["tags"]
    check_equal([tags[name] for name in tokens.BUCKETS.values()], [1800, 200, 120, 30, 2], "its tokens are those of its records, disjoint")
    check("reasoning_output_tokens" not in events["managed-frontier-v1"]["tags"], "what no record says is no 0")
    check(re.fullmatch("run/managed-balanced-v1/[0-9a-f]{16}", tags["record_ref"]), f"its record_ref: {tags['record_ref']}")
    check_equal(events["managed-frontier-v1"]["event_ts"], "2026-06-13T16:01:40.000Z", "its time is that of the latest record")
    for event in events.values():
        check_equal([event["tags"]["quantity_low"], event["quantity"], event["tags"]["quantity_high"]], tokens.joules(ROWS, event["tags"]),
                    "the arithmetic is the table's")
    judged = subprocess.run([EMIT, "validate", "--strict"], input="".join(json.dumps(event) + "\n" for event in events.values()),
                            capture_output=True, text=True)
    check_equal(judged.returncode, 0, f"the contract accepts them: {judged.stdout}")
    total = [sum(profile[end] for profile in document["profiles"]) for end in ("low_joules", "joules", "high_joules")]
    check_equal([document["total"][end] for end in ("low_joules", "joules", "high_joules")], total, "low adds to low and high to high")
    page = home.tokens("--usage", path).stdout
    check_equal(tokens.page_faults(page), [], "the page: 80 columns, every figure called modeled")
    for words in ("5 records, openai-chat (detected): 3 used, 1 skipped, 1 refused", "total, accelerators only", "skipped 1 duplicate: no event",
                  'model "stranger" has no profile', "0 events stored, 2 stored before", "exit 3: 1 record refused"):
        check(words in told(page), f"the page says: {words}")

    shown = home.emit("show", "run_88")
    check(shown.returncode == 0 and all(f"modeled  {name}" in told(shown.stdout).replace("modeled ", "modeled  ") for name in events), f"emit show has it: {shown.stdout}{shown.stderr}")


def read_again_changes_nothing(folder):
    home = fresh(folder, "again")
    path = home.file("a.jsonl", month()[:4])
    home.tokens(path)
    before = home.stored_bytes()
    got = home.tokens(path)
    check_equal((got.returncode, home.stored_bytes() == before), (0, True), "the same file again: the store is the same, byte for byte")
    got = home.tokens("-", stdin=open(path))
    check_equal((got.returncode, home.stored_bytes() == before), (0, True), "from standard input too")
    longer = home.file("b.jsonl", [*month()[:4], chat(9)])
    got = home.tokens(longer)
    check(got.returncode == 3 and "fewer or other records" in told(got.stdout) and 'managed-balanced-v1 ("acme-small-1")' in told(got.stdout), f"a longer log is told: {got.stdout}")
    got = home.tokens(path, "--profile", "managed-unknown-v1")
    check(got.returncode == 3 and "records, profile, table" in told(got.stdout), f"the same models by another profile are told: {got.stdout}")
    got = home.tokens(path, "--group", "request")
    check(got.returncode == 3 and "--group run" in told(got.stdout), f"the other grouping is told: {got.stdout}")
    document, _ = home.document(path, "--group", "request")
    check_equal((document["records"]["used"], document["records"]["fates"]["already-modeled"], document["profiles"]), (0, 3, []), "and nothing of it is in a sum")
    check_equal(home.stored_bytes() == before, True, "nothing was replaced by any of them")


def span(number, **attributes):
    return {"spanId": f"{number:016x}", "startTimeUnixNano": "1781366400000000000", "endTimeUnixNano": "1781366401000000000",
            "attributes": [{"key": key.replace("__", "."), "value": {"intValue": str(value)} if isinstance(value, int) else {"stringValue": value}}
                           for key, value in attributes.items()]}


def an_export_is_its_spans(folder):
    home = fresh(folder, "spans")
    counts = {"gen_ai__request__model": "acme-small-1", "gen_ai__usage__input_tokens": 100, "gen_ai__usage__output_tokens": 10}
    export = {"resourceSpans": [{"resource": {}, "scopeSpans": [{"spans": [span(1, **counts), span(2, http__method="GET")]}, {"spans": [span(3, **counts)]}]}]}
    path = home.file("spans.jsonl", [export, {"resourceSpans": [{"scopeSpans": [{"spans": [span(4, **counts), span(1, **counts)]}]}]}])
    document, status = home.document(path, "--group", "request")
    check_equal((status, document["records"]["fates"], len(home.stored())), (0, {"used": 3, "duplicate": 1, "no-usage": 1}, 3),
                "each span is a record, known by its id")
    bad = home.file("bad.jsonl", [{"resourceSpans": [{"scopeSpans": [{"spans": [span(5, **{**counts, "gen_ai__usage__input_tokens": -1})]}]}]},
                                  {"resourceSpans": []}])
    got = home.tokens(bad)
    check(got.returncode == 3 and "bad.jsonl:1: gen_ai.usage.input_tokens is -1" in told(got.stdout),
          f"a bad one is told with the line of the export: {got.stdout}")


def a_saved_stream_is_its_data(folder):
    home = fresh(folder, "events")
    with open(home.file("a.txt"), "w") as file:
        for record in (chat(1, object="chat.completion.chunk", usage=None), chat(1, completion=70), chat(2, completion=7)):
            file.write(f": a comment\nevent: piece\ndata: {json.dumps(record)}\n\n")
        file.write("data: {broken\n\ndata: [DONE]\n\n")
    document, status = home.document(home.file("a.txt"), "--group", "request")
    check_equal((status, document["records"]["fates"], [event["tags"]["output_tokens"] for event in home.stored()]),
                (3, {"used": 2, "no-usage": 1, "malformed": 1}, [70, 7]), "the data of its events, and what is broken is told")


def a_session_that_tells_its_requests_again(folder):
    home = fresh(folder, "session")

    def line(kind, payload):
        return {"timestamp": "2026-06-13T16:00:00Z", "type": kind, "payload": payload}

    def count(so_far, last):
        sums = [{"input_tokens": total - 10, "cached_input_tokens": (total - 10) // 2, "output_tokens": 10, "total_tokens": total}
                for total in (so_far, last)]
        return line("event_msg", {"type": "token_count", "info": {"total_token_usage": sums[0], "last_token_usage": sums[1]}})

    start, model = line("session_meta", {"id": "s-1"}), line("turn_context", {"model": "acme-small-1"})
    path = home.file("a.jsonl", [start, model, count(110, 110), count(110, 110), count(310, 200), count(310, 200)])
    fork = home.file("b.jsonl", [line("session_meta", {"id": "s-2"}), start, model, count(110, 110), count(310, 200), count(350, 40)])
    document, status = home.document(path, fork, "--group", "request")
    check_equal((status, document["records"]["used"], document["records"]["fates"]["duplicate"]), (0, 3, 4), "each request counts once, in a fork's copy too")
    check_equal(sum(event["tags"]["input_tokens"] + event["tags"]["cached_input_tokens"] for event in home.stored()), 100 + 190 + 30,
                "with what it took, not the session so far")
    response = [line("token_usage_record", {"response_id": f"r-{number}", "usage": {"input_tokens": 90, "output_tokens": 10, "total_tokens": 100}}) for number in (1, 2)]
    path = home.file("c.jsonl", [line("session_meta", {"id": "s-3"}), model, response[0], count(110, 100), line("of a later version", {"x": 1}), response[1],
                                 line("compacted", {"compaction_response_id": "r-2", "latest_token_usage_record": response[1]["payload"]}), count(110, 100)])
    document, status = home.document(path, path, "--group", "request", run="by_response")
    check_equal((status, document["records"]["used"], document["records"]["fates"]["duplicate"]), (0, 2, 2), "responses with lines of their own count by those, compactions too")
    check_equal(sorted(event["tags"]["record_ref"] for event in home.stored() if event["tags"]["record_ref"].startswith("r-")), ["r-1", "r-2"], "by their ids")


RESULT = {"input_tokens": 1000, "input_cached_tokens": 800, "output_tokens": 500, "num_model_requests": 5, "input_audio_tokens": 0, "model": "m-1"}
MESSAGES = {"uncached_input_tokens": 1500, "cache_creation": {"ephemeral_1h_input_tokens": 10, "ephemeral_5m_input_tokens": 5},
            "cache_read_input_tokens": 200, "output_tokens": 500, "server_tool_use": {"web_search_requests": 10}, "model": "m-2"}


# Sums are no records; what makes options of them is.
def a_report_of_usage_is_told(folder):
    home = fresh(folder, "report")
    pages = [{"object": "page", "data": [{"object": "bucket", "start_time": 1, "end_time": 2, "results": [RESULT, RESULT]}], "has_more": False},
             {"data": [{"starting_at": "2025-08-01T00:00:00Z", "ending_at": "2025-08-02T00:00:00Z", "results": [MESSAGES]}], "has_more": True}]
    for number, (page, wanted) in enumerate(zip(pages, ("m-1: --input 400 --cached 1600 --output 1000 --requests 10", "m-2: --input 1515 --cached 200 --output 500"))):
        path = home.file("page.json", [])
        with open(path, "w", encoding="utf-8") as file:
            json.dump(page, file, indent=1)
        document, status = home.document("--usage", path, run=f"page_{number}")
        check((status, len(document["refused"])) == (3, 1) and "man emit-tokens" in document["refused"][0]["message"], f"told: {document['refused']}")
        if not shutil.which("jq"):
            skip("usage-report.jq", "jq is missing")
            continue
        recipe = ["jq", "-nrf", os.path.join(os.environ["SOURCE"], "examples", "usage-report.jq")]
        got = subprocess.run([*recipe, path], capture_output=True, text=True)
        check_equal((got.returncode, got.stdout), (0, wanted + "\n"), f"the recipe makes options of it: {got.stderr}")
        got = home.tokens("--profile", "managed-balanced-v1", *got.stdout.split()[1:], run=f"options_{number}")
        check_equal(got.returncode, 0, f"which emit tokens takes: {got.stderr}")
        for more, says in (({"input_audio_tokens": 3}, "audio"), ({"model": None}, "group_by model")):
            wrong = json.dumps({"data": [{"results": [(RESULT, MESSAGES)[number] | more]}]})
            got = subprocess.run(recipe, input=wrong, capture_output=True, text=True)
            check(got.returncode != 0 and got.stdout == "" and says in got.stderr, f"{more} ends it: {got.stderr}")


# As a coding assistant writes it: what it keeps of files is no usage, however many files there are, and
# a message is one, whichever of its lines say of which request it is.
def a_transcript_counts_each_message_once(folder):
    home = fresh(folder, "transcript")
    files = {"type": "file-history-snapshot", "messageId": "u", "snapshot": {"trackedFileBackups": {f"src/{n}.c": {"version": 1} for n in range(700)}}}

    def line(message, request, output, **more):
        return {"type": "assistant", "sessionId": "s", "timestamp": "2026-01-02T03:04:05Z", **({"requestId": request} if request else {}),
                "message": {"id": message, "model": "acme-small-1", "usage": {"input_tokens": 100, "output_tokens": output}}}
    lines = [files, line("msg_01Aq", None, 1), line("msg_01Aq", "req_1", 5), line("msg_01Aq", None, 9), line("msg_7", "req_2", 20), line("msg_7", "req_3", 30)]
    for group in ("run", "request"):
        document, status = home.document("--usage", home.file("a.jsonl", lines), "--group", group, run=group)
        check_equal((status, document["records"]["fates"]), (0, {"used": 3, "duplicate": 2, "no-usage": 1}),
                    f"{group}: three messages, of which one is told thrice: {document['refused']}")
        tags = [event["tags"] for event in home.stored() if event["compute_assignment_run_id"] == group]
        check_equal(sum(tag["output_tokens"] for tag in tags), 59, f"{group}: the last line of a message counts")
    refs = sorted(tag["record_ref"] for tag in tags)
    check_equal(refs, ["msg_01Aq", "msg_7 req_2", "msg_7 req_3"], "an id of a few digits is not trusted alone")
    over_lines = home.file("b.jsonl", [])
    with open(over_lines, "w", encoding="utf-8") as file:
        file.write(json.dumps(files, indent=1) + "\n" + json.dumps(line("msg_01Ar", None, 1)) + "\n")
    document, status = home.document("--usage", over_lines, run="lines")
    check_equal((status, document["records"]["fates"]), (0, {"used": 1, "no-usage": 1}), "printed over lines it is one all the same")


def one_event_for_each_request(folder):
    home = fresh(folder, "requests")
    records = [chat(1), chat(2, completion=1), chat(3, model="acme-large-1"), chat(2, completion=77),
               chat(None), chat(None), chat(5, system_fingerprint="a b")]
    path = home.file("a.jsonl", records)
    document, status = home.document("--usage", path, "--group", "request")
    refs = [event["tags"]["record_ref"] for event in home.stored()]
    check_equal((status, len(refs), document["records"]["fates"].get("duplicate")), (0, 6, 1), f"an event for each response: {refs}")
    check(refs[0].startswith("chatcmpl-1") and sum(ref.startswith("sha256:") for ref in refs) == 2 and any(ref.endswith("#2") for ref in refs),
          "identical lines without an id are several requests")
    second = next(event for event in home.stored() if event["tags"]["record_ref"].startswith("chatcmpl-2"))
    check_equal(second["tags"]["output_tokens"], 77, "the last record of a response counts")
    before = home.stored_bytes()
    check_equal((home.tokens(path, "--group", "request").returncode, home.stored_bytes() == before), (0, True), "again: nothing changes")
    document, status = home.document(home.file("b.jsonl", [*records, chat(8)]), "--group", "request")
    check_equal((status, document["events"]["stored"], document["events"]["duplicate"]), (0, 1, 6), "of a log that grew what is new is added")
    document, status = home.document(home.file("c.jsonl", [chat(1, completion=101), chat(9)]), "--group", "request")
    check_equal((status, document["events"]["stored"], document["refused"][0]["fate"]), (3, 1, "already-modeled"), "another count of a response is told")
    got = home.tokens(path)
    check(got.returncode == 3 and "--group request" in told(got.stdout), "by profile too would count twice")
    document, _ = home.document(path, "--group", "request", "--no-outbox", "--phases", "--output", home.file("events"), run="run_9")
    phases = [json.loads(line)["tags"]["phase"] for line in open(home.file("events"))]
    check_equal(phases, ["total", "prefill", "decode"] * 6, "with --phases three of each")


BAD = [
    (chat(1, prompt=-1), "malformed|out-of-range", "prompt_tokens"),
    (chat(1, prompt=1.5), "malformed|out-of-range", "prompt_tokens"),
    (chat(1, prompt=10**18), "out-of-range|malformed", "prompt_tokens"),
    ({**chat(1), "usage": {"prompt_tokens": "7", "completion_tokens": 5}}, "malformed", "prompt_tokens"),
    (chat(1, prompt=100, cached=200), "usage-inconsistent", "cached_tokens"),
    (chat(1, completion=10, reasoning=20), "usage-inconsistent", "reasoning_tokens"),
    ({**chat(1), "usage": {"prompt_tokens": 5, "completion_tokens": 5, "total_tokens": 11}}, "usage-inconsistent", "total_tokens"),
    (chat(1, model=None), "unmapped-model", "model"),
    (chat(1, model="acme-embed"), "no-coefficient", "output"),
    (json.dumps(chat(1))[:90] + "\n", "malformed", "JSON"),
    ("nothing at all\n", "malformed", ""),
    ('data: {"usage": {"prompt_tokens": 5}\n', "malformed", "ends in the middle"),
    ({"hello": 1}, "unknown-dialect|no-usage", ""),
]


def a_bad_record_costs_itself_alone(folder):
    home = fresh(folder, "bad")
    for number, (record, fates, field) in enumerate(BAD):
        path = home.file("a.jsonl", [chat("a"), record, chat("b")])
        document, status = home.document("--usage", path, run=f"run_{number}")
        refused = document["refused"]
        good = (status == 3 and document["records"]["used"] == 2 and document["events"]["stored"] == 1 and len(refused) == 1
                and refused[0]["fate"] in fates.split("|") and field in refused[0]["message"] and refused[0]["lines"] == [2])
        check(good, f"{json.dumps(record)[:70]}: {status} {refused}")
    got = home.tokens("--usage", home.file("a.jsonl", [record for record, _, _ in BAD]), run="run_all")
    check_equal((got.returncode, tokens.page_faults(got.stdout)), (3, []), "all of them fit a page")
    got = home.tokens("--usage", home.file("a.jsonl", [chat("a"), BAD[0][0]]), "--quiet", run="run_quiet")
    check(got.returncode == 3 and got.stdout == "" and "a.jsonl:2" in got.stderr and got.stderr.count("\n") == 1, f"--quiet says what was refused: {got.stderr}")
    path = home.file("a.jsonl", [chat("a"), chat("b")])
    with open(path, "rb+") as file:
        text = file.read()
        file.seek(0)
        file.write(b"\xef\xbb\xbf" + text)
    document, status = home.document("--usage", path, run="run_marked")
    check_equal((status, document["records"]["used"]), (0, 2), "a byte order mark before the first record is none")
    path = home.file("a.json", [json.dumps([chat(1), chat(2, prompt=-3), chat(3), chat(4, prompt=-3)])[:-3]])
    document, status = home.document("--usage", path, run="run_array")
    check_equal((status, document["records"]["read"], tokens.schema_faults(document)), (3, 4, []), "the records of an array that is cut short")
    check_equal([(kind["lines"], kind["elements"]) for kind in document["refused"]], [([1], [2]), ([1], [4])], "each is told by its number")
    check("a.json:1 record 2: usage.prompt_tokens is -3" in told(home.tokens("--usage", path, run="run_array").stdout), "on the page too")
    got = home.tokens("--usage", home.file("a.jsonl", [chat(n, model="zeta") for n in range(40)]), run="run_many")
    check("and 24 more" in told(got.stdout) and got.stdout.count("zeta") == 2, "identical sentences are one, with their lines")


# Older instrumentation passes cached tokens through beside the input and not in it: that is counted
# as it must be meant, and said.
def how_it_was_counted_is_said(folder):
    home = fresh(folder, "remarks")
    span = {"gen_ai.response.model": "acme-small-1", "gen_ai.response.id": "r1", "gen_ai.usage.input_tokens": 100,
            "gen_ai.usage.cache_read.input_tokens": 4000, "gen_ai.usage.output_tokens": 50}
    path = home.file("a.jsonl", [span, {**span, "gen_ai.response.id": "r2"}])
    document, status = home.document(path, "--at", tokens.AT)
    check_equal((status, tokens.schema_faults(document), document["records"]["used"]), (0, [], 2), f"both are used: {document['refused']}")
    check_equal([document["profiles"][0][name] for name in ("input_tokens", "cached_input_tokens")], [200, 8000], "beside each other")
    remark = document["remarks"][0]
    check_equal((remark["records"], remark["lines"]), (2, [1, 2]), f"and that is remarked: {remark['message']}")
    got = home.tokens(path, "--at", tokens.AT)
    check("  remarked " in got.stdout and tokens.page_faults(got.stdout) == [], f"on the page too: {got.stdout}")


def models_are_the_operators_to_map(folder):
    path = tokens.Home(os.path.join(folder, "map")).file("a.jsonl", [chat(1)])
    twice = fresh(folder, "twice", models={"acme-s*": "managed-balanced-v1", "acme*-1": "managed-large-v1", "*": "managed-unknown-v1"})
    document, status = twice.document(path)
    check(status == 3 and all(glob in document["refused"][0]["message"] for glob in ("acme-s*", "acme*-1")),
          f"two profiles for one model: {document['refused']}")
    home = fresh(folder, "none", models={})
    strangers = home.file("b.jsonl", [chat(1), chat(2, model='a "b"')])
    got = home.tokens(strangers)
    lines = re.findall(r"^ +\".*\": managed-.*$", got.stdout, re.M)
    check(got.returncode == 3 and len(lines) == 2, f"models without a profile print the lines to add: {got.stdout}")
    check("yours to say: emit tokens profiles lists them" in told(got.stdout), "and where the profiles are listed")
    configured = home.file("emit/emit.yaml")
    os.rename(configured, configured + "~")
    got = home.tokens("-", stdin=open(strangers, encoding="utf-8"))
    check(f"There is no emit.yaml: make {configured}" in told(got.stdout) and "standard input:1: model" in told(got.stdout),
          f"and where a configuration belongs when there is none: {got.stdout}")
    with open(configured, "w", encoding="utf-8") as file:
        file.write("models:\n" + "\n".join(lines) + "\n")
    check_equal(home.tokens(strangers).returncode, 0, "and with those below models: they are mapped")
    document, status = fresh(folder, "explicit", models={}).document(path, "--profile", "managed-large-v1")
    check_equal((status, document["profiles"][0]["profile"], document["profiles"][0]["models"]), (0, "managed-large-v1", ["acme-small-1"]),
                "--profile is for every model")
    many = fresh(folder, "many", models={"m*": "managed-balanced-v1"})
    names = ["m" * 200 + "a", "m" * 200 + "b"]
    check_equal(many.tokens(many.file("long", [chat(1, model=names[0])]), run="long").returncode, 0, "names may be long")
    check_equal(many.tokens(many.file("long", [chat(2, model=names[1], prompt=7)]), run="long").returncode, 0, "and differ at their end")
    wrong = fresh(folder, "wrong", models={"a": "managed-nothing-v1"})
    got = wrong.tokens(path)
    check(got.returncode == 2 and "managed-nothing-v1" in got.stderr, f"a map to no profile: {got.stderr}")


def files_are_one_stream(folder):
    home = fresh(folder, "stream")
    one, two = home.file("one.jsonl", [chat(1), chat(2)]), home.file("two.json", [json.dumps([chat(2), chat(3, model="acme-large-1")])])
    document, status = home.document("--usage", one, two)
    check_equal((status, document["records"]["used"], document["records"]["skipped"]), (0, 3, 1), "a repeat in another file counts once")
    before = home.stored_bytes()
    document, status = home.document("--usage", two, one)
    check_equal((status, home.stored_bytes() == before), (0, True), "their order changes nothing")
    document, status = home.document("--usage", one, "--usage", two)
    check_equal((status, document["records"]["read"]), (0, 4), "--usage may be said for each")
    got = home.tokens(one, home.file("missing.jsonl"), run="run_m")
    check(got.returncode == 2 and "missing.jsonl" in got.stderr and not any(e["compute_assignment_run_id"] == "run_m" for e in home.stored()),
          f"of a run of which a file is missing nothing is stored: {got.stderr}")
    got = home.tokens(folder, run="run_m")
    check(got.returncode == 2 and got.stderr.count("\n") == 1, f"a folder is no file: {got.stderr}")


def nothing_is_not_something(folder):
    home = fresh(folder, "nothing")
    for name, records in (("empty", []), ("blank", ["\n\n"]), ("array", ["[]"])):
        got = home.tokens(home.file(name, records))
        check_equal((got.returncode, "0 records" in got.stdout, home.stored()), (1, True, []), f"{name}: said, and no event")
    got = home.tokens("--usage")
    check(got.returncode == 2 and "standard input" in got.stderr, f"--usage without a file: {got.stderr}")
    for word in ("profile", "profles"):
        got = home.tokens(word)
        check(got.returncode == 2 and "(nearest: emit tokens profiles)" in got.stderr, f"{word}: {got.stderr.strip()}")
    for words in (["--check"], ["--today", "2030-01-01"]):
        got = home.tokens(home.file("a.jsonl", [chat(1)]), *words)
        check(got.returncode == 2 and "emit tokens profiles --check" in got.stderr, f"{words[0]} models nothing: {got.stderr.strip()}")
    got = home.tokens(home.file("profile", [chat(1)]))
    check_equal(got.returncode, 0, "a file of that name is a file")
    got = home.tokens(home.file("a.jsonl", [chat(1)]), "--dialect", "klingon")
    check(got.returncode == 2 and "openai-chat" in got.stderr, f"a dialect that is none: {got.stderr}")
    document, status = home.document(home.file("a.jsonl", [chat(1)]), "--dialect", "gemini")
    check_equal((status, document["records"]["used"]), (3, 0), f"the wrong dialect is told: {document['refused']}")
    got = home.tokens(home.file("a.jsonl", [chat(1)]), "--output", "300")
    check(got.returncode == 2 and "--events" in got.stderr, f"a number is no file: {got.stderr}")


# What README shows is what the examples come to.
def the_readme_is_true(folder):
    home = fresh(folder, "readme")
    source = os.environ["SOURCE"]
    with open(os.path.join(source, "README.md"), encoding="utf-8") as file:
        shown = re.search(r"^\$ cd examples\n\$ (emit tokens [^\n]*)\n(.*?)^```", file.read(), re.M | re.S)
    environment = {name: value for name, value in home.environment.items() if name != "EMIT_WORKSPACE_ID"}
    got = subprocess.run([EMIT, *shown[1].split()[1:]], capture_output=True, text=True, env=environment, cwd=os.path.join(source, "examples"))
    check_equal(got.stdout, shown[2], "README's example says what is printed")


def a_time_is_not_made_up(folder):
    home = fresh(folder, "time")
    path = home.file("a.jsonl", [chat(1, at=None), chat(2, at=None)])
    for group in ("run", "request"):
        document, status = home.document(path, "--group", group, run=group)
        check_equal((status, document["records"]["fates"], document["events"]["made"]), (3, {"undated": 2}, 0), f"{group}: refused without a time")
        check("--at" in document["refused"][0]["message"], "with the remedy")
        document, status = home.document(path, "--group", group, "--at", tokens.AT, run=group)
        check_equal((status, home.stored()[-1]["event_ts"]), (0, tokens.AT), "--at gives one")


def a_time_of_the_future_is_none(folder):
    home = fresh(folder, "future")
    ahead = int(time.time()) + 3600
    path = home.file("a.jsonl", [chat(1), chat(2, at=7263456000), chat(3, at=ahead), chat(4, at=int(time.time())),
                                 chat(6, at=86400),
                                 {**chat(5), "created": "2999-01-01T00:00:00Z"}])
    for group in ("run", "request"):
        document, status = home.document(path, "--group", group, run=group)
        check_equal((status, document["records"]["fates"]), (3, {"used": 2, "malformed": 1, "implausible-time": 3}), f"{group}: refused, and those around it used")
        check_equal(tokens.schema_faults(document), [], "the document keeps its schema")
        check(any(one["lines"] == [5] and one["message"].startswith("created is before the year 2000") for one in document["refused"]),
              "a clock that was never set")
        told_of = {one["fate"]: (one["lines"], one["message"]) for one in document["refused"] if "2000" not in one["message"]}
        check(told_of["implausible-time"][0] == [2, 3] and told_of["implausible-time"][1].startswith("created is more than 5 minutes ahead of the clock"),
              f"with their lines and the field: {told_of}")
        check("before 2262" in told_of["malformed"][1], "and one that no clock here can say")
    got = home.tokens(path, "--at", "2999-01-01T00:00:00Z")
    check(got.returncode == 2 and got.stderr.count("\n") == 1, f"--at of the future is wrong usage: {got.stderr}")
    got = home.tokens(path, "--at", "1970-01-02T00:00:00Z")
    check(got.returncode == 2 and got.stderr.count("\n") == 1, f"and so is one of 1970: {got.stderr}")
    page = home.tokens(path, run="page")
    check_equal((page.returncode, tokens.page_faults(page.stdout)), (3, []), f"the page: {page.stdout}")


# A column of one unit, unless it makes powers of ten of a small row beside a large one.
def small_stands_beside_large(folder):
    home = fresh(folder, "small")
    for name, large, unit in (("near", 500, "J (low..high)"), ("far", 2000000000, "energy (low..high)")):
        path = home.file(f"{name}.jsonl", [chat(1, prompt=10, completion=1), chat(2, model="acme-large-1", completion=large)])
        for page in (home.tokens(path, run=name).stdout, home.emit("show", name).stdout):
            rows = [line for line in page.splitlines() if line.startswith("  modeled")]
            check_equal(tokens.page_faults(page), [], f"{name}: the page: {page}")
            check(len(rows) == 3 and not any(re.search(r"\de[-+]\d", row) for row in rows), f"{name}: no powers of ten: {page}")
            check(unit in page, f"{name}: {unit}: {page}")
            check(name == "near" or all(re.search(r" [GMkm]?J \([0-9.]+\.\.[0-9.]+\)$", row) for row in rows), f"{name}: a unit in each row: {page}")


def events_are_data(folder):
    home = fresh(folder, "data")
    path = home.file("a.jsonl", month())
    got = home.tokens(path, "--output", "-", "--no-outbox")
    events = [json.loads(line) for line in got.stdout.splitlines()]
    check(len(events) == 2 and "exit 3" in got.stderr and not os.path.exists(home.file("outbox.db")), "events on standard output, words beside them")
    piped = subprocess.run(f"{EMIT} tokens --usage {path} --run-id r --no-outbox --output - 2>/dev/null | {EMIT} validate --strict -", shell=True,
                           capture_output=True, text=True, env=home.environment)
    check_equal(piped.returncode, 0, f"a filter for others: {piped.stderr}")
    home.tokens(path, "--output", home.file("copy"))
    home.tokens(home.file("b.jsonl", [*month(), chat(8)]), "--output", home.file("copy"))
    copied = [json.loads(line) for line in open(home.file("copy"))]
    check(all(event in home.stored() for event in copied), "what is refused as already modeled is not copied either")


with tempfile.TemporaryDirectory() as place:
    for promise in (one_event_for_each_profile, read_again_changes_nothing, one_event_for_each_request, a_bad_record_costs_itself_alone, how_it_was_counted_is_said,
                    models_are_the_operators_to_map, files_are_one_stream, nothing_is_not_something, the_readme_is_true, a_time_is_not_made_up, a_time_of_the_future_is_none, small_stands_beside_large, events_are_data,
                    an_export_is_its_spans, a_transcript_counts_each_message_once, a_report_of_usage_is_told, a_saved_stream_is_its_data, a_session_that_tells_its_requests_again):
        promise(place)
end()
