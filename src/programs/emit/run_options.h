// The options of commands that meter a run: one row each, in one list for those
// that several of them have.
// SPDX-License-Identifier: Apache-2.0
#ifndef PROGRAMS_EMIT_RUN_OPTIONS_H
#define PROGRAMS_EMIT_RUN_OPTIONS_H

#include "agent/place.h"
#include "programs/emit/meter_options.h"

struct run_options {
    const char *meters;  // words split by commas, "none" or "auto"
    const char *domains; // "default" or "all"
    int64_t interval_ns; // 0: as long as the counters allow
    int64_t start_timeout_ns;
    int64_t orphan_timeout_ns; // 0: no limit
    bool no_wait_orphans;
    bool require_measured;
    const char *run_id;    // NULL: a new one
    const char *workspace; // NULL: look for a workspace.yaml
    const char *trace_path;
    const char *report_path;
    const char *output_path;
    const char *outbox_path;
    bool no_outbox;
    int64_t repeat;
    int64_t warmup; // runs before those, not metered
    bool ignore_failure;
    const char *tokens_from; // URL of an inference server; NULL: none
    const char *phase;       // NULL: inside an outer run, named after the command
    bool json;
    bool quiet;
    const char *config_path; // read by main.c
    struct meter_options meter;
};

// clang-format off
// Which meters are read, and how often.
#define RUN_METERING_ROWS                                                                          \
    {.name = "meters",                                                                             \
     .type = EMIT_OPTION_TEXT,                                                                     \
     .argument = "LIST|none|auto",                                                                 \
     .environment = "EMIT_METERS",                                                                 \
     .key = "meters",                                                                              \
     .fallback = "auto",                                                                           \
     .help = "which meters to read, such as rapl; auto: all that are here",                        \
     .text = "Names split by commas. With none nothing is metered, and no event is made.",                                                                           \
     .offset = offsetof(struct run_options, meters)},                                              \
    {.name = "domains",                                                                            \
     .type = EMIT_OPTION_CHOICE,                                                                   \
     .argument = "default|all",                                                                    \
     .key = "domains",                                                                             \
     .fallback = "default",                                                                        \
     .help = "all: parts of a device too, such as cpu-core in its package",                        \
     .text = "By default each device is metered once, as widely as it can be: packages, memory, "  \
             "GPUs. With all, parts that lie within a metered device get events of their own that "\
             "say so in contained_in, and are never added to the sum.",                            \
     .offset = offsetof(struct run_options, domains)},                                             \
    {.name = "interval",                                                                           \
     .type = EMIT_OPTION_DURATION,                                                                 \
     .argument = "DURATION|auto",                                                                  \
     .key = "interval",                                                                            \
     .fallback = "1s",                                                                             \
     .help = "time between two samples; auto: as long as the counters allow",                      \
     .text = "The energy does not depend on it: counters are read at the beginning and at the end. "\
             "Samples in between find peaks, and bound what a killed run loses. Shortened where a "\
             "counter could wrap unseen. An emit that reads counters its user may not read takes " \
             "no more than one sample a second.",                                                  \
     .offset = offsetof(struct run_options, interval_ns)},                                         \
    {.name = "start-timeout",                                                                      \
     .type = EMIT_OPTION_DURATION,                                                                 \
     .argument = "DURATION",                                                                       \
     .key = "start_timeout",                                                                       \
     .fallback = "250ms",                                                                          \
     .help = "wait no longer than this for the first sample",                                      \
     .text = "Then the command starts, or emit begin returns, although a meter has not answered. " \
             "What answers later is reported as partial (late), what never answers as refused "    \
             "(timeout). An emit that reads counters its user may not reads them at full seconds " \
             "only: 1100ms waits for one, as --require-measured does by itself.",                  \
     .offset = offsetof(struct run_options, start_timeout_ns)}

