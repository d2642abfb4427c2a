// Which points see the same energy: repeated counters, parts and wholes, and
// the dies of a package, which look alike whether they add or not; superchips, which
// hold the processors.
// SPDX-License-Identifier: Apache-2.0
#include "measurement/power.h"
#include "measurement/settle.h"

#include <string.h>

// What a component is to the default set (design 4.5).
enum place {
    PLACE_DEFAULT, // metered unless excluded; adds to the total
    PLACE_PART,    // inside one of the default set
    PLACE_AROUND,  // holds some of the default set
    PLACE_PLATFORM // holds an unknown share: metered alone where nothing narrower can be read
};

static enum place place_of(enum emit_component component) {
    switch (component) {
    case EMIT_COMPONENT_CPU_PACKAGE:
    case EMIT_COMPONENT_DRAM:
    case EMIT_COMPONENT_GPU:
    case EMIT_COMPONENT_GPU_MODULE: return PLACE_DEFAULT;
    case EMIT_COMPONENT_CPU_CORE:
    case EMIT_COMPONENT_CPU_UNCORE: return PLACE_PART;
    case EMIT_COMPONENT_PLATFORM: return PLACE_PLATFORM;
    case EMIT_COMPONENT_NODE:
    case EMIT_COMPONENT_CHASSIS:
    case EMIT_COMPONENT_PSU:
    case EMIT_COMPONENT_RACK:
    case EMIT_COMPONENT_OUTLET:
    case EMIT_COMPONENT_PDU:
    case EMIT_COMPONENT_UPS:
    case EMIT_COMPONENT_FACILITY_FEED:
    case EMIT_COMPONENT_INFERENCE:
    case EMIT_COMPONENT_COUNT: break;
    }
    return PLACE_AROUND;
}

static const struct emit_slot *find(const struct emit_slot *slots, size_t count, const char *meter,
                                    const char *device_id) {
    for (size_t i = 0; device_id[0] && i < count; i++)
        if (strcmp(slots[i].point.device_id, device_id) == 0 &&
            strcmp(slots[i].point.meter, meter) == 0)
            return &slots[i];
    return NULL;
}

static bool is_known(const struct emit_point *point) {
    return !(point->traits & (EMIT_TRAIT_UNNAMEABLE | EMIT_TRAIT_ONE_CORE));
}

// A readable point that the platform's counter holds at least in part; else NULL.
static const struct emit_point *narrower(const struct emit_slot *slots, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const struct emit_point *point = &slots[i].point;
        bool within = point->component == EMIT_COMPONENT_CPU_PACKAGE ||
                      point->component == EMIT_COMPONENT_DRAM;
        if (within && is_known(point) && !point->found) return point;
    }
    return NULL;
}

static void exclude(struct emit_outcome *outcome, enum emit_code code, const char *because) {
    outcome->kind = EMIT_OUTCOME_EXCLUDED;
    outcome->code = code;
    memcpy(outcome->because, because, sizeof outcome->because);
}

static void settle_found(const struct emit_slot *slots, size_t count,
                         const struct emit_point *point, bool all_domains,
                         struct emit_outcome *outcome) {
    static const char nobody[EMIT_DEVICE_ID_MAX];
    enum place place = place_of(point->component);
    const struct emit_slot *twin = find(slots, count, point->meter, point->same_as);
    const struct emit_point *inner = place == PLACE_PLATFORM ? narrower(slots, count) : NULL;

    if (point->traits & EMIT_TRAIT_UNNAMEABLE) {
        exclude(outcome, EMIT_CODE_UNNAMEABLE, nobody);
    } else if (point->traits & EMIT_TRAIT_ONE_CORE) {
        exclude(outcome, EMIT_CODE_NOT_A_TOTAL, nobody);
    } else if (point->found == EMIT_CODE_ALREADY_METERED || point->found == EMIT_CODE_UNASSIGNED) {
        exclude(outcome, point->found, nobody);
    } else if (twin && &twin->point != point && (!twin->point.found || point->found)) {
        exclude(outcome, EMIT_CODE_REPLICATE, twin->point.device_id);
    } else if (!all_domains && inner) {
        exclude(outcome, EMIT_CODE_NESTED, inner->device_id);
    } else if (!all_domains && (place == PLACE_PART || place == PLACE_AROUND)) {
        exclude(outcome, EMIT_CODE_NESTED, point->inside);
    } else if (point->found) {
        outcome->kind = EMIT_OUTCOME_REFUSED;
        outcome->code = point->found;
    }
}

void emit_settle_points_found(const struct emit_slot *slots, size_t count, bool all_domains,
                              struct emit_outcome *outcomes) {
    for (size_t i = 0; i < count; i++) {
        outcomes[i] = (struct emit_outcome){
            .kind = EMIT_OUTCOME_MEASURED,
            .simulated = slots[i].point.traits & EMIT_TRAIT_SIMULATED,
        };
        settle_found(slots, count, &slots[i].point, all_domains, &outcomes[i]);
    }
    emit_settle_left_out(slots, count, outcomes);
}

