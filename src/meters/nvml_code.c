// What NVML's return codes mean for a device: a code of ours, and words.
// SPDX-License-Identifier: Apache-2.0
#include "meters/nvml_device.h"

static const struct {
    int result;
    enum emit_code code;
    const char *words;
} meanings[] = {
    {EMIT_NVML_NO_COUNT, EMIT_CODE_MALFORMED, "the answer is no count"},
    {1, EMIT_CODE_MALFORMED, "the library is not initialised"},
    {2, EMIT_CODE_MALFORMED, "the library takes an argument for invalid"},
    {3, EMIT_CODE_ABSENT, "the device does not support it"},
    {4, EMIT_CODE_DENIED, "not permitted: a control group of this job, or the driver, keeps it"},
    {6, EMIT_CODE_MALFORMED, "the library does not find it"},
    {7, EMIT_CODE_MALFORMED, "the answer is longer than the library allows"},
    {9, EMIT_CODE_GONE, "the driver is not loaded"},
    {10, EMIT_CODE_TIMEOUT, "the driver did not answer in time"},
    {12, EMIT_CODE_MALFORMED, "the library misses a library of its own"},
    {13, EMIT_CODE_ABSENT, "this library has no function for it"},
    {15, EMIT_CODE_GONE, "the GPU is lost: it fell off the bus or cannot be reached"},
    {16, EMIT_CODE_GONE, "the GPU does not answer until it is reset"},
    {17, EMIT_CODE_DENIED, "the operating system or a control group blocks the device"},
    {18, EMIT_CODE_MALFORMED, "library and driver are of different versions"},
    {21, EMIT_CODE_MALFORMED, "the driver has no data yet"},
    {23, EMIT_CODE_MALFORMED, "the driver is out of resources"},
    {25, EMIT_CODE_MALFORMED, "the library does not know this version of a struct"},
    {28, EMIT_CODE_GONE, "the library does not find the GPU"},
    {999, EMIT_CODE_MALFORMED, "an internal error of the driver"},
};

enum emit_code emit_nvml_code(int result) {
    if (result == EMIT_NVML_OK) return EMIT_CODE_NONE;
    for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++)
        if (meanings[i].result == result) return meanings[i].code;
    return EMIT_CODE_MALFORMED;
}

const char *emit_nvml_words(int result) {
    for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++)
        if (meanings[i].result == result) return meanings[i].words;
    return "an error without a known meaning";
}
