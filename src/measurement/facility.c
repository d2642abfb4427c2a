// What a record comes to: the rules of facility windows, one function each.
// SPDX-License-Identifier: Apache-2.0
#include "measurement/facility.h"

#include "base/siphash.h"
#include "base/text.h"
#include "base/time.h"
#include "vocabulary/fields.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const int64_t millisecond_ns = 1000000;

#define FATE_WORD(name, word, wrong) [name] = word,
static const char *const fate_words[] = {EMIT_FACILITY_FATE_ROWS(FATE_WORD)};

const char *emit_facility_fate_word(enum emit_facility_fate fate) {
    return fate_words[fate];
}

void emit_facility_init(struct emit_facility_window *window) {
    *window = (struct emit_facility_window){
        .source = EMIT_SOURCE_COUNT,
        .component = EMIT_COMPONENT_COUNT,
        .accuracy = EMIT_ACCURACY_COUNT,
        .transport = EMIT_TRANSPORT_COUNT,
        .unit = EMIT_FACILITY_UNIT_COUNT,
    };
}

bool emit_facility_refuse(struct emit_facility_refusal *why, enum emit_facility_fate fate,
                          const char *field, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(why->message, sizeof why->message, format, arguments);
    va_end(arguments);
    why->fate = fate;
    (void)emit_text_format(why->field, sizeof why->field, "%s", field);
    return false;
}

struct emit_facility_meter emit_facility_meter(const struct emit_facility_window *window,
                                               const uint64_t secret[2]) {
    char names[2 * EMIT_FACILITY_ID_MAX + 1];
    size_t facility = strlen(window->facility_id) + 1, device = strlen(window->device_id);
    names[0] = (char)window->component;
    memcpy(names + 1, window->facility_id, facility); // its end tells the two apart
    memcpy(names + 1 + facility, window->device_id, device);
    struct emit_siphash digest = emit_siphash(secret, names, 1 + facility + device);
    return (struct emit_facility_meter){digest.low, digest.high};
}

// The metadata is that of the meter and its edges, and says nothing new.
uint64_t emit_facility_print(const struct emit_facility_window *window, const uint64_t secret[2]) {
    char said[3 * EMIT_FACILITY_ID_MAX + 64];
    size_t length = 0;
    const emit_u128 numbers[] = {window->attojoules, window->quantum_attojoules};
    const char flags[] = {(char)window->source,      (char)window->provenance,
                          (char)window->accuracy,    (char)window->transport,
                          (char)window->pue_applied, (char)window->is_counter,
                          (char)window->is_wrapped,  (char)window->is_simulated};
    const char *const texts[] = {window->node_id, window->region, window->grid_region};
    memcpy(said, numbers, sizeof numbers);
    memcpy(said + sizeof numbers, flags, sizeof flags);
    length = sizeof numbers + sizeof flags;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        size_t size = strlen(texts[i]) + 1;
        memcpy(said + length, texts[i], size);
        length += size;
    }
    return emit_siphash(secret, said, length).low;
}

// --- What kind of meter it is ---

static const struct emit_kind_row *kind_of(enum emit_source source) {
    for (int kind = 0; kind < EMIT_KIND_COUNT; kind++)
        if (emit_kinds[kind].source == source && emit_kinds[kind].grain == EMIT_GRAIN_FACILITY)
            return &emit_kinds[kind];
    return NULL;
}

static enum emit_component usual_component(enum emit_source source) {
    if (source == EMIT_SOURCE_PDU) return EMIT_COMPONENT_PDU;
    if (source == EMIT_SOURCE_UPS) return EMIT_COMPONENT_UPS;
    if (source == EMIT_SOURCE_SMART_METER) return EMIT_COMPONENT_FACILITY_FEED;
    return EMIT_COMPONENT_NODE;
}

