// The text of a report, word for word, for made-up runs.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "report_cases.h"

#include "programs/emit/page.h"
#include "programs/emit/report_parts.h"

#include <stdlib.h>

static char *print(const struct emit_report *report, int columns) {
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    if (!out) abort();
    emit_report_print(out, report, columns);
    if (fclose(out) != 0) abort();
    return text;
}

static int widest_line(const char *text) {
    int widest = 0;
    for (const char *end; *text; text = end + (*end == '\n')) {
        char line[1024];
        end = strchrnul(text, '\n');
        snprintf(line, sizeof line, "%.*s", (int)(end - text), text);
        int width = emit_page_width(line);
        // A command is one to paste, whatever its width.
        if (strncmp(line, "  emit show ", strlen("  emit show ")) == 0) continue;
        if (width > widest) widest = width;
    }
    return widest;
}

// EMIT_ACCEPT=1 writes the files anew: the difference is then for a person to read.
static void check_golden(const char *folder, const char *name, const char *text) {
    char path[512], wanted[8192];
    snprintf(path, sizeof path, "%s/%s.txt", folder, name);
    bool accept = getenv("EMIT_ACCEPT") != NULL;
    FILE *file = fopen(path, accept ? "w" : "r");
    if (!file) {
        CHECK(false, "%s can be opened", path);
        return;
    }
    if (accept) {
        fputs(text, file);
    } else {
        size_t length = fread(wanted, 1, sizeof wanted - 1, file);
        wanted[length] = '\0';
        if (!CHECK(strcmp(text, wanted) == 0, "%s: word for word", name))
            printf("# got:\n%s# wanted:\n%s", text, wanted);
    }
    fclose(file);
}

static void test_cases(const char *folder) {
    static const int widths[] = {80, 100, 200};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct emit_report report;
        build_published(&report, i);
        char *text = print(&report, 80);
        check_golden(folder, cases[i].name, text);
        free(text);
        for (size_t w = 0; w < sizeof widths / sizeof widths[0]; w++) {
            text = print(&report, widths[w]);
            int widest = widest_line(text);
            CHECK(widest <= widths[w], "%s: no line is wider than %d (%d)", cases[i].name,
                  widths[w], widest);
            bool clean = true;
            for (const char *at = text; *at; at++)
                clean &= (unsigned char)*at >= 0x20 || *at == '\n';
            CHECK(clean, "%s: no control characters", cases[i].name);
            free(text);
        }
        emit_report_clear(&report);
    }
}

// Everything that cannot be in a sum says so, and a sum is what it says it is.
static void test_sum(void) {
    struct emit_report report;
    build_published(&report, 0);
    double joules = 0;
    for (size_t i = 0; i < report.point_count; i++)
        joules += report.outcomes[i].joules * report.outcomes[i].counts_in_total;
    CHECK(report.total_count == 1 && report.totals[0].joules == joules, "the sum is a sum");
    CHECK_STRING(report.totals[0].what, "gpu + cpu-package + dram", "what is summed");
    emit_report_clear(&report);
    build_published(&report, 5);
    CHECK(report.total_count == 0, "no sum of nothing");
    CHECK(report.diagnostic_count == 4, "one diagnostic a point: %zu", report.diagnostic_count);
    emit_report_clear(&report);
    build_published(&report, 3);
    size_t simulated_said = 0;
    for (size_t i = 0; i < report.diagnostic_count; i++)
        simulated_said += report.diagnostics[i].code == EMIT_CODE_SIMULATED;
    CHECK(report.simulated && simulated_said == 2, "simulated is said once a meter: %zu",
          simulated_said);
    emit_report_clear(&report);
}

int main(int argc, char **argv) {
    if (argc != 2) return 2;
    test_cases(argv[1]);
    test_sum();
    return check_end();
}
