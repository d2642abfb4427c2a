// What DCGM's status codes and blank values mean.
//
// What surprises: a value can say that it is none although its status is good. The
// last sixteen integers below 2^63 and the doubles from 2^47 on are such blanks;
// taken for energy they are 9.2e15 joules.
// SPDX-License-Identifier: Apache-2.0
#include "meters/dcgm_value.h"

#include <string.h>

static const struct {
    int status;
    enum emit_code code;
    const char *words;
} meanings[] = {
    {-1, EMIT_CODE_MALFORMED, "the host engine takes an argument for invalid"},
    {-3, EMIT_CODE_MALFORMED, "an error of the host engine without a name"},
    {-6, EMIT_CODE_ABSENT, "the GPU does not support it"},
    {-7, EMIT_CODE_MALFORMED, "the library could not start"},
    {-8, EMIT_CODE_MALFORMED, "an error of the driver's library below the host engine"},
    {-10, EMIT_CODE_TIMEOUT, "the library was shut down"},
    {-11, EMIT_CODE_TIMEOUT, "the host engine did not answer in time"},
    {-12, EMIT_CODE_MALFORMED, "library and host engine are of different versions"},
    {-13, EMIT_CODE_ABSENT, "the host engine does not know the field"},
    {-14, EMIT_CODE_TIMEOUT, "the host engine has no value yet"},
    {-15, EMIT_CODE_STALE, "the host engine's value is old"},
    {-16, EMIT_CODE_MALFORMED, "the field is not watched"},
    {-17, EMIT_CODE_DENIED, "the host engine may not read the GPU"},
    {-18, EMIT_CODE_GONE, "the GPU is lost: it fell off the bus or cannot be reached"},
    {-19, EMIT_CODE_GONE, "the GPU does not answer until it is reset"},
    {-21, EMIT_CODE_TIMEOUT, "the host engine went away"},
    {-22, EMIT_CODE_ABSENT, "the host engine does not support this GPU"},
    {-25, EMIT_CODE_MALFORMED, "the host engine misses the driver's library"},
    {-32, EMIT_CODE_ABSENT, "the field cannot be read like this"},
    {-44, EMIT_CODE_MALFORMED, "the driver is too old for the host engine"},
    // The two before a GPU comes back to an engine that goes on: not the end of it.
    {-56, EMIT_CODE_TIMEOUT, "the host engine has not loaded the driver's library"},
    {-57, EMIT_CODE_TIMEOUT, "the driver did not answer the host engine in time"},
    {-67, EMIT_CODE_TIMEOUT, "the host engine was told to let go of the GPUs"},
};

enum emit_code emit_dcgm_code(int status) {
    if (status == EMIT_DCGM_OK) return EMIT_CODE_NONE;
    for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++)
        if (meanings[i].status == status) return meanings[i].code;
    return EMIT_CODE_MALFORMED;
}

const char *emit_dcgm_words(int status) {
    for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++)
        if (meanings[i].status == status) return meanings[i].words;
    return "an error without a known meaning";
}

bool emit_dcgm_is_lost(int status) {
    return status == EMIT_DCGM_CONNECTION_LOST || status == EMIT_DCGM_UNINITIALISED;
}

const struct emit_dcgm_value *emit_dcgm_find(const struct emit_dcgm_value *values, size_t count,
                                             uint32_t gpu, uint16_t field) {
    for (size_t i = 0; i < count; i++)
        if (values[i].entity_group == EMIT_DCGM_ENTITY_GPU && values[i].entity_id == gpu &&
            values[i].field == field)
            return &values[i];
    return NULL;
}

static enum emit_code say(enum emit_code code, const char *why, const char **words) {
    if (words) *words = why;
    return code;
}

