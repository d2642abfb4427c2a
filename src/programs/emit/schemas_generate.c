// Prints schemas.c: the files that are named, as bytes, each known by its name before the
// first ".schema". Runs during the build, on the machine that builds.
// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { BYTES_A_LINE = 24 };

// The name of a file without its folders.
static const char *base_of(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static int print_bytes(const char *path, int number) {
    FILE *file = fopen(path, "r");
    if (!file) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        return 1;
    }
    printf("// %s\nstatic const unsigned char bytes_%d[] = {", base_of(path), number);
    size_t count = 0;
    for (int byte; (byte = getc(file)) != EOF; count++)
        printf("%s%d,", count % BYTES_A_LINE ? "" : "\n    ", byte);
    printf("\n};\n\n");
    int failed = ferror(file) || count == 0;
    if (failed) fprintf(stderr, "%s: nothing could be read\n", path);
    return fclose(file) != 0 || failed;
}

int main(int argc, char **argv) {
    printf("// Written by schemas_generate.c from contract/: do not edit.\n"
           "#include \"programs/emit/schemas.h\"\n\n");
    for (int i = 1; i < argc; i++)
        if (print_bytes(argv[i], i) != 0) return 1;
    printf("const struct schema_document schema_documents[] = {\n");
    for (int i = 1; i < argc; i++) {
        const char *name = base_of(argv[i]), *end = strstr(name, ".schema");
        if (!end) {
            fprintf(stderr, "%s: no NAME.schema.json\n", argv[i]);
            return 1;
        }
        printf("    {\"%.*s\", bytes_%d, sizeof bytes_%d},\n", (int)(end - name), name, i, i);
    }
    printf("    {0},\n};\n");
    return fflush(stdout) != 0 || ferror(stdout);
}
