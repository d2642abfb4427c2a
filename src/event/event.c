// The line of a measured event. Keys are written in the order in which they
// must stand; nothing sorts them afterwards, the test compares.
// SPDX-License-Identifier: Apache-2.0
#include "event/event.h"

#include "base/json_write.h"
#include "base/time.h"

enum { MILLISECOND_NS = 1000000 };

bool emit_event_stands(const struct emit_outcome *outcome) {
    return emit_outcome_has_energy(outcome) && outcome->to_ns > outcome->from_ns;
}

static enum emit_tier tier_of(enum emit_component component) {
    switch (component) {
    case EMIT_COMPONENT_GPU:
    case EMIT_COMPONENT_GPU_MODULE: return EMIT_TIER_GPU_RUNNER;
    case EMIT_COMPONENT_CPU_PACKAGE:
    case EMIT_COMPONENT_CPU_CORE:
    case EMIT_COMPONENT_CPU_UNCORE:
    case EMIT_COMPONENT_DRAM:
    case EMIT_COMPONENT_PLATFORM: return EMIT_TIER_CPU_RUNNER;
    case EMIT_COMPONENT_NODE:
    case EMIT_COMPONENT_CHASSIS:
    case EMIT_COMPONENT_PSU:
    case EMIT_COMPONENT_RACK:
    case EMIT_COMPONENT_OUTLET:
    case EMIT_COMPONENT_PDU:
    case EMIT_COMPONENT_UPS:
    case EMIT_COMPONENT_FACILITY_FEED:
    case EMIT_COMPONENT_INFERENCE:
    case EMIT_COMPONENT_COUNT: break;
    }
    return EMIT_TIER_NODE_RUNNER;
}

static void write_tags(struct emit_json_writer *writer, const struct emit_event_facts *facts,
                       const struct emit_point *point, const struct emit_outcome *outcome) {
    uint64_t window_ns = (uint64_t)outcome->to_ns - (uint64_t)outcome->from_ns;
    emit_json_open_object(writer);
    emit_json_member_string(writer, "accuracy_class", emit_accuracy_word(point->accuracy));
    emit_json_member_string(writer, "capability_tier", emit_tier_word(tier_of(point->component)));
    emit_json_member_string(writer, "component", emit_component_word(point->component));
    if (outcome->concurrent_runs)
        emit_json_member_u64(writer, "concurrent_runs", outcome->concurrent_runs);
    if (outcome->contained_in[0])
        emit_json_member_string(writer, "contained_in", outcome->contained_in);
    emit_json_member_u64(writer, "counter_wraps", outcome->wraps);
    if (outcome->coverage_ratio < 1)
        emit_json_member_double(writer, "coverage_ratio", outcome->coverage_ratio);
    emit_json_member_string(writer, "device_id", point->device_id);
    if (point->device_index >= 0)
        emit_json_member_u64(writer, "device_index", (uint64_t)point->device_index);
    emit_json_member_string(writer, "energy_provenance",
                            emit_provenance_word(EMIT_PROVENANCE_MEASURED));
    emit_json_member_string(writer, "energy_source", emit_source_word(point->source));
    emit_json_member_u64(writer, "measurement_window_ms",
                         window_ns / MILLISECOND_NS + (window_ns % MILLISECOND_NS != 0));
    if (facts->node_id[0]) emit_json_member_string(writer, "node_id", facts->node_id);
    if (outcome->peak_watts > 0) emit_json_member_double(writer, "peak_watts", outcome->peak_watts);
    emit_json_member_string(writer, "phase", facts->phase ? facts->phase : "total");
    emit_json_member_string(writer, "provider_family",
                            emit_family_word(EMIT_FAMILY_OPERATOR_OWNED));
    emit_json_member_bool(writer, "pue_applied", false);
    emit_json_member_double(writer, "resolution_joules", outcome->resolution_joules);
    emit_json_member_u64(writer, "samples", outcome->samples);
    emit_json_member_double(writer, "sampling_hz", outcome->sampling_hz);
    if (outcome->simulated) emit_json_member_bool(writer, "simulated", true);
    emit_json_member_double(writer, "timing_uncertainty_joules", outcome->uncertainty_joules);
    emit_json_close_object(writer);
}

enum emit_status emit_event_write(struct emit_text *line, const struct emit_event_facts *facts,
                                  const struct emit_slot *slot, const struct emit_outcome *outcome,
                                  struct emit_error *err) {
    const char *device = slot->point.device_id;
    if (!emit_event_stands(outcome))
        return emit_fail(err, EMIT_INVALID, "%s: no event stands for this outcome", device);
    int64_t after_end_ns = 0, event_wall_ns = 0;
    if (__builtin_sub_overflow(outcome->to_ns, facts->end_ns, &after_end_ns) ||
        __builtin_add_overflow(facts->end_wall_ns, after_end_ns, &event_wall_ns))
        return emit_fail(err, EMIT_INVALID, "%s: the window ends at no time of day", device);
    char event_ts[EMIT_TIME_TEXT];
    emit_time_write(event_ts, event_wall_ns);

    struct emit_json_writer writer;
    emit_json_writer_init(&writer, line);
    emit_json_open_object(&writer);
    emit_json_member_string(&writer, "channel_id", "emit");
    emit_json_member_string(&writer, "compute_assignment_run_id", facts->run_id);
    emit_json_member_string(&writer, "event_ts", event_ts);
    emit_json_member_string(&writer, "kind", "emit:energy_meter_recorded");
    emit_json_member_double(&writer, "quantity", outcome->joules);
    emit_json_key(&writer, "tags");
    write_tags(&writer, facts, &slot->point, outcome);
    emit_json_member_string(&writer, "unit", "joules");
    emit_json_member_string(&writer, "workspace_id", facts->workspace_id);
    emit_json_close_object(&writer);
    if (line->cut)
        return emit_fail(err, EMIT_FULL, "%s: its event is longer than the buffer", device);
    return EMIT_OK;
}
