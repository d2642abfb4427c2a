// Options from rows: the only parser of command lines.
// SPDX-License-Identifier: Apache-2.0
#include "base/option.h"

#include "base/nearest.h"
#include "base/text.h"

#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct unit {
    const char *name;
    long long worth;
};

static const struct unit duration_units[] = {
    {"ns", 1},
    {"us", 1000},
    {"ms", 1000000},
    {"s", 1000000000LL},
    {"min", 60000000000LL},
    {"h", 3600000000000LL},
    {"d", 86400000000000LL},
    {NULL, 0},
};
static const struct unit power_units[] = {
    {"mW", 1}, {"W", 1000}, {"kW", 1000000}, {"MW", 1000000000LL}, {"", 1000}, {NULL, 0},
};
static const struct unit size_units[] = {
    {"B", 1}, {"KiB", 1LL << 10}, {"MiB", 1LL << 20}, {"GiB", 1LL << 30}, {"TiB", 1LL << 40},
    {"", 1},  {NULL, 0},
};
static const struct unit count_units[] = {{"", 1}, {NULL, 0}};

// Digits with an optional fraction, then one unit; exact, in integers.
static bool read_amount(const char *text, const struct unit *units, long long *amount) {
    long long whole = 0, fraction = 0, scale = 1;
    const char *at = text;
    if (*at < '0' || *at > '9') return false;
    for (; *at >= '0' && *at <= '9'; at++)
        if (__builtin_mul_overflow(whole, 10, &whole) ||
            __builtin_add_overflow(whole, *at - '0', &whole))
            return false;
    if (*at == '.') {
        at++;
        if (*at < '0' || *at > '9') return false;
        for (; *at >= '0' && *at <= '9'; at++) {
            if (scale >= 1000000000) return false;
            fraction = fraction * 10 + (*at - '0');
            scale *= 10;
        }
    }
    for (; units->name; units++) {
        if (strcmp(at, units->name) != 0) continue;
        long long part;
        if (__builtin_mul_overflow(whole, units->worth, &whole)) return false;
        if (__builtin_mul_overflow(fraction, units->worth, &part) || part % scale != 0)
            return false;
        return !__builtin_add_overflow(whole, part / scale, amount);
    }
    return false;
}

enum emit_status emit_duration_parse(const char *text, long long *nanoseconds,
                                     struct emit_error *err) {
    if (read_amount(text, duration_units, nanoseconds)) return EMIT_OK;
    return emit_fail(err, EMIT_INVALID, "'%s' is not a duration: write it like 250ms, 1s or 2min",
                     text);
}

static bool is_choice(const char *choices, const char *text) {
    size_t length = strlen(text);
    for (const char *at = choices; at && length > 0 && !strchr(text, '|');) {
        if (strncmp(at, text, length) == 0 && (at[length] == '\0' || at[length] == '|'))
            return true;
        at = strchr(at, '|');
        if (at) at++;
    }
    return false;
}

static const struct unit *units_of(enum emit_option_type type, const char **example) {
    switch (type) {
    case EMIT_OPTION_DURATION: *example = "250ms, 1s or 2min"; return duration_units;
    case EMIT_OPTION_POWER: *example = "350W or 1kW"; return power_units;
    case EMIT_OPTION_SIZE: *example = "4096 or 64MiB"; return size_units;
    case EMIT_OPTION_COUNT: *example = "12"; return count_units;
    case EMIT_OPTION_FLAG:
    case EMIT_OPTION_TEXT:
    case EMIT_OPTION_CHOICE: break;
    }
    return NULL;
}

static enum emit_status set_flag(const struct emit_option *row, bool *slot, const char *text,
                                 struct emit_error *err) {
    if (strcmp(text, "true") == 0 || strcmp(text, "1") == 0) {
        *slot = true;
    } else if (strcmp(text, "false") == 0 || strcmp(text, "0") == 0 || *text == '\0') {
        *slot = false;
    } else {
        return emit_fail(err, EMIT_INVALID, "%s: '%s' is neither true nor false", row->name, text);
    }
    return EMIT_OK;
}

