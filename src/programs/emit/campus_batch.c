// One JSON object in, one out: every record is known before the first event is made, so that
// of records which contradict each other what is stored stands, and else all are refused, whatever
// their order.
// SPDX-License-Identifier: Apache-2.0
#include "base/json.h"
#include "base/json_write.h"
#include "base/time.h"
#include "programs/emit/campus.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    RECORDS_MAX = 100000,           // of one object; a stream has no limit
    REFUSALS_TOLD = 10,             // on standard error
    NOTE_MAX = 2 * CAMPUS_NOTE_MAX, // bytes of a note as JSON: quotes are doubled
    KEY_SHOWN_MAX = 60,             // bytes of a key that is not known
};

// A record, and what became of it.
struct item {
    struct emit_facility_meter meter;
    int64_t from_ns, to_ns;
    char *line; // owned, its meter's name behind it; NULL: refused by itself
    size_t length;
    struct emit_facility_refusal *refusal; // owned; NULL: not refused
    bool is_duplicate;
    bool is_contested; // by another record
    bool is_settled;   // by what is stored: it is the same, or it is refused
    unsigned missed;   // as of a campus_event
};

struct batch {
    struct campus *campus;
    struct item *items;
    size_t count, size;
    bool out_of_memory; // where nobody could be told
};

static void batch_clear(struct batch *batch) {
    for (size_t i = 0; i < batch->count; i++) {
        free(batch->items[i].line);
        free(batch->items[i].refusal);
    }
    free(batch->items);
}

// The first reason stands.
static void refuse(struct batch *batch, struct item *item,
                   const struct emit_facility_refusal *why) {
    if (item->refusal) return;
    item->refusal = malloc(sizeof *item->refusal);
    if (item->refusal)
        *item->refusal = *why;
    else
        batch->out_of_memory = true;
}

// --- Reading ---

static enum emit_status add_record(struct batch *batch, const char *text, size_t length,
                                   struct emit_error *err) {
    if (batch->count == RECORDS_MAX)
        return emit_fail(err, EMIT_FULL,
                         "more than %d records in one object: give them as lines "
                         "with --ndjson",
                         RECORDS_MAX);
    if (batch->count == batch->size) {
        size_t size = batch->size ? 2 * batch->size : 64;
        struct item *items = realloc(batch->items, size * sizeof *items);
        if (!items) return emit_fail(err, EMIT_NO_MEMORY, "no memory for the records");
        batch->items = items;
        batch->size = size;
    }
    struct item *item = &batch->items[batch->count++];
    *item = (struct item){0};
    struct campus *campus = batch->campus;
    struct campus_event event;
    struct emit_facility_refusal why;
    if (!campus_judge(campus, text, length, &event, &why)) {
        refuse(batch, item, &why);
        return EMIT_OK;
    }
    char meter[EMIT_FACILITY_CLAIM_MAX];
    emit_facility_claim_key(meter, &event.window);
    item->meter = emit_facility_meter(&event.window, campus->secret);
    item->from_ns = event.window.from_ns;
    item->to_ns = event.window.to_ns;
    item->missed = event.missed;
    item->length = event.line.length;
    item->line = malloc(item->length + 1 + strlen(meter) + 1);
    if (!item->line) return emit_fail(err, EMIT_NO_MEMORY, "no memory for the records");
    memcpy(item->line, event.line.at, item->length + 1);
    memcpy(item->line + item->length + 1, meter, strlen(meter) + 1);
    return EMIT_OK;
}

struct parts {
    struct emit_json_slice records, metadata; // of the whole text; at is NULL where it is missing
};

