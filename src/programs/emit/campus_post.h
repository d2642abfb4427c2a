// Where the lines of emit campus go: through the contract, into the store, and the copy.
// SPDX-License-Identifier: Apache-2.0
#ifndef PROGRAMS_EMIT_CAMPUS_POST_H
#define PROGRAMS_EMIT_CAMPUS_POST_H

#include "measurement/window.h"
#include "outbox/outbox.h"

enum { CAMPUS_CLAIM_MAX = 2 * EMIT_WINDOW_ID_MAX + 160 }; // bytes of a claim, terminator included

// Of a line in conflict with the store.
#define CAMPUS_ALREADY_STORED                                                                      \
    "the store holds another event of the same meter and window; nothing was replaced"

// An event on its way. Borrowed.
struct campus_line {
    uint64_t index;  // of its record
    unsigned missed; // as of its campus_event
    const char *bytes;
    size_t length;
    const char *claim; // key of the store by which another line of the same window is told
    int64_t to_ns;     // UTC: end of the window
};

struct campus;
struct campus_post;

// What became of a line: told in the order of the lines, at once or when it is stored.
typedef void campus_listener(void *owner, uint64_t index, unsigned missed,
                             enum emit_entry_fate fate, const char *bytes, size_t length);

// The claim of a window: its meter and its edges, in an unmistakable form.
void campus_claim(char claim[CAMPUS_CLAIM_MAX], const struct emit_facility_window *window);

EMIT_MUST_CHECK enum emit_status campus_post_open(struct campus_post **post, struct campus *campus,
                                                  struct emit_error *err);
void campus_post_listen(struct campus_post *post, campus_listener *listener, void *owner);
// EMIT_REFUSED: the line breaks the contract, a bug of ours. Others: nothing more can be done.
EMIT_MUST_CHECK enum emit_status
campus_post_add(struct campus_post *post, const struct campus_line *line, struct emit_error *err);
EMIT_MUST_CHECK enum emit_status campus_post_finish(struct campus_post *post,
                                                    struct emit_error *err);
void campus_post_close(struct campus_post *post); // accepts NULL

#endif
