// The options of `emit run`.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/run_options.h"

#include <stddef.h>

#define AT(member) offsetof(struct run_options, member)

const struct emit_option emit_run_options[] = {
    {.name = "meters",
     .type = EMIT_OPTION_TEXT,
     .argument = "LIST|none|auto",
     .environment = "EMIT_METERS",
     .key = "meters",
     .fallback = "auto",
     .help = "which meters to read, such as rapl; auto reads all that are there",
     .offset = AT(meters)},
    {.name = "no-outbox",
     .type = EMIT_OPTION_FLAG,
     .help = "store no events",
     .offset = AT(no_outbox)},
    {.name = "run-id",
     .type = EMIT_OPTION_TEXT,
     .argument = "ID",
     .environment = "EMIT_RUN_ID",
     .help = "name the run; a run id that is in use is shared",
     .text = "Without it a new id is made that sorts by time. Ranks of one job that are given the "
             "same id share one run: each device is metered once on each node.",
     .offset = AT(run_id)},
    {.name = "no-wait-orphans",
     .type = EMIT_OPTION_FLAG,
     .help = "end with the command, although processes it started live on",
     .text = "By default the window lasts until the last descendant of the command has ended: what "
             "runs in the background uses energy too. With this option it ends with the command, "
             "and what still runs is named.",
     .offset = AT(no_wait_orphans)},
    {.name = "orphan-timeout",
     .type = EMIT_OPTION_DURATION,
     .argument = "DURATION",
     .key = "orphan_timeout",
     .help = "wait no longer than this for processes the command left behind",
     .text = "Counted from the end of the command. Without it emit waits until the last one has "
             "ended, or until a second Ctrl-C.",
     .offset = AT(orphan_timeout_ns)},
    {.name = "quiet",
     .letter = 'q',
     .type = EMIT_OPTION_FLAG,
     .help = "say nothing but what went wrong",
     .text = "No report and no live line. What could not be measured or stored is still said.",
     .offset = AT(quiet)},
    {0},
};
