// The rules, in a fixed order over the members that stand: sets of fields are
// compared as bits, and only what has a form, a limit or a set of words is
// looked at one by one. Every finding is made, not only the first.
// SPDX-License-Identifier: Apache-2.0
#include "contract/judge.h"

#include "base/number.h"

#define FOR_EACH_FIELD(field, place, bits)                                                         \
    for (uint64_t left = (bits), field; left && (field = field_of(place, left), true);             \
         left &= left - 1)

static inline uint32_t field_of(int place, uint64_t bits) {
    return (uint32_t)__builtin_ctzll(bits) + (place == EMIT_PLACE_TAG ? EMIT_TAG_FIRST : 0);
}

static inline bool is_good(const struct emit_judge *judge, uint32_t field) {
    return emit_members_has(judge->good, field);
}

static inline bool is_read(const struct emit_judge *judge, uint32_t field) {
    return emit_members_has(judge->read, field);
}

static inline bool has_seen(const struct emit_judge *judge, uint32_t field) {
    return emit_members_has(judge->members->seen, field);
}

static inline bool is_of_kind(const struct emit_judge *judge, uint32_t kinds) {
    return kinds >> judge->kind & 1; // the unknown kind is behind all others: of none
}

// --- One field at a time ---

// Why a value may stand in no event, whatever its field is to hold; NONE when it may.
static enum emit_reason whole_reason(const struct emit_members *members, int place, uint64_t bit) {
    if ((members->of_type[EMIT_JSON_OBJECT][place] | members->of_type[EMIT_JSON_ARRAY][place]) &
        bit)
        return EMIT_REASON_NESTED_VALUE;
    if (place == EMIT_PLACE_TAG && members->of_type[EMIT_JSON_NULL][place] & bit)
        return EMIT_REASON_NULL_VALUE;
    return EMIT_REASON_NONE;
}

static void judge_types(struct emit_judge *judge, int place) {
    const struct emit_members *members = judge->members;
    uint64_t fitting =
        (members->of_type[EMIT_JSON_STRING][place] & emit_lookup.strings[place]) |
        (members->of_type[EMIT_JSON_NUMBER][place] & emit_lookup.numbers[place]) |
        ((members->of_type[EMIT_JSON_TRUE][place] | members->of_type[EMIT_JSON_FALSE][place]) &
         emit_lookup.booleans[place]) |
        (members->of_type[EMIT_JSON_OBJECT][place] & emit_lookup.tags[place]);
    judge->good[place] = fitting;
    uint64_t wrong = members->seen[place] & ~fitting;
    FOR_EACH_FIELD(field, place, wrong) {
        enum emit_reason reason = whole_reason(members, place, left & -left);
        if (reason && field != EMIT_FIELD_TAGS) {
            const char *name = emit_fields[field].name;
            struct emit_unknown named = {name, strlen(name), (enum emit_place)place,
                                         EMIT_JSON_NONE};
            emit_judge_find_whole(judge, reason, &named);
        } else {
            emit_judge_find(judge, (uint32_t)field, EMIT_CHECK_TYPE);
        }
    }
    uint64_t empty = members->empty[place] & fitting & emit_lookup.format[EMIT_FORMAT_TEXT][place];
    FOR_EACH_FIELD(field, place, empty)
    emit_judge_find(judge, (uint32_t)field, EMIT_CHECK_EMPTY);
}

static inline const struct emit_lookup_word *word_of(const struct emit_judge *judge,
                                                     uint32_t field) {
    const struct emit_members *members = judge->members;
    const char *at = members->at[field];
    size_t length = members->length[field];
    return emit_lookup_word(at, length, emit_members_readable(members, at, length));
}