// The least that the record lets us say of the meter behind it.
static enum emit_accuracy usual_accuracy(const struct emit_facility_window *window,
                                         const struct emit_kind_row *kind) {
    if (window->provenance == EMIT_PROVENANCE_ESTIMATED) return EMIT_ACCURACY_INFERRED;
    uint32_t possible = kind->accuracies[window->provenance];
    if (emit_facility_unit_is_power(window->unit) &&
        possible & UINT32_C(1) << EMIT_ACCURACY_POWER_INTEGRATED)
        return EMIT_ACCURACY_POWER_INTEGRATED;
    if (possible & UINT32_C(1) << EMIT_ACCURACY_METERED) return EMIT_ACCURACY_METERED;
    return EMIT_ACCURACY_DEVICE_COUNTER;
}

static bool settle_kind(struct emit_facility_window *window, struct emit_facility_refusal *why) {
    const char *source = emit_source_word(window->source);
    const struct emit_kind_row *kind = kind_of(window->source);
    if (!kind)
        return emit_facility_refuse(why, EMIT_FACILITY_UNKNOWN_WORD, "energy_source",
                                    "%s meters no facility: ipmi, redfish, pdu, ups or smart_meter",
                                    source);
    if (window->component == EMIT_COMPONENT_COUNT)
        window->component = usual_component(window->source);
    const char *component = emit_component_word(window->component);
    if (!(kind->components & UINT32_C(1) << window->component))
        return emit_facility_refuse(why, EMIT_FACILITY_WRONG_COMPONENT, "component",
                                    "%s meters no %s of a facility", source, component);
    window->provenance = window->quality == EMIT_FACILITY_MEASURED ? EMIT_PROVENANCE_MEASURED
                                                                   : EMIT_PROVENANCE_ESTIMATED;
    if (!(kind->provenances & UINT32_C(1) << window->provenance))
        return emit_facility_refuse(
            why, EMIT_FACILITY_WRONG_PROVENANCE, "quality",
            "%s has no event for an estimate: only pdu, ups and smart_meter have", source);
    if (window->accuracy == EMIT_ACCURACY_COUNT) window->accuracy = usual_accuracy(window, kind);
    if (!(kind->accuracies[window->provenance] & UINT32_C(1) << window->accuracy))
        return emit_facility_refuse(why, EMIT_FACILITY_WRONG_ACCURACY, "accuracy_class",
                                    "%s energy of %s has no accuracy class %s",
                                    emit_provenance_word(window->provenance), source,
                                    emit_accuracy_word(window->accuracy));
    if (window->transport == EMIT_TRANSPORT_COUNT) window->transport = EMIT_TRANSPORT_FILE;
    return true;
}

static bool settle_pue(struct emit_facility_window *window, struct emit_facility_refusal *why) {
    if (window->component == EMIT_COMPONENT_FACILITY_FEED) {
        if (window->pue_applied != EMIT_FACILITY_PUE_UNSAID) return true;
        return emit_facility_refuse(why, EMIT_FACILITY_PUE_UNDECLARED, "pue_applied",
                                    "say whether the feed's energy holds the facility's overhead "
                                    "(true) or that of IT alone (false)");
    }
    if (window->pue_applied == EMIT_FACILITY_PUE_TRUE)
        return emit_facility_refuse(why, EMIT_FACILITY_PUE_ON_IT_LOAD, "pue_applied",
                                    "%s is IT load or its supply, before any overhead: false, or "
                                    "leave it out",
                                    emit_component_word(window->component));
    window->pue_applied = EMIT_FACILITY_PUE_FALSE;
    return true;
}

// What is finer than a millisecond is cut towards the past: no event can say it.
static void cut_to_milliseconds(int64_t *ns) {
    if (__builtin_mul_overflow(emit_time_milliseconds(*ns), millisecond_ns, ns)) *ns = INT64_MIN;
}

