// One small text from a web server, through libcurl opened at run time.
// SPDX-License-Identifier: Apache-2.0
#ifndef HOST_FETCH_H
#define HOST_FETCH_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    EMIT_FETCH_MAX = 4 * 1024 * 1024, // bytes of an answer; more is refused
    EMIT_FETCH_SHOWN_MAX = 128,       // bytes of a URL as it is shown
    EMIT_FETCH_BORN_MAX = 32,
};

struct emit_fetch; // a URL and the connection to its server, kept between two fetches

// EMIT_INVALID: no URL of http or https; EMIT_ABSENT: there is no libcurl.
EMIT_MUST_CHECK enum emit_status emit_fetch_open(struct emit_fetch **fetch, const char *url,
                                                 struct emit_error *err);

// Gets the text, which stays the fetch's until the next one. Waits no longer than
// timeout_ms in all. EMIT_TIMEOUT: no answer, or not all of it; EMIT_ABSENT: nobody
// listens, or no such name; EMIT_DENIED: 401 or 403; EMIT_FULL: more than EMIT_FETCH_MAX;
// EMIT_MALFORMED: anything else. *text is not terminated.
EMIT_MUST_CHECK enum emit_status emit_fetch_text(struct emit_fetch *fetch, long timeout_ms,
                                                 const char **text, size_t *length,
                                                 struct emit_error *err);
long emit_fetch_answer(const struct emit_fetch *fetch); // the last one's status; 0: there is none
// When the server began, as the last answer's header Process-Start-Time-Unix says; "" when
// it does not. llama.cpp has it; its unit has changed, so that it is no time but a mark.
const char *emit_fetch_born(const struct emit_fetch *fetch);
// The address that answered last; "" where it is one of this node's own, or not known.
const char *emit_fetch_elsewhere(const struct emit_fetch *fetch);
void emit_fetch_close(struct emit_fetch *fetch); // accepts NULL

bool emit_fetch_is_url(const char *url);      // of http or https, with nothing but printable ASCII
const char *emit_fetch_host(const char *url); // behind "http://", where that is

// A URL as people and documents may see it: without a user's name and password, without
// query and fragment, printable, cut where it is long; "http://..." where it is in doubt
// what of it is a password. Any text will do.
void emit_fetch_show(char shown[EMIT_FETCH_SHOWN_MAX], const char *url);

#endif
