// dcgm-exporter: the energy of NVIDIA's GPUs out of the text that a monitoring system
// scrapes, for nodes on which neither the driver's library nor a host engine is to be had.
//
// The text is made anew every 30 s and does not say when. So each edge of a window is
// known to 30 s, windows below that have no energy, and asking more often than once a
// second (or once a step, where the user names a shorter one) tells nothing: a sample in
// between is given the last answer again.
// SPDX-License-Identifier: Apache-2.0
#include "meters/meter.h"

#include "base/text.h"
#include "host/fetch.h"
#include "meters/exporter_text.h"
#include "meters/nvidia.h"

#include <string.h>

enum {
    OPEN_TIMEOUT_MS = 2000, // of the first answer, before the run
    AGAIN_TIMEOUT_MS = 250, // of the others, where other meters wait behind it
    MAX_GPU_MW = 4000000,   // as for NVML: the largest board of 2026 is specified for 1.4 kW
    MAX_MODULE_MW = 8000000,
};

static const int64_t second_ns = 1000000000;
static const int64_t usual_step_ns = 30000000000;   // between two collections of a dcgm-exporter
static const int64_t longest_wait_ns = 32000000000; // between two questions that failed

// A GPU as it was told of first, and what was told last.
struct seen {
    struct emit_exporter_gpu gpu;
    enum emit_code found; // NONE: may be read
    uint64_t millijoules;
    int64_t moved_ns; // when that was first told; 0: never
};

struct exporter {
    struct emit_host *host; // borrowed
    struct emit_fetch *fetch;
    bool is_good;          // it told of GPUs when it was first asked
    int64_t asked_ns;      // the last question
    int64_t wait_ns;       // and so long none follows it
    enum emit_code failed; // of the last question; NONE: it was answered
    size_t count;          // of the points, in their order
    int64_t step_ns;       // between two collections
    int64_t pace_ns;       // between two questions, when all is well
    struct seen points[EMIT_EXPORTER_GPUS_MAX];
    size_t told_count; // what the last answer told
    struct emit_exporter_gpu told[EMIT_EXPORTER_GPUS_MAX];
};

static bool is_slow(const struct emit_host *host, const struct emit_meter_settings *settings) {
    (void)host;
    return settings->dcgm_exporter != NULL;
}

static enum emit_status ask(struct exporter *exporter, long timeout_ms, struct emit_error *err) {
    const char *text = NULL;
    size_t length = 0;
    exporter->asked_ns = emit_host_monotonic_ns(exporter->host);
    enum emit_status status = emit_fetch_text(exporter->fetch, timeout_ms, &text, &length, err);
    if (status == EMIT_OK)
        status = emit_exporter_parse(text, length, exporter->told, EMIT_EXPORTER_GPUS_MAX,
                                     &exporter->told_count, err);
    return status;
}

static void describe(const struct emit_exporter_gpu *gpu, int64_t step_ns,
                     struct emit_point *point) {
    bool is_module = emit_nvidia_is_superchip(gpu->model);
    *point = (struct emit_point){
        .meter = "dcgm-exporter",
        .source = EMIT_SOURCE_DCGM,
        .component = is_module ? EMIT_COMPONENT_GPU_MODULE : EMIT_COMPONENT_GPU,
        .accuracy = EMIT_ACCURACY_DEVICE_COUNTER,
        .device_index = gpu->index,
        .update_period_ns = step_ns,
        .max_milliwatts = is_module ? MAX_MODULE_MW : MAX_GPU_MW,
        .joules_numerator = 1,
        .joules_denominator = 1000, // millijoules in 64 bits: never wrap
        .step_counts = 1,
    };
    memcpy(point->device_id, gpu->uuid, sizeof point->device_id);
    if (emit_nvidia_is_paired(gpu->model)) point->traits |= EMIT_TRAIT_PAIRED;
}

