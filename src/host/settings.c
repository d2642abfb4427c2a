// YAML into settings, through libyaml's event parser. Aliases are refused (they
// can make a small file endless), and so are two settings of one key.
// SPDX-License-Identifier: Apache-2.0
#include "host/settings.h"

#include "base/text.h"
#include "host/library.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

struct yaml_library {
    __typeof__(yaml_parser_initialize) *parser_initialize;
    __typeof__(yaml_parser_delete) *parser_delete;
    __typeof__(yaml_parser_set_input_string) *parser_set_input_string;
    __typeof__(yaml_parser_parse) *parser_parse;
    __typeof__(yaml_event_delete) *event_delete;
};

static const struct emit_symbol yaml_rows[] = {
    {"yaml_parser_initialize", offsetof(struct yaml_library, parser_initialize), false},
    {"yaml_parser_delete", offsetof(struct yaml_library, parser_delete), false},
    {"yaml_parser_set_input_string", offsetof(struct yaml_library, parser_set_input_string), false},
    {"yaml_parser_parse", offsetof(struct yaml_library, parser_parse), false},
    {"yaml_event_delete", offsetof(struct yaml_library, event_delete), false},
    {NULL, 0, false},
};

// One open mapping or sequence.
struct level {
    bool is_list;
    bool has_key;              // in a mapping: the next node is the value of the key
    size_t key_length;         // of reader.key, as it was outside this level
    struct emit_setting *list; // the setting a sequence is joined in
};

struct reader {
    const char *path; // for sentences
    bool foreign, has_document;
    size_t skipped_depth; // open mappings and sequences of a value that is not looked at
    struct yaml_library yaml;
    yaml_parser_t parser;
    struct emit_settings *settings;
    char key[EMIT_SETTINGS_KEY_MAX]; // of the node that comes next, with dots
    size_t depth;
    struct level levels[EMIT_SETTINGS_DEPTH_MAX];
};

static enum emit_status fail_at(const struct reader *reader, const yaml_event_t *event,
                                const char *what, struct emit_error *err) {
    return emit_fail(err, EMIT_INVALID, "%s:%zu: %s", reader->path, event->start_mark.line + 1,
                     what);
}

static enum emit_status add_setting(struct reader *reader, const yaml_event_t *event,
                                    const char *value, struct emit_setting **added,
                                    struct emit_error *err) {
    struct emit_settings *settings = reader->settings;
    for (size_t i = 0; i < settings->count; i++)
        if (strcmp(settings->rows[i].key, reader->key) == 0)
            return fail_at(reader, event, "this key was set before", err);
    if (settings->count == EMIT_SETTINGS_MAX)
        return fail_at(reader, event, "too many settings", err);
    struct emit_setting *setting = &settings->rows[settings->count];
    *setting = (struct emit_setting){.line = event->start_mark.line + 1};
    emit_text_format(setting->key, sizeof setting->key, "%s", reader->key);
    if (value && !(setting->value = strdup(value)))
        return emit_fail(err, EMIT_NO_MEMORY, "out of memory");
    settings->count++;
    *added = setting;
    return EMIT_OK;
}

// YAML 1.2 core schema: what null looks like when it is not quoted.
static bool is_null(const yaml_event_t *event) {
    const char *text = (const char *)event->data.scalar.value;
    if (event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE) return false;
    return strcmp(text, "") == 0 || strcmp(text, "~") == 0 || strcmp(text, "null") == 0 ||
           strcmp(text, "Null") == 0 || strcmp(text, "NULL") == 0;
}

static enum emit_status extend_key(struct reader *reader, const yaml_event_t *event,
                                   struct level *level, struct emit_error *err) {
    const char *text = (const char *)event->data.scalar.value;
    size_t length = level->key_length, added = event->data.scalar.length;
    if (length + added + 2 > sizeof reader->key || strlen(text) != added || added == 0)
        return fail_at(reader, event, "this key is empty, too long or holds a NUL", err);
    if (length > 0) reader->key[length++] = '.';
    memcpy(reader->key + length, text, added + 1);
    level->has_key = true;
    return EMIT_OK;
}

