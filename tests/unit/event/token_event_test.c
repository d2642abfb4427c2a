// The line of a modeled event: exact bytes, the contract, and what stands for what.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "contract/canonical.h"
#include "event/token_event.h"
#include "made_coefficients.h"

#include <stdbool.h>

#define NOON INT64_C(1781366400000000000) // 2026-06-13T16:00:00Z
#define LATE INT64_C(1830297600000000000) // 2028-01-01T00:00:00Z

static const struct emit_token_event_facts facts = {
    .run_id = "run_123",
    .workspace_id = "ws_123",
    .record_ref = "resp_1",
    .time_ns = NOON,
    .served = EMIT_INFERENCE_MANAGED,
    .part = EMIT_TOKENS_TOTAL,
};

static const struct emit_token_counts counts = {
    .bucket = {500, 0, 300, 0, 1},
    .known = 1 << EMIT_BUCKET_INPUT | 1 << EMIT_BUCKET_OUTPUT | 1 << EMIT_BUCKET_REQUEST,
};

static char line[EMIT_TOKEN_EVENT_LINE_MAX];

// The same event with a citation that was written before: the same line, or as little.
static bool is_same_when_cited(const struct emit_token_event_facts *of,
                               const struct emit_token_model *model,
                               const struct emit_token_counts *tokens, const char *written) {
    static struct emit_token_citation citation;
    static char again[EMIT_TOKEN_EVENT_LINE_MAX];
    struct emit_token_event_facts facts_cited = *of;
    struct emit_text text;
    facts_cited.citation = &citation;
    emit_text_init(&text, again, sizeof again);
    return emit_token_citation_write(&citation, model, NULL) == EMIT_OK &&
           emit_token_event_write(&text, &facts_cited, model, tokens, NULL) == EMIT_OK &&
           strcmp(again, written) == 0;
}

// The line, or the sentence of why there is none.
static const char *write_line(const struct emit_token_event_facts *of,
                              const struct emit_profile *profile, enum emit_boundary boundary,
                              const struct emit_token_counts *tokens) {
    static struct emit_error err;
    struct emit_token_model model;
    struct emit_text text;
    emit_text_init(&text, line, sizeof line);
    if (emit_token_model_init(&model, &made_table, profile, boundary, &err) != EMIT_OK ||
        emit_token_event_write(&text, of, &model, tokens, &err) != EMIT_OK)
        return err.text;
    return is_same_when_cited(of, &model, tokens, line) ? line : "another line with a citation";
}

// Strict, and canonical: its identity is the hash of its own bytes.
static void check_contract(const char *what, const char *written) {
    struct emit_verdict verdict;
    enum emit_status status = emit_contract_check(written, strlen(written), &verdict);
    CHECK(status == EMIT_OK, "%s: keeps the contract at strict%s%s", what, verdict.kept ? ": " : "",
          verdict.kept ? verdict.findings[0].message : "");
    char of_form[EMIT_IDENTITY_TEXT] = "none", of_bytes[EMIT_IDENTITY_TEXT];
    status = emit_contract_identity(written, strlen(written), of_form, NULL);
    emit_contract_identity_of_canonical(written, strlen(written), of_bytes);
    CHECK(status == EMIT_OK && strcmp(of_form, of_bytes) == 0, "%s: is in canonical form", what);
}

#define CITATION                                                                                   \
    "\"coefficient_accessed\":\"2026-02-01\",\"coefficient_notes\":\"For tests, "                  \
    "\\\"quoted\\\".\",\"coefficient_profile\":\"made-plain-v1\","                                 \
    "\"coefficient_published\":\"2026-01-31\",\"coefficient_source_title\":\"A Benchmark of "      \
    "Made-Up Models\",\"coefficient_source_url\":\"https://example.org/paper\","                   \
    "\"coefficient_source_version\":\"v1\",\"coefficient_table_sha256\":\"" MADE_HASH "\","

