// What a run counted between two of its moments, and the sum of several such parts:
// how a phase of a run is measured. Both moments are the run's own tally with one
// more reading folded in, so that what the run proved between them counts here too.
// SPDX-License-Identifier: Apache-2.0
#include "measurement/edges.h"
#include "measurement/power.h"

static int64_t larger(int64_t a, int64_t b) {
    return a > b ? a : b;
}

// Nothing was read: the code says why.
static struct emit_tally unread(const struct emit_tally *why) {
    return (struct emit_tally){
        .failed = why->failed, .failed_ns = why->failed_ns, .ended = why->ended};
}

// What stands at both edges is subtracted. Where the run lost an interval that the first
// edge divides, what the edge had seen of it is subtracted too: less is said than was.
// False when the two do not belong together:
// the counter was reset between a sample of the run and the edge's own reading, and
// each of the two saw something else of it.
static bool subtract(struct emit_tally *part, const struct emit_point *point,
                     const struct emit_tally *begin, const struct emit_tally *end) {
    bool lost = end->resets < begin->resets || end->uncovered_ns < begin->uncovered_ns;
    if (lost || end->carried_count < begin->carried_count || end->samples + 1 < begin->samples)
        return false;
    part->samples = end->samples - begin->samples + 2; // and the two edges themselves
    part->carried_count = end->carried_count - begin->carried_count;
    part->wraps = end->wraps > begin->wraps ? end->wraps - begin->wraps : 0;
    part->resets = end->resets - begin->resets;
    part->uncovered_ns = end->uncovered_ns - begin->uncovered_ns;
    // The interval of a reset that the edge divides is counted in both; a power that was
    // sampled too seldom was not reset.
    if (part->uncovered_ns && !part->resets && !emit_point_is_power(point)) part->resets = 1;
    return part->uncovered_ns <= part->last_ns - part->first_ns;
}

// The power at the edges of a counter's part: of the run's last stretch before each, or
// what the part itself drew where that is more.
static void note_power(struct emit_tally *part, const struct emit_point *point,
                       const struct emit_tally *begin, const struct emit_tally *end) {
    int64_t covered_ns = part->last_ns - part->first_ns - part->uncovered_ns;
    int64_t mean =
        covered_ns > 0 ? emit_point_milliwatts(point, part->carried_count, covered_ns) : 0;
    part->first_milliwatts = larger(begin->last_milliwatts, mean);
    part->last_milliwatts = larger(end->last_milliwatts, mean);
    // A peak that was there before is not this part's; the range of a power is the run's.
    int64_t range = end->peak_milliwatts - end->least_milliwatts;
    if (end->peak_milliwatts > begin->peak_milliwatts) part->peak_milliwatts = end->peak_milliwatts;
    part->least_milliwatts = part->peak_milliwatts - range;
    if (end->scatter_joules2 > begin->scatter_joules2)
        part->scatter_joules2 = end->scatter_joules2 - begin->scatter_joules2;
    if (end->longest_gap_ns > begin->longest_gap_ns) part->longest_gap_ns = end->longest_gap_ns;
}

void emit_tally_between(struct emit_tally *part, const struct emit_point *point,
                        const struct emit_tally *begin, const struct emit_tally *end) {
    if (begin->ended || !end->samples) {
        *part = unread(begin->ended ? begin : end);
        return;
    }
    // The run itself read it for the first time in between: late, and from there on its own.
    if (!begin->samples || end->first_ns > begin->last_ns) {
        *part = *end;
        return;
    }
    if (begin->failed) { // what was drawn before the part began cannot be told from it
        *part = unread(begin);
        return;
    }
    struct emit_tally made = {
        .samples = 1,
        .first_count = begin->last_count,
        .last_count = begin->last_count,
        .first_ns = begin->last_ns,
        .last_ns = larger(begin->last_ns, end->last_ns),
        .first_within_ns = begin->last_within_ns,
        .last_within_ns = begin->last_within_ns,
        .first_age_ns = begin->last_age_ns,
        .last_age_ns = begin->last_age_ns,
        .moved_ns = larger(begin->last_ns, end->moved_ns),
        .suspended_ns = end->suspended_ns,
        .failed_ns = end->failed_ns,
        .failed = end->failed,
        .ended = end->ended,
    };
    if (end->trouble == EMIT_CODE_IMPLAUSIBLE || end->trouble == EMIT_CODE_WRAPPED_UNPROVEN)
        made.trouble = end->trouble;
    if (end->last_ns > begin->last_ns) {
        made.last_count = end->last_count;
        made.last_within_ns = end->last_within_ns;
        made.last_age_ns = end->last_age_ns;
        if (!subtract(&made, point, begin, end)) {
            made.carried_count = made.wraps = 0;
            if (!made.resets && !emit_point_is_power(point)) made.resets = 1;
            made.uncovered_ns = made.last_ns - made.first_ns;
        }
        note_power(&made, point, begin, end);
    }
    *part = made;
}

