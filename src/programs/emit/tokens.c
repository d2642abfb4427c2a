// emit tokens: joules of tokens that no meter of ours saw, modeled from cited coefficients.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/tokens.h"

#include "agent/place.h"
#include "base/nearest.h"
#include "host/host.h"
#include "imports/coefficients_read.h"
#include "programs/emit/tokens_profiles.h"

#include <stddef.h>
#include <string.h>
#include <unistd.h>

#define AT(member) offsetof(struct tokens_options, member)

static const struct emit_option options[] = {
    {.name = "run-id",
     .type = EMIT_OPTION_TEXT,
     .argument = "ID",
     .environment = "EMIT_RUN_ID",
     .help = "the run that used the tokens",
     .text = "Printable ASCII without '/', at most 127 characters.",
     .offset = AT(run_id)},
    {.name = "usage",
     .type = EMIT_OPTION_FLAG,
     .help = "read usage records from FILE...; - is standard input",
     .text = "Several files are one stream. The option may be left out where a file is named.",
     .offset = AT(usage)},
    {.name = "dialect",
     .type = EMIT_OPTION_TEXT,
     .argument = "NAME",
     .help = "whose records they are, where their fields do not tell",
     .text = "One of those named above.",
     .offset = AT(dialect)},
    {.name = "group",
     .type = EMIT_OPTION_CHOICE,
     .argument = "run|request",
     .fallback = "run",
     .help = "one event for each profile in the run, or for each request",
     .text = "A run is grouped one way: both at once would count twice. Records of a log that "
             "grows are for request: reading it again adds what is new.",
     .offset = AT(group)},
    {.name = "profile",
     .type = EMIT_OPTION_TEXT,
     .argument = "ID",
     .help = "the coefficients to use, such as managed-balanced-v1",
     .text = "emit tokens profiles lists them. With records: for every model, whatever the "
             "configuration maps.",
     .offset = AT(profile)},
    {.name = "input",
     .type = EMIT_OPTION_TEXT,
     .argument = "N",
     .help = "tokens read, without those of --cached",
     .text = "As the tag input_tokens of the event: tokens that were written to a cache are in it, "
             "those read from one are not.",
     .offset = AT(input)},
    {.name = "cached",
     .type = EMIT_OPTION_TEXT,
     .argument = "N",
     .help = "tokens read from a cache, beside --input",
     .offset = AT(cached)},
    {.name = "output",
     .type = EMIT_OPTION_TEXT,
     .argument = "N|FILE",
     .help = "tokens written, without those of --reasoning; with records: as --events",
     .text = "With counts a number. With records, whose tokens are in them, the file that gets a "
             "copy of the events, as in other commands.",
     .offset = AT(output)},
    {.name = "reasoning",
     .type = EMIT_OPTION_TEXT,
     .argument = "N",
     .help = "tokens written as reasoning, beside --output",
     .text = "Where nobody tells them apart, --output counts all.",
     .offset = AT(reasoning)},
    {.name = "requests",
     .type = EMIT_OPTION_TEXT,
     .argument = "N",
     .help = "how many requests these tokens are of",
     .text = "What a request costs by itself is then in the range; and where a mean request is "
             "longer than what the coefficients are for, its output is marked as extrapolated.",
     .offset = AT(requests)},
    {.name = "record",
     .type = EMIT_OPTION_TEXT,
     .argument = "REF",
     .help = "what these counts are called: the same twice counts once",
     .text = "At most 96 bytes. By default counts/ and the time.",
     .offset = AT(record)},
    {.name = "at",
     .type = EMIT_OPTION_TEXT,
     .argument = "TIME",
     .help = "when it was, in UTC: of counts, and of records that do not say",
     .text = "Such as 2026-06-13T16:00:00Z. Of counts the default is now. Records without a time "
             "are refused without it: a time that differs with every reading would make events "
             "that differ. A time of the future, or before 2000, is refused, here and in records "
             "(implausible-time).",
     .offset = AT(at)},
    {.name = "served",
     .type = EMIT_OPTION_CHOICE,
     .argument = "managed|byok-proxy|here",
     .fallback = "managed",
     .help = "who ran the model: a provider, one behind your proxy, or you",
     .text = "With here, a run whose GPUs were metered is refused (already-metered): what they "
             "drew is known.",
     .offset = AT(served)},
    {.name = "boundary",
     .type = EMIT_OPTION_CHOICE,
     .argument = "accelerator|system|facility",
     .fallback = "accelerator",
     .help = "what the joules include",
     .text = "accelerator is what was measured somewhere. The others multiply by the cited factors "
             "of the table's transforms: host; and idle share and overhead.",
     .offset = AT(boundary)},
    {.name = "pue",
     .type = EMIT_OPTION_TEXT,
     .argument = "N",
     .help = "refused: modeled joules take no PUE of yours",
     .text = "The PUE of a site belongs to its own windows (emit campus facility-energy). Modeled "
             "joules either have a cited overhead in them, with --boundary facility, or none.",
     .offset = AT(pue)},
    {.name = "phases",
     .type = EMIT_OPTION_FLAG,
     .help = "events of prefill and decode too",
     .text = "Beside the total, of which they are parts: what was read, with what a request costs "
             "by itself; and what was written.",
     .offset = AT(phases)},
    TOKENS_LIVE_ROWS(struct tokens_options, live),
    {.name = "coefficients",
     .type = EMIT_OPTION_TEXT,
     .argument = "DIR",
     .key = "coefficients",
     .help = "use the table of coefficients in this folder",
     .text = "A folder of YAML files, one row a file, in place of the table that is compiled in. "
             "That one's files are in share/emit/coefficients, to be copied and extended.",
     .offset = AT(coefficients)},
    {.name = "check",
     .type = EMIT_OPTION_FLAG,
     .help = "of profiles: tell every rule that a row breaks",
     .offset = AT(check)},
    {.name = "today",
     .type = EMIT_OPTION_TEXT,
     .argument = "DATE",
     .help = "of profiles: the day on which rows may have expired, instead of the clock's",
     .offset = AT(today)},
    {.name = "workspace",
     .type = EMIT_OPTION_TEXT,
     .argument = "ID",
     .environment = "EMIT_WORKSPACE_ID",
     .key = "workspace",
     .help = "the workspace the events belong to",
     .text = "As in emit run.",
     .offset = AT(workspace)},
    {.name = "events",
     .type = EMIT_OPTION_TEXT,
     .argument = "FILE",
     .help = "append a copy of the events to a file; - is standard output",
     .text = "One JSON object a line. What is said is then said on standard error.",
     .offset = AT(events_path)},
    EMIT_PLACE_OPTION(struct tokens_options, outbox_path),
    {.name = "no-outbox",
     .type = EMIT_OPTION_FLAG,
     .help = "store nothing",
     .offset = AT(no_outbox)},
    {.name = "json",
     .type = EMIT_OPTION_FLAG,
     .help = "print one JSON object, with exact numbers",
     .text =
         "contract/tokens.schema.json describes it, that of --from contract/served.schema.json. "
         "Of profiles: one line of canonical JSON "
         "per row, sorted by id, the factors behind the profiles; the SHA-256 of all of it is "
         "what events carry as coefficient_table_sha256.",
     .offset = AT(json)},
    {.name = "quiet",
     .letter = 'q',
     .type = EMIT_OPTION_FLAG,
     .help = "say nothing but what went wrong",
     .offset = AT(quiet)},
    {.name = "config",
     .type = EMIT_OPTION_TEXT,
     .argument = "FILE",
     .environment = "EMIT_CONFIG",
     .help = "the configuration file",
     .text = "Its map models: says which model's tokens are charged by which profile.",
     .offset = AT(config_path)},
    {0},
};