static void check_bytes(void) {
    const char *plain = write_line(&facts, &made_profiles[1], EMIT_BOUNDARY_ACCELERATOR, &counts);
    CHECK_STRING(plain,
                 "{\"channel_id\":\"emit\",\"compute_assignment_run_id\":\"run_123\","
                 "\"event_ts\":\"2026-06-13T16:00:00.000Z\",\"kind\":\"emit:energy_meter_"
                 "recorded\",\"quantity\":85,\"tags\":{\"accuracy_class\":\"coefficient-model\","
                 "\"capability_tier\":\"managed-inference\"," CITATION
                 "\"component\":\"inference\",\"confidence\":\"medium\",\"energy_provenance\":"
                 "\"modeled\",\"energy_source\":\"token_model\",\"input_tokens\":500,"
                 "\"measurement_boundary\":\"accelerator\",\"output_tokens\":300,\"phase\":"
                 "\"total\",\"provider_family\":\"managed\",\"pue_applied\":false,"
                 "\"quantity_high\":360,\"quantity_low\":35,\"record_ref\":\"resp_1\","
                 "\"requests\":1},\"unit\":\"joules\",\"workspace_id\":\"ws_123\"}",
                 "a request");
    struct emit_token_event_facts here = facts;
    here.served = EMIT_INFERENCE_HERE;
    here.part = EMIT_TOKENS_DECODE;
    struct emit_token_counts beyond = {.bucket = {1000, 7, 10, 2, 1},
                                       .known = 31,
                                       .extrapolated_output = 9,
                                       .extrapolated_reasoning_output = 2};
    CHECK_STRING(write_line(&here, &made_profiles[1], EMIT_BOUNDARY_FACILITY, &beyond),
                 "{\"channel_id\":\"emit\",\"compute_assignment_run_id\":\"run_123\","
                 "\"event_ts\":\"2026-06-13T16:00:00.000Z\",\"kind\":\"emit:energy_meter_"
                 "recorded\",\"quantity\":5.73045,\"tags\":{\"accuracy_class\":\"coefficient-"
                 "model\",\"capability_tier\":\"gpu-runner\","
                 "\"coefficient_accessed\":\"2026-02-01\",\"coefficient_notes\":\"For tests, "
                 "\\\"quoted\\\".\",\"coefficient_profile\":\"made-plain-v1\","
                 "\"coefficient_published\":\"2026-01-31\",\"coefficient_source_title\":"
                 "\"A Benchmark of Made-Up Models\",\"coefficient_source_url\":"
                 "\"https://example.org/paper\",\"coefficient_source_version\":\"v1\","
                 "\"coefficient_table_sha256\":\"" MADE_HASH "\","
                 "\"coefficient_transforms\":\"context-long-v1 boundary-host-v1 boundary-idle-v1 "
                 "boundary-pue-v1\",\"component\":\"inference\",\"confidence\":\"low\","
                 "\"energy_provenance\":\"modeled\",\"energy_source\":\"token_model\","
                 "\"extrapolated_output_tokens\":9,\"extrapolated_reasoning_output_tokens\":2,"
                 "\"measurement_boundary\":\"facility\",\"output_tokens\":10,\"phase\":\"decode\","
                 "\"provider_family\":\"operator-owned\",\"pue_applied\":true,"
                 "\"quantity_high\":136.01952,\"quantity_low\":1.59576,"
                 "\"reasoning_output_tokens\":2,\"record_ref\":\"resp_1\"},\"unit\":\"joules\","
                 "\"workspace_id\":\"ws_123\"}",
                 "the decode phase of a long request in its facility");
}

