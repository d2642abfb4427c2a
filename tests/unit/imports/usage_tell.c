// Tells what each record of some files comes to, one line of JSON for each and an empty one behind
// each file: the other side of usage_vectors_test.py.
// usage: usage_tell DIALECT FILE..., DIALECT "" to find out.
// SPDX-License-Identifier: Apache-2.0
#include "base/json_write.h"
#include "imports/object_reader.h"
#include "imports/usage.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static void add_text(struct emit_json_writer *json, const char *key,
                     const struct emit_usage_text *text) {
    char bytes[EMIT_USAGE_ID_MAX];
    if (!text->at) return;
    (void)emit_text_format(bytes, sizeof bytes, "%.*s", (int)text->length, text->at);
    emit_json_member_string(json, key, bytes);
}

static void tell(const struct emit_usage_record *record) {
    static const char *const names[] = {"input", "cached", "output", "reasoning"};
    char bytes[4096];
    struct emit_text line;
    struct emit_json_writer json;
    emit_text_init(&line, bytes, sizeof bytes);
    emit_json_writer_init(&json, &line);
    emit_json_open_object(&json);
    emit_json_member_string(&json, "fate", emit_usage_fate_word(record->fate));
    if (record->dialect != EMIT_DIALECT_COUNT)
        emit_json_member_string(&json, "dialect", emit_dialect_word(record->dialect));
    emit_json_member_string(&json, "message", record->message);
    add_text(&json, "model", &record->model);
    add_text(&json, "response_id", &record->response_id);
    add_text(&json, "request_id", &record->request_id);
    if (record->has_time) emit_json_member_u64(&json, "time_ns", (uint64_t)record->time_ns);
    for (int i = 0; i < 4; i++)
        if (record->counts.known & 1u << i)
            emit_json_member_u64(&json, names[i], record->counts.bucket[i]);
    emit_json_close_object(&json);
    puts(bytes);
}

static bool tell_file(enum emit_dialect dialect, const char *path) {
    struct emit_object_reader objects;
    struct emit_object_text object;
    struct emit_usage_reader reader;
    struct emit_usage_record record;
    struct emit_error err;
    enum emit_reader_item item;
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    emit_usage_reader_init(&reader, dialect);
    if (emit_object_reader_init(&objects, descriptor, EMIT_USAGE_TEXT_MAX, &err) != EMIT_OK)
        return false;
    while ((item = emit_object_reader_next(&objects, &object, &err)) == EMIT_READER_OBJECT) {
        emit_usage_read(&reader, &record, object.bytes, object.length);
        tell(&record);
    }
    puts("");
    emit_object_reader_clear(&objects);
    close(descriptor);
    return item == EMIT_READER_END;
}

int main(int argument_count, char **arguments) {
    if (argument_count < 2) return 2;
    for (int i = 2; i < argument_count; i++)
        if (!tell_file(emit_dialect_find(arguments[1]), arguments[i])) return 1;
    return 0;
}
