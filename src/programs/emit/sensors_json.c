// emit sensors --json: the same as one JSON object (contract/sensors.schema.json).
// SPDX-License-Identifier: Apache-2.0
#include "base/json_write.h"
#include "report/report.h"
#include "programs/emit/sensors.h"

static void write_text(struct emit_json_writer *writer, const char *key, const char *value) {
    if (!*value) return;
    emit_json_member_string(writer, key, value);
}

static void write_point(struct emit_json_writer *writer, const struct emit_slot *slot,
                        const struct emit_outcome *outcome) {
    const struct emit_point *point = &slot->point;
    bool has_watts = emit_outcome_has_energy(outcome);
    emit_json_open_object(writer);
    write_text(writer, "meter", point->meter);
    write_text(writer, "device_id", point->device_id);
    if (!(point->traits & EMIT_TRAIT_UNNAMEABLE))
        write_text(writer, "component", emit_component_word(point->component));
    emit_json_member_bool(writer, "readable", emit_sensors_is_readable(slot));
    write_text(writer, "outcome", emit_outcome_word(outcome->kind));
    write_text(writer, "code", emit_code_word(outcome->code));
    write_text(writer, "note", point->note);
    write_text(writer, "inside", point->inside);
    write_text(writer, "same_as", *point->same_as ? point->same_as : outcome->because);
    write_text(writer, "same_as_meter", outcome->because_meter);
    if (has_watts) emit_json_member_double(writer, "watts", outcome->mean_watts);
    emit_json_member_double(writer, "update_period_ms", (double)point->update_period_ns / 1e6);
    emit_json_member_bool(writer, "simulated", (point->traits & EMIT_TRAIT_SIMULATED) != 0);
    emit_json_close_object(writer);
}

static void write_others(struct emit_json_writer *writer, const struct emit_sensors *sensors) {
    emit_json_key(writer, "others");
    emit_json_open_array(writer);
    for (size_t i = 0; i < sensors->other_count; i++) {
        const struct emit_other *other = &sensors->others[i];
        emit_json_open_object(writer);
        write_text(writer, "kind", other->kind);
        write_text(writer, "name", other->name);
        write_text(writer, "code", other->interface ? "unmetered" : "unnameable");
        if (other->interface) write_text(writer, "interface", other->interface);
        write_text(writer, "note", other->why);
        emit_json_close_object(writer);
    }
    emit_json_close_array(writer);
}

static void write_absent(struct emit_json_writer *writer, const char *name, const char *note) {
    emit_json_open_object(writer);
    write_text(writer, "interface", name);
    write_text(writer, "note", note);
    emit_json_close_object(writer);
}

static void write_absences(struct emit_json_writer *writer, const struct emit_sensors *sensors) {
    emit_json_key(writer, "absent");
    emit_json_open_array(writer);
    for (const struct emit_meter_type *const *type = emit_meter_types; *type; type++) {
        const char *why = emit_sensors_absence(sensors, (*type)->name);
        if (why) write_absent(writer, (*type)->name, why);
    }
    if (!sensors->ipmi_found && !sensors->host.sysfs_is_own)
        write_absent(writer, "ipmi", "no /dev/ipmi0");
    emit_json_close_array(writer);
}

// Each code that a meter's point was found with and that something helps against, once.
static void write_remedies(struct emit_json_writer *writer, const struct emit_sensors *sensors) {
    emit_json_key(writer, "remedies");
    emit_json_open_array(writer);
    for (size_t i = 0; i < sensors->count; i++) {
        const struct emit_point *point = &sensors->slots[i].point;
        const char *line = emit_sensors_remedy(sensors, i);
        if (!line) continue;
        emit_json_open_object(writer);
        write_text(writer, "code", emit_code_word(point->found));
        write_text(writer, "line", line);
        emit_json_close_object(writer);
    }
    emit_json_close_array(writer);
}

enum emit_status emit_sensors_write_json(struct emit_text *text, const struct emit_sensors *sensors,
                                         struct emit_error *err) {
    struct emit_json_writer writer;
    struct emit_sensors_counts counts;
    char node[65];
    emit_sensors_count(sensors, &counts);
    emit_host_node_name(node, sizeof node);
    emit_json_writer_init(&writer, text);
    emit_json_open_object(&writer);
    write_text(&writer, "node_id", node);
    emit_json_member_bool(&writer, "simulated", counts.simulated > 0);
    emit_json_member_bool(&writer, "borrowed_right", sensors->host.borrowed_right);
    emit_json_member_u64(&writer, "found", counts.found);
    emit_json_member_u64(&writer, "readable", counts.readable);
    emit_json_member_u64(&writer, "explained", counts.explained);
    emit_json_member_u64(&writer, "unnameable", counts.unnameable);
    emit_json_key(&writer, "points");
    emit_json_open_array(&writer);
    for (size_t i = 0; i < sensors->count; i++)
        write_point(&writer, &sensors->slots[i], &sensors->result.outcomes[i]);
    emit_json_close_array(&writer);
    write_others(&writer, sensors);
    write_absences(&writer, sensors);
    write_remedies(&writer, sensors);
    emit_json_close_object(&writer);
    if (!text->cut) return EMIT_OK;
    return emit_fail(err, EMIT_FULL, "the description of this machine is over %d bytes",
                     EMIT_SENSORS_JSON_MAX);
}