// True when two counts lie within what the device can draw in span_ns, whichever
// is ahead and whether or not one has wrapped.
static bool close_to(const struct emit_point *point, uint64_t a, uint64_t b, int64_t span_ns) {
    uint64_t apart = a > b ? a - b : b - a;
    if (point->modulus && apart > point->modulus / 2) apart = point->modulus - apart;
    return apart <= point->step_counts || emit_point_can_draw(point, apart, span_ns);
}

// Counts since boot do not coincide by chance: two dies are one counter when they
// agree at the first sample and at the last, at one of them within an update. The
// other may be looser: the reader can be held up between two of its reads.
static bool is_mirror(const struct emit_slot *a, const struct emit_slot *b) {
    enum { HELD_UP_NS = 100 * 1000 * 1000 };
    const struct emit_tally *x = &a->tally, *y = &b->tally;
    int64_t update_ns = emit_point_lag_ns(&a->point);
    int64_t loose_ns = emit_time_add(update_ns, HELD_UP_NS);
    if (!(a->point.traits & b->point.traits & EMIT_TRAIT_DIE) || !x->samples || !y->samples ||
        a->point.component != b->point.component ||
        a->point.device_index != b->point.device_index || a->point.modulus != b->point.modulus ||
        strcmp(a->point.meter, b->point.meter) != 0)
        return false;
    bool first = x->first_ns == y->first_ns, last = x->last_ns == y->last_ns;
    if (first && !close_to(&a->point, x->first_count, y->first_count, loose_ns)) return false;
    if (last && !close_to(&a->point, x->last_count, y->last_count, loose_ns)) return false;
    return (first && close_to(&a->point, x->first_count, y->first_count, update_ns)) ||
           (last && close_to(&a->point, x->last_count, y->last_count, update_ns));
}

void emit_settle_mirrors(const struct emit_slot *slots, size_t count,
                         struct emit_outcome *outcomes) {
    for (size_t i = 0; i < count; i++) {
        for (size_t j = i + 1; j < count && outcomes[i].kind != EMIT_OUTCOME_EXCLUDED; j++) {
            if (outcomes[j].kind == EMIT_OUTCOME_EXCLUDED || !is_mirror(&slots[i], &slots[j]))
                continue;
            // Outcomes are listed best first: the better one stands for both.
            bool later = outcomes[j].kind < outcomes[i].kind;
            exclude(&outcomes[later ? i : j], EMIT_CODE_REPLICATE,
                    slots[later ? j : i].point.device_id);
        }
    }
}

// A GPU's module that has energy, the only one where there is no other; NULL: there is none.
static const struct emit_point *module_of(const struct emit_slot *slots, size_t count,
                                          const struct emit_outcome *outcomes, bool *is_only) {
    const struct emit_point *found = NULL;
    *is_only = true;
    for (size_t i = 0; i < count; i++) {
        if (slots[i].point.component != EMIT_COMPONENT_GPU_MODULE ||
            !emit_outcome_has_energy(&outcomes[i]))
            continue;
        if (found) *is_only = false;
        if (!found) found = &slots[i].point;
    }
    return found;
}

static bool is_in_modules(enum emit_component component) {
    return component == EMIT_COMPONENT_CPU_PACKAGE || component == EMIT_COMPONENT_DRAM;
}

void emit_settle_modules(const struct emit_slot *slots, size_t count, bool all_domains,
                         struct emit_outcome *outcomes) {
    static const char one_of_them[EMIT_DEVICE_ID_MAX];
    bool is_only;
    const struct emit_point *module = module_of(slots, count, outcomes, &is_only);
    for (size_t i = 0; module && !all_domains && i < count; i++)
        if (is_in_modules(slots[i].point.component) && emit_outcome_has_energy(&outcomes[i]))
            exclude(&outcomes[i], EMIT_CODE_NESTED, is_only ? module->device_id : one_of_them);
}

void emit_settle_overlap(const struct emit_slot *slots, size_t count,
                         struct emit_outcome *outcomes) {
    bool is_only;
    bool modules = module_of(slots, count, outcomes, &is_only) != NULL;
    for (size_t i = 0; i < count; i++) {
        const struct emit_point *point = &slots[i].point;
        if (!emit_outcome_has_energy(&outcomes[i])) continue;
        outcomes[i].counts_in_total = place_of(point->component) == PLACE_DEFAULT &&
                                      !(modules && is_in_modules(point->component));
        const struct emit_slot *whole = find(slots, count, point->meter, point->inside);
        if (!whole || whole == &slots[i]) continue;
        const struct emit_outcome *around = &outcomes[whole - slots];
        if (!emit_outcome_has_energy(around)) continue;
        if (place_of(whole->point.component) == PLACE_DEFAULT) outcomes[i].counts_in_total = false;
        if (around->from_ns == outcomes[i].from_ns && around->to_ns == outcomes[i].to_ns)
            memcpy(outcomes[i].contained_in, whole->point.device_id, EMIT_DEVICE_ID_MAX);
    }
}
