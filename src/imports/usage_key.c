// Keys and record_refs of usage records; the rule of a record_ref stands at struct
// emit_usage_book_record.
// SPDX-License-Identifier: Apache-2.0
#include "imports/usage_key.h"

#include "base/digest.h"
#include "base/siphash.h"
#include "base/text.h"

#include <assert.h>

static const char no_response[] = "- "; // before a request id that stands alone

struct ids {
    struct emit_usage_text response, request;
};

static void append(struct emit_usage_key *key, const char *bytes, size_t length) {
    memcpy(key->bytes + key->length, bytes, length);
    key->length = (uint8_t)(key->length + length);
}

// Whether two words with a space between them still say which is which, and that they are ids.
static bool is_plain(const struct ids *ids) {
    const struct emit_usage_text *response = &ids->response, *request = &ids->request;
    if (response->length + request->length + strlen(no_response) > EMIT_USAGE_KEY_MAX) return false;
    if (response->length && memchr(response->at, ' ', response->length)) return false;
    if (request->length && memchr(request->at, ' ', request->length)) return false;
    if (response->length == 1 && *response->at == '-') return false;
    static const char digests[] = "sha256:", id_digests[] = "ids-sha256:";
    return !(response->length >= strlen(digests) &&
             memcmp(response->at, digests, strlen(digests)) == 0) &&
           !(response->length >= strlen(id_digests) &&
             memcmp(response->at, id_digests, strlen(id_digests)) == 0);
}

static void write_words(struct emit_usage_key *key, const struct ids *ids) {
    key->kind = EMIT_USAGE_KEY_REF;
    if (ids->response.length)
        append(key, ids->response.at, ids->response.length);
    else
        append(key, no_response, strlen("-"));
    if (!ids->request.length) return;
    append(key, " ", 1);
    append(key, ids->request.at, ids->request.length);
}

static void digest_sha256(struct emit_usage_key *key, const char *bytes, size_t length) {
    unsigned char digest[EMIT_DIGEST];
    emit_digest_of(bytes, length, digest);
    append(key, (const char *)digest, EMIT_USAGE_KEY_DIGEST);
}

static void digest_secretly(struct emit_usage_key *key, const uint64_t secret[2], const char *bytes,
                            size_t length) {
    struct emit_siphash digest = emit_siphash(secret, bytes, length);
    _Static_assert(sizeof digest == EMIT_USAGE_KEY_DIGEST, "one is the other");
    memcpy(key->bytes, &digest.low, sizeof digest.low);
    memcpy(key->bytes + sizeof digest.low, &digest.high, sizeof digest.high);
    key->length = sizeof digest;
    key->hash = (uint32_t)digest.low;
    const uint64_t kind[2] = {key->kind}; // ids are no bytes
    key->digest = emit_siphash(kind, bytes, length).low;
}

void emit_usage_key_make(struct emit_usage_key *key, const uint64_t secret[2], bool is_named,
                         const struct emit_usage_record *record, const char *text, size_t length) {
    struct ids ids = {record->response_id, record->request_id};
    assert(ids.response.length < EMIT_USAGE_ID_MAX && ids.request.length < EMIT_USAGE_ID_MAX);
    char joined[2 * EMIT_USAGE_ID_MAX]; // RESPONSE, a zero byte, REQUEST
    key->length = 0;
    key->digest = 0;
    key->kind = EMIT_USAGE_KEY_BYTES;
    if (ids.response.length + ids.request.length > 0) {
        if (is_named && is_plain(&ids)) {
            write_words(key, &ids);
            key->hash = (uint32_t)emit_siphash(secret, key->bytes, key->length).low;
            return;
        }
        key->kind = EMIT_USAGE_KEY_IDS;
        if (ids.response.length) memcpy(joined, ids.response.at, ids.response.length);
        joined[ids.response.length] = '\0';
        if (ids.request.length)
            memcpy(joined + ids.response.length + 1, ids.request.at, ids.request.length);
        text = joined;
        length = ids.response.length + 1 + ids.request.length;
    }
    if (!is_named) {
        digest_secretly(key, secret, text, length);
        return;
    }
    digest_sha256(key, text, length);
    key->hash = (uint32_t)emit_siphash(secret, key->bytes, key->length).low;
}

void emit_usage_key_ref(char ref[EMIT_RECORD_REF_MAX], enum emit_usage_key_kind kind,
                        const unsigned char *bytes, size_t length, uint32_t number) {
    struct emit_text text;
    emit_text_init(&text, ref, EMIT_RECORD_REF_MAX);
    if (kind == EMIT_USAGE_KEY_REF) {
        emit_text_add_bytes(&text, (const char *)bytes, length);
    } else {
        emit_text_add(&text, kind == EMIT_USAGE_KEY_IDS ? "ids-sha256:" : "sha256:");
        for (size_t i = 0; i < length; i++) {
            const char digits[] = {"0123456789abcdef"[bytes[i] >> 4],
                                   "0123456789abcdef"[bytes[i] & 15]};
            emit_text_add_bytes(&text, digits, sizeof digits);
        }
        if (number > 1) emit_text_add_format(&text, "#%u", (unsigned)number);
    }
    assert(!text.cut);
}
