// emit sensors --watch: watts a device, once a second.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/command.h"
#include "programs/emit/sensors.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

// What a point had counted at the sample before.
struct mark {
    uint64_t count;
    int64_t taken_ns;
    uint64_t samples;
};

static void take_marks(const struct emit_sensors *sensors, struct mark *marks) {
    for (size_t i = 0; i < sensors->count; i++) {
        const struct emit_tally *tally = &sensors->slots[i].tally;
        marks[i] = (struct mark){tally->carried_count, tally->last_ns, tally->samples};
    }
}

// Watts since the mark, as a person reads them. "-" where no count came in between,
// and where it did not move: that is no zero.
static void write_watts(char *text, size_t size, const struct emit_slot *slot,
                        const struct mark *mark) {
    const struct emit_tally *tally = &slot->tally;
    uint64_t count = tally->carried_count - mark->count;
    int64_t span_ns = tally->last_ns - mark->taken_ns;
    if (!mark->samples || tally->samples == mark->samples || count == 0 || span_ns <= 0) {
        (void)emit_text_format(text, size, "-");
        return;
    }
    double joules =
        emit_joules(count, slot->point.joules_numerator, slot->point.joules_denominator);
    (void)emit_text_format(text, size, "%.1f", joules * 1e9 / (double)span_ns);
}

static bool is_shown(const struct emit_slot *slot) {
    return emit_sensors_is_readable(slot) && !*slot->point.same_as;
}

static size_t print_table(FILE *out, const struct emit_sensors *sensors, const struct mark *marks) {
    size_t lines = 0;
    for (size_t i = 0; i < sensors->count; i++) {
        char watts[32];
        if (!is_shown(&sensors->slots[i])) continue;
        write_watts(watts, sizeof watts, &sensors->slots[i], &marks[i]);
        fprintf(out, "\033[2K  %-30.30s %10s W\n", sensors->slots[i].point.device_id, watts);
        lines++;
    }
    return lines;
}

static void print_line(FILE *out, struct emit_sensors *sensors, const struct mark *marks) {
    time_t now = (time_t)(emit_host_wall_ns(&sensors->host) / 1000000000);
    struct tm utc;
    char moment[24] = "";
    if (gmtime_r(&now, &utc)) (void)strftime(moment, sizeof moment, "%Y-%m-%dT%H:%M:%SZ", &utc);
    fputs(moment, out);
    for (size_t i = 0; i < sensors->count; i++) {
        char watts[32];
        if (!is_shown(&sensors->slots[i])) continue;
        write_watts(watts, sizeof watts, &sensors->slots[i], &marks[i]);
        fprintf(out, "  %s %s W", sensors->slots[i].point.device_id, watts);
    }
    fputc('\n', out);
}

int emit_sensors_watch(FILE *out, struct emit_sensors *sensors) {
    struct mark marks[EMIT_POINTS_MAX];
    const char *terminal = getenv("TERM");
    bool redraw = isatty(fileno(out)) && terminal && strcmp(terminal, "dumb") != 0;
    for (size_t i = 0; i < sensors->count; i++)
        if (sensors->slots[i].point.traits & EMIT_TRAIT_SIMULATED) {
            fputs("emit: SIMULATED NODE, no number below is real\n", out);
            break;
        }
    for (size_t lines = 0;;) {
        take_marks(sensors, marks);
        emit_sensors_sample(sensors);
        if (lines) fprintf(out, "\033[%zuA", lines); // up, over what was drawn before
        if (redraw)
            lines = print_table(out, sensors, marks);
        else
            print_line(out, sensors, marks);
        if (fflush(out) != 0 || ferror(out)) return EXIT_USAGE;
    }
}
