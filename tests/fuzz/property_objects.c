// The reader of objects over any stream: what it hands out is of the stream, in its order, and
// does not hang on how the stream was cut into reads.
// SPDX-License-Identifier: Apache-2.0
#include "property.h"

#include "base/json.h"
#include "imports/object_reader.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { OBJECT_MAX = 512, PACKETS = 15, ITEMS_MAX = 1 << 16 };

// What a reading came to, in few words.
struct heard {
    uint64_t items, broken, line, sum;
};

// Of a broken one as much is handed out as was read by then.
static bool is_json(const struct emit_object_text *object) {
    struct emit_json json;
    if (object->length > OBJECT_MAX) return false;
    emit_json_init(&json, object->bytes, object->length);
    return emit_json_skip(&json) && emit_json_at_end(&json);
}

static const char *listen(int descriptor, size_t size, struct heard *heard) {
    struct emit_object_reader reader;
    struct emit_object_text object = {0};
    struct emit_error err;
    const char *wrong = NULL;
    *heard = (struct heard){0};
    if (emit_object_reader_init(&reader, descriptor, OBJECT_MAX, &err) != EMIT_OK) return NULL;
    while (!wrong) {
        enum emit_reader_item item = emit_object_reader_next(&reader, &object, &err);
        if (item == EMIT_READER_END) break;
        if (item == EMIT_READER_FAILED) {
            wrong = "a stream that can be read was not";
            break;
        }
        if (object.line < heard->line || object.line > size + 1) wrong = "a line that is none";
        if (item == EMIT_READER_BROKEN && (!object.message || !object.message[0]))
            wrong = "broken without a sentence";
        if (++heard->items > ITEMS_MAX || heard->items > size + 1) wrong = "it never ends";
        heard->broken += item == EMIT_READER_BROKEN;
        heard->line = object.line;
        if (item == EMIT_READER_OBJECT && is_json(&object))
            for (size_t i = 0; i < object.length; i++)
                heard->sum = heard->sum * 31 + (unsigned char)object.bytes[i];
    }
    emit_object_reader_clear(&reader);
    return wrong;
}

// Each write of such a pipe is one read of its other end.
static bool fill_pipe(int ends[2], const uint8_t *bytes, size_t size) {
    if (pipe2(ends, O_CLOEXEC | O_DIRECT | O_NONBLOCK) != 0) return false;
    size_t packet = size / PACKETS + 1;
    bool filled = true;
    for (size_t at = 0; at < size && filled; at += packet) {
        size_t more = size - at < packet ? size - at : packet;
        filled = write(ends[1], bytes + at, more) == (ssize_t)more;
    }
    close(ends[1]);
    if (!filled) close(ends[0]);
    return filled;
}

const char *property_objects(const uint8_t *bytes, size_t size) {
    struct heard whole, cut;
    int ends[2], file = memfd_create("objects", MFD_CLOEXEC);
    if (file < 0) return NULL;
    const char *wrong = NULL;
    if (write(file, bytes, size) == (ssize_t)size && lseek(file, 0, SEEK_SET) == 0)
        wrong = listen(file, size, &whole);
    close(file);
    if (wrong || !fill_pipe(ends, bytes, size)) return wrong;
    wrong = listen(ends[0], size, &cut);
    close(ends[0]);
    if (!wrong && memcmp(&whole, &cut, sizeof whole) != 0) wrong = "it hangs on the size of reads";
    return wrong;
}