static void judge_words(struct emit_judge *judge, int place) {
    uint64_t words = judge->good[place] & emit_lookup.format[EMIT_FORMAT_WORD][place];
    FOR_EACH_FIELD(field, place, words) {
        const struct emit_lookup_word *word = word_of(judge, (uint32_t)field);
        enum emit_set set = emit_fields[field].set;
        judge->word[set] = word ? word->in_set[set] : 0;
        if (!judge->word[set]) emit_judge_find(judge, (uint32_t)field, EMIT_CHECK_FORMAT);
    }
}

// A label that our producers write needs no second look: the rows hold no bad one.
static void judge_labels(struct emit_judge *judge) {
    uint64_t labels =
        judge->good[EMIT_PLACE_TAG] & emit_lookup.format[EMIT_FORMAT_LABEL][EMIT_PLACE_TAG];
    FOR_EACH_FIELD(field, EMIT_PLACE_TAG, labels) {
        const struct emit_lookup_word *word = word_of(judge, (uint32_t)field);
        enum emit_set set = emit_fields[field].strict_set;
        judge->word[set] = word ? word->in_set[set] : 0;
        if (judge->word[set]) continue;
        const char *at = judge->members->at[field];
        size_t length = judge->members->length[field];
        if (!emit_text_is_label(at, length))
            emit_judge_find(judge, (uint32_t)field, EMIT_CHECK_FORMAT);
        if (emit_text_has_brand(at, length, emit_members_readable(judge->members, at, length)))
            emit_judge_find(judge, (uint32_t)field, EMIT_CHECK_BRAND);
        emit_judge_find(judge, (uint32_t)field, EMIT_CHECK_STRICT_SET);
    }
}

static void judge_times(struct emit_judge *judge, int place) {
    const struct emit_members *members = judge->members;
    uint64_t times = judge->good[place] & emit_lookup.format[EMIT_FORMAT_TIMESTAMP][place];
    FOR_EACH_FIELD(field, place, times) {
        struct emit_moment *moment = &judge->moment[field];
        if (!emit_moment_read(moment, members->at[field], members->length[field])) {
            emit_judge_find(judge, (uint32_t)field, EMIT_CHECK_FORMAT);
            continue;
        }
        judge->read[place] |= left & -left;
        if (moment->digits != 3) emit_judge_find(judge, (uint32_t)field, EMIT_CHECK_STRICT_FORMAT);
    }
    uint64_t dates = judge->good[place] & emit_lookup.format[EMIT_FORMAT_DATE][place];
    FOR_EACH_FIELD(field, place, dates) {
        if (emit_date_read(&judge->day[field], members->at[field], members->length[field]))
            judge->read[place] |= left & -left;
        else
            emit_judge_find(judge, (uint32_t)field, EMIT_CHECK_FORMAT);
    }
}

static void judge_form(struct emit_judge *judge, enum emit_format format,
                       bool (*has_form)(const char *, size_t)) {
    const struct emit_members *members = judge->members;
    const int place = EMIT_PLACE_TAG; // no field of the top level has such a form
    uint64_t plain = judge->good[place] & emit_lookup.format[format][place];
    if (format == EMIT_FORMAT_LABEL) plain = 0; // judge_labels has seen to them
    uint64_t strict =
        judge->good[place] & emit_lookup.strict_format[format][place] & ~members->empty[place];
    FOR_EACH_FIELD(field, place, plain)
    if (!has_form(members->at[field], members->length[field]))
        emit_judge_find(judge, (uint32_t)field, EMIT_CHECK_FORMAT);
    FOR_EACH_FIELD(field, place, strict)
    if (!has_form(members->at[field], members->length[field]))
        emit_judge_find(judge, (uint32_t)field, EMIT_CHECK_STRICT_FORMAT);
}

