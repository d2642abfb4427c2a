// Decimals and attojoules at their limits, and windows as a table; the whole way is tested by
// tests/flow/windows-are-exact-or-refused.py against another language's fractions.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "measurement/facility.h"

static const int64_t hour_ns = INT64_C(3600) * 1000000000;
static const int64_t now_ns = INT64_C(1800000000) * 1000000000;

static struct emit_decimal decimal(const char *text) {
    struct emit_decimal read = {0};
    CHECK(emit_decimal_read(&read, text, strlen(text)), "'%s' is a decimal", text);
    return read;
}

static void test_decimals(void) {
    static const char *const bad[] = {
        "",      "-",      ".5",
        "5.",    "1e",     "1e+",
        "1,5",   "+1",     " 1",
        "1 ",    "0x1",    "NaN",
        "1e100", "1e-100", "1.2.3",
        "1e1.5", "--1",    "100000000000000000000000000000000000000", // 39 digits
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct emit_decimal kept = {.digits = 4};
        CHECK(!emit_decimal_read(&kept, bad[i], strlen(bad[i])) && kept.digits == 4, "'%s' is none",
              bad[i]);
    }
    struct emit_decimal read = decimal("-00120.50e-3");
    CHECK(read.is_negative && read.digits == 12050 && read.exponent == -5, "sign, zeros, exponent");
    read = decimal("0000000000000000000000000000000000000000000000000001");
    CHECK(read.digits == 1 && read.exponent == 0, "leading zeros are no digits");
}

static void test_energy(void) {
    static const struct {
        const char *value;
        enum emit_facility_unit unit;
        bool good;
        double joules;
    } cases[] = {
        {"1", EMIT_FACILITY_UNIT_KWH, true, 3600000},
        {"0.1", EMIT_FACILITY_UNIT_KWH_TENTH, true, 36000},
        {"7", EMIT_FACILITY_UNIT_KWH_HUNDREDTH, true, 252000},
        {"0.000000000000000001", EMIT_FACILITY_UNIT_J, true, 1e-18},
        {"0.0000000000000000001", EMIT_FACILITY_UNIT_J, false, 0},
        {"0.00000000000000000000001", EMIT_FACILITY_UNIT_KWH, true, 3.6e-17},
        {"0.000000000000000000000001", EMIT_FACILITY_UNIT_KWH, false, 0},
        {"1.0000000000000000000000000000000", EMIT_FACILITY_UNIT_J, true, 1},
        {"340282366920938463463.37460743176821145", EMIT_FACILITY_UNIT_J, true,
         340282366920938463463.37460743176821145},
        {"340282366920938463463.37460743176821146", EMIT_FACILITY_UNIT_J, false, 0},
        {"1e20", EMIT_FACILITY_UNIT_J, true, 1e20},
        {"0e99", EMIT_FACILITY_UNIT_MWH, true, 0},
        {"0e-99", EMIT_FACILITY_UNIT_J, true, 0},
        {"250.5", EMIT_FACILITY_UNIT_W, true, 901800},
        {"1.25", EMIT_FACILITY_UNIT_MW, true, 4.5e9},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct emit_decimal value = decimal(cases[i].value);
        emit_u128 attojoules = 4;
        bool good = emit_energy_exact(&attojoules, &value, cases[i].unit, hour_ns);
        CHECK(good == cases[i].good &&
                  (good ? emit_energy_joules(attojoules) == cases[i].joules : attojoules == 4),
              "%s %s: %s", cases[i].value, emit_facility_unit_word(cases[i].unit),
              cases[i].good ? "exact" : "not held");
    }
    CHECK(emit_facility_unit_find("kwh", 3) == EMIT_FACILITY_UNIT_COUNT, "units have capitals");
    CHECK(emit_facility_unit_is_apparent("kVAh", 4) && !emit_facility_unit_is_apparent("kWh", 3),
          "apparent power is told from active");
}

// A counter in kWh over an hour, that moves in steps too small to matter.
static void make_counter(struct emit_facility_window *window, const char *first, const char *last) {
    emit_facility_init(window);
    window->source = EMIT_SOURCE_PDU;
    window->unit = EMIT_FACILITY_UNIT_KWH;
    window->is_counter = true;
    window->first.value = decimal(first);
    window->last.value = decimal(last);
    window->has_quantum = true;
    window->quantum = decimal("0.0000001");
    window->from_ns = now_ns - 2 * hour_ns;
    window->to_ns = now_ns - hour_ns;
}

