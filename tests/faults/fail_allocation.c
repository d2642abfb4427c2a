// Preloaded into a program: its OOM_AT-th allocation fails, with OOM_ON=1 also all
// after it. The number of allocations stands in the file OOM_COUNT, eight bytes; of several
// processes, the largest. A process that was forked goes on counting where its parent was.
// Only the program named OOM_PROGRAM is touched, not what it starts.
// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

// glibc's own names of the real ones: dlsym would allocate.
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *at, size_t size);

static long allocations, fails_at = -1;
static long here, *most = &here; // in the file
static bool goes_on;

static void map_count(void) {
    const char *path = getenv("OOM_COUNT");
    int file = path ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
    if (file < 0) return;
    void *at = ftruncate(file, sizeof *most) == 0
                   ? mmap(NULL, sizeof *most, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0)
                   : MAP_FAILED;
    if (at != MAP_FAILED) most = at;
    (void)close(file);
}

__attribute__((constructor)) static void read_orders(void) {
    const char *program = getenv("OOM_PROGRAM"), *at = getenv("OOM_AT");
    if (program && strcmp(program, program_invocation_short_name) != 0) return;
    fails_at = at ? atol(at) : 0;
    goes_on = getenv("OOM_ON") != NULL;
    map_count();
}

static bool fails(void) {
    if (fails_at < 0) return false;
    long count = __atomic_add_fetch(&allocations, 1, __ATOMIC_SEQ_CST);
    if (count > *most) *most = count; // near enough, beside other processes
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