static void judge_forms(struct emit_judge *judge) {
    judge_form(judge, EMIT_FORMAT_NAME, emit_text_is_name);
    if (!(judge->good[EMIT_PLACE_TAG] & emit_lookup.rare_forms[EMIT_PLACE_TAG])) return;
    judge_form(judge, EMIT_FORMAT_LABEL, emit_text_is_label);
    judge_form(judge, EMIT_FORMAT_CURRENCY, emit_text_is_currency);
    judge_form(judge, EMIT_FORMAT_PROFILE, emit_text_is_profile);
    judge_form(judge, EMIT_FORMAT_URL, emit_text_is_url);
    judge_form(judge, EMIT_FORMAT_HASH, emit_text_is_hash);
    const uint32_t profile = EMIT_TAG_COEFFICIENT_PROFILE;
    if (!is_good(judge, profile)) return;
    const char *at = judge->members->at[profile];
    size_t length = judge->members->length[profile];
    if (emit_text_has_brand(at, length, emit_members_readable(judge->members, at, length)))
        emit_judge_find(judge, profile, EMIT_CHECK_BRAND);
}

// 2^53 is the largest count a double holds together with all smaller ones; beyond
// it the digits themselves are asked.
static bool is_count(const struct emit_members *members, uint32_t field) {
    const double limit = (double)EMIT_COUNT_MAX;
    double value = members->value[field];
    if (!(value >= 0 && value <= limit)) return false;
    if (value < limit) return value == (double)(int64_t)value;
    uint64_t exact;
    return !emit_number_read_u64(members->at[field], members->length[field], &exact) ||
           exact <= EMIT_COUNT_MAX;
}

static inline bool is_within(enum emit_limit limit, double bound, double value) {
    switch (limit) {
    case EMIT_LIMIT_NONE: return true;
    case EMIT_LIMIT_FROM: return value >= bound;
    case EMIT_LIMIT_ABOVE: return value > bound;
    case EMIT_LIMIT_TO: return value <= bound;
    case EMIT_LIMIT_BELOW: return value < bound;
    }
    return false;
}

static void judge_numbers(struct emit_judge *judge, int place) {
    const struct emit_members *members = judge->members;
    uint64_t counts = judge->good[place] & emit_lookup.counts[place];
    FOR_EACH_FIELD(field, place, counts)
    if (!is_count(members, (uint32_t)field))
        emit_judge_find(judge, (uint32_t)field, EMIT_CHECK_WHOLE);
    uint64_t limited = judge->good[place] & emit_lookup.limited[place];
    FOR_EACH_FIELD(field, place, limited) {
        const struct emit_field *row = &emit_fields[field];
        double value = members->value[field];
        if (!is_within(row->low, row->low_value, value))
            emit_judge_find(judge, (uint32_t)field, EMIT_CHECK_LOW);
        if (!is_within(row->high, row->high_value, value))
            emit_judge_find(judge, (uint32_t)field, EMIT_CHECK_HIGH);
    }
}

// --- What must and what may not stand ---

static void judge_presence(struct emit_judge *judge, int place) {
    static const enum emit_check missing[] = {EMIT_CHECK_REQUIRED, EMIT_CHECK_STRICT_REQUIRED};
    static const enum emit_check misplaced[] = {EMIT_CHECK_FORBIDDEN, EMIT_CHECK_STRICT_FORBIDDEN};
    uint64_t seen = judge->members->seen[place];
    for (int level = 0; level < EMIT_LEVEL_COUNT; level++) {
        uint64_t lacking = emit_lookup.required[level][judge->kind][place] & ~seen;
        uint64_t excess = emit_lookup.forbidden[level][judge->kind][place] & seen;
        FOR_EACH_FIELD(field, place, lacking)
        emit_judge_find(judge, (uint32_t)field, missing[level]);
        FOR_EACH_FIELD(field, place, excess)
        emit_judge_find(judge, (uint32_t)field, misplaced[level]);
    }
}

