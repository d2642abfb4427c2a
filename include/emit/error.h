// How a call of emit fails: a status that says what the caller does next, the
// system's errno where one is behind it, and one sentence for a person.
// SPDX-License-Identifier: Apache-2.0
#ifndef EMIT_ERROR_H
#define EMIT_ERROR_H

// Marks every call whose failure must not be overlooked.
#define EMIT_MUST_CHECK __attribute__((warn_unused_result))

#ifdef __cplusplus
extern "C" {
#endif

// Told apart by what the caller does next, not by where the failure was.
enum emit_status {
    EMIT_OK = 0,
    EMIT_ABSENT,    // not on this machine: normal, no alarm
    EMIT_DENIED,    // it is here, but we may not read it: ask for the right
    EMIT_TIMEOUT,   // no answer in time: try again
    EMIT_MALFORMED, // it answered, and the answer makes no sense
    EMIT_INVALID,   // the caller or the configuration is wrong
    EMIT_REFUSED,   // the event breaks the contract
    EMIT_FULL,      // a stated limit was reached
    EMIT_CORRUPT,   // stored bytes fail their checksum
    EMIT_SYSTEM,    // the kernel said no: see sys_errno
    EMIT_NO_MEMORY, // an allocation failed
};

// Filled only on failure, by the callee, in the caller's memory. May be NULL
// wherever it is a parameter.
struct emit_error {
    enum emit_status status;
    int sys_errno;  // 0 when no system call was involved
    char text[240]; // one sentence: what failed, on what, what to do
};

#ifdef __cplusplus
}
#endif
#endif
