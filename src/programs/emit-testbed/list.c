// emit-testbed list: the shipped scenarios, one line each.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit-testbed/command.h"
#include "programs/emit-testbed/scenario.h"

#include "base/text.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

static int run(const void *values, int operand_count, char **operands);

static const struct emit_option no_options[] = {{0}};

const struct emit_command emit_testbed_command_list = {
    .name = "list",
    .summary = "list the shipped scenarios",
    .operands = "",
    .text = "One line each: the name and what the scenario shows. EMIT_SCENARIOS names another "
            "directory.",
    .example = "emit-testbed list",
    .exits = "0; 1 when a scenario has an error; 2 when there are none.",
    .options = no_options,
    .values_size = 1,
    .order = EMIT_OPTIONS_ANYWHERE,
    .usage_status = EXIT_USAGE,
    .run = run,
};

static int is_scenario(const struct dirent *entry) {
    const char *dot = strrchr(entry->d_name, '.');
    return dot && strcmp(dot, ".yaml") == 0;
}

static int print_scenario(const char *directory, const char *file) {
    char path[PATH_MAX];
    struct emit_error err;
    struct emit_scenario *scenario = NULL;
    emit_text_format(path, sizeof path, "%s/%s", directory, file);
    if (emit_scenario_open(&scenario, path, &err) != EMIT_OK)
        return emit_complain(&emit_testbed_command_list, EXIT_NEGATIVE, "%s", err.text);
    printf("%-22s %s\n", scenario->name, scenario->summary);
    emit_scenario_free(scenario);
    return EXIT_OK;
}

static int run(const void *values, int operand_count, char **operands) {
    const struct emit_command *self = &emit_testbed_command_list;
    (void)values;
    if (operand_count > 0) return emit_complain(self, EXIT_USAGE, "unexpected '%s'", operands[0]);
    char directory[PATH_MAX];
    struct emit_error err;
    struct dirent **files;
    if (emit_scenario_directory(directory, &err) != EMIT_OK)
        return emit_complain(self, EXIT_USAGE, "%s", err.text);
    int count = scandir(directory, &files, is_scenario, alphasort);
    if (count < 0) return emit_complain(self, EXIT_USAGE, "cannot list %s", directory);
    int exit_status = count > 0 ? EXIT_OK : EXIT_USAGE;
    for (int i = 0; i < count; i++) {
        int status = print_scenario(directory, files[i]->d_name);
        if (status != EXIT_OK) exit_status = status;
        free(files[i]);
    }
    free(files);
    return exit_status;
}
