// Where the lines of emit campus go: through the contract, into the store, and the copy.
// SPDX-License-Identifier: Apache-2.0
#ifndef PROGRAMS_EMIT_CAMPUS_POST_H
#define PROGRAMS_EMIT_CAMPUS_POST_H

#include "agent/facility_claim.h"
#include "agent/intake.h"

// Which record an event is of.
struct campus_place {
    uint64_t index;  // of the record, from 0
    uint64_t line;   // on which it begins, from 1; 0 in an object
    unsigned missed; // as of its campus_event
    // Its meter and its begin, by which a stream remembers it; an object has no use for them.
    struct emit_facility_meter meter;
    int64_t from_ns;
};

// An event on its way. Borrowed.
struct campus_line {
    struct campus_place place;
    const char *bytes;
    size_t length;
    struct emit_claimed_span span; // its key as of emit_facility_claim_key; in nanoseconds, UTC
};

struct campus;
struct campus_post;

// What became of a line: told in the order of the lines, at once or when it is stored. why: which
// event of the store stands in its way; NULL: none, the event goes out.
typedef void campus_listener(void *owner, const struct emit_intake_answer *answer,
                             const struct campus_place *place,
                             const struct emit_facility_refusal *why);

EMIT_MUST_CHECK enum emit_status campus_post_open(struct campus_post **post, struct campus *campus,
                                                  struct emit_error *err);
void campus_post_listen(struct campus_post *post, campus_listener *listener, void *owner);
// EMIT_REFUSED: the line breaks the contract, a bug of ours. Others: nothing more can be done.
EMIT_MUST_CHECK enum emit_status
campus_post_add(struct campus_post *post, const struct campus_line *line, struct emit_error *err);
// Whether the store may have something against a line of this span, before the line is there:
// it has an event that claims some of it. False without a store.
bool campus_post_is_opposed(const struct campus_post *post, const struct emit_claimed_span *span);
// What the store says of a line before it is there.
enum campus_standing {
    CAMPUS_FREE,    // nothing claims any of its span; also without a store
    CAMPUS_STANDS,  // the very line is stored
    CAMPUS_OPPOSED, // another one is: why says which
};
EMIT_MUST_CHECK enum emit_status campus_post_ask(const struct campus_post *post,
                                                 const struct campus_line *line,
                                                 enum campus_standing *standing,
                                                 struct emit_facility_refusal *why,
                                                 struct emit_error *err);
EMIT_MUST_CHECK enum emit_status campus_post_finish(struct campus_post *post,
                                                    struct emit_error *err);
void campus_post_close(struct campus_post *post); // accepts NULL

#endif
