// What an inference server has served: its own counters of tokens and requests, out of
// the text that Prometheus scrapes. Pure; served_scrape.h asks the server.
//
// A scrape is what the counters said at one moment; a use is the difference of two. Which
// servers are known, and what each counts, stands in one table (served.c, served.md).
// SPDX-License-Identifier: Apache-2.0
#ifndef METERS_SERVED_H
#define METERS_SERVED_H

#include "base/error.h"
#include "meters/metrics_text.h"

enum {
    EMIT_SERVED_MODELS_MAX = 16,
    EMIT_SERVED_SERIES_MAX = 1024,                 // of the metrics that are read
    EMIT_SERVED_NAME_MAX = EMIT_METRICS_VALUE_MAX, // bytes of a model's name
    EMIT_SERVED_ADDRESS_MAX = 46,                  // bytes of an IP address
    EMIT_SERVED_URL_MAX = 128,                     // bytes of a server's URL as it is shown
};

enum emit_served_bucket {
    EMIT_SERVED_INPUT,    // tokens of prompts, those from a cache among them
    EMIT_SERVED_CACHED,   // of those: from a cache
    EMIT_SERVED_OUTPUT,   // tokens that were generated
    EMIT_SERVED_REQUESTS, // that ended
    EMIT_SERVED_BUCKETS,
};

// A kind of server.
struct emit_served_kind {
    const char *name;   // "vllm": as documents spell it
    const char *prefix; // of all of its metrics
    bool at_the_end;    // output is counted when a request ends, not as it is made
    int digits;         // significant ones of a count in the text; 0: all
};

// One series: the counter of one engine, model or reason.
struct emit_served_series {
    uint64_t key;   // of its metric and its labels, in whatever order they stand
    uint64_t count; // a stamp: of the bytes of its value
    uint8_t row;    // of the table
    uint8_t model;
};

struct emit_served_scrape {
    const struct emit_served_kind *kind;
    size_t model_count, series_count;
    char models[EMIT_SERVED_MODELS_MAX][EMIT_SERVED_NAME_MAX]; // "": the server names none
    struct emit_served_series series[EMIT_SERVED_SERIES_MAX];
    bool knows_running;
    uint64_t running;                        // requests at work
    char elsewhere[EMIT_SERVED_ADDRESS_MAX]; // of the server; "": on this node, or not known
};

struct emit_served_amount {
    bool known;
    uint64_t count;
    uint64_t slack; // the count is known to this, either way: the text rounds
};

struct emit_served_model {
    char name[EMIT_SERVED_NAME_MAX];
    bool input_lacks_cached; // what came from a cache is in no count of this server
    struct emit_served_amount amounts[EMIT_SERVED_BUCKETS];
};

struct emit_served_use {
    const struct emit_served_kind *kind;
    size_t model_count;
    struct emit_served_model models[EMIT_SERVED_MODELS_MAX];
    bool knows_running;
    uint64_t running_first, running_last; // requests at work at the two edges
    bool may_hide_restart; // nothing but its counters would tell that it was started again
    char elsewhere[EMIT_SERVED_ADDRESS_MAX];
};

// EMIT_ABSENT: no counters of a server that is known; EMIT_MALFORMED: a series of one that
// breaks the format, a value that is no count below 2^53, one series twice, counters of two
// kinds of server, a text that was cut (its last line has no end); EMIT_FULL: more models or series
// than room. Written on success only.
EMIT_MUST_CHECK enum emit_status emit_served_parse(const char *text, size_t length,
                                                   struct emit_served_scrape *scrape,
                                                   struct emit_error *err);

// Adds what the answer's head said of when the server began; "" adds nothing.
void emit_served_stamp(struct emit_served_scrape *scrape, const char *born);

// EMIT_REFUSED: a counter fell or vanished, or the server was started in between. Never
// negative, never a part. Written on success only.
EMIT_MUST_CHECK enum emit_status emit_served_difference(const struct emit_served_scrape *first,
                                                        const struct emit_served_scrape *last,
                                                        struct emit_served_use *use,
                                                        struct emit_error *err);

// All models together, of one bucket; known when it is of every model.
struct emit_served_amount emit_served_sum(const struct emit_served_use *use,
                                          enum emit_served_bucket bucket);

// The kind of this name, NULL: none. For documents that are read back.
const struct emit_served_kind *emit_served_kind_of(const char *name);

#endif
