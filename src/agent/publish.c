// A closed run goes out, in one append: event lines that passed the contract,
// diagnostics, and the report.
// SPDX-License-Identifier: Apache-2.0
#include "agent/publish.h"

#include "base/json_write.h"
#include "contract/canonical.h"
#include "event/event.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { DIAGNOSTIC_LINE_MAX = 4096 }; // bytes; its texts are bounded, escapes included

// What goes into one append. Bodies stand one behind the other in one buffer.
struct batch {
    const struct emit_run_header *header;
    int64_t end_wall_ns;
    struct emit_entry *entries;
    char (*identities)[EMIT_IDENTITY_TEXT];
    enum emit_entry_fate *fates; // once they are stored
    size_t count;
    size_t event_count; // the first entries
    char *bodies;
    size_t used, size; // bytes of bodies
};

static void batch_clear(struct batch *batch) {
    free(batch->entries);
    free(batch->identities);
    free(batch->fates);
    free(batch->bodies);
    *batch = (struct batch){0};
}

static enum emit_status batch_init(struct batch *batch, const struct emit_report *report,
                                   struct emit_error *err) {
    // Every point may become an event, or a diagnostic because its event was refused.
    size_t events = report->point_count * (1 + report->phase_count),
           diagnostics = report->diagnostic_count + events;
    size_t entries = events + diagnostics + 1;
    *batch = (struct batch){
        .header = &report->header,
        .end_wall_ns = report->end_wall_ns,
        .entries = calloc(entries, sizeof *batch->entries),
        .identities = calloc(entries, sizeof *batch->identities),
        .fates = calloc(entries, sizeof *batch->fates),
        .size =
            events * EMIT_EVENT_LINE_MAX + diagnostics * DIAGNOSTIC_LINE_MAX + EMIT_REPORT_JSON_MAX,
    };
    batch->bodies = malloc(batch->size); // touched only as far as it is written
    if (batch->entries && batch->identities && batch->fates && batch->bodies) return EMIT_OK;
    batch_clear(batch);
    return emit_fail(err, EMIT_NO_MEMORY, "no memory to publish run %s", report->header.run_id);
}

// Where the next body is written.
static struct emit_text batch_next(const struct batch *batch, size_t limit) {
    struct emit_text text;
    size_t left = batch->size - batch->used;
    emit_text_init(&text, batch->bodies + batch->used, limit < left ? limit : left);
    return text;
}

// Takes what was written there. key: what the identity is the hash of, body or another
// text; it is canonical.
static void batch_add(struct batch *batch, enum emit_entry_kind kind, const struct emit_text *body,
                      const struct emit_text *key) {
    char *identity = batch->identities[batch->count];
    emit_contract_identity_of_canonical(key->at, key->length, identity);
    batch->entries[batch->count++] = (struct emit_entry){
        .kind = kind,
        .identity = identity,
        .run_id = batch->header->run_id,
        .workspace_id = batch->header->workspace_id,
        .time_ns = batch->end_wall_ns,
        .body = body->at,
        .length = body->length,
    };
    batch->used += body->length + 1;
}

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

static enum emit_status add_event(struct batch *batch, struct emit_report *report,
                                  const struct emit_event_facts *facts,
                                  const struct emit_slot *slot, const struct emit_outcome *outcome,
                                  struct emit_error *err) {
    struct emit_text line = batch_next(batch, EMIT_EVENT_LINE_MAX);
    struct emit_error why;
    if (emit_event_write(&line, facts, slot, outcome, &why) != EMIT_OK)
        return refuse_event(report, &slot->point, why.text, err);
    struct emit_verdict verdict;
    if (emit_contract_check(line.at, line.length, &verdict) != EMIT_OK)
        return refuse_event(report, &slot->point,
                            verdict.kept ? verdict.findings[0].message : "without a reason", err);
    batch_add(batch, EMIT_ENTRY_EVENT, &line, &line);
    return EMIT_OK;
}

static enum emit_status add_phase_events(struct batch *batch, struct emit_report *report,
                                         const struct emit_report_phase *phase,
                                         struct emit_error *err) {
    struct emit_event_facts facts = {
        .run_id = report->header.run_id,
        .workspace_id = report->header.workspace_id,
        .node_id = report->header.node_id,
        .phase = phase->name,
        .end_wall_ns = phase->to_wall_ns,
    };
    enum emit_status status = EMIT_OK;
    for (size_t i = 0; i < phase->point_count && status == EMIT_OK; i++) {
        // The phase's own time leaves out what lay between its parts: its end is the end.
        facts.end_ns = phase->outcomes[i].to_ns;
        if (emit_event_stands(&phase->outcomes[i]))
            status = add_event(batch, report, &facts, &phase->slots[i], &phase->outcomes[i], err);
    }
    return status;
}