static enum emit_status extend_list(struct reader *reader, const yaml_event_t *event,
                                    struct level *level, struct emit_error *err) {
    const char *text = (const char *)event->data.scalar.value;
    char *joined;
    if (strchr(text, ',')) return fail_at(reader, event, "a list's item holds a comma", err);
    const char *before = level->list->value;
    if (asprintf(&joined, "%s%s%s", before, *before ? "," : "", text) < 0)
        return emit_fail(err, EMIT_NO_MEMORY, "out of memory");
    free(level->list->value);
    level->list->value = joined;
    return EMIT_OK;
}

static enum emit_status take_scalar(struct reader *reader, const yaml_event_t *event,
                                    struct emit_error *err) {
    if (reader->depth == 0) // an empty file is one empty scalar
        return is_null(event) ? EMIT_OK : fail_at(reader, event, "settings are KEY: VALUE", err);
    struct level *level = &reader->levels[reader->depth - 1];
    if (strlen((const char *)event->data.scalar.value) != event->data.scalar.length)
        return fail_at(reader, event, "a value holds a NUL", err);
    if (level->is_list) return extend_list(reader, event, level, err);
    if (!level->has_key) return extend_key(reader, event, level, err);
    level->has_key = false;
    if (reader->key[0] == '\0') return EMIT_OK; // see skip_foreign
    struct emit_setting *added;
    const char *value = is_null(event) ? NULL : (const char *)event->data.scalar.value;
    return add_setting(reader, event, value, &added, err);
}

static enum emit_status open_level(struct reader *reader, const yaml_event_t *event, bool is_list,
                                   struct emit_error *err) {
    struct level *outer = reader->depth > 0 ? &reader->levels[reader->depth - 1] : NULL;
    if (reader->depth == EMIT_SETTINGS_DEPTH_MAX)
        return fail_at(reader, event, "settings are nested too deeply", err);
    if ((!outer && is_list) || (outer && (outer->is_list || !outer->has_key)))
        return fail_at(reader, event, "settings are KEY: VALUE, and lists hold plain words", err);
    struct level *level = &reader->levels[reader->depth];
    *level = (struct level){.is_list = is_list, .key_length = outer ? strlen(reader->key) : 0};
    if (outer) outer->has_key = false;
    if (is_list) {
        enum emit_status status = add_setting(reader, event, "", &level->list, err);
        if (status != EMIT_OK) return status;
    }
    reader->depth++;
    return EMIT_OK;
}

// In a foreign file: passes over values that are not plain. True: the event is done with.
static bool skip_foreign(struct reader *reader, const yaml_event_t *event) {
    if (!reader->foreign || reader->depth == 0) return false;
    struct level *level = &reader->levels[reader->depth - 1];
    bool opens =
        event->type == YAML_MAPPING_START_EVENT || event->type == YAML_SEQUENCE_START_EVENT;
    bool closes = event->type == YAML_MAPPING_END_EVENT || event->type == YAML_SEQUENCE_END_EVENT;
    if (reader->skipped_depth == 0 && !opens && event->type != YAML_ALIAS_EVENT) return false;
    if (opens) reader->skipped_depth++;
    if (closes) reader->skipped_depth--;
    if (reader->skipped_depth > 0) return true;
    if (!level->has_key) reader->key[0] = '\0'; // it was a key: one without a name
    level->has_key = !level->has_key;
    return true;
}

static enum emit_status take_event(struct reader *reader, const yaml_event_t *event,
                                   struct emit_error *err) {
    if (skip_foreign(reader, event)) return EMIT_OK;
    switch (event->type) {
    case YAML_SCALAR_EVENT: return take_scalar(reader, event, err);
    case YAML_MAPPING_START_EVENT: return open_level(reader, event, false, err);
    case YAML_SEQUENCE_START_EVENT: return open_level(reader, event, true, err);
    case YAML_MAPPING_END_EVENT:
    case YAML_SEQUENCE_END_EVENT: reader->depth--; return EMIT_OK;
    case YAML_ALIAS_EVENT: return fail_at(reader, event, "aliases (*name) are not read", err);
    case YAML_DOCUMENT_START_EVENT:
        if (reader->has_document)
            return fail_at(reader, event, "a second document (---): a file holds one", err);
        reader->has_document = true;
        break;
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
    case YAML_DOCUMENT_END_EVENT: break;
    }
    return EMIT_OK;
}

