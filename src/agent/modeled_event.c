// The line of an event of a model, read back.
// SPDX-License-Identifier: Apache-2.0
#include "agent/modeled_event.h"

#include "base/json.h"
#include "measurement/facility_energy.h"
#include "vocabulary/fields.h"

#include <string.h>

// --- Energy ---

emit_nanojoules emit_nanojoules_read(const char *text, size_t length) {
    const emit_nanojoules most = (emit_nanojoules)1 << 96; // 2^32 of them can be added
    struct emit_decimal joules;
    if (!emit_decimal_read(&joules, text, length) || joules.is_negative) return 0;
    emit_nanojoules energy = joules.digits;
    int32_t exponent = joules.exponent + 9;
    for (; exponent < -1; exponent++)
        energy /= 10;
    if (exponent == -1) energy = energy / 10 + (energy % 10 >= 5);
    for (; exponent > 0 && energy && energy < most; exponent--)
        energy *= 10;
    return energy < most ? energy : 0;
}

// Whole joules are exact far beyond any sum, and the rest is far below what shows of one.
double emit_nanojoules_joules(emit_nanojoules energy) {
    const uint32_t a_joule = 1000000000;
    return (double)(energy / a_joule) + (double)(energy % a_joule) / a_joule;
}

void emit_modeled_energy_add(struct emit_modeled_energy *sum,
                             const struct emit_modeled_energy *more) {
    sum->low += more->low;
    sum->central += more->central;
    sum->high += more->high;
}

// --- Members ---

static bool take_word(struct emit_json *json, const struct emit_json_slice *key,
                      struct emit_modeled_event *event) {
    const struct {
        const char *key;
        char *word;
    } words[] = {
        {"energy_source", event->source},  {"coefficient_profile", event->profile},
        {"phase", event->phase},           {"measurement_boundary", event->boundary},
        {"confidence", event->confidence},
    };
    struct emit_json_slice slice;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (!emit_json_slice_is(key, words[i].key)) continue;
        if (emit_json_take_string(json, &slice) &&
            !emit_json_decode(&slice, words[i].word, EMIT_MODELED_WORD_MAX))
            words[i].word[0] = '\0';
        return true;
    }
    return false;
}

static bool take_joules(struct emit_json *json, const struct emit_json_slice *key,
                        struct emit_modeled_event *event) {
    const struct {
        const char *key;
        emit_nanojoules *energy;
    } ends[] = {
        {"quantity", &event->energy.central},
        {"quantity_low", &event->energy.low},
        {"quantity_high", &event->energy.high},
    };
    struct emit_json_slice number;
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        if (!emit_json_slice_is(key, ends[i].key)) continue;
        if (emit_json_take_number(json, &number))
            *ends[i].energy = emit_nanojoules_read(number.at, number.length);
        return true;
    }
    return false;
}

static bool take_count(struct emit_json *json, const struct emit_json_slice *key,
                       struct emit_modeled_event *event) {
    for (int bucket = 0; bucket < EMIT_BUCKET_COUNT; bucket++) {
        if (!emit_json_slice_is(key, emit_bucket_tag((enum emit_bucket)bucket))) continue;
        event->known |= UINT32_C(1) << bucket;
        (void)emit_json_take_u64(json, &event->counts[bucket]); // a fault ends the reading
        return true;
    }
    return false;
}

static void take_members(struct emit_json *json, struct emit_modeled_event *event, bool has_tags) {
    struct emit_json_slice key;
    if (!emit_json_enter_object(json)) return;
    while (emit_json_next_member(json, &key)) {
        enum emit_json_type type = emit_json_peek(json);
        if (has_tags && type == EMIT_JSON_OBJECT && emit_json_slice_is(&key, "tags"))
            take_members(json, event, false);
        else if ((type != EMIT_JSON_STRING || !take_word(json, &key, event)) &&
                 (type != EMIT_JSON_NUMBER ||
                  (!take_joules(json, &key, event) && !take_count(json, &key, event))))
            (void)emit_json_skip(json);
    }
}

bool emit_modeled_event_read(struct emit_modeled_event *event, const struct emit_entry *entry) {
    static const char mark[] = "\"token_model\"";
    if (!memmem(entry->body, entry->length, mark, sizeof mark - 1)) return false;
    struct emit_json json;
    *event = (struct emit_modeled_event){.known = 0};
    emit_json_init(&json, entry->body, entry->length);
    take_members(&json, event, true);
    return emit_json_at_end(&json) && strcmp(event->source, "token_model") == 0;
}
