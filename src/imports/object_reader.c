// One object after the other from a stream. A line is an object unless it is the begin of one
// printed over many lines: then the object goes on as long as the text is JSON. What stops to
// be JSON, or is larger than an object may be, ends where the next line begins with a brace:
// of lines that are cut short, each costs itself alone.
// SPDX-License-Identifier: Apache-2.0
#include "imports/object_reader.h"

#include "base/json.h"
#include "base/json_token.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    SLACK_BYTES = 64, // behind the buffer's end: readable, always zero
};

enum emit_status emit_object_reader_init(struct emit_object_reader *reader, int descriptor,
                                         size_t object_max, struct emit_error *err) {
    *reader = (struct emit_object_reader){
        .descriptor = descriptor,
        .object_max = object_max,
        .capacity = EMIT_READER_MEMORY_BYTES,
        .capacity_max = EMIT_READER_MEMORY_BYTES,
        .line = 1,
    };
    if (object_max + EMIT_READER_AHEAD_BYTES > reader->capacity_max)
        reader->capacity_max = object_max + EMIT_READER_AHEAD_BYTES;
    reader->buffer = calloc(1, reader->capacity + SLACK_BYTES);
    if (!reader->buffer) return emit_fail(err, EMIT_NO_MEMORY, "out of memory");
    return EMIT_OK;
}

void emit_object_reader_clear(struct emit_object_reader *reader) {
    free(reader->buffer);
    reader->buffer = NULL;
}

// --- The buffer ---

// Makes the buffer twice as large, or as large as it may be.
static bool grow(struct emit_object_reader *reader, struct emit_error *err) {
    size_t capacity = 2 * reader->capacity;
    if (capacity > reader->capacity_max) capacity = reader->capacity_max;
    char *larger = realloc(reader->buffer, capacity + SLACK_BYTES);
    if (!larger) {
        emit_fail(err, EMIT_NO_MEMORY, "out of memory for an object of %zu bytes", reader->end);
        return false;
    }
    memset(larger + reader->capacity, 0, capacity + SLACK_BYTES - reader->capacity);
    reader->buffer = larger;
    reader->capacity = capacity;
    return true;
}

