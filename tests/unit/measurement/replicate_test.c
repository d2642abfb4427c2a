// One GPU that several meters see: which of them stands for it, before the run
// and after it, and what the others keep.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "measurement/measurement.h"

enum { POINTS = 4 };

#define GPU      EMIT_COMPONENT_GPU
#define MODULE   EMIT_COMPONENT_GPU_MODULE
#define FAKE     EMIT_TRAIT_SIMULATED
#define POWER    EMIT_ACCURACY_POWER_INTEGRATED
#define NAMELESS EMIT_TRAIT_NAMELESS
#define SHIFTED  (1U << 31) // not a trait: its index is one more than the number in its id

// One meter's view of a device: what it counts in a run of 100 s, and what must become of it.
struct row {
    const char *meter, *device_id;
    enum emit_component component;
    enum emit_accuracy accuracy;
    uint32_t traits;
    enum emit_code found;
    double joules; // 0: it is never read
    bool is_lost;  // in the middle
    enum emit_outcome_kind kind;
    enum emit_code code;
    const char *used;              // the meter that stands for it; "" itself
    const char *foreseen;          // the same before the run
    enum emit_code replicate_code; // what it would have come to
};

#define MEASURED EMIT_OUTCOME_MEASURED, EMIT_CODE_NONE, ""
#define REFUSED  EMIT_OUTCOME_REFUSED
#define TWIN(of) EMIT_OUTCOME_EXCLUDED, EMIT_CODE_REPLICATE, of
#define OUT(why) EMIT_OUTCOME_EXCLUDED, EMIT_CODE_##why, ""

