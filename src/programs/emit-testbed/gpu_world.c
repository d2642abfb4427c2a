// The fake libraries' side of the shared folder.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit-testbed/gpu_world.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static int64_t monotonic_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

// Maps a whole file; NULL when it cannot be, or is smaller than wanted.
static void *map_file(const char *folder, const char *name, int how, size_t least, size_t *bytes) {
    char path[PATH_MAX];
    struct stat about;
    void *at = MAP_FAILED;
    if (snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path) return NULL;
    int file = open(path, (how & MAP_SHARED ? O_RDWR : O_RDONLY) | O_CLOEXEC);
    if (file < 0) return NULL;
    if (fstat(file, &about) == 0 && about.st_size >= (off_t)least) {
        *bytes = (size_t)about.st_size;
        at = mmap(NULL, *bytes, PROT_READ | PROT_WRITE, how, file, 0);
    }
    close(file);
    return at == MAP_FAILED ? NULL : at;
}

static bool is_whole(const struct emit_gpu_world_file *file) {
    return file->version == EMIT_GPU_WORLD_VERSION && file->bytes == sizeof *file &&
           file->machine.gpu_count <= EMIT_GPUS_MAX &&
           file->machine.event_count <= EMIT_GPU_EVENTS_MAX;
}

bool emit_gpu_world_open(struct emit_gpu_world *world) {
    const char *folder = getenv(EMIT_GPU_WORLD_VARIABLE);
    struct emit_gpu_world made = {0};
    size_t served_bytes;
    if (!folder) return false;
    made.file = map_file(folder, "machine", MAP_PRIVATE, sizeof *made.file, &made.file_bytes);
    if (!made.file) return false;
    if (!is_whole(made.file)) {
        emit_gpu_world_close(&made);
        return false;
    }
    if (made.file->has_ledger)
        made.served = map_file(folder, "served", MAP_SHARED, sizeof *made.served, &served_bytes);
    bool good = !made.file->has_ledger || made.served;
    for (unsigned int i = 0; good && i < made.file->machine.gpu_count; i++)
        good =
            emit_curve_place(&made.file->machine.gpus[i].counter.curve, made.file, made.file_bytes);
    if (good)
        *world = made;
    else
        emit_gpu_world_close(&made);
    return good;
}

void emit_gpu_world_close(struct emit_gpu_world *world) {
    if (world->file) munmap(world->file, world->file_bytes);
    if (world->served) munmap(world->served, sizeof *world->served);
    *world = (struct emit_gpu_world){0};
}

int64_t emit_gpu_world_now_ns(const struct emit_gpu_world *world) {
    int64_t ns = monotonic_ns() - world->file->begin_ns;
    return ns > 0 ? ns : 0;
}

int64_t emit_gpu_world_wall_us(const struct emit_gpu_world *world, int64_t at_ns) {
    return (world->file->begin_wall_ns + at_ns) / 1000;
}

void emit_gpu_world_serve(struct emit_gpu_world *world, struct emit_gpu_served record) {
    if (!world->served) return;
    uint64_t index = world->served->count++;
    if (index >= EMIT_GPU_SERVED_MAX) return;
    struct emit_gpu_served *slot = &world->served->records[index];
    slot->at_ns = record.at_ns + world->file->begin_ns;
    slot->value = record.value;
    slot->error = record.error;
    slot->pid = (int32_t)getpid();
    slot->gpu = record.gpu;
    slot->by = record.by;
    slot->what = record.what;
    slot->whole = 1;
}
