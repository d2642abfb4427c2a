// --require-measured: every point of the default set is measured and real.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/run_demand.h"

// What is metered without being asked for (design 4.5). A platform point that
// stands beside a narrower one is excluded as `nested`, and excluded points are
// none of the set.
static bool is_in_default_set(const struct emit_point *point) {
    return point->component == EMIT_COMPONENT_CPU_PACKAGE ||
           point->component == EMIT_COMPONENT_DRAM || point->component == EMIT_COMPONENT_GPU ||
           point->component == EMIT_COMPONENT_GPU_MODULE ||
           point->component == EMIT_COMPONENT_PLATFORM;
}

enum emit_status run_demand_check(const struct emit_slot *slots,
                                  const struct emit_outcome *outcomes, size_t count,
                                  struct emit_error *err) {
    size_t measured = 0;
    for (size_t i = 0; i < count; i++) {
        const struct emit_point *point = &slots[i].point;
        if (!is_in_default_set(point) || outcomes[i].kind == EMIT_OUTCOME_EXCLUDED) continue;
        if (outcomes[i].kind != EMIT_OUTCOME_MEASURED)
            return emit_fail(err, EMIT_REFUSED,
                             "--require-measured: %s %s is %s (%s); emit sensors says what helps",
                             point->meter, point->device_id, emit_outcome_word(outcomes[i].kind),
                             emit_code_word(outcomes[i].code));
        if (outcomes[i].simulated || (point->traits & EMIT_TRAIT_SIMULATED))
            return emit_fail(err, EMIT_REFUSED, "--require-measured: %s %s is simulated",
                             point->meter, point->device_id);
        measured++;
    }
    if (measured > 0) return EMIT_OK;
    return emit_fail(err, EMIT_REFUSED,
                     "--require-measured: nothing can be measured here; emit sensors says why");
}
