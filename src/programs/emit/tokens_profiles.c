// Which table is meant, and what is to become of it.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/tokens_profiles.h"

#include "base/text.h"
#include "base/time.h"
#include "host/host.h"
#include "imports/coefficients_read.h"
#include "models/coefficients_write.h"

#include <stdlib.h>
#include <string.h>

// --- The check ---

static void print_finding(void *owner, const char *key, const char *sentence) {
    (void)key;
    fprintf(owner, "%s\n", sentence);
}

static int check(const struct emit_command *command, const struct emit_tokens_profiles_asked *asked,
                 const struct emit_coefficient_table *built_in, const char *today) {
    struct emit_findings findings = {.take = print_finding, .owner = stdout};
    struct emit_error err;
    if (asked->coefficients) {
        if (emit_coefficients_check(asked->coefficients, today, &findings, &err) != EMIT_OK)
            return emit_complain(command, EXIT_USAGE, "%s", err.text);
    } else {
        for (size_t i = 0; i < built_in->profile_count; i++)
            emit_profile_check(&built_in->profiles[i], today, &findings);
        for (size_t i = 0; i < built_in->transform_count; i++)
            emit_transform_check(&built_in->transforms[i], today, &findings);
    }
    if (findings.count == 0) printf("every row keeps the invariants on %s\n", today);
    return findings.count > 0 ? EXIT_NEGATIVE : EXIT_OK;
}

// --- The lines ---

static bool is_meant(const char *asked, const char *id) {
    return !asked || strcmp(asked, id) == 0;
}

// id NULL: every row.
static int print_json(const struct emit_command *command,
                      const struct emit_coefficient_table *table, const char *id) {
    struct emit_text line;
    bool cut = false;
    char *bytes = malloc(EMIT_COEFFICIENT_LINE_MAX);
    if (!bytes) return emit_complain(command, EXIT_USAGE, "out of memory");
    for (size_t i = 0; i < table->profile_count; i++) {
        if (!is_meant(id, table->profiles[i].id)) continue;
        emit_text_init(&line, bytes, EMIT_COEFFICIENT_LINE_MAX);
        emit_profile_write(&line, &table->profiles[i]);
        cut = cut || line.cut;
        fwrite(line.at, 1, line.length, stdout);
    }
    for (size_t i = 0; i < table->transform_count; i++) {
        if (!is_meant(id, table->transforms[i].id)) continue;
        emit_text_init(&line, bytes, EMIT_COEFFICIENT_LINE_MAX);
        emit_transform_write(&line, &table->transforms[i]);
        cut = cut || line.cut;
        fwrite(line.at, 1, line.length, stdout);
    }
    free(bytes);
    return cut ? emit_complain(command, EXIT_USAGE, "a row of coefficients is too long") : EXIT_OK;
}

static const struct emit_transform *find_transform(const struct emit_coefficient_table *table,
                                                   const char *id) {
    for (size_t i = 0; i < table->transform_count; i++)
        if (strcmp(table->transforms[i].id, id) == 0) return &table->transforms[i];
    return NULL;
}

static int show(const struct emit_command *command, const struct emit_tokens_profiles_asked *asked,
                const struct emit_coefficient_table *table, const char *id, const char *today) {
    const struct emit_profile *profile = id ? emit_profile_find(table, id) : NULL;
    const struct emit_transform *transform = id ? find_transform(table, id) : NULL;
    struct emit_error err;
    if (id && !profile && !transform) {
        (void)emit_profile_absent(table, id, &err);
        return emit_complain(command, EXIT_NEGATIVE, "%s", err.text);
    }
    if (asked->json) return print_json(command, table, id);
    if (profile)
        emit_tokens_profiles_print_profile(stdout, profile, table->sha256, today);
    else if (transform)
        emit_tokens_profiles_print_transform(stdout, transform, table->sha256, today);
    else
        emit_tokens_profiles_print_list(stdout, table, today);
    return EXIT_OK;
}

int emit_tokens_profiles(const struct emit_command *command,
                         const struct emit_tokens_profiles_asked *asked, int operand_count,
                         char **operands) {
    const struct emit_coefficient_table *table = emit_coefficients_built_in();
    struct emit_coefficient_table *read = NULL;
    struct emit_error err;
    char clock_day[EMIT_DAY_TEXT];
    emit_time_write_day(clock_day, emit_clock_wall_ns());
    const char *today = asked->today ? asked->today : clock_day;
    if (operand_count > (asked->check ? 0 : 1))
        return emit_complain(command, EXIT_USAGE, "profiles takes no operand '%s'",
                             operands[operand_count - 1]);
    if (!emit_time_is_day(today))
        return emit_complain(command, EXIT_USAGE, "'%s' is no day like 2026-11-25", today);
    if (asked->check) return check(command, asked, table, today);
    if (asked->coefficients && emit_coefficients_read(&read, asked->coefficients, &err) != EMIT_OK)
        return emit_complain(command, EXIT_USAGE, "%s", err.text);
    if (read) table = read;
    int exit_status = show(command, asked, table, operand_count > 0 ? operands[0] : NULL, today);
    emit_coefficients_close(read);
    return exit_status;
}