static void test_counters(void) {
    static const struct {
        const char *first, *last, *modulus, *rated_watts;
        enum emit_facility_fate fate;
        double joules;
    } cases[] = {
        {"5", "9", NULL, NULL, EMIT_FACILITY_GOOD, 14400000},
        {"9", "9", NULL, NULL, EMIT_FACILITY_BELOW_RESOLUTION, 0},
        {"9", "9.000001", NULL, NULL, EMIT_FACILITY_GOOD, 3.6},
        {"9", "5", NULL, NULL, EMIT_FACILITY_RESET, 0},
        {"9", "5", NULL, "1e6", EMIT_FACILITY_RESET, 0},
        {"9999", "3", "10000", NULL, EMIT_FACILITY_WRAPPED_UNPROVEN, 0},
        {"9999", "3", "10000", "4000", EMIT_FACILITY_GOOD, 14400000},
        {"9999", "4", "10000", "4000", EMIT_FACILITY_GOOD, 18000000}, // 5 kWh are 1.25 times 4
        {"9999", "5", "10000", "4000", EMIT_FACILITY_RESET, 0},
        {"9500", "400", "10000", "1e6", EMIT_FACILITY_GOOD, 3240000000},
        {"9499", "400", "10000", "1e6", EMIT_FACILITY_RESET, 0},
        {"5", "9", "10000", "7999999", EMIT_FACILITY_GOOD, 14400000},
        {"5", "9", "10000", "8000000", EMIT_FACILITY_WRAPPED_UNPROVEN, 0},
        {"5", "10000", "10000", NULL, EMIT_FACILITY_BAD_NUMBER, 0},
        {"5", "11", NULL, "4799", EMIT_FACILITY_IMPLAUSIBLE, 0},
        {"5", "11", NULL, "4800", EMIT_FACILITY_GOOD, 21600000},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct emit_facility_window window;
        struct emit_facility_refusal why = {0};
        make_counter(&window, cases[i].first, cases[i].last);
        window.has_modulus = cases[i].modulus;
        if (cases[i].modulus) window.modulus = decimal(cases[i].modulus);
        window.has_rated = cases[i].rated_watts;
        if (cases[i].rated_watts) window.rated_watts = decimal(cases[i].rated_watts);
        bool good = emit_facility_settle(&window, now_ns, &why);
        CHECK(good == (cases[i].fate == EMIT_FACILITY_GOOD) && why.fate == cases[i].fate &&
                  (!good || emit_energy_joules(window.attojoules) == cases[i].joules),
              "%s to %s of %s, rated %s: %s (%s)", cases[i].first, cases[i].last,
              cases[i].modulus ? cases[i].modulus : "-",
              cases[i].rated_watts ? cases[i].rated_watts : "-",
              emit_facility_fate_word(cases[i].fate), why.message);
    }
}

// Of a meter whose steps nobody declared, the last decimal of its readings is the least of them.
static void test_last_decimals(void) {
    static const struct {
        const char *first, *last;
        enum emit_facility_fate fate;
    } cases[] = {
        {"5", "14", EMIT_FACILITY_BELOW_RESOLUTION},
        {"5", "15", EMIT_FACILITY_GOOD},
        {"5.0", "5.9", EMIT_FACILITY_BELOW_RESOLUTION},
        {"5.0", "6.0", EMIT_FACILITY_GOOD},
        {"5", "6.0", EMIT_FACILITY_GOOD},
        {"5.00", "5.09", EMIT_FACILITY_BELOW_RESOLUTION},
        {"5.00", "5.1", EMIT_FACILITY_GOOD},
        {"5e1", "6e1", EMIT_FACILITY_GOOD},
        {"1", "1.00000000000000000000000000001", EMIT_FACILITY_BAD_NUMBER},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct emit_facility_window window;
        struct emit_facility_refusal why = {0};
        make_counter(&window, cases[i].first, cases[i].last);
        window.has_quantum = false;
        bool good = emit_facility_settle(&window, now_ns, &why);
        CHECK(why.fate == cases[i].fate && (!good || window.quantum_attojoules == 0),
              "%s to %s: %s (%s)", cases[i].first, cases[i].last,
              emit_facility_fate_word(cases[i].fate), why.message);
    }
}

