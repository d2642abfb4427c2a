// Between the judge, who knows the rules, and the words of a finding.
// SPDX-License-Identifier: Apache-2.0
#ifndef CONTRACT_JUDGE_H
#define CONTRACT_JUDGE_H

#include "contract/members.h"
#include "contract/rules.h"
#include "contract/values.h"

struct emit_judge {
    const struct emit_members *members;
    struct emit_verdict *verdict;
    unsigned without;      // the number of the rule that is taken out, or EMIT_RULE_COUNT
    enum emit_level level; // CORE leaves out what strict adds
    uint32_t kind;         // of enum emit_kind, or EMIT_KIND_UNKNOWN
    emit_field_set good;   // fields of the right type
    // By set: of the word of the field that has the set, 1 + its number there; 0: none found.
    uint8_t word[EMIT_SET_COUNT];
    emit_field_set read; // fields whose entry below is filled
    struct emit_moment moment[EMIT_FIELD_COUNT];
    int64_t day[EMIT_FIELD_COUNT];
};

// Adds the finding of a broken rule to the verdict, unless the rule is taken out.
void emit_judge_find(struct emit_judge *judge, uint32_t field, enum emit_check check);
void emit_judge_find_bond(struct emit_judge *judge, enum emit_bond bond);
// Of the event as a whole; name may be NULL, else it is a name the table has not.
void emit_judge_find_whole(struct emit_judge *judge, enum emit_reason reason,
                           const struct emit_unknown *name);

// Judges the members; the verdict has been emptied.
void emit_judge_members(struct emit_judge *judge);

#endif
