// Usage records of any number of files, read into a tally.
//
// The loop over records is the one that has to be fast: everything that can be known of a
// model is asked once (model_map.h), and a sentence is made only for what is refused.
// SPDX-License-Identifier: Apache-2.0
#include "imports/usage_log.h"

#include "imports/object_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum emit_status emit_usage_log_open(struct emit_usage_log *records, struct tokens_account *account,
                                     struct emit_model_map *models, struct emit_error *err) {
    *records = (struct emit_usage_log){.account = account, .models = models};
    return emit_usage_tally_open(&records->tally, account->plan->by_request, err);
}

void emit_usage_log_close(struct emit_usage_log *records) {
    emit_usage_tally_close(records->tally);
    records->tally = NULL;
}

// Where a record stands.
struct spot {
    const char *file;
    uint64_t line;
};

static void refuse(struct emit_usage_log *records, const struct spot *spot,
                   enum emit_usage_fate fate, const char *message, const char *remedy) {
    records->account->fates[fate]++;
    if (emit_usage_fate_refuses(fate))
        emit_usage_refusals_add(&records->account->refusals, fate, spot->file, spot->line, message,
                            remedy);
}

static void refuse_model(struct emit_usage_log *records, const struct spot *spot,
                         const struct emit_error *why) {
    char remedy[EMIT_MODEL_REMEDY_MAX] = "";
    const struct emit_usage_text *name = &records->record.model;
    if (why->status == EMIT_ABSENT) emit_model_map_remedy(records->models, name, remedy);
    refuse(records, spot, EMIT_USAGE_UNMAPPED, why->text, remedy);
}

// Tokens that the profile has no coefficient for. True: it has one for all of them.
static bool has_coefficients(struct emit_usage_log *records, const struct spot *spot,
                             const struct emit_profile *profile) {
    const struct emit_token_counts *counts = &records->record.counts;
    for (int bucket = 0; bucket < EMIT_BUCKET_COUNT; bucket++) {
        if (!counts->bucket[bucket] || profile->coefficients[bucket].defined) continue;
        char sentence[EMIT_USAGE_SENTENCE_MAX];
        (void)emit_text_format(sentence, sizeof sentence, "profile %s has no coefficient for %s",
                               profile->id, emit_bucket_key((enum emit_bucket)bucket));
        refuse(records, spot, EMIT_USAGE_NO_COEFFICIENT, sentence, NULL);
        return false;
    }
    return true;
}

// A request of its own needs a time of its own; of a run's the latest counts.
static bool is_dated(struct emit_usage_log *records, const struct spot *spot) {
    const struct tokens_plan *plan = records->account->plan;
    if (records->record.has_time || plan->has_at || !plan->by_request) return true;
    refuse(records, spot, EMIT_USAGE_UNDATED, "the record says no time: --at TIME gives one", NULL);
    return false;
}

static enum emit_status count(struct emit_usage_log *records, const struct spot *spot,
                              const struct emit_object_text *object, struct emit_error *err) {
    struct tokens_account *account = records->account;
    struct emit_usage_record *record = &records->record;
    struct emit_error why;
    uint32_t number = 0;
    enum emit_status status = emit_model_map_find(records->models, &record->model, &number, &why);
    if (status == EMIT_ABSENT || status == EMIT_INVALID) {
        refuse_model(records, spot, &why);
        return EMIT_OK;
    }
    if (status != EMIT_OK) {
        if (err) *err = why;
        return status;
    }
    const struct emit_profile *profile = emit_model_map_get(records->models, number)->profile;
    if (!has_coefficients(records, spot, profile) || !is_dated(records, spot)) return EMIT_OK;
    emit_token_counts_place(&record->counts, profile);
    status =
        emit_usage_tally_add(records->tally, record, object->bytes, object->length, number, &why);
    if (status == EMIT_INVALID) {
        refuse(records, spot, EMIT_USAGE_OUT_OF_RANGE, why.text, NULL);
        return EMIT_OK;
    }
    if (status != EMIT_OK) {
        if (err) *err = why;
        return status;
    }
    if (record->message[0])
        emit_usage_refusals_add(&account->remarks, EMIT_USAGE_USED, spot->file, spot->line,
                            record->message, NULL);
    account->fates[EMIT_USAGE_USED]++;
    account->dialects[record->dialect]++;
    return EMIT_OK;
}

static enum emit_status take_object(struct emit_usage_log *records, const char *path,
                                    const struct emit_object_text *object, struct emit_error *err) {
    const struct spot spot = {path, object->line};
    struct emit_usage_record *record = &records->record;
    if (object->length > EMIT_USAGE_TEXT_MAX) {
        refuse(records, &spot, EMIT_USAGE_MALFORMED, "a record of more than 8 MiB", NULL);
        return EMIT_OK;
    }
    emit_usage_read(&records->reader, record, object->bytes, object->length);
    if (record->fate == EMIT_USAGE_USED) return count(records, &spot, object, err);
    refuse(records, &spot, record->fate, record->message, NULL);
    return EMIT_OK;
}

static enum emit_status read_stream(struct emit_usage_log *records, const char *path,
                                    int descriptor, struct emit_error *err) {
    struct emit_object_reader reader;
    struct emit_object_text object;
    struct emit_error why;
    enum emit_reader_item item = EMIT_READER_END;
    enum emit_status status =
        emit_object_reader_init(&reader, descriptor, EMIT_USAGE_TEXT_MAX, err);
    if (status != EMIT_OK) return status;
    while (status == EMIT_OK &&
           (item = emit_object_reader_next(&reader, &object, &why)) != EMIT_READER_END) {
        const struct spot spot = {path, object.line};
        if (item == EMIT_READER_FAILED)
            status = emit_fail(err, why.status, "%s: %s", path, why.text);
        else if (item == EMIT_READER_BROKEN)
            refuse(records, &spot, EMIT_USAGE_MALFORMED, object.message, NULL);
        else
            status = take_object(records, path, &object, err);
    }
    emit_object_reader_clear(&reader);
    return status;
}

enum emit_status emit_usage_log_read(struct emit_usage_log *records, const char *path,
                                     struct emit_error *err) {
    emit_usage_reader_init(&records->reader, records->account->plan->dialect);
    if (strcmp(path, "-") == 0) return read_stream(records, path, STDIN_FILENO, err);
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return emit_fail_errno(err, errno, "%s cannot be opened", path);
    enum emit_status status = read_stream(records, path, descriptor, err);
    (void)close(descriptor);
    return status;
}

enum emit_status emit_usage_log_settle(struct emit_usage_log *records, struct emit_error *err) {
    enum emit_status status = emit_usage_tally_settle(records->tally, err);
    if (status != EMIT_OK) return status;
    uint64_t repeats = emit_usage_tally_repeats(records->tally);
    records->account->fates[EMIT_USAGE_USED] -= repeats;
    records->account->fates[EMIT_USAGE_DUPLICATE] += repeats;
    return EMIT_OK;
}
