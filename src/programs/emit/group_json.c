// Several runs of one command as one JSON object (contract/repeat.schema.json).
// SPDX-License-Identifier: Apache-2.0
#include "base/json_write.h"
#include "programs/emit/group.h"

#include <math.h>
#include <stdlib.h>

static void write_known(struct emit_json_writer *writer, const char *key, double value) {
    if (isfinite(value)) emit_json_member_double(writer, key, value);
}

static void write_statistics(struct emit_json_writer *writer,
                             const struct emit_statistics *statistics) {
    emit_json_member_u64(writer, "count", statistics->count);
    if (statistics->count == 0) return;
    emit_json_member_double(writer, "mean", statistics->mean);
    write_known(writer, "sigma", statistics->sigma);
    emit_json_member_double(writer, "min", statistics->min);
    emit_json_member_double(writer, "max", statistics->max);
    emit_json_member_double(writer, "median", statistics->median);
}

static void write_series(struct emit_json_writer *writer, const struct emit_group *group,
                         const struct emit_series *series) {
    struct emit_statistics statistics;
    double edges = emit_group_statistics(group, series, &statistics);
    write_statistics(writer, &statistics);
    write_known(writer, "timing_uncertainty_joules", edges);
}

static void write_runs(struct emit_json_writer *writer, const struct emit_group *group,
                       const bool *slow, const bool *hungry) {
    emit_json_key(writer, "runs");
    emit_json_open_array(writer);
    for (size_t i = 0; i < group->count; i++) {
        emit_json_open_object(writer);
        emit_json_member_string(writer, "run_id", group->runs[i].run_id);
        emit_json_member_i64(writer, "exit", group->runs[i].exit_status);
        emit_json_member_double(writer, "seconds", group->seconds[i]);
        write_known(writer, "joules", group->sum.joules[i]);
        emit_json_member_bool(writer, "time_stands_out", slow[i]);
        emit_json_member_bool(writer, "energy_stands_out", hungry[i]);
        emit_json_close_object(writer);
    }
    emit_json_close_array(writer);
}

static void write_devices(struct emit_json_writer *writer, const struct emit_group *group) {
    emit_json_key(writer, "devices");
    emit_json_open_array(writer);
    for (size_t i = 0; i < group->device_count; i++) {
        const struct emit_group_device *device = &group->devices[i];
        emit_json_open_object(writer);
        emit_json_member_string(writer, "meter", device->point.meter);
        emit_json_member_string(writer, "device_id", device->point.device_id);
        emit_json_member_string(writer, "component", emit_component_word(device->point.component));
        emit_json_member_bool(writer, "in_total", device->in_total);
        emit_json_key(writer, "joules");
        emit_json_open_object(writer);
        write_series(writer, group, &device->series);
        emit_json_close_object(writer);
        emit_json_close_object(writer);
    }
    emit_json_close_array(writer);
}

static void write_phases(struct emit_json_writer *writer, const struct emit_group *group) {
    emit_json_key(writer, "phases");
    emit_json_open_array(writer);
    for (size_t i = 0; i < group->phase_count; i++) {
        const struct emit_group_phase *phase = &group->phases[i];
        struct emit_statistics seconds;
        emit_statistics_of(&seconds, phase->seconds, group->count, group->scratch);
        emit_json_open_object(writer);
        emit_json_member_string(writer, "phase", phase->name);
        emit_json_key(writer, "seconds");
        emit_json_open_object(writer);
        write_statistics(writer, &seconds);
        emit_json_close_object(writer);
        emit_json_key(writer, "joules");
        emit_json_open_object(writer);
        write_series(writer, group, &phase->sum);
        emit_json_close_object(writer);
        emit_json_close_object(writer);
    }
    emit_json_close_array(writer);
}

enum emit_status emit_group_write_json(struct emit_text *text, const struct emit_group *group,
                                       const char *run_id, const char *command,
                                       struct emit_error *err) {
    struct emit_json_writer writer;
    struct emit_statistics seconds;
    bool *marks = calloc(2 * group->capacity, sizeof *marks);
    if (!marks) return emit_fail(err, EMIT_NO_MEMORY, "out of memory");
    bool *slow = marks, *hungry = marks + group->capacity;
    (void)emit_statistics_mark_outliers(slow, group->seconds, group->count, group->scratch);
    (void)emit_statistics_mark_outliers(hungry, group->sum.joules, group->count, group->scratch);
    emit_statistics_of(&seconds, group->seconds, group->count, group->scratch);
    emit_json_writer_init(&writer, text);
    emit_json_open_object(&writer);
    emit_json_member_string(&writer, "run_id", run_id);
    emit_json_member_string(&writer, "command", command);
    emit_json_member_bool(&writer, "simulated", group->simulated);
    write_runs(&writer, group, slow, hungry);
    emit_json_key(&writer, "seconds");
    emit_json_open_object(&writer);
    write_statistics(&writer, &seconds);
    emit_json_close_object(&writer);
    write_devices(&writer, group);
    emit_json_key(&writer, "sum");
    emit_json_open_object(&writer);
    emit_json_member_string(&writer, "what", group->summed);
    emit_json_key(&writer, "joules");
    emit_json_open_object(&writer);
    write_series(&writer, group, &group->sum);
    emit_json_close_object(&writer);
    emit_json_close_object(&writer);
    write_phases(&writer, group);
    emit_json_close_object(&writer);
    free(marks);
    if (text->cut) return emit_fail(err, EMIT_FULL, "it is longer than %zu bytes", text->size);
    return EMIT_OK;
}