// Reads more behind what is there. False at the end of the stream and on an error. The
// buffer must not be full.
static bool fill(struct emit_object_reader *reader, bool *failed, struct emit_error *err) {
    if (reader->at_eof) return false;
    if (reader->at > 0) {
        memmove(reader->buffer, reader->buffer + reader->at, reader->end - reader->at);
        reader->end -= reader->at;
        reader->at = 0;
    }
    if (reader->end == reader->capacity && !grow(reader, err)) {
        *failed = true;
        return false;
    }
    ssize_t got;
    do {
        got =
            read(reader->descriptor, reader->buffer + reader->end, reader->capacity - reader->end);
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

static bool is_full(const struct emit_object_reader *reader) {
    return reader->end - reader->at == reader->capacity_max;
}

static void consume(struct emit_object_reader *reader, size_t count) {
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
static bool skip_space(struct emit_object_reader *reader, bool *failed, struct emit_error *err) {
    for (;;) {
        size_t at = reader->at;
        while (at < reader->end && is_space(reader->buffer[at]))
            at++;
        consume(reader, at - reader->at);
        if (reader->at < reader->end) return true;
        if (!fill(reader, failed, err)) return false;
    }
}

bool emit_object_reader_would_wait(const struct emit_object_reader *reader) {
    size_t at = reader->at;
    while (at < reader->end && is_space(reader->buffer[at]))
        at++;
    if (reader->at_eof || memchr(reader->buffer + at, '\n', reader->end - at)) return false;
    struct pollfd stream = {.fd = reader->descriptor, .events = POLLIN};
    return poll(&stream, 1, 0) == 0;
}

// Hands out the first `length` bytes at reader->at as an object.
static enum emit_reader_item hand_out(struct emit_object_reader *reader,
                                      struct emit_object_text *object, size_t length,
                                      bool too_large) {
    object->bytes = reader->buffer + reader->at;
    while (length > 0 && is_space(object->bytes[length - 1]))
        length--;
    object->length = too_large ? reader->object_max + 1 : length;
    object->readable = reader->buffer + reader->capacity + SLACK_BYTES;
    return EMIT_READER_OBJECT;
}

static enum emit_reader_item break_off(struct emit_object_text *object, enum emit_reason reason,
                                       const char *message) {
    object->reason = reason;
    object->message = message;
    return EMIT_READER_BROKEN;
}

// --- Objects ---

// Whether the line at `text` is all of its object, as plain NDJSON shows without a look inside:
// it ends with a brace and the next one begins with a brace, which no JSON text has in it.
static bool stands_alone(const char *text, const char *newline, const char *end) {
    const char *last = newline, *next = newline + 1;
    while (last > text && is_space(last[-1]))
        last--;
    while (next < end && is_space(*next))
        next++;
    return last[-1] == '}' && next < end && *next == '{';
}

// Where the next line that begins with a brace begins, behind the first line; else length.
static size_t find_next_object(const char *text, size_t length) {
    const char *at = text, *end = text + length;
    while ((at = memchr(at, '\n', (size_t)(end - at)))) {
        while (at < end && is_space(*at))
            at++;
        if (at < end && *at == '{') return (size_t)(at - text);
    }
    return length;
}

enum extent {
    EXTENT_WHOLE,      // the object and the end of its line were found
    EXTENT_UNFINISHED, // good so far: more of the stream must be read
    EXTENT_BROKEN,
    EXTENT_TOO_LARGE,
};

// Looks for the end of the object at the begin of have bytes; *length is then that of the
// object and its line end, or of one with more on its line as much as shows that. is_last: the
// stream has no more.
static enum extent measure(const char *text, size_t have, size_t object_max, bool is_last,
                           size_t *length) {
    bool is_cut = have > object_max;
    size_t most = is_cut ? object_max : have;
    const char *newline = memrchr(text, '\n', most);
    size_t to_newline = newline ? (size_t)(newline - text) + 1 : 0;
    // Up to a line's end no token is cut in two; without one only the whole text can be judged.
    if (!is_cut && !is_last) most = to_newline;
    struct emit_json json;
    emit_json_init(&json, text, most);
    if (emit_json_pass(&json)) {
        const char *at = json.at, *end = text + have;
        while (at < end && is_space(*at) && *at != '\n')
            at++;
        *length = (size_t)(at - text) + (at < end);
        if (at < end && *at != '\n') return EXTENT_BROKEN; // more text behind the object
        return at < end || is_last || is_cut ? EXTENT_WHOLE : EXTENT_UNFINISHED;
    }
    bool is_fault = json.fault_kind != EMIT_JSON_CUT_OFF;
    if (is_cut) // what follows the last line end may be cut in the middle of a token
        return is_fault && json.fault_at < text + to_newline ? EXTENT_BROKEN : EXTENT_TOO_LARGE;
    return is_fault || is_last ? EXTENT_BROKEN : EXTENT_UNFINISHED;
}

// Hands out what of a broken object stands in the buffer, `least` bytes or more; the next one is
// sought behind its first line.
static void hand_out_broken(struct emit_object_reader *reader, struct emit_object_text *object,
                            size_t least, bool too_large) {
    const char *text = reader->buffer + reader->at;
    size_t have = reader->end - reader->at;
    const char *newline = memchr(text, '\n', have);
    size_t length = find_next_object(text, have < reader->object_max ? have : reader->object_max);
    if (length < least) length = least;
    hand_out(reader, object, length, too_large);
    reader->at += newline ? (size_t)(newline - text) : have;
    reader->is_astray = true;
}

// Reads on behind an unfinished object, so far that looking at it again from its begin is
// worth the time: never more often than its bytes double, but for ends of objects.
static bool read_on(struct emit_object_reader *reader, bool *failed, struct emit_error *err) {
    size_t seen = reader->end - reader->at;
    size_t enough = seen < EMIT_READER_AHEAD_BYTES ? seen + 1 : 2 * seen;
    do {
        if (!fill(reader, failed, err)) return !*failed;
        const char *last = reader->buffer + reader->end;
        while (last > reader->buffer + reader->at && is_space(last[-1]))
            last--;
        if (last > reader->buffer + reader->at && last[-1] == '}') return true;
    } while (reader->end - reader->at < enough && reader->end - reader->at <= reader->object_max);
    return true;
}

static enum emit_reader_item next_object(struct emit_object_reader *reader,
                                         struct emit_object_text *object, struct emit_error *err) {
    bool failed = false;
    enum extent extent;
    size_t length = 0;
    do {
        const char *text = reader->buffer + reader->at, *end = reader->buffer + reader->end;
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        if (newline && stands_alone(text, newline, end)) {
            length = (size_t)(newline - text) + 1;
            hand_out(reader, object, length, false);
            reader->at += length;
            reader->line++;
            return EMIT_READER_OBJECT;
        }
        extent = measure(text, (size_t)(end - text), reader->object_max, reader->at_eof, &length);
    } while (extent == EXTENT_UNFINISHED && read_on(reader, &failed, err));
    if (failed) return EMIT_READER_FAILED;
    if (extent == EXTENT_WHOLE) {
        hand_out(reader, object, length, false);
        consume(reader, length);
    } else {
        hand_out_broken(reader, object, length, extent == EXTENT_TOO_LARGE);
    }
    return EMIT_READER_OBJECT;
}

// --- Server-sent events ---

// html.spec.whatwg.org/multipage/server-sent-events.html: "data: {...}", and lines that say of
// what kind it is, or nothing. "[DONE]" is the end of a stream of completions.
static const char data_field[] = "data:";

// Has so many bytes in the buffer, or all of the rest.
static bool look_ahead(struct emit_object_reader *reader, size_t count, bool *failed,
                       struct emit_error *err) {
    while (reader->end - reader->at < count && fill(reader, failed, err)) {
    }
    return !*failed;
}

static bool stands_next(const struct emit_object_reader *reader, const char *word) {
    size_t length = strlen(word);
    return reader->end - reader->at >= length &&
           memcmp(reader->buffer + reader->at, word, length) == 0;
}

// False on an error only.
static bool skip_line(struct emit_object_reader *reader, bool *failed, struct emit_error *err) {
    for (;;) {
        const char *at = reader->buffer + reader->at;
        const char *newline = memchr(at, '\n', reader->end - reader->at);
        consume(reader, newline ? (size_t)(newline - at) + 1 : reader->end - reader->at);
        if (newline) return true;
        if (!fill(reader, failed, err)) return !*failed;
    }
}

// Goes past the name of a field that holds data. Of a line without any: *is_empty, and the line is
// skipped. False on an error only.
static bool take_event_field(struct emit_object_reader *reader, bool *is_empty, bool *failed,
                             struct emit_error *err) {
    static const char *const others[] = {"event:", "id:", "retry:", ":"};
    *is_empty = false;
    if (!look_ahead(reader, strlen("data: [DONE]") + 1, failed, err)) return false;
    if (stands_next(reader, data_field)) {
        consume(reader, strlen(data_field));
        if (stands_next(reader, " ")) consume(reader, 1);
        *is_empty = reader->at == reader->end || stands_next(reader, "\n") ||
                    stands_next(reader, "\r") || stands_next(reader, "[DONE]");
    } else {
        for (size_t i = 0; i < sizeof others / sizeof *others; i++)
            *is_empty |= stands_next(reader, others[i]);
    }
    return !*is_empty || skip_line(reader, failed, err);
}

// --- Lines ---

static bool is_begin(struct emit_object_reader *reader, bool *failed, struct emit_error *err) {
    if (reader->buffer[reader->at] == '{') return true;
    return reader->takes_events && look_ahead(reader, strlen(data_field), failed, err) &&
           stands_next(reader, data_field);
}

// Goes to the next line that begins with a brace; false at the end of the stream.
static bool skip_to_object(struct emit_object_reader *reader, bool *failed,
                           struct emit_error *err) {
    for (;;) {
        const char *at = reader->buffer + reader->at;
        const char *newline = memchr(at, '\n', reader->end - reader->at);
        reader->at = newline ? (size_t)(newline - reader->buffer) : reader->end;
        if (newline) {
            if (!skip_space(reader, failed, err)) return false;
            if (is_begin(reader, failed, err)) return true;
            if (*failed) return false;
        } else if (!fill(reader, failed, err)) {
            return false;
        }
    }
}

// A line that cannot be the begin of an object, handed out as one.
static enum emit_reader_item next_other(struct emit_object_reader *reader,
                                        struct emit_object_text *object, struct emit_error *err) {
    bool failed = false, too_large = false;
    size_t seen = 0;
    for (;;) {
        const char *line = reader->buffer + reader->at;
        size_t have = reader->end - reader->at;
        const char *newline = memchr(line + seen, '\n', have - seen);
        if (newline) {
            size_t length = (size_t)(newline - line);
            hand_out(reader, object, length, too_large);
            consume(reader, length + 1);
            return EMIT_READER_OBJECT;
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
    hand_out(reader, object, reader->end - reader->at, too_large);
    reader->at = reader->end;
    return EMIT_READER_OBJECT;
}

static enum emit_reader_item next_line(struct emit_object_reader *reader,
                                       struct emit_object_text *object, struct emit_error *err) {
    bool failed = false, is_empty;
    do {
        bool more = reader->is_astray ? skip_to_object(reader, &failed, err)
                                      : skip_space(reader, &failed, err);
        if (!more) return failed ? EMIT_READER_FAILED : EMIT_READER_END;
        reader->is_astray = is_empty = false;
        object->line = reader->line;
        if (reader->takes_events && reader->buffer[reader->at] != '{' &&
            !take_event_field(reader, &is_empty, &failed, err))
            return EMIT_READER_FAILED;
    } while (is_empty);
    bool is_object = reader->at < reader->end && reader->buffer[reader->at] == '{';
    return is_object ? next_object(reader, object, err) : next_other(reader, object, err);
}

// --- Arrays ---

// Where an element ends, found over as many pieces as it takes.
struct element {
    size_t at; // bytes of the buffer, from reader->at, that were looked at
    size_t depth;
    bool in_string, is_escaped;
    bool too_large; // it did not fit into the buffer; its begin was dropped
};

// One byte further. True when the element ends before it.
static bool ends_at(struct element *element, char c) {
    if (element->in_string) {
        if (element->is_escaped)
            element->is_escaped = false;
        else if (c == '\\')
            element->is_escaped = true;
        else if (c == '"' || c == '\n')
            element->in_string = false; // no string spans lines
        return false;
    }
    if (c == '"') {
        element->in_string = true;
    } else if (c == '{' || c == '[') {
        element->depth++;
    } else if (c == '}' || c == ']') {
        if (element->depth == 0) return c == ']';
        element->depth--;
    }
    return c == ',' && element->depth == 0;
}

// Finds the element's end: *length bytes from reader->at, or the end of the stream.
static void seek_end(struct emit_object_reader *reader, struct element *element, size_t *length,
                     bool *failed, struct emit_error *err) {
    do {
        const char *bytes = reader->buffer + reader->at;
        size_t have = reader->end - reader->at;
        while (element->at < have && !ends_at(element, bytes[element->at])) {
            element->at++;
            if (element->in_string && !element->is_escaped)
                element->at =
                    (size_t)(emit_json_skip_plain(bytes + element->at, bytes + have) - bytes);
        }
        *length = element->at;
        if (element->at < have) return;
        if (is_full(reader)) { // larger than any object: go on without its bytes
            element->too_large = true;
            consume(reader, have);
            element->at = *length = 0;
        }
    } while (fill(reader, failed, err));
}

static enum emit_reader_item next_element(struct emit_object_reader *reader,
                                          struct emit_object_text *object, struct emit_error *err) {
    bool failed = false;
    if (!skip_space(reader, &failed, err)) {
        if (failed) return EMIT_READER_FAILED;
        object->line = reader->line;
        reader->state = EMIT_READER_DONE;
        return break_off(object, EMIT_REASON_MALFORMED_JSON, "the array must end with a bracket");
    }
    object->line = reader->line;
    char next = reader->buffer[reader->at];
    if (next == ']') {
        reader->at++;
        reader->state = EMIT_READER_BEHIND;
        if (!reader->after_comma) return emit_object_reader_next(reader, object, err);
        return break_off(object, EMIT_REASON_MALFORMED_JSON,
                         "an element must stand behind the last comma of the array");
    }
    if (reader->wants_comma && next == ',') {
        reader->at++;
        reader->wants_comma = false;
        reader->after_comma = true;
        return emit_object_reader_next(reader, object, err);
    }
    struct element element = {0};
    size_t length;
    seek_end(reader, &element, &length, &failed, err);
    if (failed) return EMIT_READER_FAILED;
    reader->wants_comma = true;
    reader->after_comma = false;
    object->element = ++reader->elements;
    if (length == 0 && !element.too_large) {
        reader->wants_comma = false;
        reader->at++; // a comma where an element should be
        return break_off(object, EMIT_REASON_MALFORMED_JSON,
                         "an element must stand before the comma of the array");
    }
    hand_out(reader, object, length, element.too_large);
    consume(reader, length);
    // Cut short: that the array does not end either is the same fault.
    if (element.depth > 0 || element.in_string) reader->state = EMIT_READER_DONE;
    return EMIT_READER_OBJECT;
}

// Behind the array nothing but space may stand.
static enum emit_reader_item next_behind(struct emit_object_reader *reader,
                                         struct emit_object_text *object, struct emit_error *err) {
    bool failed = false;
    reader->state = EMIT_READER_DONE;
    if (!skip_space(reader, &failed, err)) return failed ? EMIT_READER_FAILED : EMIT_READER_END;
    object->line = reader->line;
    return break_off(object, EMIT_REASON_MALFORMED_JSON, "the text must end behind the array");
}

// --- The stream ---

static enum emit_reader_item begin(struct emit_object_reader *reader,
                                   struct emit_object_text *object, struct emit_error *err) {
    bool failed = false;
    while (reader->end < 3 && fill(reader, &failed, err)) {
    }
    if (failed) return EMIT_READER_FAILED;
    object->line = 1;
    bool marked = reader->end >= 3 && memcmp(reader->buffer, "\xef\xbb\xbf", 3) == 0;
    if (marked) reader->at = 3;
    bool more = skip_space(reader, &failed, err);
    if (failed) return EMIT_READER_FAILED;
    reader->state = EMIT_READER_LINES;
    if (more && reader->buffer[reader->at] == '[') {
        reader->at++;
        reader->state = EMIT_READER_ARRAY;
    }
    if (marked && !reader->skips_mark)
        return break_off(object, EMIT_REASON_BYTE_ORDER_MARK,
                         "the text must begin with an object, not with a byte order mark");
    return emit_object_reader_next(reader, object, err);
}

enum emit_reader_item emit_object_reader_next(struct emit_object_reader *reader,
                                              struct emit_object_text *object,
                                              struct emit_error *err) {
    object->element = 0;
    switch (reader->state) {
    case EMIT_READER_BEGIN: return begin(reader, object, err);
    case EMIT_READER_LINES: return next_line(reader, object, err);
    case EMIT_READER_ARRAY: return next_element(reader, object, err);
    case EMIT_READER_BEHIND: return next_behind(reader, object, err);
    case EMIT_READER_DONE: break;
    }
    return EMIT_READER_END;
}