static const struct {
    const char *what;
    struct row rows[POINTS];
} machines[] = {
    {"three meters of one GPU, in any order",
     {{"dcgm-exporter", "GPU-a", GPU, 0, 0, 0, 990, 0, TWIN("dcgm"), "dcgm", 0},
      {"nvml", "GPU-a", GPU, 0, 0, 0, 999, 0, TWIN("dcgm"), "dcgm", 0},
      {"dcgm", "GPU-a", GPU, 0, 0, 0, 1000, 0, MEASURED, "", 0}}},
    {"two GPUs are two, whoever sees them",
     {{"dcgm", "GPU-a", GPU, 0, 0, 0, 1000, 0, MEASURED, "", 0},
      {"nvml", "GPU-b", GPU, 0, 0, 0, 999, 0, MEASURED, "", 0}}},
    {"a host engine that was lost: NVML has it whole",
     {{"dcgm", "GPU-a", GPU, 0, 0, 0, 1000, 1, TWIN("nvml"), "", EMIT_CODE_GONE},
      {"nvml", "GPU-a", GPU, 0, 0, 0, 999, 0, MEASURED, "dcgm", 0}}},
    {"DCGM that cannot be read, NVML that can",
     {{"dcgm", "GPU-a", GPU, 0, 0, EMIT_CODE_DENIED, 0, 0, TWIN("nvml"), "nvml", EMIT_CODE_DENIED},
      {"nvml", "GPU-a", GPU, 0, 0, 0, 999, 0, MEASURED, "", 0}}},
    {"neither can be read: said once",
     {{"nvml", "GPU-a", GPU, 0, 0, EMIT_CODE_DENIED, 0, 0, TWIN("dcgm"), "dcgm", EMIT_CODE_DENIED},
      {"dcgm", "GPU-a", GPU, 0, 0, EMIT_CODE_TIMEOUT, 0, 0, REFUSED, EMIT_CODE_TIMEOUT, "", "",
       0}}},
    {"a simulated one never stands before a real one",
     {{"dcgm", "GPU-a", GPU, 0, FAKE, 0, 1000, 0, TWIN("nvml"), "nvml", EMIT_CODE_SIMULATED},
      {"nvml", "GPU-a", GPU, 0, 0, 0, 999, 0, MEASURED, "", 0}}},
    {"a counter before integrated power",
     {{"dcgm", "GPU-a", GPU, POWER, 0, 0, 1000, 0, TWIN("nvml"), "nvml", 0},
      {"nvml", "GPU-a", GPU, 0, 0, 0, 999, 0, MEASURED, "", 0}}},
    {"the GPU before the module around it, which is another scope",
     {{"dcgm", "GPU-a", MODULE, POWER, 0, 0, 1500, 0, EMIT_OUTCOME_EXCLUDED, EMIT_CODE_NESTED,
       "nvml", "nvml", 0},
      {"nvml", "GPU-a", GPU, 0, 0, 0, 999, 0, MEASURED, "", 0}}},
    {"what the run may not use in one meter it may not use in another",
     {{"dcgm", "GPU-a", GPU, 0, 0, 0, 1000, 0, OUT(UNASSIGNED), "", 0},
      {"nvml", "GPU-a", GPU, 0, 0, EMIT_CODE_UNASSIGNED, 0, 0, OUT(UNASSIGNED), "", 0},
      {"dcgm-exporter", "GPU-b", GPU, 0, 0, 0, 900, 0, MEASURED, "", 0},
      {"nvml", "GPU-c", GPU, 0, 0, EMIT_CODE_ALREADY_METERED, 0, 0, OUT(ALREADY_METERED), "", 0}}},
    {"a job's own GPU and another's, which NVML may not name: its index tells",
     {{"nvml", "gpu-0", GPU, 0, NAMELESS, EMIT_CODE_DENIED, 0, 0, OUT(UNASSIGNED), "", 0},
      {"nvml", "GPU-1", GPU, 0, 0, 0, 999, 0, TWIN("dcgm"), "dcgm", 0},
      {"dcgm", "GPU-0", GPU, 0, 0, EMIT_CODE_UNASSIGNED, 0, 0, OUT(UNASSIGNED), "", 0},
      {"dcgm", "GPU-1", GPU, 0, 0, 0, 1000, 0, MEASURED, "", 0}}},
    {"one that NVML may not name, and that DCGM reads",
     {{"nvml", "gpu-0", GPU, 0, NAMELESS, EMIT_CODE_DENIED, 0, 0, TWIN("dcgm"), "dcgm",
       EMIT_CODE_DENIED},
      {"nvml", "GPU-1", GPU, 0, 0, 0, 999, 0, TWIN("dcgm"), "dcgm", 0},
      {"dcgm", "GPU-0", GPU, 0, 0, 0, 500, 0, MEASURED, "", 0},
      {"dcgm", "GPU-1", GPU, 0, 0, 0, 1000, 0, MEASURED, "", 0}}},
    {"where the two number GPUs differently, nothing is guessed",
     {{"nvml", "gpu-1", GPU, 0, NAMELESS, EMIT_CODE_DENIED, 0, 0, REFUSED, EMIT_CODE_DENIED, "", "",
       0},
      {"nvml", "GPU-0", GPU, 0, SHIFTED, 0, 999, 0, TWIN("dcgm"), "dcgm", 0},
      {"dcgm", "GPU-0", GPU, 0, 0, 0, 500, 0, MEASURED, "", 0},
      {"dcgm", "GPU-1", GPU, 0, 0, 0, 1000, 0, MEASURED, "", 0}}},
    {"nor where both name none alike",
     {{"nvml", "gpu-1", GPU, 0, NAMELESS, EMIT_CODE_DENIED, 0, 0, REFUSED, EMIT_CODE_DENIED, "", "",
       0},
      {"dcgm", "GPU-1", GPU, 0, 0, 0, 1000, 0, MEASURED, "", 0}}},
    {"meters nobody ranked: the first",
     {{"one", "GPU-a", GPU, 0, 0, 0, 1000, 0, MEASURED, "", 0},
      {"two", "GPU-a", GPU, 0, 0, 0, 1000, 0, TWIN("one"), "one", 0},
      {"nvml", "GPU-b", GPU, 0, 0, 0, 1000, 0, MEASURED, "", 0}}},
    {"one counter, which DCGM takes for the GPU's and NVML knows to be the module's",
     {{"dcgm", "GPU-a", GPU, 0, 0, 0, 1500, 0, TWIN("nvml"), "nvml", 0},
      {"nvml", "GPU-a", MODULE, 0, 0, 0, 1499, 0, MEASURED, "", 0}}},
    {"the same where NVML lost it",
     {{"dcgm", "GPU-a", GPU, 0, 0, 0, 1500, 0, TWIN("nvml"), "nvml", 0},
      {"nvml", "GPU-a", MODULE, 0, 0, 0, 1499, 1, EMIT_OUTCOME_PARTIAL, EMIT_CODE_GONE, "", "",
       0}}},
    {"modules are added up, whatever they share",
     {{"nvml", "GPU-a", MODULE, 0, 0, 0, 1500, 0, MEASURED, "", 0},
      {"nvml", "GPU-b", MODULE, 0, 0, 0, 1400, 0, MEASURED, "", 0}}},
    {"a superchip's module holds the processor: counted once",
     {{"nvml", "GPU-a", MODULE, 0, 0, 0, 1500, 0, MEASURED, "", 0},
      {"rapl", "package-0", EMIT_COMPONENT_CPU_PACKAGE, 0, 0, 0, 10, 0, OUT(NESTED), "", 0},
      {"rapl", "dram-0", EMIT_COMPONENT_DRAM, 0, 0, 0, 10, 0, OUT(NESTED), "", 0}}},
    {"a module that cannot be read holds nothing that is counted",
     {{"nvml", "GPU-a", MODULE, 0, 0, EMIT_CODE_DENIED, 0, 0, REFUSED, EMIT_CODE_DENIED, "", "", 0},
      {"rapl", "package-0", EMIT_COMPONENT_CPU_PACKAGE, 0, 0, 0, 10, 0, MEASURED, "", 0}}},
    {"processors of one name are not GPUs",
     {{"rapl", "package-0", EMIT_COMPONENT_CPU_PACKAGE, 0, 0, 0, 10, 0, MEASURED, "", 0},
      {"perf", "package-0", EMIT_COMPONENT_CPU_PACKAGE, 0, 0, 0, 10, 0, MEASURED, "", 0}}},
};

