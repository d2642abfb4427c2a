// emit sensors: what can be read here, what cannot, why, and what helps.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/command.h"
#include "programs/emit/sensors.h"
#include "programs/emit/sensors_record.h"

#include <stdlib.h>

extern const struct emit_command emit_command_sensors;

static const int64_t between_samples_ns = 300000000;
static const int64_t watch_pace_ns = 1000000000;

struct sensors_options {
    bool json;
    bool watch;
    const char *udev;
    const char *record;
    struct meter_options meter;
};

static int print_json(const struct emit_sensors *sensors) {
    struct emit_error err;
    struct emit_text text;
    char *room = malloc(EMIT_SENSORS_JSON_MAX);
    if (!room) return emit_complain(&emit_command_sensors, EXIT_USAGE, "out of memory");
    emit_text_init(&text, room, EMIT_SENSORS_JSON_MAX);
    enum emit_status status = emit_sensors_write_json(&text, sensors, &err);
    if (status == EMIT_OK) puts(room);
    free(room);
    return status == EMIT_OK ? EXIT_OK
                             : emit_complain(&emit_command_sensors, EXIT_USAGE, "%s", err.text);
}

static int show(struct emit_sensors *sensors, const struct sensors_options *options) {
    struct emit_sensors_counts counts;
    struct emit_error err;
    emit_sensors_sample(sensors);
    emit_sensors_count(sensors, &counts);
    if (options->watch && counts.readable) return emit_sensors_watch(stdout, sensors);
    if (counts.readable) emit_sensors_sample(sensors);
    if (emit_sensors_settle(sensors, &err) != EMIT_OK)
        return emit_complain(&emit_command_sensors, EXIT_USAGE, "%s", err.text);
    emit_sensors_find_others(sensors);
    int exit_status = counts.readable ? EXIT_OK : EXIT_NEGATIVE;
    if (!options->json) {
        emit_sensors_print(stdout, sensors);
        return exit_status;
    }
    int failed = print_json(sensors);
    return failed ? failed : exit_status;
}

// A second apart, so that slow counters have moved.
static int record(struct emit_sensors *sensors, const char *folder) {
    struct emit_error err;
    struct emit_recording *recording = NULL;
    enum emit_status status = emit_recording_begin(&recording, sensors, &err);
    if (status == EMIT_OK) {
        emit_sensors_sample(sensors);
        emit_sensors_sample(sensors);
        status = emit_sensors_settle(sensors, &err);
    }
    if (status == EMIT_OK) status = emit_recording_write(recording, sensors, folder, &err);
    emit_recording_free(recording);
    if (status != EMIT_OK) return emit_complain(&emit_command_sensors, EXIT_USAGE, "%s", err.text);
    printf("%zu points recorded in %s: look at machine and gpus before you give them away.\n",
           sensors->count, folder);
    return EXIT_OK;
}

static int look(const struct sensors_options *options) {
    struct emit_error err;
    struct emit_sensors *sensors = calloc(1, sizeof *sensors);
    if (!sensors) return emit_complain(&emit_command_sensors, EXIT_USAGE, "out of memory");
    int64_t pace_ns = options->watch || options->record ? watch_pace_ns : between_samples_ns;
    int exit_status =
        emit_sensors_open(sensors, &options->meter, pace_ns, &err) == EMIT_OK
            ? options->record ? record(sensors, options->record) : show(sensors, options)
            : emit_complain(&emit_command_sensors, EXIT_USAGE, "%s", err.text);
    emit_sensors_close(sensors);
    free(sensors);
    return exit_status;
}

static int print_udev_rule(const char *group) {
    struct emit_error err;
    if (emit_sensors_print_udev_rule(stdout, group, &err) == EMIT_OK) return EXIT_OK;
    return emit_complain(&emit_command_sensors, EXIT_USAGE, "%s", err.text);
}

