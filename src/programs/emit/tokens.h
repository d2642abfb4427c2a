// emit tokens: what its ways share. Counts or records come in, each way books what it
// found in one account, posts the events, and the account is told in the end.
// SPDX-License-Identifier: Apache-2.0
#ifndef PROGRAMS_EMIT_TOKENS_H
#define PROGRAMS_EMIT_TOKENS_H

#include "event/token_event.h"
#include "imports/usage.h"
#include "programs/emit/command.h"
#include "programs/emit/naming.h"
#include "programs/emit/tokens_live.h"

struct tokens_options {
    // From counts: texts, because what is not given is not 0.
    const char *profile;
    const char *input, *cached, *output, *reasoning, *requests;
    const char *record;
    // From records.
    bool usage; // the operands are files of records
    const char *dialect, *group;
    // Of both.
    const char *at, *served, *boundary, *pue;
    bool phases;
    const char *coefficients;
    const char *run_id, *workspace;
    const char *events_path;
    const char *outbox_path;
    bool no_outbox, json, quiet;
    // Of a server's counters.
    struct tokens_live_options live;
    // Of `emit tokens profiles`.
    bool check;
    const char *today;
    const char *config_path; // read by main.c, and again for its `models:`
};

// What was asked for, checked.
struct tokens_plan {
    char run_id[EMIT_RUN_ID_MAX];
    char workspace_id[EMIT_WORKSPACE_MAX];
    char notice[EMIT_NAMING_NOTICE_MAX]; // something the user should know; "" for nothing
    enum emit_inference served;
    enum emit_boundary boundary;
    enum emit_dialect dialect; // COUNT: from the fields of each record
    bool by_request;           // one event per request, not per profile
    bool phases;
    bool has_at;
    int64_t at_ns;
    const struct emit_coefficient_table *table; // borrowed
    const char *coefficients;                   // the table's folder; NULL: it is compiled in
    const struct emit_profile *profile;         // of --profile; NULL: by the name of the model
    const char *events_path;                    // "-": standard output; NULL: no copy
};

extern const struct emit_command emit_command_tokens;

// now_ns: UTC. EMIT_INVALID: a value that cannot be meant; the sentence names the option.
EMIT_MUST_CHECK enum emit_status tokens_plan_make(struct tokens_plan *plan,
                                                  const struct tokens_options *options,
                                                  const struct emit_coefficient_table *table,
                                                  int64_t now_ns, struct emit_error *err);

// Whether the options give any count.
bool tokens_counts_given(const struct tokens_options *options);

// The ways. Each returns the exit status of the command.
int tokens_from_counts(const struct tokens_options *options, const struct tokens_plan *plan);
int tokens_from_records(const struct tokens_options *options, const struct tokens_plan *plan,
                        int file_count, char **files);

#endif