static struct emit_slot slot_of(const struct row *row) {
    struct emit_slot slot = {.point = {.component = row->component,
                                       .accuracy = row->accuracy,
                                       .found = row->found,
                                       .traits = row->traits,
                                       .update_period_ns = 100000000,
                                       .max_milliwatts = 2000000,
                                       .joules_numerator = 1,
                                       .joules_denominator = 1000,
                                       .step_counts = 1}};
    slot.point.device_index = row->device_id[4] >= '0' && row->device_id[4] <= '9'
                                  ? row->device_id[4] - '0' + (row->traits == SHIFTED)
                                  : -1;
    (void)snprintf(slot.point.meter, sizeof slot.point.meter, "%s", row->meter);
    (void)snprintf(slot.point.device_id, sizeof slot.point.device_id, "%s", row->device_id);
    struct emit_reading readings[] = {
        {.count = 5000, .taken_ns = 0},
        {.count = 5000 + (uint64_t)(500 * row->joules), .taken_ns = 50000000000},
        {.count = 5000 + (uint64_t)(1000 * row->joules), .taken_ns = 100000000000}};
    if (row->accuracy == POWER) { // so many joules in 100 s are so many milliwatts all the time
        slot.point.joules_denominator = 1000000000;
        slot.point.update_period_ns = 20000000000;
        for (int i = 0; i < 3; i++)
            readings[i].count = (uint64_t)(10 * row->joules);
    }
    if (row->is_lost) readings[2].code = EMIT_CODE_GONE;
    for (int i = 0; row->joules > 0 && i < 3; i++)
        emit_tally_fold(&slot.tally, &slot.point, &readings[i]);
    return slot;
}

static void check_replicate(const struct row *row, const struct emit_outcome *outcome) {
    if (!*row->used) return;
    if (row->traits != NAMELESS)
        CHECK_STRING(outcome->because, row->device_id, "it is the same device");
    double counted = row->is_lost ? row->joules / 2 : row->joules;
    CHECK(outcome->replicate_joules == counted, "keeps its %g J", outcome->replicate_joules);
    CHECK(outcome->replicate_code == row->replicate_code, "would have come to '%s'",
          emit_code_word(outcome->replicate_code));
    CHECK(outcome->joules == 0 && !outcome->counts_in_total, "and adds to nothing");
}

static void check_machine(size_t m) {
    struct emit_slot slots[POINTS];
    struct emit_outcome outcomes[POINTS], found[POINTS];
    const struct row *rows = machines[m].rows;
    size_t count = 0;
    for (; count < POINTS && rows[count].meter; count++)
        slots[count] = slot_of(&rows[count]);
    struct emit_window window = {.to_ns = 100000000000};
    emit_settle(slots, count, &window, outcomes);
    emit_settle_found(slots, count, false, found);
    CHECK(1, "%s: %zu points", machines[m].what, count);
    for (size_t i = 0; i < count; i++) {
        bool is_simulated = outcomes[i].code == EMIT_CODE_SIMULATED;
        CHECK(outcomes[i].kind == rows[i].kind &&
                  (is_simulated || outcomes[i].code == rows[i].code),
              "%s %s: %s %s", rows[i].meter, rows[i].device_id, emit_outcome_word(outcomes[i].kind),
              emit_code_word(outcomes[i].code));
        CHECK_STRING(outcomes[i].because_meter, rows[i].used, "used instead");
        CHECK_STRING(found[i].because_meter, rows[i].foreseen, "foreseen");
        check_replicate(&rows[i], &outcomes[i]);
        CHECK(outcomes[i].counts_in_total == emit_outcome_has_energy(&outcomes[i]),
              "what is an event is in the sum");
    }
}

// Whatever the order of the points, the same meter is used.
static void check_any_order(void) {
    const struct row *rows = machines[0].rows;
    static const size_t orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                        {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    for (size_t o = 0; o < 6; o++) {
        struct emit_slot slots[3];
        struct emit_outcome outcomes[3];
        struct emit_window window = {.to_ns = 100000000000};
        for (size_t i = 0; i < 3; i++)
            slots[i] = slot_of(&rows[orders[o][i]]);
        emit_settle(slots, 3, &window, outcomes);
        bool right = true;
        for (size_t i = 0; i < 3; i++)
            right &= strcmp(outcomes[i].because_meter, orders[o][i] == 2 ? "" : "dcgm") == 0 &&
                     outcomes[i].counts_in_total == (orders[o][i] == 2);
        CHECK(right, "order %zu: dcgm stands for all", o);
    }
}

int main(void) {
    for (size_t m = 0; m < sizeof machines / sizeof machines[0]; m++)
        check_machine(m);
    check_any_order();
    return check_end();
}
