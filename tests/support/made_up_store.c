// Fills a store with the reports of made-up runs, and writes beside it the text
// that emit show has to print for each:  made-up-store STORE FOLDER
// SPDX-License-Identifier: Apache-2.0
#include "report_cases.h"

#include "agent/publish.h"
#include "programs/emit/report_parts.h"

static int fail(const struct emit_error *err) {
    fprintf(stderr, "made-up-store: %s\n", err->text);
    return 1;
}

static int write_text(const char *folder, const struct emit_report *report) {
    char path[512];
    snprintf(path, sizeof path, "%s/%s.txt", folder, report->header.run_id);
    FILE *file = fopen(path, "w");
    if (!file) return -1;
    emit_report_print(file, report, 80);
    return fclose(file);
}

int main(int argc, char **argv) {
    if (argc != 3) return 2;
    struct emit_error err;
    struct emit_outbox *outbox = NULL;
    const struct emit_outbox_options options = {.path = argv[1]};
    if (emit_outbox_open(&outbox, &options, &err) != EMIT_OK) return fail(&err);
    const struct emit_destination to = {.outbox = outbox};
    int status = 0;
    for (size_t i = 0; i < CASE_COUNT && status == 0; i++) {
        struct emit_report report;
        build(&report, i, i + 1);
        if (emit_publish(&report, &run.result, &to, &err) != EMIT_OK)
            status = fail(&err);
        else if (write_text(argv[2], &report) != 0)
            status = 1;
        emit_report_clear(&report);
    }
    emit_outbox_close(outbox);
    return status;
}
