// The tree of steps: grown by scans, and walked by records.
// SPDX-License-Identifier: Apache-2.0
#include "imports/usage_forms.h"

#include "base/json_token.h"
#include "imports/usage_paths.h"

// --- Growing ---

// All else of a step hangs on what is before it.
static bool is_there(const struct emit_usage_forms *forms, const struct emit_usage_step *step,
                     uint8_t kind, const char *gap, size_t length) {
    return step->kind == kind && step->length == length &&
           memcmp(forms->gaps + step->gap, gap, length) == 0;
}

uint16_t emit_usage_forms_add(struct emit_usage_forms *forms, uint16_t at,
                              const struct emit_usage_step *step, const char *gap, size_t length) {
    uint16_t *link = &forms->steps[at].next;
    size_t others = 0;
    for (; *link; link = &forms->steps[*link].another, others++)
        if (is_there(forms, &forms->steps[*link], step->kind, gap, length)) return *link;
    if (others == EMIT_USAGE_OTHERS_MAX || forms->steps_used == EMIT_USAGE_STEPS_MAX - 1 ||
        length > (size_t)(EMIT_USAGE_GAPS_MAX - forms->gaps_used)) {
        forms->steps_used = forms->gaps_used = 0;
        forms->steps[0].next = 0;
        return 0;
    }
    struct emit_usage_step *added = &forms->steps[++forms->steps_used];
    *added = *step;
    added->gap = forms->gaps_used;
    added->length = (uint16_t)length;
    added->next = added->another = 0;
    memcpy(forms->gaps + forms->gaps_used, gap, length);
    forms->gaps_used = (uint16_t)(forms->gaps_used + length);
    *link = forms->steps_used;
    return *link;
}

// --- Walking ---

// A value as a scan takes it there. Not inlined: a scanner is large.
static __attribute__((noinline)) const char *scan_value(struct emit_usage_fields *fields,
                                                        const struct emit_usage_step *step,
                                                        const char *at, const char *end) {
    struct emit_json json;
    struct emit_json_slice value;
    emit_json_init_inside(&json, at, (size_t)(end - at), step->depth, step->keys);
    if (step->kind == EMIT_STEP_VALUE) return emit_json_pass(&json) ? json.at : NULL;
    enum emit_json_type type = emit_json_take_scalar(&json, &value);
    if (type == EMIT_JSON_NONE) return NULL;
    emit_usage_note(fields, step->of, type, &value);
    return json.at;
}

// The value at `at`, and its end; NULL when none stands there that may. Most are short
// integers, and strings of plain characters.
static inline const char *take_value(struct emit_usage_fields *fields,
                                     const struct emit_usage_step *step, const char *at,
                                     const char *end) {
    const char *behind = emit_json_integer_end(at, end);
    if (behind) {
        const struct emit_json_slice digits = {at, (size_t)(behind - at), false};
        emit_usage_note(fields, step->of, EMIT_JSON_NUMBER, &digits);
        return behind;
    }
    const char *quote = *at == '"' ? emit_json_skip_plain(at + 1, end) : end;
    if (quote == end || *quote != '"') return scan_value(fields, step, at, end);
    const struct emit_json_slice text = {at + 1, (size_t)(quote - at) - 1, false};
    emit_usage_note(fields, step->of, EMIT_JSON_STRING, &text);
    return quote + 1;
}

// Does what the step does with what stands at `at`. Where it ends; NULL when something else
// stands there.
static inline const char *take_step(struct emit_usage_fields *fields,
                                    const struct emit_usage_step *step, const char *at,
                                    const char *end) {
    const struct emit_json_slice nothing = {0};
    switch ((enum emit_usage_step_kind)step->kind) {
    case EMIT_STEP_VALUE:
    case EMIT_STEP_SCALAR: return at < end ? take_value(fields, step, at, end) : NULL;
    case EMIT_STEP_OBJECT:
        if (at == end || *at != '{') return NULL;
        emit_usage_note(fields, step->of, EMIT_JSON_OBJECT, &nothing);
        return at;
    case EMIT_STEP_ARRAY:
        if (at == end || *at != '[') return NULL;
        emit_usage_note(fields, step->of, EMIT_JSON_ARRAY, &nothing);
        return at;
    case EMIT_STEP_ELEMENT: emit_usage_keep_element(fields, step->of); return at;
    case EMIT_STEP_END: break;
    }
    return at == end ? at : NULL;
}

static inline bool has_gap(const struct emit_usage_forms *forms, const struct emit_usage_step *step,
                           const char *at, const char *end) {
    return (size_t)(end - at) >= step->length &&
           memcmp(at, forms->gaps + step->gap, step->length) == 0;
}

bool emit_usage_forms_read(const struct emit_usage_forms *forms, struct emit_usage_fields *fields,
                           const char *text, size_t length) {
    const struct emit_usage_step *steps = forms->steps;
    const char *at = text, *end = text + length;
    emit_usage_clear(fields);
    for (uint16_t number = steps->next; number;) {
        const struct emit_usage_step *step = &steps[number];
        const char *behind = NULL;
        if (has_gap(forms, step, at, end)) behind = take_step(fields, step, at + step->length, end);
        if (behind && step->kind == EMIT_STEP_END) return true;
        if (behind) at = behind;
        number = behind ? step->next : step->another;
    }
    return false;
}
