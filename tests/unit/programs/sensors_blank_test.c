// What tells one machine from another is taken out, and what was one device stays one.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "programs/emit/sensors_blank.h"

static const char *const words[] = {"gpu01.example.org", "gpu01", "", NULL};

static const struct {
    const char *text, *wanted;
} cases[] = {
    {"", ""},
    {"NVIDIA H100 80GB HBM3; MIG: metered once", "NVIDIA H100 80GB HBM3; MIG: metered once"},
    {"GPU-5f2a1b3c-77d0-4c1e-9f00-aabbccddeeff", "GPU-00000000-0000-4000-8000-000000000000"},
    {"MIG-91be22aa-1234-4c1e-9f00-aabbccddeeff and GPU-5F2A1B3C-77D0-4C1E-9F00-AABBCCDDEEFF",
     "MIG-00000000-0000-4000-8000-000000000001 and GPU-00000000-0000-4000-8000-000000000000"},
    {"serial 1320220012345.", "serial BLANK2."},
    {"S/N 1320220012345, SN0123A45678", "S/N BLANK2, BLANK3"},
    {"eth0 52:54:00:12:34:56", "eth0 00:00:00:00:00:00"},
    {"no answer from gpu01.example.org:5555", "no answer from PRIVATE:5555"},
    {"GPU01 is not gpu011", "PRIVATE is not gpu011"},
    {"1234567 joules", "1234567 joules"},
    {"a\x1b[2Jb\nc", "a [2Jb c"},
    {"aa5f2a1b3c-77d0-4c1e-9f00-aabbccddeeff", "aa5f2a1b3c-77d0-4c1e-9f00-aabbccddeeff"},
};

static void test_cases(void) {
    struct emit_blanks blanks = {.words = words};
    char out[256];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        emit_blank(&blanks, out, sizeof out, cases[i].text);
        CHECK_STRING(out, cases[i].wanted, cases[i].text);
    }
}

static void test_limits(void) {
    static struct emit_blanks blanks;
    char text[64], out[64], first[64];
    for (int i = 0; i < EMIT_BLANKS_MAX + 2; i++) {
        snprintf(text, sizeof text, "%010d", i);
        emit_blank(&blanks, out, sizeof out, text);
        if (i == EMIT_BLANKS_MAX) memcpy(first, out, sizeof first);
    }
    CHECK_STRING(out, first, "beyond the limit all have one stand-in");
    CHECK(!strstr(out, text), "and none is let through");
    emit_blank(&blanks, out, 5, "no end of it");
    CHECK_STRING(out, "no e", "what does not fit is cut");
}

int main(void) {
    test_cases();
    test_limits();
    return check_end();
}