static enum emit_status add_events(struct batch *batch, struct emit_report *report,
                                   const struct emit_run_result *result, struct emit_error *err) {
    const struct emit_event_facts facts = {
        .run_id = report->header.run_id,
        .workspace_id = report->header.workspace_id,
        .node_id = report->header.node_id,
        .end_ns = result->end_ns,
        .end_wall_ns = result->end_wall_ns,
    };
    enum emit_status status = EMIT_OK;
    for (size_t i = 0; i < report->point_count && status == EMIT_OK; i++) {
        if (emit_outcome_has_energy(&report->outcomes[i]))
            status = add_event(batch, report, &facts, &report->slots[i], &report->outcomes[i], err);
    }
    for (size_t i = 0; i < report->phase_count && status == EMIT_OK; i++)
        status = add_phase_events(batch, report, &report->phases[i], err);
    batch->event_count = batch->count;
    report->events_made = (uint32_t)batch->count;
    return status;
}

static enum emit_status add_diagnostics(struct batch *batch, const struct emit_report *report,
                                        struct emit_error *err) {
    enum emit_status status = EMIT_OK;
    for (size_t i = 0; i < report->diagnostic_count && status == EMIT_OK; i++) {
        struct emit_text line = batch_next(batch, DIAGNOSTIC_LINE_MAX);
        status = emit_report_write_diagnostic(&line, report, &report->diagnostics[i], err);
        if (status == EMIT_OK) batch_add(batch, EMIT_ENTRY_DIAGNOSTIC, &line, &line);
    }
    return status;
}

// The report is stored as it will be printed: as if the append went well, which it
// did when anybody reads it. Its key is what it is about, not what it says: a run
// that was closed twice, once by hand and once by recovery, has one report.
static enum emit_status add_report(struct batch *batch, const struct emit_report *report,
                                   struct emit_error *err) {
    struct emit_report stored = *report; // borrows everything
    stored.stored = true;
    stored.events_stored = report->events_made;
    struct emit_text document = batch_next(batch, EMIT_REPORT_JSON_MAX);
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
    batch_add(batch, EMIT_ENTRY_REPORT, &document, &text);
    return EMIT_OK;
}

static enum emit_status append(struct emit_outbox *outbox, const struct batch *batch,
                               struct emit_report *report, struct emit_error *err) {
    enum emit_status status =
        emit_outbox_append(outbox, batch->entries, batch->count, batch->fates, err);
    if (status != EMIT_OK) return status;
    report->stored = true;
    for (size_t i = 0; i < batch->event_count; i++)
        report->events_duplicate += batch->fates[i] == EMIT_ENTRY_DUPLICATE;
    report->events_stored = report->events_made - report->events_duplicate;
    return EMIT_OK;
}

static enum emit_status copy_events(const struct emit_destination *to, const struct batch *batch,
                                    struct emit_error *err) {
    for (size_t i = 0; i < batch->event_count; i++) {
        (void)fwrite(batch->entries[i].body, 1, batch->entries[i].length, to->output);
        (void)fputc('\n', to->output);
    }
    if (fflush(to->output) != 0 || ferror(to->output))
        return emit_fail_errno(err, errno, "cannot write the events to %s",
                               to->output_name ? to->output_name : "the output");
    return EMIT_OK;
}

static enum emit_status publish_batch(struct batch *batch, struct emit_report *report,
                                      const struct emit_run_result *result,
                                      const struct emit_destination *to, struct emit_error *err) {
    enum emit_status status = add_events(batch, report, result, err);
    if (status != EMIT_OK) return status;
    struct emit_error failed = {0};
    enum emit_status copied = EMIT_OK;
    if (to->output) copied = copy_events(to, batch, &failed);
    if (copied != EMIT_OK) emit_report_note(report, "%s.", failed.text);
    if (to->outbox) {
        status = add_diagnostics(batch, report, err);
        if (status == EMIT_OK) status = add_report(batch, report, err);
        if (status == EMIT_OK) status = append(to->outbox, batch, report, err);
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
    struct batch batch;
    struct emit_error failed = {0};
    enum emit_status status = batch_init(&batch, report, &failed);
    if (status == EMIT_OK) {
        status = publish_batch(&batch, report, result, to, &failed);
        batch_clear(&batch);
    }
    if (status == EMIT_OK) return EMIT_OK;
    if (to->outbox && !report->stored)
        emit_report_note(report, "Events are not stored: %s", failed.text);
    if (err) *err = failed;
    return status;
}

enum emit_status emit_publish_diagnostics(const struct emit_report *report,
                                          struct emit_outbox *outbox, struct emit_error *err) {
    struct batch batch;
    enum emit_status status = batch_init(&batch, report, err);
    if (status != EMIT_OK) return status;
    status = add_diagnostics(&batch, report, err);
    if (status == EMIT_OK)
        status = emit_outbox_append(outbox, batch.entries, batch.count, NULL, err);
    batch_clear(&batch);
    return status;
}
