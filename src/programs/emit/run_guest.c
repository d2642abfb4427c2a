// A rank of a run that root began: the energy is root's to report, and may be seen.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/run_guest.h"

#include "programs/emit/figures.h"

#include <stdlib.h>

// What the run had counted by its last sample that is shown.
static double joules_by_now(const struct emit_run_result *result) {
    size_t room = result->count ? result->count : 1;
    struct emit_slot *slots = calloc(room, sizeof *slots);
    struct emit_outcome *outcomes = calloc(room, sizeof *outcomes);
    const struct emit_window window = {
        .from_ns = result->header.start_ns,
        .to_ns = result->header.sampled_ns,
        .pace_ns = result->header.pace_ns,
        .floor_ns = result->header.floor_ns,
        .all_domains = result->header.all_domains,
    };
    double joules = 0;
    for (size_t i = 0; slots && i < result->count; i++) {
        slots[i] = result->slots[i];
        if (slots[i].point.found == EMIT_CODE_ALREADY_METERED)
            slots[i].point.found = EMIT_CODE_NONE; // as root sees it
    }
    if (slots && outcomes) emit_settle(slots, result->count, &window, outcomes);
    for (size_t i = 0; slots && outcomes && i < result->count; i++)
        if (outcomes[i].counts_in_total) joules += outcomes[i].joules;
    free(outcomes);
    free(slots);
    return joules;
}

void run_guest_note(struct emit_report *report, const struct emit_run_result *result) {
    char energy[EMIT_FIGURE_MAX];
    double joules = joules_by_now(result);
    emit_figure_energy(energy, joules);
    if (joules > 0)
        emit_report_note(report, "Metered by the run that root began on this node: %s by now.",
                         energy);
    else
        emit_report_note(report, "Metered by the run that root began on this node.");
}
