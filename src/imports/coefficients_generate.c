// Prints coefficients_table.c: the table of this build, from the files of
// data/coefficients. Runs during the build, on the machine that builds; a row that
// breaks an invariant ends it.
// SPDX-License-Identifier: Apache-2.0
#include "imports/coefficients_read.h"

#include <inttypes.h>
#include <stdio.h>

static void print_text(const char *text) {
    putchar('"');
    for (const unsigned char *at = (const unsigned char *)text; *at; at++) {
        if (*at == '"' || *at == '\\')
            printf("\\%c", *at);
        else if (*at < 0x20 || *at >= 0x7f || *at == '?') // '?' could begin a trigraph
            printf("\\%03o", *at);
        else
            putchar(*at);
    }
    putchar('"');
}

static void print_member(const char *name, const char *text) {
    printf("    .%s = ", name);
    print_text(text);
    printf(",\n");
}

static void print_citations(const char *of, size_t row, const struct emit_citation *citations,
                            size_t count) {
    printf("static const struct emit_citation %s_%zu[] = {\n", of, row);
    for (size_t i = 0; i < count; i++) {
        printf("    {\n");
        print_member("id", citations[i].id);
        print_member("title", citations[i].title);
        print_member("url", citations[i].url);
        print_member("published", citations[i].published);
        print_member("accessed", citations[i].accessed);
        print_member("version", citations[i].version);
        print_member("says", citations[i].says);
        printf("    .secondary = %d},\n", citations[i].secondary);
    }
    printf("};\n\n");
}

static void print_range(const char *name, const struct emit_range *range) {
    printf("    .%s = {UINT64_C(%" PRIu64 "), UINT64_C(%" PRIu64 "), UINT64_C(%" PRIu64 ")},\n",
           name, range->low, range->central, range->high);
}

static void print_profile(size_t row, const struct emit_profile *profile) {
    printf("    {\n");
    print_member("id", profile->id);
    print_member("stands_for", profile->stands_for);
    print_member("intended_use", profile->intended_use);
    print_member("caveats", profile->caveats);
    print_member("notes", profile->notes);
    print_member("valid_until", profile->valid_until);
    printf("    .boundary = (enum emit_boundary)%d,\n    .context_tokens_max = UINT64_C(%" PRIu64
           "),\n    .citations = profile_%zu,\n    .citation_count = %zu,\n    .coefficients = {\n",
           (int)profile->boundary, profile->context_tokens_max, row, profile->citation_count);
    for (int bucket = 0; bucket < EMIT_BUCKET_COUNT; bucket++) {
        const struct emit_coefficient *coefficient = &profile->coefficients[bucket];
        if (!coefficient->defined) continue;
        printf("    [%d] = {\n    .defined = true,\n    .confidence = (enum emit_confidence)%d,\n",
               bucket, (int)coefficient->confidence);
        print_range("nanojoules", &coefficient->nanojoules);
        print_member("derivation", coefficient->derivation);
        print_member("sources", coefficient->sources);
        printf("    },\n");
    }
    printf("    }},\n");
}

static void print_transform(size_t row, const struct emit_transform *transform) {
    printf("    {\n");
    print_member("id", transform->id);
    print_member("intended_use", transform->intended_use);
    print_member("caveats", transform->caveats);
    print_member("derivation", transform->derivation);
    print_member("sources", transform->sources);
    print_member("valid_until", transform->valid_until);
    print_range("thousandths", &transform->thousandths);
    printf("    .from = (enum emit_stage)%d,\n    .to = (enum emit_stage)%d,\n"
           "    .confidence = (enum emit_confidence)%d,\n"
           "    .citations = transform_%zu,\n    .citation_count = %zu},\n",
           (int)transform->from, (int)transform->to, (int)transform->confidence, row,
           transform->citation_count);
}

static void print_table(const struct emit_coefficient_table *table) {
    printf("// Written by coefficients_generate.c from data/coefficients: do not edit.\n"
           "#include \"models/coefficients.h\"\n\n");
    for (size_t i = 0; i < table->profile_count; i++)
        print_citations("profile", i, table->profiles[i].citations,
                        table->profiles[i].citation_count);
    for (size_t i = 0; i < table->transform_count; i++)
        print_citations("transform", i, table->transforms[i].citations,
                        table->transforms[i].citation_count);
    printf("static const struct emit_profile profiles[] = {\n");
    for (size_t i = 0; i < table->profile_count; i++)
        print_profile(i, &table->profiles[i]);
    printf("};\n\nstatic const struct emit_transform transforms[] = {\n");
    for (size_t i = 0; i < table->transform_count; i++)
        print_transform(i, &table->transforms[i]);
    printf("};\n\nconst struct emit_coefficient_table *emit_coefficients_built_in(void) {\n"
           "    static const struct emit_coefficient_table table = {\n"
           "        .profiles = profiles, .profile_count = %zu,\n"
           "        .transforms = transforms, .transform_count = %zu,\n"
           "        .sha256 = \"%s\"};\n    return &table;\n}\n",
           table->profile_count, table->transform_count, table->sha256);
}

int main(int argc, char **argv) {
    struct emit_coefficient_table *table = NULL;
    struct emit_error err;
    if (argc != 2) {
        fprintf(stderr, "usage: coefficients-generate FOLDER\n");
        return 2;
    }
    if (emit_coefficients_read(&table, argv[1], &err) != EMIT_OK) {
        fprintf(stderr, "%s: %s\n", argv[1], err.text);
        return 1;
    }
    print_table(table);
    emit_coefficients_close(table);
    return fflush(stdout) != 0 || ferror(stdout);
}
