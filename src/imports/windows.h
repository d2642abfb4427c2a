// Facility windows as operators hand them over: one JSON object for a record, one for what
// is known of a facility. Pure; what a record comes to is measurement/facility.h's business.
//
// A key that is not known is an error that names it: a misspelt `quality` must not make an
// estimate pass for a measurement.
// SPDX-License-Identifier: Apache-2.0
#ifndef IMPORTS_WINDOWS_H
#define IMPORTS_WINDOWS_H

#include "measurement/facility.h"

enum { EMIT_WINDOWS_RECORD_MAX = 64 * 1024 }; // bytes of one record

// Reads one record. False: there is none, and why says for what reason.
bool emit_facility_read(struct emit_facility_window *window, const char *text, size_t length,
                        struct emit_facility_refusal *why);

// Adds the facts of one facility, or of an array of facilities, to the metadata. A facility
// that is there already, and facts of a kind that overlap, are errors.
// EMIT_INVALID: "metadata.pue[3].from: ..."; EMIT_FULL; EMIT_NO_MEMORY. The metadata is to be
// cleared then, too.
EMIT_MUST_CHECK enum emit_status
emit_facility_read_metadata(struct emit_facility_metadata *metadata, const char *text,
                            size_t length, struct emit_error *err);

// Whether a text that is not empty begins or ends with a blank.
bool emit_facility_has_blank_edge(const char *text);

#endif