static int run(const void *values, int operand_count, char **operands) {
    const struct sensors_options *options = values;
    if (operand_count > 0)
        return emit_complain(&emit_command_sensors, EXIT_USAGE, "'%s' is not expected here",
                             operands[0]);
    if (options->record && (options->watch || options->json || options->udev))
        return emit_complain(&emit_command_sensors, EXIT_USAGE,
                             "--record goes with no other form: choose one");
    if (options->watch && options->json)
        return emit_complain(&emit_command_sensors, EXIT_USAGE,
                             "--json is one object: choose it or --watch");
    int exit_status = options->udev ? print_udev_rule(options->udev) : look(options);
    if (fflush(stdout) != 0 || ferror(stdout))
        return emit_complain(&emit_command_sensors, EXIT_USAGE, "cannot write to standard output");
    return exit_status;
}

static const struct emit_option options[] = {
    {.name = "json",
     .type = EMIT_OPTION_FLAG,
     .help = "print one JSON object",
     .text = "contract/sensors.schema.json describes it: `points` (each with `meter`, `device_id`, "
             "`component`, `readable`, `outcome`, `code`, "
             "`note`, `watts`, `update_period_ms`), `others` (what is not metered), `absent` "
             "(interfaces that are not here), `remedies` (lines to paste) and the counts `found`, "
             "`readable`, `explained`, `unnameable`.",
     .offset = offsetof(struct sensors_options, json)},
    {.name = "watch",
     .type = EMIT_OPTION_FLAG,
     .help = "show watts once a second, until Ctrl-C",
     .text = "Shows the watts of every readable device once a second: redrawn in place on a "
             "terminal. Elsewhere each second is one line, for programs: as wide as it takes.",
     .offset = offsetof(struct sensors_options, watch)},
    {.name = "record",
     .type = EMIT_OPTION_TEXT,
     .argument = "DIR",
     .help = "write what is seen here into a new folder, as the tests read it",
     .text = "Makes DIR with two files: machine, the zones of powercap with two readings a second "
             "apart, and gpus, what NVML and DCGM answered. Whatever emit may not read is not in "
             "it: mode and owner are. UUIDs, serial numbers, network addresses and the name of "
             "this machine are replaced, the same always by the same. This is how a real machine "
             "becomes a folder of tests/hosts.",
     .offset = offsetof(struct sensors_options, record)},
    {.name = "udev",
     .type = EMIT_OPTION_TEXT,
     .argument = "GROUP",
     .help = "print the udev rule that lets a group read the counters",
     .text = "Prints the rule and, as comments, the lines that install it. Changes nothing.",
     .offset = offsetof(struct sensors_options, udev)},
    METER_OPTION_ROWS(struct sensors_options, meter),
    METER_OVERRIDE_ROWS(struct sensors_options, meter),
    {0},
};

const struct emit_command emit_command_sensors = {
    .name = "sensors",
    .summary = "show what can be read here, what cannot, and what helps",
    .operands = "",
    .text =
        "Lists every point of every meter: the watts it draws now and how often its counter "
        "moves, or why it cannot be read. Then what counts energy on this machine but is not "
        "metered, the interfaces that are not here, and for what is denied or hidden the lines "
        "that help. Each of those only reads.\n\n"
        "Watts come from two samples 0.3 seconds apart; where emit may read what its caller may "
        "not (a file capability), from two full seconds, because fast power readings leak "
        "keys (CVE-2020-8694).\n\n"
        "found = readable + explained + those that the contract has no name for.\n\n"
        "The meters were never run on real hardware so far (docs/hardware.md of the source): where "
        "this list is wrong about your machine, that is a bug, and --record is how to show it.",
    .example = "emit sensors",
    .exits =
        "0 something can be read; 1 nothing can be read; 2 wrong usage, or the answer could not"
        " be written.",
    .options = options,
    .values_size = sizeof(struct sensors_options),
    .order = EMIT_OPTIONS_ANYWHERE,
    .usage_status = EXIT_USAGE,
    .run = run,
};
