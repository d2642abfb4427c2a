// Numbers against fixed vectors, against the C library's own exact conversions,
// and against node, which writes them as ECMAScript demands.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "base/number.h"

#include <float.h>
#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>

static double from_bits(uint64_t bits) {
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static uint64_t to_bits(double value) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

// The same sequence in every run: a failure can be repeated.
static uint64_t next_random(uint64_t *state) {
    uint64_t word = *state += UINT64_C(0x9e3779b97f4a7c15);
    word = (word ^ (word >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    word = (word ^ (word >> 27)) * UINT64_C(0x94d049bb133111eb);
    return word ^ (word >> 31);
}

static void test_written(void) {
    // The first part is appendix B of RFC 8785.
    static const struct {
        uint64_t bits;
        const char *text;
    } cases[] = {
        {0x0000000000000000, "0"},
        {0x8000000000000000, "0"},
        {0x0000000000000001, "5e-324"},
        {0x8000000000000001, "-5e-324"},
        {0x7fefffffffffffff, "1.7976931348623157e+308"},
        {0xffefffffffffffff, "-1.7976931348623157e+308"},
        {0x4340000000000000, "9007199254740992"},
        {0xc340000000000000, "-9007199254740992"},
        {0x4430000000000000, "295147905179352830000"},
        {0x44b52d02c7e14af5, "9.999999999999997e+22"},
        {0x44b52d02c7e14af6, "1e+23"},
        {0x44b52d02c7e14af7, "1.0000000000000001e+23"},
        {0x444b1ae4d6e2ef4e, "999999999999999700000"},
        {0x444b1ae4d6e2ef4f, "999999999999999900000"},
        {0x444b1ae4d6e2ef50, "1e+21"},
        {0x3eb0c6f7a0b5ed8c, "9.999999999999997e-7"},
        {0x3eb0c6f7a0b5ed8d, "0.000001"},
        {0x41b3de4355555553, "333333333.3333332"},
        {0x41b3de4355555554, "333333333.33333325"},
        {0x41b3de4355555555, "333333333.3333333"},
        {0x41b3de4355555556, "333333333.3333334"},
        {0x41b3de4355555557, "333333333.33333343"},
        {0xbecbf647612f3696, "-0.0000033333333333333333"},
        {0x43143ff3c1cb0959, "1424953923781206.2"},
        // A power of two has its lower neighbour half as far away: here the
        // nearer of two equally near 16-digit texts would read back as that.
        {0x3d30000000000000, "5.684341886080802e-14"},
        {0x4062e66666666666, "151.2"},
        {0x3ff0000000000000, "1"},
        {0x3ff8000000000000, "1.5"},
        {0x4059000000000000, "100"},
        {0x3fb999999999999a, "0.1"},
        {0x3fd3333333333334, "0.30000000000000004"},
        {0x40de7920f5c28f5c, "31204.515"},
        {0x0010000000000000, "2.2250738585072014e-308"},
        {0x000fffffffffffff, "2.225073858507201e-308"},
        {0x433fffffffffffff, "9007199254740991"},
        {0x3e7ad7f29abcaf48, "1e-7"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[EMIT_NUMBER_TEXT_MAX];
        size_t length = emit_number_write(text, from_bits(cases[i].bits));
        CHECK_STRING(text, cases[i].text, "written");
        CHECK(length == strlen(text), "the length of %s is returned", text);
    }
}

static void test_written_integers(void) {
    char text[EMIT_NUMBER_TEXT_MAX];
    emit_number_write_u64(text, UINT64_MAX);
    CHECK_STRING(text, "18446744073709551615", "greatest u64");
    emit_number_write_u64(text, 0);
    CHECK_STRING(text, "0", "zero");
    emit_number_write_i64(text, INT64_MIN);
    CHECK_STRING(text, "-9223372036854775808", "smallest i64");
    emit_number_write_i64(text, -7);
    CHECK_STRING(text, "-7", "a negative");
    CHECK(emit_number_write_i64(text, 1000) == 4, "a length");
}

static void test_read(void) {
    static const struct {
        const char *text;
        uint64_t bits;
    } cases[] = {
        {"0", 0},
        {"-0", 0x8000000000000000},
        {"0.000e99", 0},
        {"0e999999999999999999999999", 0},
        {"151.2", 0x4062e66666666666},
        {"1512e-1", 0x4062e66666666666},
        {"0.1512E+3", 0x4062e66666666666},
        {"-1", 0xbff0000000000000},
        {"9007199254740993", 0x4340000000000000}, // a tie, to even
        {"9007199254740993.0000000000000000000000000000001", 0x4340000000000001},
        {"9007199254740995", 0x4340000000000002},
        {"18446744073709551615", 0x43f0000000000000},
        {"1e23", 0x44b52d02c7e14af6},
        {"5e-324", 1},
        {"2.4703282292062327e-324", 0}, // just below half of the smallest
        {"2.4703282292062328e-324", 1},
        {"1e-400", 0},
        {"-1e-999999999999999999999999", 0x8000000000000000},
        {"2.2250738585072011e-308", 0x000fffffffffffff},
        {"2.2250738585072012e-308", 0x0010000000000000},
        {"1.7976931348623157e308", 0x7fefffffffffffff},
        {"1.7976931348623158e308", 0x7fefffffffffffff},
        {"17976931348623157e292", 0x7fefffffffffffff},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        double value = 4;
        CHECK(emit_number_read(cases[i].text, strlen(cases[i].text), &value), "%s is read",
              cases[i].text);
        CHECK(to_bits(value) == cases[i].bits, "%s is %a, wanted %a", cases[i].text, value,
              from_bits(cases[i].bits));
    }
    static const char *const overflows[] = {"1.7976931348623159e308", "1e309", "-1e400",
                                            "1e99999999999999999999"};
    for (size_t i = 0; i < sizeof overflows / sizeof overflows[0]; i++) {
        double value = 4;
        CHECK(!emit_number_read(overflows[i], strlen(overflows[i]), &value), "%s overflows",
              overflows[i]);
        CHECK(value == 4, "%s leaves the value as it was", overflows[i]);
    }
    double value = 0;
    CHECK(emit_number_read("12345", 2, &value) && value == 12, "reads no further than the length");
}

static void test_read_long(void) {
    // 1 + 2^-53 is a tie between two doubles; its decimals go on for 53 places. Then zeros,
    // and a last 1 that decides, beyond every digit that is kept.
    static char text[4000];
    static const char tie[] = "1.00000000000000011102230246251565404236316680908203125";
    memset(text, '0', 3000);
    memcpy(text, tie, sizeof tie - 1);
    double value = 0;
    CHECK(emit_number_read(text, 3000, &value) && value == 1, "3000 digits, a tie to even");
    text[2999] = '1';
    CHECK(emit_number_read(text, 3000, &value) && value == 1 + DBL_EPSILON,
          "the 3000th digit breaks the tie");
    memset(text, '0', 3000);
    text[1] = '.';
    memcpy(text + 3000, "25e2999", 8);
    CHECK(emit_number_read(text, 3007, &value) && value == 2.5, "2999 zeros against an exponent");
}

static void test_read_u64(void) {
    uint64_t value = 7;
    CHECK(emit_number_read_u64("18446744073709551615", 20, &value) && value == UINT64_MAX,
          "the greatest u64 is read");
    CHECK(emit_number_read_u64("0042", 4, &value) && value == 42, "leading zeros are digits");
    static const char *const bad[] = {
        "18446744073709551616", "99999999999999999999", "", "-1", "+1", " 1", "1 ", "1.0", "0x1"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        value = 7;
        CHECK(!emit_number_read_u64(bad[i], strlen(bad[i]), &value) && value == 7, "'%s' is no u64",
              bad[i]);
    }
}

// The fewest digits with which printf's correctly rounded text reads back. For all
// but powers of two no shorter and no nearer text exists.
static int shortest_digits(double value) {
    char text[40];
    int digits = 1;
    for (; digits < 17; digits++) {
        snprintf(text, sizeof text, "%.*e", digits - 1, value);
        if (strtod(text, NULL) == value) break;
    }
    return digits;
}

static int count_digits(const char *text) {
    int digits = 0, zeros = 0;
    for (; *text != '\0' && *text != 'e'; text++) {
        if (*text < '0' || *text > '9' || (digits == 0 && *text == '0')) continue;
        zeros = *text == '0' ? zeros + 1 : 0;
        digits++;
    }
    return digits - zeros;
}

static double random_double(uint64_t *state, int kind) {
    uint64_t word = next_random(state);
    if (kind == 0) return from_bits(word & ~(UINT64_C(1) << 63));       // any bits
    if (kind == 1) return (double)(word % 1000000000000000) / 1e6;      // a joule count
    if (kind == 2) return (double)(word % 100000000000) / 3e3;          // 16 and 17 digits
    if (kind == 3) return ldexp(1, (int)(word % 2098) - 1074);          // powers of two
    if (kind == 4) return from_bits(word % (UINT64_C(1) << 54));        // about the subnormals
    return from_bits(to_bits(ldexp(1, (int)(word % 2046) - 1022)) - 1); // just below a power
}

static void test_round_trip(void) {
    static const char *const kinds[] = {"any bits",      "micro-joule counts", "quotients",
                                        "powers of two", "subnormals",         "below powers"};
    for (int kind = 0; kind < 6; kind++) {
        uint64_t state = 2;
        int lost = 0, misread = 0, longer = 0;
        for (int i = 0; i < 10000; i++) {
            double value = random_double(&state, kind), back = -1;
            if (!isfinite(value)) continue;
            char text[EMIT_NUMBER_TEXT_MAX];
            size_t length = emit_number_write(text, value);
            lost += strtod(text, NULL) != value;
            misread += !emit_number_read(text, length, &back) || back != value;
            longer += kind != 3 && count_digits(text) != shortest_digits(value) && value != 0;
        }
        CHECK(lost == 0, "%s: %d of 10000 written texts read back by strtod as another double",
              kinds[kind], lost);
        CHECK(misread == 0, "%s: %d of 10000 read back by us as another double", kinds[kind],
              misread);
        CHECK(longer == 0, "%s: %d of 10000 not of the shortest length", kinds[kind], longer);
    }
}

// Decimal texts of all lengths and exponents, and exact halfway points.
static void test_read_as_strtod(void) {
    uint64_t state = 3;
    int wrong = 0, refused = 0;
    char text[1200];
    for (int i = 0; i < 60000; i++) {
        uint64_t word = next_random(&state);
        int digits = 1 + (int)(word % (i % 8 == 0 ? 60 : 22));
        int at = 0;
        for (int d = 0; d < digits; d++) {
            int digit = (int)(next_random(&state) % (d == 0 ? 9 : 10)) + (d == 0);
            text[at++] = (char)('0' + digit);
            if (d == 0 && digits > 1) text[at++] = '.';
        }
        int exponent = i % 2 == 0 ? (int)(word >> 32) % 300 - 150 : (int)(word >> 32) % 40 - 20;
        at += snprintf(text + at, sizeof text - (size_t)at, "e%d", exponent);
        double value = -1;
        refused += !emit_number_read(text, (size_t)at, &value);
        wrong += value != strtod(text, NULL);
    }
    CHECK(refused == 0 && wrong == 0, "60000 texts: %d refused, %d read unlike strtod", refused,
          wrong);
    wrong = 0;
    for (int i = 0; i < 4000; i++) {
        double low = random_double(&state, 0);
        if (!isfinite(low) || low > 1e300 || low < 1e-290) continue;
        long double middle = ((long double)low + (long double)from_bits(to_bits(low) + 1)) / 2;
        int length = snprintf(text, sizeof text, "%.1100Le", middle);
        double value = -1;
        wrong += !emit_number_read(text, (size_t)length, &value) || value != strtod(text, NULL);
    }
    CHECK(wrong == 0, "halfway points of 1100 digits: %d read unlike strtod", wrong);
}

static void test_locale(void) {
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "nl_NL.UTF-8"};
    const char *found = NULL;
    for (size_t i = 0; i < sizeof names / sizeof names[0] && !found; i++)
        found = setlocale(LC_NUMERIC, names[i]);
    if (!found) {
        check_skip("no locale with a decimal comma is installed");
        return;
    }
    char text[EMIT_NUMBER_TEXT_MAX];
    emit_number_write(text, 151.2);
    CHECK_STRING(text, "151.2", "written with a point");
    double value = 0;
    CHECK(emit_number_read("151.2", 5, &value) && value == 151.2, "read with a point");
    setlocale(LC_NUMERIC, "C");
}

// node prints the bits of a double and its own text for it, line by line.
static const char node_program[] =
    "node -e '"
    "let s = 1n; const M = (1n << 64n) - 1n; const view = new DataView(new ArrayBuffer(8));"
    "const next = () => { s = (s * 6364136223846793005n + 1442695040888963407n) & M;"
    "  return (s ^ (s >> 29n)) & M; };"
    "const out = []; const show = (v) => { if (!Number.isFinite(v)) return;"
    "  view.setFloat64(0, v); out.push(view.getBigUint64(0).toString(16) + \" \" + String(v)); };"
    "for (let e = -1074; e < 1024; e++) for (const d of [-1n, 0n, 1n]) {"
    "  view.setFloat64(0, 2 ** e); const b = view.getBigUint64(0) + d; if (b > 0n) {"
    "  view.setBigUint64(0, b); show(view.getFloat64(0)); } }"
    "for (let e = -323; e < 309; e++) for (let d = 1; d < 10; d++) show(Number(d + \"e\" + e));"
    "for (let i = 0; i < 20000; i++) { const n = next(); view.setBigUint64(0, n);"
    "  show(view.getFloat64(0)); show(Number(n >> 14n) / 1e6); show(Number(n >> 30n) / 3e3);"
    "  show(-Number(n >> 20n)); }"
    "process.stdout.write(out.join(\"\\n\") + \"\\n\");' 2>/dev/null";

static void test_as_node(void) {
    FILE *node = popen(node_program, "r");
    char line[128], theirs[64], ours[EMIT_NUMBER_TEXT_MAX];
    uint64_t bits;
    int count = 0, wrong = 0;
    while (node && fgets(line, sizeof line, node)) {
        if (sscanf(line, "%" SCNx64 " %63s", &bits, theirs) != 2) break;
        emit_number_write(ours, from_bits(bits));
        if (strcmp(ours, theirs) != 0 && wrong++ < 5) printf("# %s, node %s\n", ours, theirs);
        count++;
    }
    if (node && pclose(node) != 0 && count == 0) {
        check_skip("node is not installed: nothing compared with it");
        return;
    }
    CHECK(count > 80000 && wrong == 0, "%d doubles: %d written unlike node", count, wrong);
}

int main(void) {
    test_written();
    test_written_integers();
    test_read();
    test_read_long();
    test_read_u64();
    test_round_trip();
    test_read_as_strtod();
    test_locale();
    test_as_node();
    return check_end();
}
