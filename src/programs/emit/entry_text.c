// The table of events and the text of diagnostics.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/entry_text.h"

#include "base/json.h"
#include "base/text.h"
#include "programs/emit/figures.h"
#include "programs/emit/modeled.h"
#include "programs/emit/page.h"

#include <string.h>

enum {
    WORD_MAX = 320, // bytes of a text taken from a body
    TIME_WIDTH = EMIT_FIGURE_MOMENT_COLUMNS,
    RUN_WIDTH = 30,
    POINT_WIDTH = 14,
    UUID_WIDTH = 12,   // "GPU-5f2a1b3c" of a GPU's
    ENERGY_WIDTH = 11, // "999.999 kJ"
};

// What a line shows of a body; "" and false for what the body does not say.
struct shown {
    char device[WORD_MAX], component[WORD_MAX], provenance[WORD_MAX], phase[WORD_MAX];
    char facility[WORD_MAX];
    char meter[WORD_MAX], point[WORD_MAX], code[WORD_MAX], message[WORD_MAX], remedy[WORD_MAX];
    double quantity;
    bool has_quantity, simulated;
};

static void take_text(struct emit_json *json, char text[WORD_MAX]) {
    struct emit_json_slice slice;
    if (!emit_json_take_string(json, &slice)) return;
    char raw[WORD_MAX];
    if (!emit_json_decode(&slice, raw, sizeof raw)) raw[0] = '\0';
    (void)emit_page_copy(text, WORD_MAX, raw, WORD_MAX); // printable, whatever it was
}

static void take_member(struct emit_json *json, const struct emit_json_slice *key,
                        struct shown *shown) {
    const struct {
        const char *key;
        char *text;
    } texts[] = {
        {"device_id", shown->device}, {"component", shown->component},
        {"phase", shown->phase},      {"energy_provenance", shown->provenance},
        {"meter", shown->meter},      {"point", shown->point},
        {"code", shown->code},        {"message", shown->message},
        {"remedy", shown->remedy},    {"facility_id", shown->facility},
    };
    if (emit_json_peek(json) == EMIT_JSON_STRING)
        for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
            if (emit_json_slice_is(key, texts[i].key)) {
                take_text(json, texts[i].text);
                return;
            }
    if (emit_json_slice_is(key, "quantity") && emit_json_peek(json) == EMIT_JSON_NUMBER)
        shown->has_quantity = emit_json_take_double(json, &shown->quantity);
    else if (emit_json_slice_is(key, "simulated") && emit_json_peek(json) == EMIT_JSON_TRUE)
        (void)emit_json_take_bool(json, &shown->simulated);
    else
        (void)emit_json_skip(json);
}

// Members of the object and of its tags; what cannot be read shows as missing.
static void read_body(const struct emit_entry *entry, struct shown *shown) {
    struct emit_json json;
    struct emit_json_slice key;
    *shown = (struct shown){0};
    emit_json_init(&json, entry->body, entry->length);
    if (!emit_json_enter_object(&json)) return;
    while (emit_json_next_member(&json, &key)) {
        if (emit_json_slice_is(&key, "tags") && emit_json_peek(&json) == EMIT_JSON_OBJECT) {
            (void)emit_json_enter_object(&json);
            while (emit_json_next_member(&json, &key))
                take_member(&json, &key, shown);
        } else {
            take_member(&json, &key, shown);
        }
    }
}

// How much of a device's id stands in a line: the whole one is in the document.
static int width_of(const char *device) {
    bool is_uuid = strncmp(device, "GPU-", 4) == 0 && strlen(device) > UUID_WIDTH;
    return is_uuid ? UUID_WIDTH : WORD_MAX;
}

void emit_entry_print_heading(FILE *out) {
    fprintf(out, "%-*s %-*s %-*s %*s %s\n", TIME_WIDTH, "UTC", RUN_WIDTH, "run", POINT_WIDTH,
            "point", ENERGY_WIDTH, "energy", "is");
}

void emit_entry_print_event(FILE *out, const struct emit_entry *entry, bool follows,
                            int64_t now_ns) {
    char when[EMIT_FIGURE_MAX], place[WORD_MAX + 16], figure[MODELED_FIGURE_MAX];
    struct shown shown;
    read_body(entry, &shown);
    emit_figure_moment(when, entry->time_ns, now_ns);
    bool is_phase = shown.phase[0] && strcmp(shown.phase, "total") != 0;
    const char *run = entry->run_id[0] ? entry->run_id : "-";
    if (is_phase && !follows) fprintf(out, "%-*s %s\n", TIME_WIDTH, when, run);
    if (is_phase)
        (void)emit_text_format(place, sizeof place, "  phase %s", shown.phase);
    else if (!entry->run_id[0] && shown.facility[0]) // its windows belong to no run
        (void)emit_text_format(place, sizeof place, "facility %s", shown.facility);
    else
        (void)emit_text_format(place, sizeof place, "%s", run);
    struct modeled_event modeled;
    if (modeled_event_read(&modeled, entry)) { // its range in place of a device
        modeled_figure(figure, &modeled.joules);
        fprintf(out, "%-*s %-*.*s %*s modeled\n", TIME_WIDTH, when, RUN_WIDTH, RUN_WIDTH, place,
                POINT_WIDTH + 1 + ENERGY_WIDTH, figure);
        return;
    }
    const char *point = shown.device[0] ? shown.device : shown.component;
    int width = width_of(point) < POINT_WIDTH ? width_of(point) : POINT_WIDTH;
    (void)emit_text_format(figure, sizeof figure, "-");
    if (shown.has_quantity) emit_figure_energy(figure, shown.quantity);
    // A simulated value never passes for measured, not even in a table.
    fprintf(out, "%-*s %-*.*s %-*.*s %*s %.9s\n", TIME_WIDTH, when, RUN_WIDTH, RUN_WIDTH, place,
            POINT_WIDTH, width, point, ENERGY_WIDTH, figure,
            shown.simulated ? "simulated" : shown.provenance);
}

void emit_entry_print_diagnostic(FILE *out, const struct emit_entry *entry, bool begins,
                                 int64_t now_ns) {
    char when[EMIT_FIGURE_MAX];
    struct shown shown;
    read_body(entry, &shown);
    emit_figure_moment(when, entry->time_ns, now_ns);
    if (begins) fprintf(out, "%s  %s UTC\n", entry->run_id[0] ? entry->run_id : "-", when);
    fprintf(out, "  %s%s%.*s%s%s\n", shown.meter, shown.meter[0] ? "  " : "", width_of(shown.point),
            shown.point, shown.point[0] ? "  " : "", shown.code);
    const struct emit_page page = {out, EMIT_PAGE_COLUMNS_MIN};
    if (shown.message[0]) emit_page_words(&page, "    ", 4, shown.message);
    if (shown.remedy[0]) emit_page_shell(&page, "    fix  ", 9, shown.remedy);
}
