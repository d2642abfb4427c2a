// This machine's sensors as a folder of tests/hosts/: how real machines reach the tests.
// SPDX-License-Identifier: Apache-2.0
#ifndef PROGRAMS_EMIT_SENSORS_RECORD_H
#define PROGRAMS_EMIT_SENSORS_RECORD_H

#include "programs/emit/sensors.h"

struct emit_recording; // what was seen of /sys at two moments

// Reads the zones a first time. Only what this process may read is read; of what it may
// not, mode and owner are kept. Free it with emit_recording_free.
EMIT_MUST_CHECK enum emit_status emit_recording_begin(struct emit_recording **recording,
                                                      const struct emit_sensors *sensors,
                                                      struct emit_error *err);
// Reads them a second time, and writes `machine` and `gpus` into a folder that is made
// for them. After emit_sensors_settle.
EMIT_MUST_CHECK enum emit_status emit_recording_write(struct emit_recording *recording,
                                                      const struct emit_sensors *sensors,
                                                      const char *folder, struct emit_error *err);
void emit_recording_free(struct emit_recording *recording); // accepts NULL

#endif
