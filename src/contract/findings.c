// The words of a finding: one sentence with the field and what was expected,
// made from the rows. Nothing of the event is repeated but the names of unknown
// members, and of those only printable ASCII.
// SPDX-License-Identifier: Apache-2.0
#include "contract/judge.h"

#include "base/number.h"
#include "base/text.h"

static bool is_out(const struct emit_judge *judge, unsigned number) {
    return judge->without == number;
}

// Counts a finding; the entry to fill, or NULL when it is not asked for or no more are kept.
static struct emit_finding *add(struct emit_judge *judge, enum emit_level level,
                                enum emit_reason reason) {
    struct emit_verdict *verdict = judge->verdict;
    if (level > judge->level) return NULL;
    if (level == EMIT_LEVEL_CORE)
        verdict->core_count++;
    else
        verdict->strict_count++;
    if (verdict->kept >= EMIT_FINDINGS_MAX) return NULL;
    struct emit_finding *finding = &verdict->findings[verdict->kept++];
    finding->level = level == EMIT_LEVEL_CORE ? EMIT_CONTRACT_CORE : EMIT_CONTRACT_STRICT;
    finding->reason = emit_reason_word(reason);
    return finding;
}

// The message begins with the field's path, which is the finding's field too.
static void begin(struct emit_finding *finding, enum emit_place place, const char *name,
                  size_t length, struct emit_text *message) {
    const size_t most = sizeof finding->field - sizeof "tags.";
    emit_text_init(message, finding->message, sizeof finding->message);
    if (place == EMIT_PLACE_TAG) emit_text_add_bytes(message, "tags.", 5);
    emit_text_add_bytes(message, name, length < most ? length : most);
    memcpy(finding->field, message->at, message->length + 1);
}

static void begin_field(struct emit_finding *finding, uint32_t field, struct emit_text *message) {
    const struct emit_lookup_text *name = &emit_lookup.fields[field];
    begin(finding, emit_fields[field].place, name->bytes, name->length, message);
}

static void begin_unknown(struct emit_finding *finding, const struct emit_unknown *unknown,
                          struct emit_text *message) {
    char shown[sizeof finding->field];
    size_t length = unknown->length < sizeof shown ? unknown->length : sizeof shown;
    for (size_t i = 0; i < length; i++) {
        char c = unknown->name[i];
        shown[i] = c < ' ' || c > '~' ? '?' : c;
    }
    begin(finding, unknown->place, shown, length, message);
}

static void add_set(struct emit_text *message, enum emit_set set) {
    emit_text_add(message, " must be ");
    emit_text_add(message, emit_lookup.set_words[set]);
}

static void add_form(struct emit_text *message, enum emit_format format) {
    emit_text_add(message, " must be ");
    emit_text_add(message, emit_format_expected(format));
}

static void add_limit(struct emit_text *message, enum emit_limit limit, double value) {
    static const char *const words[] = {"", " must be at least ", " must be above ",
                                        " must be at most ", " must be below "};
    char number[EMIT_NUMBER_TEXT_MAX]; // written without the host program's locale
    emit_text_add(message, words[limit]);
    emit_text_add_bytes(message, number, emit_number_write(number, value));
}

static const char *type_words(enum emit_value_type type) {
    switch (type) {
    case EMIT_VALUE_STRING: return " must be a string";
    case EMIT_VALUE_NUMBER:
    case EMIT_VALUE_COUNT: return " must be a number";
    case EMIT_VALUE_BOOLEAN: return " must be true or false";
    case EMIT_VALUE_TAGS: break;
    }
    return " must be an object";
}

// " in an event of ipmi that names a run": which kind the judge found.
static void add_kind(struct emit_text *message, uint32_t kind) {
    if (kind == EMIT_KIND_UNKNOWN) {
        emit_text_add(message, " in every event");
        return;
    }
    emit_text_add(message, " in an event of ");
    emit_text_add(message, emit_source_word(emit_kinds[kind].source));
    emit_text_add(message,
                  emit_kinds[kind].grain == EMIT_GRAIN_RUN ? " about a run" : " about a facility");
}

