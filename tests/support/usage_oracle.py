# What a usage record comes to, computed a second time from the providers' own rules: which
# counts hold which others, and when a record is no inference. The dialect is the caller's
# word, not found out. Shares nothing with src/imports.
# SPDX-License-Identifier: Apache-2.0
import datetime
import decimal
import json
import re

LIMIT = 2**53
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


class Refused(Exception):
    pass


# A member by its path of keys; None where there is none.
def at(record, *path):
    for key in path:
        if not isinstance(record, dict):
            return None
        record = record.get(key)
    return record


def count(value):
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, decimal.Decimal)):
        raise Refused("malformed")
    if not isinstance(value, int) or not 0 <= value <= LIMIT:
        raise Refused("out-of-range")
    return value


def counts(holder, *names):
    return [count(at(holder, name)) for name in names]


def number(value):
    return value or 0


def no_media(*details):
    for detail in details:
        for name in ("audio_tokens", "image_tokens", "video_tokens"):
            if number(count(at(detail, name))):
                raise Refused("unsupported-modality")


# Parts that stand within their wholes.
def within(whole_input, cached, whole_output, reasoning, total):
    if number(cached) > number(whole_input):
        raise Refused("usage-inconsistent")
    known = number(whole_input) + number(whole_output)
    beside = total is not None and number(reasoning) and total != known and total == known + reasoning
    if not beside:
        if number(reasoning) > number(whole_output):
            raise Refused("usage-inconsistent")
        if total is not None and whole_input is not None and whole_output is not None and total != known:
            raise Refused("usage-inconsistent")
    return [None if whole_input is None else whole_input - number(cached), cached,
            None if whole_output is None else whole_output - (0 if beside else number(reasoning)), reasoning]


def usage_of(record):
    for place in (("usage",), ("response", "usage"), ("response", "body", "usage"), ("x_groq", "usage")):
        if at(record, *place) is not None:
            return at(record, *place)
    return next((choice["usage"] for choice in record.get("choices", ()) if choice.get("usage")), {})


def chat(record):
    usage = usage_of(record)
    prompt, completion, total = counts(usage, "prompt_tokens", "completion_tokens", "total_tokens")
    inside, outside = at(usage, "prompt_tokens_details"), at(usage, "completion_tokens_details")
    no_media(inside, outside)
    if number(at(usage, "prompt_audio_seconds")):
        raise Refused("unsupported-modality")
    thought = first(count(at(outside, "reasoning_tokens")), count(at(usage, "reasoning_tokens")))
    read = count(at(inside, "cached_tokens"))
    if read is None:  # named as messages name it, by a gateway whose prompt holds both
        read, written = counts(usage, "cache_read_input_tokens", "cache_creation_input_tokens")
        if number(read) + number(written) > number(prompt):
            raise Refused("usage-inconsistent")
    if at(usage, "image_tokens"):
        raise Refused("unsupported-modality")
    if at(usage, "citation_tokens") and total is None:
        raise Refused("unknown-dialect")
    return within(prompt, read, completion, thought, total)


def responses(record):
    usage = usage_of(record)
    given, made, total = counts(usage, "input_tokens", "output_tokens", "total_tokens")
    inside = first(at(usage, "input_tokens_details"), at(usage, "input_token_details"))
    outside = first(at(usage, "output_tokens_details"), at(usage, "output_token_details"))
    no_media(inside, outside)
    if "data" in record or record.get("type", "").startswith("image_"):
        raise Refused("unsupported-modality")
    return within(given, first(count(at(inside, "cached_tokens")), count(at(usage, "cached_input_tokens"))), made,
                  first(count(at(outside, "reasoning_tokens")), count(at(usage, "reasoning_output_tokens"))), total)


def embeddings(record):
    prompt, total = counts(usage_of(record), "prompt_tokens", "total_tokens")
    if number(at(usage_of(record), "image_pixels")):
        raise Refused("unsupported-modality")
    if prompt is not None and total is not None and prompt != total:
        raise Refused("usage-inconsistent")
    return [total if prompt is None else prompt, None, None, None]


