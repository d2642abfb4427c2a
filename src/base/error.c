// Errors as values: a status and one sentence in the caller's memory.
// SPDX-License-Identifier: Apache-2.0
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

EMIT_PRINTF(2, 0)
static void write_sentence(struct emit_error *err, const char *format, va_list arguments) {
    int length = vsnprintf(err->text, sizeof err->text, format, arguments);
    if (length < 0) err->text[0] = '\0';
}

enum emit_status emit_fail(struct emit_error *err, enum emit_status status, const char *format,
                           ...) {
    if (!err) return status;
    va_list arguments;
    va_start(arguments, format);
    err->status = status;
    err->sys_errno = 0;
    write_sentence(err, format, arguments);
    va_end(arguments);
    return status;
}

static enum emit_status status_of_errno(int sys_errno) {
    switch (sys_errno) {
    case EACCES:
    case EPERM: return EMIT_DENIED;
    case ENOENT: return EMIT_ABSENT;
    case ENOMEM: return EMIT_NO_MEMORY;
    case ENOSPC:
    case EDQUOT: return EMIT_FULL;
    default: return EMIT_SYSTEM;
    }
}

enum emit_status emit_fail_errno(struct emit_error *err, int sys_errno, const char *format, ...) {
    enum emit_status status = status_of_errno(sys_errno);
    if (!err) return status;
    va_list arguments;
    va_start(arguments, format);
    err->status = status;
    err->sys_errno = sys_errno;
    write_sentence(err, format, arguments);
    va_end(arguments);
    size_t used = strlen(err->text);
    char words[80];
    const char *named = strerror_r(sys_errno, words, sizeof words);
    (void)snprintf(err->text + used, sizeof err->text - used, ": %s", named);
    return status;
}

const char *emit_status_word(enum emit_status status) {
    static const char *const words[] = {
        [EMIT_OK] = "ok",           [EMIT_ABSENT] = "absent",       [EMIT_DENIED] = "denied",
        [EMIT_TIMEOUT] = "timeout", [EMIT_MALFORMED] = "malformed", [EMIT_INVALID] = "invalid",
        [EMIT_REFUSED] = "refused", [EMIT_FULL] = "full",           [EMIT_CORRUPT] = "corrupt",
        [EMIT_SYSTEM] = "system",   [EMIT_NO_MEMORY] = "no-memory",
    };
    return words[status];
}
