// One event after the other from a stream. A line is an event unless it is the
// begin of an object printed over many lines: an object that is still open at
// the line's end, behind a brace, bracket, comma or colon.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/event_reader.h"

#include "emit/contract.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    // Small enough for the second-level cache, large enough for any event.
    BUFFER_BYTES = 4 * EMIT_EVENT_MAX,
    SLACK_BYTES = 64, // behind the buffer's end: readable, always zero
};

// Where a value ends, found over as many pieces as it takes.
struct extent {
    size_t at; // bytes of the buffer, from reader->at, that were looked at
    size_t depth;
    bool in_string, is_escaped;
    bool too_large; // the value did not fit into the buffer; its begin was dropped
};

enum emit_status emit_event_reader_init(struct emit_event_reader *reader, int descriptor,
                                        struct emit_error *err) {
    *reader = (struct emit_event_reader){.descriptor = descriptor, .line = 1};
    reader->buffer = calloc(1, BUFFER_BYTES + SLACK_BYTES);
    if (!reader->buffer) return emit_fail(err, EMIT_NO_MEMORY, "out of memory");
    return EMIT_OK;
}

void emit_event_reader_clear(struct emit_event_reader *reader) {
    free(reader->buffer);
    reader->buffer = NULL;
}

// --- The buffer ---

// Reads more behind what is there. False at the end of the stream and on an error.
static bool fill(struct emit_event_reader *reader, bool *failed, struct emit_error *err) {
    if (reader->at_eof) return false;
    if (reader->at > 0) {
        memmove(reader->buffer, reader->buffer + reader->at, reader->end - reader->at);
        reader->end -= reader->at;
        reader->at = 0;
    }
    ssize_t got;
    do {
        got = read(reader->descriptor, reader->buffer + reader->end, BUFFER_BYTES - reader->end);
    } while (got < 0 && errno == EINTR);
    if (got < 0) {
        emit_fail_errno(err, errno, "cannot be read");
        *failed = true;
        return false;
    }
    if (got == 0) reader->at_eof = true;
    reader->end += (size_t)got;
    return got > 0;
}

static bool is_full(const struct emit_event_reader *reader) {
    return reader->end - reader->at == BUFFER_BYTES;
}

static void consume(struct emit_event_reader *reader, size_t count) {
    const char *at = reader->buffer + reader->at, *end = at + count;
    while ((at = memchr(at, '\n', (size_t)(end - at)))) {
        reader->line++;
        at++;
    }
    reader->at += count;
}

static bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

// Goes to the next byte that is not space; false at the end of the stream.
static bool skip_space(struct emit_event_reader *reader, bool *failed, struct emit_error *err) {
    for (;;) {
        size_t at = reader->at;
        while (at < reader->end && is_space(reader->buffer[at]))
            at++;
        consume(reader, at - reader->at);
        if (reader->at < reader->end) return true;
        if (!fill(reader, failed, err)) return false;
    }
}

// Hands out the first `length` bytes at reader->at as an event.
static enum emit_reader_item hand_out(struct emit_event_reader *reader,
                                      struct emit_event_text *event, size_t length,
                                      bool too_large) {
    event->bytes = reader->buffer + reader->at;
    while (length > 0 && is_space(event->bytes[length - 1]))
        length--;
    event->length = too_large ? EMIT_EVENT_MAX + 1 : length;
    event->readable = reader->buffer + BUFFER_BYTES + SLACK_BYTES;
    return EMIT_READER_EVENT;
}

static enum emit_reader_item break_off(struct emit_event_text *event, enum emit_reason reason,
                                       const char *message) {
    event->reason = reason;
    event->message = message;
    return EMIT_READER_BROKEN;
}

// --- Extents ---

enum seek { SEEK_OBJECT, SEEK_ELEMENT };

