// The parts of the text of a report, in the order in which they stand.
// SPDX-License-Identifier: Apache-2.0
#ifndef PROGRAMS_EMIT_REPORT_PARTS_H
#define PROGRAMS_EMIT_REPORT_PARTS_H

#include "programs/emit/page.h"
#include "report/report.h"

// The text for people, at most `columns` wide.
void emit_report_print(FILE *out, const struct emit_report *report, int columns);

// The name of a component in few letters: the device id beside it says the rest.
const char *emit_report_component(enum emit_component component);
// The index of a device, by whichever meter knows it; -1: none does.
int emit_report_index(const struct emit_slot *slots, size_t count, size_t index);
// "gpu 3": component and index, where there is one.
void emit_report_label(char *text, size_t size, enum emit_component component, int index);
// The id of a device, a GPU's cut to the shortest beginning of at least eight digits that
// no other device has: "GPU-5f2a1b3c", as --device takes it. Whatever bytes it has are
// still in it.
void emit_report_device(char *text, size_t size, const struct emit_slot *slots, size_t count,
                        size_t index);

void emit_report_print_table(const struct emit_page *page, const struct emit_report *report);
// The phases, apart from the sum.
void emit_report_print_phases(const struct emit_page *page, const struct emit_report *report);
// What an inference server counted meanwhile, and joules per token.
void emit_report_print_served(const struct emit_page *page, const struct emit_report *report);
// What the numbers hold too much, and what the sum does not hold.
void emit_report_print_scope(const struct emit_page *page, const struct emit_report *report);
// Points that are partial, not read or not counted, each with why and what helps.
void emit_report_print_caveats(const struct emit_page *page, const struct emit_report *report);
// The diagnostic that tells why a point came to what it did, for it alone or for all
// points of its meter; NULL: there is none.
const struct emit_report_diagnostic *emit_report_diagnostic_of(const struct emit_report *report,
                                                               size_t index);
// True for a point left out on purpose that emit_report_print_apart tells of: a device
// that another meter counts, or one that is not of this run.
bool emit_report_is_told_apart(const struct emit_report *report, size_t index);
void emit_report_print_apart(const struct emit_page *page, const struct emit_report *report);
// Notes, and where the events went.
void emit_report_print_storage(const struct emit_page *page, const struct emit_report *report);

#endif
