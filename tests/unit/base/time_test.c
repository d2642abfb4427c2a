// Moments as text, against the C library's calendar and by reading back.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "base/time.h"

#include <inttypes.h>
#include <time.h>

static void test_written(void) {
    static const struct {
        int64_t wall_ns;
        const char *text;
    } cases[] = {
        {0, "1970-01-01T00:00:00.000Z"},
        {-1, "1969-12-31T23:59:59.999Z"},
        {999999, "1970-01-01T00:00:00.000Z"},
        {1781366400000000000, "2026-06-13T16:00:00.000Z"},
        {951782399999000000, "2000-02-28T23:59:59.999Z"},
        {951782400000000000, "2000-02-29T00:00:00.000Z"},
        {4107542400000000000, "2100-03-01T00:00:00.000Z"},
        {INT64_MAX, "2262-04-11T23:47:16.854Z"},
        {INT64_MIN, "1677-09-21T00:12:43.145Z"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[EMIT_TIME_TEXT];
        emit_time_write(text, cases[i].wall_ns);
        CHECK_STRING(text, cases[i].text, "written");
    }
}

static void test_as_the_c_library(void) {
    int wrong = 0, unread = 0, count = 0;
    for (int64_t seconds = -9200000000; seconds < 9200000000; seconds += 7654321, count++) {
        char text[EMIT_TIME_TEXT], theirs[64];
        struct tm calendar;
        time_t at = (time_t)seconds;
        gmtime_r(&at, &calendar);
        strftime(theirs, sizeof theirs, "%Y-%m-%dT%H:%M:%S.123Z", &calendar);
        int64_t wall_ns = seconds * 1000000000 + 123000000, back = 0;
        emit_time_write(text, wall_ns);
        wrong += strcmp(text, theirs) != 0;
        unread += !emit_time_read(text, strlen(text), &back) || back != wall_ns;
    }
    CHECK(wrong == 0, "%d moments from 1678 to 2261: %d differ from gmtime's", count, wrong);
    CHECK(unread == 0, "and %d do not read back", unread);
}

static void test_refused(void) {
    static const char *const bad[] = {
        "",
        "2026-06-13T16:00:00Z",
        "2026-06-13T16:00:00.0000Z",
        "2026-06-13t16:00:00.000Z",
        "2026-06-13T16:00:00.000+",
        "2026-06-13 16:00:00.000Z",
        "2026-02-29T16:00:00.000Z",
        "2026-04-31T16:00:00.000Z",
        "2026-00-13T16:00:00.000Z",
        "2026-13-13T16:00:00.000Z",
        "2026-06-00T16:00:00.000Z",
        "2026-06-13T24:00:00.000Z",
        "2026-06-13T16:60:00.000Z",
        "2026-06-13T16:00:60.000Z",
        "2026-06-13T16:00:0a.000Z",
        "2263-01-01T00:00:00.000Z",
        "1600-01-01T00:00:00.000Z",
        "9999-12-31T23:59:59.999Z",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        int64_t wall_ns = 4;
        CHECK(!emit_time_read(bad[i], strlen(bad[i]), &wall_ns) && wall_ns == 4, "'%s' is refused",
              bad[i]);
    }
}

// What others write; the exact moment, and one that differs for each field.
static void test_rfc3339(void) {
    static const struct {
        const char *text;
        int64_t wall_ns;
    } good[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"1970-01-01T00:00:01.5Z", 1500000000},
        {"1970-01-01T00:00:00.000000001Z", 1},
        {"1970-01-01T05:30:00+05:30", 0},
        {"1970-01-01T05:30:00.25+05:30", 250000000},
        {"1969-12-31T23:59:00-00:01", 0},
        {"1970-01-01T00:00:00+00:00", 0},
        {"1970-01-02T23:59:00+23:59", INT64_C(86400000000000)},
        {"1969-12-31T23:59:59.999Z", -1000000},
    };
    static const char *const bad[] = {
        "",
        "Z",
        "1970-01-01",
        "1970-01-01T00:00:00",
        "1970-01-01T00:00:00z",
        "1970-01-01t00:00:00Z",
        "1970-01-01 00:00:00Z",
        "1970-01-01T00:00Z",
        "1970-01-01T00:00:00.Z",
        "1970-01-01T00:00:00,5Z",
        "1970-01-01T00:00:00.1234567890Z",
        "1970-01-01T00:00:00.5",
        "1970-01-01T00:00:00.5xZ",
        "1970-01-01T00:00:00-00:00",
        "1970-01-01T00:00:00+24:00",
        "1970-01-01T00:00:00+00:60",
        "1970-01-01T00:00:00+0530",
        "1970-01-01T00:00:00+05:3",
        "1970-01-01T00:00:00 05:30",
        "1970-01-01T23:59:60Z",
        "1970-02-30T00:00:00Z",
        "2262-04-11T23:47:16.854775808Z",
        "2262-04-11T23:47:16.854775807-00:01",
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        int64_t wall_ns = 4;
        CHECK(emit_time_read_rfc3339(good[i].text, strlen(good[i].text), &wall_ns) &&
                  wall_ns == good[i].wall_ns,
              "'%s' is %" PRId64, good[i].text, good[i].wall_ns);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        int64_t wall_ns = 4;
        CHECK(!emit_time_read_rfc3339(bad[i], strlen(bad[i]), &wall_ns) && wall_ns == 4,
              "'%s' is refused", bad[i]);
    }
}

