// emit campus: what its two ways share. Records of windows come in, as one JSON object or as
// a stream; each way judges them by the same rules and hands their lines to the same post.
// SPDX-License-Identifier: Apache-2.0
#ifndef PROGRAMS_EMIT_CAMPUS_H
#define PROGRAMS_EMIT_CAMPUS_H

#include "event/facility_event.h"
#include "imports/object_reader.h"
#include "imports/windows.h"
#include "programs/emit/campus_post.h"
#include "programs/emit/command.h"
#include "programs/emit/naming.h"

#include <stdio.h>

struct campus_options {
    bool ndjson;
    const char *metadata_path;
    const char *workspace;
    const char *output_path;
    const char *refused_path;
    const char *outbox_path;
    bool no_outbox, quiet;
    const char *config_path; // read by main.c
};

// One call of the command.
struct campus {
    const struct campus_options *options;
    char workspace_id[EMIT_WORKSPACE_MAX];
    int64_t now_ns;     // UTC: the clock as it was looked at last
    uint64_t secret[2]; // of digests
    struct emit_facility_metadata metadata;
    struct campus_post *post;
    FILE *refused; // of --refused; NULL: refusals of a stream are told on standard error
    uint64_t records, events, duplicates, refused_count;
    uint64_t stored, stored_before;          // events that are in the store now, and were already
    uint64_t missed[EMIT_FACT_COUNT];        // events without a fact that other windows have
    char line[EMIT_FACILITY_EVENT_LINE_MAX]; // of the event that is being made
};

extern const struct emit_command emit_command_campus;

// A record that was found good by all rules that need no other record.
struct campus_event {
    struct emit_facility_window window;
    struct emit_text line; // in campus->line
    unsigned missed;       // bits of emit_fact: see emit_facility_attach
};

// False: refused, and why says for what reason.
bool campus_judge(struct campus *campus, const char *text, size_t length,
                  struct campus_event *event, struct emit_facility_refusal *why);
// Counts an event that goes out.
void campus_count(struct campus *campus, unsigned missed);

// Notes: of each kind of fact, "the PUE was left off 3 events: ...", and one of metadata that
// was of no use. False when there is nothing to say.
enum { CAMPUS_NOTES = EMIT_FACT_COUNT + 1, CAMPUS_NOTE_MAX = 8 * EMIT_FACILITY_ID_MAX };
bool campus_note(const struct campus *campus, int which, char *sentence, size_t size);

// One JSON object of a refusal, without line end.
void campus_write_refusal(FILE *out, const struct emit_facility_refusal *refusal,
                          const struct campus_place *place);
// The same for a person, as a line on standard error. name: of the input.
void campus_tell_refusal(const char *name, const struct emit_facility_refusal *refusal,
                         const struct campus_place *place);
// What ended it, and what is stored all the same; returns the exit status.
int campus_fail(const struct campus *campus, const char *name, const struct emit_error *err);

// The ways; each returns the exit status.
int campus_batch(struct campus *campus, struct emit_object_reader *reader, const char *name);
int campus_stream(struct campus *campus, struct emit_object_reader *reader, const char *name);

#endif
