// The text that Prometheus scrapes, one series after the other. Pure.
//
//   struct emit_metrics metrics;
//   emit_metrics_init(&metrics, text, length);
//   while (emit_metrics_next(&metrics)) {
//       if (!emit_metrics_is(&metrics, "vllm:prompt_tokens_total")) continue;
//       while (emit_metrics_label(&metrics, name, value)) ...
//       if (!emit_metrics_value(&metrics, &at, &size)) ... // the line breaks the format
//   }
//
// What a reader does not ask for is passed over unread: a broken line of a metric that
// nobody wants harms nobody.
// SPDX-License-Identifier: Apache-2.0
#ifndef METERS_METRICS_TEXT_H
#define METERS_METRICS_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { EMIT_METRICS_LABEL_MAX = 64, EMIT_METRICS_VALUE_MAX = 256 }; // bytes, terminator included

struct emit_metrics {
    const char *next, *text_end; // what is not read yet
    const char *name, *at, *end; // of the line: its first byte, where reading stands, its end
    size_t name_length;
    size_t number; // of the line, from 1
    bool in_labels, broken;
};

void emit_metrics_init(struct emit_metrics *metrics, const char *text, size_t length);
// Goes to the next line that begins with a name and has more behind it; comments do not.
bool emit_metrics_next(struct emit_metrics *metrics);
bool emit_metrics_is(const struct emit_metrics *metrics, const char *name);
bool emit_metrics_has_prefix(const struct emit_metrics *metrics, const char *prefix);
// The next label; false: there is none, or the line is broken. A value that is longer than
// its room is cut, with `broken` unset: none of those that matter is.
bool emit_metrics_label(struct emit_metrics *metrics, char name[EMIT_METRICS_LABEL_MAX],
                        char value[EMIT_METRICS_VALUE_MAX]);
// The value as it is written, with all labels passed over and the line read to its end;
// false: the line breaks the format.
bool emit_metrics_value(struct emit_metrics *metrics, const char **value, size_t *length);

// digits [. digits] [e [sign] digits], below 10^18: what is whole in it, and whether that is
// all. False: no such number (NaN, negative, too large); then nothing is written.
bool emit_metrics_count(const char *value, size_t length, uint64_t *count, bool *is_whole);

#endif
