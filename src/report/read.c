// The report's JSON document back into a report. Members it does not know are
// skipped, so that an older emit shows what a newer one stored.
// SPDX-License-Identifier: Apache-2.0
#include "report/report.h"

#include "base/json.h"
#include "base/time.h"
#include "report/members.h"
#include "runs/phase.h"

#include <stdlib.h>
#include <string.h>

// What must stand in a document for it to be a report at all.
enum required_member { HAS_RUN_ID = 1, HAS_FROM = 2, HAS_TO = 4, HAS_POINTS = 8, HAS_ALL = 15 };

struct reader {
    struct emit_json json;
    struct emit_report report;
    unsigned has;      // of required_member
    const char *wrong; // the first member that could not be taken; NULL none
    bool no_memory;
};

static bool take_text(struct emit_json *json, char *text, size_t size) {
    struct emit_json_slice slice;
    return emit_json_take_string(json, &slice) && emit_json_decode(&slice, text, size);
}

static bool take_word(struct emit_json *json, enum emit_member_type type, void *at) {
    struct emit_json_slice slice;
    if (!emit_json_take_string(json, &slice)) return false;
    const char *word;
    for (int i = 0; (word = emit_member_word(type, i)); i++) {
        if (!emit_json_slice_is(&slice, word)) continue;
        memcpy(at, &i, sizeof i);
        return true;
    }
    return false;
}

static bool take_u32(struct emit_json *json, uint32_t *value) {
    uint64_t wide;
    if (!emit_json_take_u64(json, &wide) || wide > UINT32_MAX) return false;
    *value = (uint32_t)wide;
    return true;
}

static bool take_value(struct emit_json *json, const struct emit_member *row, void *at) {
    switch (row->type) {
    case EMIT_MEMBER_TEXT: return take_text(json, at, row->size);
    case EMIT_MEMBER_SOURCE:
    case EMIT_MEMBER_COMPONENT:
    case EMIT_MEMBER_ACCURACY:
    case EMIT_MEMBER_OUTCOME:
    case EMIT_MEMBER_CODE:
    case EMIT_MEMBER_STATE: return take_word(json, row->type, at);
    case EMIT_MEMBER_DOUBLE: return emit_json_take_double(json, at);
    case EMIT_MEMBER_U64: return emit_json_take_u64(json, at);
    case EMIT_MEMBER_U32: return take_u32(json, at);
    case EMIT_MEMBER_I64: return emit_json_take_i64(json, at);
    case EMIT_MEMBER_FLAG: return emit_json_take_bool(json, at);
    }
    return false;
}

// Takes the value when the key is of the table; false: it is not, nothing was taken.
static bool take_member(struct reader *reader, const struct emit_json_slice *key,
                        const struct emit_member *rows, void *owner) {
    for (const struct emit_member *row = rows; row->key; row++) {
        if (!emit_json_slice_is(key, row->key)) continue;
        if (!take_value(&reader->json, row, (char *)owner + row->offset) && !reader->wrong)
            reader->wrong = row->key;
        return true;
    }
    return false;
}

static void skip(struct reader *reader) {
    (void)emit_json_skip(&reader->json);
}

static bool goes_on(const struct reader *reader) {
    return !reader->wrong && !reader->no_memory;
}

static void take_object(struct reader *reader, const struct emit_member *rows, void *owner) {
    struct emit_json_slice key;
    if (!emit_json_enter_object(&reader->json)) return;
    while (goes_on(reader) && emit_json_next_member(&reader->json, &key))
        if (!take_member(reader, &key, rows, owner)) skip(reader);
}

static void take_point(struct reader *reader, struct emit_point *point,
                       struct emit_outcome *outcome) {
    struct emit_json_slice key;
    int64_t index = -1;
    if (!emit_json_enter_object(&reader->json)) return;
    while (goes_on(reader) && emit_json_next_member(&reader->json, &key)) {
        if (take_member(reader, &key, emit_point_members, point) ||
            take_member(reader, &key, emit_decision_members, outcome) ||
            take_member(reader, &key, emit_figure_members, outcome))
            continue;
        if (!emit_json_slice_is(&key, "device_index"))
            skip(reader);
        else if (!emit_json_take_i64(&reader->json, &index) || index < 0 || index > INT32_MAX)
            reader->wrong = "device_index";
    }
    point->device_index = (int32_t)index;
}

// Room for one more element of an array that grows by doubling; false: no memory.
static bool make_room(struct reader *reader, void **array, size_t count, size_t element) {
    if ((count & (count - 1)) != 0) return true;
    void *grown = reallocarray(*array, count ? 2 * count : 1, element);
    if (grown)
        *array = grown;
    else
        reader->no_memory = true;
    return grown;
}

