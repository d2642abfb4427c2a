// The report as a document: what is written is read back as the same report,
// and nothing that is not a report does harm.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "report_cases.h"

#include "base/json.h"
#include "programs/emit/report_parts.h"

static char first[EMIT_REPORT_JSON_MAX], second[EMIT_REPORT_JSON_MAX];

static enum emit_status write_json(char *at, size_t size, const struct emit_report *report) {
    struct emit_text text;
    struct emit_error err;
    emit_text_init(&text, at, size);
    return emit_report_write_json(&text, report, &err);
}

static char *print(const struct emit_report *report) {
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    if (!out) abort();
    emit_report_print(out, report, 80);
    if (fclose(out) != 0) abort();
    return text;
}

static void test_round_trip(void) {
    for (size_t i = 0; i < CASE_COUNT; i++) {
        struct emit_report report, back;
        struct emit_error err = {0};
        build_published(&report, i);
        report.self_cpu_seconds = 0.0031;
        emit_report_note(&report, "%s", "A note with \"quotes\" and a tail.");
        CHECK(write_json(first, sizeof first, &report) == EMIT_OK, "%s: written", cases[i].name);
        if (!CHECK(emit_report_read_json(&back, first, strlen(first), &err) == EMIT_OK,
                   "%s: read back: %s", cases[i].name, err.text))
            continue;
        CHECK(write_json(second, sizeof second, &back) == EMIT_OK, "%s: again", cases[i].name);
        CHECK(strcmp(second, first) == 0, "%s: and is the same", cases[i].name);
        char *printed = print(&report), *printed_back = print(&back);
        if (!CHECK(strcmp(printed_back, printed) == 0, "%s: prints the same text", cases[i].name))
            printf("# got:\n%s# wanted:\n%s", printed_back, printed);
        free(printed);
        free(printed_back);
        emit_report_clear(&report);
        emit_report_clear(&back);
    }
}

static void test_absent_is_absent(void) {
    struct emit_report report;
    build_published(&report, 5); // nothing could be read
    (void)write_json(first, sizeof first, &report);
    CHECK(!strstr(first, "joules") && !strstr(first, "watts"), "no figure without energy");
    CHECK(!strstr(first, "raw") && !strstr(first, "count\":"), "no raw counts");
    report.has_exit = false;
    (void)write_json(first, sizeof first, &report);
    CHECK(strstr(first, "\"exit\":null"), "an exit nobody saw is null");
    emit_report_clear(&report);
}

static void test_limits(void) {
    struct emit_report report, back;
    struct emit_error err;
    made_up_init(&run);
    for (int i = 0; i < EMIT_POINTS_MAX; i++) {
        char id[EMIT_DEVICE_ID_MAX];
        snprintf(id, sizeof id, "package-%d", i);
        made_up_add(&run, id, EMIT_COMPONENT_CPU_PACKAGE, i, 0);
        if (i % 2) made_up_lose(&run, EMIT_OUTCOME_REFUSED, EMIT_CODE_DENIED, "no right", "");
    }
    CHECK(emit_report_build(&report, &run.result, &err) == EMIT_OK &&
              write_json(first, sizeof first, &report) == EMIT_OK &&
              emit_report_read_json(&back, first, strlen(first), &err) == EMIT_OK &&
              back.point_count == EMIT_POINTS_MAX,
          "a report of %d points is written and read", EMIT_POINTS_MAX);
    emit_report_clear(&back);
    CHECK(write_json(first, 1000, &report) == EMIT_FULL, "a document too long is said to be");
    emit_report_clear(&report);
}

