// What a provider counts into what: the rules of the dialects. A bucket that no field
// speaks of stays unknown. Cache writes are computed as input is, and stand in its bucket.
// SPDX-License-Identifier: Apache-2.0
#include "imports/usage_normalise.h"

#include "base/number.h"
#include "base/text.h"
#include "imports/usage_count.h"

// --- Parts within wholes ---

struct amounts {
    struct emit_usage_count input, cached, output, reasoning, total;
};

static void tell_beside(struct emit_usage_record *record, const struct emit_usage_count *part,
                        const struct emit_usage_count *other,
                        const struct emit_usage_count *total) {
    char names[3][EMIT_USAGE_NAME_MAX];
    (void)emit_text_format(record->message, sizeof record->message,
                           "%s are counted beside %s: %s is the sum with them",
                           emit_usage_count_written(part, names[0]),
                           emit_usage_count_written(other, names[1]),
                           emit_usage_count_written(total, names[2]));
}

// Cached tokens within the input, reasoning within the output, the total their sum. Some
// servers count reasoning beside the output: their own total proves it then.
static void count_within(struct emit_usage_record *record, const struct amounts *all) {
    const struct emit_usage_count *input = &all->input, *output = &all->output;
    const struct emit_usage_count *cached = &all->cached, *reasoning = &all->reasoning;
    uint64_t sum = input->tokens + output->tokens;
    bool is_beside = all->total.known && reasoning->tokens > 0 && all->total.tokens != sum &&
                     all->total.tokens == sum + reasoning->tokens;
    if (cached->tokens > input->tokens) {
        emit_usage_refuse_more_than(record, cached, input);
        return;
    }
    if (!is_beside && reasoning->tokens > output->tokens) {
        emit_usage_refuse_more_than(record, reasoning, output);
        return;
    }
    // Also where one of the two is not said: what else the total holds is not counted then.
    if (all->total.known && !is_beside && all->total.tokens != sum) {
        emit_usage_refuse_total(record, &all->total, sum);
        return;
    }
    if (input->known) emit_usage_put(record, EMIT_BUCKET_INPUT, input->tokens - cached->tokens);
    if (cached->known) emit_usage_put(record, EMIT_BUCKET_CACHED_INPUT, cached->tokens);
    if (output->known)
        emit_usage_put(record, EMIT_BUCKET_OUTPUT,
                       output->tokens - (is_beside ? 0 : reasoning->tokens));
    if (reasoning->known) emit_usage_put(record, EMIT_BUCKET_REASONING_OUTPUT, reasoning->tokens);
    if (is_beside) tell_beside(record, reasoning, output, &all->total);
}

// Where cached tokens are named as messages name them, a gateway has turned one into the other: its
// prompt holds what was read and written then (docs.litellm.ai/docs/completion/prompt_caching,
// 2026-10). Older ones left both out, which shows where they are more than the prompt.
static bool take_cached(struct emit_usage_record *record, const struct emit_usage_fields *fields,
                        const struct emit_usage_count *input, struct emit_usage_count *cached) {
    if (emit_usage_has(fields, EMIT_FIELD_CACHED))
        return emit_usage_take(record, fields, EMIT_FIELD_CACHED, cached);
    struct emit_usage_count writes;
    if (!emit_usage_take(record, fields, EMIT_FIELD_CACHE_READ, cached) ||
        !emit_usage_take(record, fields, EMIT_FIELD_CACHE_CREATION, &writes))
        return false;
    struct emit_usage_count both = {cached->field, cached->tokens + writes.tokens, true,
                                    cached->at};
    return both.tokens <= input->tokens || emit_usage_refuse_more_than(record, &both, input);
}

static void count_chat(struct emit_usage_record *record, const struct emit_usage_fields *fields) {
    struct amounts all;
    if (emit_usage_take(record, fields, EMIT_FIELD_PROMPT, &all.input) &&
        take_cached(record, fields, &all.input, &all.cached) &&
        emit_usage_take(record, fields, EMIT_FIELD_COMPLETION, &all.output) &&
        emit_usage_take(record, fields, EMIT_FIELD_REASONING, &all.reasoning) &&
        emit_usage_take(record, fields, EMIT_FIELD_TOTAL, &all.total) &&
        emit_usage_has_text_details(record, fields))
        count_within(record, &all);
}

