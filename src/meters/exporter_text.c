// One metric out of a dcgm-exporter's text, in Prometheus' format: a line a series,
//
//   DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION{gpu="0",UUID="GPU-...",device="nvidia0"} 123456
//
// What surprises: one GPU can stand in many series, once for each pod or instance that
// uses it, all with the energy of the whole GPU. They are one counter, and the largest
// is its newest value. Labels come in any order, with or without blanks after commas, and
// with escapes; values come with six decimals or as 1.2e+10.
// SPDX-License-Identifier: Apache-2.0
#include "meters/exporter_text.h"

#include "base/number.h"
#include "base/text.h"

#include <string.h>

#define METRIC "DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION"

enum { LABEL_NAME_MAX = 64, LABEL_VALUE_MAX = 256, DIGITS_MAX = 18 };

// A line being read. Every function moves `at` behind what it took; false: it is not there.
struct line {
    const char *at, *end;
};

static bool take(struct line *line, char wanted) {
    if (line->at == line->end || *line->at != wanted) return false;
    line->at++;
    return true;
}

static void skip_blanks(struct line *line) {
    while (line->at < line->end && (*line->at == ' ' || *line->at == '\t'))
        line->at++;
}

static bool is_name_byte(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == ':';
}

static bool take_name(struct line *line, char name[LABEL_NAME_MAX]) {
    size_t length = 0;
    while (line->at < line->end && is_name_byte(*line->at)) {
        if (length == LABEL_NAME_MAX - 1) return false;
        name[length++] = *line->at++;
    }
    name[length] = '\0';
    return length > 0;
}

// "..." with the escapes \\, \" and \n. A value that is too long for what it is wanted for
// is cut: none of those that matter here is.
static bool take_quoted(struct line *line, char value[LABEL_VALUE_MAX]) {
    size_t length = 0;
    if (!take(line, '"')) return false;
    while (line->at < line->end && *line->at != '"') {
        char c = *line->at++;
        if (c == '\\') {
            if (line->at == line->end || !strchr("\\\"n", *line->at)) return false;
            c = *line->at++;
            if (c == 'n') c = '\n';
        }
        if (length < LABEL_VALUE_MAX - 1) value[length++] = c;
    }
    value[length] = '\0';
    return take(line, '"');
}

// A number of a few digits and nothing else; -1 otherwise.
static int32_t small_number(const char *text) {
    uint64_t number;
    bool good = emit_number_read_u64(text, strlen(text), &number) && number < 1000000;
    return good ? (int32_t)number : -1;
}

static void copy_printable(char *to, size_t size, const char *from) {
    for (const char *at = from; *at; at++)
        if (*at < ' ' || *at > '~') return;
    if (strlen(from) < size) memcpy(to, from, strlen(from) + 1);
}

static void note_label(struct emit_exporter_gpu *gpu, const char *name, const char *value) {
    if (strcmp(name, "UUID") == 0 && emit_text_has_prefix(value, "GPU-"))
        copy_printable(gpu->uuid, sizeof gpu->uuid, value);
    else if (strcmp(name, "modelName") == 0)
        copy_printable(gpu->model, sizeof gpu->model, value);
    else if (strcmp(name, "gpu") == 0)
        gpu->index = small_number(value);
    else if (strcmp(name, "device") == 0 && emit_text_has_prefix(value, "nvidia"))
        gpu->minor = small_number(value + strlen("nvidia"));
    else if (strcmp(name, "GPU_I_ID") == 0)
        gpu->is_instance = *value != '\0';
}

static bool take_labels(struct line *line, struct emit_exporter_gpu *gpu) {
    char name[LABEL_NAME_MAX], value[LABEL_VALUE_MAX];
    if (!take(line, '{')) return true;
    for (skip_blanks(line); !take(line, '}'); skip_blanks(line)) {
        if (!take_name(line, name)) return false;
        skip_blanks(line);
        if (!take(line, '=')) return false;
        skip_blanks(line);
        if (!take_quoted(line, value)) return false;
        note_label(gpu, name, value);
        skip_blanks(line);
        if (!take(line, ',') && (line->at == line->end || *line->at != '}')) return false;
    }
    return true;
}

