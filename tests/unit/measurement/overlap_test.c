// Machines as lists of points: what is counted, what is excluded and why, what
// holds what, and what may be added.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "measurement/measurement.h"

#include <stdlib.h>

enum { POINTS = 8 };

// One point, its counts in joules at the first and at the last sample, and what
// must become of it.
struct row {
    const char *device_id;
    enum emit_component component;
    int package;
    uint32_t traits;
    const char *inside, *same_as;
    enum emit_code found;
    double first, last;
    enum emit_outcome_kind kind;
    enum emit_code code;
    const char *because, *contained_in;
    bool adds;
};

#define PACKAGE                 EMIT_COMPONENT_CPU_PACKAGE
#define CORE                    EMIT_COMPONENT_CPU_CORE
#define DRAM                    EMIT_COMPONENT_DRAM
#define PSYS                    EMIT_COMPONENT_PLATFORM
#define DIE                     EMIT_TRAIT_DIE
#define MEASURED(adds, in)      EMIT_OUTCOME_MEASURED, EMIT_CODE_NONE, "", in, adds
#define EXCLUDED(code, because) EMIT_OUTCOME_EXCLUDED, code, because, "", false
#define REFUSED(code)           EMIT_OUTCOME_REFUSED, code, "", "", false

static const struct {
    const char *what;
    bool all_domains;
    struct row rows[POINTS];
} machines[] = {
    {"a laptop, default set",
     false,
     {{"package-0", PACKAGE, 0, 0, "", "", 0, 10, 25, MEASURED(true, "")},
      {"package-0/core", CORE, 0, 0, "package-0", "", 0, 10, 24,
       EXCLUDED(EMIT_CODE_NESTED, "package-0")},
      {"package-0/uncore", EMIT_COMPONENT_CPU_UNCORE, 0, 0, "package-0", "", 0, 1, 2,
       EXCLUDED(EMIT_CODE_NESTED, "package-0")},
      {"dram-0", DRAM, 0, 0, "", "", 0, 5, 6, MEASURED(true, "")},
      {"psys", PSYS, -1, 0, "", "", 0, 20, 50, EXCLUDED(EMIT_CODE_NESTED, "package-0")}}},
    {"a laptop, all domains: psys is never summed, parts name their whole",
     true,
     {{"package-0", PACKAGE, 0, 0, "", "", 0, 10, 25, MEASURED(true, "")},
      {"package-0/core", CORE, 0, 0, "package-0", "", 0, 10, 24, MEASURED(false, "package-0")},
      {"dram-0", DRAM, 0, 0, "", "", 0, 5, 6, MEASURED(true, "")},
      {"psys", PSYS, -1, 0, "", "", 0, 20, 50, MEASURED(false, "")}}},
    {"psys only", false, {{"psys", PSYS, -1, 0, "", "", 0, 20, 50, MEASURED(false, "")}}},
    {"psys where the package may not be read",
     false,
     {{"package-0", PACKAGE, 0, 0, "", "", EMIT_CODE_DENIED, 0, 0, REFUSED(EMIT_CODE_DENIED)},
      {"psys", PSYS, -1, 0, "", "", 0, 20, 50, MEASURED(false, "")}}},
    {"an MMIO twin",
     false,
     {{"package-0", PACKAGE, 0, 0, "", "", 0, 10, 25, MEASURED(true, "")},
      {"package-0-mmio", PACKAGE, 0, 0, "", "package-0", 0, 10, 25,
       EXCLUDED(EMIT_CODE_REPLICATE, "package-0")}}},
    {"a twin that can be read where its original cannot",
     false,
     {{"package-0", PACKAGE, 0, 0, "", "", EMIT_CODE_DENIED, 0, 0, REFUSED(EMIT_CODE_DENIED)},
      {"package-0-mmio", PACKAGE, 0, 0, "", "package-0", 0, 10, 25, MEASURED(true, "")}}},
    {"a twin, and neither can be read",
     false,
     {{"package-0", PACKAGE, 0, 0, "", "", EMIT_CODE_DENIED, 0, 0, REFUSED(EMIT_CODE_DENIED)},
      {"package-0-mmio", PACKAGE, 0, 0, "", "package-0", EMIT_CODE_DENIED, 0, 0,
       EXCLUDED(EMIT_CODE_REPLICATE, "package-0")}}},
    {"a twin of nothing",
     false,
     {{"package-0", PACKAGE, 0, 0, "", "gone", 0, 1, 5, MEASURED(true, "")}}},
    {"AMD: four dies of two packages repeat two counters, one of them just wrapped",
     false,
     {{"package-0-die-0", PACKAGE, 0, DIE, "", "", 0, 100, 190, MEASURED(true, "")},
      {"package-1-die-0", PACKAGE, 1, DIE, "", "", 0, 262143.9 - 1, 80, MEASURED(true, "")},
      {"package-0-die-1", PACKAGE, 0, DIE, "", "", 0, 100.3, 190,
       EXCLUDED(EMIT_CODE_REPLICATE, "package-0-die-0")},
      {"package-1-die-1", PACKAGE, 1, DIE, "", "", 0, 0.2, 80.2,
       EXCLUDED(EMIT_CODE_REPLICATE, "package-1-die-0")}}},
    {"AMD: the reader was held up between two dies at the end",
     false,
     {{"package-0-die-0", PACKAGE, 0, DIE, "", "", 0, 100, 190, MEASURED(true, "")},
      {"package-0-die-1", PACKAGE, 0, DIE, "", "", 0, 100, 196,
       EXCLUDED(EMIT_CODE_REPLICATE, "package-0-die-0")}}},
    {"Intel: dies add, also where one of them is close at the end by chance",
     false,
     {{"package-0-die-0", PACKAGE, 0, DIE, "", "", 0, 100, 190, MEASURED(true, "")},
      {"package-0-die-1", PACKAGE, 0, DIE, "", "", 0, 5000, 5080, MEASURED(true, "")},
      {"package-0-die-2", PACKAGE, 0, DIE, "", "", 0, 4700, 5080.1, MEASURED(true, "")}}},
    {"dies of two packages are never mirrors",
     false,
     {{"package-0-die-0", PACKAGE, 0, DIE, "", "", 0, 100, 190, MEASURED(true, "")},
      {"package-1-die-0", PACKAGE, 1, DIE, "", "", 0, 100, 190, MEASURED(true, "")},
      {"dram-0-die-0", DRAM, 0, DIE, "", "", 0, 100, 190, MEASURED(true, "")}}},
    {"packages are never mirrors",
     false,
     {{"package-0", PACKAGE, 0, 0, "", "", 0, 100, 190, MEASURED(true, "")},
      {"package-1", PACKAGE, 1, 0, "", "", 0, 100, 190, MEASURED(true, "")}}},
    {"dram above its package, core above its package: both are what they say",
     true,
     {{"package-0", PACKAGE, 0, 0, "", "", 0, 10, 25, MEASURED(true, "")},
      {"package-0/core", CORE, 0, 0, "package-0", "", 0, 10, 30, MEASURED(false, "package-0")},
      {"dram-0", DRAM, 0, 0, "", "", 0, 5, 205, MEASURED(true, "")}}},
    {"AMD core, unnameable, and a part of a whole that is refused",
     true,
     {{"package-0", PACKAGE, 0, 0, "", "", 0, 10, 10, REFUSED(EMIT_CODE_STALE)},
      {"package-0/core", CORE, 0, EMIT_TRAIT_ONE_CORE, "package-0", "", 0, 1, 2,
       EXCLUDED(EMIT_CODE_NOT_A_TOTAL, "")},
      {"package-0/uncore", EMIT_COMPONENT_CPU_UNCORE, 0, 0, "package-0", "", 0, 1, 2,
       MEASURED(false, "")},
      {"battery", PSYS, -1, EMIT_TRAIT_UNNAMEABLE, "", "", 0, 1, 2,
       EXCLUDED(EMIT_CODE_UNNAMEABLE, "")}}},
    {"nothing at all", false, {{0}}},
};

