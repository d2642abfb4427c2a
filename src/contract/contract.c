// The wall: scan, then judge. A line as programs write it goes the short way; every
// other text, and every one with a fault, goes through the strict scanner.
// SPDX-License-Identifier: Apache-2.0
#include "contract/judge.h"

#include "contract/within.h"

_Static_assert((int)EMIT_CONTRACT_CORE == (int)EMIT_LEVEL_CORE &&
                   (int)EMIT_CONTRACT_STRICT == (int)EMIT_LEVEL_STRICT,
               "the level of a row is the level of its finding");

// In a function of its own: only what needs it pays for 64 KiB of stack.
__attribute__((noinline)) static void check_any(struct emit_judge *judge,
                                                struct emit_members *members, const char *bytes,
                                                size_t length) {
    char scratch[EMIT_EVENT_MAX];
    emit_members_scan(members, bytes, length, scratch);
    if (members->fault)
        emit_judge_find_whole(judge, members->fault, NULL);
    else
        emit_judge_members(judge);
}

static void begin(struct emit_judge *judge, struct emit_verdict *verdict) {
    verdict->core_count = verdict->strict_count = verdict->kept = 0;
    judge->verdict = verdict;
    judge->without = EMIT_RULE_COUNT;
    judge->level = EMIT_LEVEL_STRICT;
    judge->members = NULL;
    judge->kind = EMIT_KIND_UNKNOWN;
}

static enum emit_status check(struct emit_judge *judge, const char *bytes, size_t length,
                              const char *readable) {
    struct emit_members members;
    if (length > EMIT_EVENT_MAX) {
        emit_judge_find_whole(judge, EMIT_REASON_EVENT_TOO_LARGE, NULL);
    } else {
        judge->members = &members;
        if (emit_members_scan_line(&members, bytes, length, readable))
            emit_judge_members(judge);
        else
            check_any(judge, &members, bytes, length);
    }
    return judge->verdict->core_count + judge->verdict->strict_count ? EMIT_REFUSED : EMIT_OK;
}

enum emit_status emit_contract_check(const char *bytes, size_t length,
                                     struct emit_verdict *verdict) {
    struct emit_judge judge;
    begin(&judge, verdict);
    return check(&judge, bytes, length, bytes + length);
}

enum emit_status emit_contract_check_within(const char *bytes, size_t length, const char *readable,
                                            enum emit_contract_level level,
                                            struct emit_verdict *verdict) {
    struct emit_judge judge;
    begin(&judge, verdict);
    judge.level = level == EMIT_CONTRACT_CORE ? EMIT_LEVEL_CORE : EMIT_LEVEL_STRICT;
    return check(&judge, bytes, length, readable);
}

enum emit_status emit_contract_check_without(unsigned number, const char *bytes, size_t length,
                                             struct emit_verdict *verdict) {
    struct emit_judge judge;
    begin(&judge, verdict);
    judge.without = number;
    return check(&judge, bytes, length, bytes + length);
}

enum emit_status emit_contract_check_slowly(const char *bytes, size_t length,
                                            struct emit_verdict *verdict) {
    struct emit_judge judge;
    struct emit_members members;
    begin(&judge, verdict);
    if (length > EMIT_EVENT_MAX) return check(&judge, bytes, length, bytes + length);
    judge.members = &members;
    check_any(&judge, &members, bytes, length);
    return verdict->core_count + verdict->strict_count ? EMIT_REFUSED : EMIT_OK;
}
