// The store under faults: a writer whose acknowledgements are kept where the
// fault cannot reach them, and a reader that compares the store with them.
//
//   script PATH COMMITS BATCH DRAIN [FIRST]
//                                     append from entry FIRST on; after each commit "a<entries>" to
//                                     descriptor 9; each DRAIN-th time prune all:
//                                     "b<entries>" before it
//   verify PATH FROM TO               entries FROM .. TO-1 must be there; prints a
//                                     line; exit 0 whole, 1 missing, 2 wrong or damaged,
//                                     3 not opened
//   again PATH FROM TO                appends them once more; exit 0 when each is stored or a
//                                     duplicate, 4 when one is refused, 3 not opened
//   kill PATH ROUNDS SEED             three writers, who also drain, killed at random
//   crowd PATH PROCESSES COMMITS PAUSE_US  many writers at once; worst commit
//   fill PATH CYCLES                  append until full, drain, again
// SPDX-License-Identifier: Apache-2.0
#include "store_subject.h"

#include <stdlib.h>
#include <unistd.h>

static bool see(void *owner, const struct emit_entry *entry) {
    struct subject_seen *seen = owner;
    unsigned n = 0;
    if (!made_entry_is_right(entry, &n) || n >= seen->size) {
        seen->wrong++;
        return true;
    }
    if (seen->at[n]) seen->twice++;
    seen->at[n] = 1;
    seen->count++;
    return true;
}

enum emit_status subject_open(struct emit_outbox **outbox, const char *path,
                              struct emit_error *err) {
    const struct emit_outbox_options options = {.path = path};
    return emit_outbox_open(outbox, &options, err);
}

enum emit_status subject_append(struct emit_outbox *outbox, unsigned first, unsigned count,
                                struct emit_error *err) {
    static struct made_entry made[SUBJECT_BATCH_MAX];
    struct emit_entry entries[SUBJECT_BATCH_MAX] = {0};
    for (unsigned i = 0; i < count; i++) {
        made_entry_make(&made[i], first + i);
        made_entry_claim(&made[i], first + i);
        entries[i] = made[i].entry;
    }
    enum emit_entry_fate fates[SUBJECT_BATCH_MAX];
    enum emit_status status = emit_outbox_append(outbox, entries, count, fates, err);
    // None is in another's way.
    for (unsigned i = 0; status == EMIT_OK && i < count; i++)
        if (fates[i] == EMIT_ENTRY_CONFLICT)
            status = emit_fail(err, EMIT_REFUSED, "entry %u is told to be in conflict", first + i);
    return status;
}

enum emit_status subject_read(struct emit_outbox *outbox, struct subject_seen *seen,
                              struct emit_error *err) {
    const struct emit_outbox_query query = {0};
    seen->count = 0;
    memset(seen->at, 0, seen->size);
    return emit_outbox_visit(outbox, &query, see, seen, &seen->damaged, err);
}

static int say(char letter, unsigned entries) {
    char line[32];
    int length = snprintf(line, sizeof line, "%c%u\n", letter, entries);
    return write(9, line, (size_t)length) == length ? 0 : 1;
}

static int run_script(const char *path, unsigned commits, unsigned batch, unsigned drain,
                      unsigned entries) {
    struct emit_outbox *outbox = NULL;
    struct emit_error err;
    uint64_t removed = 0;
    int status = subject_open(&outbox, path, &err) == EMIT_OK ? 0 : 3;
    for (unsigned i = 0; status == 0 && i < commits; i++) {
        if (subject_append(outbox, entries, batch, &err) != EMIT_OK) status = 4;
        if (status == 0) {
            entries += batch;
            status = say('a', entries);
        }
        if (status == 0 && drain > 0 && i % drain == drain - 1) {
            status = say('b', entries);
            if (status == 0 && emit_outbox_prune(outbox, INT64_MAX, &removed, &err) != EMIT_OK)
                status = 5;
        }
    }
    emit_outbox_close(outbox);
    if (status > 1) fprintf(stderr, "%s\n", err.text);
    return status;
}

static int run_verify(const char *path, unsigned from, unsigned to) {
    struct emit_outbox *outbox = NULL;
    struct emit_error err;
    struct subject_seen seen = {.size = 1u << 20};
    seen.at = calloc(seen.size, 1);
    if (!seen.at || subject_open(&outbox, path, &err) != EMIT_OK) {
        printf("not opened: %s\n", seen.at ? err.text : "out of memory");
        free(seen.at);
        return 3;
    }
    uint64_t good = 0, bad = 0;
    unsigned missing = 0;
    const char *notice = emit_outbox_notice(outbox);
    enum emit_status read = subject_read(outbox, &seen, &err);
    enum emit_status check = emit_outbox_verify(outbox, &good, &bad, &err);
    for (unsigned n = from; n < to; n++)
        missing += !seen.at[n];
    printf("read %s check %s missing %u wrong %u twice %u damaged %zu notice %s\n",
           emit_status_word(read), emit_status_word(check), missing, seen.wrong, seen.twice,
           seen.damaged, notice ? notice : "none");
    emit_outbox_close(outbox);
    free(seen.at);
    if (seen.wrong || seen.twice || read != EMIT_OK || check != EMIT_OK || seen.damaged || notice)
        return 2;
    return missing ? 1 : 0;
}

static int run_again(const char *path, unsigned from, unsigned to) {
    struct emit_outbox *outbox = NULL;
    struct emit_error err;
    if (subject_open(&outbox, path, &err) != EMIT_OK) {
        printf("not opened: %s\n", err.text);
        return 3;
    }
    enum emit_status status = EMIT_OK;
    for (unsigned n = from; n < to && status == EMIT_OK; n += SUBJECT_BATCH_MAX)
        status = subject_append(outbox, n, to - n < SUBJECT_BATCH_MAX ? to - n : SUBJECT_BATCH_MAX,
                                &err);
    if (status != EMIT_OK) printf("%s\n", err.text);
    emit_outbox_close(outbox);
    return status == EMIT_OK ? 0 : 4;
}

static unsigned number(char **words, int count, int at) {
    return at < count ? (unsigned)strtoul(words[at], NULL, 10) : 0;
}

int main(int count, char **words) {
    if (count < 3) {
        fprintf(stderr, "usage: %s script|verify|again|kill|crowd|fill PATH ...\n", words[0]);
        return 2;
    }
    unsigned first = number(words, count, 3), second = number(words, count, 4),
             third = number(words, count, 5);
    const char *path = words[2];
    if (strcmp(words[1], "script") == 0)
        return run_script(path, first, second, third, number(words, count, 6));
    if (strcmp(words[1], "verify") == 0) return run_verify(path, first, second);
    if (strcmp(words[1], "again") == 0) return run_again(path, first, second);
    if (strcmp(words[1], "kill") == 0) return subject_kill(path, first, second);
    if (strcmp(words[1], "crowd") == 0) return subject_crowd(path, first, second, third);
    if (strcmp(words[1], "fill") == 0) return subject_fill(path, first);
    return 2;
}
