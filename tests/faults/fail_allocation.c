// Preloaded into a program: its OOM_AT-th allocation fails, with OOM_ON=1 also all
// after it. The number of allocations is written to the file OOM_COUNT at exit.
// Only the program named OOM_PROGRAM is touched, not what it starts.
// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// glibc's own names of the real ones: dlsym would allocate.
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *at, size_t size);

static long allocations, fails_at = -1;
static bool goes_on;

__attribute__((constructor)) static void read_orders(void) {
    const char *program = getenv("OOM_PROGRAM"), *at = getenv("OOM_AT");
    if (program && strcmp(program, program_invocation_short_name) != 0) return;
    fails_at = at ? atol(at) : 0;
    goes_on = getenv("OOM_ON") != NULL;
}

static bool fails(void) {
    if (fails_at < 0) return false;
    long count = __atomic_add_fetch(&allocations, 1, __ATOMIC_SEQ_CST);
    if (fails_at == 0 || (count != fails_at && !(goes_on && count > fails_at))) return false;
    errno = ENOMEM;
    return true;
}

void *malloc(size_t size) {
    return fails() ? NULL : __libc_malloc(size);
}
void *calloc(size_t count, size_t size) {
    return fails() ? NULL : __libc_calloc(count, size);
}
void *realloc(void *at, size_t size) {
    return fails() ? NULL : __libc_realloc(at, size);
}

__attribute__((destructor)) static void write_count(void) {
    const char *path = getenv("OOM_COUNT");
    if (!path || fails_at < 0) return;
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0) return;
    (void)dprintf(file, "%ld\n", allocations);
    (void)close(file);
}
