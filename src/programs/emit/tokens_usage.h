// emit tokens from usage records: what its two groupings share.
// SPDX-License-Identifier: Apache-2.0
#ifndef PROGRAMS_EMIT_TOKENS_USAGE_H
#define PROGRAMS_EMIT_TOKENS_USAGE_H

#include "host/settings.h"
#include "imports/usage_log.h"
#include "programs/emit/tokens_post.h"

// One emit tokens from records.
struct tokens_usage {
    const struct tokens_options *options;
    const struct tokens_plan *plan;
    struct emit_settings config;
    struct emit_model_map *models;
    struct tokens_account account;
    struct emit_usage_log log;
    struct tokens_post *post;
};

// Posts an event for each profile, or several where its models did not come together.
EMIT_MUST_CHECK enum emit_status tokens_usage_post_shares(struct tokens_usage *usage,
                                                          struct emit_error *err);

#endif
