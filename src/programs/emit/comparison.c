// What can be claimed of the difference between two runs.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/comparison.h"

#include <math.h>
#include <string.h>

static struct emit_quantity quantity_of(const struct emit_group *group, const double *values,
                                        const double *uncertainty) {
    struct emit_statistics edges = {0}, statistics;
    if (uncertainty) emit_statistics_of(&edges, uncertainty, group->count, group->scratch);
    emit_statistics_of(&statistics, values, group->count, group->scratch);
    double margin = edges.count ? edges.mean : (double)NAN;
    if (statistics.count > 1) {
        double errors =
            2 * statistics.sigma / emit_statistics_square_root((double)statistics.count);
        if (!(margin >= errors)) margin = errors;
    }
    return (struct emit_quantity){
        .known = statistics.count > 0,
        .value = statistics.mean,
        .sigma = statistics.count > 1 ? statistics.sigma : (double)NAN,
        .margin = margin,
    };
}

static void judge(struct emit_comparison_row *row, bool comparable) {
    row->difference = row->percent = row->margin = (double)NAN;
    row->verdict = EMIT_VERDICT_UNCOMPARED;
    if (!comparable || !row->a.known || !row->b.known) return;
    row->difference = row->b.value - row->a.value;
    if (row->a.value > 0) row->percent = 100 * row->difference / row->a.value;
    row->margin = row->a.margin + row->b.margin;
    row->verdict = isnan(row->margin)                     ? EMIT_VERDICT_NONE
                   : fabs(row->difference) <= row->margin ? EMIT_VERDICT_WITHIN
                   : row->difference < 0                  ? EMIT_VERDICT_LESS
                                                          : EMIT_VERDICT_MORE;
}

void emit_comparison_add(struct emit_comparison_row *sum, const struct emit_comparison_row *row) {
    sum->a.value += row->a.value;
    sum->b.value += row->b.value;
    sum->a.margin += row->a.margin;
    sum->b.margin += row->b.margin;
    sum->a.sigma = sum->b.sigma = (double)NAN; // runs may vary together
    judge(sum, true);
}

static bool are_one_device(const struct emit_comparison *comparison, const struct emit_point *p,
                           const struct emit_point *q) {
    if (p->component != q->component) return false;
    if (strcmp(p->device_id, q->device_id) == 0) return true;
    return comparison->nodes_differ && p->device_index >= 0 && p->device_index == q->device_index;
}

static const struct emit_group_device *find(const struct emit_comparison *comparison,
                                            const struct emit_group *group,
                                            const struct emit_point *point) {
    for (size_t i = 0; i < group->device_count; i++)
        if (are_one_device(comparison, &group->devices[i].point, point)) return &group->devices[i];
    return NULL;
}

static void add_row(struct emit_comparison *comparison, const struct emit_group_device *a,
                    const struct emit_group_device *b) {
    if (comparison->count == EMIT_COMPARISON_ROWS_MAX) return; // both have at most half of it
    struct emit_comparison_row *row = &comparison->rows[comparison->count++];
    *row = (struct emit_comparison_row){.device = a ? a : b};
    if (a) row->a = quantity_of(&comparison->a->group, a->series.joules, a->series.uncertainty);
    if (b) row->b = quantity_of(&comparison->b->group, b->series.joules, b->series.uncertainty);
    judge(row, !comparison->one_simulated);
    bool differs = !a != !b || (a && a->in_total != b->in_total);
    comparison->sums_differ |= differs && ((a && a->in_total) || (b && b->in_total));
}

static void compare_devices(struct emit_comparison *comparison) {
    const struct emit_group *a = &comparison->a->group, *b = &comparison->b->group;
    for (size_t i = 0; i < a->device_count; i++)
        add_row(comparison, &a->devices[i], find(comparison, b, &a->devices[i].point));
    for (size_t i = 0; i < b->device_count; i++)
        if (!find(comparison, a, &b->devices[i].point)) add_row(comparison, NULL, &b->devices[i]);
}