// The pixels of an image that was made are tokens, of which the details need not speak:
// "the number of image tokens in the output image", ImagesResponse of OpenAI's OpenAPI 2.3.0.
static bool has_text_answer(struct emit_usage_record *record,
                            const struct emit_usage_fields *fields) {
    bool is_stream = emit_usage_begins(fields, EMIT_FIELD_TYPE, "image_");
    if (!is_stream && fields->type[EMIT_FIELD_DATA] != EMIT_JSON_ARRAY) return true;
    char name[EMIT_USAGE_NAME_MAX];
    emit_usage_refuse(
        record, EMIT_USAGE_MODALITY,
        "%s are those of an image, as %s tells: no coefficient is known for them, and "
        "text's would be wrong",
        emit_usage_written(fields, EMIT_FIELD_OUTPUT, name),
        emit_usage_field_name(is_stream ? EMIT_FIELD_TYPE : EMIT_FIELD_DATA));
    return false;
}

// A request of a session that was rolled out. An estimate of what the context holds is told like
// one that read and wrote nothing.
static void count_turn(struct emit_usage_record *record, const struct emit_usage_fields *fields) {
    struct amounts all;
    if (!emit_usage_take(record, fields, EMIT_FIELD_INPUT, &all.input) ||
        !emit_usage_take(record, fields, EMIT_FIELD_CACHED, &all.cached) ||
        !emit_usage_take(record, fields, EMIT_FIELD_OUTPUT, &all.output) ||
        !emit_usage_take(record, fields, EMIT_FIELD_REASONING, &all.reasoning) ||
        !emit_usage_take(record, fields, EMIT_FIELD_TOTAL, &all.total))
        return;
    if (all.input.tokens + all.output.tokens + all.cached.tokens + all.reasoning.tokens == 0 &&
        all.total.tokens > 0)
        emit_usage_refuse(record, EMIT_USAGE_NO_USAGE, "an estimate of the context, no request");
    else
        count_within(record, &all);
}

static void count_responses(struct emit_usage_record *record,
                            const struct emit_usage_fields *fields) {
    struct amounts all;
    if (has_text_answer(record, fields) &&
        emit_usage_take(record, fields, EMIT_FIELD_INPUT, &all.input) &&
        emit_usage_take(record, fields, EMIT_FIELD_CACHED, &all.cached) &&
        emit_usage_take(record, fields, EMIT_FIELD_OUTPUT, &all.output) &&
        emit_usage_take(record, fields, EMIT_FIELD_REASONING, &all.reasoning) &&
        emit_usage_take(record, fields, EMIT_FIELD_TOTAL, &all.total) &&
        emit_usage_has_text_details(record, fields))
        count_within(record, &all);
}

// No output; some servers give nothing but the total.
static void count_embeddings(struct emit_usage_record *record,
                             const struct emit_usage_fields *fields) {
    struct emit_usage_count prompt, total, completion;
    if (!emit_usage_take(record, fields, EMIT_FIELD_PROMPT, &prompt) ||
        !emit_usage_take(record, fields, EMIT_FIELD_TOTAL, &total) ||
        !emit_usage_take(record, fields, EMIT_FIELD_COMPLETION, &completion) ||
        !emit_usage_has_text_details(record, fields))
        return;
    if (prompt.known && total.known && total.tokens != prompt.tokens + completion.tokens) {
        emit_usage_refuse_total(record, &total, prompt.tokens + completion.tokens);
        return;
    }
    if (prompt.known || total.known)
        emit_usage_put(record, EMIT_BUCKET_INPUT, prompt.known ? prompt.tokens : total.tokens);
    if (completion.tokens) emit_usage_put(record, EMIT_BUCKET_OUTPUT, completion.tokens);
}

// What is billed leaves out what the provider adds by itself: it was computed all the same.
static void count_cohere(struct emit_usage_record *record, const struct emit_usage_fields *fields) {
    struct amounts all = {.reasoning.field = EMIT_FIELD_REASONING, .total.field = EMIT_FIELD_TOTAL};
    if (!emit_usage_take(record, fields, EMIT_FIELD_INPUT, &all.input) ||
        !emit_usage_take(record, fields, EMIT_FIELD_CACHED, &all.cached) ||
        !emit_usage_take(record, fields, EMIT_FIELD_OUTPUT, &all.output))
        return;
    if (emit_usage_has(fields, EMIT_FIELD_BILLED) && !emit_usage_has(fields, EMIT_FIELD_TOKENS))
        emit_usage_refuse(record, EMIT_USAGE_UNKNOWN_DIALECT,
                          "billed_units without tokens: what was computed is not said");
    else
        count_within(record, &all);
}

