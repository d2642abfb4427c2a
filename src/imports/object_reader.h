// One JSON object after the other from a stream of any length: lines (NDJSON), the
// elements of one JSON array, and objects printed over many lines. It finds where an
// object begins and ends; what is in it, and whether it is one, is not its business.
// A broken object is cut where the next line begins with a brace. Where the caller says so, lines
// may be server-sent events, whose data are the objects.
//
// Memory: EMIT_READER_MEMORY_BYTES, and for an object larger than that as much as it
// needs, up to the maximum of an object and EMIT_READER_AHEAD_BYTES.
// SPDX-License-Identifier: Apache-2.0
#ifndef IMPORTS_OBJECT_READER_H
#define IMPORTS_OBJECT_READER_H

#include "base/error.h"
#include "vocabulary/reasons.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    EMIT_READER_MEMORY_BYTES = 256 * 1024, // small enough for the second-level cache
    EMIT_READER_AHEAD_BYTES = 64 * 1024,   // read behind the largest object
};

enum emit_reader_item {
    EMIT_READER_END,
    EMIT_READER_OBJECT,
    EMIT_READER_BROKEN, // of the text around the objects: see reason and message
    EMIT_READER_FAILED, // the stream could not be read: see the error
};

struct emit_object_text {
    const char *bytes;    // borrowed until the next call
    size_t length;        // above object_max: larger than that, only the begin is there
    const char *readable; // the end of what may be read, 64 bytes or more behind the object
    uint64_t line;        // on which it begins, from 1
    uint64_t element;     // in an array its number, from 1; else 0
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

struct emit_object_reader {
    int descriptor; // borrowed
    size_t object_max;
    // May be set behind the init: what is no JSON and no event is handed out all the same.
    bool takes_events;
    // May be set behind the init: a byte order mark at the begin of the stream is no fault.
    bool skips_mark;
    char *buffer; // owned
    size_t capacity, capacity_max;
    size_t at, end; // what of the buffer is unread
    uint64_t line;  // of buffer[at]
    bool at_eof;
    // The last object was broken: the next one is at a line that begins with a brace.
    bool is_astray;
    enum emit_reader_state state;
    uint64_t elements; // of an array: that were read
    bool wants_comma;  // in an array: an element was read, a comma or the end must follow
    bool after_comma;
};

// object_max: bytes of the largest object that is handed out whole.
EMIT_MUST_CHECK enum emit_status emit_object_reader_init(struct emit_object_reader *reader,
                                                         int descriptor, size_t object_max,
                                                         struct emit_error *err);
void emit_object_reader_clear(struct emit_object_reader *reader);

// Whether the next item has yet to be written by whoever writes the stream: what was made so far
// can be handed on meanwhile.
bool emit_object_reader_would_wait(const struct emit_object_reader *reader);

// The next item; err is filled for EMIT_READER_FAILED only.
enum emit_reader_item emit_object_reader_next(struct emit_object_reader *reader,
                                              struct emit_object_text *object,
                                              struct emit_error *err);

#endif
