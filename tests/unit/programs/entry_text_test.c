// Stored entries on a terminal of 80 columns: sentences and remedies are broken,
// and nothing in them reaches the terminal as a control.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "programs/emit/entry_text.h"

#include <stdlib.h>
#include <string.h>

static size_t longest_line(const char *text) {
    size_t longest = 0;
    while (*text) {
        size_t length = strcspn(text, "\n");
        if (length > longest) longest = length;
        text += length + (text[length] == '\n');
    }
    return longest;
}

// What is printed of a diagnostic with this body; the caller frees it.
static char *printed(const char *body) {
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out) exit(1);
    const struct emit_entry entry = {
        .kind = EMIT_ENTRY_DIAGNOSTIC,
        .run_id = "run_01M89SAXV8V814FFKHGH7C7EB4",
        .time_ns = 1780000000000000000,
        .body = body,
        .length = strlen(body),
    };
    emit_entry_print_diagnostic(out, &entry, true, entry.time_ns);
    if (fclose(out) != 0) exit(1);
    return text;
}

// The line of the list of events; of a run, or of none.
static void check_event(const char *run_id, const char *body, const char *wanted, int64_t age_ns) {
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out) exit(1);
    const struct emit_entry entry = {.kind = EMIT_ENTRY_EVENT,
                                     .run_id = run_id,
                                     .time_ns = 1780000000000000000,
                                     .body = body,
                                     .length = strlen(body)};
    emit_entry_print_event(out, &entry, true, entry.time_ns + age_ns);
    if (fclose(out) != 0) exit(1);
    CHECK_STRING(text, wanted, wanted);
    free(text);
}

static void test_events(void) {
    check_event("run_1",
                "{\"quantity\":98412.4,\"tags\":{\"device_id\":\"package-0\","
                "\"energy_provenance\":\"measured\",\"phase\":\"total\"}}",
                "05-28 20:26 run_1                          package-0        98.412 kJ measured\n",
                0);
    check_event("run_1",
                "{\"quantity\":0.25,\"tags\":{\"component\":\"dram\",\"simulated\":true,"
                "\"energy_provenance\":\"measured\",\"phase\":\"load\"}}",
                "05-28 20:26   phase load                   dram               0.250 J simulated\n",
                0);
    check_event(
        "",
        "{\"quantity\":373410000,\"tags\":{\"device_id\":\"feed-a\",\"facility_id\":\"fra-1\","
        "\"energy_provenance\":\"estimated\",\"phase\":\"total\"}}",
        "05-28 20:26 facility fra-1                 feed-a          373.410 MJ estimated\n", 0);
    check_event("", "{\"quantity\":1e17,\"tags\":{\"device_id\":\"a name longer than that\"}}",
                "05-28 20:26 -                              a name longer     1e+08 GJ \n", 0);
    check_event("run_1", "{\"quantity\":1,\"tags\":{\"device_id\":\"dram-0\"}}",
                "2026-05-28  run_1                          dram-0             1.000 J \n",
                INT64_C(400) * 86400 * 1000000000);
}

int main(void) {
    test_events();
    const struct {
        const char *what, *body, *holds;
    } cases[] = {
        {"a short one is three lines",
         "{\"meter\":\"rapl\",\"point\":\"dram-0\",\"code\":\"masked\",\"message\":\"hidden\","
         "\"remedy\":\"docker run IMAGE\"}",
         "05-28 20:26 UTC\n  rapl  dram-0  masked\n    hidden\n    fix  docker run IMAGE\n"},
        {"a long sentence is broken",
         "{\"meter\":\"rapl\",\"code\":\"gap\",\"message\":\"the counter was read for the last "
         "time "
         "long before the command ended, and what it counted after that is not known to anybody\"}",
         "and\n    what it counted"},
        {"a long remedy is broken so that it can still be pasted",
         "{\"meter\":\"rapl\",\"code\":\"denied\",\"message\":\"no right\",\"remedy\":\"sudo "
         "groupadd "
         "--force --system emit && sudo install -m 0644 90-emit.rules /etc/udev/rules.d\"}",
         " \\\n         "},
        {"controls, also those of two bytes, are no controls any more",
         "{\"meter\":\"a\\u001b[2J\",\"code\":\"b\\u009b\",\"message\":\"c\\u202ed\"}",
         "a?[2J  b?\n    c?d\n"},
        {"a GPU is told by the beginning of its UUID",
         "{\"meter\":\"nvml\",\"point\":\"GPU-5f2a1b3c-77d0-4c1e-9f00-aabbccddeeff\",\"code\":"
         "\"gone\"}",
         "  nvml  GPU-5f2a1b3c  gone\n"},
        {"a body that is none is still one line", "[]", "run_01M89SAXV8V814FFKHGH7C7EB4"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *text = printed(cases[i].body);
        CHECK(strstr(text, cases[i].holds) != NULL, "%s", cases[i].what);
        CHECK(longest_line(text) <= 80, "%s: no line is longer than 80", cases[i].what);
        free(text);
    }
    return check_end();
}
