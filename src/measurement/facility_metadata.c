// The facts of a facility in their order, and those that cover a window.
// SPDX-License-Identifier: Apache-2.0
#include "measurement/facility_metadata.h"

#include "measurement/facility.h"

#include <stdlib.h>
#include <string.h>

#define FACT_KEY(name, key, title)   [name] = key,
#define FACT_TITLE(name, key, title) [name] = title,
static const char *const keys[] = {EMIT_FACT_ROWS(FACT_KEY)};
static const char *const titles[] = {EMIT_FACT_ROWS(FACT_TITLE)};

const char *emit_fact_key(enum emit_fact fact) {
    return keys[fact];
}

const char *emit_fact_title(enum emit_fact fact) {
    return titles[fact];
}

static int compare_begins(const void *left, const void *right) {
    const struct emit_facility_fact *a = left, *b = right;
    return (a->from_ns > b->from_ns) - (a->from_ns < b->from_ns);
}

bool emit_facility_site_order(struct emit_facility_site *site, enum emit_fact *kind,
                              int64_t *from_ns, int64_t *other_ns) {
    for (int fact = 0; fact < EMIT_FACT_COUNT; fact++) {
        struct emit_facility_fact *facts = site->facts[fact];
        if (!facts) continue;
        qsort(facts, site->fact_counts[fact], sizeof *facts, compare_begins);
        for (size_t i = 1; i < site->fact_counts[fact]; i++) {
            if (facts[i].from_ns >= facts[i - 1].to_ns) continue;
            *kind = (enum emit_fact)fact;
            *from_ns = facts[i].from_ns;
            *other_ns = facts[i - 1].from_ns;
            return false;
        }
    }
    return true;
}

static struct emit_facility_site *find_site(const struct emit_facility_metadata *metadata,
                                            const char *facility_id) {
    struct emit_facility_site *common = NULL;
    for (size_t i = 0; i < metadata->site_count; i++) {
        if (strcmp(metadata->sites[i].facility_id, facility_id) == 0) return &metadata->sites[i];
        if (!metadata->sites[i].facility_id[0]) common = &metadata->sites[i];
    }
    return common;
}

// The fact that holds from before the window's begin to its end or later.
static const struct emit_facility_fact *find_fact(const struct emit_facility_fact *facts,
                                                  size_t count, int64_t from_ns, int64_t to_ns) {
    size_t low = 0, high = count; // facts[low - 1] begins in time, facts[high] does not
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (facts[middle].from_ns <= from_ns)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 && facts[low - 1].to_ns >= to_ns ? &facts[low - 1] : NULL;
}

// Whether a fact holds for some of the window. Of what covers it whole nobody asks here.
static bool is_touched(const struct emit_facility_fact *facts, size_t count, int64_t from_ns,
                       int64_t to_ns) {
    size_t low = 0, high = count; // facts[low - 1] ends in time, facts[high] does not
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (facts[middle].to_ns <= from_ns)
            low = middle + 1;
        else
            high = middle;
    }
    return low < count && facts[low].from_ns < to_ns;
}

bool emit_facility_attach(struct emit_facility_window *window,
                          struct emit_facility_metadata *metadata, unsigned *missed,
                          struct emit_facility_refusal *why) {
    struct emit_facility_site *site = find_site(metadata, window->facility_id);
    if (site) site->is_met = true;
    if (site && !window->region[0] && !window->grid_region[0]) {
        memcpy(window->region, site->region, sizeof site->region);
        memcpy(window->grid_region, site->grid_region, sizeof site->grid_region);
    }
    if (!window->region[0] && !window->grid_region[0])
        return emit_facility_refuse(why, EMIT_FACILITY_MISSING_REGION, "region",
                                    "name the region or grid_region, in the record or in the "
                                    "metadata of its facility");
    *missed = 0;
    for (int fact = 0; site && fact < EMIT_FACT_COUNT; fact++) {
        if (!site->fact_counts[fact]) continue;
        window->facts[fact] =
            find_fact(site->facts[fact], site->fact_counts[fact], window->from_ns, window->to_ns);
        // That nothing was curtailed is no gap in what is known.
        bool is_missed =
            !window->facts[fact] &&
            (fact != EMIT_FACT_CURTAILMENT || is_touched(site->facts[fact], site->fact_counts[fact],
                                                         window->from_ns, window->to_ns));
        if (is_missed) *missed |= 1U << fact;
    }
    return true;
}

void emit_facility_metadata_clear(struct emit_facility_metadata *metadata) {
    for (size_t i = 0; i < metadata->site_count; i++)
        for (int fact = 0; fact < EMIT_FACT_COUNT; fact++)
            free(metadata->sites[i].facts[fact]);
    free(metadata->sites);
    *metadata = (struct emit_facility_metadata){0};
}
