// Plain values and mappings of a scenario's YAML.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit-testbed/scenario_values.h"

#include "base/option.h"
#include "base/text.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum emit_status emit_reader_complain(struct emit_scenario_reader *reader, const yaml_node_t *node,
                                      const char *format, ...) {
    char sentence[200];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(sentence, sizeof sentence, format, arguments);
    va_end(arguments);
    // The sentence is worth more than the front of a long path.
    const char *path = reader->scenario->path;
    size_t length = strlen(path), most = 100;
    return emit_fail(reader->err, EMIT_INVALID, "%s:%zu: %s",
                     length > most ? path + length - most : path, node->start_mark.line + 1,
                     sentence);
}

const yaml_node_t *emit_reader_node(struct emit_scenario_reader *reader, int index) {
    return yaml_document_get_node(&reader->document, index);
}

const char *emit_reader_scalar(const yaml_node_t *node) {
    if (node->type != YAML_SCALAR_NODE) return NULL;
    const char *text = (const char *)node->data.scalar.value;
    return strlen(text) == node->data.scalar.length ? text : NULL;
}

// Only what may stand in a file name and in a line of the ledger.
static bool is_plain_word(const char *text) {
    size_t length =
        strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_:-");
    return length > 0 && text[length] == '\0';
}

enum emit_status emit_reader_mapping(struct emit_scenario_reader *reader, const yaml_node_t *node,
                                     const char *what, const struct emit_scenario_key *keys,
                                     void *target) {
    if (node->type != YAML_MAPPING_NODE)
        return emit_reader_complain(reader, node, "%s is a mapping of keys to values", what);
    uint64_t seen = 0;
    for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
         pair < node->data.mapping.pairs.top; pair++) {
        const yaml_node_t *key = emit_reader_node(reader, pair->key);
        const char *name = emit_reader_scalar(key);
        size_t i = 0;
        while (keys[i].name && (!name || strcmp(keys[i].name, name) != 0))
            i++;
        if (!keys[i].name)
            return emit_reader_complain(reader, key, "%s has no key '%s'", what,
                                        name ? name : "(no word)");
        if (seen & (UINT64_C(1) << i))
            return emit_reader_complain(reader, key, "'%s' stands twice", name);
        seen |= UINT64_C(1) << i;
        enum emit_status status = keys[i].take(reader, emit_reader_node(reader, pair->value),
                                               (char *)target + keys[i].offset);
        if (status != EMIT_OK) return status;
    }
    for (size_t i = 0; keys[i].name; i++)
        if (keys[i].required && !(seen & (UINT64_C(1) << i)))
            return emit_reader_complain(reader, node, "%s needs the key '%s'", what, keys[i].name);
    return EMIT_OK;
}

enum emit_status emit_take_text(struct emit_scenario_reader *reader, const yaml_node_t *value,
                                void *slot) {
    const char *text = emit_reader_scalar(value);
    if (!text || !emit_text_format(slot, EMIT_SCENARIO_TEXT_MAX, "%s", text))
        return emit_reader_complain(reader, value, "a text of at most %d bytes is wanted here",
                                    EMIT_SCENARIO_TEXT_MAX - 1);
    return EMIT_OK;
}

enum emit_status emit_take_word(struct emit_scenario_reader *reader, const yaml_node_t *value,
                                void *slot) {
    const char *text = emit_reader_scalar(value);
    if (!text || !is_plain_word(text) || !emit_text_format(slot, EMIT_ZONE_NAME_MAX, "%s", text))
        return emit_reader_complain(reader, value,
                                    "a word of letters, digits, '-', '_' and ':' is wanted here");
    return EMIT_OK;
}

enum emit_status emit_take_duration(struct emit_scenario_reader *reader, const yaml_node_t *value,
                                    void *slot) {
    const char *text = emit_reader_scalar(value);
    long long ns;
    if (!text || emit_duration_parse(text, &ns, NULL) != EMIT_OK)
        return emit_reader_complain(reader, value, "'%s' is not a duration such as 1ms or 2s",
                                    text ? text : "(no word)");
    *(int64_t *)slot = ns;
    return EMIT_OK;
}

enum emit_status emit_take_number(struct emit_scenario_reader *reader, const yaml_node_t *value,
                                  void *slot) {
    const char *text = emit_reader_scalar(value);
    char *end = NULL;
    double number = text ? strtod(text, &end) : 0;
    if (!text || end == text || *end != '\0' || !isfinite(number) || number < 0)
        return emit_reader_complain(reader, value, "'%s' is not a number of at least 0",
                                    text ? text : "(no word)");
    *(double *)slot = number;
    return EMIT_OK;
}

enum emit_status emit_take_count(struct emit_scenario_reader *reader, const yaml_node_t *value,
                                 void *slot) {
    const char *text = emit_reader_scalar(value);
    char *end = NULL;
    errno = 0;
    unsigned long long count = text && *text != '-' ? strtoull(text, &end, 10) : 0;
    if (!end || end == text || *end != '\0' || errno != 0)
        return emit_reader_complain(reader, value, "'%s' is not a whole number",
                                    text ? text : "(no word)");
    *(uint64_t *)slot = count;
    return EMIT_OK;
}

enum emit_status emit_take_truth(struct emit_scenario_reader *reader, const yaml_node_t *value,
                                 void *slot) {
    const char *text = emit_reader_scalar(value);
    if (!text || (strcmp(text, "true") != 0 && strcmp(text, "false") != 0))
        return emit_reader_complain(reader, value, "true or false is wanted here");
    *(bool *)slot = strcmp(text, "true") == 0;
    return EMIT_OK;
}

enum emit_status emit_take_node(struct emit_scenario_reader *reader, const yaml_node_t *value,
                                void *slot) {
    (void)reader;
    *(const yaml_node_t **)slot = value;
    return EMIT_OK;
}

enum emit_status emit_reader_choose(struct emit_scenario_reader *reader, const yaml_node_t *value,
                                    const char *const *words, size_t *chosen) {
    const char *text = emit_reader_scalar(value);
    char list[120];
    struct emit_text all;
    emit_text_init(&all, list, sizeof list);
    for (size_t i = 0; words[i]; i++) {
        if (text && strcmp(words[i], text) == 0) {
            *chosen = i;
            return EMIT_OK;
        }
        emit_text_add_format(&all, "%s%s", i ? ", " : "", words[i]);
    }
    return emit_reader_complain(reader, value, "'%s' is none of %s", text ? text : "(no word)",
                                list);
}
