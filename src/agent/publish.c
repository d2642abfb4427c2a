// A closed run goes out, in one append: event lines that passed the contract,
// diagnostics, and the report.
// SPDX-License-Identifier: Apache-2.0
#include "agent/publish.h"

#include "agent/metered.h"
#include "base/json_write.h"
#include "event/event.h"

enum { DIAGNOSTIC_LINE_MAX = 4096 }; // bytes; its texts are bounded, escapes included

static enum emit_status begin(struct emit_batch *batch, const struct emit_report *report,
                              struct emit_error *err) {
    // Every point may become an event, or a diagnostic because its event was refused.
    size_t events = report->point_count * (1 + report->phase_count),
           diagnostics = report->diagnostic_count + events + 1; // and one of the run
    return emit_batch_init(batch, events + diagnostics + 1,
                           events * EMIT_EVENT_LINE_MAX + diagnostics * DIAGNOSTIC_LINE_MAX +
                               EMIT_REPORT_JSON_MAX,
                           err);
}

// Takes what was written; key: what its identity is the hash of.
static void add(struct emit_batch *batch, enum emit_entry_kind kind,
                const struct emit_report *report, const struct emit_text *body,
                const struct emit_text *key) {
    const struct emit_entry entry = {
        .kind = kind,
        .run_id = report->header.run_id,
        .workspace_id = report->header.workspace_id,
        .time_ns = report->end_wall_ns,
    };
    emit_batch_add(batch, &entry, body, key);
}

// --- Events ---

// An event we made and must not store: said, with the reason.
static enum emit_status refuse_event(struct emit_report *report, const struct emit_point *point,
                                     const char *reason, struct emit_error *err) {
    char message[240];
    (void)emit_text_format(message, sizeof message, "%s: %s", emit_code_meaning(EMIT_CODE_CONTRACT),
                           reason);
    report->events_refused++;
    return emit_report_diagnose(report, point->meter, point->device_id, EMIT_CODE_CONTRACT, message,
                                NULL, err);
}

static enum emit_status add_event(struct emit_batch *batch, struct emit_report *report,
                                  const struct emit_event_facts *facts,
                                  const struct emit_slot *slot, const struct emit_outcome *outcome,
                                  struct emit_error *err) {
    struct emit_text line = emit_batch_next(batch, EMIT_EVENT_LINE_MAX);
    struct emit_error why;
    if (emit_event_write(&line, facts, slot, outcome, &why) != EMIT_OK ||
        emit_batch_judge(line.at, line.length, &why) != EMIT_OK)
        return refuse_event(report, &slot->point, why.text, err);
    add(batch, EMIT_ENTRY_EVENT, report, &line, &line);
    return EMIT_OK;
}

// The outcomes of the run, or of one of its phases, with the times that they share.
struct part {
    const char *phase; // NULL: the run
    const struct emit_slot *slots;
    const struct emit_outcome *outcomes;
    size_t count;
    int64_t end_ns, end_wall_ns;
};

static enum emit_status add_part(struct emit_batch *batch, struct emit_report *report,
                                 const struct part *part, struct emit_error *err) {
    struct emit_event_facts facts = {
        .run_id = report->header.run_id,
        .workspace_id = report->header.workspace_id,
        .node_id = report->header.node_id,
        .phase = part->phase,
        .end_ns = part->end_ns,
        .end_wall_ns = part->end_wall_ns,
    };
    enum emit_status status = EMIT_OK;
    for (size_t i = 0; i < part->count && status == EMIT_OK; i++) {
        const struct emit_outcome *outcome = &part->outcomes[i];
        // A phase too short for a meter says nothing of it; a run has refused it by then.
        if (part->phase ? !emit_event_stands(outcome) : !emit_outcome_has_energy(outcome)) continue;
        // The phase's own time leaves out what lay between its parts: its end is the end.
        if (part->phase) facts.end_ns = outcome->to_ns;
        status = add_event(batch, report, &facts, &part->slots[i], outcome, err);
    }
    return status;
}

static enum emit_status add_events(struct emit_batch *batch, struct emit_report *report,
                                   const struct emit_run_result *result, struct emit_error *err) {
    const struct part run = {.slots = report->slots,
                             .outcomes = report->outcomes,
                             .count = report->point_count,
                             .end_ns = result->end_ns,
                             .end_wall_ns = result->end_wall_ns};
    enum emit_status status = add_part(batch, report, &run, err);
    for (size_t i = 0; i < report->phase_count && status == EMIT_OK; i++) {
        const struct emit_report_phase *phase = &report->phases[i];
        const struct part part = {.phase = phase->name,
                                  .slots = phase->slots,
                                  .outcomes = phase->outcomes,
                                  .count = phase->point_count,
                                  .end_wall_ns = phase->to_wall_ns};
        status = add_part(batch, report, &part, err);
    }
    report->events_made = (uint32_t)batch->count;
    return status;
}

