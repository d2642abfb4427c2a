// The table of coefficients: joules per token or request by class of model, each
// with the citation, the boundary, the range and the confidence that let a reader
// judge it. Rows are data (data/coefficients/*.yaml), compiled in or read from a
// folder by imports/coefficients_read.h; nothing here knows YAML.
//
// Everything is an integer, so that a sum over any number of requests is exact and
// is rounded once: nanojoules per token, thousandths for factors.
// SPDX-License-Identifier: Apache-2.0
#ifndef MODELS_COEFFICIENTS_H
#define MODELS_COEFFICIENTS_H

#include "base/error.h"
#include "vocabulary/names.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    EMIT_PROFILES_MAX = 256,            // of one table
    EMIT_TRANSFORMS_MAX = 32,           // of one table
    EMIT_CITATIONS_MAX = 16,            // of one row
    EMIT_PROFILE_ID_MAX = 65,           // bytes of an id, terminator included
    EMIT_TABLE_HASH_TEXT = 65,          // 64 hexadecimal digits and a terminator
    EMIT_COEFFICIENT_TEXT_MAX = 2000,   // bytes of a text of a row
    EMIT_COEFFICIENT_NOTE_MAX = 1000,   // of one that stands in events: what notes are made of
    EMIT_COEFFICIENT_NAME_MAX = 400,    // of a source's title, address, version
    EMIT_COEFFICIENT_VALID_MONTHS = 24, // from the primary source's day on
};

// What a coefficient is multiplied with: name, key in the files, unit, tag of its count in events.
#define EMIT_BUCKET_ROWS(ROW)                                                                      \
    ROW(EMIT_BUCKET_INPUT, "input", "J/token", "input_tokens")                                     \
    ROW(EMIT_BUCKET_CACHED_INPUT, "cached_input", "J/token", "cached_input_tokens")                \
    ROW(EMIT_BUCKET_OUTPUT, "output", "J/token", "output_tokens")                                  \
    ROW(EMIT_BUCKET_REASONING_OUTPUT, "reasoning_output", "J/token", "reasoning_output_tokens")    \
    ROW(EMIT_BUCKET_REQUEST, "request", "J/request", "requests")

#define EMIT_BUCKET_ENUMERATOR(name, key, unit, tag) name,
// The buckets are disjoint: tokens written to a cache are input, tokens read from
// one are cached_input; reasoning is not in output.
enum emit_bucket { EMIT_BUCKET_ROWS(EMIT_BUCKET_ENUMERATOR) EMIT_BUCKET_COUNT };

const char *emit_bucket_key(enum emit_bucket bucket);  // "cached_input"
const char *emit_bucket_unit(enum emit_bucket bucket); // "J/token"
const char *emit_bucket_tag(enum emit_bucket bucket);  // "cached_input_tokens"

// A judged range, not a standard deviation: low <= central <= high.
struct emit_range {
    uint64_t low, central, high;
};

struct emit_citation {
    const char *id; // by which derivations and coefficients name it: "fleet-median"
    const char *title, *url;
    const char *published; // day of publication or of the benchmark, "2025-10-16"
    const char *accessed;  // day on which it was read
    const char *version;   // the source's own
    const char *says;      // what of it is used, and how well it could be checked
    bool secondary;        // what is used was read in somebody else's copy or summary of it
};

struct emit_coefficient {
    bool defined;                 // false: the profile has no such bucket (embeddings: no output)
    struct emit_range nanojoules; // per token or request
    enum emit_confidence confidence;
    const char *derivation; // how the numbers follow from the citations
    const char *sources;    // the ids of those, split by one comma
};

// One version of one profile; another number is another version.
struct emit_profile {
    const char *id;         // "managed-balanced-v1"
    const char *stands_for; // the class of models the evidence is of
    const char *intended_use;
    const char *caveats;
    const char *notes; // these three in one text: tag coefficient_notes
    enum emit_boundary boundary;
    const char *valid_until;     // "2027-12-31": behind it, a step less confidence, and a warning
    uint64_t context_tokens_max; // of one request; beyond it its output is extrapolated
    struct emit_coefficient coefficients[EMIT_BUCKET_COUNT];
    const struct emit_citation *citations; // the first is the primary one, which events name
    size_t citation_count;
};

// Where joules stand on the way from the accelerator to the facility. Two of these
// are no boundary of the contract's own: see emit_transform.
enum emit_stage {
    EMIT_STAGE_ACCELERATOR,
    EMIT_STAGE_SYSTEM,
    EMIT_STAGE_PROVISIONED, // the system with its idle share
    EMIT_STAGE_FACILITY,
    EMIT_STAGE_COUNT,
};

// A cited factor. Either from one stage to a later one, for the whole of the joules,
// or (from == to) for the output of requests beyond a profile's context.
struct emit_transform {
    const char *id; // "boundary-host-v1"
    const char *intended_use;
    const char *caveats;
    enum emit_stage from, to;
    struct emit_range thousandths;
    const char *sources; // ids of the citations it follows from, split by one comma
    enum emit_confidence confidence;
    const char *derivation;
    const char *valid_until;
    const struct emit_citation *citations;
    size_t citation_count;
};

struct emit_coefficient_table {
    const struct emit_profile *profiles; // sorted by id
    size_t profile_count;
    const struct emit_transform *transforms; // sorted by id
    size_t transform_count;
    char sha256[EMIT_TABLE_HASH_TEXT]; // of the bytes of `emit tokens profiles --json`
};

// The table of this build.
const struct emit_coefficient_table *emit_coefficients_built_in(void);

// NULL when the table has no such row.
const struct emit_profile *emit_profile_find(const struct emit_coefficient_table *table,
                                             const char *id);
// EMIT_ABSENT, with a sentence that names the row that may have been meant, transforms too.
enum emit_status emit_profile_absent(const struct emit_coefficient_table *table, const char *id,
                                     struct emit_error *err);

// Lower-case letters, digits and hyphens that end in -v and a number, no provider's brand among
// its words, at most EMIT_PROFILE_ID_MAX - 1 bytes.
bool emit_profile_id_is_valid(const char *id);

const char *emit_stage_word(enum emit_stage stage); // "provisioned"

// Who is told of what is wrong with rows, and how often that was.
struct emit_findings {
    // key: of the setting in the row's file that is wrong, or of the map around it:
    // "coefficients.input.low". Both texts live during the call only.
    void (*take)(void *owner, const char *key, const char *sentence);
    void *owner; // borrowed
    size_t count;
};
void emit_findings_tell(struct emit_findings *findings, const char *key, const char *sentence);

// Whether a row keeps the invariants: everything cited, ranges in order, cached input
// no dearer than input and input no dearer than output at each of the three, inside the
// walls that catch a slip of units (input 0.0001 to 10, output 0.001 to 100 J/token at the
// centre, output 1 to 100 times input), ids of the form NAME-vN without a provider's brand,
// dates in order, not expired; what rests on a secondary source is of low confidence.
// today: "2026-11-25"; NULL leaves out what depends on the day. A text that is NULL is missing.
void emit_profile_check(const struct emit_profile *profile, const char *today,
                        struct emit_findings *findings);
void emit_transform_check(const struct emit_transform *transform, const char *today,
                          struct emit_findings *findings);
// Of the rows together: sorted, each id once, one transform a way. The key is the id of the row.
void emit_coefficient_table_check(const struct emit_coefficient_table *table,
                                  struct emit_findings *findings);

#endif
