// The report and its diagnostics as JSON: what --json prints and the store keeps.
// SPDX-License-Identifier: Apache-2.0
#include "report/report.h"

#include "base/json_write.h"
#include "base/time.h"
#include "report/members.h"

#include <math.h>
#include <string.h>

static double double_at(const void *at) {
    double value;
    memcpy(&value, at, sizeof value);
    return value;
}

// Every enumeration of ours has the size of an int.
static int enum_at(const void *at) {
    int value;
    memcpy(&value, at, sizeof value);
    return value;
}

static bool is_left_out(const struct emit_member *row, const char *at) {
    if (row->type == EMIT_MEMBER_DOUBLE && !isfinite(double_at(at))) return true;
    if (!row->optional) return false;
    if (row->type == EMIT_MEMBER_TEXT) return at[0] == '\0';
    for (size_t i = 0; i < row->size; i++)
        if (at[i]) return false;
    return true;
}

static void write_value(struct emit_json_writer *writer, const struct emit_member *row,
                        const void *at) {
    switch (row->type) {
    case EMIT_MEMBER_TEXT: emit_json_string(writer, at); break;
    case EMIT_MEMBER_SOURCE:
    case EMIT_MEMBER_COMPONENT:
    case EMIT_MEMBER_ACCURACY:
    case EMIT_MEMBER_OUTCOME:
    case EMIT_MEMBER_CODE:
    case EMIT_MEMBER_STATE:
        emit_json_string(writer, emit_member_word(row->type, enum_at(at)));
        break;
    case EMIT_MEMBER_DOUBLE: emit_json_double(writer, double_at(at)); break;
    case EMIT_MEMBER_U64: emit_json_u64(writer, *(const uint64_t *)at); break;
    case EMIT_MEMBER_U32: emit_json_u64(writer, *(const uint32_t *)at); break;
    case EMIT_MEMBER_I64: emit_json_i64(writer, *(const int64_t *)at); break;
    case EMIT_MEMBER_FLAG: emit_json_bool(writer, *(const bool *)at); break;
    }
}

static void write_members(struct emit_json_writer *writer, const struct emit_member *rows,
                          const void *owner) {
    for (const struct emit_member *row = rows; row->key; row++) {
        const char *at = (const char *)owner + row->offset;
        if (is_left_out(row, at)) continue;
        emit_json_key(writer, row->key);
        write_value(writer, row, at);
    }
}

static void write_time(struct emit_json_writer *writer, const char *key, int64_t wall_ns) {
    char text[EMIT_TIME_TEXT];
    emit_time_write(text, wall_ns);
    emit_json_member_string(writer, key, text);
}

static void write_point(struct emit_json_writer *writer, const struct emit_report *report,
                        size_t index) {
    const struct emit_point *point = &report->slots[index].point;
    struct emit_outcome outcome = report->outcomes[index];
    // Monotonic time means nothing to another reader: offsets do.
    outcome.from_ns -= report->header.start_ns;
    outcome.to_ns -= report->header.start_ns;
    emit_json_open_object(writer);
    write_members(writer, emit_point_members, point);
    if (point->device_index >= 0) emit_json_member_i64(writer, "device_index", point->device_index);
    write_members(writer, emit_decision_members, &outcome);
    if (emit_outcome_has_energy(&outcome)) write_members(writer, emit_figure_members, &outcome);
    emit_json_close_object(writer);
}

static void write_totals(struct emit_json_writer *writer, const struct emit_report_total *totals,
                         size_t count) {
    emit_json_key(writer, "totals");
    emit_json_open_array(writer);
    for (size_t i = 0; i < count; i++) {
        emit_json_open_object(writer);
        write_members(writer, emit_total_members, &totals[i]);
        emit_json_close_object(writer);
    }
    emit_json_close_array(writer);
}

