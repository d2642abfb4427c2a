// The wall: says whether the bytes of one event keep the contract, and if not,
// every way in which they break it. Two levels: core is what any producer or
// consumer may be held to, strict adds what emit's own producers promise.
//
// Prints nothing, allocates nothing, keeps nothing between two calls: any
// number of threads may call at once.
// SPDX-License-Identifier: Apache-2.0
#ifndef EMIT_CONTRACT_H
#define EMIT_CONTRACT_H

#include "emit/error.h"
#include "emit/version.h"

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    EMIT_EVENT_MAX = 64 * 1024, // bytes of one event, line end not counted
    EMIT_FINDINGS_MAX = 64,     // kept of one event; the counts go on
    EMIT_IDENTITY_TEXT = 65,    // 64 lower-case hexadecimal digits and a terminator
};

enum emit_contract_level { EMIT_CONTRACT_CORE, EMIT_CONTRACT_STRICT };

struct emit_finding {
    enum emit_contract_level level; // of the rule that is broken
    const char *reason;             // stable kebab-case word, never freed: "unknown-tag"
    char field[96];                 // "tags.sampling_hz"; "" for the event as a whole
    char message[256];              // one sentence: the field and what was expected
};

struct emit_verdict {
    size_t core_count;   // findings against core
    size_t strict_count; // findings against what strict adds
    size_t kept;         // of them in findings[], in a fixed order of the rules
    struct emit_finding findings[EMIT_FINDINGS_MAX];
};

// Checks one event in bytes[0..length), both levels at once. Returns EMIT_OK
// when neither level is broken, else EMIT_REFUSED; the verdict is filled either
// way. To hold an event to core alone, ask for core_count == 0. Reads no further
// than bytes + length. Takes up to 128 KiB of stack.
EMIT_API enum emit_status emit_contract_check(const char *bytes, size_t length,
                                              struct emit_verdict *verdict);

// The identity of an event: SHA-256 of its RFC 8785 form, in hexadecimal.
// EMIT_MALFORMED: not JSON an event can be (deeper than 8, more than 512 members).
// err may be NULL. Takes up to 256 KiB of stack.
EMIT_API EMIT_MUST_CHECK enum emit_status emit_contract_identity(const char *bytes, size_t length,
                                                                 char identity[EMIT_IDENTITY_TEXT],
                                                                 struct emit_error *err);

#ifdef __cplusplus
}
#endif
#endif