// One byte further. True when the value ends before it (an element) or with it (an object).
static bool ends_at(struct extent *extent, char c, enum seek seek) {
    if (extent->in_string) {
        if (extent->is_escaped)
            extent->is_escaped = false;
        else if (c == '\\')
            extent->is_escaped = true;
        else if (c == '"' || c == '\n')
            extent->in_string = false; // no string spans lines
        return false;
    }
    if (c == '"') {
        extent->in_string = true;
    } else if (c == '{' || c == '[') {
        extent->depth++;
    } else if (c == '}' || c == ']') {
        if (extent->depth == 0) return seek == SEEK_ELEMENT && c == ']';
        extent->depth--;
        return seek == SEEK_OBJECT && extent->depth == 0;
    }
    return seek == SEEK_ELEMENT && c == ',' && extent->depth == 0;
}

// Behind a comma or a brace of an open object only a key may stand: a line that begins
// with {" is then the next event, and the open one was never closed. True at that quote.
static bool begins_anew(const char *bytes, size_t at) {
    if (at < 3 || bytes[at] != '"' || bytes[at - 1] != '{' || bytes[at - 2] != '\n') return false;
    size_t before = at - 2;
    while (before > 0 && is_space(bytes[before - 1]))
        before--;
    return before > 0 && (bytes[before - 1] == ',' || bytes[before - 1] == '{');
}

// Finds the value's end: *length bytes from reader->at. False when the stream ends first.
static bool seek_end(struct emit_event_reader *reader, struct extent *extent, enum seek seek,
                     size_t *length, bool *failed, struct emit_error *err) {
    for (;;) {
        const char *bytes = reader->buffer + reader->at;
        size_t have = reader->end - reader->at;
        for (; extent->at < have; extent->at++) {
            if (seek == SEEK_OBJECT && begins_anew(bytes, extent->at)) {
                *length = extent->at - 1;
                return true;
            }
            if (ends_at(extent, bytes[extent->at], seek)) {
                *length = extent->at + (seek == SEEK_OBJECT);
                return true;
            }
        }
        *length = have;
        if (is_full(reader)) { // larger than any event: go on without its bytes
            extent->too_large = true;
            consume(reader, have);
            extent->at = *length = 0;
        }
        if (!fill(reader, failed, err)) return false;
    }
}

// --- Lines ---

static bool opens_more(const char *line, size_t length) {
    while (length > 0 && is_space(line[length - 1]))
        length--;
    if (length == 0 || line[0] != '{') return false;
    char last = line[length - 1];
    return last == '{' || last == '[' || last == ',' || last == ':';
}

static enum emit_reader_item next_object(struct emit_event_reader *reader,
                                         struct emit_event_text *event, struct emit_error *err) {
    struct extent extent = {0};
    size_t length;
    bool failed = false;
    seek_end(reader, &extent, SEEK_OBJECT, &length, &failed, err);
    if (failed) return EMIT_READER_FAILED;
    hand_out(reader, event, length, extent.too_large);
    consume(reader, length);
    return EMIT_READER_EVENT;
}

static enum emit_reader_item next_line(struct emit_event_reader *reader,
                                       struct emit_event_text *event, struct emit_error *err) {
    bool failed = false, too_large = false;
    if (!skip_space(reader, &failed, err)) return failed ? EMIT_READER_FAILED : EMIT_READER_END;
    event->line = reader->line;
    size_t seen = 0;
    for (;;) {
        const char *line = reader->buffer + reader->at;
        size_t have = reader->end - reader->at;
        const char *end = memchr(line + seen, '\n', have - seen);
        if (end) {
            size_t length = (size_t)(end - line);
            if (!too_large && opens_more(line, length)) return next_object(reader, event, err);
            hand_out(reader, event, length, too_large);
            reader->at += length + 1;
            reader->line++;
            return EMIT_READER_EVENT;
        }
        seen = have;
        if (is_full(reader)) {
            too_large = true;
            reader->at = reader->end;
            seen = 0;
        }
        if (!fill(reader, &failed, err)) break;
    }
    if (failed) return EMIT_READER_FAILED;
    hand_out(reader, event, reader->end - reader->at, too_large);
    reader->at = reader->end;
    return EMIT_READER_EVENT;
}

