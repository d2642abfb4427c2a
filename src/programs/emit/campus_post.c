// Lines on their way, through the intake.
// SPDX-License-Identifier: Apache-2.0
#include "agent/intake.h"
#include "agent/store.h"
#include "host/host.h"
#include "programs/emit/campus.h"
#include "programs/emit/campus_conflict.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WAITING = 2 * EMIT_INTAKE_BATCH }; // more lines than are ever not answered

struct campus_post {
    struct campus *campus; // borrowed
    struct emit_store store;
    struct emit_destination to;
    struct emit_intake *intake;
    campus_listener *listener;
    void *listener_owner;
    struct campus_place waiting[WAITING]; // a ring: answers come in the order of the lines
    size_t next;
};

static void take_answer(void *owner, const struct emit_intake_answer *answer) {
    struct campus_post *post = owner;
    const struct campus_place *place = answer->owner;
    bool is_conflict = answer->fate == EMIT_ENTRY_CONFLICT;
    struct emit_window_refusal why;
    if (is_conflict) campus_conflict_explain(&why, post->store.outbox, answer);
    post->listener(post->listener_owner, place, answer->fate, is_conflict ? &why : NULL,
                   answer->line, answer->length);
}

static enum emit_status open_output(struct campus_post *post, const char *path,
                                    struct emit_error *err) {
    if (!path) return EMIT_OK;
    post->to.output_name = path;
    post->to.output = fopen(path, "ae");
    if (!post->to.output) return emit_fail_errno(err, errno, "cannot write %s", path);
    return EMIT_OK;
}

static enum emit_status open_store(struct campus_post *post, struct emit_error *err) {
    const struct emit_store_options options = {.outbox_path = post->campus->options->outbox_path};
    struct emit_host host;
    enum emit_status status = emit_host_open(&host, NULL, err);
    if (status != EMIT_OK) return status;
    status = emit_store_open(&post->store, &host, &options, err);
    emit_host_close(&host);
    if (status != EMIT_OK) return status;
    post->to.outbox = post->store.outbox;
    if (post->store.notice[0])
        (void)emit_complain(&emit_command_campus, EXIT_OK, "%s", post->store.notice);
    return EMIT_OK;
}

enum emit_status campus_post_open(struct campus_post **post, struct campus *campus,
                                  struct emit_error *err) {
    struct campus_post *fresh = calloc(1, sizeof *fresh);
    if (!fresh) return emit_fail(err, EMIT_NO_MEMORY, "out of memory");
    fresh->campus = campus;
    enum emit_status status = open_output(fresh, campus->options->output_path, err);
    if (status == EMIT_OK && !campus->options->no_outbox) status = open_store(fresh, err);
    if (status == EMIT_OK)
        status = emit_intake_open(&fresh->intake, &fresh->to, take_answer, fresh, err);
    if (status == EMIT_OK)
        *post = fresh;
    else
        campus_post_close(fresh);
    return status;
}

void campus_post_listen(struct campus_post *post, campus_listener *listener, void *owner) {
    post->listener = listener;
    post->listener_owner = owner;
}

void campus_meter(char meter[CAMPUS_METER_MAX], const struct emit_facility_window *window) {
    // An id may hold any character: its length says where it ends.
    (void)emit_text_format(meter, CAMPUS_METER_MAX, "window %s %zu:%s %s",
                           emit_component_word(window->component), strlen(window->facility_id),
                           window->facility_id, window->device_id);
}

enum emit_status campus_post_add(struct campus_post *post, const struct campus_line *line,
                                 struct emit_error *err) {
    const struct emit_claimed_span span = {line->meter, line->from_ns, line->to_ns};
    const struct emit_entry entry = {
        .kind = EMIT_ENTRY_EVENT,
        .run_id = "",
        .workspace_id = post->campus->workspace_id,
        .time_ns = line->to_ns,
        .body = line->bytes,
        .length = line->length,
        .span = &span,
    };
    struct campus_place *place = &post->waiting[post->next];
    *place = line->place;
    enum emit_status status = emit_intake_add(post->intake, &entry, place, err);
    if (status == EMIT_OK) post->next = (post->next + 1) % WAITING;
    return status;
}

enum emit_status campus_post_finish(struct campus_post *post, struct emit_error *err) {
    return emit_intake_finish(post->intake, err);
}

void campus_post_close(struct campus_post *post) {
    if (!post) return;
    emit_intake_close(post->intake);
    emit_store_close(&post->store);
    if (post->to.output) (void)fclose(post->to.output);
    free(post);
}
