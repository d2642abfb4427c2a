// The wall against itself: every way to the verdict leads to the same one.
// SPDX-License-Identifier: Apache-2.0
#include "property.h"

#include "base/json.h"
#include "contract/rules.h"
#include "contract/within.h"

#include <stdlib.h>
#include <string.h>

static bool same(const struct emit_verdict *a, const struct emit_verdict *b) {
    if (a->core_count != b->core_count || a->strict_count != b->strict_count || a->kept != b->kept)
        return false;
    for (size_t i = 0; i < a->kept; i++)
        if (strcmp(a->findings[i].message, b->findings[i].message) != 0) return false;
    return true;
}

// Writes the members of the object from last to first, those of the tags too. False when
// the text is no object that could be turned round.
static bool turn_round(struct emit_json *json, char *out, size_t *used, int depth) {
    struct span {
        const char *from, *to;
        bool is_tags;
    } members[EMIT_JSON_MEMBERS_MAX];
    size_t count = 0;
    struct emit_json_slice key;
    if (!emit_json_enter_object(json)) return false;
    while (emit_json_next_member(json, &key)) {
        bool tags = depth == 0 && emit_json_slice_is(&key, "tags") &&
                    emit_json_peek(json) == EMIT_JSON_OBJECT;
        const char *value = json->at;
        if (!emit_json_skip(json) || count >= EMIT_JSON_MEMBERS_MAX) return false;
        members[count++] = (struct span){tags ? value : key.at - 1, json->at, tags};
    }
    out[(*used)++] = '{';
    for (size_t i = count; i-- > 0;) {
        size_t length = (size_t)(members[i].to - members[i].from);
        if (i + 1 < count) out[(*used)++] = ',';
        if (members[i].is_tags) {
            memcpy(out + *used, "\"tags\":", 7);
            *used += 7;
            struct emit_json inner;
            emit_json_init(&inner, members[i].from, length);
            if (!turn_round(&inner, out, used, 1)) return false;
        } else {
            memcpy(out + *used, members[i].from, length);
            *used += length;
        }
    }
    out[(*used)++] = '}';
    return !json->fault;
}

static const char *check_order(const char *exact, size_t size, const struct emit_verdict *verdict) {
    static struct emit_verdict turned;
    struct emit_json json;
    emit_json_init(&json, exact, size);
    if (emit_json_peek(&json) != EMIT_JSON_OBJECT) return NULL;
    char *out = malloc(size + 16);
    size_t used = 0;
    const char *wrong = NULL;
    if (out && turn_round(&json, out, &used, 0) && emit_json_at_end(&json)) {
        char first[EMIT_IDENTITY_TEXT], second[EMIT_IDENTITY_TEXT];
        emit_contract_check(out, used, &turned);
        if (used <= EMIT_EVENT_MAX && (turned.core_count != verdict->core_count ||
                                       turned.strict_count != verdict->strict_count))
            wrong = "the order of the members changes the verdict";
        if (emit_contract_identity(exact, size, first, NULL) == EMIT_OK &&
            (emit_contract_identity(out, used, second, NULL) != EMIT_OK ||
             strcmp(first, second) != 0))
            wrong = "the order of the members changes the identity";
    }
    free(out);
    return wrong;
}

const char *property_contract(const uint8_t *bytes, size_t size) {
    static struct emit_verdict verdict, other; // one thread
    char *exact = calloc(1, size ? size : 1), *larger = malloc(size + 256);
    const char *wrong = NULL;
    if (exact && larger) {
        if (size) memcpy(exact, bytes, size);
        emit_contract_check(exact, size, &verdict);
        if (size <= EMIT_EVENT_MAX) {
            emit_contract_check_slowly(exact, size, &other);
            if (!same(&verdict, &other)) wrong = "the short way says something else";
        }
        memset(larger, '"', size + 256);
        if (size) memcpy(larger, bytes, size);
        emit_contract_check_within(larger, size, larger + size + 256, EMIT_CONTRACT_STRICT, &other);
        if (!same(&verdict, &other)) wrong = "what stands behind the event changes the verdict";
        emit_contract_check_within(larger, size, larger + size, EMIT_CONTRACT_CORE, &other);
        if (other.core_count != verdict.core_count || other.strict_count)
            wrong = "core alone counts otherwise";
        char identity[EMIT_IDENTITY_TEXT];
        if (verdict.core_count == 0 &&
            emit_contract_identity(exact, size, identity, NULL) != EMIT_OK)
            wrong = "a good event has no identity";
        if (!wrong && size <= EMIT_EVENT_MAX) wrong = check_order(exact, size, &verdict);
    }
    free(larger);
    free(exact);
    return wrong;
}