// --- What stands beside them ---

static enum emit_status add_diagnostics(struct emit_batch *batch, const struct emit_report *report,
                                        struct emit_error *err) {
    enum emit_status status = EMIT_OK;
    for (size_t i = 0; i < report->diagnostic_count && status == EMIT_OK; i++) {
        struct emit_text line = emit_batch_next(batch, DIAGNOSTIC_LINE_MAX);
        status = emit_report_write_diagnostic(&line, report, &report->diagnostics[i], err);
        if (status == EMIT_OK) add(batch, EMIT_ENTRY_DIAGNOSTIC, report, &line, &line);
    }
    return status;
}

// The report is stored as it will be printed: as if the append went well, which it
// did when anybody reads it. Its key is what it is about, not what it says: a run
// that was closed twice, once by hand and once by recovery, has one report.
static enum emit_status add_report(struct emit_batch *batch, const struct emit_report *report,
                                   struct emit_error *err) {
    struct emit_report stored = *report; // borrows everything
    stored.stored = true;
    stored.events_stored = report->events_made;
    struct emit_text document = emit_batch_next(batch, EMIT_REPORT_JSON_MAX);
    enum emit_status status = emit_report_write_json(&document, &stored, err);
    if (status != EMIT_OK) return status;
    char key[2048];
    struct emit_text text;
    struct emit_json_writer writer;
    emit_text_init(&text, key, sizeof key);
    emit_json_writer_init(&writer, &text);
    emit_json_open_object(&writer);
    emit_json_member_i64(&writer, "from_ns", report->header.start_wall_ns);
    emit_json_member_string(&writer, "node", report->header.node_id);
    emit_json_member_string(&writer, "run", report->header.run_id);
    emit_json_close_object(&writer);
    add(batch, EMIT_ENTRY_REPORT, report, &document, &text);
    return EMIT_OK;
}

// --- Publishing ---

static enum emit_status store(struct emit_outbox *outbox, struct emit_batch *batch,
                              struct emit_report *report, struct emit_error *err) {
    enum emit_status status = emit_batch_store(batch, outbox, NULL, err);
    if (status != EMIT_OK) return status;
    report->stored = true;
    for (size_t i = 0; i < report->events_made; i++)
        report->events_duplicate += batch->fates[i] == EMIT_ENTRY_DUPLICATE;
    report->events_stored = report->events_made - report->events_duplicate;
    return EMIT_OK;
}

static enum emit_status publish_batch(struct emit_batch *batch, struct emit_report *report,
                                      const struct emit_run_result *result,
                                      const struct emit_destination *to, struct emit_error *err) {
    enum emit_status status = add_events(batch, report, result, err);
    if (status != EMIT_OK) return status;
    struct emit_error failed = {0};
    enum emit_status copied = EMIT_OK;
    if (to->output) copied = emit_batch_copy(batch, to, &failed);
    if (copied != EMIT_OK) emit_report_note(report, "%s.", failed.text);
    if (to->outbox) {
        struct emit_error unknown;
        if (emit_report_check_modeled(report, to->outbox, &unknown) != EMIT_OK)
            emit_report_note(report, "Whether a model counted the run too was not found out: %s",
                             unknown.text);
        status = add_diagnostics(batch, report, err);
        if (status == EMIT_OK) status = add_report(batch, report, err);
        if (status == EMIT_OK) status = store(to->outbox, batch, report, err);
    }
    if (status == EMIT_OK && copied != EMIT_OK) {
        if (err) *err = failed;
        return copied;
    }
    return status;
}

enum emit_status emit_publish(struct emit_report *report, const struct emit_run_result *result,
                              const struct emit_destination *to, struct emit_error *err) {
    if (report->left_to_others) return EMIT_OK;
    struct emit_batch batch;
    struct emit_error failed = {0};
    enum emit_status status = begin(&batch, report, &failed);
    if (status == EMIT_OK) {
        status = publish_batch(&batch, report, result, to, &failed);
        emit_batch_clear(&batch);
    }
    if (status == EMIT_OK) return EMIT_OK;
    if (to->outbox && !report->stored)
        emit_report_note(report, "Events are not stored: %s", failed.text);
    if (err) *err = failed;
    return status;
}

enum emit_status emit_publish_diagnostics(const struct emit_report *report,
                                          struct emit_outbox *outbox, struct emit_error *err) {
    struct emit_batch batch;
    enum emit_status status = begin(&batch, report, err);
    if (status != EMIT_OK) return status;
    status = add_diagnostics(&batch, report, err);
    if (status == EMIT_OK) status = emit_batch_store(&batch, outbox, NULL, err);
    emit_batch_clear(&batch);
    return status;
}
