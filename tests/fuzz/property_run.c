// The file of a run and those of its phases, as a dead process, a bad disk or a hostile hand
// may have left them: all sums fit, and what they are the sums of is anything. Such a run is
// refused as damaged, or settled: into energy that is a number and not negative, and into a
// report that can be written and read again.
// SPDX-License-Identifier: Apache-2.0
#include "property.h"

#include "report/report.h"
#include "runs/phase_file.h"
#include "runs/phase_settle.h"
#include "runs/result.h"

#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { POINTS = 3 };

// All that a file can say, in one piece, for bytes to change.
struct story {
    struct emit_run_header header;
    int64_t opened_ns, opened_wall_ns, job_started_ns, job_ended_ns;
    uint64_t jobs, closed;
    struct emit_run_ending ending;
    struct emit_point points[POINTS];
    struct emit_run_sweep sweep;
    struct emit_tally tallies[POINTS];
    struct emit_phase_state state;
    struct emit_tally begun[POINTS];
    struct emit_tally sum[POINTS];
};

static const int64_t begin_ns = 5000000000, second_ns = 1000000000;

static struct emit_tally tally_of(int64_t from_ns, int64_t to_ns, uint64_t samples) {
    return (struct emit_tally){
        .samples = samples,
        .first_count = 1000,
        .last_count = 101000000,
        .carried_count = 100999000,
        .first_ns = from_ns,
        .last_ns = to_ns,
        .moved_ns = to_ns,
        .peak_milliwatts = 120000,
        .longest_gap_ns = second_ns,
        .told_ns = to_ns,
        .told_count = 100999000,
    };
}

static void tell_points(struct story *story) {
    static const char *const ids[POINTS] = {"package-0-die-0", "package-0-die-1", "GPU-aa000001"};
    for (size_t i = 0; i < POINTS; i++) {
        struct emit_point *point = &story->points[i];
        *point = (struct emit_point){
            .meter = "rapl",
            .source = EMIT_SOURCE_RAPL,
            .component = EMIT_COMPONENT_CPU_PACKAGE,
            .accuracy = i == 2 ? EMIT_ACCURACY_POWER_INTEGRATED : EMIT_ACCURACY_DEVICE_COUNTER,
            .traits = i == 2 ? 0 : EMIT_TRAIT_DIE,
            .update_period_ns = 1000000,
            .max_milliwatts = 1000000,
            .modulus = i == 2 ? 0 : 262143328911,
            .joules_numerator = 1,
            .joules_denominator = i == 2 ? 1000000000 : 1000000,
            .step_counts = 1,
        };
        strcpy(point->device_id, ids[i]);
        story->tallies[i] = tally_of(begin_ns, begin_ns + 10 * second_ns, 11);
        story->begun[i] = tally_of(begin_ns, begin_ns + 8 * second_ns, 9);
        story->sum[i] = tally_of(begin_ns + second_ns, begin_ns + 2 * second_ns, 2);
        story->sum[i].parts = 1;
    }
}

static void tell(struct story *story) {
    memset(story, 0, sizeof *story);
    strcpy(story->header.run_id, "run_fuzz");
    strcpy(story->header.workspace_id, "ws_1");
    strcpy(story->header.command, "test");
    emit_run_file_this_node(story->header.node_id);
    story->opened_ns = begin_ns;
    story->opened_wall_ns = 1700000000 * second_ns;
    story->job_started_ns = begin_ns;
    story->job_ended_ns = begin_ns + 10 * second_ns;
    story->sweep = (struct emit_run_sweep){
        .count = POINTS,
        .pace_ns = second_ns,
        .begun_ns = begin_ns,
        .begun_wall_ns = story->opened_wall_ns,
        .asked_ns = begin_ns + 10 * second_ns,
        .sampled_ns = begin_ns + 10 * second_ns,
        .sampled_wall_ns = story->opened_wall_ns + 10 * second_ns,
    };
    story->state = (struct emit_phase_state){
        .depth = 1,
        .parts = 1,
        .count = POINTS,
        .from_ns = begin_ns + second_ns,
        .begun_ns = begin_ns + 8 * second_ns,
        .ended_ns = begin_ns + 2 * second_ns,
        .lasted_ns = second_ns,
    };
    tell_points(story);
}

