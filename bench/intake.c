// Lines of modeled events through the intake, in lines a second on one core: judged and
// copied; and judged, copied and stored, each batch on disk before the next.
// SPDX-License-Identifier: Apache-2.0
#include "agent/intake.h"
#include "made_line.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { LINES = 200 * 1024, KEPT = 1024 }; // of one series; made before the clock runs
static const double bound = 300000;       // a second, without a store

static struct made_line made[KEPT];

static _Noreturn void give_up(const char *why) {
    fprintf(stderr, "intake: %s\n", why);
    exit(2);
}

static double now(void) {
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

// The clock stands still while lines are made.
static double lines_a_second(const struct emit_destination *to, unsigned lines) {
    struct emit_intake *intake = NULL;
    struct emit_error err;
    double seconds = 0;
    if (emit_intake_open(&intake, to, NULL, &err) != EMIT_OK) give_up(err.text);
    for (unsigned from = 0; from < lines; from += KEPT) {
        for (unsigned i = 0; i < KEPT; i++)
            made_line_make(&made[i], "run_bench", from + i, 100, false);
        double began = now();
        for (unsigned i = 0; i < KEPT; i++)
            if (emit_intake_add(intake, &made[i].entry, NULL, &err) != EMIT_OK) give_up(err.text);
        seconds += now() - began;
    }
    double began = now();
    if (emit_intake_finish(intake, &err) != EMIT_OK) give_up(err.text);
    seconds += now() - began;
    emit_intake_close(intake);
    return lines / seconds;
}

int main(void) {
    char folder[] = "/tmp/emit-bench-XXXXXX", path[64], command[64];
    struct emit_outbox *outbox = NULL;
    struct emit_error err;
    FILE *output = fopen("/dev/null", "w");
    if (!output || !mkdtemp(folder)) give_up("no folder below /tmp");
    (void)snprintf(path, sizeof path, "%s/outbox.db", folder);
    const struct emit_destination copied = {.output = output};
    double without = lines_a_second(&copied, LINES);
    const struct emit_outbox_options options = {.path = path, .max_bytes = INT64_C(8) << 30};
    if (emit_outbox_open(&outbox, &options, &err) != EMIT_OK) give_up(err.text);
    const struct emit_destination stored = {.outbox = outbox, .output = output};
    double with = lines_a_second(&stored, LINES);
    double again = lines_a_second(&stored, LINES);
    emit_outbox_close(outbox);
    (void)fclose(output);
    (void)snprintf(command, sizeof command, "rm -rf %s", folder);
    if (system(command) != 0) printf("# %s stays\n", folder);
    made_line_make(&made[0], "run_bench", 0, 100, false);
    printf("lines of %zu bytes with two claims, batches of %d\n", made[0].entry.length,
           EMIT_INTAKE_BATCH);
    printf("judged and copied:           %8.0f a second (bound %.0f)\n", without, bound);
    printf("judged, stored and copied:   %8.0f a second (%d of them)\n", with, LINES);
    printf("the same again, duplicates:  %8.0f a second\n", again);
    return without < bound;
}
