// The tallies of a run become outcomes: the outcome table of the design, read
// from top to bottom. What cannot be believed is refused first, what is not
// whole is partial, and only the rest is measured.
// SPDX-License-Identifier: Apache-2.0
#include "measurement/edges.h"
#include "measurement/power.h"
#include "measurement/settle.h"

#include <assert.h>

// What a point's own window is made of.
struct view {
    const struct emit_point *point;
    const struct emit_tally *tally;
    const struct emit_window *window;
    int64_t span_ns;    // first to last good reading
    int64_t covered_ns; // of it, what is in carried_count
    uint64_t parts;     // that it is the sum of, at least 1
    bool late;          // first read after the window began
    bool unclosed;      // last read before the window ended
    uint32_t concurrent_runs;
};

static enum emit_code decide(enum emit_outcome_kind *kind, enum emit_outcome_kind decided,
                             enum emit_code code) {
    *kind = decided;
    return code;
}

// Why a point that has no reading at all has none.
static enum emit_code why_unread(const struct view *view) {
    if (view->tally->failed) return view->tally->failed;
    if (view->window->killed || view->window->floor_ns) return EMIT_CODE_BELOW_RESOLUTION;
    return EMIT_CODE_TIMEOUT;
}

// Why the readings end before the window does.
static enum emit_code why_unclosed(const struct view *view) {
    if (view->tally->failed) return view->tally->failed;
    if (view->window->killed || view->window->floor_ns) return EMIT_CODE_GAP;
    return EMIT_CODE_TIMEOUT;
}

// True of a counter that did not move for so long. A power may stand still: that is a
// constant load.
static bool is_stale(const struct emit_point *point, int64_t still_ns) {
    return !emit_point_is_power(point) && still_ns > emit_point_quiet_ns(point);
}

// NONE, or why a point with readings, but without a single count, counted nothing.
static enum emit_code why_uncounted(const struct view *view) {
    const struct emit_tally *tally = view->tally;
    if (tally->carried_count && view->covered_ns > 0) return EMIT_CODE_NONE;
    if (tally->failed) return tally->failed;
    if (tally->resets) return EMIT_CODE_RESET;
    // A device that is there and says 0 W all the time has no sensor.
    if (emit_point_is_power(view->point) && view->covered_ns > 0) return EMIT_CODE_MALFORMED;
    if (is_stale(view->point, view->span_ns)) return EMIT_CODE_STALE;
    // Samples of a power that no two of which lie close enough together.
    if (emit_point_is_power(view->point) && tally->uncovered_ns > 0) return EMIT_CODE_GAP;
    if (view->unclosed && !view->window->killed && !view->window->floor_ns)
        return EMIT_CODE_TIMEOUT;
    return EMIT_CODE_BELOW_RESOLUTION;
}

static bool has_gap(const struct view *view) {
    if (emit_point_is_power(view->point)) return view->tally->uncovered_ns > 0;
    int64_t pace_ns = view->window->pace_ns, second_ns = 1000000000;
    if (pace_ns <= 0 || pace_ns > INT64_MAX / 5) return false;
    // One sample that failed or came late is no gap: the counter went on counting.
    int64_t most_ns = pace_ns * 5 / 2;
    if (most_ns < pace_ns + second_ns) most_ns = pace_ns + second_ns;
    return view->tally->longest_gap_ns > most_ns;
}

static enum emit_code decide_point(const struct view *view, enum emit_outcome_kind *kind) {
    const struct emit_tally *tally = view->tally;
    const enum emit_outcome_kind refused = EMIT_OUTCOME_REFUSED, partial = EMIT_OUTCOME_PARTIAL;

    if (!tally->samples) return decide(kind, refused, why_unread(view));
    // Every reading came after the job: what they count is not its energy.
    if (view->late && tally->first_ns >= view->window->to_ns)
        return decide(kind, refused, tally->trouble ? tally->trouble : why_unread(view));
    if (tally->trouble == EMIT_CODE_IMPLAUSIBLE || tally->trouble == EMIT_CODE_WRAPPED_UNPROVEN)
        return decide(kind, refused, tally->trouble);
    enum emit_code uncounted = why_uncounted(view);
    if (uncounted) return decide(kind, refused, uncounted);
    // A sum of parts says no more than its parts do.
    int64_t part_ns = view->span_ns / (int64_t)view->parts;
    if (part_ns < emit_point_least_ns(view->point) || part_ns < view->window->floor_ns)
        return decide(kind, refused, EMIT_CODE_BELOW_RESOLUTION);
    if (is_stale(view->point, tally->last_ns - tally->moved_ns))
        return decide(kind, refused, EMIT_CODE_STALE);

