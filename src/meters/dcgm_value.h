// What a value of DCGM's says: found among others, judged, and as a count of ours.
// SPDX-License-Identifier: Apache-2.0
#ifndef METERS_DCGM_VALUE_H
#define METERS_DCGM_VALUE_H

#include "measurement/measurement.h"
#include "meters/dcgm_abi.h"

// What a status means for a reading, and its few words; it need not be known.
enum emit_code emit_dcgm_code(int status);
const char *emit_dcgm_words(int status);

// True for a status that speaks of the connection to the host engine, not of a GPU.
bool emit_dcgm_is_lost(int status);

// The value of a field of a GPU among values in any order; NULL: it is not there.
const struct emit_dcgm_value *emit_dcgm_find(const struct emit_dcgm_value *values, size_t count,
                                             uint32_t gpu, uint16_t field);

// Millijoules of an energy, milliwatts of a power; *words (may be NULL) says why not.
// A value can be blank although its status is good. value may be NULL: absent.
enum emit_code emit_dcgm_take_count(const struct emit_dcgm_value *value, uint64_t *count,
                                    const char **words);
enum emit_code emit_dcgm_take_int(const struct emit_dcgm_value *value, int32_t *number);
// A text of printable ASCII that fits; text is written on success only.
enum emit_code emit_dcgm_take_text(const struct emit_dcgm_value *value, char *text, size_t size,
                                   const char **words);

#endif
