// emit begin: opens a run and leaves a small process behind that meters it.
//
// What goes wrong is said and kept, and is no reason for a job to fail: the exit
// status is 0 for all but wrong usage.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/begin.h"

#include "base/text.h"
#include "programs/emit/detach.h"
#include "programs/emit/privilege.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

extern const struct emit_command emit_command_begin;

static const struct emit_option options[] = {
    RUN_NAMING_ROWS,
    RUN_METERING_ROWS,
    METER_OPTION_ROWS(struct run_options, meter),
    {.name = "max",
     .type = EMIT_OPTION_DURATION,
     .argument = "DURATION",
     .key = "begin_max",
     .fallback = "7d",
     .help = "end the run after this time, although nobody did",
     .text = "A job that died without its emit end is not metered for ever: the run is closed and "
             "stored then, and says so.",
     .offset = offsetof(struct begin_options, max_ns)},
    EMIT_PLACE_OPTION(struct run_options, outbox_path),
    RUN_QUIET_ROW,
    RUN_CONFIG_ROW,
    METER_OVERRIDE_ROWS(struct run_options, meter),
    {0},
};

static int fail(const struct run *run, const char *why) {
    (void)emit_complain(run->command, EXIT_OK, "nothing is metered: %s", why);
    begin_keep_failure(run, why);
    return EXIT_OK;
}

// Waits for the detached process to tell of its first sample.
static struct begin_answer hear(int channel, int64_t timeout_ns) {
    struct begin_answer answer = {.status = EMIT_TIMEOUT};
    struct pollfd told = {.fd = channel, .events = POLLIN};
    int64_t timeout_ms = (timeout_ns + 999999) / 1000000;
    if (poll(&told, 1, timeout_ms > INT32_MAX ? INT32_MAX : (int)timeout_ms) != 1) return answer;
    if (recv(channel, &answer, sizeof answer, 0) != (ssize_t)sizeof answer)
        answer = (struct begin_answer){.status = EMIT_SYSTEM,
                                       .text = "the process that should meter has died at once"};
    return answer;
}

static int tell(const struct run *run, const struct begin_answer *answer) {
    const char *id = run->plan.run_id;
    bool quiet = run->options->quiet;
    if (answer->status == EMIT_TIMEOUT) {
        if (!quiet)
            fprintf(stderr, "emit: run %s has begun; the meters have not answered yet\n", id);
    } else if (answer->status == EMIT_REFUSED) {
        (void)emit_complain(run->command, EXIT_OK, "%s: nothing to do", answer->text);
    } else if (answer->status != EMIT_OK) {
        return fail(run, answer->text);
    } else if (!answer->point_count) {
        (void)emit_complain(run->command, EXIT_OK,
                            "run %s has begun, but nothing can be read: emit sensors says why", id);
    } else if (!quiet) {
        bool fits = strlen(id) <= 8; // it is told twice
        char word[4 * EMIT_RUN_ID_MAX + 2];
        struct emit_text text;
        emit_text_init(&text, word, sizeof word);
        emit_text_add_shell_word(&text, id);
        fprintf(stderr, "emit: run %s has begun, %zu point%s metered;%semit end --run-id %s\n", id,
                answer->point_count, answer->point_count == 1 ? "" : "s", fits ? " " : "\n      ",
                word);
    }
    return EXIT_OK;
}

static int begin(struct run *run, struct begin_options *values) {
    struct emit_error err;
    struct detached detached;
    int kept[DETACH_KEPT_MAX];
    size_t kept_count = 0;
    for (; kept_count < run->host.borrowed_count && kept_count < DETACH_KEPT_MAX; kept_count++)
        kept[kept_count] = run->host.borrowed[kept_count].descriptor;
    if (detach(&detached, kept, kept_count, &err) != EMIT_OK) return fail(run, err.text);
    if (detached.is_us) begin_meter(run, values, detached.channel);
    const struct begin_answer answer = hear(detached.channel, run->options->start_timeout_ns);
    (void)close(detached.channel);
    return tell(run, &answer);
}

