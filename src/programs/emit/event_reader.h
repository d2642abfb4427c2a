// One event after the other from a stream of any length, in constant memory:
// lines (NDJSON), the elements of one JSON array, and objects printed over many
// lines. It finds where an event begins and ends; whether it is one is not its
// business. A broken event is cut where the next line begins with a brace.
// SPDX-License-Identifier: Apache-2.0
#ifndef PROGRAMS_EMIT_EVENT_READER_H
#define PROGRAMS_EMIT_EVENT_READER_H

#include "base/error.h"
#include "vocabulary/reasons.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum emit_reader_item {
    EMIT_READER_END,
    EMIT_READER_EVENT,
    EMIT_READER_BROKEN, // of the text around the events: see reason and message
    EMIT_READER_FAILED, // the stream could not be read: see the error
};

struct emit_event_text {
    const char *bytes; // borrowed until the next call
    size_t length;     // above EMIT_EVENT_MAX: larger than that, only the begin is there
    const char *readable;
    uint64_t line; // on which it begins, from 1
    enum emit_reason reason;
    const char *message; // of a broken text: one sentence
};

enum emit_reader_state {
    EMIT_READER_BEGIN,
    EMIT_READER_LINES,
    EMIT_READER_ARRAY,
    EMIT_READER_BEHIND, // an array
    EMIT_READER_DONE,
};

struct emit_event_reader {
    int descriptor; // borrowed
    char *buffer;   // owned
    size_t at, end; // what of the buffer is unread
    uint64_t line;  // of buffer[at]
    bool at_eof;
    bool is_astray; // the last event was broken: the next one is at a line that begins with a brace
    enum emit_reader_state state;
    bool wants_comma; // in an array: an element was read, a comma or the end must follow
    bool after_comma;
};

EMIT_MUST_CHECK enum emit_status emit_event_reader_init(struct emit_event_reader *reader,
                                                        int descriptor, struct emit_error *err);
void emit_event_reader_clear(struct emit_event_reader *reader);

// The next item; err is filled for EMIT_READER_FAILED only.
enum emit_reader_item emit_event_reader_next(struct emit_event_reader *reader,
                                             struct emit_event_text *event, struct emit_error *err);

#endif