# Of a stream, what earlier pieces said stays until a later one says it again.
def messages(usage, before):
    names = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens", "output_tokens")
    said = dict(zip(names, counts(usage, *names)))
    if at(usage, "cache_read_tokens"):
        raise Refused("unknown-dialect")
    lifetimes = [count(value) for value in (at(usage, "cache_creation") or {}).values()]
    if lifetimes:
        written = said["cache_creation_input_tokens"]
        if written is not None and written != sum(lifetimes):
            raise Refused("usage-inconsistent")
        said["cache_creation_input_tokens"] = sum(lifetimes)
    thought = count(at(usage, "output_tokens_details", "thinking_tokens"))
    for name in names[:3]:
        if said[name] is None and before:
            said[name] = before.get(name)
    if number(thought) > number(said["output_tokens"]):
        raise Refused("usage-inconsistent")
    if before is not None:
        before.update(said)
    # What made a context shorter stands beside the counts.
    compactions = [one for one in at(usage, "iterations") or () if one["type"] == "compaction"]
    said = dict(said)
    for name in names:
        more = [count(one[name]) for one in compactions if name in one]
        if sum(more) or (more and name in ("input_tokens", "output_tokens")):
            said[name] = number(said[name]) + sum(more)
    given = [said[name] for name in names[:2] if said[name] is not None]
    made = said["output_tokens"]
    return [sum(given) if given else None, said["cache_read_input_tokens"],
            None if made is None else made - number(thought), thought]


def gemini(record):
    meta = {re.sub(r"_(.)", lambda m: m[1].upper(), key): value
            for key, value in (record.get("usageMetadata") or record.get("usage_metadata") or {}).items()}
    prompt, cached, answer, thoughts, tools, total = counts(
        meta, "promptTokenCount", "cachedContentTokenCount", "candidatesTokenCount", "thoughtsTokenCount",
        "toolUsePromptTokenCount", "totalTokenCount")
    for name, details in meta.items():
        if name.endswith("TokensDetails") and any(one["modality"] != "TEXT" and one["tokenCount"] for one in details):
            raise Refused("unsupported-modality")
    named = "responseId" in record or "response_id" in record
    if not named and "candidates" in record and not any("finishReason" in one for one in record["candidates"]):
        raise Refused("no-usage")
    parts = [number(part) for part in (prompt, answer, thoughts, tools)]
    if number(cached) > number(prompt) or (total is not None and total != sum(parts)):
        raise Refused("usage-inconsistent")
    return [None if prompt is None and tools is None else number(prompt) - number(cached) + number(tools), cached,
            answer, thoughts]


def attributes(record):
    held = record.get("attributes", record)
    if isinstance(held, dict):
        return held
    flat = {}
    for one in held:
        for kind, value in one["value"].items():
            flat[one["key"]] = int(value) if kind == "intValue" else value
    return flat


def otel(record):
    held = attributes(record)

    def usage(*names):
        return next((count(held[name]) for name in names if name in held), None)

    prefix = "gen_ai.usage."
    if "gen_ai.agent.name" in held and "gen_ai.operation.name" not in held:
        raise Refused("no-usage")
    if held.get("gen_ai.operation.name") == "invoke_agent" or held.get("openinference.span.kind") == "CHAIN":
        raise Refused("no-usage")
    if usage(prefix + "details.input_audio_tokens"):
        raise Refused("unsupported-modality")
    given = usage(prefix + "input_tokens", prefix + "prompt_tokens", "llm.token_count.prompt")
    made = usage(prefix + "output_tokens", prefix + "completion_tokens", "llm.token_count.completion")
    read = usage(prefix + "cache_read.input_tokens", prefix + "input_tokens.cached", prefix + "details.cache_read_tokens",
                 "llm.token_count.prompt_details.cache_read")
    written = usage(prefix + "cache_creation.input_tokens")
    thought = usage(prefix + "reasoning.output_tokens", prefix + "output_tokens.reasoning", prefix + "reasoning_tokens",
                    prefix + "details.reasoning_tokens", "llm.token_count.completion_details.reasoning")
    total = usage(prefix + "total_tokens", "llm.token_count.total")
    cached = number(read) + number(written)
    if cached > number(given) or (cached and total == number(given) + cached + number(made)):
        given = number(given) + cached
    return within(given, read, made, thought, total)


def litellm(record):
    if str(record.get("cache_hit")).lower() == "true":
        raise Refused("proxy-cache-hit")
    prompt, completion, total = counts(record, "prompt_tokens", "completion_tokens", "total_tokens")
    inner = (at(record, "metadata", "usage_object") or at(record, "metadata", "additional_usage_values")
             or at(record, "response", "usage"))
    cached = count(at(inner, "prompt_tokens_details", "cached_tokens"))
    if cached is None:
        cached = count(at(inner, "cache_read_input_tokens"))
    return within(prompt, cached, completion, count(at(inner, "completion_tokens_details", "reasoning_tokens")), total)


def two(record, given, made):
    given, made = counts(record, given, made)
    return [given, None, made, None]


def ollama(record):
    if record.get("done") is False:
        raise Refused("no-usage")
    return two(record, "prompt_eval_count", "eval_count")


