// emit-testbed describe: a scenario as the test bed understood it.
// SPDX-License-Identifier: Apache-2.0
#include "base/json_write.h"
#include "programs/emit-testbed/command.h"
#include "programs/emit-testbed/scenario.h"

#include <stdlib.h>

enum { JSON_MAX_BYTES = 128 * 1024 }; // of the most zones and points a scenario may have

struct describe_values {
    bool json;
};

static int run(const void *values, int operand_count, char **operands);

static const struct emit_option describe_options[] = {
    {.name = "json",
     .type = EMIT_OPTION_FLAG,
     .help = "one JSON object, for the program that plays the scenario",
     .offset = offsetof(struct describe_values, json)},
    {0},
};

const struct emit_command emit_testbed_command_describe = {
    .name = "describe",
    .summary = "show a scenario: zones, GPUs, power, events, outcomes",
    .operands = "SCENARIO",
    .text = "Prints the zones and GPUs with their counters, the events, and the outcome that the "
            "scenario's author expects of emit for every point.",
    .example = "emit-testbed describe demo",
    .exits = "0; 2 when the scenario cannot be read.",
    .options = describe_options,
    .values_size = sizeof(struct describe_values),
    .order = EMIT_OPTIONS_ANYWHERE,
    .usage_status = EXIT_USAGE,
    .run = run,
};

static double milliseconds(int64_t ns) {
    return (double)ns / 1e6;
}

static void print_curve(const struct emit_curve *curve) {
    static const char *const shapes[] = {"constant", "square", "ramp", "sine", "walk"};
    if (curve->shape == EMIT_CURVE_CONSTANT)
        printf("%g W", curve->low_watts);
    else
        printf("%s %g to %g W in %g ms", shapes[curve->shape], curve->low_watts, curve->high_watts,
               curve->period_s * 1e3);
}

static void print_zone(const struct emit_scenario *scenario, size_t index) {
    const struct emit_scenario_zone *zone = &scenario->zones[index];
    const struct emit_scenario_zone *shown = &scenario->zones[zone->shows];
    const struct emit_counter *counter = &shown->counter;
    printf("  %-18s %s\n    ", zone->id, zone->name);
    if (!zone->has_energy) {
        puts("no energy_uj");
        return;
    }
    if (shown != zone)
        printf("the counter of %s", shown->id);
    else
        print_curve(&counter->curve);
    printf(", %04o, updated every %g ms,\n    range %llu uJ, at the start %llu uJ\n", zone->mode,
           milliseconds(counter->period_ns),
           (unsigned long long)emit_counter_range_microjoules(counter),
           (unsigned long long)emit_counter_microjoules(counter, 0));
}

static void print_gpu(const struct emit_gpu *gpu) {
    static const char *const energies[] = {"", ", power only", ", no sensor"};
    printf("  %s  %s\n    ", gpu->uuid, gpu->name);
    print_curve(&gpu->counter.curve);
    printf(", updated every %g ms", milliseconds(gpu->counter.period_ns));
    if (gpu->energy == EMIT_GPU_COUNTER)
        printf(", at the start %llu mJ", (unsigned long long)emit_counter_total(&gpu->counter, 0));
    fputs(energies[gpu->energy], stdout);
    fputs(gpu->module ? ", of the whole module" : "", stdout);
    if (gpu->instances > 0) printf(", %u MIG instances", gpu->instances);
    putchar('\n');
}

static void print_gpus(const struct emit_gpu_machine *gpus) {
    printf("GPUs, driver %s", gpus->driver);
    if (!gpus->nvml.version) printf(", no NVML");
    if (gpus->dcgm.version) printf(", libdcgm.so.%d", gpus->dcgm.version);
    putchar('\n');
    for (unsigned int i = 0; i < gpus->gpu_count; i++)
        print_gpu(&gpus->gpus[i]);
}

static void print_faults(const struct emit_counter *counter, const char *whose) {
    static const char *const words[] = {"frozen", "jump", "reset"};
    for (size_t i = 0; i < counter->fault_count; i++)
        printf("  at %g ms  %s  %s\n", milliseconds(counter->faults[i].at_ns), whose,
               words[counter->faults[i].kind]);
}

static void print_gpu_events(const struct emit_gpu_machine *gpus) {
    static const char *const words[EMIT_GPU_EVENT_KINDS] = {
        "denied", "lost", "reset-required", "blank", "stale", "slow", "engine-down", "reorder"};
    for (unsigned int i = 0; i < gpus->event_count; i++)
        printf("  at %g ms  %s  %s\n", milliseconds(gpus->events[i].at_ns),
               gpus->events[i].gpu == EMIT_GPU_ALL ? "the machine"
                                                   : gpus->gpus[gpus->events[i].gpu].uuid,
               words[gpus->events[i].kind]);
    for (unsigned int i = 0; i < gpus->gpu_count; i++)
        print_faults(&gpus->gpus[i].counter, gpus->gpus[i].uuid);
}

static void print_events(const struct emit_scenario *scenario) {
    static const char *const words[] = {"denied", "masked",   "unplug", "einval",
                                        "eio",    "nonsense", "slow"};
    for (size_t i = 0; i < scenario->event_count; i++)
        printf("  at %g ms  %s  %s\n", milliseconds(scenario->events[i].at_ns),
               scenario->zones[scenario->events[i].zone].id, words[scenario->events[i].kind]);
    for (size_t i = 0; i < scenario->zone_count; i++)
        print_faults(&scenario->zones[i].counter, scenario->zones[i].id);
    print_gpu_events(&scenario->gpus);
}