// Four bytes change a byte, or a word to what words end or begin with.
static void change(struct story *story, const uint8_t *bytes, size_t size) {
    static const uint64_t words[] = {0,
                                     1,
                                     UINT64_MAX,
                                     INT64_MAX,
                                     UINT64_C(1) << 63,
                                     UINT64_C(1) << 62,
                                     UINT32_MAX,
                                     1000000000,
                                     UINT64_C(0x7ff0000000000000),
                                     UINT64_C(0x7ff8000000000000)};
    for (; size >= 4; bytes += 4, size -= 4) {
        size_t at = ((size_t)bytes[0] << 8 | bytes[1]) % sizeof *story;
        if (bytes[2] & 1) {
            ((uint8_t *)story)[at] = bytes[3];
            continue;
        }
        uint64_t word = words[bytes[3] % (sizeof words / sizeof words[0])];
        memcpy((uint8_t *)story + at / sizeof word * sizeof word, &word, sizeof word);
    }
    story->sweep.count %= POINTS + 1; // more would be another size of file
    story->state.count %= POINTS + 1;
}

// In memory of exactly the size of such a file.
static struct emit_run_image *image_of(const struct story *story, size_t bytes,
                                       struct emit_run_snapshot *snapshot) {
    struct emit_run_image *image = calloc(1, bytes);
    if (!image) return NULL;
    emit_run_image_fill(image, &story->header, story->opened_ns, story->opened_wall_ns);
    emit_run_image_begin(image);
    for (size_t i = 0; i < POINTS; i++)
        emit_run_image_put_point(image, i, &story->points[i]);
    snapshot->sweep = story->sweep;
    memcpy(snapshot->tallies, story->tallies, sizeof story->tallies);
    emit_run_image_publish(image, snapshot);
    atomic_store(&image->job_started_ns, story->job_started_ns);
    atomic_store(&image->job_ended_ns, story->job_ended_ns);
    atomic_store(&image->jobs, story->jobs);
    atomic_store(&image->closed, story->closed & 1);
    image->ending = story->ending;
    return image;
}

static void put_phase(const struct story *story, int directory, char name[NAME_MAX + 1]) {
    char node[EMIT_NODE_MAX];
    struct emit_phase_file file = {.image = NULL};
    size_t bytes = emit_phase_image_bytes(POINTS);
    emit_run_file_node(node, story->header.node_id);
    (void)snprintf(name, NAME_MAX + 1, "%s@%s.%" PRIx64 ".00.phase", story->header.run_id, node,
                   (uint64_t)story->opened_ns);
    file.descriptor = openat(directory, name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    struct emit_phase_image *image = calloc(1, bytes);
    struct emit_phase_snapshot *snapshot = calloc(1, sizeof *snapshot);
    if (file.descriptor >= 0 && image && snapshot &&
        emit_phase_image_begin(image, "part", story->opened_ns)) {
        snapshot->state = story->state;
        snapshot->state.begun_half &= 1;
        snapshot->state.sum_half &= 1;
        memcpy(snapshot->begun, story->begun, sizeof story->begun);
        memcpy(snapshot->sum, story->sum, sizeof story->sum);
        emit_phase_image_put_begun(image, snapshot);
        emit_phase_image_put_sum(image, snapshot);
        emit_phase_image_write(image, &snapshot->state);
        (void)!pwrite(file.descriptor, image, bytes, 0);
    }
    free(snapshot);
    free(image);
    if (file.descriptor >= 0) close(file.descriptor);
}

static const char *outcomes_wrong(const struct emit_outcome *outcomes, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (!emit_outcome_has_energy(&outcomes[i])) continue;
        if (!isfinite(outcomes[i].joules) || outcomes[i].joules < 0)
            return "energy that is no number, or negative";
        if (!isfinite(outcomes[i].uncertainty_joules) || outcomes[i].uncertainty_joules < 0)
            return "an uncertainty that is no number, or negative";
    }
    return NULL;
}