// A proxy's counts, the details from the provider's own usage where it was logged.
static void count_proxy(struct emit_usage_record *record, const struct emit_usage_fields *fields) {
    struct amounts all;
    bool has_cached = emit_usage_has(fields, EMIT_FIELD_CACHED);
    if (emit_usage_take(record, fields, EMIT_FIELD_FLAT_PROMPT, &all.input) &&
        emit_usage_take(record, fields, has_cached ? EMIT_FIELD_CACHED : EMIT_FIELD_CACHE_READ,
                        &all.cached) &&
        emit_usage_take(record, fields, EMIT_FIELD_FLAT_COMPLETION, &all.output) &&
        emit_usage_take(record, fields, EMIT_FIELD_REASONING, &all.reasoning) &&
        emit_usage_take(record, fields, EMIT_FIELD_FLAT_TOTAL, &all.total) &&
        emit_usage_has_text_details(record, fields))
        count_within(record, &all);
    if (record->fate == EMIT_USAGE_USED && !all.cached.known &&
        fields->type[EMIT_FIELD_PROXY_METADATA] == EMIT_JSON_STRING)
        (void)emit_text_format(record->message, sizeof record->message,
                               "metadata is a string: what it says of cached tokens is not read");
}

// --- Counts beside each other ---

// Cache writes: their sum, or their split by lifetime, or both.
static bool take_writes(struct emit_usage_record *record, const struct emit_usage_fields *fields,
                        struct emit_usage_count *writes) {
    struct emit_usage_count five_minutes, hour;
    if (!emit_usage_take(record, fields, EMIT_FIELD_CACHE_CREATION, writes) ||
        !emit_usage_take(record, fields, EMIT_FIELD_CACHE_5M, &five_minutes) ||
        !emit_usage_take(record, fields, EMIT_FIELD_CACHE_1H, &hour))
        return false;
    if (!five_minutes.known && !hour.known) return true;
    uint64_t sum = five_minutes.tokens + hour.tokens;
    if (writes->known && writes->tokens != sum) return emit_usage_refuse_total(record, writes, sum);
    writes->tokens = sum;
    writes->known = true;
    return true;
}

static void inherit(struct emit_usage_count *count, bool *has, uint64_t *tokens) {
    if (count->known) {
        *has = true;
        *tokens = count->tokens;
    } else if (*has) {
        count->known = true;
        count->tokens = *tokens;
    }
}

// What was read and written to make a long context shorter: beside the counts of the answer.
static bool add_compaction(struct emit_usage_record *record, const struct emit_usage_fields *fields,
                           struct emit_usage_count *input, struct emit_usage_count *read,
                           struct emit_usage_count *output) {
    const struct emit_usage_compaction *more = &fields->compaction;
    const struct emit_json_slice *other = &fields->value[EMIT_FIELD_ITERATION_OTHER];
    if (more->is_wrong || more->input > EMIT_COUNT_MAX || more->read > EMIT_COUNT_MAX ||
        more->writes > EMIT_COUNT_MAX || more->output > EMIT_COUNT_MAX) {
        emit_usage_refuse(record, EMIT_USAGE_MALFORMED,
                          "usage.iterations has a compaction with a count that is no whole number "
                          "from 0 to 2^53");
        return false;
    }
    if (more->is_there) {
        input->tokens += more->input + more->writes;
        read->tokens += more->read;
        output->tokens += more->output;
        input->known = output->known = true;
        read->known |= more->read > 0;
        (void)emit_text_format(record->message, sizeof record->message,
                               "usage.iterations has a compaction, which is added: the counts "
                               "beside it do not hold it");
    } else if (emit_usage_has(fields, EMIT_FIELD_ITERATION_OTHER)) {
        (void)emit_text_format(record->message, sizeof record->message,
                               "usage.iterations has a %.*s, which is not counted: what served it "
                               "is not said",
                               emit_usage_shown_length(other), other->at);
    }
    return true;
}