static enum emit_status split(struct parts *parts, const char *text, size_t length,
                              struct emit_error *err) {
    struct emit_json json;
    struct emit_json_slice key;
    *parts = (struct parts){0};
    emit_json_init(&json, text, length);
    if (emit_json_peek(&json) != EMIT_JSON_OBJECT && !json.fault)
        return emit_fail(err, EMIT_INVALID,
                         "no object: {\"records\": [...]} is wanted; for a way from CSV see man "
                         "emit-campus");
    if (!json.fault) (void)emit_json_enter_object(&json);
    while (!json.fault && emit_json_next_member(&json, &key)) {
        bool is_records = emit_json_slice_is(&key, "records");
        if (!is_records && !emit_json_slice_is(&key, "metadata"))
            return emit_fail(err, EMIT_INVALID,
                             "the object has a member '%.*s': there are records and metadata",
                             (int)emit_text_whole(key.at, key.length, KEY_SHOWN_MAX), key.at);
        if (is_records && emit_json_peek(&json) != EMIT_JSON_ARRAY && !json.fault)
            return emit_fail(err, EMIT_INVALID, "records must be an array");
        if (!emit_json_take_raw(&json, is_records ? &parts->records : &parts->metadata)) break;
    }
    if (!emit_json_at_end(&json))
        return emit_fail(err, EMIT_INVALID, "no JSON: %s at byte %zu", json.fault,
                         (size_t)(json.fault_at - json.begin));
    if (!parts->records.at)
        return emit_fail(err, EMIT_INVALID, "the object has no records: {\"records\": [...]}");
    return EMIT_OK;
}

static enum emit_status read_object(struct batch *batch, const struct emit_object_text *object,
                                    struct emit_error *err) {
    struct parts parts;
    enum emit_status status = split(&parts, object->bytes, object->length, err);
    if (status == EMIT_OK && parts.metadata.at)
        status = emit_facility_read_metadata(&batch->campus->metadata, parts.metadata.at,
                                             parts.metadata.length, err);
    if (status != EMIT_OK) return status;
    struct emit_json json;
    struct emit_json_slice record;
    emit_json_init(&json, parts.records.at, parts.records.length);
    (void)emit_json_enter_array(&json);
    while (status == EMIT_OK && emit_json_next_element(&json) && emit_json_take_raw(&json, &record))
        status = add_record(batch, record.at, record.length, err);
    return status;
}

// The one object of the stream.
static enum emit_status read_stream(struct batch *batch, struct emit_object_reader *reader,
                                    struct emit_error *err) {
    struct emit_object_text object;
    enum emit_reader_item item = emit_object_reader_next(reader, &object, err);
    if (item == EMIT_READER_FAILED) return err->status;
    if (item == EMIT_READER_END)
        return emit_fail(err, EMIT_INVALID,
                         "nothing to read: one JSON object with records is wanted");
    if (reader->state == EMIT_READER_ARRAY)
        return emit_fail(err, EMIT_INVALID,
                         "an array: one JSON object is wanted, {\"records\": [...]}; records by "
                         "themselves are read with --ndjson");
    if (item == EMIT_READER_BROKEN)
        return emit_fail(err, EMIT_INVALID, "line %llu: %s", (unsigned long long)object.line,
                         object.message);
    if (object.length > reader->object_max)
        return emit_fail(err, EMIT_FULL,
                         "the object is larger than %zu MiB: give its records as lines with "
                         "--ndjson",
                         reader->object_max >> 20);
    enum emit_status status = read_object(batch, &object, err);
    if (status != EMIT_OK) return status;
    item = emit_object_reader_next(reader, &object, err);
    if (item == EMIT_READER_END) return EMIT_OK;
    if (item == EMIT_READER_FAILED) return err->status;
    return emit_fail(err, EMIT_INVALID, "line %llu: more than one object: give them with --ndjson",
                     (unsigned long long)object.line);
}

// --- Records that speak of the same time ---

static int compare_numbers(int64_t left, int64_t right) {
    return (left > right) - (left < right);
}

static int compare_items(const void *left, const void *right) {
    const struct item *a = *(struct item *const *)left, *b = *(struct item *const *)right;
    if (a->meter.high != b->meter.high) return a->meter.high < b->meter.high ? -1 : 1;
    if (a->meter.low != b->meter.low) return a->meter.low < b->meter.low ? -1 : 1;
    if (a->from_ns != b->from_ns) return compare_numbers(a->from_ns, b->from_ns);
    if (a->to_ns != b->to_ns) return compare_numbers(a->to_ns, b->to_ns);
    // Repeats side by side, whatever stands between them.
    if (a->length != b->length) return a->length < b->length ? -1 : 1;
    int difference = memcmp(a->line, b->line, a->length);
    return difference ? difference : (a > b) - (a < b); // as they came
}

static bool is_same_meter(const struct item *left, const struct item *right) {
    return left->meter.low == right->meter.low && left->meter.high == right->meter.high;
}

