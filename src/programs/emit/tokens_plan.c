// From the options of emit tokens to a plan.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/tokens.h"

#include "base/text.h"
#include "base/time.h"
#include "vocabulary/fields.h"

#include <string.h>

static const int64_t millisecond_ns = 1000000;

static bool is_given(const char *text) {
    return text && *text;
}

// The words were checked as choices.
static void choose_words(struct tokens_plan *plan, const struct tokens_options *options) {
    for (int served = 0; served < EMIT_INFERENCE_COUNT; served++)
        if (strcmp(options->served, emit_inference_word((enum emit_inference)served)) == 0)
            plan->served = (enum emit_inference)served;
    plan->boundary = (enum emit_boundary)emit_set_find(EMIT_SET_BOUNDARY, options->boundary);
    plan->by_request = strcmp(options->group, "request") == 0;
    plan->phases = options->phases;
}

static enum emit_status refuse_pue(const struct tokens_options *options, struct emit_error *err) {
    if (!options->pue) return EMIT_OK;
    return emit_fail(
        err, EMIT_INVALID,
        "--pue: a site's PUE is never multiplied with modeled tokens%s; it belongs to the "
        "facility's own windows: emit campus facility-energy",
        strcmp(options->boundary, "facility") == 0 ? ", and --boundary facility has overhead in it"
                                                   : "");
}

// What an event's time shows of a moment, and no finer: record_refs are made of it.
static int64_t as_shown(int64_t wall_ns) {
    return emit_time_milliseconds(wall_ns) * millisecond_ns;
}

// "2026-11-25T21:00:00Z", with up to nine digits of a second.
static enum emit_status read_time(struct tokens_plan *plan, const char *text, int64_t now_ns,
                                  struct emit_error *err) {
    size_t length = strlen(text);
    int64_t at_ns;
    plan->has_at =
        length > 0 && text[length - 1] == 'Z' && emit_time_read_rfc3339(text, length, &at_ns);
    // A year beyond the calendar's reach here, such as 2999, is a time, and as far from the past.
    if (!plan->has_at)
        return emit_fail(err, EMIT_INVALID,
                         "--at wants a time of the past, in UTC such as 2026-06-13T16:00:00Z, and "
                         "not '%.40s'",
                         text);
    if (emit_time_is_ahead(at_ns, now_ns))
        return emit_fail(err, EMIT_INVALID,
                         "--at %.40s is more than 5 minutes ahead of the clock: tokens are told "
                         "after they were used",
                         text);
    if (emit_time_is_unset(at_ns))
        return emit_fail(err, EMIT_INVALID, "--at %.40s is before the year 2000", text);
    plan->at_ns = as_shown(at_ns);
    return EMIT_OK;
}

static enum emit_status choose_time(struct tokens_plan *plan, const struct tokens_options *options,
                                    int64_t now_ns, struct emit_error *err) {
    if (options->at) return read_time(plan, options->at, now_ns, err);
    plan->at_ns = as_shown(now_ns);
    return EMIT_OK;
}

static enum emit_status choose_profile(struct tokens_plan *plan,
                                       const struct tokens_options *options,
                                       struct emit_error *err) {
    if (!options->profile) return EMIT_OK;
    plan->profile = emit_profile_find(plan->table, options->profile);
    if (plan->profile) return EMIT_OK;
    return emit_profile_absent(plan->table, options->profile, err);
}

static enum emit_status refuse_dialect(const char *word, struct emit_error *err) {
    char list[160];
    struct emit_text text;
    emit_text_init(&text, list, sizeof list);
    for (int dialect = 0; dialect < EMIT_DIALECT_COUNT; dialect++)
        emit_text_add_format(&text, "%s%s", dialect ? ", " : "",
                             emit_dialect_word((enum emit_dialect)dialect));
    return emit_fail(err, EMIT_INVALID, "--dialect: there is no '%.30s', but %s", word, list);
}

enum emit_status tokens_plan_make(struct tokens_plan *plan, const struct tokens_options *options,
                                  const struct emit_coefficient_table *table, int64_t now_ns,
                                  struct emit_error *err) {
    *plan = (struct tokens_plan){
        .table = table, .coefficients = options->coefficients, .dialect = EMIT_DIALECT_COUNT};
    enum emit_status status = refuse_pue(options, err);
    if (status != EMIT_OK) return status;
    if (!is_given(options->run_id))
        return emit_fail(err, EMIT_INVALID,
                         "name the run that used the tokens: --run-id ID, or EMIT_RUN_ID");
    choose_words(plan, options);
    if (is_given(options->dialect)) plan->dialect = emit_dialect_find(options->dialect);
    if (is_given(options->dialect) && plan->dialect == EMIT_DIALECT_COUNT)
        return refuse_dialect(options->dialect, err);
    status = emit_naming_run(plan->run_id, options->run_id, err);
    if (status == EMIT_OK)
        status = emit_naming_workspace(plan->workspace_id, plan->notice, options->workspace, err);
    if (status == EMIT_OK) status = choose_time(plan, options, now_ns, err);
    if (status == EMIT_OK) status = choose_profile(plan, options, err);
    return status;
}
