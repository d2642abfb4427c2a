// Forms against their regular expressions, times against the C library's
// calendar, and labels against the brands.
// SPDX-License-Identifier: Apache-2.0
#include "contract/values.h"

#include "check.h"
#include "vocabulary/fields.h"

#include <regex.h>
#include <stdlib.h>
#include <time.h>

static uint64_t state = 1;

static size_t below(size_t limit) {
    uint64_t mixed = state += UINT64_C(0x9e3779b97f4a7c15);
    mixed = (mixed ^ mixed >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    mixed = (mixed ^ mixed >> 27) * UINT64_C(0x94d049bb133111eb);
    return (size_t)((mixed ^ mixed >> 31) % limit);
}

static bool is_moment(const char *text, size_t length) {
    struct emit_moment moment;
    return emit_moment_read(&moment, text, length);
}

static bool is_three_digits(const char *text, size_t length) {
    struct emit_moment moment;
    return emit_moment_read(&moment, text, length) && moment.digits == 3;
}

static bool is_date(const char *text, size_t length) {
    int64_t days;
    return emit_date_read(&days, text, length);
}

struct form {
    enum emit_format format;
    bool (*has_form)(const char *, size_t);
    bool shape_only; // the expression takes days that no calendar has
    const char *good;
};

static const struct form forms[] = {
    {EMIT_FORMAT_LABEL, emit_text_is_label, false, "cpu-package"},
    {EMIT_FORMAT_PROFILE, emit_text_is_profile, false, "managed-balanced-v12"},
    {EMIT_FORMAT_NAME, emit_text_is_name, false, "epoch_3.train"},
    {EMIT_FORMAT_URL, emit_text_is_url, false, "https://a.example/b?c#d"},
    {EMIT_FORMAT_CURRENCY, emit_text_is_currency, false, "EUR"},
    {EMIT_FORMAT_HASH, emit_text_is_hash, false,
     "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"},
    {EMIT_FORMAT_TIMESTAMP, is_moment, true, "2026-06-13T16:00:00.123456Z"},
    {EMIT_FORMAT_TIMESTAMP_MS, is_three_digits, true, "2026-06-13T16:00:00.000Z"},
    {EMIT_FORMAT_DATE, is_date, true, "2026-06-13"},
};

// A good text with a few characters changed, taken out or put in, from a small alphabet.
static size_t vary(char text[160], const char *good) {
    static const char alphabet[] = "az09-_.:/TZvAF v1@`{[~\x7f\x80";
    size_t length = strlen(good);
    memcpy(text, good, length);
    for (size_t changes = below(4); changes > 0; changes--) {
        size_t at = below(length + 1);
        char c = alphabet[below(sizeof alphabet - 1)];
        if (below(3) == 0 && length < 150) {
            memmove(text + at + 1, text + at, length - at);
            text[at] = c;
            length++;
        } else if (at < length && below(2)) {
            memmove(text + at, text + at + 1, length - at - 1);
            length--;
        } else if (at < length) {
            text[at] = c;
        }
    }
    text[length] = '\0';
    return length;
}

static void check_form(const struct form *form) {
    regex_t expression;
    if (!CHECK(regcomp(&expression, emit_format_pattern(form->format), REG_EXTENDED | REG_NOSUB) ==
                   0,
               "%s is an expression", emit_format_pattern(form->format)))
        return;
    size_t taken = 0, refused = 0;
    char text[160], wrong[160] = "";
    for (int round = 0; round < 20000; round++) {
        size_t length = vary(text, form->good);
        bool wanted = regexec(&expression, text, 0, NULL, 0) == 0;
        bool got = form->has_form(text, length);
        if (got ? !wanted : wanted && !form->shape_only) strcpy(wrong, text);
        if (got)
            taken++;
        else
            refused++;
    }
    regfree(&expression);
    CHECK(!*wrong && taken > 1000 && refused > 1000, "%s: %zu taken, %zu refused, differs at '%s'",
          emit_format_pattern(form->format), taken, refused, wrong);
}

// Labels of every length round the limits, where no random text gets to.
static void check_lengths(void) {
    char text[128];
    memset(text, 'a', sizeof text);
    bool good = true;
    for (size_t length = 0; length <= 70; length++)
        good &= emit_text_is_label(text, length) == (length >= 1 && length <= 64) &&
                emit_text_is_name(text, length) == (length >= 1 && length <= 64);
    CHECK(good, "labels and names have 1 to 64 characters");
    text[0] = '-';
    CHECK(!emit_text_is_label(text, 3), "no hyphen first");
}

static void write_date(char text[11], int year, int month, int day) {
    const int digits[] = {year / 1000, year / 100 % 10, year / 10 % 10, year % 10,
                          -1,          month / 10,      month % 10,     -1,
                          day / 10,    day % 10};
    for (size_t i = 0; i < 10; i++)
        text[i] = digits[i] < 0 ? '-' : (char)('0' + digits[i]);
}

// Every day from 0001 to 9999, and the days that are none.
static void check_calendar(void) {
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int64_t wanted = -719162; // 0001-01-01
    size_t wrong = 0;
    char text[16];
    for (int year = 1; year <= 9999; year++) {
        bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
        for (int month = 1; month <= 12; month++) {
            for (int day = 1; day <= 31; day++) {
                bool exists = day <= lengths[month - 1] + (leap && month == 2);
                write_date(text, year, month, day);
                int64_t days = 0;
                bool got = emit_date_read(&days, text, 10);
                if (got != exists || (exists && days != wanted)) wrong++;
                wanted += exists;
            }
        }
    }
    CHECK(wrong == 0, "every day of 9999 years: %zu wrong", wrong);
    struct tm last = {.tm_year = 8099, .tm_mon = 11, .tm_mday = 31};
    CHECK(timegm(&last) / 86400 == wanted - 1, "the last day is where the C library has it");
}

static void check_moments(void) {
    struct emit_moment moment;
    CHECK(emit_moment_read(&moment, "1970-01-01T00:00:00Z", 20) && moment.seconds == 0 &&
              moment.nanoseconds == 0 && moment.digits == 0,
          "the epoch");
    CHECK(emit_moment_read(&moment, "2026-06-13T16:00:01.5Z", 22) && moment.seconds == 1781366401 &&
              moment.nanoseconds == 500000000 && moment.digits == 1,
          "half a second");
    CHECK(emit_moment_read(&moment, "1969-12-31T23:59:59.000000001Z", 30) && moment.seconds == -1 &&
              moment.nanoseconds == 1 && moment.digits == 9,
          "a nanosecond after the last second before it");
}

static void check_brands(void) {
    static const struct {
        const char *text;
        bool brand;
    } cases[] = {
        {"nvidia", true},
        {"gpu-nvidia", true},
        {"nvidia-gpu", true},
        {"a-amd-b", true},
        {"damd", false},
        {"amdahl", false},
        {"gpu-runner", false},
        {"x-perplexity", true},
        {"metal-runner", false},
        {"meta-runner", true},
        {"", false},
        {"-", false},
        {"digitalocean-v1", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t length = strlen(cases[i].text);
        CHECK(emit_text_has_brand(cases[i].text, length, length) == cases[i].brand,
              "'%s' %s a brand", cases[i].text, cases[i].brand ? "holds" : "does not hold");
    }
    size_t count, found = 0;
    const char *const *brands = emit_brands(&count);
    for (size_t i = 0; i < count; i++)
        found += emit_text_has_brand(brands[i], strlen(brands[i]), strlen(brands[i]));
    CHECK(found == count, "every brand of the table is found");
}

static void check_names(void) {
    static const struct {
        const char *name;
        bool forbidden;
    } cases[] = {
        {"cost", true},    {"costs_eur", true},  {"totalCost", true}, {"COGS", true},
        {"co2e", true},    {"kgCO2", true},      {"carbon_kg", true}, {"attribution_id", true},
        {"cos", false},    {"comment", false},   {"co_2", false},     {"rack_position", false},
        {"margins", true}, {"billing-id", true}, {"", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        CHECK(emit_name_is_forbidden(cases[i].name, strlen(cases[i].name)) == cases[i].forbidden,
              "tag '%s' is %s", cases[i].name, cases[i].forbidden ? "forbidden" : "not forbidden");
}

int main(void) {
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
        check_form(&forms[i]);
    check_lengths();
    check_calendar();
    check_moments();
    check_brands();
    check_names();
    return check_end();
}
