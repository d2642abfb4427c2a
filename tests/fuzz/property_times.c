// Times as others write them: what the strict reader takes the loose one takes for the same
// moment, and a moment that is written reads back as its millisecond.
// SPDX-License-Identifier: Apache-2.0
#include "property.h"

#include "base/time.h"

#include <string.h>

static const int64_t day_ns = INT64_C(86400) * 1000000000;

const char *property_times(const uint8_t *bytes, size_t size) {
    const char *text = (const char *)bytes;
    char written[EMIT_TIME_TEXT], day[EMIT_DAY_TEXT];
    int64_t strict_ns = 0, loose_ns = 0, again_ns = 0;
    bool is_strict = emit_time_read_rfc3339(text, size, &strict_ns);
    bool is_loose = emit_time_read_loose(text, size, &loose_ns);
    if (is_strict && (!is_loose || strict_ns != loose_ns)) return "two readers, two moments";
    if (emit_time_read(text, size, &again_ns) && (!is_strict || again_ns != strict_ns))
        return "emit's own form is none of RFC 3339's";
    if (!is_loose) return NULL;
    if (loose_ns < INT64_MIN + day_ns) return NULL; // the first day has no begin
    emit_time_write(written, loose_ns);
    emit_time_write_day(day, loose_ns);
    if (!emit_time_is_day(day) || memcmp(day, written, EMIT_DAY_TEXT - 1) != 0)
        return "a day that its calendar has not";
    if (!emit_time_read(written, EMIT_TIME_TEXT - 1, &again_ns)) return "written, and not read";
    return emit_time_milliseconds(loose_ns) == emit_time_milliseconds(again_ns)
               ? NULL
               : "another millisecond";
}