static void test_refused(void) {
    static const char *const bad[] = {
        "",
        "null",
        "[]",
        "{}",
        "{\"run_id\":\"r\"}",
        "{\"run_id\":7,\"from\":\"2026-06-13T16:00:00.000Z\",\"to\":\"2026-06-13T16:00:00.000Z\","
        "\"points\":[]}",
        "{\"run_id\":\"r\",\"from\":\"yesterday\",\"to\":\"2026-06-13T16:00:00.000Z\",\"points\":[]"
        "}",
        "{\"run_id\":\"r\",\"from\":\"2026-06-13T16:00:00.000Z\",\"to\":\"2026-06-13T16:00:00."
        "000Z\","
        "\"points\":[{\"outcome\":\"guessed\"}]}",
        "{\"run_id\":\"r\",\"from\":\"2026-06-13T16:00:00.000Z\",\"to\":\"2026-06-13T16:00:00."
        "000Z\","
        "\"points\":[{\"device_index\":-2}]}",
        "{\"run_id\":\"r\",\"from\":\"2026-06-13T16:00:00.000Z\",\"to\":\"2026-06-13T16:00:00."
        "000Z\","
        "\"points\":[],\"exit\":1000}",
        "{\"run_id\":\"r\",\"from\":\"2026-06-13T16:00:00.000Z\",\"to\":\"2026-06-13T16:00:00."
        "000Z\","
        "\"points\":[]} x",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct emit_report report = {.exit_status = 77};
        struct emit_error err = {0};
        CHECK(emit_report_read_json(&report, bad[i], strlen(bad[i]), &err) == EMIT_MALFORMED &&
                  report.exit_status == 77,
              "refused, and nothing is written: %s (%s)", bad[i], err.text);
    }
    static const char minimal[] =
        "{\"from\":\"2026-06-13T16:00:00.000Z\",\"future\":{\"a\":[1,{}]},\"points\":[],"
        "\"run_id\":\"r\",\"to\":\"2026-06-13T16:00:01.000Z\"}";
    struct emit_report report;
    struct emit_error err;
    CHECK(emit_report_read_json(&report, minimal, strlen(minimal), &err) == EMIT_OK,
          "in any order, and with members of the future");
    emit_report_clear(&report);
}

static uint64_t next_random(uint64_t *state) {
    uint64_t word = *state += UINT64_C(0x9e3779b97f4a7c15);
    word = (word ^ (word >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    word = (word ^ (word >> 27)) * UINT64_C(0x94d049bb133111eb);
    return word ^ (word >> 31);
}

// Changes a byte, a digit into more digits, cuts a piece out, or doubles a piece.
static size_t mutate(char *text, size_t length, uint64_t *state) {
    size_t at = next_random(state) % length, piece = 1 + next_random(state) % 40;
    if (at + piece > length) piece = length - at;
    switch (next_random(state) % 4) {
    case 0: text[at] = (char)next_random(state); return length;
    case 1:
        for (size_t i = at; i < length && i < at + 60; i++)
            if (text[i] >= '0' && text[i] <= '9') text[i] = (char)('0' + next_random(state) % 10);
        return length;
    case 2: memmove(text + at, text + at + piece, length - at - piece); return length - piece;
    default: memmove(text + at + piece, text + at, length - at); return length + piece;
    }
}

// Whatever was read from a damaged document can be printed, and is stable from then on.
static void test_mutations(void) {
    uint64_t state = 1;
    int read = 0, unstable = 0;
    for (int round = 0; round < 4000; round++) {
        struct emit_report report, back;
        struct emit_error err;
        build_published(&report, (size_t)round % CASE_COUNT);
        (void)write_json(first, sizeof first, &report);
        emit_report_clear(&report);
        size_t length = strlen(first);
        for (uint64_t changes = 1 + next_random(&state) % 3; changes > 0; changes--)
            length = mutate(first, length, &state);
        // A block of its own, so that a sanitizer sees a read behind its end.
        char *copy = malloc(length + 1);
        if (!copy) abort();
        memcpy(copy, first, length);
        if (emit_report_read_json(&report, copy, length, &err) == EMIT_OK) {
            read++;
            free(print(&report));
            (void)write_json(first, sizeof first, &report);
            if (emit_report_read_json(&back, first, strlen(first), &err) == EMIT_OK) {
                (void)write_json(second, sizeof second, &back);
                unstable += strcmp(first, second) != 0;
                emit_report_clear(&back);
            } else {
                unstable++;
                printf("# %s: %s\n", err.text, first);
            }
            emit_report_clear(&report);
        }
        free(copy);
    }
    CHECK(read > 100 && unstable == 0, "4000 damaged documents: %d read, %d unstable", read,
          unstable);
}

static void test_diagnostic(void) {
    struct emit_report report;
    struct emit_error err;
    struct emit_text text;
    build_published(&report, 5);
    emit_text_init(&text, first, sizeof first);
    CHECK(emit_report_write_diagnostic(&text, &report, &report.diagnostics[0], &err) == EMIT_OK,
          "written");
    CHECK_STRING(first,
                 "{\"code\":\"denied\",\"message\":\"energy_uj is 0400 root\",\"meter\":\"rapl\","
                 "\"point\":\"package-0\",\"remedy\":\"sudo setcap cap_dac_read_search=ep "
                 "\\\"$(command -v emit)\\\"\",\"run\":\"run_01JD9Z6Q3K7V8M2N4P6R8T0W2Y\","
                 "\"time\":\"2026-06-13T16:04:12.400Z\"}",
                 "a diagnostic is canonical");
    emit_report_clear(&report);
}

int main(void) {
    test_round_trip();
    test_absent_is_absent();
    test_limits();
    test_refused();
    test_mutations();
    test_diagnostic();
    return check_end();
}