enum emit_status emit_option_set(const struct emit_option *row, void *values, const char *text,
                                 struct emit_error *err) {
    char *slot = (char *)values + row->offset;
    if (row->type == EMIT_OPTION_FLAG) return set_flag(row, (bool *)(void *)slot, text, err);
    if (row->type == EMIT_OPTION_CHOICE && !is_choice(row->argument, text))
        return emit_fail(err, EMIT_INVALID, "--%s is one of %s, not '%s'", row->name, row->argument,
                         text);
    const char *example = "";
    const struct unit *units = units_of(row->type, &example);
    if (!units) {
        memcpy(slot, &text, sizeof text);
        return EMIT_OK;
    }
    long long amount = 0;
    bool is_auto = strcmp(text, "auto") == 0 && strstr(row->argument, "|auto");
    if (!is_auto && !read_amount(text, units, &amount))
        return emit_fail(err, EMIT_INVALID, "--%s wants %s, such as %s; '%s' is none", row->name,
                         row->argument, example, text);
    int64_t stored = amount;
    memcpy(slot, &stored, sizeof stored);
    return EMIT_OK;
}

static const struct emit_option *find_long(const struct emit_option *rows, const char *name,
                                           size_t length) {
    for (; rows->name; rows++)
        if (strlen(rows->name) == length && memcmp(rows->name, name, length) == 0) return rows;
    return NULL;
}

static const struct emit_option *find_letter(const struct emit_option *rows, char letter) {
    for (; rows->name; rows++)
        if (rows->letter == letter) return rows;
    return NULL;
}

// Everything that ranks below the command line.
static enum emit_status set_defaults(const struct emit_option *rows, void *values,
                                     emit_option_lookup *lookup, void *owner,
                                     struct emit_error *err) {
    for (; rows->name; rows++) {
        const char *text = rows->environment ? getenv(rows->environment) : NULL;
        if (text && !*text) text = NULL; // set to nothing: as one unsets a variable for a command
        if (!text && rows->key && lookup) text = lookup(owner, rows->key);
        if (!text) text = rows->fallback;
        if (!text) continue;
        enum emit_status status = emit_option_set(rows, values, text, err);
        if (status != EMIT_OK) return status;
    }
    return EMIT_OK;
}

// Letters are too short to be mistyped in a way that could be told.
static enum emit_status refuse_unknown(const struct emit_option *rows, const char *word,
                                       struct emit_error *err) {
    struct emit_nearest nearest;
    char near[EMIT_NEAREST_TEXT] = "";
    if (word[1] == '-') {
        emit_nearest_begin(&nearest, word + 2, strcspn(word + 2, "="));
        for (; rows->name; rows++)
            emit_nearest_offer(&nearest, rows->name);
        emit_nearest_say(&nearest, "--", near);
    }
    return emit_fail(err, EMIT_INVALID, "unknown option '%s'%s: see --help", word, near);
}

// One option word and perhaps the word behind it; *used grows by what it took.
static enum emit_status take_option(const struct emit_option *rows, void *values, int argc,
                                    char *const *argv, int *used, struct emit_error *err) {
    const char *word = argv[*used];
    const char *value = NULL;
    const struct emit_option *row;
    if (word[1] == '-') {
        size_t length = strcspn(word + 2, "=");
        row = find_long(rows, word + 2, length);
        if (word[2 + length] == '=') value = word + 2 + length + 1;
    } else {
        row = find_letter(rows, word[1]);
        if (word[2] != '\0') value = word + 2;
    }
    if (!row) return refuse_unknown(rows, word, err);
    ++*used;
    if (row->type == EMIT_OPTION_FLAG) {
        if (value) return emit_fail(err, EMIT_INVALID, "--%s takes no value", row->name);
        return emit_option_set(row, values, "true", err);
    }
    if (!value) {
        if (*used >= argc)
            return emit_fail(err, EMIT_INVALID, "--%s needs a value: --%s %s", row->name, row->name,
                             row->argument);
        value = argv[(*used)++];
    }
    return emit_option_set(row, values, value, err);
}

enum emit_status emit_options_parse(const struct emit_option *rows, void *values, int argc,
                                    char **argv, enum emit_option_order order,
                                    emit_option_lookup *lookup, void *lookup_owner,
                                    int *operand_count, char ***operands, struct emit_error *err) {
    enum emit_status status = set_defaults(rows, values, lookup, lookup_owner, err);
    int used = 0, kept = 0;
    bool options_end = false;
    while (status == EMIT_OK && used < argc) {
        bool is_option = !options_end && argv[used][0] == '-' && argv[used][1] != '\0';
        if (is_option && strcmp(argv[used], "--") == 0) {
            options_end = true;
            used++;
        } else if (is_option) {
            status = take_option(rows, values, argc, argv, &used, err);
        } else if (order == EMIT_OPTIONS_FIRST) {
            break;
        } else {
            argv[kept++] = argv[used++];
        }
    }
    if (status != EMIT_OK) return status;
    *operands = order == EMIT_OPTIONS_FIRST ? argv + used : argv;
    *operand_count = order == EMIT_OPTIONS_FIRST ? argc - used : kept;
    return EMIT_OK;
}