static bool settle_times(struct emit_facility_window *window, int64_t now_ns,
                         struct emit_facility_refusal *why) {
    cut_to_milliseconds(&window->from_ns);
    cut_to_milliseconds(&window->to_ns);
    if (window->from_ns >= window->to_ns)
        return emit_facility_refuse(why, EMIT_FACILITY_TIME_ORDER, "to",
                                    "the window must end at least a millisecond after it begins");
    if (emit_time_is_unset(window->from_ns))
        return emit_facility_refuse(why, EMIT_FACILITY_IMPLAUSIBLE_TIME, "from",
                                    "a window before the year 2000 comes from a clock that was not "
                                    "set: use the time of the host that read the meter");
    if (emit_time_is_ahead(window->to_ns, now_ns))
        return emit_facility_refuse(why, EMIT_FACILITY_IMPLAUSIBLE_TIME, "to",
                                    "the window has not ended yet: nothing in it can be measured");
    return true;
}

// --- What it comes to ---

// Whether what a meter says may be a register of 16 bits. Energy that somebody has worked out
// is none, nor is a counter that is declared to reach further.
static bool is_narrow(const struct emit_facility_window *window) {
    enum { NARROW_RANGE = 65536 };
    struct emit_decimal modulus = window->modulus;
    if (!window->is_counter) return emit_facility_unit_is_power(window->unit);
    emit_decimal_trim(&modulus);
    for (; modulus.exponent < 0; modulus.exponent++)
        modulus.digits /= 10;
    return !window->has_modulus || modulus.digits <= NARROW_RANGE;
}

// Registers that have no value say so with the ends of their range, and a register or a power
// of exactly that is none, however it is spelled. Of the wide ones a driver may have moved the
// point: 429496729.5.
static bool is_sentinel(struct emit_decimal value, bool is_narrow_register) {
    static const uint64_t narrow[] = {0x7fff, 0x8000, 0xffff};
    static const uint64_t wide[] = {0x7fffffff,
                                    0x80000000,
                                    0xffffffff,
                                    UINT64_C(0x7fffffffffffffff),
                                    UINT64_C(0x8000000000000000),
                                    UINT64_C(0xffffffffffffffff)};
    enum { POINT_MOVED_MAX = 3 };
    emit_decimal_trim(&value);
    if (value.exponent > 0 || value.exponent < -POINT_MOVED_MAX) return false;
    for (size_t i = 0; i < sizeof wide / sizeof *wide; i++)
        if (value.digits == wide[i]) return true;
    for (size_t i = 0; is_narrow_register && i < sizeof narrow / sizeof *narrow; i++)
        if (value.digits == narrow[i] && value.exponent == 0) return true;
    return false;
}

static bool take_value(emit_u128 *attojoules, const struct emit_facility_window *window,
                       const struct emit_decimal *value, const char *field,
                       struct emit_facility_refusal *why) {
    if (value->is_negative)
        return emit_facility_refuse(why, EMIT_FACILITY_SENTINEL, field,
                                    "a negative value is a meter's way to say that it has none; "
                                    "what flows back has a meter of its own");
    if (is_sentinel(*value, is_narrow(window)))
        return emit_facility_refuse(why, EMIT_FACILITY_SENTINEL, field,
                                    "the end of a register's range stands for no value: leave the "
                                    "record out");
    if (!emit_energy_exact(attojoules, value, window->unit, window->to_ns - window->from_ns))
        return emit_facility_refuse(why, EMIT_FACILITY_BAD_NUMBER, field,
                                    "too large or too fine to be held exactly: up to 10^20 J, in "
                                    "whole attojoules");
    return true;
}

// What the rated power, with a quarter more, comes to in the window.
static bool settle_bound(emit_u128 *bound, const struct emit_facility_window *window,
                         struct emit_facility_refusal *why) {
    emit_u128 rated = 0;
    if (window->rated_watts.is_negative || window->rated_watts.digits == 0 ||
        !emit_energy_exact(&rated, &window->rated_watts, EMIT_FACILITY_UNIT_W,
                           window->to_ns - window->from_ns) ||
        __builtin_add_overflow(rated, rated / 4, bound))
        return emit_facility_refuse(
            why, EMIT_FACILITY_BAD_NUMBER, "rated_power_w",
            "must be a power above 0 in watts, not beyond 10^20 J a window");
    return true;
}

