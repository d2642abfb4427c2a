// The identity of an event: SHA-256 over its canonical form (RFC 8785), which is
// never written down as a whole but fed to the hash piece by piece. Members are
// sorted by the UTF-16 code units of their keys, numbers are written as
// ECMAScript does, strings with no more escapes than they need.
// SPDX-License-Identifier: Apache-2.0
#include "base/digest.h"
#include "base/json.h"
#include "base/number.h"
#include "contract/canonical.h"

#include <stdint.h>
#include <sha2.h>
#include <string.h>

// Events nest once and have some thirty members. What an invalid event may have beyond
// that is bounded, and with it the stack.
enum {
    MEMBERS_MAX = 2 * EMIT_JSON_MEMBERS_MAX, // of all objects on the way to where we are
    DEPTH_MAX = 8,
};

struct member {
    struct emit_json_slice key;
    struct emit_json_slice value; // its text
};

struct digest {
    SHA2_CTX hash;
    int depth;
    size_t member_count;
    struct member members[MEMBERS_MAX];
    char scratch[EMIT_EVENT_MAX]; // a string without its escapes
};

static void add(struct digest *digest, const char *bytes, size_t length) {
    SHA256Update(&digest->hash, (const uint8_t *)bytes, length);
}

// --- Scalars ---

static void add_escaped(struct digest *digest, unsigned char c) {
    static const char letters[0x20] = {
        ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};
    static const char digits[] = "0123456789abcdef";
    if (c == '"' || c == '\\') {
        add(digest, (const char[]){'\\', (char)c}, 2);
    } else if (letters[c]) {
        add(digest, (const char[]){'\\', letters[c]}, 2);
    } else {
        add(digest, (const char[]){'\\', 'u', '0', '0', digits[c >> 4], digits[c & 15]}, 6);
    }
}

static void add_string(struct digest *digest, const struct emit_json_slice *string) {
    const char *at = string->at, *end = at + string->length;
    if (string->escaped) {
        at = digest->scratch;
        end = at + emit_json_decode_bytes(string, digest->scratch);
    }
    add(digest, "\"", 1);
    for (const char *from = at; from < end; from = at) {
        while (at < end && (unsigned char)*at >= 0x20 && *at != '"' && *at != '\\')
            at++;
        add(digest, from, (size_t)(at - from));
        if (at < end) add_escaped(digest, (unsigned char)*at++);
    }
    add(digest, "\"", 1);
}

// --- Order of keys ---

static uint32_t first_unit(uint32_t character) {
    return character < 0x10000 ? character : 0xd7c0 + (character >> 10);
}

static bool is_before(const struct emit_json_slice *a, const struct emit_json_slice *b) {
    const char *at = a->at, *end = at + a->length;
    const char *other = b->at, *other_end = other + b->length;
    while (at < end && other < other_end) {
        uint32_t mine = emit_json_next_character(&at, end);
        uint32_t its = emit_json_next_character(&other, other_end);
        if (mine == its) continue;
        // Characters of two units sort among the surrogates, below U+E000 to U+FFFF.
        if (first_unit(mine) != first_unit(its)) return first_unit(mine) < first_unit(its);
        return mine < its;
    }
    return at == end && other < other_end;
}

static void insert_sorted(struct member *members, size_t count, struct member member) {
    while (count > 0 && is_before(&member.key, &members[count - 1].key)) {
        members[count] = members[count - 1];
        count--;
    }
    members[count] = member;
}

// --- Values ---

static bool add_value(struct digest *digest, const struct emit_json_slice *text);

// The text of the value that stands next, which is skipped.
static bool take_text(struct emit_json *json, struct emit_json_slice *text) {
    if (emit_json_peek(json) == EMIT_JSON_NONE) return false;
    const char *from = json->at;
    if (!emit_json_skip(json)) return false;
    *text = (struct emit_json_slice){from, (size_t)(json->at - from), false};
    return true;
}