static void take_points(struct reader *reader) {
    struct emit_report *report = &reader->report;
    if (!emit_json_enter_array(&reader->json)) return;
    while (goes_on(reader) && emit_json_next_element(&reader->json)) {
        void *slots = report->slots, *outcomes = report->outcomes;
        size_t count = report->point_count;
        if (count == EMIT_POINTS_MAX) {
            reader->wrong = "points";
            return;
        }
        bool room = make_room(reader, &slots, count, sizeof *report->slots) &&
                    make_room(reader, &outcomes, count, sizeof *report->outcomes);
        report->slots = slots;
        report->outcomes = outcomes;
        if (!room) return;
        report->slots[count] = (struct emit_slot){0};
        report->outcomes[count] = (struct emit_outcome){0};
        take_point(reader, &report->slots[count].point, &report->outcomes[count]);
        report->point_count++;
    }
}

static void take_time(struct reader *reader, const char *key, int64_t *wall_ns) {
    struct emit_json_slice slice;
    if (!emit_json_take_string(&reader->json, &slice) ||
        !emit_time_read(slice.at, slice.length, wall_ns))
        reader->wrong = key;
}

static void take_totals(struct reader *reader, struct emit_report_total *totals, size_t *count) {
    if (!emit_json_enter_array(&reader->json)) return;
    while (goes_on(reader) && emit_json_next_element(&reader->json)) {
        if (*count == EMIT_REPORT_TOTALS_MAX) {
            reader->wrong = "totals";
            return;
        }
        take_object(reader, emit_total_members, &totals[(*count)++]);
    }
}

static void take_phase_point(struct reader *reader, struct emit_point *point,
                             struct emit_outcome *outcome) {
    struct emit_json_slice key;
    if (!emit_json_enter_object(&reader->json)) return;
    while (goes_on(reader) && emit_json_next_member(&reader->json, &key))
        if (!take_member(reader, &key, emit_phase_point_members, point) &&
            !take_member(reader, &key, emit_phase_outcome_members, outcome) &&
            !take_member(reader, &key, emit_phase_figure_members, outcome))
            skip(reader);
}

static void take_phase_points(struct reader *reader, struct emit_report_phase *phase) {
    if (!emit_json_enter_array(&reader->json)) return;
    while (goes_on(reader) && emit_json_next_element(&reader->json)) {
        void *slots = phase->slots, *outcomes = phase->outcomes;
        size_t count = phase->point_count;
        if (count == EMIT_POINTS_MAX) {
            reader->wrong = "points";
            return;
        }
        bool room = make_room(reader, &slots, count, sizeof *phase->slots) &&
                    make_room(reader, &outcomes, count, sizeof *phase->outcomes);
        phase->slots = slots;
        phase->outcomes = outcomes;
        if (!room) return;
        phase->slots[count] = (struct emit_slot){0};
        phase->outcomes[count] = (struct emit_outcome){0};
        take_phase_point(reader, &phase->slots[count].point, &phase->outcomes[count]);
        phase->point_count++;
    }
}

static void take_phase(struct reader *reader, struct emit_report_phase *phase) {
    struct emit_json_slice key;
    if (!emit_json_enter_object(&reader->json)) return;
    while (goes_on(reader) && emit_json_next_member(&reader->json, &key)) {
        if (take_member(reader, &key, emit_phase_members, phase)) continue;
        if (emit_json_slice_is(&key, "from"))
            take_time(reader, "from", &phase->from_wall_ns);
        else if (emit_json_slice_is(&key, "to"))
            take_time(reader, "to", &phase->to_wall_ns);
        else if (emit_json_slice_is(&key, "points"))
            take_phase_points(reader, phase);
        else if (emit_json_slice_is(&key, "totals"))
            take_totals(reader, phase->totals, &phase->total_count);
        else
            skip(reader);
    }
}

static void take_phases(struct reader *reader) {
    struct emit_report *report = &reader->report;
    if (!emit_json_enter_array(&reader->json)) return;
    while (goes_on(reader) && emit_json_next_element(&reader->json)) {
        void *phases = report->phases;
        if (report->phase_count == EMIT_PHASES_MAX) {
            reader->wrong = "phases";
            return;
        }
        bool room = make_room(reader, &phases, report->phase_count, sizeof *report->phases);
        report->phases = phases;
        if (!room) return;
        struct emit_report_phase *taken = &report->phases[report->phase_count++];
        *taken = (struct emit_report_phase){0};
        take_phase(reader, taken);
    }
}

