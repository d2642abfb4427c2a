// The options of `emit run`.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/run_options.h"

#include "agent/place.h"

#include <stddef.h>

#define AT(member) offsetof(struct run_options, member)

const struct emit_option emit_run_options[] = {
    {.name = "meters",
     .type = EMIT_OPTION_TEXT,
     .argument = "LIST|none|auto",
     .environment = "EMIT_METERS",
     .key = "meters",
     .fallback = "auto",
     .help = "which meters to read, such as rapl; auto: all that are here",
     .text = "Names split by commas. With none nothing is metered: the command runs, and no event "
             "is made.",
     .offset = AT(meters)},
    {.name = "domains",
     .type = EMIT_OPTION_CHOICE,
     .argument = "default|all",
     .key = "domains",
     .fallback = "default",
     .help = "all: parts of a device too, such as cpu-core in its package",
     .text = "By default each device is metered once, as widely as it can be: packages, memory, "
             "GPUs. With all, parts that lie within a metered device get events of their own that "
             "say so in contained_in, and are never added to the sum.",
     .offset = AT(domains)},
    {.name = "interval",
     .type = EMIT_OPTION_DURATION,
     .argument = "DURATION|auto",
     .key = "interval",
     .fallback = "1s",
     .help = "time between two samples; auto: as long as the counters allow",
     .text = "The energy does not depend on it: counters are read at the beginning and at the end. "
             "Samples in between find peaks, and bound what a killed run loses. Shortened where a "
             "counter could wrap unseen. An emit that reads counters its user may not read takes "
             "no more than one sample a second.",
     .offset = AT(interval_ns)},
    {.name = "start-timeout",
     .type = EMIT_OPTION_DURATION,
     .argument = "DURATION",
     .key = "start_timeout",
     .fallback = "250ms",
     .help = "start the command after this time, although a meter has not answered",
     .text = "What answers later is reported as partial (late), what never answers as refused "
             "(timeout). An emit that reads counters its user may not reads them at full seconds "
             "only: 1100ms waits for one, as --require-measured does by itself.",
     .offset = AT(start_timeout_ns)},
    {.name = "orphan-timeout",
     .type = EMIT_OPTION_DURATION,
     .argument = "DURATION",
     .key = "orphan_timeout",
     .help = "wait no longer than this for processes the command left behind",
     .text =
         "Counted from the end of the command. Without it, or with 0s, emit waits until the last "
         "one has ended, or until a second Ctrl-C.",
     .offset = AT(orphan_timeout_ns)},
    {.name = "no-wait-orphans",
     .type = EMIT_OPTION_FLAG,
     .key = "no_wait_orphans",
     .help = "end with the command, although processes it started live on",
     .text = "By default the window lasts until the last descendant of the command has ended: what "
             "runs in the background uses energy too. With this option it ends with the command, "
             "and what still runs is named.",
     .offset = AT(no_wait_orphans)},
    {.name = "require-measured",
     .type = EMIT_OPTION_FLAG,
     .key = "require_measured",
     .help = "fail (125) unless every point of the default set is measured",
     .text = "And is not simulated. What can be known before the command starts keeps it from "
             "starting; what happens while it runs changes the exit status at the end.",
     .offset = AT(require_measured)},
    {.name = "run-id",
     .type = EMIT_OPTION_TEXT,
     .argument = "ID",
     .environment = "EMIT_RUN_ID",
     .help = "name the run; a run of this name that goes on is shared",
     .text = "Without it a new id is made that sorts by time. Ranks of one job that are given the "
             "same id, and an emit run inside an emit run, share one run: each device is metered "
             "once on each node. Printable ASCII without '/', at most 127 characters.",
     .offset = AT(run_id)},
    {.name = "workspace",
     .type = EMIT_OPTION_TEXT,
     .argument = "ID",
     .environment = "EMIT_WORKSPACE_ID",
     .key = "workspace",
     .help = "the workspace the events belong to",
     .text = "Else the id of the nearest workspace.yaml in the working directory or above it; "
             "else ws_local, whose events stay on this machine.",
     .offset = AT(workspace)},
    {.name = "trace",
     .type = EMIT_OPTION_TEXT,
     .argument = "FILE.csv",
     .help = "write the power curve: one row for each sample and point",
     .text = "Columns: seconds since the first sample, device_id, component, joules since the "
             "first sample, mean watts since the sample before. Raw counts are not written.",
     .offset = AT(trace_path)},
    {.name = "report",
     .type = EMIT_OPTION_TEXT,
     .argument = "FILE",
     .help = "write the report as one JSON object into a file",
     .offset = AT(report_path)},
    {.name = "json",
     .type = EMIT_OPTION_FLAG,
     .help = "print the report as one JSON object on stderr",
     .offset = AT(json)},
    {.name = "output",
     .type = EMIT_OPTION_TEXT,
     .argument = "FILE",
     .help = "append a copy of the events to a file, one JSON object a line",
     .offset = AT(output_path)},
    EMIT_PLACE_OPTION(struct run_options, outbox_path),
    {.name = "no-outbox",
     .type = EMIT_OPTION_FLAG,
     .help = "store nothing",
     .text = "The report is still shown, and --output still gets the events.",
     .offset = AT(no_outbox)},
    {.name = "quiet",
     .letter = 'q',
     .type = EMIT_OPTION_FLAG,
     .help = "say nothing but what went wrong",
     .text = "No report and no live line. What could not be measured or stored is still said.",
     .offset = AT(quiet)},
    {.name = "config",
     .type = EMIT_OPTION_TEXT,
     .argument = "FILE",
     .environment = "EMIT_CONFIG",
     .help = "the configuration file",
     .text = "By default $XDG_CONFIG_HOME/emit/emit.yaml (~/.config), else /etc/emit/emit.yaml. "
             "Environment variables rank above it, options above them.",
     .offset = AT(config_path)},
    METER_OPTION_ROWS(struct run_options, meter),
    {0},
};
