// Records as they come, events as they go: a filter. Of records that contradict each other the
// first has gone out when the next one is refused.
// SPDX-License-Identifier: Apache-2.0
#include "base/json.h"
#include "base/time.h"
#include "measurement/facility_past.h"
#include "programs/emit/campus.h"

#include <stdio.h>
#include <string.h>

struct stream {
    struct campus *campus;
    struct emit_facility_past *past;
    const char *name;  // of the input, for sentences
    uint64_t answered; // line of the last record whose event was stored, or refused by the store
    struct campus_event event;
};

static void tell_refusal(struct stream *stream, const struct campus_place *place,
                         const struct emit_facility_refusal *why) {
    FILE *file = stream->campus->refused;
    stream->campus->refused_count++;
    if (file) {
        campus_write_refusal(file, why, place);
        (void)putc('\n', file);
        return;
    }
    campus_tell_refusal(stream->name, why, place);
}

static void take_answer(void *owner, const struct emit_intake_answer *answer,
                        const struct campus_place *place, const struct emit_facility_refusal *why) {
    struct stream *stream = owner;
    struct campus *campus = stream->campus;
    stream->answered = place->line;
    if (why) {
        emit_facility_past_void(stream->past, &place->meter, place->from_ns);
        tell_refusal(stream, place, why);
        return;
    }
    campus_count(campus, place->missed);
    (void)fwrite_unlocked(answer->line, 1, answer->length, stdout);
    (void)putc_unlocked('\n', stdout);
}

// The record that stands in the way of this one.
static void refuse_for(struct stream *stream, const struct campus_place *place,
                       enum emit_facility_news news, const struct emit_facility_span *other) {
    char from[EMIT_TIME_TEXT], to[EMIT_TIME_TEXT];
    struct emit_facility_refusal why;
    emit_time_write(from, other->from_ns);
    emit_time_write(to, other->to_ns);
    if (news == EMIT_FACILITY_CONTRARY)
        (void)emit_facility_refuse(&why, EMIT_FACILITY_CONFLICT, "from",
                                   "line %llu says otherwise of the same meter and window, %s to "
                                   "%s, and stands",
                                   (unsigned long long)other->index, from, to);
    else
        (void)emit_facility_refuse(&why, EMIT_FACILITY_OVERLAP, "from",
                                   "overlaps line %llu of the same meter, %s to %s, which stands",
                                   (unsigned long long)other->index, from, to);
    tell_refusal(stream, place, &why);
}

// Whether the store may refuse the window that a record met: it is on its way yet, and there
// is something in the store where it wants to be.
static bool may_be_refused(const struct stream *stream, const struct emit_facility_span *other) {
    char meter[EMIT_FACILITY_CLAIM_MAX];
    if (other->index < stream->answered) return false;
    emit_facility_claim_key(meter, &stream->event.window); // both are of one meter
    const struct emit_claimed_span span = {meter, other->from_ns, other->to_ns};
    return campus_post_is_opposed(stream->campus->post, &span);
}

// Whether the record is the first that speaks so of its window. True: an event stands for it.
static enum emit_status compare(struct stream *stream, const struct campus_place *place,
                                bool *is_new, struct emit_error *err) {
    const struct emit_facility_window *window = &stream->event.window;
    struct emit_facility_span other,
        span = {
            .from_ns = window->from_ns,
            .to_ns = window->to_ns,
            .print = emit_facility_print(window, stream->campus->secret),
            .index = place->line,
        };
    enum emit_facility_news news = EMIT_FACILITY_NEW;
    enum emit_status status =
        emit_facility_past_add(stream->past, &place->meter, &span, &news, &other, err);
    bool is_against = news == EMIT_FACILITY_CONTRARY || news == EMIT_FACILITY_OVERLAPS;
    if (status == EMIT_OK && is_against && may_be_refused(stream, &other)) {
        status = campus_post_finish(stream->campus->post, err);
        if (status == EMIT_OK)
            status = emit_facility_past_add(stream->past, &place->meter, &span, &news, &other, err);
    }
    if (status != EMIT_OK) return status;
    *is_new = news == EMIT_FACILITY_NEW;
    if (news == EMIT_FACILITY_REPEATED)
        stream->campus->duplicates++;
    else if (!*is_new)
        refuse_for(stream, place, news, &other);
    return EMIT_OK;
}