static bool is_same_counter(const struct emit_facility_window *window,
                            struct emit_facility_refusal *why) {
    const struct emit_facility_reading *first = &window->first, *last = &window->last;
    if (strcmp(first->serial, last->serial) != 0)
        return emit_facility_refuse(why, EMIT_FACILITY_RESET, "last.serial",
                                    "the readings are of two meters, or one does not name its "
                                    "meter: no energy lies between them");
    if (strcmp(first->reset_at, last->reset_at) != 0)
        return emit_facility_refuse(why, EMIT_FACILITY_RESET, "last.reset_at",
                                    "the counter was reset between the readings, or one does not "
                                    "say when: no energy lies between them");
    return true;
}

// A counter that stands lower than before began anew; whether at its end must be proven.
static bool settle_wrap(emit_u128 *difference, const struct emit_facility_window *window,
                        emit_u128 first, emit_u128 last, emit_u128 modulus, emit_u128 bound,
                        struct emit_facility_refusal *why) {
    if (!window->has_modulus)
        return emit_facility_refuse(why, EMIT_FACILITY_RESET, "last.value",
                                    "the counter fell, and no counter_modulus is declared at which "
                                    "it could have begun anew");
    if (modulus - first > modulus / EMIT_FACILITY_WRAP_NEAR)
        return emit_facility_refuse(why, EMIT_FACILITY_RESET, "last.value",
                                    "the counter fell, and had not come within 5 %% of the end of "
                                    "its range");
    if (!window->has_rated)
        return emit_facility_refuse(why, EMIT_FACILITY_WRAPPED_UNPROVEN, "rated_power_w",
                                    "the counter fell near the end of its range; declare "
                                    "rated_power_w, so that a wrap can be told from a reset");
    *difference = modulus - first + last;
    if (*difference > bound)
        return emit_facility_refuse(why, EMIT_FACILITY_RESET, "last.value",
                                    "the counter fell, and a wrap would take more than 1.25 times "
                                    "the rated power");
    return true;
}

// Where the counter begins anew; both readings stand below it, and it came there once at most.
static bool settle_range(emit_u128 *modulus, const struct emit_facility_window *window,
                         emit_u128 first, emit_u128 last, emit_u128 bound,
                         struct emit_facility_refusal *why) {
    if (window->modulus.is_negative || window->modulus.digits == 0 ||
        !emit_energy_exact(modulus, &window->modulus, window->unit, 0))
        return emit_facility_refuse(why, EMIT_FACILITY_BAD_NUMBER, "counter_modulus",
                                    "must be above 0, in the unit of the counter");
    if (first >= *modulus || last >= *modulus)
        return emit_facility_refuse(why, EMIT_FACILITY_BAD_NUMBER,
                                    first >= *modulus ? "first.value" : "last.value",
                                    "a counter never reaches its counter_modulus");
    if (window->has_rated && bound >= *modulus)
        return emit_facility_refuse(why, EMIT_FACILITY_WRAPPED_UNPROVEN, "to",
                                    "in so long a window the counter could have come round once "
                                    "more: read it more often");
    return true;
}

static bool settle_counter(struct emit_facility_window *window, emit_u128 bound,
                           struct emit_facility_refusal *why) {
    emit_u128 first = 0, last = 0, modulus = 0;
    if (emit_facility_unit_is_power(window->unit))
        return emit_facility_refuse(why, EMIT_FACILITY_NOT_ENERGY, "unit",
                                    "a counter counts energy, not power");
    if (!is_same_counter(window, why) ||
        !take_value(&first, window, &window->first.value, "first.value", why) ||
        !take_value(&last, window, &window->last.value, "last.value", why) ||
        (window->has_modulus && !settle_range(&modulus, window, first, last, bound, why)))
        return false;
    window->is_wrapped = last < first;
    if (window->is_wrapped)
        return settle_wrap(&window->attojoules, window, first, last, modulus, bound, why);
    // Not a zero: less than one step, however large that is.
    if (last == first)
        return emit_facility_refuse(why, EMIT_FACILITY_BELOW_RESOLUTION, "last.value",
                                    "the counter did not move: the energy lies below one step of "
                                    "it; take a longer window");
    window->attojoules = last - first;
    return true;
}

