// An event says enough to be computed again: from its own tags and the table whose hash it
// names, the same line comes out, byte for byte.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "base/json.h"
#include "base/time.h"
#include "event/token_event.h"
#include "random_counts.h"

#include <stdbool.h>
#include <stdlib.h>

enum { TURNS = 40, MEMBERS_MAX = 48, TEXT_MAX = 4096 };

// The members of an event and of its tags; no two have the same name.
struct member {
    char name[40], text[TEXT_MAX];
};
static struct member members[MEMBERS_MAX];
static size_t member_count;

static bool read_members(struct emit_json *json) {
    struct emit_json_slice key, value;
    bool good = emit_json_enter_object(json);
    while (good && emit_json_next_member(json, &key)) {
        struct member *member = &members[member_count++];
        enum emit_json_type type = emit_json_peek(json);
        good = emit_json_decode(&key, member->name, sizeof member->name);
        if (type == EMIT_JSON_OBJECT) {
            good &= read_members(json);
        } else if (type == EMIT_JSON_STRING) {
            good &= emit_json_take_string(json, &value) &&
                    emit_json_decode(&value, member->text, sizeof member->text);
        } else if (type == EMIT_JSON_NUMBER) {
            good &= emit_json_take_number(json, &value);
            snprintf(member->text, sizeof member->text, "%.*s", (int)value.length, value.at);
        } else {
            good &= emit_json_skip(json);
        }
    }
    return good && !json->fault;
}

// The text of a member; NULL when the event does not say.
static const char *said(const char *name) {
    for (size_t i = 0; i < member_count; i++)
        if (strcmp(members[i].name, name) == 0) return members[i].text;
    return NULL;
}

static uint64_t count_said(const char *name) {
    const char *text = said(name);
    return text ? strtoull(text, NULL, 10) : 0;
}

static struct emit_token_counts counts_said(void) {
    static const char *const tags[EMIT_BUCKET_COUNT] = {
        [EMIT_BUCKET_INPUT] = "input_tokens",
        [EMIT_BUCKET_CACHED_INPUT] = "cached_input_tokens",
        [EMIT_BUCKET_OUTPUT] = "output_tokens",
        [EMIT_BUCKET_REASONING_OUTPUT] = "reasoning_output_tokens",
        [EMIT_BUCKET_REQUEST] = "requests",
    };
    struct emit_token_counts counts = {
        .extrapolated_output = count_said("extrapolated_output_tokens"),
        .extrapolated_reasoning_output = count_said("extrapolated_reasoning_output_tokens"),
    };
    for (int bucket = 0; bucket < EMIT_BUCKET_COUNT; bucket++) {
        counts.bucket[bucket] = count_said(tags[bucket]);
        if (said(tags[bucket])) counts.known |= UINT32_C(1) << bucket;
    }
    return counts;
}

static const struct emit_transform *find_transform(const struct emit_coefficient_table *table,
                                                   const char *id) {
    for (size_t i = 0; i < table->transform_count; i++)
        if (strcmp(table->transforms[i].id, id) == 0) return &table->transforms[i];
    return NULL;
}

// The model as the tags tell it: no chain is searched, the one that was used is named.
static bool model_said(struct emit_token_model *model, const struct emit_coefficient_table *table) {
    *model = (struct emit_token_model){
        .profile = emit_profile_find(table, said("coefficient_profile")),
        .table_sha256 = said("coefficient_table_sha256"),
    };
    for (int boundary = 0; boundary < EMIT_BOUNDARY_COUNT; boundary++)
        if (strcmp(said("measurement_boundary"),
                   emit_boundary_word((enum emit_boundary)boundary)) == 0)
            model->boundary = (enum emit_boundary)boundary;
    char ids[TEXT_MAX], *rest = NULL;
    snprintf(ids, sizeof ids, "%s",
             said("coefficient_transforms") ? said("coefficient_transforms") : "");
    for (char *id = strtok_r(ids, " ", &rest); id; id = strtok_r(NULL, " ", &rest)) {
        const struct emit_transform *transform = find_transform(table, id);
        if (!transform) return false;
        if (transform->from == transform->to)
            model->long_context = transform;
        else
            model->chain[model->chain_length++] = transform;
    }
    return model->profile && strcmp(model->table_sha256, table->sha256) == 0;
}