static const struct emit_group_phase *find_phase(const struct emit_group *group, const char *name) {
    for (size_t i = 0; i < group->phase_count; i++)
        if (strcmp(group->phases[i].name, name) == 0) return &group->phases[i];
    return NULL;
}

static void add_phase(struct emit_comparison *comparison, const struct emit_group_phase *a,
                      const struct emit_group_phase *b) {
    struct emit_comparison_phase *phase = &comparison->phases[comparison->phase_count++];
    *phase = (struct emit_comparison_phase){.name = a ? a->name : b->name};
    const struct emit_group *p = &comparison->a->group, *q = &comparison->b->group;
    if (a) {
        phase->seconds.a = quantity_of(p, a->seconds, NULL);
        phase->sum.a = quantity_of(p, a->sum.joules, a->sum.uncertainty);
    }
    if (b) {
        phase->seconds.b = quantity_of(q, b->seconds, NULL);
        phase->sum.b = quantity_of(q, b->sum.joules, b->sum.uncertainty);
    }
    judge(&phase->seconds, true);
    judge(&phase->sum, !comparison->sums_differ && !comparison->one_simulated);
}

static void compare_phases(struct emit_comparison *comparison) {
    const struct emit_group *a = &comparison->a->group, *b = &comparison->b->group;
    for (size_t i = 0; i < a->phase_count; i++)
        add_phase(comparison, &a->phases[i], find_phase(b, a->phases[i].name));
    for (size_t i = 0; i < b->phase_count; i++)
        if (!find_phase(a, b->phases[i].name)) add_phase(comparison, NULL, &b->phases[i]);
}

// Devices of a kind stand together, whichever side has them.
static void sort(struct emit_comparison *comparison) {
    for (size_t i = 1; i < comparison->count; i++) {
        struct emit_comparison_row row = comparison->rows[i];
        size_t at = i;
        for (; at > 0 &&
               comparison->rows[at - 1].device->point.component > row.device->point.component;
             at--)
            comparison->rows[at] = comparison->rows[at - 1];
        comparison->rows[at] = row;
    }
}

void emit_compare(struct emit_comparison *comparison, const struct emit_side *a,
                  const struct emit_side *b) {
    *comparison = (struct emit_comparison){
        .a = a,
        .b = b,
        .rows = comparison->rows,
        .nodes_differ = strcmp(a->node_id, b->node_id) != 0,
        .one_simulated = a->group.simulated != b->group.simulated,
    };
    const struct emit_group *p = &a->group, *q = &b->group;
    compare_devices(comparison);
    sort(comparison);
    bool sums = !comparison->sums_differ && strcmp(p->summed, q->summed) == 0;
    comparison->sums_differ = !sums;
    comparison->seconds.a = quantity_of(p, p->seconds, NULL);
    comparison->seconds.b = quantity_of(q, q->seconds, NULL);
    judge(&comparison->seconds, true);
    comparison->sum.a = quantity_of(p, p->sum.joules, p->sum.uncertainty);
    comparison->sum.b = quantity_of(q, q->sum.joules, q->sum.uncertainty);
    judge(&comparison->sum, sums && !comparison->one_simulated);
    comparison->watts.a = quantity_of(p, p->sum.watts, NULL);
    comparison->watts.b = quantity_of(q, q->sum.watts, NULL);
    judge(&comparison->watts, sums && !comparison->one_simulated);
    compare_phases(comparison);
}

const char *emit_verdict_word(enum emit_verdict verdict) {
    static const char *const words[] = {[EMIT_VERDICT_NONE] = "unjudged",
                                        [EMIT_VERDICT_WITHIN] = "within",
                                        [EMIT_VERDICT_LESS] = "less",
                                        [EMIT_VERDICT_MORE] = "more",
                                        [EMIT_VERDICT_UNCOMPARED] = "not-compared"};
    return words[verdict];
}
