// The rules by number, read off the rows.
// SPDX-License-Identifier: Apache-2.0
#include "contract/rules.h"

static enum emit_reason format_reason(enum emit_format format) {
    switch (format) {
    case EMIT_FORMAT_TEXT: return EMIT_REASON_EMPTY_TEXT;
    case EMIT_FORMAT_WORD: return EMIT_REASON_UNKNOWN_WORD;
    case EMIT_FORMAT_LABEL: return EMIT_REASON_BAD_LABEL;
    case EMIT_FORMAT_TIMESTAMP: return EMIT_REASON_BAD_TIMESTAMP;
    case EMIT_FORMAT_TIMESTAMP_MS: return EMIT_REASON_FRACTION_DIGITS;
    case EMIT_FORMAT_DATE: return EMIT_REASON_BAD_DATE;
    case EMIT_FORMAT_PROFILE:
    case EMIT_FORMAT_NAME:
    case EMIT_FORMAT_URL:
    case EMIT_FORMAT_CURRENCY:
    case EMIT_FORMAT_HASH:
    case EMIT_FORMAT_COUNT: break;
    }
    return EMIT_REASON_BAD_FORMAT;
}

// The reason of a check of a field, or NONE when its row has no such check.
static enum emit_reason check_reason(const struct emit_field *field, enum emit_check check) {
    bool is_string = field->type == EMIT_VALUE_STRING;
    switch (check) {
    case EMIT_CHECK_TYPE: return EMIT_REASON_WRONG_TYPE;
    case EMIT_CHECK_EMPTY:
        return is_string && !field->format ? EMIT_REASON_EMPTY_TEXT : EMIT_REASON_NONE;
    case EMIT_CHECK_FORMAT:
        return is_string && field->format ? format_reason(field->format) : EMIT_REASON_NONE;
    case EMIT_CHECK_BRAND: return field->brand_free ? EMIT_REASON_BRAND_NAME : EMIT_REASON_NONE;
    case EMIT_CHECK_WHOLE:
        return field->type == EMIT_VALUE_COUNT ? EMIT_REASON_BAD_COUNT : EMIT_REASON_NONE;
    case EMIT_CHECK_LOW: return field->low ? EMIT_REASON_OUT_OF_RANGE : EMIT_REASON_NONE;
    case EMIT_CHECK_HIGH: return field->high ? EMIT_REASON_OUT_OF_RANGE : EMIT_REASON_NONE;
    case EMIT_CHECK_REQUIRED:
        if (field == &emit_fields[EMIT_TAG_PUE_APPLIED]) return EMIT_REASON_PUE_UNDECLARED;
        return field->required ? EMIT_REASON_MISSING_FIELD : EMIT_REASON_NONE;
    case EMIT_CHECK_FORBIDDEN:
        return field->forbidden ? EMIT_REASON_MISPLACED_FIELD : EMIT_REASON_NONE;
    case EMIT_CHECK_STRICT_FORMAT:
        return field->strict_format ? format_reason(field->strict_format) : EMIT_REASON_NONE;
    case EMIT_CHECK_STRICT_SET:
        return field->strict_set ? EMIT_REASON_UNKNOWN_WORD : EMIT_REASON_NONE;
    case EMIT_CHECK_STRICT_REQUIRED:
        return field->strict_required ? EMIT_REASON_MISSING_FIELD : EMIT_REASON_NONE;
    case EMIT_CHECK_STRICT_FORBIDDEN:
        return field->strict_forbidden ? EMIT_REASON_MISPLACED_FIELD : EMIT_REASON_NONE;
    case EMIT_CHECK_COUNT: break;
    }
    return EMIT_REASON_NONE;
}

bool emit_rule_at(unsigned number, struct emit_rule *rule) {
    *rule = (struct emit_rule){.field = EMIT_FIELD_COUNT, .check = EMIT_CHECK_COUNT};
    if (number < EMIT_RULE_BONDS) {
        rule->field = (enum emit_field_id)(number / EMIT_CHECK_COUNT);
        rule->check = (enum emit_check)(number % EMIT_CHECK_COUNT);
        const struct emit_field *field = &emit_fields[rule->field];
        rule->reason = check_reason(field, rule->check);
        rule->level = rule->check >= EMIT_CHECK_STRICT_FORMAT ? EMIT_LEVEL_STRICT : field->level;
        return rule->reason != EMIT_REASON_NONE;
    }
    if (number < EMIT_RULE_WHOLE) {
        const struct emit_bond_row *bond = &emit_bonds[number - EMIT_RULE_BONDS];
        rule->field = bond->field;
        rule->reason = bond->reason;
        rule->level = bond->level;
        rule->is_bond = true;
        return true;
    }
    if (number >= EMIT_RULE_COUNT) return false;
    rule->reason = (enum emit_reason)(number - EMIT_RULE_WHOLE);
    rule->level = rule->reason == EMIT_REASON_UNKNOWN_TAG ? EMIT_LEVEL_STRICT : EMIT_LEVEL_CORE;
    return rule->reason != EMIT_REASON_NONE;
}
