// A unit test in plain TAP: CHECK counts, prints and goes on; return
// check_end() from main. One test program is one room of src/.
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_CHECK_H
#define TESTS_CHECK_H

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static int check_count, check_failed;

__attribute__((format(printf, 4, 5))) static inline int
check_that(int good, const char *file, int line, const char *format, ...) {
    va_list arguments;
    char what[4096];
    va_start(arguments, format);
    (void)vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    for (char *at = what; *at; at++) // one line, whatever it quotes
        if ((unsigned char)*at < ' ') *at = '?';
    printf(good ? "%sok %d - %s\n" : "%sok %d - %s (%s:%d)\n", good ? "" : "not ", ++check_count,
           what, file, line);
    if (!good) check_failed++;
    return good;
}

#define CHECK(condition, ...) check_that(!!(condition), __FILE__, __LINE__, __VA_ARGS__)
#define CHECK_STRING(got, wanted, what)                                                            \
    check_that(strcmp((got), (wanted)) == 0, __FILE__, __LINE__, "%s: got '%s', wanted '%s'",      \
               (what), (got), (wanted))

// For what cannot be checked on this machine; says so in the output.
static inline void check_skip(const char *why) {
    printf("ok %d # SKIP %s\n", ++check_count, why);
}

static inline int check_end(void) {
    printf("1..%d\n", check_count);
    return check_failed != 0;
}

#endif