// A value, by itself: what stands for none, and what is one.
static void test_values(void) {
    static const struct {
        const char *value;
        enum emit_facility_unit unit;
        enum emit_facility_fate fate;
    } cases[] = {
        {"65535", EMIT_FACILITY_UNIT_W, EMIT_FACILITY_SENTINEL},
        {"65535.0", EMIT_FACILITY_UNIT_W, EMIT_FACILITY_SENTINEL},
        {"6.5535e4", EMIT_FACILITY_UNIT_KW, EMIT_FACILITY_SENTINEL},
        {"6553.5", EMIT_FACILITY_UNIT_W, EMIT_FACILITY_GOOD},
        {"65535", EMIT_FACILITY_UNIT_WH, EMIT_FACILITY_GOOD},
        {"65535.5", EMIT_FACILITY_UNIT_W, EMIT_FACILITY_GOOD},
        {"4294967295", EMIT_FACILITY_UNIT_WH, EMIT_FACILITY_SENTINEL},
        {"429496729.5", EMIT_FACILITY_UNIT_KWH, EMIT_FACILITY_SENTINEL},
        {"429496729.50", EMIT_FACILITY_UNIT_KWH, EMIT_FACILITY_SENTINEL},
        {"429496729.6", EMIT_FACILITY_UNIT_KWH, EMIT_FACILITY_GOOD},
        {"2147483.647", EMIT_FACILITY_UNIT_KWH, EMIT_FACILITY_SENTINEL},
        {"4294967295e1", EMIT_FACILITY_UNIT_WH, EMIT_FACILITY_GOOD},
        {"0", EMIT_FACILITY_UNIT_W, EMIT_FACILITY_GOOD},
        {"-0.0", EMIT_FACILITY_UNIT_W, EMIT_FACILITY_GOOD},
        {"-0.1", EMIT_FACILITY_UNIT_W, EMIT_FACILITY_SENTINEL},
        {"1e99", EMIT_FACILITY_UNIT_W, EMIT_FACILITY_BAD_NUMBER},
        {"99999999999999999999999999999999999999e99", EMIT_FACILITY_UNIT_W,
         EMIT_FACILITY_BAD_NUMBER},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct emit_facility_window window;
        struct emit_facility_refusal why = {0};
        make_counter(&window, "1", "2");
        window.is_counter = window.has_quantum = false;
        window.value = decimal(cases[i].value);
        window.unit = cases[i].unit;
        (void)emit_facility_settle(&window, now_ns, &why);
        CHECK(why.fate == cases[i].fate, "%s %s: %s (%s)", cases[i].value,
              emit_facility_unit_word(cases[i].unit), emit_facility_fate_word(cases[i].fate),
              why.message);
    }
}

// Watts over a window are watts over the milliseconds that the event speaks of.
static void test_cut_edges(void) {
    struct emit_facility_window window;
    struct emit_facility_refusal why = {0};
    make_counter(&window, "1", "2");
    window.is_counter = window.has_quantum = false;
    window.value = decimal("1000");
    window.unit = EMIT_FACILITY_UNIT_W;
    window.from_ns = now_ns - 1000000001;
    window.to_ns = now_ns - 1;
    CHECK(emit_facility_settle(&window, now_ns, &why) && window.from_ns == now_ns - 1001000000 &&
              window.to_ns == now_ns - 1000000 && emit_energy_joules(window.attojoules) == 1000,
          "both edges are cut before anything is made of them: %s", why.message);
}

static void test_times(void) {
    static const struct {
        int64_t from_ns, to_ns;
        enum emit_facility_fate fate;
    } cases[] = {
        {0, 1000000, EMIT_FACILITY_IMPLAUSIBLE_TIME},
        {now_ns - 1000000, now_ns, EMIT_FACILITY_GOOD},
        {now_ns - 999999, now_ns, EMIT_FACILITY_GOOD}, // the edges are cut: a millisecond apart
        {now_ns, now_ns + 999999, EMIT_FACILITY_TIME_ORDER},
        {now_ns, now_ns - hour_ns, EMIT_FACILITY_TIME_ORDER},
        {now_ns, now_ns + INT64_C(300) * 1000000000, EMIT_FACILITY_GOOD},
        {now_ns, now_ns + INT64_C(301) * 1000000000, EMIT_FACILITY_IMPLAUSIBLE_TIME},
        {now_ns, INT64_MAX, EMIT_FACILITY_IMPLAUSIBLE_TIME},
        {INT64_MIN, now_ns, EMIT_FACILITY_IMPLAUSIBLE_TIME},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct emit_facility_window window;
        struct emit_facility_refusal why = {0};
        make_counter(&window, "1", "2");
        window.from_ns = cases[i].from_ns;
        window.to_ns = cases[i].to_ns;
        (void)emit_facility_settle(&window, now_ns, &why);
        CHECK(why.fate == cases[i].fate, "window %zu: %s (%s)", i,
              emit_facility_fate_word(cases[i].fate), why.message);
    }
}

int main(void) {
    test_decimals();
    test_energy();
    test_counters();
    test_last_decimals();
    test_values();
    test_cut_edges();
    test_times();
    return check_end();
}