// Inside an emit run of this id there is nothing to begin, and a process that stays
// would keep that emit run waiting for it.
static bool is_nested(const struct run *run) {
    const char *outer = getenv("EMIT_RUN_ID");
    if (!getenv(EMIT_RUN_FOLDER_VARIABLE) || !outer || strcmp(outer, run->plan.run_id) != 0)
        return false;
    (void)emit_complain(run->command, EXIT_OK, "run %s is the emit run around this: nothing to do",
                        run->plan.run_id);
    return true;
}

static int run_begin(const void *given, int operand_count, char **operands) {
    (void)signal(SIGPIPE, SIG_IGN); // no job fails because nobody reads what we say
    if (operand_count > 0)
        return emit_complain(&emit_command_begin, EXIT_USAGE,
                             "'%s' is too much: emit begin starts no command", operands[0]);
    struct emit_error err;
    struct begin_options values = *(const struct begin_options *)given;
    struct run run = {.command = &emit_command_begin,
                      .options = &values.run,
                      .name = "emit begin",
                      .holds = true};
    char name[] = "emit begin", *words[] = {name, NULL};
    enum emit_status status =
        emit_privilege_host_open(&run.host, values.run.meter.sysfs_root, &err);
    if (status == EMIT_OK) status = run_plan_make(&run.plan, run.options, &run.host, words, &err);
    if (status == EMIT_OK && !run.plan.meters[0])
        status = emit_fail(&err, EMIT_INVALID, "--meters none leaves nothing to do");
    if (status == EMIT_OK && values.max_ns <= 0)
        status = emit_fail(&err, EMIT_INVALID, "--max 0s leaves no time to meter");
    if (status != EMIT_OK) {
        emit_host_close(&run.host);
        return emit_complain(&emit_command_begin, EXIT_USAGE, "%s", err.text);
    }
    if (run.plan.notice[0]) (void)emit_complain(run.command, EXIT_OK, "%s", run.plan.notice);
    // Who did not name it, or left that to the environment, may want to know.
    const char *variable = getenv("EMIT_RUN_ID"), *named = run.options->run_id;
    bool is_known = named && *named && !(variable && strcmp(variable, named) == 0);
    if (!is_known && (!variable || !run.options->quiet)) puts(run.plan.run_id);
    (void)fflush(stdout);
    int exit_status = is_nested(&run) ? EXIT_OK : begin(&run, &values);
    emit_host_close(&run.host);
    return exit_status;
}

const struct emit_command emit_command_begin = {
    .name = "begin",
    .summary = "begin a run that emit end ends",
    .operands = "",
    .text =
        "Begins to meter the devices of this machine and returns as soon as the first sample is "
        "taken: for jobs whose command emit cannot start, such as those of a scheduler's prolog "
        "and epilog. A small process stays behind that samples (ps shows it as emit begin ID); "
        "it belongs to no shell, session or terminal. emit end asks it for the last sample and "
        "reports. Where it is killed, the run is closed at its last sample by the next emit "
        "command, partial, code gap.\n\n"
        "Without --run-id and EMIT_RUN_ID a new id is made; an id that was not named on the "
        "command line is printed. A second emit begin of an id that goes on changes nothing. In "
        "between, emit run with this id shares the run, and emit mark gives it phases.",
    .example = "emit begin --run-id job-42",
    .more_examples = "# an id of emit's own, from any shell\n"
                     "id=$(emit begin)\n./job\nemit end --run-id \"$id\"\n\n"
                     "# end by itself when the job was forgotten\n"
                     "emit begin --run-id job-42 --max 12h",
    .exits = "0 begun, or nothing could be metered, which is said and kept; 2 wrong usage.",
    .options = options,
    .values_size = sizeof(struct begin_options),
    .order = EMIT_OPTIONS_ANYWHERE,
    .usage_status = EXIT_USAGE,
    .run = run_begin,
};
