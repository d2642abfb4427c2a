#!/usr/bin/python3
# What emit tokens says is computed a second time, in fractions, from the tags of its own
# events and the table that they name: the same to the last bit, for counts at every boundary,
# for records of every dialect (whose counts are stated by hand here), for groups and phases.
# So are the figures of the guide.
# SPDX-License-Identifier: Apache-2.0
import json
import os
import random
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from tap import EMIT, check, check_equal, end
import token_energy

TABLE = token_energy.Table()
COUNT_OPTIONS = {"input_tokens": "--input", "cached_input_tokens": "--cached", "output_tokens": "--output",
                 "reasoning_output_tokens": "--reasoning", "requests": "--requests"}
AT = "2026-11-20T10:00:00.000Z"


# The events of one emit tokens; text is what it reads from standard input.
def events(*words, text=None, wanted=0):
    got = subprocess.run([EMIT, "tokens", "--no-outbox", "--events", "-", "--quiet", "--run-id", "run_88", *words],
                         input=text, capture_output=True, text=True, check=False,
                         stdin=None if text is not None else subprocess.DEVNULL, timeout=60)
    if got.returncode != wanted:
        check(False, f"emit tokens {' '.join(words)} exits {got.returncode}: {got.stderr}")
    return [json.loads(line) for line in got.stdout.splitlines()]


def check_right(found, what):
    wrong = [f"{event['tags']['coefficient_profile']} {event['tags']['phase']}: {fault}"
             for event in found for fault in token_energy.faults(TABLE, event)]
    return check(found and not wrong, what + ("" if found else ": no event") + "".join(f"; {one}" for one in wrong[:3]))


# --- From counts: every profile at every boundary ---

def random_counts(generator, profile):
    counts = {"requests": 1}
    for tag, (bucket, _) in token_energy.BUCKETS.items():
        if bucket in TABLE.profiles[profile]["coefficients"] and bucket != "request" and generator.random() < 0.8:
            counts[tag] = int(10 ** generator.uniform(0, 9))
    counts.setdefault("input_tokens", 7)
    if "reasoning_output_tokens" in counts:
        counts.setdefault("output_tokens", 0)  # the one is beside the other
    return counts


def from_counts():
    generator = random.Random(11)
    for profile in TABLE.profiles:
        for boundary in token_energy.BOUNDARY_STAGE:
            counts = random_counts(generator, profile)
            words = [word for tag, count in counts.items() for word in (COUNT_OPTIONS[tag], str(count))]
            found = events("--profile", profile, *words, "--boundary", boundary, "--at", AT, "--phases")
            check_right(found, f"{profile} at {boundary}: {' '.join(words)}")
            total = [event for event in found if event["tags"]["phase"] == "total"]
            tags = total[0]["tags"] if len(total) == 1 else {}
            check_equal({tag: tags.get(tag) for tag in COUNT_OPTIONS}, {tag: counts.get(tag) for tag in COUNT_OPTIONS},
                        f"{profile} at {boundary}: the total has the counts that were given, and no other")


# --- From records: golden vectors, one or more for each dialect ---

USAGE = {"input": "input_tokens", "cached": "cached_input_tokens", "output": "output_tokens",
         "reasoning": "reasoning_output_tokens"}
