// emit-testbed describe: a scenario as the test bed understood it.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit-testbed/command.h"
#include "programs/emit-testbed/scenario.h"

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
    .summary = "show a scenario: zones, power, events, what to expect",
    .operands = "SCENARIO",
    .text = "Prints the zones with their counters, the events, and the outcome that the "
            "scenario's author expects of emit for every point.",
    .example = "emit-testbed describe demo",
    .exits = "0, or 2 when the scenario cannot be read",
    .options = describe_options,
    .values_size = sizeof(struct describe_values),
    .order = EMIT_OPTIONS_ANYWHERE,
    .usage_status = EXIT_USAGE,
    .run = run,
};

static double milliseconds(int64_t ns) {
    return (double)ns / 1e6;
}

static void print_zone(const struct emit_scenario *scenario, size_t index) {
    static const char *const shapes[] = {"constant", "square", "ramp", "sine", "walk"};
    const struct emit_scenario_zone *zone = &scenario->zones[index];
    const struct emit_scenario_zone *shown = &scenario->zones[zone->shows];
    const struct emit_counter *counter = &shown->counter;
    printf("  %-18s %-16s ", zone->id, zone->name);
    if (!zone->has_energy) {
        puts("no energy_uj");
        return;
    }
    if (shown != zone)
        printf("the counter of %s", shown->id);
    else if (counter->curve.shape == EMIT_CURVE_CONSTANT)
        printf("%g W", counter->curve.low_watts);
    else
        printf("%s %g to %g W in %g ms", shapes[counter->curve.shape], counter->curve.low_watts,
               counter->curve.high_watts, counter->curve.period_s * 1e3);
    printf(", %04o, updated every %g ms, range %llu uJ, at the start %llu uJ\n", zone->mode,
           milliseconds(counter->period_ns),
           (unsigned long long)emit_counter_range_microjoules(counter),
           (unsigned long long)emit_counter_microjoules(counter, 0));
}

static void print_events(const struct emit_scenario *scenario) {
    static const char *const words[] = {"denied", "masked",   "unplug", "einval",
                                        "eio",    "nonsense", "slow"};
    static const char *const fault_words[] = {"frozen", "jump", "reset"};
    for (size_t i = 0; i < scenario->event_count; i++)
        printf("  at %g ms  %s  %s\n", milliseconds(scenario->events[i].at_ns),
               scenario->zones[scenario->events[i].zone].id, words[scenario->events[i].kind]);
    for (size_t i = 0; i < scenario->zone_count; i++)
        for (size_t j = 0; j < scenario->zones[i].counter.fault_count; j++)
            printf("  at %g ms  %s  %s\n", milliseconds(scenario->zones[i].counter.faults[j].at_ns),
                   scenario->zones[i].id, fault_words[scenario->zones[i].counter.faults[j].kind]);
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
    puts("events");
    print_events(scenario);
    printf("expected of emit run%s%s, %g ms long\n", *scenario->options ? " " : "",
           scenario->options, milliseconds(scenario->lasts_ns));
    for (size_t i = 0; i < scenario->expected_count; i++)
        print_expected(&scenario->expected[i]);
}

// Words and ids hold nothing that JSON would escape; the summary is left out.
static void print_json(const struct emit_scenario *scenario) {
    printf("{\"name\":\"%s\",\"lasts_ms\":%g,\"zones\":[", scenario->name,
           milliseconds(scenario->lasts_ns));
    for (size_t i = 0; i < scenario->zone_count; i++) {
        const struct emit_scenario_zone *zone = &scenario->zones[i];
        const struct emit_counter *counter = &scenario->zones[zone->shows].counter;
        printf("%s{\"id\":\"%s\",\"name\":\"%s\",\"energy\":%s,\"range_microjoules\":%llu}",
               i ? "," : "", zone->id, zone->name, zone->has_energy ? "true" : "false",
               (unsigned long long)emit_counter_range_microjoules(counter));
    }
    fputs("],\"expected\":{", stdout);
    for (size_t i = 0; i < scenario->expected_count; i++) {
        const struct emit_scenario_expected *expected = &scenario->expected[i];
        printf("%s\"%s\":[[\"%s\",\"%s\"],[\"%s\",\"%s\"]]", i ? "," : "", expected->point,
               emit_outcome_word(expected->outcome[0]), emit_code_word(expected->code[0]),
               emit_outcome_word(expected->outcome[1]), emit_code_word(expected->code[1]));
    }
    printf("}}\n");
}

static int run(const void *values, int operand_count, char **operands) {
    const struct emit_command *self = &emit_testbed_command_describe;
    const struct describe_values *wanted = values;
    struct emit_error err;
    struct emit_scenario *scenario;
    if (operand_count != 1)
        return emit_testbed_complain(self, EXIT_USAGE, "one scenario is wanted");
    if (emit_scenario_find(&scenario, operands[0], &err) != EMIT_OK)
        return emit_testbed_complain(self, EXIT_USAGE, "%s", err.text);
    if (wanted->json)
        print_json(scenario);
    else
        print_text(scenario);
    emit_scenario_free(scenario);
    return EXIT_OK;
}
