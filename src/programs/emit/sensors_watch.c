// emit sensors --watch: watts a device, once a second.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/command.h"
#include "programs/emit/report_parts.h"
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

// A counter that has not moved keeps its mark: its next watts are over all of that time.
static void take_marks(const struct emit_sensors *sensors, struct mark *marks) {
    for (size_t i = 0; i < sensors->count; i++) {
        const struct emit_tally *tally = &sensors->slots[i].tally;
        if (marks[i].samples && tally->carried_count == marks[i].count) continue;
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

// What can be read and is no second view of what is shown anyway.
static bool is_shown(const struct emit_sensors *sensors, const struct emit_outcome *found,
                     size_t index) {
    const struct emit_slot *slot = &sensors->slots[index];
    bool is_twin = *slot->point.same_as || found[index].because_meter[0];
    return emit_sensors_is_readable(slot) && !is_twin && found[index].code != EMIT_CODE_UNASSIGNED;
}

static void write_name(char *name, size_t size, const struct emit_sensors *sensors, size_t index,
                       bool is_long) {
    char id[EMIT_DEVICE_ID_MAX], label[64];
    int number = emit_report_index(sensors->slots, sensors->count, index);
    emit_report_device(id, sizeof id, sensors->slots, sensors->count, index);
    bool is_gpu = number >= 0 && emit_text_has_prefix(id, "GPU-");
    emit_report_label(label, sizeof label, sensors->slots[index].point.component, number);
    char both[sizeof id + sizeof label];
    (void)emit_text_format(both, sizeof both, "%s%s%s", is_gpu ? label : id,
                           is_gpu && is_long ? "  " : "", is_gpu && is_long ? id : "");
    emit_page_copy(name, size, both, 30);
}

static size_t print_table(FILE *out, const struct emit_sensors *sensors,
                          const struct emit_outcome *found, const struct mark *marks) {
    size_t lines = 0;
    for (size_t i = 0; i < sensors->count; i++) {
        char watts[32], name[128];
        if (!is_shown(sensors, found, i)) continue;
        write_watts(watts, sizeof watts, &sensors->slots[i], &marks[i]);
        write_name(name, sizeof name, sensors, i, true);
        int blanks = 30 - emit_page_width(name);
        fprintf(out, "\033[2K  %s%*s %10s W\n", name, blanks > 0 ? blanks : 0, "", watts);
        lines++;
    }
    return lines;
}

static void print_line(FILE *out, struct emit_sensors *sensors, const struct emit_outcome *found,
                       const struct mark *marks) {
    time_t now = (time_t)(emit_host_wall_ns(&sensors->host) / 1000000000);
    struct tm utc;
    char moment[24] = "";
    if (gmtime_r(&now, &utc)) (void)strftime(moment, sizeof moment, "%Y-%m-%dT%H:%M:%SZ", &utc);
    fputs(moment, out);
    for (size_t i = 0; i < sensors->count; i++) {
        char watts[32], name[128];
        if (!is_shown(sensors, found, i)) continue;
        write_watts(watts, sizeof watts, &sensors->slots[i], &marks[i]);
        write_name(name, sizeof name, sensors, i, false);
        fprintf(out, "  %s %s W", name, watts);
    }
    fputc('\n', out);
}

static int watch(FILE *out, struct emit_sensors *sensors, struct emit_outcome *found,
                 struct mark *marks) {
    const char *terminal = getenv("TERM");
    bool redraw = isatty(fileno(out)) && terminal && strcmp(terminal, "dumb") != 0;
    for (size_t lines = 0;;) {
        take_marks(sensors, marks);
        emit_sensors_sample(sensors);
        // Anew each time: what comes late may be another view of what was there before.
        emit_settle_found(sensors->slots, sensors->count, true, found);
        if (lines) fprintf(out, "\033[%zuA", lines); // up, over what was drawn before
        if (redraw)
            lines = print_table(out, sensors, found, marks);
        else
            print_line(out, sensors, found, marks);
        if (fflush(out) != 0 || ferror(out)) return EXIT_USAGE;
    }
}

int emit_sensors_watch(FILE *out, struct emit_sensors *sensors) {
    for (size_t i = 0; i < sensors->count; i++)
        if (sensors->slots[i].point.traits & EMIT_TRAIT_SIMULATED) {
            fputs("emit: SIMULATED NODE, no number below is real\n", out);
            break;
        }
    struct mark *marks = calloc(EMIT_POINTS_MAX, sizeof *marks);
    struct emit_outcome *found = calloc(EMIT_POINTS_MAX, sizeof *found);
    int exit_status = EXIT_USAGE;
    if (marks && found)
        exit_status = watch(out, sensors, found, marks);
    else
        fputs("emit sensors: out of memory\n", stderr);
    free(marks);
    free(found);
    return exit_status;
}
