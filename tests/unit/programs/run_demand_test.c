// What --require-measured accepts: every point of the default set, measured and real.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "programs/emit/run_demand.h"

struct seen {
    enum emit_component component;
    enum emit_outcome_kind kind;
    enum emit_code code;
    bool simulated;
};

enum { POINTS_MAX = 4 };

static const struct {
    const char *what;
    struct seen points[POINTS_MAX];
    size_t count;
    const char *refused; // a piece of the sentence; NULL: accepted
} cases[] = {
    {"nothing at all", {{0}}, 0, "nothing can be measured"},
    {"a measured package",
     {{EMIT_COMPONENT_CPU_PACKAGE, EMIT_OUTCOME_MEASURED, EMIT_CODE_NONE, false}},
     1,
     NULL},
    {"shared with another run, yet measured",
     {{EMIT_COMPONENT_CPU_PACKAGE, EMIT_OUTCOME_MEASURED, EMIT_CODE_SHARED, false}},
     1,
     NULL},
    {"a simulated package",
     {{EMIT_COMPONENT_CPU_PACKAGE, EMIT_OUTCOME_MEASURED, EMIT_CODE_SIMULATED, true}},
     1,
     "point-0 is simulated"},
    {"one of two denied",
     {{EMIT_COMPONENT_CPU_PACKAGE, EMIT_OUTCOME_MEASURED, EMIT_CODE_NONE, false},
      {EMIT_COMPONENT_DRAM, EMIT_OUTCOME_REFUSED, EMIT_CODE_DENIED, false}},
     2,
     "point-1 is refused (denied); emit sensors says what helps"},
    {"a GPU that was late",
     {{EMIT_COMPONENT_GPU, EMIT_OUTCOME_PARTIAL, EMIT_CODE_LATE, false}},
     1,
     "point-0 is partial (late)"},
    {"a superchip's module that is lost beside a package",
     {{EMIT_COMPONENT_CPU_PACKAGE, EMIT_OUTCOME_MEASURED, EMIT_CODE_NONE, false},
      {EMIT_COMPONENT_GPU_MODULE, EMIT_OUTCOME_PARTIAL, EMIT_CODE_GONE, false}},
     2,
     "point-1 is partial (gone)"},
    {"a denied core, which is none of the set",
     {{EMIT_COMPONENT_CPU_PACKAGE, EMIT_OUTCOME_MEASURED, EMIT_CODE_NONE, false},
      {EMIT_COMPONENT_CPU_CORE, EMIT_OUTCOME_REFUSED, EMIT_CODE_DENIED, false}},
     2,
     NULL},
    {"a measured core alone",
     {{EMIT_COMPONENT_CPU_CORE, EMIT_OUTCOME_MEASURED, EMIT_CODE_NONE, false}},
     1,
     "nothing can be measured"},
    {"a twin and a platform beside a package",
     {{EMIT_COMPONENT_CPU_PACKAGE, EMIT_OUTCOME_MEASURED, EMIT_CODE_NONE, false},
      {EMIT_COMPONENT_CPU_PACKAGE, EMIT_OUTCOME_EXCLUDED, EMIT_CODE_REPLICATE, false},
      {EMIT_COMPONENT_PLATFORM, EMIT_OUTCOME_EXCLUDED, EMIT_CODE_NESTED, false}},
     3,
     NULL},
    {"a platform where nothing narrower can be read",
     {{EMIT_COMPONENT_PLATFORM, EMIT_OUTCOME_MEASURED, EMIT_CODE_NONE, false}},
     1,
     NULL},
};

int main(void) {
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct emit_slot slots[POINTS_MAX] = {0};
        struct emit_outcome outcomes[POINTS_MAX] = {0};
        struct emit_error err;
        for (size_t at = 0; at < cases[i].count; at++) {
            const struct seen *seen = &cases[i].points[at];
            slots[at].point.component = seen->component;
            snprintf(slots[at].point.device_id, sizeof slots[at].point.device_id, "point-%zu", at);
            outcomes[at].kind = seen->kind;
            outcomes[at].code = seen->code;
            outcomes[at].simulated = seen->simulated;
        }
        enum emit_status status = run_demand_check(slots, outcomes, cases[i].count, &err);
        if (cases[i].refused)
            CHECK(status == EMIT_REFUSED && strstr(err.text, cases[i].refused), "%s is refused: %s",
                  cases[i].what, status == EMIT_REFUSED ? err.text : "it was not");
        else
            CHECK(status == EMIT_OK, "%s is accepted", cases[i].what);
    }
    return check_end();
}
