// A file of coefficients, whatever it holds: it is refused with a sentence, or it is a row
// that keeps every invariant, whose line is JSON, and which is read again as the same.
// SPDX-License-Identifier: Apache-2.0
#include "property.h"

#include "imports/coefficients_read.h"
#include "imports/coefficients_row.h"
#include "models/coefficients_write.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct told {
    size_t count;
    bool is_empty; // a sentence said nothing
};

static void take(void *owner, const char *key, const char *sentence) {
    struct told *told = owner;
    told->count++;
    told->is_empty = told->is_empty || !key || sentence[0] == '\0';
}

static const char *judge_line(const struct emit_coefficients_row *row) {
    struct told told = {0};
    struct emit_text line;
    const char *wrong = NULL;
    char *bytes = malloc(EMIT_COEFFICIENT_LINE_MAX);
    if (!bytes) return NULL;
    emit_text_init(&line, bytes, EMIT_COEFFICIENT_LINE_MAX);
    struct emit_findings findings = {.take = take, .owner = &told};
    if (row->is_transform)
        emit_transform_check(&row->transform, NULL, &findings);
    else
        emit_profile_check(&row->profile, NULL, &findings);
    if (row->is_transform)
        emit_transform_write(&line, &row->transform);
    else
        emit_profile_write(&line, &row->profile);
    json_t *json = json_loadb(line.at, line.length, JSON_REJECT_DUPLICATES, NULL);
    if (findings.count > 0)
        wrong = "a row without findings that is none";
    else if (!row->is_transform && !row->profile.notes)
        wrong = "a row without notes";
    else if (line.cut || !json)
        wrong = "a line that is no JSON";
    json_decref(json);
    free(bytes);
    return wrong;
}

const char *property_coefficients(const uint8_t *bytes, size_t size) {
    const char *wrong = NULL;
    char path[64];
    int file = memfd_create("row.yaml", MFD_CLOEXEC);
    if (file < 0 || write(file, bytes, size) != (ssize_t)size) {
        if (file >= 0) close(file);
        return NULL;
    }
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    struct emit_coefficients_row *row = calloc(1, sizeof *row);
    struct emit_error err = {.text = ""};
    struct told told = {0};
    struct emit_findings findings = {.take = take, .owner = &told};
    if (!row) goto done;
    enum emit_status status = emit_coefficients_row_read(row, path, NULL, &findings, &err);
    if (status == EMIT_ABSENT) // no libyaml here
        goto done;
    if (status != EMIT_OK && (status != EMIT_INVALID || err.text[0] == '\0'))
        wrong = "refused without a sentence";
    else if (findings.count != told.count || told.is_empty)
        wrong = "findings that were not told";
    else if (status == EMIT_OK && findings.count == 0)
        wrong = judge_line(row);
    emit_coefficients_row_clear(row);
done:
    free(row);
    close(file);
    return wrong;
}
