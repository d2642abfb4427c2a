// The options about meters that every command which opens them has.
// SPDX-License-Identifier: Apache-2.0
#ifndef PROGRAMS_EMIT_METER_OPTIONS_H
#define PROGRAMS_EMIT_METER_OPTIONS_H

#include "base/option.h"
#include "meters/meter.h"

#include <stddef.h>

struct meter_options {
    int64_t max_power_mw;
    const char *device;
    bool is_shared; // no option: the run's id was given, so that ranks may share it
    const char *nvml_library;
    const char *dcgm_library;
    const char *dcgm_host;
    const char *dcgm_exporter;
    int64_t dcgm_exporter_step_ns;
    const char *sysfs_root;
};

// clang-format off
// Which devices, and how to reach those behind another program.
#define METER_OPTION_ROWS(values, member)                                                          \
    {.name = "device",                                                                             \
     .type = EMIT_OPTION_TEXT,                                                                     \
     .argument = "LIST|all",                                                                       \
     .key = "device",                                                                              \
     .help = "which GPUs to meter, instead of those the environment assigns",                      \
     .text = "Split by commas: indices as nvidia-smi shows them, UUIDs or their beginnings "       \
             "(GPU-8932f937), MIG ids (their GPU). By default those of CUDA_VISIBLE_DEVICES, "     \
             "else SLURM_STEP_GPUS, SLURM_JOB_GPUS or NVIDIA_VISIBLE_DEVICES, else all; and the "  \
             "sockets that the process may run on. With all: every GPU and every socket.",         \
     .offset = offsetof(values, member.device)},                                                   \
    {.name = "max-power",                                                                          \
     .type = EMIT_OPTION_POWER,                                                                    \
     .argument = "POWER",                                                                          \
     .key = "max_power",                                                                           \
     .fallback = "1kW",                                                                            \
     .help = "more than this one socket cannot draw",                                              \
     .text = "Tells a counter that wrapped from one that was reset, from 1W to 1MW. Raise it for a "\
             "larger socket; lower it where a wrap could not be proven.",                          \
     .offset = offsetof(values, member.max_power_mw)},                                             \
    {.name = "dcgm-host",                                                                          \
     .type = EMIT_OPTION_TEXT,                                                                     \
     .argument = "HOST[:PORT]|unix:PATH",                                                          \
     .environment = "EMIT_DCGM_HOST",                                                              \
     .key = "dcgm_host",                                                                           \
     .help = "where the DCGM host engine listens",                                                 \
     .text = "By default localhost:5555.",                                                         \
     .offset = offsetof(values, member.dcgm_host)},                                                \
    {.name = "dcgm-exporter",                                                                      \
     .type = EMIT_OPTION_TEXT,                                                                     \
     .argument = "URL",                                                                            \
     .environment = "EMIT_DCGM_EXPORTER",                                                          \
     .key = "dcgm_exporter",                                                                       \
     .help = "read GPU energy from the text of a dcgm-exporter, too",                              \
     .text = "Such as http://localhost:9400/metrics. It refreshes every 30 s by default, so that " \
             "shorter runs are below its resolution.",                                             \
     .offset = offsetof(values, member.dcgm_exporter)},                                            \
    {.name = "dcgm-exporter-step",                                                                 \
     .type = EMIT_OPTION_DURATION,                                                                 \
     .argument = "DURATION",                                                                       \
     .environment = "EMIT_DCGM_EXPORTER_STEP",                                                     \
     .key = "dcgm_exporter_step",                                                                  \
     .fallback = "30s",                                                                            \
     .help = "how often that dcgm-exporter refreshes its text",                                    \
     .text = "Its --collect-interval, from 100ms to 1h: the text does not tell. Values that stand "\
             "still for more than two steps are refused.",                                         \
     .offset = offsetof(values, member.dcgm_exporter_step_ns)}

// What stands for the real thing, in tests and containers: last in every list.
#define METER_OVERRIDE_ROWS(values, member)                                                        \
    {.name = "nvml-library",                                                                       \
     .type = EMIT_OPTION_TEXT,                                                                     \
     .argument = "PATH",                                                                           \
     .environment = "EMIT_NVML_LIBRARY",                                                           \
     .help = "a library that stands for libnvidia-ml.so.1",                                        \
     .text = "It is opened although no NVIDIA device node is there. What it says is marked as "    \
             "simulated unless it stands with the real driver.",                                   \
     .offset = offsetof(values, member.nvml_library),                                              \
     .override_only = true},                                                                       \
    {.name = "dcgm-library",                                                                       \
     .type = EMIT_OPTION_TEXT,                                                                     \
     .argument = "PATH",                                                                           \
     .environment = "EMIT_DCGM_LIBRARY",                                                           \
     .help = "a library that stands for libdcgm.so.4",                                             \
     .text = "As --nvml-library.",                                                                 \
     .offset = offsetof(values, member.dcgm_library),                                              \
     .override_only = true},                                                                       \
    {.name = "sysfs-root",                                                                         \
     .type = EMIT_OPTION_TEXT,                                                                     \
     .argument = "DIR",                                                                            \
     .environment = "EMIT_SYSFS_ROOT",                                                             \
     .help = "a directory that stands for /sys",                                                   \
     .text = "It holds class/powercap. What is read there is marked as simulated.",                \
     .offset = offsetof(values, member.sysfs_root),                                                \
     .override_only = true}
// clang-format on

// From the words to what meters are given; texts stay the options'.
// EMIT_INVALID: a value that cannot be meant; the sentence names the option.
EMIT_MUST_CHECK enum emit_status meter_options_settle(struct emit_meter_settings *settings,
                                                      const struct meter_options *options,
                                                      struct emit_error *err);

#endif
