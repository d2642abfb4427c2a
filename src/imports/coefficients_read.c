// A folder of rows becomes a table: sorted, checked, and hashed over the lines
// that `emit tokens profiles --json` prints of it.
// SPDX-License-Identifier: Apache-2.0
#include "imports/coefficients_read.h"

#include "base/text.h"
#include "imports/coefficients_row.h"
#include "models/coefficients_write.h"

#include <dirent.h>
#include <errno.h>
#include <sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILES_MAX = EMIT_PROFILES_MAX + EMIT_TRANSFORMS_MAX };

// The table with what it is made of. The table is the first member, so that its address is
// that of the whole: see emit_coefficients_close.
struct folder {
    struct emit_coefficient_table table;
    struct emit_coefficients_row *rows[FILES_MAX]; // owned; sorted when all are read
    size_t count;
    struct emit_profile *profiles;
    struct emit_transform *transforms;
    struct emit_findings *findings; // the caller's
};

// --- Files ---

static bool is_row_file(const char *name) {
    static const char ending[] = ".yaml";
    size_t length = strlen(name);
    return name[0] != '.' && length >= sizeof ending &&
           strcmp(name + length - strlen(ending), ending) == 0;
}

static enum emit_status read_row(struct folder *folder, const char *path, const char *today,
                                 struct emit_error *err) {
    if (folder->count == FILES_MAX)
        return emit_fail(err, EMIT_FULL, "more than %d files of coefficients", FILES_MAX);
    struct emit_coefficients_row *row = calloc(1, sizeof *row);
    if (!row) return emit_fail(err, EMIT_NO_MEMORY, "out of memory");
    folder->rows[folder->count++] = row;
    enum emit_status status = emit_coefficients_row_read(row, path, today, folder->findings, err);
    if (status != EMIT_INVALID) return status;
    emit_findings_tell(folder->findings, "", err->text); // not YAML
    return EMIT_OK;
}

static int compare_names(const struct dirent **left, const struct dirent **right) {
    return strcmp((*left)->d_name, (*right)->d_name);
}

static int keep_row_file(const struct dirent *entry) {
    return is_row_file(entry->d_name);
}

static enum emit_status read_files(struct folder *folder, const char *path, const char *today,
                                   struct emit_error *err) {
    struct dirent **entries = NULL;
    enum emit_status status = EMIT_OK;
    int count = scandir(path, &entries, keep_row_file, compare_names);
    if (count < 0) return emit_fail_errno(err, errno, "cannot read the folder %s", path);
    if (count == 0)
        status =
            emit_fail(err, EMIT_INVALID,
                      "%s holds no .yaml file; emit's own are in share/emit/coefficients", path);
    for (int i = 0; i < count; i++) {
        char file[EMIT_SETTINGS_PATH_MAX];
        const char *name = entries[i]->d_name;
        if (status != EMIT_OK) continue; // the entries are freed below
        if (emit_text_format(file, sizeof file, "%s/%s", path, name))
            status = read_row(folder, file, today, err);
        else
            status = emit_fail(err, EMIT_INVALID, "the path of %s is too long", name);
    }
    for (int i = 0; i < count; i++)
        free(entries[i]);
    free(entries);
    return status;
}

// --- The table ---

// Rows without an id, which are findings already, come first.
static int compare_rows(const void *left, const void *right) {
    const struct emit_coefficients_row *const *a = left, *const *b = right;
    const char *a_id = emit_coefficients_row_id(*a), *b_id = emit_coefficients_row_id(*b);
    return strcmp(a_id ? a_id : "", b_id ? b_id : "");
}

static enum emit_status fill_table(struct folder *folder, struct emit_error *err) {
    struct emit_coefficient_table *table = &folder->table;
    qsort(folder->rows, folder->count, sizeof(struct emit_coefficients_row *), compare_rows);
    folder->profiles = calloc(folder->count + 1, sizeof *folder->profiles);
    folder->transforms = calloc(folder->count + 1, sizeof *folder->transforms);
    if (!folder->profiles || !folder->transforms)
        return emit_fail(err, EMIT_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < folder->count; i++) {
        const struct emit_coefficients_row *row = folder->rows[i];
        if (!emit_coefficients_row_id(row)) continue;
        if (row->is_transform)
            folder->transforms[table->transform_count++] = row->transform;
        else
            folder->profiles[table->profile_count++] = row->profile;
    }
    table->profiles = folder->profiles;
    table->transforms = folder->transforms;
    if (table->profile_count > EMIT_PROFILES_MAX || table->transform_count > EMIT_TRANSFORMS_MAX)
        return emit_fail(err, EMIT_FULL, "more than %d profiles or %d transforms",
                         EMIT_PROFILES_MAX, EMIT_TRANSFORMS_MAX);
    return EMIT_OK;
}