// input_tokens holds neither of the cached counts; output_tokens holds what was thought. Each is
// "cumulative" in a piece: MessageDeltaUsage of Anthropic's SDKs (2026-11).
// Pieces of a stream say what has come together so far, and need not say the input again.
static void count_messages(struct emit_usage_record *record, const struct emit_usage_fields *fields,
                           struct emit_usage_begin *begin) {
    struct emit_usage_count input, read, writes, output, thinking;
    if (!emit_usage_take(record, fields, EMIT_FIELD_INPUT, &input) ||
        !emit_usage_take(record, fields, EMIT_FIELD_CACHE_READ, &read) ||
        !take_writes(record, fields, &writes) ||
        !emit_usage_take(record, fields, EMIT_FIELD_OUTPUT, &output) ||
        !emit_usage_take(record, fields, EMIT_FIELD_THINKING, &thinking) ||
        !emit_usage_has_text_details(record, fields))
        return;
    if (begin) {
        inherit(&input, &begin->has_input, &begin->input);
        inherit(&read, &begin->has_read, &begin->read);
        inherit(&writes, &begin->has_writes, &begin->writes);
    }
    if (thinking.tokens > output.tokens) {
        emit_usage_refuse_more_than(record, &thinking, &output);
        return;
    }
    if (!add_compaction(record, fields, &input, &read, &output)) return;
    if (input.known || writes.known)
        emit_usage_put(record, EMIT_BUCKET_INPUT, input.tokens + writes.tokens);
    if (read.known) emit_usage_put(record, EMIT_BUCKET_CACHED_INPUT, read.tokens);
    if (output.known) emit_usage_put(record, EMIT_BUCKET_OUTPUT, output.tokens - thinking.tokens);
    if (thinking.known) emit_usage_put(record, EMIT_BUCKET_REASONING_OUTPUT, thinking.tokens);
}

// inputTokens holds neither of the cached counts (docs.aws.amazon.com/bedrock/latest/userguide/
// prompt-caching.html, as github.com/crmne/ruby_llm/pull/832 quotes it, 2026-07); totalTokens is
// the sum of all, of some that of the two. Streams of one family told an input that held the writes
// and a total that held them twice (github.com/maximhq/bifrost/pull/6942, 2026-09): no field
// tells those from others.
static void count_converse(struct emit_usage_record *record,
                           const struct emit_usage_fields *fields) {
    struct emit_usage_count input, read, writes, output, total;
    if (!emit_usage_take(record, fields, EMIT_FIELD_CONVERSE_INPUT, &input) ||
        !emit_usage_take(record, fields, EMIT_FIELD_CONVERSE_READ, &read) ||
        !emit_usage_take(record, fields, EMIT_FIELD_CONVERSE_WRITES, &writes) ||
        !emit_usage_take(record, fields, EMIT_FIELD_CONVERSE_OUTPUT, &output) ||
        !emit_usage_take(record, fields, EMIT_FIELD_CONVERSE_TOTAL, &total))
        return;
    uint64_t two = input.tokens + output.tokens, all = two + read.tokens + writes.tokens;
    if (total.known && total.tokens != two && total.tokens != all) {
        emit_usage_refuse_total(record, &total, all);
        return;
    }
    if (input.known || writes.known)
        emit_usage_put(record, EMIT_BUCKET_INPUT, input.tokens + writes.tokens);
    if (read.known) emit_usage_put(record, EMIT_BUCKET_CACHED_INPUT, read.tokens);
    if (output.known) emit_usage_put(record, EMIT_BUCKET_OUTPUT, output.tokens);
}

static bool has_text_modalities(struct emit_usage_record *record,
                                const struct emit_usage_fields *fields) {
    struct emit_usage_count media;
    if (!emit_usage_take(record, fields, EMIT_FIELD_MEDIA_COUNT, &media)) return false;
    if (media.tokens == 0) return true;
    const struct emit_json_slice *modality = &fields->value[EMIT_FIELD_MEDIA];
    bool named = fields->type[EMIT_FIELD_MEDIA] == EMIT_JSON_STRING;
    emit_usage_refuse(record, EMIT_USAGE_MODALITY,
                      "%llu tokens of modality %.*s: no coefficient is known for them, and text's "
                      "would be wrong",
                      (unsigned long long)media.tokens,
                      named ? emit_usage_shown_length(modality) : 7,
                      named ? modality->at : "unknown");
    return false;
}

