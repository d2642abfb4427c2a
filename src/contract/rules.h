// Every rule of the contract by number, so that a test can take each one out in
// turn and see that a verdict changes. Not part of the normal path: the wall
// itself knows a rule only when it is broken.
//
// The numbers have holes (a field has only some of the checks) and are not
// stable between versions; reasons are.
// SPDX-License-Identifier: Apache-2.0
#ifndef CONTRACT_RULES_H
#define CONTRACT_RULES_H

#include "emit/contract.h"
#include "vocabulary/fields.h"

// What can be wrong with one field: a column, or a few, of its row.
enum emit_check {
    EMIT_CHECK_TYPE,   // wrong-type
    EMIT_CHECK_EMPTY,  // empty-text
    EMIT_CHECK_FORMAT, // unknown-word, bad-label, bad-timestamp, bad-date, bad-format
    EMIT_CHECK_BRAND,  // brand-name
    EMIT_CHECK_WHOLE,  // bad-count
    EMIT_CHECK_LOW,    // out-of-range
    EMIT_CHECK_HIGH,   // out-of-range
    EMIT_CHECK_REQUIRED,
    EMIT_CHECK_FORBIDDEN,
    EMIT_CHECK_STRICT_FORMAT, // fraction-digits, bad-format, bad-label
    EMIT_CHECK_STRICT_SET,    // unknown-word
    EMIT_CHECK_STRICT_REQUIRED,
    EMIT_CHECK_STRICT_FORBIDDEN,
    EMIT_CHECK_COUNT,
};

enum {
    EMIT_RULE_FIELDS = 0,                                      // + field * CHECK_COUNT + check
    EMIT_RULE_BONDS = EMIT_FIELD_COUNT * EMIT_CHECK_COUNT,     // + bond
    EMIT_RULE_WHOLE = EMIT_RULE_BONDS + EMIT_BOND_COUNT,       // + reason: of the event as a whole
    EMIT_RULE_COUNT = EMIT_RULE_WHOLE + EMIT_REASON_NOT_WHOLE, // the number of no rule
};

struct emit_rule {
    enum emit_level level;
    enum emit_reason reason;
    enum emit_field_id field; // EMIT_FIELD_COUNT: of the event as a whole
    enum emit_check check;    // when it is a rule of one field's row
    bool is_bond;
};

// False for a hole in the numbers.
bool emit_rule_at(unsigned number, struct emit_rule *rule);

// The wall without one rule; EMIT_RULE_COUNT takes none out.
enum emit_status emit_contract_check_without(unsigned number, const char *bytes, size_t length,
                                             struct emit_verdict *verdict);

// The wall without its short way for lines as programs write them: the verdict is the same.
enum emit_status emit_contract_check_slowly(const char *bytes, size_t length,
                                            struct emit_verdict *verdict);

#endif
