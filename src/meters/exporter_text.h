// The text of a dcgm-exporter as GPUs and their counters. Pure.
// SPDX-License-Identifier: Apache-2.0
#ifndef METERS_EXPORTER_TEXT_H
#define METERS_EXPORTER_TEXT_H

#include "base/error.h"
#include "measurement/measurement.h"

enum { EMIT_EXPORTER_GPUS_MAX = 32 };

struct emit_exporter_gpu {
    char uuid[EMIT_DEVICE_ID_MAX];
    char model[EMIT_DEVICE_ID_MAX]; // "" when it does not say
    int32_t index;                  // its label `gpu`, as the driver numbers them; -1 unknown
    int32_t minor;                  // of its label `device`, nvidiaN; -1 unknown
    bool is_instance;               // only series of its MIG instances were seen
    bool has_count;                 // false: its value is no count
    uint64_t millijoules;
};

// Finds the GPUs of text[0..length), each once, in the order of their first series; other
// metrics are passed over unread. Written on success only.
// EMIT_MALFORMED: a series of ours that breaks the format, the sentence says in which
// line; EMIT_FULL: more GPUs than room, of EMIT_EXPORTER_GPUS_MAX at most.
EMIT_MUST_CHECK enum emit_status emit_exporter_parse(const char *text, size_t length,
                                                     struct emit_exporter_gpu *gpus, size_t room,
                                                     size_t *count, struct emit_error *err);

#endif