# Counts beside each other; a log names them otherwise than an answer does.
def bedrock(record):
    usage, given, made = record.get("usage"), record.get("input"), record.get("output")
    if at(usage, "cachedInputTokens"):
        raise Refused("unknown-dialect")
    whole, total = count(first(at(usage, "inputTokens"), at(given, "inputTokenCount"))), count(at(usage, "totalTokens"))
    read = count(first(at(usage, "cacheReadInputTokens"), at(given, "cacheReadInputTokenCount")))
    written = count(first(at(usage, "cacheWriteInputTokens"), at(given, "cacheWriteInputTokenCount")))
    answer = count(first(at(usage, "outputTokens"), at(made, "outputTokenCount")))
    two = number(whole) + number(answer)
    if total not in (None, two, two + number(read) + number(written)):
        raise Refused("usage-inconsistent")
    return [None if whole is None else whole + number(written), read, answer, None]


# What was computed, not what is billed.
def cohere(record):
    usage = first(record.get("usage"), at(record, "delta", "usage"), record.get("meta"))
    if at(usage, "tokens") is None:
        raise Refused("no-usage" if at(usage, "billed_units") is None else "unknown-dialect")
    given, made = counts(usage["tokens"], "input_tokens", "output_tokens")
    return within(given, count(at(usage, "cached_tokens")), made, None, None)


# A line of a rolled-out session: what the last request took, beside what all took so far.
def rollout(record, session):
    payload = record["payload"]
    if record["type"] == "session_meta" and session.pop("id", None) != payload.get("id"):
        session.pop("by response", None)
    if record["type"] in ("session_meta", "turn_context"):
        session.update({key: payload[key] for key in ("id", "model") if key in payload})
    if "usage" in payload and record["type"] != "token_usage_record":
        raise Refused("unknown-dialect")
    names = ("input_tokens", "cached_input_tokens", "output_tokens", "reasoning_output_tokens", "total_tokens")
    if record["type"] == "token_usage_record":
        if not payload.get("usage"):
            raise Refused("no-usage")
        session["by response"] = True
        if "response_id" not in payload:
            raise Refused("malformed")
        return within(*counts(payload["usage"], *names))
    info = payload.get("info") or {}
    last, so_far = info.get("last_token_usage"), info.get("total_token_usage")
    if last is None and so_far is None:
        raise Refused("no-usage")
    if "by response" in session:
        raise Refused("no-usage")
    if last is None:
        raise Refused("unknown-dialect")
    if so_far is None or "id" not in session:
        raise Refused("malformed")
    if not (last["input_tokens"] or last["output_tokens"]):
        raise Refused("no-usage")
    return within(*counts(last, *names))


# --- Who and when ---

def moment(value):
    if value is None:
        return None
    if isinstance(value, str) and value.isdigit():
        value = int(value)
    if not isinstance(value, str):
        scale = next(10**power for power in (9, 6, 3, 0) if value < 10**(20 - power))
        return int(value * scale)
    match = re.fullmatch(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)?", value)
    if not match:
        raise Refused("malformed")
    zone = "+00:00" if match[4] in (None, "Z") else match[4]
    try:
        seconds = (datetime.datetime.fromisoformat(f"{match[1]}T{match[2]}{zone}") - EPOCH) // datetime.timedelta(
            seconds=1)
    except ValueError:
        raise Refused("malformed") from None
    return seconds * 10**9 + int((match[3] or "0").ljust(9, "0")[:9])


def first(*values):
    return next((value for value in values if value is not None), None)


# Ids that end in six digits or fewer come again: when the server made it is part of who it is.
def is_weak(name):
    return bool(re.search("(^|[-_])[0-9]{1,6}$", name or ""))


def beside_few_ids(name, time):
    return str(time) if isinstance(time, (int, decimal.Decimal)) and is_weak(name) else None