static bool add_object(struct digest *digest, struct emit_json *json) {
    size_t base = digest->member_count;
    struct member member;
    if (!emit_json_enter_object(json)) return false;
    while (emit_json_next_member(json, &member.key)) {
        if (!take_text(json, &member.value) || digest->member_count >= MEMBERS_MAX) return false;
        insert_sorted(&digest->members[base], digest->member_count - base, member);
        digest->member_count++;
    }
    if (json->fault) return false;
    size_t end = digest->member_count;
    add(digest, "{", 1);
    for (size_t i = base; i < end; i++) {
        if (i > base) add(digest, ",", 1);
        add_string(digest, &digest->members[i].key);
        add(digest, ":", 1);
        if (!add_value(digest, &digest->members[i].value)) return false;
    }
    add(digest, "}", 1);
    digest->member_count = base;
    return true;
}

static bool add_array(struct digest *digest, struct emit_json *json) {
    struct emit_json_slice element;
    bool first = true;
    if (!emit_json_enter_array(json)) return false;
    add(digest, "[", 1);
    while (emit_json_next_element(json)) {
        if (!first) add(digest, ",", 1);
        first = false;
        if (!take_text(json, &element) || !add_value(digest, &element)) return false;
    }
    add(digest, "]", 1);
    return !json->fault;
}

static bool add_number(struct digest *digest, struct emit_json *json) {
    double value;
    char text[EMIT_NUMBER_TEXT_MAX];
    if (!emit_json_take_double(json, &value)) return false;
    add(digest, text, emit_number_write(text, value));
    return true;
}

static bool add_container(struct digest *digest, struct emit_json *json, bool is_object) {
    if (digest->depth >= DEPTH_MAX) return false;
    digest->depth++;
    bool good = is_object ? add_object(digest, json) : add_array(digest, json);
    digest->depth--;
    return good;
}

static bool add_value(struct digest *digest, const struct emit_json_slice *text) {
    struct emit_json json;
    struct emit_json_slice string;
    emit_json_init(&json, text->at, text->length);
    switch (emit_json_peek(&json)) {
    case EMIT_JSON_OBJECT: return add_container(digest, &json, true);
    case EMIT_JSON_ARRAY: return add_container(digest, &json, false);
    case EMIT_JSON_NUMBER: return add_number(digest, &json);
    case EMIT_JSON_STRING:
        if (!emit_json_take_string(&json, &string)) return false;
        add_string(digest, &string);
        return true;
    case EMIT_JSON_TRUE:
    case EMIT_JSON_FALSE:
    case EMIT_JSON_NULL: add(digest, text->at, text->length); return true;
    case EMIT_JSON_NONE: break;
    }
    return false;
}

enum emit_status emit_contract_identity(const char *bytes, size_t length,
                                        char identity[EMIT_IDENTITY_TEXT], struct emit_error *err) {
    if (length > EMIT_EVENT_MAX)
        return emit_fail(err, EMIT_MALFORMED, "the event is longer than %d bytes", EMIT_EVENT_MAX);
    struct emit_json json;
    emit_json_init(&json, bytes, length);
    bool is_object = emit_json_peek(&json) == EMIT_JSON_OBJECT;
    if (!emit_json_skip(&json) || !emit_json_at_end(&json))
        return emit_fail(err, EMIT_MALFORMED,
                         "the event must be strict JSON, but at byte %zu there is %s",
                         (size_t)(json.fault_at - bytes) + 1, json.fault);
    if (!is_object) return emit_fail(err, EMIT_MALFORMED, "the event must be a JSON object");
    struct digest digest;
    const struct emit_json_slice whole = {bytes, length, false};
    SHA256Init(&digest.hash);
    digest.depth = 0;
    digest.member_count = 0;
    if (!add_value(&digest, &whole))
        return emit_fail(err, EMIT_MALFORMED,
                         "the event nests deeper than %d or has more than %d members", DEPTH_MAX,
                         MEMBERS_MAX);
    SHA256End(&digest.hash, identity);
    return EMIT_OK;
}

void emit_contract_identity_of_canonical(const char *line, size_t length,
                                         char identity[EMIT_IDENTITY_TEXT]) {
    unsigned char digest[EMIT_DIGEST];
    emit_digest_of(line, length, digest);
    emit_digest_write(digest, identity);
}