static const char *report_wrong(const struct emit_run_result *result) {
    struct emit_report report, read;
    static char document[EMIT_REPORT_JSON_MAX];
    struct emit_text text;
    struct emit_error err;
    const char *wrong = NULL;
    if (emit_report_build(&report, result, &err) != EMIT_OK) return NULL; // said
    emit_text_init(&text, document, sizeof document);
    if (emit_report_write_json(&text, &report, &err) == EMIT_OK) {
        if (emit_report_read_json(&read, document, text.length, &err) == EMIT_OK)
            emit_report_clear(&read);
        else
            wrong = "a report that cannot be read again";
    }
    emit_report_clear(&report);
    return wrong;
}

// With a phase's file beside it, in a folder for this round.
static const char *phases_wrong(const struct story *story, struct emit_run_image *image,
                                struct emit_run_result *result) {
    char path[] = "/dev/shm/emit-fuzz-XXXXXX", name[NAME_MAX + 1];
    struct emit_error err;
    if (!mkdtemp(path)) return NULL;
    struct emit_run_file file = {.descriptor = -1, .image = image};
    file.directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    put_phase(story, file.directory, name);
    enum emit_status status = emit_phases_settle(result, &file, &err);
    (void)unlinkat(file.directory, name, 0);
    close(file.directory);
    (void)rmdir(path);
    if (status != EMIT_OK) return NULL;
    const char *wrong = outcomes_wrong(result->outcomes, result->count);
    for (size_t i = 0; !wrong && i < result->phase_count; i++)
        wrong = outcomes_wrong(result->phases[i].outcomes, result->phases[i].count);
    return wrong ? wrong : report_wrong(result);
}

static const char *settled_wrong(const struct story *story, struct emit_run_image *image) {
    struct emit_host host;
    struct emit_run_result result;
    struct emit_error err;
    if (emit_host_open(&host, NULL, &err) != EMIT_OK) return NULL;
    const char *wrong = NULL;
    if (emit_run_result_settle(&result, image, EMIT_FATE_KILLED, &host, &err) == EMIT_OK) {
        wrong = phases_wrong(story, image, &result);
        emit_run_result_clear(&result);
    }
    emit_host_close(&host);
    return wrong;
}

const char *property_run(const uint8_t *bytes, size_t size) {
    static struct story story; // of it and of the snapshot too much for some stacks
    static struct emit_run_snapshot snapshot;
    tell(&story);
    change(&story, bytes, size);
    size_t length = emit_run_image_bytes(POINTS);
    struct emit_run_image *image = image_of(&story, length, &snapshot);
    if (!image) return NULL;
    const char *wrong = NULL;
    if (!emit_run_image_fault(image, length)) wrong = settled_wrong(&story, image);
    free(image);
    return wrong;
}

const char *property_report(const uint8_t *bytes, size_t size) {
    static char first[EMIT_REPORT_JSON_MAX], second[EMIT_REPORT_JSON_MAX];
    struct emit_report report;
    struct emit_text text, again;
    struct emit_error err;
    char *copy = malloc(size ? size : 1);
    if (!copy) return NULL;
    memcpy(copy, bytes, size);
    enum emit_status status = emit_report_read_json(&report, copy, size, &err);
    free(copy);
    if (status != EMIT_OK) return NULL;
    emit_text_init(&text, first, sizeof first);
    status = emit_report_write_json(&text, &report, &err);
    emit_report_clear(&report);
    if (status != EMIT_OK) return NULL; // longer than a document may be
    if (emit_report_read_json(&report, first, text.length, &err) != EMIT_OK)
        return "what was written is not read";
    emit_text_init(&again, second, sizeof second);
    status = emit_report_write_json(&again, &report, &err);
    emit_report_clear(&report);
    if (status != EMIT_OK || strcmp(first, second) != 0)
        return "what was read is written otherwise";
    return NULL;
}
