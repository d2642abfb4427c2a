// Prometheus' text format, a line a series:
//
//   NAME{label="value", other="value"} 1.5e+06 1717171717000
//
// What surprises: labels come in any order, with or without blanks after commas, and with
// escapes; lines end in either way; a time may follow the value.
// SPDX-License-Identifier: Apache-2.0
#include "meters/metrics_text.h"

#include "base/number.h"

#include <string.h>

enum { DIGITS_MAX = 18 };

static const double count_limit = 1e18;

static bool is_name_byte(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == ':';
}

static bool take(struct emit_metrics *metrics, char wanted) {
    if (metrics->at == metrics->end || *metrics->at != wanted) return false;
    metrics->at++;
    return true;
}

static void skip_blanks(struct emit_metrics *metrics) {
    while (metrics->at < metrics->end && (*metrics->at == ' ' || *metrics->at == '\t'))
        metrics->at++;
}

static size_t digits(const char *at, const char *end) {
    const char *first = at;
    while (at < end && *at >= '0' && *at <= '9')
        at++;
    return (size_t)(at - first);
}

void emit_metrics_init(struct emit_metrics *metrics, const char *text, size_t length) {
    *metrics = (struct emit_metrics){.next = text, .text_end = text + length};
}

bool emit_metrics_next(struct emit_metrics *metrics) {
    while (metrics->next < metrics->text_end) {
        const char *first = metrics->next;
        const char *stop = memchr(first, '\n', (size_t)(metrics->text_end - first));
        metrics->next = stop ? stop + 1 : metrics->text_end;
        metrics->end = stop ? stop : metrics->text_end;
        metrics->number++;
        if (metrics->end > first && metrics->end[-1] == '\r') metrics->end--;
        metrics->name = metrics->at = first;
        while (metrics->at < metrics->end && is_name_byte(*metrics->at))
            metrics->at++;
        metrics->name_length = (size_t)(metrics->at - first);
        if (metrics->name_length == 0 || metrics->at == metrics->end) continue;
        skip_blanks(metrics);
        metrics->broken = false;
        metrics->in_labels = take(metrics, '{');
        return true;
    }
    return false;
}

bool emit_metrics_is(const struct emit_metrics *metrics, const char *name) {
    size_t length = strlen(name);
    return metrics->name_length == length && memcmp(metrics->name, name, length) == 0;
}

bool emit_metrics_has_prefix(const struct emit_metrics *metrics, const char *prefix) {
    size_t length = strlen(prefix);
    return metrics->name_length >= length && memcmp(metrics->name, prefix, length) == 0;
}

static bool take_name(struct emit_metrics *metrics, char name[EMIT_METRICS_LABEL_MAX]) {
    size_t length = 0;
    while (metrics->at < metrics->end && is_name_byte(*metrics->at)) {
        if (length == EMIT_METRICS_LABEL_MAX - 1) return false;
        name[length++] = *metrics->at++;
    }
    name[length] = '\0';
    return length > 0;
}

// "..." with the escapes \\, \" and \n.
static bool take_quoted(struct emit_metrics *metrics, char value[EMIT_METRICS_VALUE_MAX]) {
    size_t length = 0;
    if (!take(metrics, '"')) return false;
    while (metrics->at < metrics->end && *metrics->at != '"') {
        char c = *metrics->at++;
        if (c == '\\') {
            if (metrics->at == metrics->end || !strchr("\\\"n", *metrics->at)) return false;
            c = *metrics->at++;
            if (c == 'n') c = '\n';
        }
        if (length < EMIT_METRICS_VALUE_MAX - 1) value[length++] = c;
    }
    value[length] = '\0';
    return take(metrics, '"');
}

static bool take_label(struct emit_metrics *metrics, char name[EMIT_METRICS_LABEL_MAX],
                       char value[EMIT_METRICS_VALUE_MAX]) {
    if (!take_name(metrics, name)) return false;
    skip_blanks(metrics);
    if (!take(metrics, '=')) return false;
    skip_blanks(metrics);
    if (!take_quoted(metrics, value)) return false;
    skip_blanks(metrics);
    return take(metrics, ',') || (metrics->at < metrics->end && *metrics->at == '}');
}

bool emit_metrics_label(struct emit_metrics *metrics, char name[EMIT_METRICS_LABEL_MAX],
                        char value[EMIT_METRICS_VALUE_MAX]) {
    if (!metrics->in_labels || metrics->broken) return false;
    skip_blanks(metrics);
    if (take(metrics, '}')) {
        metrics->in_labels = false;
        return false;
    }
    metrics->broken = !take_label(metrics, name, value);
    return !metrics->broken;
}

bool emit_metrics_value(struct emit_metrics *metrics, const char **value, size_t *length) {
    char name[EMIT_METRICS_LABEL_MAX], unread[EMIT_METRICS_VALUE_MAX];
    while (emit_metrics_label(metrics, name, unread))
        ;
    if (metrics->broken) return false;
    skip_blanks(metrics);
    const char *first = metrics->at;
    while (metrics->at < metrics->end && *metrics->at != ' ' && *metrics->at != '\t')
        metrics->at++;
    const char *last = metrics->at;
    skip_blanks(metrics);
    (void)take(metrics, '-');
    metrics->at += digits(metrics->at, metrics->end);
    skip_blanks(metrics);
    metrics->broken = last == first || metrics->at != metrics->end;
    if (metrics->broken) return false;
    *value = first;
    *length = (size_t)(last - first);
    return true;
}

// Of a number with an exponent, which is read as the double that it is.
static bool read_double(const char *value, size_t length, uint64_t *count, bool *is_whole) {
    double number;
    if (!emit_number_read(value, length, &number) || number >= count_limit) return false;
    *count = (uint64_t)number;
    *is_whole = (double)*count == number;
    return true;
}

bool emit_metrics_count(const char *value, size_t length, uint64_t *count, bool *is_whole) {
    const char *at = value, *end = value + length;
    size_t whole = digits(at, end);
    bool is_round = true;
    if (whole == 0) return false;
    at += whole;
    if (at < end && *at == '.') {
        size_t fraction = digits(at + 1, end);
        if (fraction == 0) return false;
        for (size_t i = 1; i <= fraction; i++)
            is_round = is_round && at[i] == '0';
        at += 1 + fraction;
    }
    if (at == end) {
        if (whole > DIGITS_MAX || !emit_number_read_u64(value, whole, count)) return false;
        *is_whole = is_round;
        return true;
    }
    if (*at != 'e' && *at != 'E') return false;
    at++;
    if (at < end && (*at == '+' || *at == '-')) at++;
    if (digits(at, end) == 0 || at + digits(at, end) != end) return false;
    return read_double(value, length, count, is_whole);
}
