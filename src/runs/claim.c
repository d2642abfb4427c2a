// Whose devices are the run's: those of all its ranks. The process that samples reads, of
// those that its own list of devices leaves out, all that another rank could have
// (EMIT_TRAIT_UNLISTED); each of the others says in the file which of them it lists.
// SPDX-License-Identifier: Apache-2.0
#include "runs/living.h"

#include <string.h>

// The GPUs of the run, each once, in the order of their indices.
struct gpus {
    size_t count;
    bool numbered;
    struct emit_assignable at[EMIT_ASSIGNABLE_MAX];
};

static void add(struct gpus *gpus, const struct emit_point *point) {
    size_t at = 0;
    for (size_t i = 0; i < gpus->count; i++)
        if (strcmp(gpus->at[i].uuid, point->device_id) == 0) return;
    if (gpus->count == EMIT_ASSIGNABLE_MAX) return;
    while (at < gpus->count && gpus->at[at].index <= point->device_index)
        at++;
    memmove(&gpus->at[at + 1], &gpus->at[at], (gpus->count - at) * sizeof gpus->at[0]);
    gpus->at[at] = (struct emit_assignable){
        .uuid = point->device_id,
        .name = "",
        .index = point->device_index,
        .minor = -1,
        .is_readable = !point->found,
    };
    gpus->count++;
    gpus->numbered = gpus->numbered && point->traits & EMIT_TRAIT_NUMBERED;
}

static bool list(struct emit_run_image *image, size_t count, const char *device_id) {
    bool is_new = false;
    for (size_t i = 0; i < count; i++) {
        struct emit_run_slot *slot = &image->slots[i];
        if (slot->point.traits & EMIT_TRAIT_UNLISTED &&
            strcmp(slot->point.device_id, device_id) == 0)
            is_new |= !atomic_exchange(&slot->listed, 1);
    }
    return is_new;
}

void emit_run_claim(struct emit_run *run) {
    struct gpus gpus = {.numbered = true};
    bool assigned[EMIT_ASSIGNABLE_MAX], is_new = false;
    char words[EMIT_ASSIGNMENT_WORDS_MAX];
    struct emit_assignment assignment = run->plan.settings.assignment;
    struct emit_run_image *image = run->file.image;
    if (run->is_guest || !run->plan.meters || !run->plan.meters[0]) return; // has no job
    size_t count = emit_run_image_count(image);
    if (count == run->claimed) return;
    run->claimed = count;
    for (size_t i = 0; i < count; i++)
        if (emit_component_is_gpu(image->slots[i].point.component))
            add(&gpus, &image->slots[i].point);
    // Unlike devices have one order where whoever opened them said so.
    assignment.in_bus_order = gpus.numbered;
    (void)emit_assignment_match(&assignment, gpus.at, gpus.count, NULL, NULL, assigned, words);
    for (size_t i = 0; i < gpus.count; i++)
        if (assigned[i]) is_new |= list(image, count, gpus.at[i].uuid);
    if (is_new) emit_run_file_meet(&run->file, run->plan.meeting);
}
