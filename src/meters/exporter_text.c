// One metric out of a dcgm-exporter's text, in Prometheus' format: a line a series,
//
//   DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION{gpu="0",UUID="GPU-...",device="nvidia0"} 123456
//
// What surprises: one GPU can stand in many series, once for each pod or instance that
// uses it, all with the energy of the whole GPU. They are one counter, and the largest
// is its newest value. Values come with six decimals or as 1.2e+10.
// SPDX-License-Identifier: Apache-2.0
#include "meters/exporter_text.h"

#include "base/number.h"
#include "base/text.h"
#include "meters/metrics_text.h"

#include <string.h>

#define METRIC "DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION"

// A number of a few digits and nothing else; -1 otherwise.
static int32_t small_number(const char *text) {
    uint64_t number;
    bool good = emit_number_read_u64(text, strlen(text), &number) && number < 1000000;
    return good ? (int32_t)number : -1;
}

static void copy_printable(char *to, size_t size, const char *from) {
    for (const char *at = from; *at; at++)
        if (*at < ' ' || *at > '~') return;
    if (strlen(from) < size) memcpy(to, from, strlen(from) + 1);
}

static void note_label(struct emit_exporter_gpu *gpu, const char *name, const char *value) {
    if (strcmp(name, "UUID") == 0 && emit_text_has_prefix(value, "GPU-"))
        copy_printable(gpu->uuid, sizeof gpu->uuid, value);
    else if (strcmp(name, "modelName") == 0)
        copy_printable(gpu->model, sizeof gpu->model, value);
    else if (strcmp(name, "gpu") == 0)
        gpu->index = small_number(value);
    else if (strcmp(name, "device") == 0 && emit_text_has_prefix(value, "nvidia"))
        gpu->minor = small_number(value + strlen("nvidia"));
    else if (strcmp(name, "GPU_I_ID") == 0)
        gpu->is_instance = *value != '\0';
}

// The labels and the value; false: the line breaks the format.
static bool take_series(struct emit_metrics *metrics, struct emit_exporter_gpu *gpu) {
    char name[EMIT_METRICS_LABEL_MAX], label[EMIT_METRICS_VALUE_MAX];
    const char *value;
    size_t length;
    bool is_whole; // of a millijoule, which nobody asks here
    while (emit_metrics_label(metrics, name, label))
        note_label(gpu, name, label);
    if (!emit_metrics_value(metrics, &value, &length)) return false;
    gpu->has_count = emit_metrics_count(value, length, &gpu->millijoules, &is_whole);
    return true;
}

// The same GPU in one more series.
static void merge(struct emit_exporter_gpu *known, const struct emit_exporter_gpu *seen) {
    bool better =
        seen->has_count && (!known->has_count || (known->is_instance && !seen->is_instance));
    bool newer = seen->has_count && known->has_count && seen->is_instance == known->is_instance &&
                 seen->millijoules > known->millijoules;
    if (better || newer) *known = *seen;
}

static enum emit_status add(struct emit_exporter_gpu *gpus, size_t room, size_t *count,
                            const struct emit_exporter_gpu *seen, struct emit_error *err) {
    if (!seen->uuid[0]) return EMIT_OK; // nobody could tell whose it is
    for (size_t i = 0; i < *count; i++) {
        if (strcmp(gpus[i].uuid, seen->uuid) != 0) continue;
        merge(&gpus[i], seen);
        return EMIT_OK;
    }
    if (*count == room) return emit_fail(err, EMIT_FULL, "the text names more than %zu GPUs", room);
    gpus[(*count)++] = *seen;
    return EMIT_OK;
}

enum emit_status emit_exporter_parse(const char *text, size_t length,
                                     struct emit_exporter_gpu *gpus, size_t room, size_t *count,
                                     struct emit_error *err) {
    struct emit_exporter_gpu found[EMIT_EXPORTER_GPUS_MAX];
    size_t found_count = 0;
    struct emit_metrics metrics;
    if (room > EMIT_EXPORTER_GPUS_MAX) room = EMIT_EXPORTER_GPUS_MAX;
    emit_metrics_init(&metrics, text, length);
    while (emit_metrics_next(&metrics)) {
        struct emit_exporter_gpu seen = {.index = -1, .minor = -1};
        if (!emit_metrics_is(&metrics, METRIC)) continue;
        if (!take_series(&metrics, &seen))
            return emit_fail(err, EMIT_MALFORMED,
                             "line %zu of its text is no series as Prometheus writes them",
                             metrics.number);
        enum emit_status status = add(found, room, &found_count, &seen, err);
        if (status != EMIT_OK) return status;
    }
    memcpy(gpus, found, found_count * sizeof *found);
    *count = found_count;
    return EMIT_OK;
}
