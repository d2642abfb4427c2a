// Two events of one meter, compared member by member. Both are canonical: their keys stand in
// the same order.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/campus_conflict.h"

#include "base/json.h"
#include "base/text.h"

#include <string.h>

enum {
    MEMBERS_MAX = 64, // of an event, tags among them; an event of ours has fewer
    NAMED_MAX = 3,    // members named in a sentence
    SAID_MAX = 200,
};

struct member {
    struct emit_json_slice key;
    const char *value; // as it stands
    size_t length;
};

struct members {
    struct member list[MEMBERS_MAX];
    size_t count;
};

static void take_members(struct members *members, struct emit_json *json) {
    struct emit_json_slice key;
    if (emit_json_peek(json) != EMIT_JSON_OBJECT) return;
    (void)emit_json_enter_object(json);
    while (emit_json_next_member(json, &key)) {
        if (emit_json_slice_is(&key, "tags")) {
            take_members(members, json);
            continue;
        }
        (void)emit_json_peek(json);
        const char *value = json->at;
        if (!emit_json_skip(json) || members->count == MEMBERS_MAX) return;
        members->list[members->count++] = (struct member){key, value, (size_t)(json->at - value)};
    }
}

static void read_members(struct members *members, const char *line, size_t length) {
    struct emit_json json;
    members->count = 0;
    emit_json_init(&json, line, length);
    take_members(members, &json);
}

static const struct member *find_member(const struct members *members, const char *name,
                                        size_t length) {
    for (size_t i = 0; i < members->count; i++)
        if (members->list[i].key.length == length &&
            memcmp(members->list[i].key.at, name, length) == 0)
            return &members->list[i];
    return NULL;
}

// Names the members of left that right has not, or has otherwise. New ones only: those that
// right has, too, were named before.
static void add_differences(struct emit_text *text, size_t *count, const struct members *left,
                            const struct members *right, bool new_only) {
    for (size_t i = 0; i < left->count; i++) {
        const struct member *own = &left->list[i];
        const struct member *other = find_member(right, own->key.at, own->key.length);
        bool is_same = other && other->length == own->length &&
                       memcmp(other->value, own->value, own->length) == 0;
        if (is_same || (new_only && other)) continue;
        if (++*count > NAMED_MAX) continue;
        emit_text_add_format(text, "%s%.*s", *count == 1 ? "" : ", ", (int)own->key.length,
                             own->key.at);
    }
}

// A time without its quotes.
static void add_time(struct emit_text *text, const char *before, const struct member *member) {
    emit_text_add(text, before);
    if (member->length > 2) emit_text_add_bytes(text, member->value + 1, member->length - 2);
}

// What is asked of the store.
struct question {
    const struct emit_intake_answer *answer;
    struct emit_facility_refusal *why;
    bool is_answered;
};

static bool compare(void *owner, const struct emit_entry *entry) {
    struct question *question = owner;
    struct members ours, theirs;
    char said[SAID_MAX] = "";
    struct emit_text text;
    size_t count = 0;
    read_members(&ours, question->answer->line, question->answer->length);
    read_members(&theirs, entry->body, entry->length);
    const struct member *from = find_member(&theirs, "valid_from", strlen("valid_from"));
    const struct member *to = find_member(&theirs, "valid_to", strlen("valid_to"));
    const struct member *our_from = find_member(&ours, "valid_from", strlen("valid_from"));
    const struct member *our_to = find_member(&ours, "valid_to", strlen("valid_to"));
    if (!from || !to || !our_from || !our_to) return false;
    question->is_answered = true;
    bool is_same_window = from->length == our_from->length && to->length == our_to->length &&
                          memcmp(from->value, our_from->value, from->length) == 0 &&
                          memcmp(to->value, our_to->value, to->length) == 0;
    emit_text_init(&text, said, sizeof said);
    if (is_same_window) {
        add_differences(&text, &count, &ours, &theirs, false);
        add_differences(&text, &count, &theirs, &ours, true);
        if (count > NAMED_MAX) emit_text_add_format(&text, " and %zu more", count - NAMED_MAX);
        (void)emit_facility_refuse(question->why, EMIT_FACILITY_ALREADY_STORED, "from",
                                   "the store (workspace %s) has this window of the meter with "
                                   "another %s; nothing was replaced",
                                   entry->workspace_id, said);
        return false;
    }
    add_time(&text, "", from);
    add_time(&text, " to ", to);
    (void)emit_facility_refuse(question->why, EMIT_FACILITY_ALREADY_STORED, "from",
                               "overlaps %s of the same meter, which the store (workspace %s) has; "
                               "nothing was replaced",
                               said, entry->workspace_id);
    return false;
}

void campus_conflict_explain(struct emit_facility_refusal *why, struct emit_outbox *outbox,
                             const struct emit_intake_answer *answer) {
    struct question question = {.answer = answer, .why = why};
    const struct emit_outbox_query query = {
        .kind = EMIT_ENTRY_EVENT, .span = answer->span, .limit = 1};
    struct emit_error err;
    if (answer->span &&
        emit_outbox_visit(outbox, &query, compare, &question, NULL, &err) == EMIT_OK &&
        question.is_answered)
        return;
    (void)emit_facility_refuse(why, EMIT_FACILITY_ALREADY_STORED, "from",
                               "the store has an event of the same meter for some of the window; "
                               "nothing was replaced");
}
