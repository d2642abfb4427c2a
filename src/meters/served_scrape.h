// Asks an inference server what it has served so far.
// SPDX-License-Identifier: Apache-2.0
#ifndef METERS_SERVED_SCRAPE_H
#define METERS_SERVED_SCRAPE_H

#include "host/fetch.h"
#include "meters/served.h"

struct emit_served_source; // a server and the connection to it

// A URL without a path is completed by /metrics. A user's name and password, and a query
// (llama.cpp's router wants ?model=NAME), are used and never shown.
// EMIT_INVALID: no URL; EMIT_ABSENT: there is no libcurl.
EMIT_MUST_CHECK enum emit_status emit_served_open(struct emit_served_source **source,
                                                  const char *url, struct emit_error *err);
// Waits no longer than timeout_ms for each of at most two questions. The sentence names the
// server and ends in what helps. Statuses of emit_fetch_text and emit_served_parse.
EMIT_MUST_CHECK enum emit_status emit_served_ask(struct emit_served_source *source, long timeout_ms,
                                                 struct emit_served_scrape *scrape,
                                                 struct emit_error *err);
void emit_served_close(struct emit_served_source *source); // accepts NULL

#endif