static int misused(const char *sentence) {
    return emit_complain(&emit_command_tokens, EXIT_USAGE, "%s", sentence);
}

static bool is_number(const char *text) {
    return *text && text[strspn(text, "0123456789")] == '\0';
}

static int run_counts(const struct tokens_options *values, struct tokens_plan *plan) {
    if (values->usage)
        return misused("counts and --usage exclude each other: the tokens are in the records");
    if (!plan->profile) return misused("counts need --profile ID: emit tokens profiles lists them");
    plan->events_path = values->events_path;
    return tokens_from_counts(values, plan);
}

// The first option of counts beside files; NULL: none.
static const char *misplaced_option(const struct tokens_options *values) {
    if (values->input) return "--input";
    if (values->cached) return "--cached";
    if (values->reasoning) return "--reasoning";
    if (values->requests) return "--requests";
    return values->record ? "--record" : NULL;
}

static int run_records(const struct tokens_options *values, struct tokens_plan *plan,
                       int file_count, char **files) {
    const char *misplaced = misplaced_option(values);
    if (misplaced)
        return emit_complain(&emit_command_tokens, EXIT_USAGE,
                             "%s and files of records exclude each other: the tokens are in the "
                             "records",
                             misplaced);
    if (values->output && is_number(values->output))
        return emit_complain(&emit_command_tokens, EXIT_USAGE,
                             "with records --output is a file for the events, not a number of "
                             "tokens; if %s is its name: --events %s",
                             values->output, values->output);
    if (values->output && values->events_path)
        return misused("--output and --events are the same here: give one");
    plan->events_path = values->output ? values->output : values->events_path;
    return tokens_from_records(values, plan, file_count, files);
}