static enum emit_status parse(struct reader *reader, const char *text, size_t length,
                              struct emit_error *err) {
    if (!reader->yaml.parser_initialize(&reader->parser))
        return emit_fail(err, EMIT_NO_MEMORY, "out of memory");
    reader->yaml.parser_set_input_string(&reader->parser, (const unsigned char *)text, length);
    enum emit_status status = EMIT_OK;
    bool ended = false;
    while (status == EMIT_OK && !ended) {
        yaml_event_t event;
        if (!reader->yaml.parser_parse(&reader->parser, &event)) {
            const char *problem = reader->parser.problem;
            status = emit_fail(err, EMIT_INVALID, "%s:%zu: not YAML: %s", reader->path,
                               reader->parser.problem_mark.line + 1,
                               problem ? problem : "it cannot be read");
            break;
        }
        // What follows a first document of another program's is none of our settings.
        ended = event.type == YAML_STREAM_END_EVENT ||
                (reader->foreign && event.type == YAML_DOCUMENT_END_EVENT);
        status = take_event(reader, &event, err);
        reader->yaml.event_delete(&event);
    }
    reader->yaml.parser_delete(&reader->parser);
    return status;
}

static enum emit_status read_file(const char *path, char **text, size_t *length,
                                  struct emit_error *err) {
    FILE *file = fopen(path, "re");
    if (!file) return emit_fail_errno(err, errno, "cannot open %s", path);
    enum emit_status status = EMIT_OK;
    char *bytes = malloc(EMIT_SETTINGS_BYTES_MAX + 1);
    size_t got = bytes ? fread(bytes, 1, EMIT_SETTINGS_BYTES_MAX + 1, file) : 0;
    if (!bytes)
        status = emit_fail(err, EMIT_NO_MEMORY, "out of memory");
    else if (ferror(file))
        status = emit_fail_errno(err, errno, "cannot read %s", path);
    else if (got > EMIT_SETTINGS_BYTES_MAX)
        status =
            emit_fail(err, EMIT_INVALID, "%s is larger than 1 MiB: not what it should be", path);
    (void)fclose(file);
    if (status != EMIT_OK) {
        free(bytes);
        return status;
    }
    *text = bytes;
    *length = got;
    return EMIT_OK;
}

// Gives back the rows that no setting came for: a folder of files is kept open at once.
static void fit(struct emit_settings *settings) {
    size_t count = settings->count > 0 ? settings->count : 1;
    struct emit_setting *fitted = realloc(settings->rows, count * sizeof *fitted);
    if (fitted) settings->rows = fitted;
}

enum emit_status emit_settings_read(struct emit_settings *settings, const char *path, bool foreign,
                                    struct emit_error *err) {
    char *text = NULL;
    size_t length = 0;
    void *handle = NULL;
    struct emit_settings fresh = {0};
    struct reader reader = {.path = path, .foreign = foreign, .settings = &fresh};
    enum emit_status status = read_file(path, &text, &length, err);
    if (status != EMIT_OK) return status;
    struct emit_error why;
    status = emit_library_open(&handle, "libyaml-0.so.2", "install libyaml-0-2", yaml_rows,
                               &reader.yaml, &why);
    if (status != EMIT_OK) {
        status = emit_fail(err, status, "%s cannot be read: %s", path, why.text);
        goto done;
    }
    fresh.rows = calloc(EMIT_SETTINGS_MAX, sizeof *fresh.rows);
    if (!fresh.rows) {
        status = emit_fail(err, EMIT_NO_MEMORY, "out of memory");
        goto done;
    }
    if (!emit_text_format(fresh.path, sizeof fresh.path, "%s", path))
        status = emit_fail(err, EMIT_INVALID, "the path of the file is too long");
    if (status == EMIT_OK) status = parse(&reader, text, length, err);
    if (status == EMIT_OK) fit(&fresh);
done:
    emit_library_close(handle);
    free(text);
    if (status == EMIT_OK)
        *settings = fresh;
    else
        emit_settings_close(&fresh);
    return status;
}

const char *emit_settings_lookup(void *owner, const char *key) {
    const struct emit_settings *settings = owner;
    for (size_t i = 0; i < settings->count; i++)
        if (strcmp(settings->rows[i].key, key) == 0) return settings->rows[i].value;
    return NULL;
}

void emit_settings_close(struct emit_settings *settings) {
    for (size_t i = 0; i < settings->count; i++)
        free(settings->rows[i].value);
    free(settings->rows);
    *settings = (struct emit_settings){0};
}
