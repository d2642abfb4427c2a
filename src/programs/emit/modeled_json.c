// The modeled events of a run as a member of its document: contract/report.schema.json.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/modeled.h"

#include "base/json_write.h"

// joules: NULL where there is no sum.
static void members_joules(struct emit_json_writer *writer, const struct modeled_range *joules) {
    const struct {
        const char *key;
        double value;
    } ends[] = {
        {"joules", joules ? joules->central : 0},
        {"joules_high", joules ? joules->high : 0},
        {"joules_low", joules ? joules->low : 0},
    };
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        emit_json_key(writer, ends[i].key);
        if (joules)
            emit_json_double(writer, ends[i].value);
        else
            emit_json_null(writer);
    }
}

static void write_row(struct emit_json_writer *writer, const struct modeled_row *row) {
    const struct modeled_event *sum = &row->sum;
    emit_json_open_object(writer);
    emit_json_member_string(writer, "profile", sum->profile);
    emit_json_member_string(writer, "phase", sum->phase);
    emit_json_member_string(writer, "boundary", sum->boundary);
    emit_json_member_string(writer, "confidence", sum->confidence);
    emit_json_member_u64(writer, "events", row->events);
    for (int bucket = 0; bucket < EMIT_BUCKET_COUNT; bucket++) {
        emit_json_key(writer, emit_bucket_tag((enum emit_bucket)bucket));
        if (sum->known >> bucket & 1)
            emit_json_u64(writer, sum->counts[bucket]);
        else
            emit_json_null(writer);
    }
    members_joules(writer, &sum->joules);
    emit_json_close_object(writer);
}

void modeled_write_json(struct emit_text *text, const struct modeled *modeled) {
    struct emit_json_writer writer;
    struct modeled_range total;
    bool has_total = modeled_total(modeled, &total);
    emit_json_writer_init(&writer, text);
    emit_json_open_object(&writer);
    emit_json_key(&writer, "boundary");
    if (has_total)
        emit_json_string(&writer, modeled->rows[0].sum.boundary);
    else
        emit_json_null(&writer);
    emit_json_member_u64(&writer, "events", modeled->events);
    members_joules(&writer, has_total ? &total : NULL);
    emit_json_key(&writer, "profiles");
    emit_json_open_array(&writer);
    for (size_t i = 0; i < modeled->row_count; i++)
        write_row(&writer, &modeled->rows[i]);
    emit_json_close_array(&writer);
    emit_json_member_u64(&writer, "events_untold", modeled->untold);
    emit_json_close_object(&writer);
}