static void print_expected(const struct emit_scenario_expected *expected) {
    printf("  %-22s", expected->point);
    for (int side = EMIT_SCENARIO_ROOT; side <= EMIT_SCENARIO_NOBODY; side++)
        printf(" %s %s %s", side == EMIT_SCENARIO_ROOT ? "root:" : "  nobody:",
               emit_outcome_word(expected->outcome[side]), emit_code_word(expected->code[side]));
    putchar('\n');
}

static void print_text(const struct emit_scenario *scenario) {
    printf("%s: %s\n", scenario->name, scenario->summary);
    if (scenario->zone_count == 0)
        puts(scenario->class_directory == EMIT_SCENARIO_ABSENT ? "no powercap class"
                                                               : "an empty powercap class");
    else
        puts("zones");
    for (size_t i = 0; i < scenario->zone_count; i++)
        print_zone(scenario, i);
    if (scenario->gpus.gpu_count > 0) print_gpus(&scenario->gpus);
    puts("events");
    print_events(scenario);
    printf("expected of emit run%s%s, %g ms long\n", *scenario->options ? " " : "",
           scenario->options, milliseconds(scenario->lasts_ns));
    for (size_t i = 0; i < scenario->expected_count; i++)
        print_expected(&scenario->expected[i]);
}

static void write_zones(struct emit_json_writer *json, const struct emit_scenario *scenario) {
    emit_json_open_array(json);
    for (size_t i = 0; i < scenario->zone_count; i++) {
        const struct emit_scenario_zone *zone = &scenario->zones[i];
        const struct emit_counter *counter = &scenario->zones[zone->shows].counter;
        emit_json_open_object(json);
        emit_json_member_string(json, "id", zone->id);
        emit_json_member_string(json, "name", zone->name);
        emit_json_member_u64(json, "range_microjoules", emit_counter_range_microjoules(counter));
        emit_json_close_object(json);
    }
    emit_json_close_array(json);
}

static void write_gpus(struct emit_json_writer *json, const struct emit_gpu_machine *gpus) {
    static const char *const energies[] = {"counter", "power-only", "none"};
    emit_json_open_array(json);
    for (unsigned int i = 0; i < gpus->gpu_count; i++) {
        emit_json_open_object(json);
        emit_json_member_string(json, "uuid", gpus->gpus[i].uuid);
        emit_json_member_string(json, "name", gpus->gpus[i].name);
        emit_json_member_string(json, "energy", energies[gpus->gpus[i].energy]);
        emit_json_close_object(json);
    }
    emit_json_close_array(json);
}

// Of each point: outcome and code, as root and as nobody.
static void write_expected(struct emit_json_writer *json, const struct emit_scenario *scenario) {
    emit_json_open_object(json);
    for (size_t i = 0; i < scenario->expected_count; i++) {
        const struct emit_scenario_expected *expected = &scenario->expected[i];
        emit_json_key(json, expected->point);
        emit_json_open_array(json);
        for (int side = EMIT_SCENARIO_ROOT; side <= EMIT_SCENARIO_NOBODY; side++) {
            emit_json_open_array(json);
            emit_json_string(json, emit_outcome_word(expected->outcome[side]));
            emit_json_string(json, emit_code_word(expected->code[side]));
            emit_json_close_array(json);
        }
        emit_json_close_array(json);
    }
    emit_json_close_object(json);
}

static enum emit_status print_json(const struct emit_scenario *scenario, struct emit_error *err) {
    struct emit_text text;
    struct emit_json_writer json;
    char *line = malloc(JSON_MAX_BYTES);
    if (!line) return emit_fail(err, EMIT_NO_MEMORY, "out of memory");
    emit_text_init(&text, line, JSON_MAX_BYTES);
    emit_json_writer_init(&json, &text);
    emit_json_open_object(&json);
    emit_json_member_string(&json, "name", scenario->name);
    emit_json_member_string(&json, "summary", scenario->summary);
    emit_json_member_string(&json, "options", scenario->options);
    emit_json_member_i64(&json, "lasts_ms", scenario->lasts_ns / 1000000);
    emit_json_key(&json, "zones");
    write_zones(&json, scenario);
    emit_json_key(&json, "gpus");
    write_gpus(&json, &scenario->gpus);
    emit_json_key(&json, "expected");
    write_expected(&json, scenario);
    emit_json_close_object(&json);
    enum emit_status status = EMIT_OK;
    if (text.cut)
        status = emit_fail(err, EMIT_FULL, "the scenario is too large to describe");
    else
        puts(line);
    free(line);
    return status;
}

static int run(const void *values, int operand_count, char **operands) {
    const struct emit_command *self = &emit_testbed_command_describe;
    const struct describe_values *wanted = values;
    struct emit_error err;
    struct emit_scenario *scenario;
    if (operand_count != 1) return emit_complain(self, EXIT_USAGE, "one scenario is wanted");
    if (emit_scenario_find(&scenario, operands[0], &err) != EMIT_OK)
        return emit_complain(self, EXIT_USAGE, "%s", err.text);
    enum emit_status status = EMIT_OK;
    if (wanted->json)
        status = print_json(scenario, &err);
    else
        print_text(scenario);
    emit_scenario_free(scenario);
    return status == EMIT_OK ? EXIT_OK : emit_complain(self, EXIT_USAGE, "%s", err.text);
}