static enum emit_token_part part_said(void) {
    return strcmp(said("phase"), "prefill") == 0  ? EMIT_TOKENS_PREFILL
           : strcmp(said("phase"), "decode") == 0 ? EMIT_TOKENS_DECODE
                                                  : EMIT_TOKENS_TOTAL;
}

static enum emit_inference served_said(void) {
    return strcmp(said("provider_family"), "byok") == 0      ? EMIT_INFERENCE_BYOK_PROXY
           : strcmp(said("provider_family"), "managed") == 0 ? EMIT_INFERENCE_MANAGED
                                                             : EMIT_INFERENCE_HERE;
}

static bool is_recomputed(const char *line, const struct emit_coefficient_table *table) {
    static struct emit_json json;
    static char again[EMIT_TOKEN_EVENT_LINE_MAX];
    struct emit_token_model model;
    struct emit_text text;
    memset(members, 0, sizeof members);
    member_count = 0;
    emit_json_init(&json, line, strlen(line));
    if (!read_members(&json) || !model_said(&model, table)) return false;
    struct emit_token_event_facts facts = {.run_id = said("compute_assignment_run_id"),
                                           .workspace_id = said("workspace_id"),
                                           .record_ref = said("record_ref"),
                                           .served = served_said(),
                                           .part = part_said()};
    if (!emit_time_read(said("event_ts"), strlen(said("event_ts")), &facts.time_ns)) return false;
    struct emit_token_counts counts = counts_said();
    emit_text_init(&text, again, sizeof again);
    return emit_token_event_write(&text, &facts, &model, &counts, NULL) == EMIT_OK &&
           strcmp(line, again) == 0;
}

// One event of chance: of a group, before or after the day on which its profile expires.
static bool write_event(struct emit_text *line, const struct emit_token_model *model) {
    struct emit_token_counts counts = {0};
    bool good = true;
    for (uint64_t left = random_next() % 5 + 1; left > 0; left--) {
        struct emit_token_counts one = random_request(model->profile);
        good &= emit_token_counts_add(&counts, &one, NULL) == EMIT_OK;
    }
    struct emit_token_event_facts facts = {.run_id = "run_88",
                                           .workspace_id = "ws_123",
                                           .record_ref = "run/\"quoted\" \xc3\xa9",
                                           .time_ns = INT64_C(1781366400000) * 1000000 +
                                                      (int64_t)(random_next() >> 7),
                                           .served = (enum emit_inference)(random_next() % 3),
                                           .part = (enum emit_token_part)(random_next() % 3)};
    if (facts.part == EMIT_TOKENS_DECODE &&
        !model->profile->coefficients[EMIT_BUCKET_OUTPUT].defined)
        facts.part = EMIT_TOKENS_TOTAL;
    if (facts.part == EMIT_TOKENS_DECODE) counts.known |= 1 << EMIT_BUCKET_OUTPUT;
    return good && emit_token_event_write(line, &facts, model, &counts, NULL) == EMIT_OK;
}

static void check_model(const struct emit_coefficient_table *table,
                        const struct emit_token_model *model) {
    static char line[EMIT_TOKEN_EVENT_LINE_MAX];
    int unwritten = 0, other = 0, longest = 0;
    for (int turn = 0; turn < TURNS; turn++) {
        struct emit_text text;
        emit_text_init(&text, line, sizeof line);
        unwritten += !write_event(&text, model);
        other += !is_recomputed(line, table);
        if ((int)text.length > longest) longest = (int)text.length;
    }
    CHECK(unwritten == 0 && other == 0,
          "%s at %s: %d events of up to %d bytes, %d not written, %d not recomputed",
          model->profile->id, emit_boundary_word(model->boundary), TURNS, longest, unwritten,
          other);
}

int main(void) {
    const struct emit_coefficient_table *table = emit_coefficients_built_in();
    for (size_t i = 0; i < table->profile_count; i++)
        for (int boundary = 0; boundary < EMIT_BOUNDARY_COUNT; boundary++) {
            struct emit_token_model model;
            if (CHECK(emit_token_model_init(&model, table, &table->profiles[i],
                                            (enum emit_boundary)boundary, NULL) == EMIT_OK,
                      "%s at %s", table->profiles[i].id,
                      emit_boundary_word((enum emit_boundary)boundary)))
                check_model(table, &model);
        }
    return check_end();
}