// Every boundary, server and phase, with few counts and with all of them.
static void check_every_kind(void) {
    struct emit_token_counts full = {.bucket = {1000, 200, 300, 40, 5}, .known = 31};
    struct emit_token_counts beyond = full;
    beyond.extrapolated_output = 100;
    const struct emit_token_counts *const kinds[] = {&counts, &full, &beyond};
    for (int kind = 0; kind < 3; kind++)
        for (int boundary = 0; boundary < EMIT_BOUNDARY_COUNT; boundary++)
            for (int served = EMIT_INFERENCE_MANAGED; served <= EMIT_INFERENCE_HERE; served++)
                for (int part = EMIT_TOKENS_TOTAL; part <= EMIT_TOKENS_DECODE; part++) {
                    struct emit_token_event_facts of = facts;
                    of.served = (enum emit_inference)served;
                    of.part = (enum emit_token_part)part;
                    char what[64];
                    snprintf(what, sizeof what, "counts %d, boundary %d, served %d, part %d", kind,
                             boundary, served, part);
                    check_contract(what, write_line(&of, &made_profiles[1],
                                                    (enum emit_boundary)boundary, kinds[kind]));
                }
}

static void check_words(void) {
    static const struct {
        enum emit_inference served;
        const char *tier, *family;
    } words[] = {
        {EMIT_INFERENCE_MANAGED, "\"capability_tier\":\"managed-inference\"",
         "\"provider_family\":\"managed\""},
        {EMIT_INFERENCE_BYOK_PROXY, "\"capability_tier\":\"byok-proxy\"",
         "\"provider_family\":\"byok\""},
        {EMIT_INFERENCE_HERE, "\"capability_tier\":\"gpu-runner\"",
         "\"provider_family\":\"operator-owned\""},
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        struct emit_token_event_facts of = facts;
        of.served = words[i].served;
        const char *written =
            write_line(&of, &made_profiles[1], EMIT_BOUNDARY_ACCELERATOR, &counts);
        CHECK(strstr(written, words[i].tier) && strstr(written, words[i].family), "%s",
              words[i].tier);
    }
    struct emit_token_event_facts late = facts;
    late.time_ns = LATE;
    CHECK(strstr(write_line(&late, &made_profiles[1], EMIT_BOUNDARY_ACCELERATOR, &counts),
                 "\"confidence\":\"low\""),
          "the day of the event decides what had expired");
}

static void check_refusals(void) {
    struct emit_token_event_facts decode = facts;
    decode.part = EMIT_TOKENS_DECODE;
    struct emit_token_counts input = {.bucket = {500, 0, 0, 0, 1},
                                      .known = 1 << EMIT_BUCKET_INPUT | 1 << EMIT_BUCKET_REQUEST};
    CHECK_STRING(write_line(&decode, &made_profiles[0], EMIT_BOUNDARY_ACCELERATOR, &input),
                 "resp_1: no count of tokens is known for its phase decode",
                 "a phase without counts");
    CHECK_STRING(write_line(&facts, &made_profiles[0], EMIT_BOUNDARY_ACCELERATOR, &counts),
                 "profile made-embedding-v1 has no coefficient for output",
                 "output of a profile without");
    check_contract("an embedding",
                   write_line(&facts, &made_profiles[0], EMIT_BOUNDARY_SYSTEM, &input));
    struct emit_token_model model;
    struct emit_error err = {0};
    CHECK(emit_token_model_init(&model, &made_table, &made_profiles[0], EMIT_BOUNDARY_SYSTEM,
                                &err) == EMIT_OK,
          "a model");
    for (size_t size = 1, length = strlen(line); size <= length; size += 13) {
        struct emit_text text;
        char small[EMIT_TOKEN_EVENT_LINE_MAX];
        emit_text_init(&text, small, size);
        if (emit_token_event_write(&text, &facts, &model, &input, &err) != EMIT_FULL)
            CHECK(false, "%zu bytes are too few", size);
    }
    CHECK_STRING(err.text, "resp_1: its event is longer than the buffer", "a line that is cut");
}

int main(void) {
    check_bytes();
    check_every_kind();
    check_words();
    check_refusals();
    return check_end();
}
