// emit-testbed energy: the exact energy of a scenario's curves between two moments.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit-testbed/command.h"
#include "programs/emit-testbed/ledger.h"

#include <string.h>

struct energy_values {
    int64_t begin_ns, from_ns, to_ns;
    const char *device; // a zone's id or a GPU's UUID
};

static int run(const void *values, int operand_count, char **operands);

static const struct emit_option energy_options[] = {
    {.name = "from",
     .type = EMIT_OPTION_COUNT,
     .argument = "NS",
     .help = "CLOCK_MONOTONIC in nanoseconds",
     .offset = offsetof(struct energy_values, from_ns)},
    {.name = "to",
     .type = EMIT_OPTION_COUNT,
     .argument = "NS",
     .help = "CLOCK_MONOTONIC in nanoseconds",
     .offset = offsetof(struct energy_values, to_ns)},
    {.name = "begin",
     .type = EMIT_OPTION_COUNT,
     .argument = "NS",
     .fallback = "0",
     .help = "time 0 of the scenario: `at` of the ledger's line `begin`",
     .offset = offsetof(struct energy_values, begin_ns)},
    {.name = "device",
     .type = EMIT_OPTION_TEXT,
     .argument = "ID",
     .help = "this zone or GPU only, such as intel-rapl:0",
     .offset = offsetof(struct energy_values, device)},
    {0},
};

const struct emit_command emit_testbed_command_energy = {
    .name = "energy",
    .summary = "the exact energy of a scenario between two moments",
    .operands = "SCENARIO",
    .text = "Integrates the power curve of every zone and GPU in closed form and prints one line "
            "each: its id or UUID, and joules. Counters, their faults and their update periods "
            "play no part.",
    .example = "emit-testbed energy demo --from 0 --to 1000000000",
    .exits = "0; 2 when the scenario or the device cannot be found.",
    .options = energy_options,
    .values_size = sizeof(struct energy_values),
    .order = EMIT_OPTIONS_ANYWHERE,
    .usage_status = EXIT_USAGE,
    .run = run,
};

static int print_energy(const struct emit_scenario *scenario, const struct energy_values *wanted) {
    int printed = 0;
    for (size_t i = 0; i < scenario->zone_count; i++) {
        if (wanted->device && strcmp(wanted->device, scenario->zones[i].id) != 0) continue;
        printf("%s %.17g\n", scenario->zones[i].id,
               emit_scenario_joules(scenario, (int)i, wanted->from_ns - wanted->begin_ns,
                                    wanted->to_ns - wanted->begin_ns));
        printed++;
    }
    for (unsigned int i = 0; i < scenario->gpus.gpu_count; i++) {
        const struct emit_gpu *gpu = &scenario->gpus.gpus[i];
        if (wanted->device && strcmp(wanted->device, gpu->uuid) != 0) continue;
        printf("%s %.17g\n", gpu->uuid,
               emit_gpu_joules(gpu, wanted->from_ns - wanted->begin_ns,
                               wanted->to_ns - wanted->begin_ns));
        printed++;
    }
    return printed;
}

static int run(const void *values, int operand_count, char **operands) {
    const struct emit_command *self = &emit_testbed_command_energy;
    const struct energy_values *wanted = values;
    struct emit_error err;
    struct emit_scenario *scenario;
    if (operand_count != 1) return emit_complain(self, EXIT_USAGE, "one scenario is wanted");
    if (wanted->from_ns < wanted->begin_ns || wanted->to_ns < wanted->from_ns)
        return emit_complain(self, EXIT_USAGE, "begin, from and to stand in this order");
    if (emit_scenario_find(&scenario, operands[0], &err) != EMIT_OK)
        return emit_complain(self, EXIT_USAGE, "%s", err.text);
    int printed = print_energy(scenario, wanted);
    emit_scenario_free(scenario);
    if (printed == 0 && wanted->device)
        return emit_complain(self, EXIT_USAGE, "the scenario has no device %s", wanted->device);
    return EXIT_OK;
}
