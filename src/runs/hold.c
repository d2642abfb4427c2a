// A process that holds a run open for others, and how it is asked to leave: a word in
// the file that it sleeps on. Who holds is told by a lock, so that nobody waits for a
// process that died.
// SPDX-License-Identifier: Apache-2.0
#include "runs/living.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { LEAVING_STEP_NS = 200000 }; // between two looks whether the holder has left

enum emit_status emit_run_take_hold(const struct emit_run *run, struct emit_error *err) {
    // What is kept in memory only has no other process that could ask, or hold.
    if (!emit_run_file_lock(&run->file, EMIT_LOCK_HOLDER, true))
        return emit_fail(err, EMIT_REFUSED, "run %s goes on already",
                         run->file.image->header.run_id);
    atomic_store(&run->file.image->end_asked, 0); // an order to one that died
    return EMIT_OK;
}

bool emit_run_wait_asked(const struct emit_run *run, int64_t until_ns) {
    _Atomic uint32_t *asked = &run->file.image->end_asked;
    const struct timespec until = {.tv_sec = until_ns / 1000000000,
                                   .tv_nsec = until_ns % 1000000000};
    while (!atomic_load(asked)) {
        // The only wait that takes a moment, of CLOCK_MONOTONIC, and not a duration.
        if (syscall(SYS_futex, asked, FUTEX_WAIT_BITSET, 0, until_ns == INT64_MAX ? NULL : &until,
                    NULL, FUTEX_BITSET_MATCH_ANY) == 0)
            continue;
        if (errno != EAGAIN && errno != EINTR) return atomic_load(asked);
    }
    return true;
}

// True when the last sample was asked for after the moment.
static bool was_sampled_since(const struct emit_run *run, int64_t at_ns) {
    struct emit_run_snapshot snapshot;
    return emit_run_image_read(run->file.image, &snapshot) && snapshot.sweep.asked_ns >= at_ns;
}

bool emit_run_ask_holder(struct emit_run *run, int64_t timeout_ns) {
    const struct timespec pause = {.tv_nsec = LEAVING_STEP_NS};
    int64_t asked_ns = emit_host_monotonic_ns(run->host);
    int64_t until_ns = emit_clock_monotonic_ns() + timeout_ns;
    if (run->is_guest) return false; // it is another user's to end
    bool alone = emit_run_file_lock(&run->file, EMIT_LOCK_HOLDER, true);
    if (alone) emit_run_file_unlock(&run->file, EMIT_LOCK_HOLDER); // nobody held it, nor do we
    run->asked_in_vain = alone;
    if (alone) return false;
    atomic_store(&run->file.image->end_asked, 1);
    (void)syscall(SYS_futex, &run->file.image->end_asked, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
    while (!emit_run_file_lock(&run->file, EMIT_LOCK_HOLDER, true)) {
        if (emit_clock_monotonic_ns() >= until_ns) return false;
        (void)nanosleep(&pause, NULL);
    }
    emit_run_file_unlock(&run->file, EMIT_LOCK_HOLDER);
    run->asked_in_vain = !was_sampled_since(run, asked_ns);
    return !run->asked_in_vain;
}
