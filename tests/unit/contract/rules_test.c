// Proof that the validator checks what it says: each rule is taken out in turn,
// and some file of the corpus is then judged otherwise.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "contract/rules.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdlib.h>

enum { FILES_MAX = 1024 };

struct file {
    char *bytes;
    size_t length;
    struct emit_verdict verdict; // of all rules
};

static struct file files[FILES_MAX];
static size_t file_count;

static bool read_file(const char *path) {
    FILE *in = fopen(path, "rb");
    struct file *file = &files[file_count];
    if (!in || file_count == FILES_MAX) return false;
    file->bytes = malloc(EMIT_EVENT_MAX + 2);
    file->length = file->bytes ? fread(file->bytes, 1, EMIT_EVENT_MAX + 2, in) : 0;
    fclose(in);
    // The line end is not of the event.
    while (file->length > 0 && file->bytes[file->length - 1] == '\n')
        file->length--;
    file_count++;
    return file->length > 0;
}

static void read_folder(const char *contract, const char *name) {
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", contract, name);
    DIR *folder = opendir(path);
    bool good = folder != NULL;
    struct dirent *entry;
    while (folder && (entry = readdir(folder))) {
        if (!strstr(entry->d_name, ".json")) continue;
        snprintf(path, sizeof path, "%s/%s/%s", contract, name, entry->d_name);
        good = read_file(path) && good;
    }
    if (folder) closedir(folder);
    CHECK(good, "contract/%s is read, %zu files so far", name, file_count);
}

// Two verdicts are the same when they hold the same findings.
static bool is_same(const struct emit_verdict *a, const struct emit_verdict *b) {
    if (a->core_count != b->core_count || a->strict_count != b->strict_count || a->kept != b->kept)
        return false;
    for (size_t i = 0; i < a->kept; i++)
        if (a->findings[i].level != b->findings[i].level ||
            strcmp(a->findings[i].reason, b->findings[i].reason) != 0 ||
            strcmp(a->findings[i].field, b->findings[i].field) != 0)
            return false;
    return true;
}

static void check_rule(unsigned number, const struct emit_rule *rule) {
    static struct emit_verdict verdict;
    for (size_t i = 0; i < file_count; i++) {
        (void)emit_contract_check_without(number, files[i].bytes, files[i].length, &verdict);
        if (is_same(&verdict, &files[i].verdict)) continue;
        CHECK(true, "rule %u", number);
        return;
    }
    CHECK(false, "rule %u (%s, %s of %s, check %d) can be taken out and no verdict changes", number,
          emit_reason_word(rule->reason), rule->is_bond ? "bond" : "rule",
          rule->field < EMIT_FIELD_COUNT ? emit_fields[rule->field].name : "the event",
          (int)rule->check);
}

int main(void) {
    const char *contract = getenv("CONTRACT");
    if (!contract) return 99;
    read_folder(contract, "accepted/core");
    read_folder(contract, "accepted/strict");
    read_folder(contract, "rejected");
    for (size_t i = 0; i < file_count; i++)
        (void)emit_contract_check(files[i].bytes, files[i].length, &files[i].verdict);
    unsigned rules = 0;
    for (unsigned number = 0; number < EMIT_RULE_COUNT; number++) {
        struct emit_rule rule;
        if (!emit_rule_at(number, &rule)) continue;
        check_rule(number, &rule);
        rules++;
    }
    CHECK(rules > 100, "%u rules were taken out", rules);
    static struct emit_verdict verdict;
    int differ = 0;
    for (size_t i = 0; i < file_count; i++) {
        (void)emit_contract_check_without(EMIT_RULE_COUNT, files[i].bytes, files[i].length,
                                          &verdict);
        differ += !is_same(&verdict, &files[i].verdict);
    }
    CHECK(differ == 0, "without none taken out, all %zu verdicts are the wall's", file_count);
    for (size_t i = 0; i < file_count; i++)
        free(files[i].bytes);
    return check_end();
}