static void take_diagnostics(struct reader *reader) {
    struct emit_report *report = &reader->report;
    if (!emit_json_enter_array(&reader->json)) return;
    while (goes_on(reader) && emit_json_next_element(&reader->json)) {
        void *diagnostics = report->diagnostics;
        bool room =
            make_room(reader, &diagnostics, report->diagnostic_count, sizeof *report->diagnostics);
        report->diagnostics = diagnostics;
        if (!room) return;
        struct emit_report_diagnostic *taken = &report->diagnostics[report->diagnostic_count++];
        *taken = (struct emit_report_diagnostic){0};
        take_object(reader, emit_diagnostic_members, taken);
    }
}

static void take_notes(struct reader *reader) {
    struct emit_report *report = &reader->report;
    if (!emit_json_enter_array(&reader->json)) return;
    while (goes_on(reader) && emit_json_next_element(&reader->json)) {
        if (report->note_count == EMIT_REPORT_NOTES_MAX ||
            !take_text(&reader->json, report->notes[report->note_count], sizeof report->notes[0])) {
            reader->wrong = "notes";
            return;
        }
        report->note_count++;
    }
}

static void take_exit(struct reader *reader) {
    int64_t status = 0;
    if (emit_json_peek(&reader->json) == EMIT_JSON_NULL) {
        skip(reader);
    } else if (emit_json_take_i64(&reader->json, &status) && status >= 0 && status <= 255) {
        reader->report.exit_status = (int)status;
        reader->report.has_exit = true;
    } else {
        reader->wrong = "exit";
    }
}

static void take_exits(struct reader *reader) {
    struct emit_json_slice key;
    if (!emit_json_enter_array(&reader->json)) return;
    while (goes_on(reader) && emit_json_next_element(&reader->json)) {
        int64_t status = -1, count = -1;
        if (!emit_json_enter_object(&reader->json)) return;
        while (goes_on(reader) && emit_json_next_member(&reader->json, &key)) {
            bool is_count = emit_json_slice_is(&key, "count");
            if (!is_count && !emit_json_slice_is(&key, "exit"))
                skip(reader);
            else if (!emit_json_take_i64(&reader->json, is_count ? &count : &status))
                reader->wrong = "exits";
        }
        if (status < 0 || status >= EMIT_EXIT_STATUSES || count < 0 || count > UINT32_MAX)
            reader->wrong = "exits";
        else
            reader->report.jobs.exits[status] = (uint32_t)count;
    }
}

static void take_tasks(struct reader *reader) {
    struct emit_json_slice key;
    int64_t begun = 0, others = 0;
    if (!emit_json_enter_object(&reader->json)) return;
    while (goes_on(reader) && emit_json_next_member(&reader->json, &key)) {
        bool is_begun = emit_json_slice_is(&key, "begun");
        if (emit_json_slice_is(&key, "exits"))
            take_exits(reader);
        else if (!is_begun && !emit_json_slice_is(&key, "other_exits"))
            skip(reader);
        else if (!emit_json_take_i64(&reader->json, is_begun ? &begun : &others))
            reader->wrong = "tasks";
    }
    if (begun < 0 || begun > UINT32_MAX || others < 0 || others > begun) reader->wrong = "tasks";
    reader->report.jobs.other_exits = (uint32_t)others;
    reader->report.jobs.begun = (uint32_t)begun;
}

static void take_served_amount(struct reader *reader, const struct emit_json_slice *key,
                               struct emit_served_model *model) {
    for (int bucket = 0; bucket < EMIT_SERVED_BUCKETS; bucket++) {
        struct emit_served_amount *amount = &model->amounts[bucket];
        bool is_count = emit_json_slice_is(key, emit_served_keys[bucket][0]);
        if (!is_count && !emit_json_slice_is(key, emit_served_keys[bucket][1])) continue;
        if (!emit_json_take_u64(&reader->json, is_count ? &amount->count : &amount->slack))
            reader->wrong = emit_served_keys[bucket][0];
        amount->known |= is_count;
        return;
    }
    skip(reader);
}

static void take_served_models(struct reader *reader, struct emit_served_use *use) {
    struct emit_json_slice key;
    if (!emit_json_enter_array(&reader->json)) return;
    while (goes_on(reader) && emit_json_next_element(&reader->json)) {
        if (use->model_count == EMIT_SERVED_MODELS_MAX) {
            reader->wrong = "models";
            return;
        }
        struct emit_served_model *model = &use->models[use->model_count++];
        if (!emit_json_enter_object(&reader->json)) return;
        while (goes_on(reader) && emit_json_next_member(&reader->json, &key))
            if (!take_member(reader, &key, emit_served_model_members, model))
                take_served_amount(reader, &key, model);
    }
}

