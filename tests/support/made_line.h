// Lines of modeled events that keep the contract at strict and differ in their record alone.
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_MADE_LINE_H
#define TESTS_MADE_LINE_H

#include "outbox/outbox.h"

#include <stdio.h>
#include <string.h>

enum { MADE_LINE_MAX = 2048 };

struct made_line {
    char run_id[128], text[MADE_LINE_MAX];
    char record_key[192], grouping_key[192];
    struct emit_claim claims[2];
    struct emit_entry entry;
};

// The n-th record of a run, which claims its record and the run's grouping. joules make a line
// of other content for the same record.
static inline void made_line_make(struct made_line *made, const char *run_id, unsigned n,
                                  unsigned joules, bool served_here) {
    (void)snprintf(made->run_id, sizeof made->run_id, "%s", run_id);
    int length = snprintf(
        made->text, sizeof made->text,
        "{\"channel_id\":\"emit\",\"compute_assignment_run_id\":\"%s\",\"event_ts\":\"2026-11-25T"
        "10:00:00.000Z\",\"kind\":\"emit:energy_meter_recorded\",\"quantity\":%u,\"tags\":{"
        "\"accuracy_class\":\"coefficient-model\",\"capability_tier\":\"%s\","
        "\"coefficient_accessed\":\"2026-11-01\",\"coefficient_notes\":\"None of this is true, and "
        "it is as long as notes are: output tokens of a mixture of experts at a batch of eight, "
        "accelerators only, with the energy of prefill in it, from one benchmark of one machine."
        "\",\"coefficient_profile\":\"made-up-v1\",\"coefficient_published\":\"2026-09-01\","
        "\"coefficient_source_title\":\"A benchmark that nobody ran\",\"coefficient_source_url\":"
        "\"https://example.org/benchmark\",\"coefficient_source_version\":\"1\","
        "\"coefficient_table_sha256\":\"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b78"
        "52b855\",\"component\":\"inference\",\"confidence\":\"low\",\"energy_provenance\":"
        "\"modeled\",\"energy_source\":\"token_model\",\"input_tokens\":1200,"
        "\"measurement_boundary\":\"accelerator\",\"output_tokens\":340,\"phase\":\"total\","
        "\"provider_family\":\"%s\",\"pue_applied\":false,\"quantity_high\":%u,"
        "\"quantity_low\":%u,\"record_ref\":\"chatcmpl-%08u\",\"requests\":1},\"unit\":\"joules\","
        "\"workspace_id\":\"ws_local\"}",
        run_id, joules, served_here ? "gpu-runner" : "managed-inference",
        served_here ? "operator-owned" : "managed", 2 * joules, joules / 2, n);
    (void)snprintf(made->record_key, sizeof made->record_key, "%s record %u total", run_id, n);
    (void)snprintf(made->grouping_key, sizeof made->grouping_key, "%s grouping", run_id);
    made->claims[0] = (struct emit_claim){.key = made->grouping_key, .value = "request"};
    made->claims[1] = (struct emit_claim){.key = made->record_key};
    made->entry = (struct emit_entry){
        .run_id = made->run_id,
        .workspace_id = "ws_local",
        .time_ns = INT64_C(1795600800000000000),
        .body = made->text,
        .length = (size_t)length,
        .claims = made->claims,
        .claim_count = 2,
    };
}

#endif