static enum emit_status add_record(struct stream *stream, const struct emit_object_text *object,
                                   struct emit_error *err) {
    struct campus *campus = stream->campus;
    struct emit_facility_refusal why;
    struct campus_place place = {.index = campus->records++, .line = object->line};
    if (!campus_judge(campus, object->bytes, object->length, &stream->event, &why)) {
        if (place.index == 0 && why.fate == EMIT_FACILITY_UNKNOWN_FIELD &&
            strcmp(why.field, "records") == 0)
            return emit_fail(err, EMIT_INVALID,
                             "line %llu: an object with records is read without --ndjson",
                             (unsigned long long)object->line);
        if (why.fate == EMIT_FACILITY_UNKNOWN_FIELD && strcmp(why.field, "metadata") == 0)
            return emit_fail(err, EMIT_INVALID,
                             "line %llu: metadata must stand before the first record",
                             (unsigned long long)object->line);
        tell_refusal(stream, &place, &why);
        return EMIT_OK;
    }
    bool is_new = false;
    place.missed = stream->event.missed;
    place.meter = emit_facility_meter(&stream->event.window, campus->secret);
    place.from_ns = stream->event.window.from_ns;
    enum emit_status status = compare(stream, &place, &is_new, err);
    if (status != EMIT_OK || !is_new) return status;
    char meter[EMIT_FACILITY_CLAIM_MAX] = "";
    if (!campus->options->no_outbox) emit_facility_claim_key(meter, &stream->event.window);
    const struct campus_line line = {
        .place = place,
        .bytes = stream->event.line.at,
        .length = stream->event.line.length,
        .span = {meter, stream->event.window.from_ns, stream->event.window.to_ns}};
    status = campus_post_add(campus->post, &line, err);
    if (status != EMIT_REFUSED) return status;
    emit_facility_past_void(stream->past, &place.meter, place.from_ns);
    (void)emit_facility_refuse(&why, EMIT_FACILITY_CONTRACT, "", "%s", err->text);
    tell_refusal(stream, &place, &why);
    return EMIT_OK;
}

// Whether the object begins as {"metadata": ...}. *slice is what it says; *fault why that is
// nothing, else NULL.
static bool is_metadata(const struct emit_object_text *object, struct emit_json_slice *slice,
                        const char **fault) {
    struct emit_json json;
    struct emit_json_slice key;
    emit_json_init(&json, object->bytes, object->length);
    if (emit_json_peek(&json) != EMIT_JSON_OBJECT || !emit_json_enter_object(&json) ||
        !emit_json_next_member(&json, &key) || !emit_json_slice_is(&key, "metadata"))
        return false;
    (void)emit_json_take_raw(&json, slice);
    if (emit_json_next_member(&json, &key))
        *fault = emit_json_slice_is(&key, "records")
                     ? "one object with metadata and records is read without --ndjson"
                     : "there is a member beside metadata";
    else
        *fault = emit_json_at_end(&json) ? NULL : json.fault;
    return true;
}

// Before the first record, metadata may come, a line for each facility or for all. A line that
// was to be metadata and is not ends it: without them events would go out that are never
// replaced.
static enum emit_status add_object(struct stream *stream, const struct emit_object_text *object,
                                   struct emit_error *err) {
    struct emit_json_slice slice;
    struct emit_error why;
    const char *fault = NULL;
    if (stream->campus->records > 0 || !is_metadata(object, &slice, &fault))
        return add_record(stream, object, err);
    if (fault)
        return emit_fail(err, EMIT_INVALID, "line %llu: %s", (unsigned long long)object->line,
                         fault);
    enum emit_status status =
        emit_facility_read_metadata(&stream->campus->metadata, slice.at, slice.length, &why);
    if (status == EMIT_OK) return EMIT_OK;
    return emit_fail(err, status, "line %llu: %s", (unsigned long long)object->line, why.text);
}

static enum emit_status read_stream(struct stream *stream, struct emit_object_reader *reader,
                                    struct emit_error *err) {
    struct emit_object_text object;
    struct campus_place place;
    for (;;) {
        enum emit_status status = EMIT_OK;
        struct emit_facility_refusal why;
        if (emit_object_reader_would_wait(reader)) {
            status = campus_post_finish(stream->campus->post, err);
            if (status != EMIT_OK) return status;
            (void)fflush(stdout); // a failure is seen at the end
        }
        switch (emit_object_reader_next(reader, &object, err)) {
        case EMIT_READER_END: return campus_post_finish(stream->campus->post, err);
        case EMIT_READER_FAILED: return err->status;
        case EMIT_READER_OBJECT: status = add_object(stream, &object, err); break;
        case EMIT_READER_BROKEN:
            place = (struct campus_place){.index = stream->campus->records++, .line = object.line};
            (void)emit_facility_refuse(&why, EMIT_FACILITY_MALFORMED, "", "%s", object.message);
            tell_refusal(stream, &place, &why);
            break;
        }
        if (status != EMIT_OK) return status;
    }
}

int campus_stream(struct campus *campus, struct emit_object_reader *reader, const char *name) {
    struct stream stream = {.campus = campus, .name = name};
    struct emit_error err;
    enum emit_status status = emit_facility_past_open(&stream.past, &err);
    campus_post_listen(campus->post, take_answer, &stream);
    if (status == EMIT_OK) status = read_stream(&stream, reader, &err);
    emit_facility_past_close(stream.past);
    char sentence[CAMPUS_NOTE_MAX];
    for (int i = 0; i < CAMPUS_NOTES; i++)
        if (campus_note(campus, i, sentence, sizeof sentence)) fprintf(stderr, "%s\n", sentence);
    if (status != EMIT_OK) return campus_fail(campus, name, &err);
    return campus->refused_count ? EXIT_PARTIAL : EXIT_OK;
}
