// A summary that memory lacks for is left out: the entries are stored without it.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "store.h"

static bool is_refused; // the memory of a summary

void *__wrap_malloc(size_t size); // NOLINT: the linker's names
void *__real_malloc(size_t size); // NOLINT

void *__wrap_malloc(size_t size) { // NOLINT
    return is_refused && size == EMIT_SUMMARY_BODY_MAX ? NULL : __real_malloc(size);
}

static bool write_summary(void *owner, const enum emit_entry_fate *fates, struct emit_text *body) {
    (void)owner, (void)fates;
    emit_text_add(body, "{}");
    return true;
}

static bool count_summary(void *owner, const char *body, size_t length, uint64_t first) {
    (void)body, (void)length, (void)first;
    ++*(size_t *)owner;
    return true;
}

static void add_eight(struct store *store, unsigned from) {
    const struct emit_outbox_summary summary = {.write = write_summary};
    struct made_entry made[8];
    struct emit_entry entries[8];
    for (unsigned i = 0; i < 8; i++) {
        made_entry_make(&made[i], from + i);
        entries[i] = made[i].entry;
    }
    store_must(store,
               emit_outbox_append_summed(store->outbox, entries, 8, NULL, &summary, &store->err));
}

static size_t count_summaries(struct store *store) {
    size_t summaries = 0;
    store_must(store, emit_outbox_visit_summed(store->outbox, count_summary, NULL, &summaries, NULL,
                                               &store->err));
    return summaries;
}

int main(void) {
    struct store store;
    store_begin(&store, "summed");
    add_eight(&store, 0);
    CHECK(count_summaries(&store) == 1, "eight entries have a summary");
    is_refused = true;
    add_eight(&store, 8);
    is_refused = false;
    CHECK(count_summaries(&store) == 1, "without the memory for it the next have none");
    CHECK(store_read(&store, &(struct emit_outbox_query){0}) == 16 && store.wrong == 0,
          "and are stored all the same");
    store_end(&store);
    return check_end();
}
