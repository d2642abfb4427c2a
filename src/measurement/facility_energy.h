// What a meter's decimal text comes to in joules, exactly: an integer of attojoules.
//
// An attojoule is 10^-18 J: kilowatt hours with 23 decimals, and watts with 15 over a whole
// number of milliseconds, are whole numbers of them, and 128 bits reach to 3 x 10^20 J. So
// windows can be added and subtracted without an error; only emit_energy_joules rounds.
// SPDX-License-Identifier: Apache-2.0
#ifndef MEASUREMENT_FACILITY_ENERGY_H
#define MEASUREMENT_FACILITY_ENERGY_H

#include "base/ratio.h"

#include <stdbool.h>
#include <stddef.h>

// name, word, ten's power of its attojoules, whether 36 stands before it, whether it is a power
#define EMIT_FACILITY_UNIT_ROWS(ROW)                                                               \
    ROW(EMIT_FACILITY_UNIT_J, "J", 18, 0, 0)                                                       \
    ROW(EMIT_FACILITY_UNIT_KJ, "kJ", 21, 0, 0)                                                     \
    ROW(EMIT_FACILITY_UNIT_MJ, "MJ", 24, 0, 0)                                                     \
    ROW(EMIT_FACILITY_UNIT_WH, "Wh", 20, 1, 0)                                                     \
    ROW(EMIT_FACILITY_UNIT_KWH_HUNDREDTH, "0.01 kWh", 21, 1, 0)                                    \
    ROW(EMIT_FACILITY_UNIT_KWH_TENTH, "0.1 kWh", 22, 1, 0)                                         \
    ROW(EMIT_FACILITY_UNIT_KWH, "kWh", 23, 1, 0)                                                   \
    ROW(EMIT_FACILITY_UNIT_MWH, "MWh", 26, 1, 0)                                                   \
    ROW(EMIT_FACILITY_UNIT_W, "W", 9, 0, 1)                                                        \
    ROW(EMIT_FACILITY_UNIT_KW, "kW", 12, 0, 1)                                                     \
    ROW(EMIT_FACILITY_UNIT_MW, "MW", 15, 0, 1)

#define EMIT_FACILITY_UNIT_ENUMERATOR(name, word, power, hours, is_power) name,
// COUNT is also "no unit was named". Of a power: its mean over the window.
enum emit_facility_unit {
    EMIT_FACILITY_UNIT_ROWS(EMIT_FACILITY_UNIT_ENUMERATOR) EMIT_FACILITY_UNIT_COUNT
};

const char *emit_facility_unit_word(enum emit_facility_unit unit);
// EMIT_FACILITY_UNIT_COUNT when there is none of that word.
enum emit_facility_unit emit_facility_unit_find(const char *word, size_t length);
bool emit_facility_unit_is_power(enum emit_facility_unit unit);
// "kVAh", "kvarh", "VA": what is counted in it is not energy that was used.
bool emit_facility_unit_is_apparent(const char *word, size_t length);

// digits x 10^exponent, and whether a minus stood before it.
struct emit_decimal {
    emit_u128 digits;
    int32_t exponent;
    bool is_negative;
};

// Reads a number as JSON writes it, with or without an exponent; leading zeros, as registers
// print them, are no fault. False for another text, for more digits than 38, or an exponent
// beyond 99.
// -0, which programs print for a zero, is 0.
bool emit_decimal_read(struct emit_decimal *decimal, const char *text, size_t length);
// The same number with as few zeros as possible at its end, and no exponent above 0 where 38
// digits can do without.
void emit_decimal_trim(struct emit_decimal *decimal);

// value, without its sign, in the unit; of a power over window_ns. False when that is no whole
// number of attojoules, or more of them than 128 bits hold.
bool emit_energy_exact(emit_u128 *attojoules, const struct emit_decimal *value,
                       enum emit_facility_unit unit, int64_t window_ns);

// The double nearest to it: the one rounding.
double emit_energy_joules(emit_u128 attojoules);

#endif