static void take_served_running(struct reader *reader, struct emit_served_use *use,
                                uint64_t *running) {
    use->knows_running = true;
    if (!emit_json_take_u64(&reader->json, running)) reader->wrong = "requests_at_work";
}

static void take_served(struct reader *reader) {
    struct emit_report_served *served = &reader->report.served;
    struct emit_served_use *use = &served->use;
    struct emit_json_slice key;
    char kind[32] = "";
    if (!emit_json_enter_object(&reader->json)) return;
    while (goes_on(reader) && emit_json_next_member(&reader->json, &key)) {
        if (take_member(reader, &key, emit_served_members, served) ||
            take_member(reader, &key, emit_served_window_members, served) ||
            take_member(reader, &key, emit_served_figure_members, served))
            continue;
        if (emit_json_slice_is(&key, "kind")) {
            if (!take_text(&reader->json, kind, sizeof kind)) reader->wrong = "kind";
        } else if (emit_json_slice_is(&key, "from")) {
            take_time(reader, "from", &served->from_wall_ns);
        } else if (emit_json_slice_is(&key, "to")) {
            take_time(reader, "to", &served->to_wall_ns);
        } else if (emit_json_slice_is(&key, "requests_at_work_first")) {
            take_served_running(reader, use, &use->running_first);
        } else if (emit_json_slice_is(&key, "requests_at_work_last")) {
            take_served_running(reader, use, &use->running_last);
        } else if (emit_json_slice_is(&key, "models")) {
            take_served_models(reader, use);
        } else {
            skip(reader);
        }
    }
    use->kind = emit_served_kind_of(kind);
    // A kind that a later emit knows: what its counts mean is not known here.
    if (!served->refused[0] && !use->kind) *served = (struct emit_report_served){0};
}

static void take_report_member(struct reader *reader, const struct emit_json_slice *key) {
    struct emit_report *report = &reader->report;
    if (emit_json_slice_is(key, "run_id")) reader->has |= HAS_RUN_ID;
    if (take_member(reader, key, emit_report_members, report)) return;
    if (emit_json_slice_is(key, "from")) {
        take_time(reader, "from", &report->header.start_wall_ns);
        reader->has |= HAS_FROM;
    } else if (emit_json_slice_is(key, "to")) {
        take_time(reader, "to", &report->end_wall_ns);
        reader->has |= HAS_TO;
    } else if (emit_json_slice_is(key, "exit")) {
        take_exit(reader);
    } else if (emit_json_slice_is(key, "tasks")) {
        take_tasks(reader);
    } else if (emit_json_slice_is(key, "points")) {
        take_points(reader);
        reader->has |= HAS_POINTS;
    } else if (emit_json_slice_is(key, "totals")) {
        take_totals(reader, report->totals, &report->total_count);
    } else if (emit_json_slice_is(key, "phases")) {
        take_phases(reader);
    } else if (emit_json_slice_is(key, "diagnostics")) {
        take_diagnostics(reader);
    } else if (emit_json_slice_is(key, "notes")) {
        take_notes(reader);
    } else if (emit_json_slice_is(key, "served")) {
        take_served(reader);
    } else if (emit_json_slice_is(key, "events")) {
        take_object(reader, emit_event_count_members, report);
    } else if (emit_json_slice_is(key, "self")) {
        take_object(reader, emit_self_members, report);
    } else {
        skip(reader);
    }
}

static enum emit_status read_document(struct reader *reader, struct emit_error *err) {
    struct emit_json_slice key;
    if (emit_json_enter_object(&reader->json))
        while (goes_on(reader) && emit_json_next_member(&reader->json, &key))
            take_report_member(reader, &key);
    if (reader->no_memory) return emit_fail(err, EMIT_NO_MEMORY, "no memory for a report");
    if (reader->json.fault)
        return emit_fail(err, EMIT_MALFORMED, "not a report: %s at byte %zu", reader->json.fault,
                         (size_t)(reader->json.fault_at - reader->json.begin));
    if (reader->wrong)
        return emit_fail(err, EMIT_MALFORMED, "not a report: unusable member '%s'", reader->wrong);
    if (!emit_json_at_end(&reader->json) || reader->has != HAS_ALL)
        return emit_fail(err, EMIT_MALFORMED,
                         "not a report: run_id, from, to or points is missing");
    return EMIT_OK;
}

enum emit_status emit_report_read_json(struct emit_report *report, const char *json, size_t length,
                                       struct emit_error *err) {
    struct reader reader = {0};
    emit_json_init(&reader.json, json, length);
    enum emit_status status = read_document(&reader, err);
    if (status == EMIT_OK)
        *report = reader.report;
    else
        emit_report_clear(&reader.report);
    return status;
}
