// Lines that passed the contract, on their way.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/campus.h"

#include "base/time.h"
#include "emit/contract.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct campus_post {
    struct campus *campus; // borrowed
    FILE *output;          // NULL: no copy
    campus_listener *listener;
    void *listener_owner;
    struct emit_verdict verdict;
};

enum emit_status campus_post_open(struct campus_post **post, struct campus *campus,
                                  struct emit_error *err) {
    if (!campus->options->no_outbox)
        return emit_fail(err, EMIT_INVALID, "the store takes no windows yet: add --no-outbox");
    struct campus_post *fresh = calloc(1, sizeof *fresh);
    if (!fresh) return emit_fail(err, EMIT_NO_MEMORY, "out of memory");
    fresh->campus = campus;
    const char *path = campus->options->output_path;
    if (path) {
        fresh->output = fopen(path, "ae");
        if (!fresh->output) {
            enum emit_status status = emit_fail_errno(err, errno, "cannot write %s", path);
            free(fresh);
            return status;
        }
    }
    *post = fresh;
    return EMIT_OK;
}

void campus_post_listen(struct campus_post *post, campus_listener *listener, void *owner) {
    post->listener = listener;
    post->listener_owner = owner;
}

void campus_claim(char claim[CAMPUS_CLAIM_MAX], const struct emit_facility_window *window) {
    char from[EMIT_TIME_TEXT], to[EMIT_TIME_TEXT];
    emit_time_write(from, window->from_ns);
    emit_time_write(to, window->to_ns);
    // An id may hold any character: its length says where it ends.
    (void)emit_text_format(claim, CAMPUS_CLAIM_MAX, "window %s %s %zu:%s %zu:%s %s/%s",
                           emit_source_word(window->source), emit_component_word(window->component),
                           strlen(window->facility_id), window->facility_id,
                           strlen(window->device_id), window->device_id, from, to);
}

enum emit_status campus_post_add(struct campus_post *post, const struct campus_line *line,
                                 struct emit_error *err) {
    if (emit_contract_check(line->bytes, line->length, &post->verdict) != EMIT_OK)
        return emit_fail(err, EMIT_REFUSED, "%s", post->verdict.findings[0].message);
    if (post->output) {
        (void)fwrite(line->bytes, 1, line->length, post->output);
        (void)fputc('\n', post->output);
        if (ferror(post->output))
            return emit_fail_errno(err, errno, "cannot write the events to %s",
                                   post->campus->options->output_path);
    }
    post->listener(post->listener_owner, line->index, line->missed, EMIT_ENTRY_STORED, line->bytes,
                   line->length);
    return EMIT_OK;
}

enum emit_status campus_post_finish(struct campus_post *post, struct emit_error *err) {
    if (post->output && fflush(post->output) != 0)
        return emit_fail_errno(err, errno, "cannot write the events to %s",
                               post->campus->options->output_path);
    return EMIT_OK;
}

void campus_post_close(struct campus_post *post) {
    if (!post) return;
    if (post->output) (void)fclose(post->output);
    free(post);
}