static void write_phase_points(struct emit_json_writer *writer,
                               const struct emit_report_phase *phase) {
    emit_json_key(writer, "points");
    emit_json_open_array(writer);
    for (size_t i = 0; i < phase->point_count; i++) {
        const struct emit_outcome *outcome = &phase->outcomes[i];
        if (outcome->kind == EMIT_OUTCOME_EXCLUDED) continue; // as it stands at the run's
        emit_json_open_object(writer);
        write_members(writer, emit_phase_point_members, &phase->slots[i].point);
        write_members(writer, emit_phase_outcome_members, outcome);
        if (emit_outcome_has_energy(outcome))
            write_members(writer, emit_phase_figure_members, outcome);
        emit_json_close_object(writer);
    }
    emit_json_close_array(writer);
}

static void write_phases(struct emit_json_writer *writer, const struct emit_report *report,
                         bool with_points) {
    if (report->phase_count == 0) return;
    emit_json_key(writer, "phases");
    emit_json_open_array(writer);
    for (size_t i = 0; i < report->phase_count; i++) {
        const struct emit_report_phase *phase = &report->phases[i];
        emit_json_open_object(writer);
        write_members(writer, emit_phase_members, phase);
        write_time(writer, "from", phase->from_wall_ns);
        write_time(writer, "to", phase->to_wall_ns);
        if (with_points) write_phase_points(writer, phase);
        write_totals(writer, phase->totals, phase->total_count);
        emit_json_close_object(writer);
    }
    emit_json_close_array(writer);
}

static void write_lists(struct emit_json_writer *writer, const struct emit_report *report) {
    emit_json_key(writer, "points");
    emit_json_open_array(writer);
    for (size_t i = 0; i < report->point_count; i++)
        write_point(writer, report, i);
    emit_json_close_array(writer);
    write_totals(writer, report->totals, report->total_count);
    emit_json_key(writer, "diagnostics");
    emit_json_open_array(writer);
    for (size_t i = 0; i < report->diagnostic_count; i++) {
        emit_json_open_object(writer);
        write_members(writer, emit_diagnostic_members, &report->diagnostics[i]);
        emit_json_close_object(writer);
    }
    emit_json_close_array(writer);
    emit_json_key(writer, "notes");
    emit_json_open_array(writer);
    for (size_t i = 0; i < report->note_count; i++)
        emit_json_string(writer, report->notes[i]);
    emit_json_close_array(writer);
}

static void write_served_model(struct emit_json_writer *writer,
                               const struct emit_served_model *model) {
    emit_json_open_object(writer);
    write_members(writer, emit_served_model_members, model);
    for (int bucket = 0; bucket < EMIT_SERVED_BUCKETS; bucket++) {
        const struct emit_served_amount *amount = &model->amounts[bucket];
        if (!amount->known) continue;
        emit_json_member_u64(writer, emit_served_keys[bucket][0], amount->count);
        if (amount->slack) emit_json_member_u64(writer, emit_served_keys[bucket][1], amount->slack);
    }
    emit_json_close_object(writer);
}

static void write_served_counts(struct emit_json_writer *writer, const struct emit_report *report) {
    const struct emit_report_served *served = &report->served;
    emit_json_member_string(writer, "kind", served->use.kind->name);
    write_time(writer, "from", served->from_wall_ns);
    write_time(writer, "to", served->to_wall_ns);
    write_members(writer, emit_served_window_members, served);
    if (served->use.knows_running) {
        emit_json_member_u64(writer, "requests_at_work_first", served->use.running_first);
        emit_json_member_u64(writer, "requests_at_work_last", served->use.running_last);
    }
    emit_json_key(writer, "models");
    emit_json_open_array(writer);
    for (size_t i = 0; i < served->use.model_count; i++)
        write_served_model(writer, &served->use.models[i]);
    emit_json_close_array(writer);
    if (served->gpu_count == 0) return;
    write_members(writer, emit_served_figure_members, served);
    emit_json_key(writer, "gpu_device_ids");
    emit_json_open_array(writer);
    for (size_t i = 0; i < report->point_count; i++)
        if (emit_report_is_of_served(report, i))
            emit_json_string(writer, report->slots[i].point.device_id);
    emit_json_close_array(writer);
}

static void write_served(struct emit_json_writer *writer, const struct emit_report *report) {
    emit_json_open_object(writer);
    write_members(writer, emit_served_members, &report->served);
    if (report->served.use.kind) write_served_counts(writer, report);
    emit_json_close_object(writer);
}