// The prompt holds the cached tokens; thoughts and prompts of tools stand beside it.
static void count_generate(struct emit_usage_record *record,
                           const struct emit_usage_fields *fields) {
    struct emit_usage_count prompt, cached, candidates, thoughts, tool_use, total;
    if (!emit_usage_take(record, fields, EMIT_FIELD_PROMPT_COUNT, &prompt) ||
        !emit_usage_take(record, fields, EMIT_FIELD_CACHED_COUNT, &cached) ||
        !emit_usage_take(record, fields, EMIT_FIELD_CANDIDATES_COUNT, &candidates) ||
        !emit_usage_take(record, fields, EMIT_FIELD_THOUGHTS_COUNT, &thoughts) ||
        !emit_usage_take(record, fields, EMIT_FIELD_TOOL_USE_COUNT, &tool_use) ||
        !emit_usage_take(record, fields, EMIT_FIELD_TOTAL_COUNT, &total) ||
        !has_text_modalities(record, fields))
        return;
    if (cached.tokens > prompt.tokens) {
        emit_usage_refuse_more_than(record, &cached, &prompt);
        return;
    }
    uint64_t sum = prompt.tokens + candidates.tokens + thoughts.tokens + tool_use.tokens;
    if (total.known && total.tokens != sum) {
        emit_usage_refuse_total(record, &total, sum);
        return;
    }
    if (prompt.known || tool_use.known)
        emit_usage_put(record, EMIT_BUCKET_INPUT, prompt.tokens - cached.tokens + tool_use.tokens);
    if (cached.known) emit_usage_put(record, EMIT_BUCKET_CACHED_INPUT, cached.tokens);
    if (candidates.known) emit_usage_put(record, EMIT_BUCKET_OUTPUT, candidates.tokens);
    if (thoughts.known) emit_usage_put(record, EMIT_BUCKET_REASONING_OUTPUT, thoughts.tokens);
    if (!record->response_id.length)
        (void)emit_text_format(record->message, sizeof record->message,
                               "without responseId each is taken for a request of its own, also "
                               "pieces of one stream");
}

// The input must hold what was cached; some instruments pass on counts that exclude it, which
// shows where they are larger, or where the total is the sum of all.
static void count_otel(struct emit_usage_record *record, const struct emit_usage_fields *fields) {
    struct emit_usage_count read, writes;
    struct amounts all;
    if (!emit_usage_take(record, fields, EMIT_FIELD_OTEL_INPUT, &all.input) ||
        !emit_usage_take(record, fields, EMIT_FIELD_OTEL_CACHE_READ, &read) ||
        !emit_usage_take(record, fields, EMIT_FIELD_OTEL_CACHE_CREATION, &writes) ||
        !emit_usage_take(record, fields, EMIT_FIELD_OTEL_OUTPUT, &all.output) ||
        !emit_usage_take(record, fields, EMIT_FIELD_OTEL_REASONING, &all.reasoning) ||
        !emit_usage_take(record, fields, EMIT_FIELD_OTEL_TOTAL, &all.total) ||
        !emit_usage_has_text_details(record, fields))
        return;
    uint64_t cached = read.tokens + writes.tokens, sum = all.input.tokens + all.output.tokens;
    bool is_less = cached > all.input.tokens;
    bool is_beside = cached > 0 && all.total.known && all.total.tokens == sum + cached;
    if (is_less || is_beside) {
        // A total of the two alone is as good as one of all.
        if (all.total.known && all.total.tokens == sum) all.total.tokens += cached;
        all.input.tokens += cached;
        all.input.known = true;
    }
    all.cached = read;
    count_within(record, &all);
    if (record->fate != EMIT_USAGE_USED || (!is_less && !is_beside)) return;
    char written[EMIT_USAGE_NAME_MAX];
    const char *name = emit_usage_written(fields, EMIT_FIELD_OTEL_INPUT, written);
    (void)emit_text_format(record->message, sizeof record->message,
                           is_less
                               ? "%s is less than the cached tokens: taken as counted without them"
                               : "%s is taken as counted without the cached tokens, which the "
                                 "total holds beside it",
                           name);
}

// --- Two counts ---

static void count_two(struct emit_usage_record *record, const struct emit_usage_fields *fields,
                      enum emit_usage_field input_field, enum emit_usage_field output_field) {
    struct emit_usage_count input, output;
    if (!emit_usage_take(record, fields, input_field, &input) ||
        !emit_usage_take(record, fields, output_field, &output))
        return;
    if (input.known) emit_usage_put(record, EMIT_BUCKET_INPUT, input.tokens);
    if (output.known) emit_usage_put(record, EMIT_BUCKET_OUTPUT, output.tokens);
}