static void judge_unknown(struct emit_judge *judge) {
    for (size_t i = 0; i < judge->members->unknown_count; i++) {
        const struct emit_unknown *unknown = &judge->members->unknown[i];
        if (unknown->place == EMIT_PLACE_TOP) {
            emit_judge_find_whole(judge, EMIT_REASON_UNKNOWN_FIELD, unknown);
            continue;
        }
        emit_judge_find_whole(judge, EMIT_REASON_UNKNOWN_TAG, unknown);
        if (emit_name_is_forbidden(unknown->name, unknown->length))
            emit_judge_find_whole(judge, EMIT_REASON_FORBIDDEN_NAME, unknown);
        if (unknown->type == EMIT_JSON_OBJECT || unknown->type == EMIT_JSON_ARRAY)
            emit_judge_find_whole(judge, EMIT_REASON_NESTED_VALUE, unknown);
        if (unknown->type == EMIT_JSON_NULL)
            emit_judge_find_whole(judge, EMIT_REASON_NULL_VALUE, unknown);
    }
}

// --- Bonds ---

static inline void bind(struct emit_judge *judge, enum emit_bond bond, bool kept) {
    if (!kept) emit_judge_find_bond(judge, bond);
}

static void judge_source(struct emit_judge *judge) {
    if (judge->kind == EMIT_KIND_UNKNOWN) return;
    const struct emit_kind_row *row = &emit_kinds[judge->kind];
    if (judge->word[EMIT_SET_PROVENANCE])
        bind(judge, EMIT_BOND_PROVENANCE,
             row->provenances >> (judge->word[EMIT_SET_PROVENANCE] - 1) & 1);
    if (judge->word[EMIT_SET_COMPONENT])
        bind(judge, EMIT_BOND_COMPONENT,
             row->components >> (judge->word[EMIT_SET_COMPONENT] - 1) & 1);
    if (judge->word[EMIT_SET_ACCURACY] && judge->word[EMIT_SET_PROVENANCE])
        bind(judge, EMIT_BOND_ACCURACY,
             row->accuracies[judge->word[EMIT_SET_PROVENANCE] - 1] >>
                     (judge->word[EMIT_SET_ACCURACY] - 1) &
                 1);
    if (is_of_kind(judge, EMIT_KINDS_FACILITY)) {
        bind(judge, EMIT_BOND_REGION,
             has_seen(judge, EMIT_TAG_REGION) || has_seen(judge, EMIT_TAG_GRID_REGION));
        if (is_good(judge, EMIT_TAG_PROVIDER_FAMILY))
            bind(judge, EMIT_BOND_OPERATOR,
                 judge->word[EMIT_SET_FAMILY] == EMIT_FAMILY_OPERATOR_OWNED + 1);
    }
    if (is_of_kind(judge, EMIT_KINDS_TOKEN))
        bind(judge, EMIT_BOND_TOKEN_COUNT,
             has_seen(judge, EMIT_TAG_INPUT_TOKENS) ||
                 has_seen(judge, EMIT_TAG_CACHED_INPUT_TOKENS) ||
                 has_seen(judge, EMIT_TAG_OUTPUT_TOKENS) ||
                 has_seen(judge, EMIT_TAG_REASONING_OUTPUT_TOKENS));
}

static void judge_overhead(struct emit_judge *judge) {
    if (!is_good(judge, EMIT_TAG_PUE_APPLIED)) return;
    bool applied = emit_members_has(judge->members->of_type[EMIT_JSON_TRUE], EMIT_TAG_PUE_APPLIED);
    if (is_of_kind(judge, EMIT_KINDS_SENSOR_RUN)) bind(judge, EMIT_BOND_PUE_MEASURED_RUN, !applied);
    if (is_of_kind(judge, EMIT_KINDS_FACILITY) && judge->word[EMIT_SET_COMPONENT])
        bind(judge, EMIT_BOND_PUE_COMPONENT,
             !applied ||
                 !(EMIT_COMPONENTS_WITHOUT_OVERHEAD >> (judge->word[EMIT_SET_COMPONENT] - 1) & 1));
    if (is_of_kind(judge, EMIT_KINDS_TOKEN) && judge->word[EMIT_SET_BOUNDARY])
        bind(judge, EMIT_BOND_PUE_BOUNDARY,
             applied == (judge->word[EMIT_SET_BOUNDARY] == EMIT_BOUNDARY_FACILITY + 1));
}