// The last decimal of the readings: their meter may move in larger steps, but in no smaller
// ones that could be seen.
static bool settle_last_decimal(const struct emit_facility_window *window,
                                struct emit_facility_refusal *why) {
    const struct emit_decimal *first = &window->first.value, *last = &window->last.value;
    struct emit_decimal step = {.digits = 1};
    if (first->exponent < step.exponent) step.exponent = first->exponent;
    if (last->exponent < step.exponent) step.exponent = last->exponent;
    emit_u128 attojoules = 0;
    if (!emit_energy_exact(&attojoules, &step, window->unit, 0)) return true; // finer than that
    if (attojoules <= window->attojoules / EMIT_FACILITY_QUANTUM_SHARE) return true;
    return emit_facility_refuse(
        why, EMIT_FACILITY_BELOW_RESOLUTION, "last.value",
        "the readings lie %.3g units of their last decimal apart, and fewer "
        "than %d tell too little: take a longer window, or declare one step "
        "of the meter as quantum",
        (double)window->attojoules / (double)attojoules, EMIT_FACILITY_QUANTUM_SHARE);
}

static bool settle_quantum(struct emit_facility_window *window, struct emit_facility_refusal *why) {
    static const struct emit_decimal one = {.digits = 1};
    bool is_register = window->unit == EMIT_FACILITY_UNIT_KWH_TENTH ||
                       window->unit == EMIT_FACILITY_UNIT_KWH_HUNDREDTH;
    const struct emit_decimal *quantum = window->has_quantum ? &window->quantum : &one;
    if (!window->has_quantum && !is_register)
        return !window->is_counter || settle_last_decimal(window, why);
    if (quantum->is_negative || quantum->digits == 0 ||
        !emit_energy_exact(&window->quantum_attojoules, quantum, window->unit,
                           window->to_ns - window->from_ns))
        return emit_facility_refuse(why, EMIT_FACILITY_BAD_NUMBER, "quantum",
                                    "one step of the meter must be above 0, in its unit");
    if (window->quantum_attojoules > window->attojoules / EMIT_FACILITY_QUANTUM_SHARE)
        return emit_facility_refuse(why, EMIT_FACILITY_BELOW_RESOLUTION, "quantum",
                                    "the window holds %.3g steps of the meter, and fewer than %d "
                                    "tell too little: take a longer window",
                                    (double)window->attojoules / (double)window->quantum_attojoules,
                                    EMIT_FACILITY_QUANTUM_SHARE);
    return true;
}

bool emit_facility_settle(struct emit_facility_window *window, int64_t now_ns,
                          struct emit_facility_refusal *why) {
    emit_u128 bound = 0;
    if (!settle_kind(window, why) || !settle_pue(window, why) ||
        !settle_times(window, now_ns, why) ||
        (window->has_rated && !settle_bound(&bound, window, why)))
        return false;
    if (window->is_counter ? !settle_counter(window, bound, why)
                           : !take_value(&window->attojoules, window, &window->value, "value", why))
        return false;
    if (window->has_rated && window->attojoules > bound)
        return emit_facility_refuse(
            why, EMIT_FACILITY_IMPLAUSIBLE, "rated_power_w",
            "%.6g J are more than the %.6g J that 1.25 times the rated power "
            "gives in the window",
            emit_energy_joules(window->attojoules), emit_energy_joules(bound));
    return settle_quantum(window, why);
}