// An inference server whose tokens are counted beside the run's joules.
#define RUN_SERVED_ROW                                                                             \
    {.name = "tokens-from",                                                                        \
     .type = EMIT_OPTION_TEXT,                                                                     \
     .argument = "URL",                                                                            \
     .environment = "EMIT_TOKENS_FROM",                                                            \
     .key = "tokens_from",                                                                         \
     .help = "count the tokens an inference server makes meanwhile",                               \
     .text = "Such as http://localhost:8000/metrics of vLLM, SGLang, llama.cpp (llama-server "     \
             "--metrics) or TGI; without a path /metrics is added. Its counters are read beside "  \
             "the first sample and beside the last one, and the report shows their difference, "   \
             "and the joules of the GPUs of the run for each token where both windows agree. The " \
             "tokens are those of all clients of the server. A server that is slow delays the "    \
             "command by no more than --start-timeout, and the report by 2 seconds, 4 where it "   \
             "answers 404. Inside another emit run the outer one asks. A user's name and "         \
             "password in the URL and its query are used and never shown; the variable keeps "     \
             "them out of the list of processes, and the command inherits it.",                    \
     .offset = offsetof(struct run_options, tokens_from)}

// Which run it is, and whose.
#define RUN_NAMING_ROWS                                                                            \
    {.name = "run-id",                                                                             \
     .type = EMIT_OPTION_TEXT,                                                                     \
     .argument = "ID",                                                                             \
     .environment = "EMIT_RUN_ID",                                                                 \
     .help = "name the run; a run of this name that goes on is shared",                            \
     .text = "Without it a new id is made that sorts by time. Ranks of one job that are given the "\
             "same id share one run: each device is metered once on each node. An emit run that was " \
             "started inside another one is a phase of it. Printable ASCII without '/', at most 127 characters.",            \
     .offset = offsetof(struct run_options, run_id)},                                              \
    {.name = "workspace",                                                                          \
     .type = EMIT_OPTION_TEXT,                                                                     \
     .argument = "ID",                                                                             \
     .environment = "EMIT_WORKSPACE_ID",                                                           \
     .key = "workspace",                                                                           \
     .help = "the workspace the events belong to",                                                 \
     .text = "Else the id of the nearest workspace.yaml in the working directory or above it; "    \
             "else ws_local, whose events stay on this machine.",                                  \
     .offset = offsetof(struct run_options, workspace)}

// Where its report and its events go.
#define RUN_TELLING_ROWS                                                                           \
    {.name = "report",                                                                             \
     .type = EMIT_OPTION_TEXT,                                                                     \
     .argument = "FILE",                                                                           \
     .help = "write the report as one JSON object into a file",                                    \
     .offset = offsetof(struct run_options, report_path)},                                         \
    {.name = "json",                                                                               \
     .type = EMIT_OPTION_FLAG,                                                                     \
     .help = "print the report as one JSON object on stderr",                                      \
     .offset = offsetof(struct run_options, json)},                                                \
    {.name = "output",                                                                             \
     .type = EMIT_OPTION_TEXT,                                                                     \
     .argument = "FILE",                                                                           \
     .help = "append a copy of the events to a file, one JSON object a line",                      \
     .offset = offsetof(struct run_options, output_path)},                                         \
    EMIT_PLACE_OPTION(struct run_options, outbox_path),                                            \
    {.name = "no-outbox",                                                                          \
     .type = EMIT_OPTION_FLAG,                                                                     \
     .help = "store nothing",                                                                      \
     .text = "The report is still shown, and --output still gets the events.",                     \
     .offset = offsetof(struct run_options, no_outbox)}

#define RUN_QUIET_ROW                                                                              \
    {.name = "quiet",                                                                              \
     .letter = 'q',                                                                                \
     .type = EMIT_OPTION_FLAG,                                                                     \
     .help = "say nothing but what went wrong",                                                    \
     .text = "No report and no live line. What could not be measured or stored is still said.",    \
     .offset = offsetof(struct run_options, quiet)}

#define RUN_CONFIG_ROW                                                                             \
    {.name = "config",                                                                             \
     .type = EMIT_OPTION_TEXT,                                                                     \
     .argument = "FILE",                                                                           \
     .environment = "EMIT_CONFIG",                                                                 \
     .help = "the configuration file",                                                             \
     .text = "By default $XDG_CONFIG_HOME/emit/emit.yaml (~/.config), else /etc/emit/emit.yaml. "  \
             "Environment variables rank above it, options above them.",                           \
     .offset = offsetof(struct run_options, config_path)}
// clang-format on

extern const struct emit_option emit_run_options[];

#endif
