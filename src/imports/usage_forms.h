// The forms of records: everything in them but their values. Programs write records of few
// forms, and of a record whose form is known only the values have to be looked at.
//
// What a scan of a record does depends on the bytes between its values, and of a value on no
// more than whether it is a container. So every scan leaves its steps in a tree; a record that
// finds its way along them, up to where some record ended, needs no scan: it would end as
// well, and find the same fields at the same places.
// SPDX-License-Identifier: Apache-2.0
#ifndef IMPORTS_USAGE_FORMS_H
#define IMPORTS_USAGE_FORMS_H

#include "base/json.h"

enum {
    EMIT_USAGE_STEPS_MAX = 512,
    EMIT_USAGE_GAPS_MAX = 8192, // bytes
    EMIT_USAGE_OTHERS_MAX = 16, // steps that were met in one's place
};

enum emit_usage_step_kind {
    EMIT_STEP_VALUE,   // a value of no matter, whatever it is
    EMIT_STEP_SCALAR,  // of what matters one that is no container
    EMIT_STEP_OBJECT,  // in front of the brace of an object that matters
    EMIT_STEP_ARRAY,   // in front of the bracket of such an array
    EMIT_STEP_ELEMENT, // behind an object in an array
    EMIT_STEP_END,     // of the text
};

struct emit_usage_step {
    uint8_t kind;
    uint8_t of;       // the field; of an element its node
    uint8_t depth;    // containers that are open around it
    uint16_t keys;    // that they had so far
    uint16_t gap;     // where the bytes between the step before and this one are kept
    uint16_t length;  // of them
    uint16_t next;    // the first of the steps that were met behind this one; 0: none
    uint16_t another; // that was met in its place; 0: none
};

// Zeroed: without any. When it is full it begins anew.
struct emit_usage_forms {
    struct emit_usage_step steps[EMIT_USAGE_STEPS_MAX]; // the first is before all records
    char gaps[EMIT_USAGE_GAPS_MAX];
    uint16_t steps_used, gaps_used; // steps_used: without the first
};

// Adds what a scan met behind the step `at`, from the end of that step on: length bytes, and
// the step itself, of which the kind, `of` and the place in the text are given. Its number, or
// 0 when the forms were full.
uint16_t emit_usage_forms_add(struct emit_usage_forms *forms, uint16_t at,
                              const struct emit_usage_step *step, const char *gap, size_t length);

struct emit_usage_fields;
// Reads a record of a known form. False when it is of none: the fields are of no use then.
bool emit_usage_forms_read(const struct emit_usage_forms *forms, struct emit_usage_fields *fields,
                           const char *text, size_t length);

#endif
