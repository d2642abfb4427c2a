// Filling an emit_error: failing is one line, `return emit_fail(err, ...)`.
// SPDX-License-Identifier: Apache-2.0
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include "emit/error.h"

#define EMIT_PRINTF(words, first) __attribute__((format(printf, words, first)))

// Writes status and sentence into err (which may be NULL) and returns status.
// The sentence is cut at the end of err->text, never overrun.
enum emit_status emit_fail(struct emit_error *err, enum emit_status status, const char *format, ...)
    EMIT_PRINTF(3, 4);

// The same for a failed system call: status from errno (EACCES and EPERM are
// EMIT_DENIED, ENOENT EMIT_ABSENT, ENOMEM EMIT_NO_MEMORY, ENOSPC and EDQUOT
// EMIT_FULL, others EMIT_SYSTEM); the errno's own words follow the sentence.
enum emit_status emit_fail_errno(struct emit_error *err, int sys_errno, const char *format, ...)
    EMIT_PRINTF(3, 4);

// The stable lower-case word of a status: "denied".
const char *emit_status_word(enum emit_status status);

#endif