// The first blank means "nothing", the next three say why.
static enum emit_code say_blank(int64_t kind, const char **words) {
    switch (kind) {
    case 1: return say(EMIT_CODE_MALFORMED, "the host engine does not find the GPU", words);
    case 2: return say(EMIT_CODE_ABSENT, "the GPU does not support it", words);
    case 3: return say(EMIT_CODE_DENIED, "the host engine may not read the GPU", words);
    default: return say(EMIT_CODE_MALFORMED, "the value is blank", words);
    }
}

static enum emit_code judge_status(const struct emit_dcgm_value *value, const char **words) {
    if (!value) return say(EMIT_CODE_MALFORMED, "the host engine's answer leaves it out", words);
    if (value->status != EMIT_DCGM_OK)
        return say(emit_dcgm_code(value->status), emit_dcgm_words(value->status), words);
    return EMIT_CODE_NONE;
}

static enum emit_code take_i64(const struct emit_dcgm_value *value, int64_t *number,
                               const char **words) {
    static const int64_t blank = INT64_C(0x7ffffffffffffff0);
    enum emit_code code = judge_status(value, words);
    if (code) return code;
    if (value->type != EMIT_DCGM_TYPE_INT64)
        return say(EMIT_CODE_MALFORMED, "the value is no integer", words);
    if (value->value.i64 >= blank) return say_blank(value->value.i64 - blank, words);
    *number = value->value.i64;
    return EMIT_CODE_NONE;
}

static enum emit_code take_milliwatts(const struct emit_dcgm_value *value, uint64_t *count,
                                      const char **words) {
    static const double blank = 140737488355328.0; // 2^47
    enum emit_code code = judge_status(value, words);
    if (code) return code;
    if (value->type != EMIT_DCGM_TYPE_DOUBLE)
        return say(EMIT_CODE_MALFORMED, "the value is no decimal number", words);
    double watts = value->value.f64;
    if (watts >= blank && watts <= blank + 15) return say_blank((int64_t)(watts - blank), words);
    if (!(watts >= 0 && watts < blank / 1000)) // also what is not a number
        return say(EMIT_CODE_MALFORMED, "the value is no power", words);
    *count = (uint64_t)(watts * 1000 + 0.5);
    return EMIT_CODE_NONE;
}

enum emit_code emit_dcgm_take_count(const struct emit_dcgm_value *value, uint64_t *count,
                                    const char **words) {
    int64_t number = 0;
    if (value && value->field != EMIT_DCGM_FIELD_ENERGY)
        return take_milliwatts(value, count, words);
    enum emit_code code = take_i64(value, &number, words);
    if (code) return code;
    if (number < 0) return say(EMIT_CODE_MALFORMED, "the counter is below zero", words);
    *count = (uint64_t)number;
    return EMIT_CODE_NONE;
}

enum emit_code emit_dcgm_take_int(const struct emit_dcgm_value *value, int32_t *number) {
    int64_t wide = 0;
    enum emit_code code = take_i64(value, &wide, NULL);
    if (code) return code;
    if (wide < INT32_MIN || wide > INT32_MAX) return EMIT_CODE_MALFORMED;
    *number = (int32_t)wide;
    return EMIT_CODE_NONE;
}

enum emit_code emit_dcgm_take_text(const struct emit_dcgm_value *value, char *text, size_t size,
                                   const char **words) {
    enum emit_code code = judge_status(value, words);
    if (code) return code;
    if (value->type != EMIT_DCGM_TYPE_STRING)
        return say(EMIT_CODE_MALFORMED, "the value is no text", words);
    size_t length = strnlen(value->value.text, sizeof value->value.text);
    if (length == 0 || length >= size || strncmp(value->value.text, "<<<", 3) == 0)
        return say(EMIT_CODE_MALFORMED, "the text is blank or too long", words); // "<<<NULL>>>"
    for (size_t i = 0; i < length; i++)
        if (value->value.text[i] < ' ' || value->value.text[i] > '~')
            return say(EMIT_CODE_MALFORMED, "the text is not printable", words);
    memcpy(text, value->value.text, length);
    text[length] = '\0';
    return EMIT_CODE_NONE;
}
