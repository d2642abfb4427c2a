// Who makes events without a run file behind them: what it opens for them, and in which order.
// Lines go through the intake into the store, unless it wants none, and as a copy into a file.
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_PRODUCER_H
#define AGENT_PRODUCER_H

#include "agent/intake.h"
#include "agent/store.h"

struct emit_producer_options {
    const char *outbox_path; // --outbox; NULL: the default place
    bool no_outbox;          // nothing is stored
    const char *output_path; // of the copy, which is appended to; "-": standard output; NULL: none
};

struct emit_producer {
    struct emit_host host;
    struct emit_store store;    // its outbox is NULL when nothing is stored
    struct emit_destination to; // owns the output, unless that is standard output
    struct emit_intake *intake;
};

// Opens the output, the store and the intake; neither of the first is written to before the
// first line. producer: not moved until close, for the intake knows where it is. store.notice is
// what there is to tell of the store.
// EMIT_SYSTEM, EMIT_DENIED, ...: the output cannot be written; others as emit_store_open.
EMIT_MUST_CHECK enum emit_status emit_producer_open(struct emit_producer *producer,
                                                    const struct emit_producer_options *options,
                                                    const struct emit_intake_listener *listener,
                                                    struct emit_error *err);
void emit_producer_close(struct emit_producer *producer); // accepts a zeroed one, and half of one

#endif