static void test_days(void) {
    char day[EMIT_DAY_TEXT];
    emit_time_write_day(day, -1);
    CHECK_STRING(day, "1969-12-31", "the last nanosecond of a day is of that day");
    emit_time_write_day(day, 0);
    CHECK_STRING(day, "1970-01-01", "and the next one is of the next");
    CHECK(emit_time_milliseconds(-1) == -1 && emit_time_milliseconds(999999) == 0,
          "milliseconds are cut towards the past");
    CHECK(emit_time_is_day("2028-02-29") && !emit_time_is_day("2026-02-29") &&
              !emit_time_is_day("2026-2-28") && !emit_time_is_day("2026-02-28T") &&
              !emit_time_is_day(""),
          "a day is one that the calendar has, in this form");
}

// Other forms: what each of the two readers says of them.
static void test_other_forms(void) {
    static const struct {
        const char *text;
        bool is_rfc3339, is_loose;
        int64_t wall_ns;
    } cases[] = {
        {"2026-06-13T16:00:00Z", true, true, 1781366400000000000},
        {"2026-06-13T16:00:00.000Z", true, true, 1781366400000000000},
        {"2026-06-13T18:00:00.123456789+02:00", true, true, 1781366400123456789},
        {"2026-06-13T10:30:00.5-05:30", true, true, 1781366400500000000},
        {"2026-06-14T15:59:00+23:59", true, true, 1781366400000000000},
        {"2026-06-13T16:00:00+00:00", true, true, 1781366400000000000},
        {"1969-12-31T23:59:59.999999999Z", true, true, -1},
        {"2016-12-31T23:59:59Z", true, true, 1483228799000000000},
        {"2262-04-11T23:47:16.854775807Z", true, true, INT64_MAX},
        {"2026-06-13T16:00:00-00:00", false, true, 1781366400000000000},
        {"2026-06-13T16:00:00.1234567891Z", false, true, 1781366400123456789},
        {"2026-06-13T16:00:00", false, true, 1781366400000000000},
        {"2026-06-13 16:00:00Z", false, true, 1781366400000000000},
        {"2026-06-13t16:00:00z", false, true, 1781366400000000000},
        {"2026-06-13T16:00:00,5Z", false, true, 1781366400500000000},
        {"2026-06-13T18:00:00+0200", false, true, 1781366400000000000},
        {"2026-06-13T18:00:00+02", false, true, 1781366400000000000},
        {"2262-04-11T23:47:16.854775808Z", false, false, 0},
        {"2026-06-13", false, false, 0},
        {"2026-06-13T16:00Z", false, false, 0},
        {"2026-06-13T16:00:00.Z", false, false, 0},
        {"2026-06-13T16:00:00.5", false, true, 1781366400500000000},
        {"2026-06-13T16:00:00ZZ", false, false, 0},
        {"2026-06-13T16:00:00+02:0", false, false, 0},
        {"2026-06-13T16:00:00+02:60", false, false, 0},
        {"2026-06-13T16:00:00+24:00", false, false, 0},
        {"2026-06-13T16:00:00+2:000", false, false, 0},
        {"2026-06-13T16:00:00+02-00", false, false, 0},
        {"2026-06-13T24:00:00Z", false, false, 0},
        {"2016-12-31T23:59:60Z", false, false, 0},
        {"2026-02-29T16:00:00Z", false, false, 0},
        {"2026-06-31T16:00:00Z", false, false, 0},
        {"2026/06/13T16:00:00Z", false, false, 0},
        {"2026-06-13X16:00:00Z", false, false, 0},
        {"1677-01-01T00:00:00Z", false, false, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t common = 4, loose = 4;
        size_t length = strlen(cases[i].text);
        bool is_rfc3339 = emit_time_read_rfc3339(cases[i].text, length, &common);
        bool is_loose = emit_time_read_loose(cases[i].text, length, &loose);
        CHECK(is_rfc3339 == cases[i].is_rfc3339 && is_loose == cases[i].is_loose,
              "'%s' is read as it should be: %d %d", cases[i].text, is_rfc3339, is_loose);
        CHECK(common == (is_rfc3339 ? cases[i].wall_ns : 4) &&
                  loose == (is_loose ? cases[i].wall_ns : 4),
              "'%s' is its moment: %lld %lld", cases[i].text, (long long)common, (long long)loose);
    }
}

static void test_ahead(void) {
    enum { MINUTE_S = 60 };
    static const int64_t now_ns = INT64_C(1781366400000000000), s_ns = 1000000000;
    static const struct {
        int64_t wall_ns, now_ns;
        bool is_ahead;
    } cases[] = {
        {now_ns, now_ns, false},
        {now_ns + 5 * MINUTE_S * s_ns, now_ns, false},
        {now_ns + 5 * MINUTE_S * s_ns + 1, now_ns, true},
        {now_ns - 9 * MINUTE_S * s_ns, now_ns, false},
        {INT64_MAX, INT64_MIN, true},
        {INT64_MIN, INT64_MAX, false},
        {INT64_MAX, INT64_MAX - 1, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        CHECK(emit_time_is_ahead(cases[i].wall_ns, cases[i].now_ns) == cases[i].is_ahead,
              "%lld at %lld", (long long)cases[i].wall_ns, (long long)cases[i].now_ns);
    static const int64_t year_2000_ns = INT64_C(946684800000000000);
    CHECK(emit_time_is_unset(year_2000_ns - 1) && emit_time_is_unset(INT64_MIN) &&
              !emit_time_is_unset(year_2000_ns) && !emit_time_is_unset(INT64_MAX),
          "what counts from 1970 was never set");
}

int main(void) {
    test_written();
    test_as_the_c_library();
    test_refused();
    test_rfc3339();
    test_days();
    test_other_forms();
    test_ahead();
    return check_end();
}