# (model, response id, request id, time) as the dialect writes them.
def identity(dialect, record, begin):
    inner = at(record, "response", "body") or at(record, "response")
    if dialect in ("openai-chat", "openai-responses", "openai-embeddings"):
        who = [first(at(inner, name), record.get(name)) for name in ("model", "id")]
        time = first(at(inner, "created_at"), at(inner, "created"), record.get("created"), record.get("created_at"))
        return [*who, None if dialect == "openai-embeddings" else beside_few_ids(who[1], time), time]
    if dialect == "anthropic-messages":
        if record.get("type") == "message_delta":
            return [begin["model"], begin["id"], None, None]
        record = record.get("result", record)
        return [first(at(record, "message", name), at(record, "response", name), record.get(name))
                for name in ("model", "id")] + [None, record.get("timestamp")]
    if dialect == "gemini":
        return [first(record.get("modelVersion"), record.get("model_version")),
                first(record.get("responseId"), record.get("response_id")), None, record.get("createTime")]
    if dialect == "otel-genai":
        held = attributes(record)
        return [first(held.get("gen_ai.response.model"), held.get("gen_ai.request.model"), held.get("llm.model_name")),
                first(held.get("gen_ai.response.id"), record.get("spanId"), at(record, "context", "span_id")), None,
                first(record.get("endTimeUnixNano"), record.get("end_time"), record.get("timestamp"))]
    if dialect == "litellm":
        return [record.get("model"), record.get("id"), record.get("request_id"), record.get("endTime")]
    if dialect == "cohere":
        return [record.get("model"), first(record.get("id"), record.get("response_id")), None, None]
    if dialect == "bedrock":
        return [record.get("modelId"), None,
                first(record.get("requestId"), at(record, "ResponseMetadata", "RequestId")), record.get("timestamp")]
    if dialect == "transcript" and record.get("type") == "token_usage_record":
        return [begin.get("model"), record["payload"]["response_id"], None, record["timestamp"]]
    if dialect == "transcript" and "payload" in record:
        info = record["payload"]["info"]
        turn = [info["total_token_usage"]["total_tokens"]] + [info["last_token_usage"][name]
                                                              for name in ("input_tokens", "output_tokens")]
        return [begin.get("model"), begin["id"], "/".join(map(str, turn)), record["timestamp"]]
    if dialect == "transcript":
        message = at(record, "message", "id")
        return [at(record, "message", "model"), message, record.get("requestId") if is_weak(message) else None,
                record.get("timestamp")]
    return [record.get("model"), None, None, first(record.get("timestamp"), record.get("created_at"))]


# --- Records ---

def failed(record):
    inner = record.get("response")
    return bool(record.get("error") or record.get("errorCode") or at(inner, "error") or record.get("isApiErrorMessage")
                or at(record, "result", "type") in ("errored", "expired", "canceled")
                or record.get("status") in ("failed", "failure") or at(inner, "status") == "failed"
                or at(record, "status", "code") == 2 or attributes(record).get("error.type"))


def buckets(dialect, record, begin):
    if dialect == "anthropic-messages":
        if record.get("type") == "result":  # of a session
            raise Refused("no-usage")
        if "result" in record:  # of a batch
            return messages(record["result"]["message"]["usage"], None)
        if record.get("type") == "message_stop":
            begin.pop("open", None)
            raise Refused("no-usage")
        if record.get("type") == "message_delta" and begin.get("mixed"):
            raise Refused("usage-inconsistent")
        if record.get("type") == "message_start":
            mixed = "open" in begin
            begin.clear()
            begin.update(open=True, mixed=mixed, model=at(record, "message", "model"), id=at(record, "message", "id"))
            return messages(at(record, "message", "usage"), begin)
        if "response" in record:
            return messages(at(record, "response", "usage"), None)
        return messages(record.get("usage"), begin if record.get("type") == "message_delta" else None)
    if dialect == "transcript":
        if "payload" in record:
            return rollout(record, begin)
        if at(record, "message", "model") == "<synthetic>":
            raise Refused("no-usage")
        return messages(at(record, "message", "usage"), None)
    if dialect == "lumenflow-costs":
        if record.get("total_tokens") not in (None, number(record.get("input_tokens")) + number(record.get("output_tokens"))):
            raise Refused("usage-inconsistent")
        return two(record, "input_tokens", "output_tokens")
    return {"openai-chat": chat, "openai-responses": responses, "openai-embeddings": embeddings, "gemini": gemini,
            "otel-genai": otel, "litellm": litellm, "ollama": ollama, "bedrock": bedrock, "cohere": cohere}[dialect](record)


def judge(dialect, record, begin):
    if failed(record):
        begin.pop("open", None)
        return {"fate": "failed"}
    try:
        found = buckets(dialect, record, begin)
        model, response_id, request_id, time = identity(dialect, record, begin)
        time_ns = moment(time)
        if all(one is None for one in found):
            raise Refused("no-usage")
    except Refused as why:
        return {"fate": str(why)}
    return {"fate": "used", "buckets": found, "model": model, "response_id": response_id, "request_id": request_id,
            "time_ns": time_ns}


# What each record of the text comes to, in order.
def judge_text(dialect, text, is_lines):
    texts = text.splitlines() if is_lines else [text]
    begin = {}
    return [judge(dialect, json.loads(one, parse_float=decimal.Decimal), begin) for one in texts]