MESSAGE = {"input_tokens": 100, "cache_creation_input_tokens": 50, "cache_read_input_tokens": 200, "output_tokens": 300}
# dialect, record, what its buckets come to; "time": it says when
VECTORS = [
    ("openai-chat",
     {"id": "chatcmpl-1", "object": "chat.completion", "created": 1763632800, "model": "m",
      "usage": {"prompt_tokens": 1000, "completion_tokens": 300, "total_tokens": 1300,
                "prompt_tokens_details": {"cached_tokens": 200},
                "completion_tokens_details": {"reasoning_tokens": 100}}},
     {"input": 800, "cached": 200, "output": 200, "reasoning": 100}),
    ("openai-chat",
     {"id": "cmpl-1", "object": "text_completion", "created": 1763632800, "model": "m",
      "usage": {"prompt_tokens": 12, "completion_tokens": 34, "total_tokens": 46}},
     {"input": 12, "output": 34}),
    ("openai-responses",
     {"id": "resp_1", "object": "response", "created_at": 1763632800, "model": "m",
      "usage": {"input_tokens": 1000, "input_tokens_details": {"cached_tokens": 200}, "output_tokens": 300,
                "output_tokens_details": {"reasoning_tokens": 100}, "total_tokens": 1300}},
     {"input": 800, "cached": 200, "output": 200, "reasoning": 100}),
    ("openai-embeddings",
     {"object": "list", "model": "e", "data": [{"object": "embedding", "index": 0, "embedding": [0.5, -0.25]}],
      "usage": {"prompt_tokens": 8, "total_tokens": 8}},
     {"input": 8}),
    ("anthropic-messages", {"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "usage": MESSAGE},
     {"input": 150, "cached": 200, "output": 300}),
    ("gemini",
     {"responseId": "r-1", "modelVersion": "m", "createTime": AT,
      "usageMetadata": {"promptTokenCount": 1000, "cachedContentTokenCount": 200, "candidatesTokenCount": 300,
                        "thoughtsTokenCount": 100, "toolUsePromptTokenCount": 50, "totalTokenCount": 1450}},
     {"input": 850, "cached": 200, "output": 300, "reasoning": 100}),
    ("otel-genai",
     {"gen_ai.response.model": "m", "gen_ai.response.id": "otel-1", "gen_ai.usage.input_tokens": 1000,
      "gen_ai.usage.cache_read.input_tokens": 200, "gen_ai.usage.output_tokens": 300},
     {"input": 800, "cached": 200, "output": 300}),
    ("litellm",
     {"id": "chatcmpl-9", "model": "m", "status": "success", "cache_hit": False, "startTime": 1763632800.5,
      "endTime": 1763632801.5, "prompt_tokens": 1000, "completion_tokens": 300, "total_tokens": 1300,
      "response_cost": 0.001, "call_type": "acompletion"},
     {"input": 1000, "output": 300}),
    ("transcript",
     {"type": "assistant", "timestamp": AT, "requestId": "req_1", "sessionId": "s", "uuid": "u",
      "message": {"id": "msg_9", "type": "message", "role": "assistant", "model": "m", "usage": MESSAGE}},
     {"input": 150, "cached": 200, "output": 300}),
    ("lumenflow-costs",
     {"timestamp": AT, "model": "m", "input_tokens": 1000, "output_tokens": 300}, {"input": 1000, "output": 300}),
    ("ollama",
     {"model": "m", "created_at": AT, "response": "four", "done": True, "prompt_eval_count": 26, "eval_count": 298},
     {"input": 26, "output": 298}),
    ("bedrock",
     {"schemaType": "ModelInvocationLog", "timestamp": AT, "requestId": "q-1", "operation": "Converse", "modelId": "m",
      "input": {"inputTokenCount": 100, "cacheReadInputTokenCount": 200, "cacheWriteInputTokenCount": 50},
      "output": {"outputTokenCount": 300}},
     {"input": 150, "cached": 200, "output": 300}),
    ("cohere",
     {"id": "co-1", "model": "m", "usage": {"billed_units": {"input_tokens": 5, "output_tokens": 300}, "cached_tokens": 20,
                                            "tokens": {"input_tokens": 71, "output_tokens": 300}}},
     {"input": 51, "cached": 20, "output": 300}),
    # Beyond the context of its profile: all of its output is extrapolated.
    ("openai-chat",
     {"id": "chatcmpl-2", "object": "chat.completion", "created": 1763632800, "model": "m",
      "usage": {"prompt_tokens": 90000, "completion_tokens": 300, "total_tokens": 90300,
                "completion_tokens_details": {"reasoning_tokens": 100}}},
     {"input": 90000, "output": 200, "reasoning": 100, "extrapolated": True}),
]


def tags_of(buckets):
    tags = {USAGE[name]: count for name, count in buckets.items() if name in USAGE}
    tags["requests"] = 1
    if buckets.get("extrapolated"):
        tags.update({f"extrapolated_{USAGE[name]}": buckets[name] for name in ("output", "reasoning")})
    return tags


def counted(event):
    return {tag: value for tag, value in event["tags"].items() if tag.endswith("_tokens") or tag == "requests"}


def from_records(config):
    for dialect, record, buckets in VECTORS:
        for words in ((), ("--dialect", dialect)):
            found = events("--usage", "-", "--group", "request", "--config", config, "--at", AT, *words,
                           text=json.dumps(record))
            what = f"{dialect}{' as named' if words else ''}: {json.dumps(buckets)}"
            if check_right(found, f"{what}: energy"):
                # What is not in a record is no tag, or 0 where its dialect implies that.
                got = {tag: value for tag, value in counted(found[0]).items() if value or tag in tags_of(buckets)}
                check_equal((len(found), got), (1, tags_of(buckets)), f"{what}: counts")
    text = "".join(json.dumps(record) + "\n" for _, record, _ in VECTORS)
    found = events("--usage", "-", "--phases", "--boundary", "facility", "--config", config, "--at", AT, text=text)
    check_right(found, "all of them as one run, with phases, in their facility")
    total = [event for event in found if event["tags"]["phase"] == "total"]
    wanted = {}
    for _, record, buckets in VECTORS:
        for tag, count in tags_of(buckets).items():
            key = (record.get("model", "m"), tag)
            wanted[key] = wanted.get(key, 0) + count
    for event in total:
        model = "e" if "embedding" in event["tags"]["coefficient_profile"] else "m"
        got = {tag: value for tag, value in counted(event).items() if value}
        check_equal(got, {tag: count for (name, tag), count in wanted.items() if name == model},
                    f"the tokens of model {model} are the sum of its records'")
    check_equal(len(total), 2, "one event for each profile")


# Identical requests are so many times one, whatever they are grouped by.
def many(config):
    record = {"object": "text_completion", "created": 1763632800, "model": "m",
              "usage": {"prompt_tokens": 17, "completion_tokens": 5, "total_tokens": 22}}
    text = "".join(json.dumps({"id": f"cmpl-{i}", **record}) + "\n" for i in range(64))
    one = events("--usage", "-", "--config", config, text=json.dumps({"id": "cmpl-0", **record}))
    run = events("--usage", "-", "--config", config, text=text)
    apart = events("--usage", "-", "--group", "request", "--config", config, text=text)
    check_right(one + run + apart, "64 requests, as one, as a run and apart")
    check(run[0]["quantity"] == 64 * one[0]["quantity"], "64 equal requests have 64 times the energy of one")
    check_equal({event["quantity"] for event in apart}, {one[0]["quantity"]}, "and each has its own")


# --- The guide's own figures ---

def guide():
    with open(os.path.join(os.environ["SOURCE"], "docs", "guide.md"), encoding="utf-8") as page:
        chapter = page.read().split("## Checking a modeled figure by hand")[1].split("\n## ")[0]
    words = re.search(r"^    emit tokens ((?:.*\\\n)*.*)$", chapter, re.M).group(1).replace("\\\n", " ").split()
    row = re.search(r"^\| accelerator +\|[ |]*([\d.]+) +\| ([\d.]+) +\| ([\d.]+)", chapter, re.M)
    sentence = " ".join(chapter.split())
    said = {"accelerator": [float(figure) for figure in row.groups()],
            "facility": [float(re.search(rf"{end_name} [\d.x ]*= ([\d.]+) J", sentence).group(1))
                         for end_name in ("low", "centre", "high")]}
    for boundary, figures in said.items():
        got = subprocess.run([EMIT, "tokens", *words, "--boundary", boundary], capture_output=True, text=True, check=False)
        event = json.loads(got.stdout) if got.returncode == 0 else {"quantity": got.stderr, "tags": {}}
        found = [event["tags"].get("quantity_low"), event["quantity"], event["tags"].get("quantity_high")]
        check_equal(found, figures, f"the guide's figures at {boundary} are what its command says")


def main():
    from_counts()
    with tempfile.TemporaryDirectory() as folder:
        config = os.path.join(folder, "emit.yaml")
        with open(config, "w", encoding="utf-8") as file:
            file.write("models:\n  m: managed-balanced-v1\n  e: managed-embedding-v1\n")
        from_records(config)
        many(config)
    guide()
    end()


main()