static struct emit_slot slot_of(const struct row *row) {
    struct emit_slot slot = {.point = {.meter = "rapl",
                                       .component = row->component,
                                       .found = row->found,
                                       .traits = row->traits,
                                       .device_index = row->package,
                                       .update_period_ns = 1000000,
                                       .max_milliwatts = 1000000,
                                       .modulus = 262143328911,
                                       .joules_numerator = 1,
                                       .joules_denominator = 1000000,
                                       .step_counts = 61}};
    strcpy(slot.point.device_id, row->device_id);
    strcpy(slot.point.inside, row->inside);
    strcpy(slot.point.same_as, row->same_as);
    if (row->found) return slot;
    double counts[] = {row->first, row->last};
    for (int i = 0; i < 2; i++) {
        struct emit_reading reading = {.count =
                                           (uint64_t)(counts[i] * 1e6 + 0.5) % slot.point.modulus,
                                       .taken_ns = i * 1000000000LL};
        emit_tally_fold(&slot.tally, &slot.point, &reading);
    }
    return slot;
}

static void check_machine(size_t m) {
    struct emit_slot slots[POINTS];
    struct emit_outcome outcomes[POINTS], found[POINTS];
    const struct row *rows = machines[m].rows;
    size_t count = 0;
    for (; count < POINTS && rows[count].device_id; count++)
        slots[count] = slot_of(&rows[count]);
    struct emit_window window = {.to_ns = 1000000000, .all_domains = machines[m].all_domains};
    emit_settle(slots, count, &window, outcomes);
    emit_settle_found(slots, count, window.all_domains, found);
    CHECK(1, "%s: %zu points", machines[m].what, count);
    for (size_t i = 0; i < count; i++) {
        CHECK(outcomes[i].kind == rows[i].kind && outcomes[i].code == rows[i].code, "%s: %s %s",
              rows[i].device_id, emit_outcome_word(outcomes[i].kind),
              emit_code_word(outcomes[i].code));
        CHECK_STRING(outcomes[i].because, rows[i].because, "because of");
        CHECK_STRING(outcomes[i].contained_in, rows[i].contained_in, "contained in");
        CHECK(outcomes[i].counts_in_total == rows[i].adds, "%s to the total",
              rows[i].adds ? "adds" : "does not add");
        bool foreseen = found[i].kind == EMIT_OUTCOME_MEASURED ||
                        (found[i].kind == outcomes[i].kind && found[i].code == outcomes[i].code);
        CHECK(foreseen, "what is known before the first reading stays true");
    }
}

