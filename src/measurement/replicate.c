// One GPU that several meters see: they read one counter, so that one of them
// stands for the device and the others are its replicates.
//
// A GPU that a meter lists and may not touch has no name there; its place among the
// others tells who it is.
//
// Before anything is read the preferred of those that can be read is named;
// after the run it is the one to which the best came.
// SPDX-License-Identifier: Apache-2.0
#include "measurement/settle.h"

#include <string.h>

static bool is_nameless(const struct emit_point *point) {
    return point->traits & EMIT_TRAIT_NAMELESS;
}

// Two meters number GPUs alike: those that both can name have the same index in both, and
// there is one at least.
static bool are_numbered_alike(const struct emit_slot *slots, size_t count, const char *meter,
                               const char *other) {
    size_t alike = 0, unlike = 0;
    for (size_t i = 0; i < count; i++) {
        const struct emit_point *a = &slots[i].point;
        if (!emit_component_is_gpu(a->component) || is_nameless(a) || strcmp(a->meter, meter) != 0)
            continue;
        for (size_t j = 0; j < count; j++) {
            const struct emit_point *b = &slots[j].point;
            if (!emit_component_is_gpu(b->component) || strcmp(b->meter, other) != 0 ||
                strcmp(a->device_id, b->device_id) != 0)
                continue;
            alike += a->device_index >= 0 && a->device_index == b->device_index;
            unlike += a->device_index != b->device_index;
        }
    }
    return alike > 0 && unlike == 0;
}

// The same id in two meters. What one of them may not ask for its name is whom the other
// names at that index.
static bool are_one_device(const struct emit_slot *slots, size_t count, size_t i, size_t j) {
    const struct emit_point *a = &slots[i].point, *b = &slots[j].point;
    if (!emit_component_is_gpu(a->component) || !emit_component_is_gpu(b->component) ||
        strcmp(a->meter, b->meter) == 0)
        return false;
    if (is_nameless(a) == is_nameless(b)) return strcmp(a->device_id, b->device_id) == 0;
    return a->device_index == b->device_index &&
           are_numbered_alike(slots, count, a->meter, b->meter);
}

// DCGM stands closest to what an operator watches, and does not disturb the driver
// a second time; the text of an exporter is the oldest of the three.
static int place_of_meter(const struct emit_point *point) {
    static const char *const order[] = {"dcgm", "nvml", "dcgm-exporter"};
    enum { KNOWN = sizeof order / sizeof order[0] };
    int place = 0;
    while (place < KNOWN && strcmp(order[place], point->meter) != 0)
        place++;
    return place;
}

// Two meters that take the driver's counter of a device for the energy of its module, and
// of the GPU alone. There is one such counter: the meter that says module knows more.
static bool differ_in_scope(const struct emit_point *a, const struct emit_point *b) {
    return a->component != b->component && a->accuracy == EMIT_ACCURACY_DEVICE_COUNTER &&
           b->accuracy == EMIT_ACCURACY_DEVICE_COUNTER;
}

// Negative when a is to stand for the device rather than b: of one counter the one that
// knows its scope; the one with the better outcome; then the real one, the GPU's own rather than
// its module's, the counter rather than integrated power; then by meter. Never 0 for two slots.
static int compare(const struct emit_slot *slots, const struct emit_outcome *outcomes, size_t a,
                   size_t b) {
    const struct emit_point *x = &slots[a].point, *y = &slots[b].point;
    bool is_module = x->component == EMIT_COMPONENT_GPU_MODULE;
    if (differ_in_scope(x, y) && emit_outcome_has_energy(&outcomes[is_module ? a : b]))
        return is_module ? -1 : 1;
    const int keys[][2] = {
        {(int)outcomes[a].kind, (int)outcomes[b].kind}, // listed best first
        {outcomes[a].simulated, outcomes[b].simulated},
        {is_module, y->component == EMIT_COMPONENT_GPU_MODULE},
        {x->accuracy != EMIT_ACCURACY_DEVICE_COUNTER, y->accuracy != EMIT_ACCURACY_DEVICE_COUNTER},
        {place_of_meter(x), place_of_meter(y)},
    };
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (keys[i][0] != keys[i][1]) return keys[i][0] - keys[i][1];
    return a < b ? -1 : 1;
}

// The loser keeps what one may want to know of it, and nothing that can be added.
static void exclude(struct emit_outcome *outcome, const struct emit_point *point,
                    const struct emit_point *used) {
    bool has_energy = emit_outcome_has_energy(outcome);
    struct emit_outcome excluded = {
        .kind = EMIT_OUTCOME_EXCLUDED,
        .code = point->component == used->component || differ_in_scope(point, used)
                    ? EMIT_CODE_REPLICATE
                    : EMIT_CODE_NESTED,
        .replicate_joules = has_energy ? outcome->joules : 0,
        .replicate_code = outcome->code,
        .simulated = outcome->simulated,
    };
    memcpy(excluded.because, used->device_id, sizeof excluded.because);
    memcpy(excluded.because_meter, used->meter, sizeof excluded.because_meter);
    *outcome = excluded;
}

void emit_settle_left_out(const struct emit_slot *slots, size_t count,
                          struct emit_outcome *outcomes) {
    for (size_t i = 0; i < count; i++) {
        bool left_out = outcomes[i].kind == EMIT_OUTCOME_EXCLUDED &&
                        (outcomes[i].code == EMIT_CODE_UNASSIGNED ||
                         outcomes[i].code == EMIT_CODE_ALREADY_METERED);
        for (size_t j = 0; left_out && j < count; j++) {
            if (!are_one_device(slots, count, i, j) || outcomes[j].kind == EMIT_OUTCOME_EXCLUDED)
                continue;
            outcomes[j].kind = EMIT_OUTCOME_EXCLUDED;
            outcomes[j].code = outcomes[i].code;
        }
    }
}

void emit_settle_replicates(const struct emit_slot *slots, size_t count,
                            struct emit_outcome *outcomes) {
    for (size_t i = 0; i < count; i++) {
        size_t used = i;
        if (outcomes[i].kind == EMIT_OUTCOME_EXCLUDED) continue;
        for (size_t j = 0; j < count; j++)
            if (outcomes[j].kind != EMIT_OUTCOME_EXCLUDED && are_one_device(slots, count, i, j) &&
                compare(slots, outcomes, j, used) < 0)
                used = j;
        if (used != i) exclude(&outcomes[i], &slots[i].point, &slots[used].point);
    }
}
