// A record of a window, or what is known of a facility, whatever it is: refused with a field
// and a sentence, or an event that keeps the contract.
// SPDX-License-Identifier: Apache-2.0
#include "property.h"

#include "base/utf8.h"
#include "emit/contract.h"
#include "event/facility_event.h"
#include "imports/windows.h"

#include <stdlib.h>
#include <string.h>

static const int64_t now_ns = INT64_C(1800000000) * 1000000000;

static const char *write_and_judge(const struct emit_facility_window *window) {
    static char bytes[EMIT_FACILITY_EVENT_LINE_MAX];
    static struct emit_verdict verdict;
    struct emit_text line;
    struct emit_error err;
    emit_text_init(&line, bytes, sizeof bytes);
    if (emit_facility_event_write(&line, "ws_1", window, &err) != EMIT_OK)
        return "an event that is too long for any";
    if (emit_contract_check(line.at, line.length, &verdict) != EMIT_OK)
        return verdict.findings[0].message;
    return NULL;
}

// Whether no character is cut in two: a refusal goes into JSON.
static bool is_whole(const char *text) {
    const char *end = text + strlen(text);
    while (text < end) {
        size_t length = (unsigned char)*text < 0x80 ? 1 : emit_utf8_length(text, end);
        if (length == 0) return false;
        text += length;
    }
    return true;
}

static const char *judge_record(struct emit_facility_window *window,
                                struct emit_facility_metadata *metadata, const char *text,
                                size_t size) {
    struct emit_facility_refusal why = {0};
    unsigned missed = 0;
    if (emit_facility_read(window, text, size, &why) &&
        emit_facility_settle(window, now_ns, &why) &&
        emit_facility_attach(window, metadata, &missed, &why)) {
        double joules = emit_energy_joules(window->attojoules);
        if (!(joules >= 0 && joules < 1e21)) return "energy out of its range";
        return write_and_judge(window);
    }
    if (why.fate == EMIT_FACILITY_GOOD || why.fate >= EMIT_FACILITY_CONFLICT) return "a wrong fate";
    if (!is_whole(why.field) || !is_whole(why.message)) return "half a character in a refusal";
    return why.message[0] ? NULL : "refused without a sentence";
}

// Whatever holds, an event with it keeps the contract.
static const char *judge_metadata(struct emit_facility_metadata *metadata) {
    static const char record[] =
        "{\"energy_source\":\"pdu\",\"facility_id\":\"fra-1\",\"device_id\":\"d\",\"value\":1,"
        "\"from\":\"2026-06-13T14:00:00Z\",\"to\":\"2026-06-13T14:05:00Z\",\"unit\":\"J\","
        "\"region\":\"r\"}";
    static struct emit_facility_window window;
    for (size_t i = 0; i < metadata->site_count; i++)
        for (int fact = 0; fact < EMIT_FACT_COUNT; fact++)
            for (size_t j = 1; j < metadata->sites[i].fact_counts[fact]; j++)
                if (metadata->sites[i].facts[fact][j].from_ns <
                    metadata->sites[i].facts[fact][j - 1].to_ns)
                    return "facts that overlap";
    return judge_record(&window, metadata, record, sizeof record - 1);
}

const char *property_windows(const uint8_t *bytes, size_t size) {
    static struct emit_facility_window window;
    struct emit_facility_metadata metadata = {0};
    struct emit_error err = {0};
    char *text = malloc(size ? size : 1);
    if (!text) return "no memory";
    if (size) memcpy(text, bytes, size);
    const char *wrong = judge_record(&window, &metadata, text, size);
    if (!wrong) {
        if (emit_facility_read_metadata(&metadata, text, size, &err) == EMIT_OK)
            wrong = judge_metadata(&metadata);
        else if (!err.text[0])
            wrong = "metadata refused without a sentence";
    }
    emit_facility_metadata_clear(&metadata);
    free(text);
    return wrong;
}