static double milliseconds_between(const struct emit_moment *from, const struct emit_moment *to) {
    return (double)(to->seconds - from->seconds) * 1e3 +
           (double)(to->nanoseconds - from->nanoseconds) / 1e6;
}

static void judge_window(struct emit_judge *judge) {
    const struct emit_moment *from = &judge->moment[EMIT_TAG_VALID_FROM],
                             *to = &judge->moment[EMIT_TAG_VALID_TO],
                             *event = &judge->moment[EMIT_FIELD_EVENT_TS];
    bool has_from = is_read(judge, EMIT_TAG_VALID_FROM), has_to = is_read(judge, EMIT_TAG_VALID_TO);
    if (has_from && has_to) {
        bind(judge, EMIT_BOND_WINDOW_ORDER, emit_moment_compare(from, to) < 0);
        if (is_good(judge, EMIT_TAG_MEASUREMENT_WINDOW_MS))
            bind(judge, EMIT_BOND_WINDOW_LENGTH,
                 judge->members->value[EMIT_TAG_MEASUREMENT_WINDOW_MS] ==
                     milliseconds_between(from, to));
    }
    if (has_to && is_read(judge, EMIT_FIELD_EVENT_TS)) {
        bind(judge, EMIT_BOND_WINDOW_PAST, emit_moment_compare(to, event) <= 0);
        bind(judge, EMIT_BOND_WINDOW_END, emit_moment_compare(to, event) == 0);
    }
    if (is_read(judge, EMIT_TAG_CURTAILMENT_FROM) && is_read(judge, EMIT_TAG_CURTAILMENT_TO))
        bind(judge, EMIT_BOND_CURTAILMENT_ORDER,
             emit_moment_compare(&judge->moment[EMIT_TAG_CURTAILMENT_FROM],
                                 &judge->moment[EMIT_TAG_CURTAILMENT_TO]) < 0);
}

// measurement_window_ms was rounded up to a whole millisecond, so the rate lies
// between that of the window as written and that of one a millisecond shorter.
static bool is_sampling_rate(double hertz, double samples, double window_ms) {
    const double tolerance = 1e-6;
    double slowest = (samples - 1) * 1e3 / window_ms;
    if (hertz < slowest * (1 - tolerance)) return false;
    return window_ms <= 1 || hertz <= (samples - 1) * 1e3 / (window_ms - 1) * (1 + tolerance);
}

// A part of a count that is not stated is too much of it.
static void judge_part(struct emit_judge *judge, enum emit_bond bond, enum emit_field_id part,
                       enum emit_field_id whole) {
    const double *value = judge->members->value;
    if (is_good(judge, part) && (is_good(judge, whole) || !has_seen(judge, whole)))
        bind(judge, bond, has_seen(judge, whole) && value[part] <= value[whole]);
}

