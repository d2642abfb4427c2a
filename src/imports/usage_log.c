// Usage records of any number of files, read into a book.
//
// The loop over records is the one that has to be fast: everything that can be known of a
// model is asked once (model_map.h), and a sentence is made only for what is refused.
// SPDX-License-Identifier: Apache-2.0
#include "imports/usage_log.h"

#include "imports/object_reader.h"
#include "imports/usage_spans.h"

#include <string.h>

enum emit_status emit_usage_log_open(struct emit_usage_log *log,
                                     const struct emit_usage_log_rules *rules,
                                     struct emit_usage_account *account, struct emit_model_map *map,
                                     struct emit_error *err) {
    *log = (struct emit_usage_log){.rules = *rules, .account = account, .map = map};
    return emit_usage_book_open(&log->book, rules->is_named, err);
}

void emit_usage_log_close(struct emit_usage_log *log) {
    emit_usage_book_close(log->book);
    log->book = NULL;
}

static void refuse(struct emit_usage_log *log, const struct emit_usage_spot *spot,
                   enum emit_usage_fate fate, const char *message, const char *remedy) {
    log->account->fates[fate]++;
    if (emit_usage_fate_refuses(fate))
        emit_usage_refusals_add(&log->account->refusals, fate, spot, message, remedy);
}

static void refuse_model(struct emit_usage_log *log, const struct emit_usage_spot *spot,
                         const struct emit_error *why) {
    char remedy[EMIT_MODEL_REMEDY_MAX] = "";
    const struct emit_usage_text *name = &log->record.model;
    if (why->status == EMIT_ABSENT) emit_model_map_remedy(log->map, name, remedy);
    refuse(log, spot, EMIT_USAGE_UNMAPPED, why->text, remedy);
}

// Tokens that the profile has no coefficient for. True: it has one for all of them.
static bool has_coefficients(struct emit_usage_log *log, const struct emit_usage_spot *spot,
                             const struct emit_profile *profile) {
    const struct emit_token_counts *counts = &log->record.counts;
    for (int bucket = 0; bucket < EMIT_BUCKET_COUNT; bucket++) {
        if (!counts->bucket[bucket] || profile->coefficients[bucket].defined) continue;
        char sentence[EMIT_USAGE_SENTENCE_MAX];
        (void)emit_text_format(sentence, sizeof sentence, "profile %s has no coefficient for %s",
                               profile->id, emit_bucket_key((enum emit_bucket)bucket));
        refuse(log, spot, EMIT_USAGE_NO_COEFFICIENT, sentence, NULL);
        return false;
    }
    return true;
}

// A request of its own needs a time of its own; of a run's the latest counts.
static bool is_dated(struct emit_usage_log *log, const struct emit_usage_spot *spot) {
    const struct emit_usage_log_rules *rules = &log->rules;
    if (log->record.has_time || rules->has_time || !rules->is_named) return true;
    refuse(log, spot, EMIT_USAGE_UNDATED, "the record says no time: --at TIME gives one", NULL);
    return false;
}

static enum emit_status count(struct emit_usage_log *log, const struct emit_usage_spot *spot,
                              const struct emit_object_text *object, struct emit_error *err) {
    struct emit_usage_account *account = log->account;
    struct emit_usage_record *record = &log->record;
    struct emit_error why;
    uint32_t number = 0;
    enum emit_status status = emit_model_map_find(log->map, &record->model, &number, &why);
    if (status == EMIT_ABSENT || status == EMIT_INVALID) {
        refuse_model(log, spot, &why);
        return EMIT_OK;
    }
    if (status != EMIT_OK) {
        if (err) *err = why;
        return status;
    }
    const struct emit_profile *profile = emit_model_map_get(log->map, number)->profile;
    if (!has_coefficients(log, spot, profile) || !is_dated(log, spot)) return EMIT_OK;
    emit_token_counts_place(&record->counts, profile);
    status = emit_usage_book_add(log->book, record, object->bytes, object->length, number, &why);
    if (status == EMIT_INVALID) {
        refuse(log, spot, EMIT_USAGE_OUT_OF_RANGE, why.text, NULL);
        return EMIT_OK;
    }
    if (status != EMIT_OK) {
        if (err) *err = why;
        return status;
    }
    if (record->message[0])
        emit_usage_refusals_add(&account->remarks, EMIT_USAGE_USED, spot, record->message, NULL);
    account->fates[EMIT_USAGE_USED]++;
    account->dialects[record->dialect]++;
    return EMIT_OK;
}