static void add_check(struct emit_text *message, const struct emit_judge *judge,
                      const struct emit_field *row, enum emit_check check) {
    switch (check) {
    case EMIT_CHECK_TYPE: emit_text_add(message, type_words(row->type)); break;
    case EMIT_CHECK_EMPTY: emit_text_add(message, " must not be empty"); break;
    case EMIT_CHECK_FORMAT:
        if (row->format == EMIT_FORMAT_WORD)
            add_set(message, row->set);
        else
            add_form(message, row->format);
        break;
    case EMIT_CHECK_STRICT_FORMAT: add_form(message, row->strict_format); break;
    case EMIT_CHECK_STRICT_SET: add_set(message, row->strict_set); break;
    case EMIT_CHECK_BRAND: emit_text_add(message, " must not name a provider"); break;
    case EMIT_CHECK_WHOLE:
        emit_text_add(message, " must be a whole number from 0 to 9007199254740992");
        break;
    case EMIT_CHECK_LOW: add_limit(message, row->low, row->low_value); break;
    case EMIT_CHECK_HIGH: add_limit(message, row->high, row->high_value); break;
    case EMIT_CHECK_REQUIRED:
    case EMIT_CHECK_STRICT_REQUIRED:
        emit_text_add(message, " is missing: it must stand");
        add_kind(message, judge->kind);
        break;
    case EMIT_CHECK_FORBIDDEN:
    case EMIT_CHECK_STRICT_FORBIDDEN:
        emit_text_add(message, " must not stand");
        add_kind(message, judge->kind);
        break;
    case EMIT_CHECK_COUNT: break;
    }
}

void emit_judge_find(struct emit_judge *judge, uint32_t field, enum emit_check check) {
    if (check >= EMIT_CHECK_STRICT_FORMAT && judge->level == EMIT_LEVEL_CORE) return;
    unsigned number = EMIT_RULE_FIELDS + field * EMIT_CHECK_COUNT + check;
    struct emit_rule rule;
    if (is_out(judge, number) || !emit_rule_at(number, &rule)) return;
    struct emit_finding *finding = add(judge, rule.level, rule.reason);
    if (!finding) return;
    struct emit_text message;
    begin_field(finding, field, &message);
    add_check(&message, judge, &emit_fields[field], check);
}

void emit_judge_find_bond(struct emit_judge *judge, enum emit_bond bond) {
    if (is_out(judge, EMIT_RULE_BONDS + bond)) return;
    const struct emit_bond_row *row = &emit_bonds[bond];
    struct emit_finding *finding = add(judge, row->level, row->reason);
    if (!finding) return;
    struct emit_text message;
    begin_field(finding, row->field, &message);
    emit_text_add(&message, " ");
    emit_text_add(&message, row->expected);
}

static const char *unknown_words(enum emit_reason reason) {
    switch ((int)reason) {
    case EMIT_REASON_UNKNOWN_FIELD: return " is no field of the closed top level";
    case EMIT_REASON_UNKNOWN_TAG: return " is no tag of the vocabulary";
    case EMIT_REASON_FORBIDDEN_NAME:
        return " must not stand: carbon, cost, billing, margin and attribution are not the "
               "emitter's";
    default: return " must be a string, a number, true or false";
    }
}

void emit_judge_find_whole(struct emit_judge *judge, enum emit_reason reason,
                           const struct emit_unknown *name) {
    struct emit_rule rule;
    unsigned number = EMIT_RULE_WHOLE + reason;
    if (is_out(judge, number) || !emit_rule_at(number, &rule)) return;
    struct emit_finding *finding = add(judge, rule.level, reason);
    if (!finding) return;
    struct emit_text message;
    if (name) {
        begin_unknown(finding, name, &message);
        emit_text_add(&message, unknown_words(reason));
        return;
    }
    begin(finding, EMIT_PLACE_TOP, "", 0, &message);
    const struct emit_members *members = judge->members;
    if (members && members->fault_text)
        emit_text_add_format(
            &message, "the event must be one strict JSON object, but at byte %zu there is %s",
            members->fault_at + 1, members->fault_text);
    else if (reason == EMIT_REASON_NOT_AN_OBJECT)
        emit_text_add(&message, "the event must be a JSON object");
    else
        emit_text_add_format(&message, "the event must not be longer than %d bytes",
                             EMIT_EVENT_MAX);
}
