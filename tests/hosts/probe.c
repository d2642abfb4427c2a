// Takes two samples of every point below a root and prints what became of each.
//
//   probe ROOT [SECONDS]
//
// Prints "sampled" after the first sample and waits for a line, so that the
// caller can move the counters; the clock is told: SECONDS lie between the two samples.
// SPDX-License-Identifier: Apache-2.0
#include "meters/meter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct emit_point found[EMIT_POINTS_MAX];
static struct emit_slot slots[EMIT_POINTS_MAX];
static struct emit_outcome outcomes[EMIT_POINTS_MAX];
static struct emit_reading readings[EMIT_POINTS_MAX];

static void sample(const struct emit_meter_type *meter, void *state, size_t count,
                   int64_t taken_ns) {
    meter->read(state, readings);
    for (size_t i = 0; i < count; i++) {
        readings[i].taken_ns = taken_ns;
        emit_tally_fold(&slots[i].tally, &slots[i].point, &readings[i]);
    }
}

static void print_point(const struct emit_slot *slot, const struct emit_outcome *outcome) {
    const struct emit_point *point = &slot->point;
    printf("%s %s %s %s", point->device_id, emit_component_word(point->component),
           emit_outcome_word(outcome->kind),
           *emit_code_word(outcome->code) ? emit_code_word(outcome->code) : "-");
    if (outcome->kind == EMIT_OUTCOME_MEASURED || outcome->kind == EMIT_OUTCOME_PARTIAL)
        printf(" joules=%.6f", outcome->joules);
    if (*point->inside) printf(" inside=%s", point->inside);
    if (*point->same_as) printf(" same_as=%s", point->same_as);
    if (point->modulus) printf(" modulus=%llu", (unsigned long long)point->modulus);
    if (point->step_counts > 1) printf(" step=%llu", (unsigned long long)point->step_counts);
    if (*point->note) printf(" note='%s'", point->note);
    putchar('\n');
}

int main(int argc, char **argv) {
    struct emit_host host;
    struct emit_error err;
    struct emit_points points = {.at = found, .size = EMIT_POINTS_MAX};
    const struct emit_meter_settings settings = {.max_package_milliwatts = 1000000};
    const struct emit_meter_type *meter = &emit_meter_rapl;
    int64_t from_ns = 1000000000, to_ns = from_ns + (argc > 2 ? atoll(argv[2]) : 10) * 1000000000;
    void *state = calloc(1, meter->state_size);
    if (argc < 2 || !state) return 2;
    if (emit_host_open(&host, argv[1], &err) != EMIT_OK) {
        printf("cannot open: %s\n", err.text);
        return 1;
    }
    if (meter->open(state, &host, &settings, &points, &err) != EMIT_OK) {
        printf("%s: %s\n", emit_status_word(err.status), err.text);
    } else {
        for (size_t i = 0; i < points.count; i++)
            slots[i].point = points.at[i];
        sample(meter, state, points.count, from_ns);
        puts("sampled");
        fflush(stdout);
        char line[8];
        if (!fgets(line, sizeof line, stdin)) return 2;
        sample(meter, state, points.count, to_ns);
        const struct emit_window window = {
            .from_ns = from_ns, .to_ns = to_ns, .pace_ns = to_ns - from_ns, .all_domains = true};
        emit_settle(slots, points.count, &window, outcomes);
        for (size_t i = 0; i < points.count; i++)
            print_point(&slots[i], &outcomes[i]);
        meter->close(state);
    }
    free(state);
    emit_host_close(&host);
    return 0;
}