static int run_with_table(const struct tokens_options *values,
                          const struct emit_coefficient_table *table, int file_count,
                          char **files) {
    struct tokens_plan plan;
    struct emit_error err;
    if (tokens_plan_make(&plan, values, table, emit_clock_wall_ns(), &err) != EMIT_OK)
        return misused(err.text);
    return file_count ? run_records(values, &plan, file_count, files) : run_counts(values, &plan);
}

static int run_modeled(const struct tokens_options *values, int file_count, char **files) {
    struct emit_coefficient_table *read = NULL;
    struct emit_error err;
    if (!file_count && values->usage && !tokens_counts_given(values))
        return misused("--usage wants files of records: FILE..., or - for standard input");
    if (!file_count && !tokens_counts_given(values))
        return misused("say which tokens: --profile ID --input N --output N, or --usage FILE...");
    if (values->coefficients &&
        emit_coefficients_read(&read, values->coefficients, &err) != EMIT_OK)
        return misused(err.text);
    int exit_status =
        run_with_table(values, read ? read : emit_coefficients_built_in(), file_count, files);
    emit_coefficients_close(read);
    return exit_status;
}

static bool is_mistyped_profiles(const char *word) {
    struct emit_nearest nearest;
    emit_nearest_begin(&nearest, word, strlen(word));
    emit_nearest_offer(&nearest, "profiles");
    return nearest.name && access(word, F_OK) != 0;
}

static int run(const void *given, int operand_count, char **operands) {
    const struct tokens_options *values = given;
    const struct emit_tokens_profiles_asked profiles = {.coefficients = values->coefficients,
                                                        .today = values->today,
                                                        .json = values->json,
                                                        .check = values->check};
    const struct tokens_live_asked live = {.options = &values->live,
                                           .run_id = values->run_id,
                                           .outbox_path = values->outbox_path,
                                           .json = values->json,
                                           .quiet = values->quiet};
    if (operand_count && !values->usage && strcmp(operands[0], "profiles") == 0)
        return emit_tokens_profiles(&emit_command_tokens, &profiles, operand_count - 1,
                                    operands + 1);
    if (operand_count && !values->usage && is_mistyped_profiles(operands[0]))
        return emit_complain(&emit_command_tokens, EXIT_USAGE,
                             "there is no file '%.60s' (nearest: emit tokens profiles)",
                             operands[0]);
    if (values->check || values->today)
        return misused("--check and --today are of the coefficients: emit tokens profiles --check");
    bool has_words = operand_count || values->usage || tokens_counts_given(values);
    bool has_server = values->live.from && *values->live.from;
    // A URL of the environment is for emit run, too: what was said in words ranks above it.
    if (has_server && has_words && !tokens_live_is_inherited(&values->live))
        return misused("--from and other tokens exclude each other: a server counts its own, and "
                       "nothing is modeled; ask twice");
    if (has_server && !has_words) return tokens_live(&emit_command_tokens, &live);
    if (values->live.for_ns) return misused("--for is how long to count: it wants --from URL");
    return run_modeled(values, operand_count, operands);
}

