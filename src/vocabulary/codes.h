// What became of a metering point, and why: the outcome table of the design as
// rows. Every point that is found has exactly one outcome; a code says why it
// is not plainly `measured`, or what one should know although it is.
// SPDX-License-Identifier: Apache-2.0
#ifndef VOCABULARY_CODES_H
#define VOCABULARY_CODES_H

#define EMIT_OUTCOME_ROWS(ROW)                                                                     \
    ROW(EMIT_OUTCOME_MEASURED, "measured")                                                         \
    ROW(EMIT_OUTCOME_PARTIAL, "partial")                                                           \
    ROW(EMIT_OUTCOME_REFUSED, "refused")                                                           \
    ROW(EMIT_OUTCOME_EXCLUDED, "excluded")

// name, word, what is seen
#define EMIT_CODE_ROWS(ROW)                                                                        \
    ROW(EMIT_CODE_NONE, "", "")                                                                    \
    ROW(EMIT_CODE_ABSENT, "absent", "no such interface on this machine")                           \
    ROW(EMIT_CODE_DENIED, "denied", "listed, but may not be read")                                 \
    ROW(EMIT_CODE_MASKED, "masked", "listed, but its target is hidden by a container")             \
    ROW(EMIT_CODE_MALFORMED, "malformed", "a read error, or an answer that makes no sense")        \
    ROW(EMIT_CODE_TIMEOUT, "timeout", "no answer by the deadline")                                 \
    ROW(EMIT_CODE_LATE, "late", "the first answer came after the job had started")                 \
    ROW(EMIT_CODE_GONE, "gone", "the device went away in mid-run")                                 \
    ROW(EMIT_CODE_RESET, "reset", "the counter began anew: suspend, reload or another device")     \
    ROW(EMIT_CODE_WRAPPED_UNPROVEN, "wrapped-unproven", "a wrap could hide in the longest gap")    \
    ROW(EMIT_CODE_STALE, "stale", "the counter stands still, or its value is old")                 \
    ROW(EMIT_CODE_IMPLAUSIBLE, "implausible", "more power than can be")                            \
    ROW(EMIT_CODE_BELOW_RESOLUTION, "below-resolution",                                            \
        "the window is too short for the counter to tell its energy")                              \
    ROW(EMIT_CODE_GAP, "gap", "samples are missing in the middle or at the end")                   \
    ROW(EMIT_CODE_REPLICATE, "replicate", "the same counter is seen twice")                        \
    ROW(EMIT_CODE_NESTED, "nested", "inside or around another point, and not asked for")           \
    ROW(EMIT_CODE_ALREADY_METERED, "already-metered", "another process of the run meters it")      \
    ROW(EMIT_CODE_ALREADY_MODELED, "already-modeled",                                              \
        "a model counted this run before its meter did")                                           \
    ROW(EMIT_CODE_UNASSIGNED, "unassigned", "not among the devices the run may use")               \
    ROW(EMIT_CODE_UNNAMEABLE, "unnameable", "the vocabulary has no name for it")                   \
    ROW(EMIT_CODE_NOT_A_TOTAL, "not-a-total", "counts one core only")                              \
    ROW(EMIT_CODE_SHARED, "shared", "other runs used the same device in the window")               \
    ROW(EMIT_CODE_SIMULATED, "simulated", "not from the real kernel or driver")                    \
    ROW(EMIT_CODE_CONTRACT, "contract", "an event broke the contract: a bug in emit itself")

#define EMIT_OUTCOME_ENUMERATOR(name, word)    name,
#define EMIT_CODE_ENUMERATOR(name, word, seen) name,
enum emit_outcome_kind { EMIT_OUTCOME_ROWS(EMIT_OUTCOME_ENUMERATOR) EMIT_OUTCOME_COUNT };
enum emit_code { EMIT_CODE_ROWS(EMIT_CODE_ENUMERATOR) EMIT_CODE_COUNT };

const char *emit_outcome_word(enum emit_outcome_kind kind);
// "denied"; the empty text for EMIT_CODE_NONE.
const char *emit_code_word(enum emit_code code);
// What is seen, in a few lower-case words.
const char *emit_code_meaning(enum emit_code code);

#endif
