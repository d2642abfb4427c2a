// A process of ours that outlives its caller: the shell, the prolog, the ssh session
// that started it, and whoever reads what they print.
// SPDX-License-Identifier: Apache-2.0
#ifndef PROGRAMS_EMIT_DETACH_H
#define PROGRAMS_EMIT_DETACH_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

enum { DETACH_KEPT_MAX = 256 }; // descriptors

struct detached {
    bool is_us;  // false: we are the caller, who goes on
    int channel; // a pair of sockets that keep messages apart (SOCK_SEQPACKET)
};

// Forks twice and returns in both processes. The detached one leads a session and a
// group of its own, has 0, 1 and 2 on /dev/null, no other descriptor but the channel and
// `kept`, and no signal that is blocked, ignored or handled. It still stands in the
// caller's directory. To be called while there is one thread, and nothing written
// to a stream is unflushed.
EMIT_MUST_CHECK enum emit_status detach(struct detached *detached, const int *kept,
                                        size_t kept_count, struct emit_error *err);

// Makes `title` what ps shows as our command line. The words emit was started with
// are overwritten and the environment is moved: nothing may point to the former, and
// nothing but getenv to the latter, and there is one thread. May be cut where memory is short.
void detach_name(const char *title);

#endif