    if (tally->ended) return decide(kind, partial, EMIT_CODE_GONE);
    if (tally->resets) return decide(kind, partial, EMIT_CODE_RESET);
    if (tally->missed) return decide(kind, partial, tally->missed);
    if (tally->trouble && view->late) return decide(kind, partial, tally->trouble);
    if (tally->failed && view->unclosed) return decide(kind, partial, tally->failed);
    if (view->late) return decide(kind, partial, EMIT_CODE_LATE);
    if (view->unclosed) return decide(kind, partial, why_unclosed(view));
    if (has_gap(view)) return decide(kind, partial, EMIT_CODE_GAP);
    if (view->concurrent_runs) return decide(kind, EMIT_OUTCOME_MEASURED, EMIT_CODE_SHARED);
    return decide(kind, EMIT_OUTCOME_MEASURED,
                  view->point->traits & EMIT_TRAIT_SIMULATED ? EMIT_CODE_SIMULATED
                                                             : EMIT_CODE_NONE);
}

// One hardware unit: of a counter once, of a power for as long as it was integrated.
static double resolution_joules(const struct view *view) {
    const struct emit_point *point = view->point;
    if (emit_point_is_power(point))
        return (double)point->step_counts * (double)view->covered_ns / 1e12;
    return emit_joules(point->step_counts, point->joules_numerator, point->joules_denominator);
}

// The highest mean between two samples, whichever two: those at the edges are such, too.
static double peak_watts(const struct emit_tally *tally, double mean_watts) {
    double watts = (double)tally->peak_milliwatts / 1000;
    return watts > 0 && watts < mean_watts ? mean_watts : watts;
}

static void state_figures(const struct view *view, struct emit_outcome *outcome) {
    const struct emit_point *point = view->point;
    const struct emit_tally *tally = view->tally;
    const struct emit_window *window = view->window;
    int64_t window_ns = outcome->to_ns - outcome->from_ns;

    outcome->count = tally->carried_count;
    outcome->joules =
        emit_joules(tally->carried_count, point->joules_numerator, point->joules_denominator);
    outcome->resolution_joules = resolution_joules(view);
    outcome->mean_watts = outcome->joules * 1e9 / (double)view->covered_ns;
    outcome->peak_watts = peak_watts(tally, outcome->mean_watts);
    outcome->coverage_ratio = (double)view->covered_ns / (double)window_ns;
    outcome->sampling_hz = (double)(tally->samples - 1) * 1e9 / (double)window_ns;
    outcome->uncertainty_joules = emit_uncertainty(
        tally->parts ? tally->edges_joules
                     : emit_edges_joules(point, tally, window, outcome->mean_watts));
    outcome->wraps = tally->wraps;
    outcome->concurrent_runs = view->concurrent_runs;
}

static void settle_point(const struct emit_slot *slot, const struct emit_window *window,
                         struct emit_outcome *outcome) {
    const struct emit_tally *tally = &slot->tally;
    struct view view = {
        .point = &slot->point,
        .tally = tally,
        .window = window,
        .span_ns = tally->last_ns - tally->first_ns,
        .covered_ns = tally->last_ns - tally->first_ns - tally->uncovered_ns,
        .parts = tally->parts ? tally->parts : 1,
        .late = tally->first_ns > window->from_ns,
        .unclosed = tally->last_ns < window->to_ns,
        .concurrent_runs = slot->concurrent_runs,
    };
    outcome->code = decide_point(&view, &outcome->kind);
    outcome->samples = tally->samples;
    if (!emit_outcome_has_energy(outcome)) return;
    outcome->from_ns = view.late ? window->from_ns : tally->first_ns;
    outcome->to_ns = view.unclosed ? window->to_ns : tally->last_ns;
    state_figures(&view, outcome);
}

// found = measured + partial + refused + excluded, for whoever reads the counts.
static void assert_complete(const struct emit_outcome *outcomes, size_t count) {
    size_t decided[EMIT_OUTCOME_COUNT] = {0}, found = 0;
    for (size_t i = 0; i < count; i++)
        if ((unsigned)outcomes[i].kind < EMIT_OUTCOME_COUNT) decided[outcomes[i].kind]++;
    for (size_t kind = 0; kind < EMIT_OUTCOME_COUNT; kind++)
        found += decided[kind];
    assert(found == count);
    (void)found;
}

void emit_settle_found(const struct emit_slot *slots, size_t count, bool all_domains,
                       struct emit_outcome *outcomes) {
    emit_settle_points_found(slots, count, all_domains, outcomes);
    emit_settle_replicates(slots, count, outcomes);
    emit_settle_modules(slots, count, all_domains, outcomes);
}

void emit_settle(const struct emit_slot *slots, size_t count, const struct emit_window *window,
                 struct emit_outcome *outcomes) {
    emit_settle_points_found(slots, count, window->all_domains, outcomes);
    for (size_t i = 0; i < count; i++)
        if (outcomes[i].kind == EMIT_OUTCOME_MEASURED)
            settle_point(&slots[i], window, &outcomes[i]);
    emit_settle_mirrors(slots, count, outcomes);
    emit_settle_replicates(slots, count, outcomes);
    emit_settle_modules(slots, count, window->all_domains, outcomes);
    emit_settle_overlap(slots, count, outcomes);
    assert_complete(outcomes, count);
}