// Nothing was counted between its edges.
static bool is_empty(const struct emit_tally *part, const struct emit_span *span) {
    return part->samples < 2 || part->first_ns >= span->to_ns;
}

// Why a part is not whole; NONE when it is.
static enum emit_code why_missed(const struct emit_tally *part, const struct emit_span *span) {
    bool late = part->first_ns > span->from_ns;
    if (!is_empty(part, span) && !late && part->last_ns >= span->to_ns) return EMIT_CODE_NONE;
    if (part->failed) return part->failed;
    if (part->trouble) return part->trouble;
    if (part->first_ns >= span->to_ns) return EMIT_CODE_BELOW_RESOLUTION;
    return late ? EMIT_CODE_LATE : EMIT_CODE_GAP;
}

// The first part with readings: moved to where the span stands among the others.
static void take_first_part(struct emit_tally *sum, const struct emit_tally *part,
                            const struct emit_span *span) {
    int64_t shift_ns = span->at_ns - span->from_ns;
    enum emit_code missed = sum->missed;
    *sum = *part;
    sum->missed = missed;
    sum->parts = 1;
    sum->first_ns += shift_ns;
    sum->last_ns += shift_ns;
    sum->moved_ns += shift_ns;
}

static void take_next_part(struct emit_tally *sum, const struct emit_tally *part) {
    int64_t lasted_ns = part->last_ns - part->first_ns;
    if (part->moved_ns > part->first_ns)
        sum->moved_ns = sum->last_ns + (part->moved_ns - part->first_ns);
    sum->last_ns += lasted_ns;
    sum->uncovered_ns += part->uncovered_ns;
    sum->samples += part->samples - 1; // one part's end is where the next one begins
    sum->wraps += part->wraps;
    sum->resets += part->resets;
    if (__builtin_add_overflow(sum->carried_count, part->carried_count, &sum->carried_count))
        sum->trouble = EMIT_CODE_IMPLAUSIBLE;
    if (part->trouble && !sum->trouble) sum->trouble = part->trouble;
    sum->last_count = part->last_count;
    sum->last_within_ns = part->last_within_ns;
    sum->last_age_ns = part->last_age_ns;
    sum->suspended_ns = part->suspended_ns;
    sum->peak_milliwatts = larger(sum->peak_milliwatts, part->peak_milliwatts);
    sum->longest_gap_ns = larger(sum->longest_gap_ns, part->longest_gap_ns);
    sum->failed = part->failed;
    sum->failed_ns = part->failed_ns;
    sum->ended = part->ended;
    sum->parts++;
}

// Time of the sum in which nothing was counted, and in which nothing stood still either;
// less than none is none.
static void lose(struct emit_tally *sum, int64_t lost_ns) {
    sum->last_ns += larger(lost_ns, 0);
    sum->moved_ns += larger(lost_ns, 0);
    sum->uncovered_ns += larger(lost_ns, 0);
}

// What this part's own edges leave open.
static double edges_joules(const struct emit_point *point, const struct emit_tally *part,
                           const struct emit_span *span) {
    const struct emit_window window = {.from_ns = span->from_ns, .to_ns = span->to_ns};
    int64_t covered_ns = part->last_ns - part->first_ns - part->uncovered_ns;
    if (covered_ns <= 0) return 0; // nothing of it counts
    double joules =
        emit_joules(part->carried_count, point->joules_numerator, point->joules_denominator);
    return emit_edges_joules(point, part, &window, joules * 1e9 / (double)covered_ns);
}

void emit_tally_append(struct emit_tally *sum, const struct emit_point *point,
                       const struct emit_tally *part, const struct emit_span *span) {
    bool first = !sum->samples;
    enum emit_code missed = why_missed(part, span);
    if (is_empty(part, span)) {
        if (!first) lose(sum, span->to_ns - span->from_ns);
        sum->failed = part->failed;
        sum->failed_ns = part->failed_ns;
        sum->ended = part->ended;
    } else if (first) {
        take_first_part(sum, part, span); // what it lacks at its beginning makes it late
        lose(sum, span->to_ns - part->last_ns);
        sum->edges_joules = edges_joules(point, part, span);
    } else {
        take_next_part(sum, part);
        lose(sum, part->first_ns - span->from_ns);
        lose(sum, span->to_ns - part->last_ns);
        sum->edges_joules += edges_joules(point, part, span);
    }
    if (missed && !sum->missed) sum->missed = missed;
}
