// The live line of `emit run`.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/live.h"

#include "base/text.h"
#include "host/host.h"
#include "programs/emit/figures.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

enum { COLUMNS_MAX = 160, ROWS_MIN = 4 };

// Sums of the line, in its order.
static const char *const group_names[LIVE_GROUPS] = {"gpu", "cpu", "dram", "other"};

static int group_of(enum emit_component component) {
    if (emit_component_is_gpu(component)) return 0;
    if (component == EMIT_COMPONENT_CPU_PACKAGE) return 1;
    return component == EMIT_COMPONENT_DRAM ? 2 : 3;
}

// A line that could not be written is not missed.
static void write_terminal(const struct emit_text *text) {
    ssize_t written = write(STDERR_FILENO, text->at, text->length);
    (void)written;
}

void live_begin(struct live *live, struct emit_sampler *sampler, bool all_domains, int64_t pace_ns,
                int64_t begun_ns) {
    const char *terminal = getenv("TERM");
    *live = (struct live){.all_domains = all_domains, .pace_ns = pace_ns, .begun_ns = begun_ns};
    if (!isatty(STDERR_FILENO) || !terminal || strcmp(terminal, "dumb") == 0) return;
    live->slots = calloc(EMIT_POINTS_MAX, sizeof *live->slots);
    live->outcomes = calloc(EMIT_POINTS_MAX, sizeof *live->outcomes);
    if (live->slots && live->outcomes) live->sampler = sampler;
}

void live_hide(struct live *live) {
    char bytes[64];
    struct emit_text text;
    if (live->rows == 0) return;
    emit_text_init(&text, bytes, sizeof bytes);
    // Save the cursor, whole screen scrolls again, clear the row, back.
    emit_text_add_format(&text, "\0337\033[r\033[%d;1H\033[2K\0338", live->rows);
    write_terminal(&text);
    live->rows = 0;
}

void live_end(struct live *live) {
    live_hide(live);
    free(live->slots);
    free(live->outcomes);
    *live = (struct live){0};
}

// True when the last row is ours, and *columns wide.
static bool take_row(struct live *live, int *columns) {
    struct winsize size;
    struct termios mode;
    bool is_ours = tcgetpgrp(STDERR_FILENO) == getpgrp() && tcgetattr(STDERR_FILENO, &mode) == 0 &&
                   (mode.c_lflag & ICANON) && ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 &&
                   size.ws_row >= ROWS_MIN;
    if (live->rows > 0 && (!is_ours || size.ws_row != live->rows)) live_hide(live);
    if (!is_ours) return false;
    *columns = size.ws_col < COLUMNS_MAX ? size.ws_col : COLUMNS_MAX;
    if (live->rows > 0) return true;
    char bytes[64];
    struct emit_text text;
    emit_text_init(&text, bytes, sizeof bytes);
    // Down and up again, so that the cursor is not on the last row; then all rows
    // but the last scroll. Setting the region moves the cursor, hence save and restore.
    emit_text_add_format(&text, "\033D\033M\0337\033[1;%dr\0338", size.ws_row - 1);
    write_terminal(&text);
    live->rows = size.ws_row;
    return true;
}

static void add_time(struct emit_text *text, int64_t ns) {
    long long seconds = (long long)(ns / 1000000000);
    if (seconds >= 3600)
        emit_text_add_format(text, "%lld:%02lld:%02lld", seconds / 3600, seconds / 60 % 60,
                             seconds % 60);
    else
        emit_text_add_format(text, "%lld:%02lld", seconds / 60, seconds % 60);
}

struct sums {
    double joules[LIVE_GROUPS];
    bool seen[LIVE_GROUPS];
    size_t measured, wanted;
    int64_t from_ns, to_ns;
};

// What the run would say if it ended with its last sample.
static struct sums settle_now(struct live *live) {
    struct sums sums = {.from_ns = INT64_MAX};
    size_t count = emit_sampler_peek(live->sampler, live->slots, EMIT_POINTS_MAX);
    for (size_t i = 0; i < count; i++) {
        const struct emit_tally *tally = &live->slots[i].tally;
        if (tally->samples == 0) continue;
        if (tally->first_ns < sums.from_ns) sums.from_ns = tally->first_ns;
        if (tally->last_ns > sums.to_ns) sums.to_ns = tally->last_ns;
    }
    if (sums.to_ns == 0) return sums;
    const struct emit_window window = {.from_ns = sums.from_ns,
                                       .to_ns = sums.to_ns,
                                       .pace_ns = live->pace_ns,
                                       .all_domains = live->all_domains};
    emit_settle(live->slots, count, &window, live->outcomes);
    for (size_t i = 0; i < count; i++) {
        const struct emit_outcome *outcome = &live->outcomes[i];
        if (outcome->kind == EMIT_OUTCOME_EXCLUDED) continue;
        sums.wanted++;
        if (outcome->kind == EMIT_OUTCOME_REFUSED) continue;
        sums.measured++;
        if (!outcome->counts_in_total) continue;
        int group = group_of(live->slots[i].point.component);
        sums.joules[group] += outcome->joules;
        sums.seen[group] = true;
    }
    return sums;
}

// What is left of the row decides how much is said.
static void add_points(struct emit_text *text, const struct sums *sums) {
    char points[64];
    (void)emit_text_format(points, sizeof points, "  %zu/%zu", sums->measured, sums->wanted);
    if (text->length + strlen(points) >= text->size) return;
    emit_text_add(text, points);
    if (text->length + strlen(" points") < text->size) emit_text_add(text, " points");
}

static void add_sums(struct live *live, struct emit_text *text) {
    struct sums sums = settle_now(live);
    int64_t since_ns = live->before_ns ? live->before_ns : sums.from_ns;
    double seconds = (double)(sums.to_ns - since_ns) / 1e9;
    double joules = 0, watts = 0;
    for (int group = 0; group < LIVE_GROUPS; group++) {
        joules += sums.joules[group];
        if (!sums.seen[group] || seconds <= 0) continue;
        double part = (sums.joules[group] - live->before_joules[group]) / seconds;
        emit_text_add_format(text, "  %s %.0f W", group_names[group], part);
        watts += part;
    }
    if (seconds > 0) emit_text_add_format(text, "  sum %.0f W", watts);
    char energy[EMIT_FIGURE_MAX];
    emit_figure_energy(energy, joules);
    emit_text_add_format(text, "  %s", energy);
    add_points(text, &sums);
    // Between two samples there is nothing new to divide: the next line spans both.
    if (seconds <= 0) return;
    live->before_ns = sums.to_ns;
    memcpy(live->before_joules, sums.joules, sizeof sums.joules);
}

void live_tick(struct live *live) {
    int columns;
    if (!live->sampler || !take_row(live, &columns)) return;
    char line[COLUMNS_MAX + 1], bytes[COLUMNS_MAX + 64];
    struct emit_text text;
    emit_text_init(&text, line, (size_t)columns); // one column stays free: no wrap
    emit_text_add(&text, "emit  ");
    add_time(&text, emit_clock_monotonic_ns() - live->begun_ns);
    add_sums(live, &text);
    emit_text_init(&text, bytes, sizeof bytes);
    emit_text_add_format(&text, "\0337\033[%d;1H\033[2K%s\0338", live->rows, line);
    write_terminal(&text);
}
