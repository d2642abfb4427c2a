// The members of a report's JSON document: the order of the rows is the order in the document.
// SPDX-License-Identifier: Apache-2.0
#include "report/members.h"

#include "report/report.h"

#define MEMBER(word, kind, owner, field)                                                           \
    {                                                                                              \
        .key = word, .type = EMIT_MEMBER_##kind, .offset = offsetof(struct owner, field),          \
        .size = sizeof((struct owner *)0)->field                                                   \
    }
#define OPTIONAL(word, kind, owner, field)                                                         \
    {                                                                                              \
        .key = word, .type = EMIT_MEMBER_##kind, .optional = true,                                 \
        .offset = offsetof(struct owner, field), .size = sizeof((struct owner *)0)->field          \
    }

// clang-format off
const struct emit_member emit_report_members[] = {
    MEMBER("run_id", TEXT, emit_report, header.run_id),
    MEMBER("workspace_id", TEXT, emit_report, header.workspace_id),
    OPTIONAL("node_id", TEXT, emit_report, header.node_id),
    MEMBER("command", TEXT, emit_report, header.command),
    MEMBER("state", STATE, emit_report, state),
    MEMBER("window_ns", I64, emit_report, window_ns),
    MEMBER("simulated", FLAG, emit_report, simulated),
    MEMBER("concurrent_runs", U32, emit_report, concurrent_runs),
    OPTIONAL("all_domains", FLAG, emit_report, header.all_domains),
    OPTIONAL("left_to_others", FLAG, emit_report, left_to_others),
    {0},
};

const struct emit_member emit_event_count_members[] = {
    MEMBER("made", U32, emit_report, events_made),
    MEMBER("refused", U32, emit_report, events_refused),
    MEMBER("stored", U32, emit_report, events_stored),
    MEMBER("duplicate", U32, emit_report, events_duplicate),
    MEMBER("in_store", FLAG, emit_report, stored),
    {0},
};

const struct emit_member emit_self_members[] = {
    MEMBER("cpu_seconds", DOUBLE, emit_report, self_cpu_seconds),
    {0},
};

const struct emit_member emit_point_members[] = {
    MEMBER("meter", TEXT, emit_point, meter),
    MEMBER("device_id", TEXT, emit_point, device_id),
    MEMBER("energy_source", SOURCE, emit_point, source),
    MEMBER("component", COMPONENT, emit_point, component),
    MEMBER("accuracy_class", ACCURACY, emit_point, accuracy),
    {0},
};

const struct emit_member emit_decision_members[] = {
    MEMBER("outcome", OUTCOME, emit_outcome, kind),
    OPTIONAL("code", CODE, emit_outcome, code),
    OPTIONAL("because", TEXT, emit_outcome, because),
    OPTIONAL("because_meter", TEXT, emit_outcome, because_meter),
    OPTIONAL("replicate_joules", DOUBLE, emit_outcome, replicate_joules),
    OPTIONAL("replicate_code", CODE, emit_outcome, replicate_code),
    OPTIONAL("contained_in", TEXT, emit_outcome, contained_in),
    OPTIONAL("in_total", FLAG, emit_outcome, counts_in_total),
    OPTIONAL("simulated", FLAG, emit_outcome, simulated),
    OPTIONAL("concurrent_runs", U32, emit_outcome, concurrent_runs),
    {0},
};

const struct emit_member emit_figure_members[] = {
    MEMBER("joules", DOUBLE, emit_outcome, joules),
    MEMBER("mean_watts", DOUBLE, emit_outcome, mean_watts),
    OPTIONAL("peak_watts", DOUBLE, emit_outcome, peak_watts),
    MEMBER("timing_uncertainty_joules", DOUBLE, emit_outcome, uncertainty_joules),
    MEMBER("resolution_joules", DOUBLE, emit_outcome, resolution_joules),
    MEMBER("coverage_ratio", DOUBLE, emit_outcome, coverage_ratio),
    MEMBER("sampling_hz", DOUBLE, emit_outcome, sampling_hz),
    MEMBER("samples", U64, emit_outcome, samples),
    MEMBER("counter_wraps", U64, emit_outcome, wraps),
    MEMBER("from_offset_ns", I64, emit_outcome, from_ns), // from the beginning of the run
    MEMBER("to_offset_ns", I64, emit_outcome, to_ns),
    {0},
};

const struct emit_member emit_phase_members[] = {
    MEMBER("phase", TEXT, emit_report_phase, name),
    MEMBER("parts", U64, emit_report_phase, parts),
    MEMBER("window_ns", I64, emit_report_phase, lasted_ns),
    OPTIONAL("ended_with_run", FLAG, emit_report_phase, is_open),
    {0},
};

const struct emit_member emit_phase_point_members[] = {
    MEMBER("meter", TEXT, emit_point, meter),
    MEMBER("device_id", TEXT, emit_point, device_id),
    {0},
};