// --- Arrays ---

static enum emit_reader_item next_element(struct emit_event_reader *reader,
                                          struct emit_event_text *event, struct emit_error *err) {
    bool failed = false;
    if (!skip_space(reader, &failed, err)) {
        if (failed) return EMIT_READER_FAILED;
        event->line = reader->line;
        reader->state = EMIT_READER_DONE;
        return break_off(event, EMIT_REASON_MALFORMED_JSON, "the array must end with a bracket");
    }
    event->line = reader->line;
    char next = reader->buffer[reader->at];
    if (next == ']') {
        reader->at++;
        reader->state = EMIT_READER_BEHIND;
        if (!reader->after_comma) return emit_event_reader_next(reader, event, err);
        return break_off(event, EMIT_REASON_MALFORMED_JSON,
                         "an element must stand behind the last comma of the array");
    }
    if (reader->wants_comma && next == ',') {
        reader->at++;
        reader->wants_comma = false;
        reader->after_comma = true;
        return emit_event_reader_next(reader, event, err);
    }
    struct extent extent = {0};
    size_t length;
    seek_end(reader, &extent, SEEK_ELEMENT, &length, &failed, err);
    if (failed) return EMIT_READER_FAILED;
    reader->wants_comma = true;
    reader->after_comma = false;
    if (length == 0 && !extent.too_large) {
        reader->wants_comma = false;
        reader->at++; // a comma where an element should be
        return break_off(event, EMIT_REASON_MALFORMED_JSON,
                         "an element must stand before the comma of the array");
    }
    hand_out(reader, event, length, extent.too_large);
    consume(reader, length);
    return EMIT_READER_EVENT;
}

// Behind the array nothing but space may stand.
static enum emit_reader_item next_behind(struct emit_event_reader *reader,
                                         struct emit_event_text *event, struct emit_error *err) {
    bool failed = false;
    reader->state = EMIT_READER_DONE;
    if (!skip_space(reader, &failed, err)) return failed ? EMIT_READER_FAILED : EMIT_READER_END;
    event->line = reader->line;
    return break_off(event, EMIT_REASON_MALFORMED_JSON, "the text must end behind the array");
}

// --- The stream ---

static enum emit_reader_item begin(struct emit_event_reader *reader, struct emit_event_text *event,
                                   struct emit_error *err) {
    bool failed = false;
    while (reader->end < 3 && fill(reader, &failed, err)) {
    }
    if (failed) return EMIT_READER_FAILED;
    event->line = 1;
    bool marked = reader->end >= 3 && memcmp(reader->buffer, "\xef\xbb\xbf", 3) == 0;
    if (marked) reader->at = 3;
    bool more = skip_space(reader, &failed, err);
    if (failed) return EMIT_READER_FAILED;
    reader->state = EMIT_READER_LINES;
    if (more && reader->buffer[reader->at] == '[') {
        reader->at++;
        reader->state = EMIT_READER_ARRAY;
    }
    if (marked)
        return break_off(event, EMIT_REASON_BYTE_ORDER_MARK,
                         "the text must begin with an event, not with a byte order mark");
    return emit_event_reader_next(reader, event, err);
}

enum emit_reader_item emit_event_reader_next(struct emit_event_reader *reader,
                                             struct emit_event_text *event,
                                             struct emit_error *err) {
    switch (reader->state) {
    case EMIT_READER_BEGIN: return begin(reader, event, err);
    case EMIT_READER_LINES: return next_line(reader, event, err);
    case EMIT_READER_ARRAY: return next_element(reader, event, err);
    case EMIT_READER_BEHIND: return next_behind(reader, event, err);
    case EMIT_READER_DONE: break;
    }
    return EMIT_READER_END;
}
