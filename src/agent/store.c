// The store as commands open it. A command that only looks opens it for writing
// just when a dead run has to be closed.
// SPDX-License-Identifier: Apache-2.0
#include "agent/store.h"

#include "base/text.h"
#include "agent/place.h"
#include "agent/publish.h"

#include <string.h>

struct recovery {
    struct emit_host *host;
    struct emit_store *store;
    struct emit_outbox_options outbox;
    char last_run_id[EMIT_RUN_ID_MAX];
    size_t died_count;        // of those recovered; the others were closed, but not stored
    struct emit_error failed; // the last run that could not be stored
};

static void notice(struct emit_store *store, const char *sentence) {
    size_t length = strlen(store->notice);
    (void)emit_text_format(store->notice + length, sizeof store->notice - length, "%s%s",
                           length ? "; " : "", sentence);
}

static enum emit_status open_for_writing(struct recovery *recovery, struct emit_error *err) {
    if (recovery->store->outbox) return EMIT_OK;
    recovery->outbox.read_only = false;
    return emit_outbox_open(&recovery->store->outbox, &recovery->outbox, err);
}

// A run file that could not be trusted: what is left of the run is that it was.
static bool take_damaged_file(struct recovery *recovery, const struct emit_run_result *result) {
    struct emit_error *err = &recovery->failed;
    struct emit_report report = {.header = result->header,
                                 .end_wall_ns = emit_host_wall_ns(recovery->host)};
    enum emit_status status = emit_report_diagnose(
        &report, "", "", EMIT_CODE_MALFORMED,
        "the file of this run is damaged and was set aside (*.damaged): its energy is lost", NULL,
        err);
    if (status == EMIT_OK) status = open_for_writing(recovery, err);
    if (status == EMIT_OK) status = emit_publish_diagnostics(&report, recovery->store->outbox, err);
    emit_report_clear(&report);
    recovery->store->damaged_count++;
    return status == EMIT_OK;
}

static bool take_dead_run(void *owner, const struct emit_run_result *result) {
    struct recovery *recovery = owner;
    // Every run that began knows when.
    if (result->header.start_wall_ns == 0) return take_damaged_file(recovery, result);
    if (open_for_writing(recovery, &recovery->failed) != EMIT_OK) return false;
    struct emit_report report;
    if (emit_report_build(&report, result, &recovery->failed) != EMIT_OK) return false;
    const struct emit_destination to = {.outbox = recovery->store->outbox};
    bool safe = emit_publish(&report, result, &to, &recovery->failed) == EMIT_OK;
    emit_report_clear(&report);
    if (!safe) return false;
    recovery->store->recovered_count++;
    recovery->died_count += result->killed;
    memcpy(recovery->last_run_id, result->header.run_id, sizeof recovery->last_run_id);
    return true;
}

static void tell(struct recovery *recovery) {
    struct emit_store *store = recovery->store;
    char sentence[4 * EMIT_RUN_ID_MAX + 128];
    struct emit_text text;
    emit_text_init(&text, sentence, sizeof sentence);
    if (store->recovered_count == 1) {
        emit_text_add_format(&text, "stored a run %s: emit show ",
                             recovery->died_count ? "whose emit had died"
                                                  : "that could not be stored when it ended");
        emit_text_add_shell_word(&text, recovery->last_run_id);
    } else {
        (void)emit_text_format(sentence, sizeof sentence,
                               "stored %zu runs that were left behind (of %zu of them emit had "
                               "died): emit runs",
                               store->recovered_count, recovery->died_count);
    }
    if (store->recovered_count) notice(store, sentence);
    if (store->damaged_count) {
        (void)emit_text_format(sentence, sizeof sentence,
                               "%zu damaged run file%s set aside (*.damaged)", store->damaged_count,
                               store->damaged_count > 1 ? "s were" : " was");
        notice(store, sentence);
    }
    if (recovery->failed.status != EMIT_OK) {
        (void)emit_text_format(sentence, sizeof sentence,
                               "a run that was left behind waits to be stored: %s",
                               recovery->failed.text);
        notice(store, sentence);
    }
}

enum emit_status emit_store_open(struct emit_store *store, struct emit_host *host,
                                 const struct emit_store_options *options, struct emit_error *err) {
    struct emit_place place;
    *store = (struct emit_store){0};
    enum emit_status status = emit_place_find(&place, options->outbox_path, err);
    if (status != EMIT_OK) return status;
    struct recovery recovery = {.host = host, .store = store, .outbox = {.path = place.outbox}};
    if (!options->read_only) {
        status = open_for_writing(&recovery, err);
        if (status != EMIT_OK) return status;
    }
    const char *runs = options->runs_directory ? options->runs_directory : place.runs;
    (void)emit_runs_recover(host, runs, take_dead_run, &recovery);
    if (!store->outbox) {
        recovery.outbox.read_only = true;
        status = emit_outbox_open(&store->outbox, &recovery.outbox, err);
        if (status != EMIT_OK) return status;
    }
    const char *moved = emit_outbox_notice(store->outbox);
    if (moved) notice(store, moved);
    tell(&recovery);
    return EMIT_OK;
}

void emit_store_close(struct emit_store *store) {
    emit_outbox_close(store->outbox);
    *store = (struct emit_store){0};
}