const struct emit_member emit_phase_outcome_members[] = {
    MEMBER("outcome", OUTCOME, emit_outcome, kind),
    OPTIONAL("code", CODE, emit_outcome, code),
    OPTIONAL("in_total", FLAG, emit_outcome, counts_in_total),
    {0},
};

const struct emit_member emit_phase_figure_members[] = {
    MEMBER("joules", DOUBLE, emit_outcome, joules),
    MEMBER("mean_watts", DOUBLE, emit_outcome, mean_watts),
    MEMBER("timing_uncertainty_joules", DOUBLE, emit_outcome, uncertainty_joules),
    MEMBER("coverage_ratio", DOUBLE, emit_outcome, coverage_ratio),
    {0},
};

const struct emit_member emit_total_members[] = {
    MEMBER("what", TEXT, emit_report_total, what),
    MEMBER("joules", DOUBLE, emit_report_total, joules),
    MEMBER("mean_watts", DOUBLE, emit_report_total, mean_watts),
    MEMBER("timing_uncertainty_joules", DOUBLE, emit_report_total, uncertainty_joules),
    {0},
};

const struct emit_member emit_diagnostic_members[] = {
    MEMBER("meter", TEXT, emit_report_diagnostic, meter),
    MEMBER("point", TEXT, emit_report_diagnostic, point),
    MEMBER("code", CODE, emit_report_diagnostic, code),
    MEMBER("message", TEXT, emit_report_diagnostic, message),
    OPTIONAL("remedy", TEXT, emit_report_diagnostic, remedy),
    {0},
};

const struct emit_member emit_served_members[] = {
    MEMBER("server", TEXT, emit_report_served, server),
    OPTIONAL("refused", TEXT, emit_report_served, refused),
    OPTIONAL("unstated", TEXT, emit_report_served, unstated),
    {0},
};

const struct emit_member emit_served_model_members[] = {
    MEMBER("model", TEXT, emit_served_model, name),
    OPTIONAL("input_lacks_cached", FLAG, emit_served_model, input_lacks_cached),
    {0},
};

const char *const emit_served_keys[EMIT_SERVED_BUCKETS][2] = {
    [EMIT_SERVED_INPUT] = {"input_tokens", "input_tokens_slack"},
    [EMIT_SERVED_CACHED] = {"cached_input_tokens", "cached_input_tokens_slack"},
    [EMIT_SERVED_OUTPUT] = {"output_tokens", "output_tokens_slack"},
    [EMIT_SERVED_REQUESTS] = {"requests", "requests_slack"},
};

const struct emit_member emit_served_window_members[] = {
    MEMBER("from_gap_ns", I64, emit_report_served, from_gap_ns),
    MEMBER("to_gap_ns", I64, emit_report_served, to_gap_ns),
    OPTIONAL("may_hide_restart", FLAG, emit_report_served, use.may_hide_restart),
    {0},
};

const struct emit_member emit_served_figure_members[] = {
    MEMBER("gpu_count", U32, emit_report_served, gpu_count),
    MEMBER("gpu_joules", DOUBLE, emit_report_served, gpu_joules),
    MEMBER("gpu_timing_uncertainty_joules", DOUBLE, emit_report_served, gpu_uncertainty_joules),
    OPTIONAL("joules_per_output_token", DOUBLE, emit_report_served, joules_per_output_token),
    OPTIONAL("joules_per_token", DOUBLE, emit_report_served, joules_per_token),
    {0},
};
// clang-format on

static const char *const states[] = {
    [EMIT_REPORT_ENDED] = "ended", [EMIT_REPORT_KILLED] = "killed", [EMIT_REPORT_OPEN] = "open"};

const char *emit_member_word(enum emit_member_type type, int index) {
    switch (type) {
    case EMIT_MEMBER_SOURCE:
        return index < EMIT_SOURCE_COUNT ? emit_source_word((enum emit_source)index) : NULL;
    case EMIT_MEMBER_COMPONENT:
        return index < EMIT_COMPONENT_COUNT ? emit_component_word((enum emit_component)index)
                                            : NULL;
    case EMIT_MEMBER_ACCURACY:
        return index < EMIT_ACCURACY_COUNT ? emit_accuracy_word((enum emit_accuracy)index) : NULL;
    case EMIT_MEMBER_OUTCOME:
        return index < EMIT_OUTCOME_COUNT ? emit_outcome_word((enum emit_outcome_kind)index) : NULL;
    case EMIT_MEMBER_CODE:
        return index < EMIT_CODE_COUNT ? emit_code_word((enum emit_code)index) : NULL;
    case EMIT_MEMBER_STATE: return index < EMIT_REPORT_STATE_COUNT ? states[index] : NULL;
    case EMIT_MEMBER_TEXT:
    case EMIT_MEMBER_DOUBLE:
    case EMIT_MEMBER_U64:
    case EMIT_MEMBER_U32:
    case EMIT_MEMBER_I64:
    case EMIT_MEMBER_FLAG: break;
    }
    return NULL;
}

const char *emit_report_state_word(enum emit_report_state state) {
    return emit_member_word(EMIT_MEMBER_STATE, (int)state);
}
