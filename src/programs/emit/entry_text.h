// Stored entries as lines for people, 80 columns wide. The texts in them come from
// files and devices: control characters never reach the terminal.
// SPDX-License-Identifier: Apache-2.0
#ifndef PROGRAMS_EMIT_ENTRY_TEXT_H
#define PROGRAMS_EMIT_ENTRY_TEXT_H

#include "outbox/outbox.h"

#include <stdbool.h>
#include <stdio.h>

// The heading and one line of the table of events. follows: the line before is of the same
// run; then a phase is named in its place. now_ns: what is long before it is shown with its year.
void emit_entry_print_heading(FILE *out);
void emit_entry_print_event(FILE *out, const struct emit_entry *entry, bool follows,
                            int64_t now_ns);
// A diagnostic: one line, its sentence and its remedy; before that, where those of a run
// begin, the run and when it was.
void emit_entry_print_diagnostic(FILE *out, const struct emit_entry *entry, bool begins,
                                 int64_t now_ns);

#endif