enum emit_status emit_report_write_served(struct emit_text *text, const struct emit_report *report,
                                          struct emit_error *err) {
    struct emit_json_writer writer;
    emit_json_writer_init(&writer, text);
    write_served(&writer, report);
    if (text->cut) return emit_fail(err, EMIT_FULL, "it is longer than %zu bytes", text->size);
    return EMIT_OK;
}

// Of a run that several processes shared: how their commands ended.
static void write_tasks(struct emit_json_writer *writer, const struct emit_run_jobs *jobs) {
    if (jobs->begun < 2) return;
    emit_json_key(writer, "tasks");
    emit_json_open_object(writer);
    emit_json_member_i64(writer, "begun", jobs->begun);
    if (jobs->other_exits) emit_json_member_i64(writer, "other_exits", jobs->other_exits);
    emit_json_key(writer, "exits");
    emit_json_open_array(writer);
    for (int status = 0; status < EMIT_EXIT_STATUSES; status++) {
        if (!jobs->exits[status]) continue;
        emit_json_open_object(writer);
        emit_json_member_i64(writer, "exit", status);
        emit_json_member_i64(writer, "count", jobs->exits[status]);
        emit_json_close_object(writer);
    }
    emit_json_close_array(writer);
    emit_json_close_object(writer);
}

static void write_report(struct emit_text *text, const struct emit_report *report,
                         bool with_phase_points) {
    struct emit_json_writer writer;
    emit_json_writer_init(&writer, text);
    emit_json_open_object(&writer);
    write_members(&writer, emit_report_members, report);
    write_time(&writer, "from", report->header.start_wall_ns);
    write_time(&writer, "to", report->end_wall_ns);
    emit_json_key(&writer, "exit");
    if (report->has_exit)
        emit_json_i64(&writer, report->exit_status);
    else
        emit_json_null(&writer);
    write_tasks(&writer, &report->jobs);
    write_lists(&writer, report);
    write_phases(&writer, report, with_phase_points);
    if (report->served.server[0]) {
        emit_json_key(&writer, "served");
        write_served(&writer, report);
    }
    emit_json_key(&writer, "events");
    emit_json_open_object(&writer);
    write_members(&writer, emit_event_count_members, report);
    emit_json_close_object(&writer);
    emit_json_key(&writer, "self");
    emit_json_open_object(&writer);
    write_members(&writer, emit_self_members, report);
    emit_json_close_object(&writer);
    emit_json_close_object(&writer);
}

enum emit_status emit_report_write_json(struct emit_text *text, const struct emit_report *report,
                                        struct emit_error *err) {
    write_report(text, report, true);
    if (text->cut && report->phase_count) {
        // Many phases of many points: what each point drew in each stands in the events.
        emit_text_init(text, text->at, text->size);
        write_report(text, report, false);
    }
    if (text->cut)
        return emit_fail(err, EMIT_FULL, "the report of run %s is longer than %zu bytes",
                         report->header.run_id, text->size);
    return EMIT_OK;
}

// Keys sorted: a diagnostic is canonical as events are, so that its identity is
// the hash of its line.
enum emit_status emit_report_write_diagnostic(struct emit_text *text,
                                              const struct emit_report *report,
                                              const struct emit_report_diagnostic *diagnostic,
                                              struct emit_error *err) {
    struct emit_json_writer writer;
    emit_json_writer_init(&writer, text);
    emit_json_open_object(&writer);
    emit_json_member_string(&writer, "code", emit_code_word(diagnostic->code));
    emit_json_member_string(&writer, "message", diagnostic->message);
    emit_json_member_string(&writer, "meter", diagnostic->meter);
    emit_json_member_string(&writer, "point", diagnostic->point);
    emit_json_member_string(&writer, "remedy", diagnostic->remedy);
    emit_json_member_string(&writer, "run", report->header.run_id);
    write_time(&writer, "time", report->end_wall_ns);
    emit_json_close_object(&writer);
    if (text->cut)
        return emit_fail(err, EMIT_FULL, "a diagnostic is longer than %zu bytes", text->size);
    return EMIT_OK;
}
