// A disk that fills up: what was accepted stays, what is refused is told, the
// store can always be drained and then accepts again.
// SPDX-License-Identifier: Apache-2.0
#include "store_subject.h"

#include <stdlib.h>

struct fill {
    const char *path;
    struct emit_outbox *outbox;
    struct emit_error err;
    unsigned first, next; // entries first .. next-1 must be there
    struct subject_seen seen;
};

// Appends until it is refused; answers the refusal.
static enum emit_status append_until_full(struct fill *fill) {
    enum emit_status status = EMIT_OK;
    while (status == EMIT_OK && fill->next + 10 < fill->seen.size) {
        status = subject_append(fill->outbox, fill->next, 10, &fill->err);
        if (status == EMIT_OK) fill->next += 10;
    }
    return status;
}

static bool holds_all(struct fill *fill) {
    if (subject_read(fill->outbox, &fill->seen, &fill->err) != EMIT_OK) return false;
    unsigned missing = 0;
    for (unsigned n = fill->first; n < fill->next; n++)
        missing += !fill->seen.at[n];
    printf("# %zu entries, missing %u, wrong %u, damaged %zu\n", fill->seen.count, missing,
           fill->seen.wrong, fill->seen.damaged);
    return missing == 0 && fill->seen.wrong == 0 && fill->seen.damaged == 0 &&
           fill->seen.count == fill->next - fill->first;
}

static const char *one_cycle(struct fill *fill) {
    uint64_t removed = 0;
    enum emit_status full = append_until_full(fill);
    printf("# after %u entries: %s\n", fill->next - fill->first,
           full == EMIT_OK ? "never full" : fill->err.text);
    if (full != EMIT_FULL) return "a full disk is not told as full";
    if (fill->next == fill->first) return "nothing fitted";
    if (!holds_all(fill)) return "it does not hold what it accepted";
    if (subject_append(fill->outbox, fill->next, 10, &fill->err) != EMIT_FULL)
        return "full is not full a second time";
    emit_outbox_close(fill->outbox);
    fill->outbox = NULL;
    if (subject_open(&fill->outbox, fill->path, &fill->err) != EMIT_OK)
        return "it does not open on a full disk";
    if (!holds_all(fill)) return "it does not hold what it accepted, opened again";
    if (emit_outbox_prune(fill->outbox, INT64_MAX, &removed, &fill->err) != EMIT_OK)
        return "it cannot be drained";
    if (removed != fill->next - fill->first) return "the drain left something behind";
    fill->first = fill->next;
    return NULL;
}

int subject_fill(const char *path, unsigned cycles) {
    struct fill fill = {.path = path, .seen = {.size = 1u << 21}};
    const char *broken = NULL;
    fill.seen.at = malloc(fill.seen.size);
    if (!fill.seen.at) return 3;
    if (subject_open(&fill.outbox, path, &fill.err) != EMIT_OK) broken = "it does not open";
    for (unsigned i = 0; !broken && i < cycles; i++)
        broken = one_cycle(&fill);
    if (broken) printf("# broken: %s (%s)\n", broken, fill.err.text);
    printf("%u cycles, %u entries: %s\n", cycles, fill.next, broken ? broken : "whole");
    emit_outbox_close(fill.outbox);
    free(fill.seen.at);
    return broken ? 1 : 0;
}