static void count_costs(struct emit_usage_record *record, const struct emit_usage_fields *fields) {
    struct amounts all = {.cached.field = EMIT_FIELD_CACHED,
                          .reasoning.field = EMIT_FIELD_REASONING};
    if (emit_usage_take(record, fields, EMIT_FIELD_FLAT_INPUT, &all.input) &&
        emit_usage_take(record, fields, EMIT_FIELD_FLAT_OUTPUT, &all.output) &&
        emit_usage_take(record, fields, EMIT_FIELD_FLAT_TOTAL, &all.total))
        count_within(record, &all);
}

// --- Counts of names that no row has ---

// Within the others where those come to the total, or beside it: told. Without a total nobody
// knows what it is, and the record is refused.
static void judge_others(struct emit_usage_record *record, const struct emit_usage_fields *fields) {
    char name[EMIT_USAGE_NAME_MAX];
    // The totals that a rule has held against the sum.
    bool has_total =
        emit_usage_has(fields, EMIT_FIELD_TOTAL_COUNT) ||
        emit_usage_has(fields, EMIT_FIELD_FLAT_TOTAL) ||
        (emit_usage_has(fields, EMIT_FIELD_TOTAL) && record->dialect != EMIT_DIALECT_MESSAGES);
    if (emit_usage_says_count(fields, EMIT_FIELD_OTHER_COUNT)) {
        const char *other = emit_usage_name_of(fields, EMIT_FIELD_OTHER_COUNT, name);
        if (record->counts.known && has_total)
            (void)emit_text_format(record->message, sizeof record->message,
                                   "%s of usage is of no known name, and not counted: the other "
                                   "counts come to the total",
                                   other);
        else
            emit_usage_refuse(record, EMIT_USAGE_UNKNOWN_DIALECT,
                              "%s of usage is of no known name: whether the other counts hold it "
                              "is not known",
                              other);
    } else if (emit_usage_says_count(fields, EMIT_FIELD_OTEL_OTHER)) {
        (void)emit_text_format(record->message, sizeof record->message,
                               "%s is taken as held by the others",
                               emit_usage_field_name(EMIT_FIELD_OTEL_OTHER));
    }
}

void emit_usage_normalise(struct emit_usage_record *record, const struct emit_usage_fields *fields,
                          struct emit_usage_begin *begin) {
    switch (record->dialect) {
    case EMIT_DIALECT_CHAT: count_chat(record, fields); break;
    case EMIT_DIALECT_RESPONSES: count_responses(record, fields); break;
    case EMIT_DIALECT_EMBEDDINGS: count_embeddings(record, fields); break;
    case EMIT_DIALECT_MESSAGES: count_messages(record, fields, begin); break;
    case EMIT_DIALECT_TRANSCRIPT:
        if (emit_usage_has(fields, EMIT_FIELD_PAYLOAD))
            count_turn(record, fields);
        else
            count_messages(record, fields, begin);
        break;
    case EMIT_DIALECT_GENERATE: count_generate(record, fields); break;
    case EMIT_DIALECT_OTEL: count_otel(record, fields); break;
    case EMIT_DIALECT_PROXY: count_proxy(record, fields); break;
    case EMIT_DIALECT_COSTS: count_costs(record, fields); break;
    case EMIT_DIALECT_OLLAMA:
        count_two(record, fields, EMIT_FIELD_PROMPT_EVAL, EMIT_FIELD_EVAL);
        break;
    case EMIT_DIALECT_COHERE: count_cohere(record, fields); break;
    case EMIT_DIALECT_BEDROCK: count_converse(record, fields); break;
    case EMIT_DIALECT_COUNT: break;
    }
    if (record->fate != EMIT_USAGE_USED) return;
    for (int i = 0; i < EMIT_BUCKET_COUNT; i++)
        if (record->counts.bucket[i] > EMIT_COUNT_MAX) {
            emit_usage_refuse(record, EMIT_USAGE_OUT_OF_RANGE,
                              "its counts come to %llu tokens of one kind, more than 2^53",
                              (unsigned long long)record->counts.bucket[i]);
            return;
        }
    judge_others(record, fields);
    if (record->fate != EMIT_USAGE_USED) return;
    if (record->counts.known == 0)
        emit_usage_refuse(record, EMIT_USAGE_NO_USAGE, "no count of tokens");
    else
        emit_usage_put(record, EMIT_BUCKET_REQUEST, 1);
}
