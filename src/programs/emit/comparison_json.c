// Two runs side by side as one JSON object (contract/compare.schema.json).
// SPDX-License-Identifier: Apache-2.0
#include "base/json_write.h"
#include "programs/emit/comparison.h"

#include <math.h>

static void write_known(struct emit_json_writer *writer, const char *key, double value) {
    if (isfinite(value)) emit_json_member_double(writer, key, value);
}

static void write_quantity(struct emit_json_writer *writer, const char *key,
                           const struct emit_quantity *quantity) {
    if (!quantity->known) return;
    emit_json_key(writer, key);
    emit_json_open_object(writer);
    emit_json_member_double(writer, "value", quantity->value);
    write_known(writer, "sigma", quantity->sigma);
    write_known(writer, "margin", quantity->margin);
    emit_json_close_object(writer);
}

static void write_row(struct emit_json_writer *writer, const struct emit_comparison_row *row) {
    emit_json_open_object(writer);
    if (row->device) {
        const struct emit_point *point = &row->device->point;
        emit_json_member_string(writer, "device_id", point->device_id);
        emit_json_member_string(writer, "component", emit_component_word(point->component));
    }
    write_quantity(writer, "a", &row->a);
    write_quantity(writer, "b", &row->b);
    write_known(writer, "difference", row->difference);
    write_known(writer, "percent", row->percent);
    write_known(writer, "margin", row->margin);
    emit_json_member_string(writer, "verdict", emit_verdict_word(row->verdict));
    emit_json_close_object(writer);
}

static void write_side(struct emit_json_writer *writer, const char *key,
                       const struct emit_side *side) {
    emit_json_key(writer, key);
    emit_json_open_object(writer);
    emit_json_member_string(writer, "run_id", side->name);
    if (side->node_id[0]) emit_json_member_string(writer, "node_id", side->node_id);
    emit_json_member_string(writer, "command", side->command);
    emit_json_member_u64(writer, "runs", side->group.count);
    emit_json_member_bool(writer, "simulated", side->group.simulated);
    emit_json_member_bool(writer, "measured_in_full", !side->is_partial);
    emit_json_member_u64(writer, "concurrent_runs", side->concurrent_runs);
    emit_json_close_object(writer);
}

enum emit_status emit_comparison_write_json(struct emit_text *text,
                                            const struct emit_comparison *comparison,
                                            struct emit_error *err) {
    struct emit_json_writer writer;
    emit_json_writer_init(&writer, text);
    emit_json_open_object(&writer);
    write_side(&writer, "a", comparison->a);
    write_side(&writer, "b", comparison->b);
    emit_json_member_bool(&writer, "nodes_differ", comparison->nodes_differ);
    emit_json_member_bool(&writer, "sums_differ", comparison->sums_differ);
    emit_json_key(&writer, "seconds");
    write_row(&writer, &comparison->seconds);
    emit_json_key(&writer, "devices");
    emit_json_open_array(&writer);
    for (size_t i = 0; i < comparison->count; i++)
        write_row(&writer, &comparison->rows[i]);
    emit_json_close_array(&writer);
    emit_json_key(&writer, "joules");
    write_row(&writer, &comparison->sum);
    emit_json_key(&writer, "watts");
    write_row(&writer, &comparison->watts);
    emit_json_key(&writer, "phases");
    emit_json_open_array(&writer);
    for (size_t i = 0; i < comparison->phase_count; i++) {
        emit_json_open_object(&writer);
        emit_json_member_string(&writer, "phase", comparison->phases[i].name);
        emit_json_key(&writer, "seconds");
        write_row(&writer, &comparison->phases[i].seconds);
        emit_json_key(&writer, "joules");
        write_row(&writer, &comparison->phases[i].sum);
        emit_json_close_object(&writer);
    }
    emit_json_close_array(&writer);
    emit_json_close_object(&writer);
    if (text->cut) return emit_fail(err, EMIT_FULL, "it is longer than %zu bytes", text->size);
    return EMIT_OK;
}