static void refuse_for(struct batch *batch, struct item *item, const struct item *other,
                       enum emit_facility_fate fate) {
    char from[EMIT_TIME_TEXT], to[EMIT_TIME_TEXT];
    struct emit_facility_refusal why;
    emit_time_write(from, other->from_ns);
    emit_time_write(to, other->to_ns);
    (void)emit_facility_refuse(
        &why, fate, "from",
        fate == EMIT_FACILITY_CONFLICT
            ? "records[%zu] says otherwise of the same meter and window, %s "
              "to %s: neither is taken"
            : "overlaps records[%zu] of the same meter, %s to %s: neither is "
              "taken",
        (size_t)(other - batch->items), from, to);
    refuse(batch, item, &why);
}

// What becomes of two records that contradict each other.
typedef void contradiction(struct batch *batch, struct item *left, struct item *right,
                           enum emit_facility_fate fate);

static void refuse_both(struct batch *batch, struct item *left, struct item *right,
                        enum emit_facility_fate fate) {
    refuse_for(batch, left, right, fate);
    refuse_for(batch, right, left, fate);
}

static void contest_both(struct batch *batch, struct item *left, struct item *right,
                         enum emit_facility_fate fate) {
    (void)batch, (void)fate;
    left->is_contested = right->is_contested = true;
}

// item behind the one that began last before it, or with it, and the one that reaches furthest.
static void compare_with(struct batch *batch, struct item *item, struct item *before,
                         struct item *furthest, contradiction *tell) {
    if (before->from_ns == item->from_ns && before->to_ns == item->to_ns) {
        item->is_duplicate =
            before->length == item->length && memcmp(before->line, item->line, item->length) == 0;
        if (!item->is_duplicate) tell(batch, before, item, EMIT_FACILITY_CONFLICT);
    } else if (furthest->to_ns > item->from_ns) {
        tell(batch, furthest, item, EMIT_FACILITY_OVERLAP);
    }
}

// Of a contradiction both are told of, whichever is found: who is in one is in one that is found.
static enum emit_status compare_records(struct batch *batch, contradiction *tell,
                                        struct emit_error *err) {
    struct item **order = malloc((batch->count + 1) * sizeof *order);
    if (!order) return emit_fail(err, EMIT_NO_MEMORY, "no memory for the records");
    size_t count = 0;
    for (size_t i = 0; i < batch->count; i++)
        if (batch->items[i].line && !batch->items[i].is_duplicate && !batch->items[i].is_settled)
            order[count++] = &batch->items[i];
    qsort(order, count, sizeof *order, compare_items);
    struct item *before = NULL, *furthest = NULL;
    for (size_t i = 0; i < count; i++) {
        struct item *item = order[i];
        if (before && is_same_meter(before, item))
            compare_with(batch, item, before, furthest, tell);
        else
            furthest = item;
        if (item->is_duplicate) continue;
        before = item;
        if (item->to_ns > furthest->to_ns) furthest = item;
    }
    free(order);
    return EMIT_OK;
}

static struct campus_line line_of(const struct batch *batch, const struct item *item) {
    return (struct campus_line){
        .place = {.index = (uint64_t)(item - batch->items), .missed = item->missed},
        .bytes = item->line,
        .length = item->length,
        .span = {item->line + item->length + 1, item->from_ns, item->to_ns}};
}

// What is stored stands, and who contradicts it stands in nobody's way.
static enum emit_status ask_store(struct batch *batch, struct emit_error *err) {
    for (size_t i = 0; i < batch->count; i++) {
        struct item *item = &batch->items[i];
        if (!item->is_contested) continue;
        const struct campus_line line = line_of(batch, item);
        enum campus_standing standing = CAMPUS_FREE;
        struct emit_facility_refusal why;
        enum emit_status status = campus_post_ask(batch->campus->post, &line, &standing, &why, err);
        if (status != EMIT_OK) return status;
        item->is_settled = standing != CAMPUS_FREE;
        if (standing == CAMPUS_OPPOSED) refuse(batch, item, &why);
    }
    return EMIT_OK;
}

static enum emit_status compare_all(struct batch *batch, struct emit_error *err) {
    enum emit_status status = compare_records(batch, contest_both, err);
    if (status == EMIT_OK) status = ask_store(batch, err);
    if (status == EMIT_OK) status = compare_records(batch, refuse_both, err);
    return status;
}

// --- Writing ---

