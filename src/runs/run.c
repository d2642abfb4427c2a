// Opening a run, and what may be said and asked while it is open. Sampling is in
// sample.c, the end in close.c.
// SPDX-License-Identifier: Apache-2.0
#include "runs/living.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

static bool is_id(const char *id) {
    size_t length = strlen(id);
    if (!length || length >= EMIT_RUN_ID_MAX) return false;
    for (const char *at = id; *at; at++)
        if (*at < ' ' || *at > '~' || *at == '/') return false;
    return true;
}

static enum emit_status fill_header(struct emit_run_header *header,
                                    const struct emit_run_plan *plan, struct emit_error *err) {
    (void)emit_text_format(header->run_id, sizeof header->run_id, "%s", plan->run_id);
    if (!emit_text_format(header->workspace_id, sizeof header->workspace_id, "%s",
                          plan->workspace_id ? plan->workspace_id : ""))
        return emit_fail(err, EMIT_INVALID, "a workspace id has at most %d bytes",
                         EMIT_WORKSPACE_MAX - 1);
    (void)emit_text_format(header->command, sizeof header->command, "%s",
                           plan->command ? plan->command : "");
    emit_host_node_name(header->node_id, sizeof header->node_id);
    emit_host_boot_id(header->boot_id);
    header->floor_ns = plan->floor_ns;
    header->all_domains = plan->all_domains;
    return EMIT_OK;
}

bool emit_run_is_shown(const char *node_directory, const char *run_id) {
    struct emit_run_header header = {0};
    struct emit_run_file shown;
    struct emit_error why;
    const struct emit_run_plan plan = {.run_id = run_id};
    if (!node_directory || !is_id(run_id) || fill_header(&header, &plan, &why) != EMIT_OK ||
        !emit_run_mirror_visit(&shown, node_directory, &header))
        return false;
    emit_run_file_close(&shown);
    return true;
}

// True when a run of our id goes on in our own directory.
static bool goes_on_here(const struct emit_run_plan *plan) {
    struct emit_run_file file;
    struct emit_error why;
    const struct emit_run_places places = {plan->directory, plan->meeting};
    if (!plan->directory) return false;
    if (emit_run_elsewhere_visit(&file, &places, plan->run_id, &why)) return false;
    emit_run_file_close(&file);
    return true;
}

// A run of our id that another user shows is metered there: we look on, and have no
// file. Asked before the own file is entered, so that of many ranks none makes one.
static bool visit_node(struct emit_run *run, const struct emit_run_header *header) {
    struct emit_run_file shown;
    if (!run->plan.node_directory ||
        !emit_run_mirror_visit(&shown, run->plan.node_directory, header))
        return false;
    if (goes_on_here(&run->plan)) { // what is shown is our own
        emit_run_file_close(&shown);
        return false;
    }
    run->file = shown;
    run->is_guest = true;
    run->leave = EMIT_LEAVE_LEFT;
    atomic_store(&run->next_ns, INT64_MAX);
    return true;
}

static enum emit_status enter_file(struct emit_run *run, struct emit_error *err) {
    struct emit_run_header header = {0};
    enum emit_status status = fill_header(&header, &run->plan, err);
    if (status) return status;
    if (!visit_node(run, &header)) {
        int64_t now_ns = emit_host_monotonic_ns(run->host);
        const struct emit_run_places places = {run->plan.directory, run->plan.meeting};
        status = emit_run_elsewhere_enter(&run->file, &places, &header, now_ns,
                                          emit_host_wall_ns(run->host), &run->is_linked, err);
    }
    if (status) return status;
    if (run->plan.store_wanted && !run->is_guest) atomic_store(&run->file.image->store_wanted, 1);
    if (run->file.image->header.floor_ns > run->floor_ns)
        run->floor_ns = run->file.image->header.floor_ns;
    return EMIT_OK;
}

void emit_run_mirror(struct emit_run *run) {
    struct emit_error why;
    if (!run->plan.show || !run->plan.node_directory) return;
    if (emit_run_mirror_make(&run->mirror, run->plan.node_directory, run->file.image, &why))
        memset(&run->mirror, 0, sizeof run->mirror);
}

enum emit_status emit_run_open(struct emit_run **run, struct emit_host *host,
                               const struct emit_run_plan *plan, struct emit_error *err) {
    if (!plan->run_id || !is_id(plan->run_id))
        return emit_fail(err, EMIT_INVALID, "a run id has 1 to %d printable characters and no '/'",
                         EMIT_RUN_ID_MAX - 1);
    struct emit_run *opened = calloc(1, sizeof *opened);
    if (!opened) return emit_fail(err, EMIT_NO_MEMORY, "no memory for run %s", plan->run_id);
    opened->host = host;
    opened->plan = *plan;
    opened->floor_ns = plan->floor_ns;
    opened->wished_pace_ns = INT64_MAX;
    opened->leave = EMIT_LEAVE_STAY;
    enum emit_status status = enter_file(opened, err);
    if (status) {
        emit_run_free(opened);
        return status;
    }
    if (plan->hold) status = emit_run_take_hold(opened, err);
    if (status) { // the run is others', even if they die now: closed, and not abandoned
        emit_run_file_close(&opened->file);
        emit_run_free(opened);
        return status;
    }
    // Who joins opens no meters unless it comes to be the one that samples.
    bool closed;
    opened->samples = opened->file.created && !opened->is_guest;
    if (opened->samples) emit_run_mirror(opened);
    if (opened->samples) status = emit_run_open_meters(opened, &closed, err);
    if (status) {
        emit_run_abandon(opened);
        return status;
    }
    if (opened->samples && !opened->metered) opened->next_ns = INT64_MAX;
    atomic_store(&opened->state, EMIT_STATE_IDLE);
    *run = opened;
    return EMIT_OK;
}

bool emit_run_samples(const struct emit_run *run) {
    return atomic_load(&run->samples);
}

bool emit_run_has_begun(const struct emit_run *run) {
    struct emit_run_snapshot snapshot;
    return emit_run_image_read(run->file.image, &snapshot) && snapshot.sweep.begun_ns;
}

int64_t emit_run_next_ns(const struct emit_run *run) {
    return atomic_load(&run->next_ns);
}

void emit_run_job_started(struct emit_run *run, int64_t at_ns) {
    if (run->is_guest) return;
    bool one_more = !atomic_exchange(&run->has_job, true);
    emit_run_image_job_started(run->file.image, at_ns, one_more);
    // Who holds the run for others has no task of its own.
    if (one_more && !run->plan.hold) emit_run_image_job_counted(run->file.image);
}

void emit_run_job_ended(struct emit_run *run, int64_t at_ns) {
    if (run->is_guest) return;
    emit_run_image_job_ended(run->file.image, at_ns, atomic_exchange(&run->has_job, false));
}

void emit_run_job_exited(struct emit_run *run, int exit_status) {
    if (run->is_guest) return;
    emit_run_image_job_exited(run->file.image, exit_status);
}

size_t emit_run_peek(const struct emit_run *run, struct emit_slot *slots, size_t size) {
    struct emit_run_snapshot snapshot;
    const struct emit_run_image *image = run->file.image;
    if (!emit_run_image_read(image, &snapshot)) return 0;
    size_t count = snapshot.sweep.count < size ? snapshot.sweep.count : size;
    for (size_t i = 0; i < count; i++)
        slots[i] = (struct emit_slot){emit_run_image_point(image, i), snapshot.tallies[i],
                                      emit_run_image_shared(image, i)};
    return count;
}