static void judge_pairs(struct emit_judge *judge) {
    const double *value = judge->members->value;
    bind(judge, EMIT_BOND_INTENSITY_KIND,
         has_seen(judge, EMIT_TAG_GRID_CARBON_INTENSITY_KIND) ==
             has_seen(judge, EMIT_TAG_GRID_CARBON_INTENSITY_G_PER_KWH));
    bind(judge, EMIT_BOND_PRICE_CURRENCY,
         has_seen(judge, EMIT_TAG_ELECTRICITY_PRICE_CURRENCY) ==
             has_seen(judge, EMIT_TAG_ELECTRICITY_PRICE_PER_KWH));
    if (is_good(judge, EMIT_TAG_SAMPLES) && is_good(judge, EMIT_TAG_SAMPLING_HZ) &&
        is_good(judge, EMIT_TAG_MEASUREMENT_WINDOW_MS))
        bind(judge, EMIT_BOND_SAMPLING_RATE,
             is_sampling_rate(value[EMIT_TAG_SAMPLING_HZ], value[EMIT_TAG_SAMPLES],
                              value[EMIT_TAG_MEASUREMENT_WINDOW_MS]));
    if (is_good(judge, EMIT_FIELD_QUANTITY)) {
        double quantity = value[EMIT_FIELD_QUANTITY];
        if (is_good(judge, EMIT_TAG_QUANTITY_LOW))
            bind(judge, EMIT_BOND_QUANTITY_LOW, value[EMIT_TAG_QUANTITY_LOW] <= quantity);
        if (is_good(judge, EMIT_TAG_QUANTITY_HIGH))
            bind(judge, EMIT_BOND_QUANTITY_HIGH, value[EMIT_TAG_QUANTITY_HIGH] >= quantity);
    }
    judge_part(judge, EMIT_BOND_EXTRAPOLATED_OUTPUT, EMIT_TAG_EXTRAPOLATED_OUTPUT_TOKENS,
               EMIT_TAG_OUTPUT_TOKENS);
    judge_part(judge, EMIT_BOND_EXTRAPOLATED_REASONING,
               EMIT_TAG_EXTRAPOLATED_REASONING_OUTPUT_TOKENS, EMIT_TAG_REASONING_OUTPUT_TOKENS);
}

static void judge_dates(struct emit_judge *judge) {
    if (is_read(judge, EMIT_TAG_COEFFICIENT_ACCESSED)) {
        int64_t accessed = judge->day[EMIT_TAG_COEFFICIENT_ACCESSED];
        if (is_read(judge, EMIT_TAG_COEFFICIENT_PUBLISHED))
            bind(judge, EMIT_BOND_ACCESSED, judge->day[EMIT_TAG_COEFFICIENT_PUBLISHED] <= accessed);
    }
    const struct emit_members *members = judge->members;
    const uint32_t inner = EMIT_TAG_DEVICE_ID, outer = EMIT_TAG_CONTAINED_IN;
    if (is_good(judge, inner) && is_good(judge, outer))
        bind(judge, EMIT_BOND_CONTAINED_IN,
             members->length[inner] != members->length[outer] ||
                 memcmp(members->at[inner], members->at[outer], members->length[inner]) != 0);
}

void emit_judge_members(struct emit_judge *judge) {
    memset(judge->word, 0, sizeof judge->word);
    judge->read[0] = judge->read[1] = 0;
    judge_types(judge, EMIT_PLACE_TOP);
    bool has_tags = is_good(judge, EMIT_FIELD_TAGS);
    judge_words(judge, EMIT_PLACE_TOP);
    judge_times(judge, EMIT_PLACE_TOP);
    judge_numbers(judge, EMIT_PLACE_TOP);
    if (has_tags) {
        judge_types(judge, EMIT_PLACE_TAG);
        judge_words(judge, EMIT_PLACE_TAG);
        judge_labels(judge);
        judge_times(judge, EMIT_PLACE_TAG);
        judge_forms(judge);
        judge_numbers(judge, EMIT_PLACE_TAG);
    } else {
        judge->good[EMIT_PLACE_TAG] = 0;
    }
    bool has_run = has_seen(judge, EMIT_FIELD_COMPUTE_ASSIGNMENT_RUN_ID);
    judge->kind = judge->word[EMIT_SET_SOURCE]
                      ? emit_lookup.kind_of[judge->word[EMIT_SET_SOURCE] - 1][has_run]
                      : EMIT_KIND_UNKNOWN;
    judge_presence(judge, EMIT_PLACE_TOP);
    if (has_tags) {
        judge_presence(judge, EMIT_PLACE_TAG);
        judge_source(judge);
        judge_overhead(judge);
        judge_window(judge);
        judge_pairs(judge);
        judge_dates(judge);
    }
    if (judge->members->unknown_count) judge_unknown(judge);
}
