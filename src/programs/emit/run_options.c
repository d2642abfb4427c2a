// The options of `emit run`.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/run_options.h"

#include <stddef.h>

#define AT(member) offsetof(struct run_options, member)

const struct emit_option emit_run_options[] = {
    RUN_NAMING_ROWS,
    RUN_METERING_ROWS,
    METER_OPTION_ROWS(struct run_options, meter),
    {.name = "require-measured",
     .type = EMIT_OPTION_FLAG,
     .key = "require_measured",
     .help = "fail (125) unless every point of the default set is measured",
     .text = "And is not simulated. What can be known before the command starts keeps it from "
             "starting; what happens while it runs changes the exit status at the end.",
     .offset = AT(require_measured)},
    {.name = "phase",
     .type = EMIT_OPTION_TEXT,
     .argument = "NAME",
     .help = "inside an emit run: the name of this part of it",
     .text = "An emit run that was started inside another one is a phase of it (see emit mark), by "
             "default named after its command. It prints the report of its part; the outer run "
             "meters and stores. With a --run-id of its own it is a run of its own.",
     .offset = AT(phase)},
    RUN_SERVED_ROW,
    {.name = "trace",
     .type = EMIT_OPTION_TEXT,
     .argument = "FILE.csv",
     .help = "write the power curve: one row for each sample and point",
     .text = "Columns: seconds since the first sample, device_id, component, joules since the "
             "first sample, mean watts since the sample before. Raw counts are not written.",
     .offset = AT(trace_path)},
    {.name = "repeat",
     .type = EMIT_OPTION_COUNT,
     .argument = "N",
     .fallback = "1",
     .help = "run the command N times; print mean, sigma and outliers",
     .text = "Each is a run of its own, whose id is the run id with -1, -2, ... behind it. Printed "
             "are, for each device, for the sum and for the time, the mean, the standard deviation "
             "of the sample, the smallest and the largest value, and what the edges of one window "
             "leave open. A run stands out when its modified Z-score, 0.6745 times its distance "
             "from the median by the median of all distances, is beyond 3.5. Points that were "
             "measured in part do not count. The first run that fails ends the repetition and "
             "gives the exit status. With --json and --report the document is of all runs "
             "(contract/repeat.schema.json); emit show prints the report of each.",
     .offset = AT(repeat)},
    {.name = "warmup",
     .type = EMIT_OPTION_COUNT,
     .argument = "N",
     .fallback = "0",
     .help = "before that, run the command N times unmetered",
     .offset = AT(warmup)},
    {.name = "ignore-failure",
     .type = EMIT_OPTION_FLAG,
     .help = "with --repeat: go on when the command fails",
     .text = "Runs that exit with 1 to 124 count, too. A command that was ended by a signal, or "
             "that cannot be executed, ends the repetition all the same.",
     .offset = AT(ignore_failure)},
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
    RUN_TELLING_ROWS,
    RUN_QUIET_ROW,
    RUN_CONFIG_ROW,
    METER_OVERRIDE_ROWS(struct run_options, meter),
    {0},
};