static size_t digits(const char *at, const char *end) {
    const char *first = at;
    while (at < end && *at >= '0' && *at <= '9')
        at++;
    return (size_t)(at - first);
}

// digits [. digits] [e [sign] digits]: a count of what is whole in it. False: no such number.
static bool read_count(const char *text, size_t length, uint64_t *count) {
    const char *at = text, *end = text + length;
    size_t whole = digits(at, end);
    if (whole == 0) return false;
    at += whole;
    if (at < end && *at == '.') {
        size_t fraction = digits(at + 1, end);
        if (fraction == 0) return false;
        at += 1 + fraction;
    }
    if (at == end) return whole <= DIGITS_MAX && emit_number_read_u64(text, whole, count);
    if (*at != 'e' && *at != 'E') return false;
    at++;
    if (at < end && (*at == '+' || *at == '-')) at++;
    double number;
    if (digits(at, end) == 0 || at + digits(at, end) != end) return false;
    if (!emit_number_read(text, length, &number) || number >= 1e18) return false;
    *count = (uint64_t)number;
    return true;
}

// The value and a time that may follow it, which says when the text was made at best.
static bool take_value(struct line *line, struct emit_exporter_gpu *gpu) {
    skip_blanks(line);
    const char *first = line->at;
    while (line->at < line->end && *line->at != ' ' && *line->at != '\t')
        line->at++;
    if (line->at == first) return false;
    gpu->has_count = read_count(first, (size_t)(line->at - first), &gpu->millijoules);
    skip_blanks(line);
    (void)take(line, '-');
    line->at += digits(line->at, line->end);
    skip_blanks(line);
    return line->at == line->end;
}

// The same GPU in one more series.
static void merge(struct emit_exporter_gpu *known, const struct emit_exporter_gpu *seen) {
    bool better =
        seen->has_count && (!known->has_count || (known->is_instance && !seen->is_instance));
    bool newer = seen->has_count && known->has_count && seen->is_instance == known->is_instance &&
                 seen->millijoules > known->millijoules;
    if (better || newer) *known = *seen;
}

static enum emit_status add(struct emit_exporter_gpu *gpus, size_t room, size_t *count,
                            const struct emit_exporter_gpu *seen, struct emit_error *err) {
    if (!seen->uuid[0]) return EMIT_OK; // nobody could tell whose it is
    for (size_t i = 0; i < *count; i++) {
        if (strcmp(gpus[i].uuid, seen->uuid) != 0) continue;
        merge(&gpus[i], seen);
        return EMIT_OK;
    }
    if (*count == room) return emit_fail(err, EMIT_FULL, "the text names more than %zu GPUs", room);
    gpus[(*count)++] = *seen;
    return EMIT_OK;
}

// True when the line is a series of our metric; it then stands behind the name.
static bool is_ours(struct line *line) {
    size_t length = strlen(METRIC);
    if ((size_t)(line->end - line->at) <= length || memcmp(line->at, METRIC, length) != 0)
        return false;
    if (is_name_byte(line->at[length])) return false; // a longer name
    line->at += length;
    skip_blanks(line);
    return true;
}

enum emit_status emit_exporter_parse(const char *text, size_t length,
                                     struct emit_exporter_gpu *gpus, size_t room, size_t *count,
                                     struct emit_error *err) {
    struct emit_exporter_gpu found[EMIT_EXPORTER_GPUS_MAX];
    size_t number = 0, found_count = 0;
    if (room > EMIT_EXPORTER_GPUS_MAX) room = EMIT_EXPORTER_GPUS_MAX;
    for (const char *at = text, *end = text + length; at < end;) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        struct line line = {at, stop ? stop : end};
        struct emit_exporter_gpu seen = {.index = -1, .minor = -1};
        at = stop ? stop + 1 : end;
        number++;
        if (line.end > line.at && line.end[-1] == '\r') line.end--;
        if (!is_ours(&line)) continue;
        if (!take_labels(&line, &seen) || !take_value(&line, &seen))
            return emit_fail(err, EMIT_MALFORMED,
                             "line %zu of its text is no series as Prometheus writes them", number);
        enum emit_status status = add(found, room, &found_count, &seen, err);
        if (status != EMIT_OK) return status;
    }
    memcpy(gpus, found, found_count * sizeof *found);
    *count = found_count;
    return EMIT_OK;
}