// Excludes what the run may not use.
static void match(struct exporter *exporter, const struct emit_meter_settings *settings,
                  struct emit_point *points) {
    struct emit_assignable seen[EMIT_EXPORTER_GPUS_MAX];
    for (size_t i = 0; i < exporter->count; i++)
        seen[i] = (struct emit_assignable){.uuid = exporter->points[i].gpu.uuid,
                                           .name = exporter->points[i].gpu.model,
                                           .index = exporter->points[i].gpu.index,
                                           .minor = exporter->points[i].gpu.minor};
    emit_nvidia_match(settings, seen, exporter->count, points);
    for (size_t i = 0; i < exporter->count; i++)
        exporter->points[i].found = points[i].found;
}

static enum emit_status find_points(struct exporter *exporter,
                                    const struct emit_meter_settings *settings,
                                    struct emit_points *points, struct emit_error *err) {
    struct emit_error why;
    char url[EMIT_FETCH_SHOWN_MAX];
    emit_fetch_show(url, settings->dcgm_exporter);
    enum emit_status status = ask(exporter, OPEN_TIMEOUT_MS, &why);
    if (status != EMIT_OK)
        return emit_fail(err, status, "the dcgm-exporter at %.60s: %s", url, why.text);
    if (exporter->told_count == 0)
        return emit_fail(err, EMIT_MALFORMED,
                         "the text at %.60s has no GPU's DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION",
                         url);
    if (exporter->told_count > points->size - points->count)
        return emit_fail(err, EMIT_FULL, "more than %d metering points on this machine",
                         EMIT_POINTS_MAX);
    struct emit_point *at = points->at + points->count;
    exporter->count = exporter->told_count;
    for (size_t i = 0; i < exporter->count; i++) {
        exporter->points[i].gpu = exporter->told[i];
        describe(&exporter->told[i], exporter->step_ns, &at[i]);
        // Anybody can serve a text; that the kernel has this GPU is what can be seen of it.
        if (!emit_nvidia_has_gpu(exporter->host, at[i].device_id))
            at[i].traits |= EMIT_TRAIT_SIMULATED;
    }
    points->count += exporter->count;
    match(exporter, settings, at);
    return EMIT_OK;
}

static enum emit_code code_of(enum emit_status status) {
    switch ((int)status) {
    case EMIT_OK: return EMIT_CODE_NONE;
    case EMIT_DENIED: return EMIT_CODE_DENIED;
    case EMIT_ABSENT: // it can be back in a moment
    case EMIT_TIMEOUT: return EMIT_CODE_TIMEOUT;
    default: return EMIT_CODE_MALFORMED;
    }
}

// An exporter that was named and cannot be asked is a point that cannot be read.
static void find_nothing(struct exporter *exporter, enum emit_code found,
                         const struct emit_error *why, struct emit_points *points) {
    struct emit_point *point = &points->at[points->count++];
    struct seen *seen = &exporter->points[0];
    *seen = (struct seen){.gpu = {.uuid = "exporter", .index = -1}, .found = found};
    describe(&seen->gpu, exporter->step_ns, point);
    point->found = found;
    (void)emit_text_format(point->note, sizeof point->note, "%s", why->text);
    exporter->count = 1;
}

static enum emit_status open_exporter(void *state, struct emit_host *host,
                                      const struct emit_meter_settings *settings,
                                      struct emit_points *points, struct emit_error *err) {
    struct exporter *exporter = state;
    const char *url = settings->dcgm_exporter;
    struct emit_error why;
    if (!url) return EMIT_OK; // nobody asked for one: no points, and no news either
    if (points->count == points->size)
        return emit_fail(err, EMIT_FULL, "more than %d metering points on this machine",
                         EMIT_POINTS_MAX);
    exporter->host = host;
    exporter->step_ns =
        settings->dcgm_exporter_step_ns ? settings->dcgm_exporter_step_ns : usual_step_ns;
    exporter->pace_ns = exporter->step_ns < second_ns ? exporter->step_ns : second_ns;
    exporter->wait_ns = exporter->pace_ns;
    if (emit_fetch_open(&exporter->fetch, url, &why) != EMIT_OK) {
        find_nothing(exporter, EMIT_CODE_MALFORMED, &why, points);
        return EMIT_OK;
    }
    enum emit_status status = find_points(exporter, settings, points, &why);
    exporter->is_good = status == EMIT_OK;
    if (!exporter->is_good) find_nothing(exporter, code_of(status), &why, points);
    return EMIT_OK;
}