// Of what is wrong with the rows together: the key is the id of one.
static void take_table_finding(void *owner, const char *key, const char *sentence) {
    struct folder *folder = owner;
    const char *name = "";
    char whole[512];
    for (size_t i = 0; i < folder->count; i++) {
        const char *id = emit_coefficients_row_id(folder->rows[i]);
        if (id && strcmp(id, key) == 0) name = emit_coefficients_row_file(folder->rows[i]);
    }
    (void)emit_text_format(whole, sizeof whole, "%s:1: %s", name, sentence);
    emit_findings_tell(folder->findings, key, whole);
}

static enum emit_status hash_table(struct emit_coefficient_table *table, struct emit_error *err) {
    SHA2_CTX hash;
    struct emit_text line;
    bool cut = false;
    char *bytes = malloc(EMIT_COEFFICIENT_LINE_MAX);
    if (!bytes) return emit_fail(err, EMIT_NO_MEMORY, "out of memory");
    SHA256Init(&hash);
    for (size_t i = 0; i < table->profile_count + table->transform_count; i++) {
        emit_text_init(&line, bytes, EMIT_COEFFICIENT_LINE_MAX);
        if (i < table->profile_count)
            emit_profile_write(&line, &table->profiles[i]);
        else
            emit_transform_write(&line, &table->transforms[i - table->profile_count]);
        cut = cut || line.cut;
        SHA256Update(&hash, (const uint8_t *)line.at, line.length);
    }
    free(bytes);
    SHA256End(&hash, table->sha256);
    return cut ? emit_fail(err, EMIT_FULL, "a row of coefficients is too long") : EMIT_OK;
}

static void close_folder(struct folder *folder) {
    for (size_t i = 0; i < folder->count; i++) {
        emit_coefficients_row_clear(folder->rows[i]);
        free(folder->rows[i]);
    }
    free(folder->profiles);
    free(folder->transforms);
    free(folder);
}

static enum emit_status open_folder(struct folder **opened, const char *path, const char *today,
                                    struct emit_findings *findings, struct emit_error *err) {
    struct emit_error own;
    struct folder *folder = calloc(1, sizeof *folder);
    if (!folder) return emit_fail(err, EMIT_NO_MEMORY, "out of memory");
    folder->findings = findings;
    enum emit_status status = read_files(folder, path, today, &own);
    if (status == EMIT_OK) status = fill_table(folder, &own);
    if (status != EMIT_OK) {
        close_folder(folder);
        return emit_fail(err, status, "%s", own.text);
    }
    struct emit_findings of_table = {.take = take_table_finding, .owner = folder};
    emit_coefficient_table_check(&folder->table, &of_table);
    *opened = folder;
    return EMIT_OK;
}

static void keep_first(void *owner, const char *key, const char *sentence) {
    struct emit_error *first = owner;
    (void)key;
    if (first->status == EMIT_OK) (void)emit_fail(first, EMIT_INVALID, "%s", sentence);
}

enum emit_status emit_coefficients_read(struct emit_coefficient_table **table, const char *path,
                                        struct emit_error *err) {
    struct emit_error first = {.status = EMIT_OK};
    struct emit_findings findings = {.take = keep_first, .owner = &first};
    struct folder *folder = NULL;
    enum emit_status status = open_folder(&folder, path, NULL, &findings, err);
    if (status != EMIT_OK) return status;
    status = findings.count > 0 ? emit_fail(err, EMIT_INVALID, "%s", first.text)
                                : hash_table(&folder->table, err);
    if (status == EMIT_OK)
        *table = &folder->table;
    else
        close_folder(folder);
    return status;
}

void emit_coefficients_close(struct emit_coefficient_table *table) {
    if (table) close_folder((struct folder *)table);
}

enum emit_status emit_coefficients_check(const char *path, const char *today,
                                         struct emit_findings *findings, struct emit_error *err) {
    struct folder *folder = NULL;
    enum emit_status status = open_folder(&folder, path, today, findings, err);
    if (status == EMIT_OK) close_folder(folder);
    return status;
}