// What the record came to that was read last.
static enum emit_status take_record(struct emit_usage_log *log, const struct emit_usage_spot *spot,
                                    const struct emit_object_text *object, struct emit_error *err) {
    const struct emit_usage_record *record = &log->record;
    if (record->fate == EMIT_USAGE_USED) return count(log, spot, object, err);
    refuse(log, spot, record->fate, record->message, NULL);
    return EMIT_OK;
}

struct export {
    struct emit_usage_log *log;
    const struct emit_usage_spot *spot;
    struct emit_error *err;
    enum emit_status status;
    bool has_span;
};

static bool take_span(void *context, const char *span, size_t length) {
    struct export *export = context;
    const struct emit_object_text text = {.bytes = span, .length = length};
    export->has_span = true;
    emit_usage_read(&export->log->reader, &export->log->record, span, length);
    export->status = take_record(export->log, export->spot, &text, export->err);
    return export->status == EMIT_OK;
}

// The spans of an export, all of its line; a record only where there is none.
static enum emit_status take_spans(struct emit_usage_log *log, const struct emit_usage_spot *spot,
                                   const struct emit_object_text *object, struct emit_error *err) {
    struct export export = {.log = log, .spot = spot, .err = err};
    (void)emit_usage_spans(object->bytes, object->length, take_span, &export);
    return export.has_span ? export.status : take_record(log, spot, object, err);
}

static enum emit_status take_object(struct emit_usage_log *log, const struct emit_usage_spot *spot,
                                    const struct emit_object_text *object, struct emit_error *err) {
    struct emit_usage_record *record = &log->record;
    if (object->length > EMIT_USAGE_TEXT_MAX) {
        refuse(log, spot, EMIT_USAGE_MALFORMED, "a record of more than 8 MiB", NULL);
        return EMIT_OK;
    }
    emit_usage_read(&log->reader, record, object->bytes, object->length);
    if (record->is_export) return take_spans(log, spot, object, err);
    return take_record(log, spot, object, err);
}

enum emit_status emit_usage_log_read(struct emit_usage_log *log, int descriptor, const char *name,
                                     struct emit_error *err) {
    struct emit_object_reader reader;
    struct emit_object_text object;
    struct emit_error why;
    enum emit_reader_item item = EMIT_READER_END;
    enum emit_status status =
        emit_object_reader_init(&reader, descriptor, EMIT_USAGE_TEXT_MAX, err);
    if (status != EMIT_OK) return status;
    emit_usage_reader_init(&log->reader, log->rules.dialect);
    log->reader.clock_ns = log->rules.clock_ns;
    reader.takes_events = reader.skips_mark = true;
    while (status == EMIT_OK &&
           (item = emit_object_reader_next(&reader, &object, &why)) != EMIT_READER_END) {
        const struct emit_usage_spot spot = {name, object.line, object.element};
        if (item == EMIT_READER_FAILED)
            status = emit_fail(err, why.status, "%s: %s", name, why.text);
        else if (item == EMIT_READER_BROKEN)
            refuse(log, &spot, EMIT_USAGE_MALFORMED, object.message, NULL);
        else
            status = take_object(log, &spot, &object, err);
    }
    emit_object_reader_clear(&reader);
    return status;
}

enum emit_status emit_usage_log_settle(struct emit_usage_log *log, struct emit_error *err) {
    enum emit_status status = emit_usage_book_settle(log->book, err);
    if (status != EMIT_OK) return status;
    uint64_t repeats = emit_usage_book_repeats(log->book);
    log->account->fates[EMIT_USAGE_USED] -= repeats;
    log->account->fates[EMIT_USAGE_DUPLICATE] += repeats;
    return EMIT_OK;
}
