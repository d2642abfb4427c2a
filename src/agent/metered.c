// Measured or modeled: asked of reports, of runs that go on, and of stored events.
// SPDX-License-Identifier: Apache-2.0
#include "agent/metered.h"

#include "agent/store.h"
#include "agent/token_claims.h"
#include "base/json.h"
#include "base/text.h"

#include <string.h>
#include <unistd.h>

static bool has_gpu_energy(const struct emit_slot *slots, const struct emit_outcome *outcomes,
                           size_t count) {
    for (size_t i = 0; i < count; i++)
        if (emit_component_is_gpu(slots[i].point.component) &&
            emit_outcome_has_energy(&outcomes[i]))
            return true;
    return false;
}

// --- Has a meter counted it? ---

struct search {
    const char *run_id;
    bool found;
    enum emit_status status; // of reading reports
    struct emit_error *err;
};

static bool look_into_report(void *owner, const struct emit_entry *entry) {
    struct search *search = owner;
    struct emit_report report;
    search->status = emit_report_read_json(&report, entry->body, entry->length, search->err);
    if (search->status != EMIT_OK) return false;
    search->found = has_gpu_energy(report.slots, report.outcomes, report.point_count);
    emit_report_clear(&report);
    return !search->found;
}

static void look_into_run(void *owner, const struct emit_run_result *result, uid_t user) {
    struct search *search = owner;
    (void)user;
    if (strcmp(result->header.run_id, search->run_id) != 0) return;
    for (size_t i = 0; i < result->count; i++) {
        // A window too short for the counter grows with the next sample.
        const struct emit_outcome *outcome = &result->outcomes[i];
        bool comes =
            emit_outcome_has_energy(outcome) || outcome->code == EMIT_CODE_BELOW_RESOLUTION;
        search->found |= emit_component_is_gpu(result->slots[i].point.component) && comes;
    }
}

enum emit_status emit_run_has_measured(struct emit_host *host, const struct emit_place *place,
                                       struct emit_outbox *outbox, const char *run_id,
                                       bool *has_measured, struct emit_error *err) {
    struct search search = {.run_id = run_id, .status = EMIT_OK, .err = err};
    if (outbox) {
        const struct emit_outbox_query reports = {.kind = EMIT_ENTRY_REPORT, .run_id = run_id};
        enum emit_status status =
            emit_outbox_visit(outbox, &reports, look_into_report, &search, NULL, err);
        if (status == EMIT_OK) status = search.status;
        if (status != EMIT_OK) return status;
    }
    // The folder beside the store, the one where runs of other stores are linked, and root's.
    if (!search.found) (void)emit_runs_look(host, place->runs, look_into_run, &search);
    if (!search.found && place->meeting[0])
        (void)emit_runs_look(host, place->meeting, look_into_run, &search);
    if (!search.found && geteuid() != 0)
        (void)emit_runs_look_node(host, emit_place_node_runs(), look_into_run, &search);
    *has_measured = search.found;
    return EMIT_OK;
}

enum emit_status emit_run_look_measured(struct emit_host *host, const char *outbox_path,
                                        struct emit_outbox *outbox, const char *run_id,
                                        bool *has_measured, struct emit_error *err) {
    const struct emit_store_options looking = {.outbox_path = outbox_path, .read_only = true};
    struct emit_store looked = {0};
    struct emit_place place;
    enum emit_status status = emit_place_find(&place, outbox_path, err);
    if (status != EMIT_OK) return status;
    if (!outbox) status = emit_store_open(&looked, host, &looking, err);
    if (status == EMIT_ABSENT) status = EMIT_OK; // nothing was ever stored
    if (status == EMIT_OK)
        status = emit_run_has_measured(host, &place, outbox ? outbox : looked.outbox, run_id,
                                       has_measured, err);
    emit_store_close(&looked);
    return status;
}

// --- Has a model counted it? ---

// Takes a value; true when it is this word.
static bool take_is(struct emit_json *json, const char *word) {
    struct emit_json_slice value;
    return emit_json_take_string(json, &value) && emit_json_slice_is(&value, word);
}

static bool is_served_here(const struct emit_entry *entry) {
    struct emit_json json;
    struct emit_json_slice key;
    bool modeled = false, here = false;
    emit_json_init(&json, entry->body, entry->length);
    if (!emit_json_enter_object(&json)) return false;
    while (emit_json_next_member(&json, &key)) {
        if (!emit_json_slice_is(&key, "tags")) {
            (void)emit_json_skip(&json);
            continue;
        }
        if (!emit_json_enter_object(&json)) return false;
        while (emit_json_next_member(&json, &key)) {
            if (emit_json_slice_is(&key, "energy_source"))
                modeled = take_is(&json, emit_source_word(EMIT_SOURCE_TOKEN_MODEL));
            else if (emit_json_slice_is(&key, "provider_family"))
                here = take_is(&json, emit_family_word(EMIT_FAMILY_OPERATOR_OWNED));
            else
                (void)emit_json_skip(&json);
        }
    }
    return emit_json_at_end(&json) && modeled && here;
}

static bool look_into_event(void *owner, const struct emit_entry *entry) {
    bool *found = owner;
    *found = is_served_here(entry);
    return !*found;
}

// What an id is too long for names none: half a command is worse than one to fill in.
static void write_remedy(char *remedy, size_t size, const char *run_id) {
    static const char way[] = "emit outbox export --run ";
    static const char filter[] = " | grep -v token_model";
    struct emit_text text;
    emit_text_init(&text, remedy, size);
    emit_text_add(&text, way);
    emit_text_add_shell_word(&text, run_id);
    emit_text_add(&text, filter);
    if (text.cut) (void)emit_text_format(remedy, size, "%sRUN%s", way, filter);
}

enum emit_status emit_report_check_modeled(struct emit_report *report, struct emit_outbox *outbox,
                                           struct emit_error *err) {
    char remedy[sizeof report->diagnostics->remedy];
    if (!has_gpu_energy(report->slots, report->outcomes, report->point_count)) return EMIT_OK;
    bool found = false;
    enum emit_status status =
        emit_token_events_visit(outbox, report->header.run_id, look_into_event, &found, err);
    if (status != EMIT_OK || !found) return status;
    write_remedy(remedy, sizeof remedy, report->header.run_id);
    return emit_report_diagnose(report, "", "", EMIT_CODE_ALREADY_MODELED,
                                "a model counted this run before its meter did: tokens it served "
                                "itself are in the store as modeled energy, and the same energy "
                                "as measured; count what was measured alone",
                                remedy, err);
}