// A die whose mirror went away is still the same counter: the better one stands.
static void check_lost_mirror(void) {
    struct emit_slot slots[2];
    struct emit_outcome outcomes[2];
    for (int i = 0; i < 2; i++) {
        struct row row = {"package-0-die-0", PACKAGE, 0, DIE, "", "", 0, 100, 190,
                          MEASURED(true, "")};
        slots[i] = slot_of(&row);
        slots[i].point.device_id[14] = (char)('0' + i);
    }
    struct emit_reading gone = {.code = EMIT_CODE_GONE, .taken_ns = 2000000000};
    struct emit_reading more = {.count = 290000000, .taken_ns = 2000000000};
    emit_tally_fold(&slots[0].tally, &slots[0].point, &gone);
    emit_tally_fold(&slots[1].tally, &slots[1].point, &more);
    struct emit_window window = {.to_ns = 2000000000};
    emit_settle(slots, 2, &window, outcomes);
    CHECK(outcomes[0].kind == EMIT_OUTCOME_EXCLUDED && outcomes[0].code == EMIT_CODE_REPLICATE,
          "the die that went away repeats the one that stayed");
    CHECK(outcomes[1].kind == EMIT_OUTCOME_MEASURED && outcomes[1].count == 190000000,
          "which is measured to the end");
}

int main(void) {
    for (size_t m = 0; m < sizeof machines / sizeof machines[0]; m++)
        check_machine(m);
    check_lost_mirror();
    return check_end();
}