static void take_answer(void *owner, const struct emit_intake_answer *answer,
                        const struct campus_place *place, const struct emit_facility_refusal *why) {
    struct batch *batch = owner;
    (void)answer; // the line is in the item, too
    if (why) refuse(batch, &batch->items[place->index], why);
}

static enum emit_status post_events(struct batch *batch, struct emit_error *err) {
    campus_post_listen(batch->campus->post, take_answer, batch);
    for (size_t i = 0; i < batch->count; i++) {
        struct item *item = &batch->items[i];
        if (!item->line || item->refusal || item->is_duplicate) continue;
        const struct campus_line line = line_of(batch, item);
        enum emit_status status = campus_post_add(batch->campus->post, &line, err);
        if (status == EMIT_REFUSED) {
            struct emit_facility_refusal why;
            (void)emit_facility_refuse(&why, EMIT_FACILITY_CONTRACT, "", "%s", err->text);
            refuse(batch, item, &why);
        } else if (status != EMIT_OK) {
            return status;
        }
    }
    enum emit_status status = campus_post_finish(batch->campus->post, err);
    if (status == EMIT_OK && batch->out_of_memory)
        return emit_fail(err, EMIT_NO_MEMORY, "no memory for the reasons of refusals");
    return status;
}

static void write_notes(const struct campus *campus) {
    char sentence[CAMPUS_NOTE_MAX], bytes[NOTE_MAX];
    const char *comma = "";
    for (int i = 0; i < CAMPUS_NOTES; i++) {
        if (!campus_note(campus, i, sentence, sizeof sentence)) continue;
        struct emit_text text;
        struct emit_json_writer writer;
        emit_text_init(&text, bytes, sizeof bytes);
        emit_json_writer_init(&writer, &text);
        emit_json_string(&writer, sentence);
        printf("%s%s", comma, bytes);
        comma = ",";
    }
}

static void write_answer(struct batch *batch) {
    struct campus *campus = batch->campus;
    const char *comma = "";
    campus->records = batch->count;
    (void)fputs("{\"events\":[", stdout);
    for (size_t i = 0; i < batch->count; i++) {
        const struct item *item = &batch->items[i];
        campus->duplicates += item->is_duplicate;
        campus->refused_count += item->refusal != NULL;
        if (item->is_duplicate || item->refusal) continue;
        campus_count(campus, item->missed);
        (void)fputs(comma, stdout);
        (void)fwrite(item->line, 1, item->length, stdout);
        comma = ",";
    }
    (void)fputs("],\"refused\":[", stdout);
    comma = "";
    for (size_t i = 0; i < batch->count; i++) {
        if (!batch->items[i].refusal) continue;
        (void)fputs(comma, stdout);
        campus_write_refusal(stdout, batch->items[i].refusal, &(struct campus_place){.index = i});
        comma = ",";
    }
    printf("],\"duplicates\":%llu,\"notes\":[", (unsigned long long)campus->duplicates);
    write_notes(campus);
    (void)fputs("]}\n", stdout);
}

// For who looks on: the answer may go into a file.
static void tell_refusals(const struct batch *batch, const char *name) {
    uint64_t told = 0, refused = batch->campus->refused_count;
    for (size_t i = 0; i < batch->count && told < REFUSALS_TOLD; i++) {
        if (!batch->items[i].refusal) continue;
        campus_tell_refusal(name, batch->items[i].refusal, &(struct campus_place){.index = i});
        told++;
    }
    if (refused > told)
        fprintf(stderr, "and %llu more refused: the answer has them all\n",
                (unsigned long long)(refused - told));
}

int campus_batch(struct campus *campus, struct emit_object_reader *reader, const char *name) {
    struct batch batch = {.campus = campus};
    struct emit_error err;
    enum emit_status status = read_stream(&batch, reader, &err);
    if (status == EMIT_OK) status = compare_all(&batch, &err);
    if (status == EMIT_OK) status = post_events(&batch, &err);
    int exit_status = EXIT_OK;
    if (status != EMIT_OK) {
        exit_status = campus_fail(campus, name, &err);
    } else {
        write_answer(&batch);
        if (!campus->options->quiet) tell_refusals(&batch, name);
        if (campus->refused_count) exit_status = EXIT_PARTIAL;
    }
    batch_clear(&batch);
    return exit_status;
}