const struct emit_command emit_command_tokens = {
    .name = "tokens",
    .summary = "model the energy of tokens from cited coefficients",
    .operands = "[FILE...] | profiles [NAME]",
    .text =
        "Managed inference has no meter. What is modeled instead rests on cited coefficients, "
        "joules per token by class of model, each with a range and a confidence. The events say "
        "so: modeled, by which profile of which source, within which range, and what the joules "
        "include. What is not known stays unknown: there is no energy for it, and no 0.\n\n"
        "Tokens come as counts (--profile, --input, --output and so on), or as usage records in "
        "files: one JSON object a line, one array, objects printed over many lines, or a stream "
        "of server-sent events as it was saved. The dialects are openai-chat, openai-responses, "
        "openai-embeddings, anthropic-messages, "
        "gemini, otel-genai, litellm, transcript, lumenflow-costs, ollama, bedrock and cohere; "
        "each "
        "record's is "
        "found by its fields, or named with --dialect. A record counts once, known by its ids: "
        "the last one of a response is the one that counts. Records that cannot be charged are "
        "told with their line (their number, in an array) and the field that is wrong, and the "
        "others are used all the "
        "same.\n\n"
        "Which profile a model's name stands for is the operator's to say, in the map models: of "
        "the configuration: names or globs to profiles, such as "
        "models: { \"acme-small*\": managed-balanced-v1 }.\n\n"
        "Reading the same records again changes nothing. What would count tokens twice is not "
        "stored, and told as already-modeled: a longer log of a run that was grouped by profile, "
        "its model under another profile, or both groupings of one run. Models that came to be "
        "mapped since are added. To tell repeats a record takes 80 bytes of memory at most, or 160 "
        "with --group request; what it says is not kept. Lines without ids that are the same are "
        "requests of their own, in one file or in several of a call; in a later call they are the "
        "first ones, read again.\n\n"
        "With --from nothing is modeled: the tokens an inference server counts are shown beside "
        "what the run's own meters measured.\n\n"
        "emit tokens profiles lists the coefficients; with the name of one it shows where each of "
        "its numbers comes from.",
    .example = "emit tokens --usage march.jsonl --run-id run_88",
    .more_examples = "# from counts\n"
                     "emit tokens --profile managed-balanced-v1 --input 500 --output 300 \\\n"
                     "  --run-id job-42\n\n"
                     "# what a log of requests comes to, without storing it\n"
                     "emit tokens --usage march.jsonl --run-id run_88 --no-outbox\n\n"
                     "# one event for each request, as a filter\n"
                     "emit tokens --group request --no-outbox --output - --run-id run_88 - \\\n"
                     "  < a.jsonl\n\n"
                     "# a vendor's usage report: sums by model, as options for --profile\n"
                     "# (the file, where emit is installed below /usr)\n"
                     "jq -nrf /usr/share/emit/usage-report.jq page.json\n\n"
                     "# prove the hash that events carry\n"
                     "emit tokens profiles --json | sha256sum",
    .exits =
        "0 done, also when there was nothing new; 1 no record speaks of usage, there is no such "
        "profile or run, or --check found something; 2 wrong usage, or something could not be "
        "read; "
        "3 some records were refused, or the store did not take all.",
    .options = options,
    .values_size = sizeof(struct tokens_options),
    .order = EMIT_OPTIONS_ANYWHERE,
    .usage_status = EXIT_USAGE,
    .run = run,
};