// Asks again when it is due; each failure doubles the time to the next question.
static void renew(struct exporter *exporter) {
    int64_t now_ns = emit_host_monotonic_ns(exporter->host);
    if (now_ns - exporter->asked_ns < exporter->wait_ns) return;
    exporter->failed = code_of(ask(exporter, AGAIN_TIMEOUT_MS, NULL));
    exporter->wait_ns = exporter->failed ? exporter->wait_ns * 2 : exporter->pace_ns;
    if (exporter->wait_ns > longest_wait_ns) exporter->wait_ns = longest_wait_ns;
}

static const struct emit_exporter_gpu *told_of(const struct exporter *exporter, const char *uuid) {
    for (size_t i = 0; i < exporter->told_count; i++)
        if (strcmp(exporter->told[i].uuid, uuid) == 0) return &exporter->told[i];
    return NULL;
}

// A counter of a GPU that is on never stands still: one that does for longer than two
// collections is of an exporter that has stopped collecting, or that takes longer for it.
static bool is_stale(const struct exporter *exporter, struct seen *seen, uint64_t millijoules) {
    if (!seen->moved_ns || millijoules != seen->millijoules) {
        seen->millijoules = millijoules;
        seen->moved_ns = exporter->asked_ns;
    }
    return exporter->asked_ns - seen->moved_ns > 2 * exporter->step_ns + second_ns;
}

static void read_gpu(const struct exporter *exporter, struct seen *seen,
                     struct emit_reading *reading) {
    const struct emit_exporter_gpu *gpu = told_of(exporter, seen->gpu.uuid);
    // Collected up to a step before it was told, and that may be a while ago, too.
    reading->age_ns =
        exporter->step_ns + emit_host_monotonic_ns(exporter->host) - exporter->asked_ns;
    if (seen->found) {
        reading->code = seen->found;
    } else if (exporter->failed) {
        reading->code = exporter->failed;
    } else if (!gpu) { // an exporter that started a moment ago has not collected yet
        reading->code = EMIT_CODE_TIMEOUT;
    } else if (!gpu->has_count) {
        reading->code = EMIT_CODE_MALFORMED;
    } else {
        reading->count = gpu->millijoules;
        reading->code =
            is_stale(exporter, seen, gpu->millijoules) ? EMIT_CODE_STALE : EMIT_CODE_NONE;
    }
}

static void read_exporter(void *state, struct emit_reading *readings) {
    struct exporter *exporter = state;
    if (exporter->is_good) renew(exporter);
    for (size_t i = 0; i < exporter->count; i++)
        read_gpu(exporter, &exporter->points[i], &readings[i]);
}

static void close_exporter(void *state) {
    struct exporter *exporter = state;
    emit_fetch_close(exporter->fetch);
    *exporter = (struct exporter){0};
}

static const char *remedy(enum emit_code code) {
    switch ((int)code) {
    case EMIT_CODE_BELOW_RESOLUTION:
        return "emit run --dcgm-exporter-step 1s -- COMMAND   # if that is its step";
    case EMIT_CODE_STALE:
        return "emit run --dcgm-exporter-step 60s -- COMMAND   # if that is its step";
    case EMIT_CODE_TIMEOUT:
    case EMIT_CODE_DENIED:
        return "curl -sS http://localhost:9400/metrics | grep TOTAL_ENERGY   # or its URL";
    case EMIT_CODE_LATE: return "emit run --start-timeout 5s -- COMMAND";
    default: return NULL;
    }
}

const struct emit_meter_type emit_meter_dcgm_exporter = {
    .name = "dcgm-exporter",
    .summary = "GPU energy out of the text of a dcgm-exporter",
    .state_size = sizeof(struct exporter),
    .is_slow = is_slow,
    .open = open_exporter,
    .read = read_exporter,
    .close = close_exporter,
    .remedy = remedy,
};
