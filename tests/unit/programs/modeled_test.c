// Modeled events read back from the store: what is summed, what is not, and that every line
// says what it is, within 80 columns.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "event/token_event.h"
#include "made_coefficients.h"
#include "programs/emit/entry_text.h"
#include "programs/emit/modeled.h"

#include <stdlib.h>

static char line[EMIT_TOKEN_EVENT_LINE_MAX];

// An event of the store: of `profile` at `boundary`, for its part of 500 tokens in and 300 out.
static struct emit_entry entry_of(const struct emit_profile *profile, enum emit_boundary boundary,
                                  enum emit_token_part part) {
    const struct emit_token_event_facts facts = {.run_id = "run_88",
                                                 .workspace_id = "ws_123",
                                                 .record_ref = "resp_1",
                                                 .time_ns = INT64_C(1781366400000000000),
                                                 .part = part};
    const struct emit_token_counts counts = {
        .bucket = {500, 0, 300, 0, 1},
        .known = 1 << EMIT_BUCKET_INPUT | 1 << EMIT_BUCKET_OUTPUT | 1 << EMIT_BUCKET_REQUEST};
    const struct emit_token_counts input = {.bucket = {500, 0, 0, 0, 1},
                                            .known = 1 << EMIT_BUCKET_INPUT};
    struct emit_token_model model;
    struct emit_text text;
    emit_text_init(&text, line, sizeof line);
    bool has_output = profile->coefficients[EMIT_BUCKET_OUTPUT].defined;
    if (emit_token_model_init(&model, &made_table, profile, boundary, NULL) != EMIT_OK ||
        emit_token_event_write(&text, &facts, &model, has_output ? &counts : &input, NULL) !=
            EMIT_OK)
        exit(1);
    return (struct emit_entry){.kind = EMIT_ENTRY_EVENT,
                               .run_id = "run_88",
                               .time_ns = facts.time_ns,
                               .body = line,
                               .length = text.length};
}

static void add(struct modeled *modeled, int profile, enum emit_boundary boundary,
                enum emit_token_part part) {
    struct emit_entry entry = entry_of(&made_profiles[profile], boundary, part);
    struct modeled_event event;
    if (!CHECK(modeled_event_read(&event, &entry), "an event is read")) return;
    modeled_add(modeled, &event);
}

static void check_text(const char *what, const struct modeled *modeled, const char *wanted) {
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out) exit(1);
    modeled_print(out, modeled, "run_88");
    if (fclose(out) != 0) exit(1);
    CHECK(strcmp(text, wanted) == 0, "%s", what);
    if (strcmp(text, wanted) != 0) printf("# got:\n%s# wanted:\n%s", text, wanted);
    for (const char *at = text; *at; at += strcspn(at, "\n") + 1)
        if (strcspn(at, "\n") > 80) CHECK(false, "%s: a line of %zu", what, strcspn(at, "\n"));
    free(text);
}

// Sums of doubles would say 99.9999999999986.
static void check_exact(void) {
    const struct modeled_event event = {.profile = "made-v1",
                                        .phase = "total",
                                        .boundary = "system",
                                        .confidence = "low",
                                        .energy = {100000000, 200000000, 700000000}};
    struct modeled modeled = {0};
    struct modeled_range total;
    for (int i = 0; i < 1000; i++)
        modeled_add(&modeled, &event);
    const struct modeled_range *row = &modeled.rows[0].sum.joules;
    CHECK(modeled_total(&modeled, &total) && total.low == 100 && total.central == 200 &&
              total.high == 700 && row->low == 100 && row->central == 200 && row->high == 700,
          "a thousand events add up exactly: %.17g %.17g %.17g", total.low, total.central,
          total.high);
}

static void check_sums(void) {
    struct modeled modeled = {0};
    struct modeled_range total;
    check_text("nothing was modeled", &modeled, "");
    CHECK(!modeled_total(&modeled, &total), "and has no sum");
    for (int i = 0; i < 2; i++) {
        add(&modeled, 1, EMIT_BOUNDARY_ACCELERATOR, EMIT_TOKENS_TOTAL);
        add(&modeled, 0, EMIT_BOUNDARY_ACCELERATOR, EMIT_TOKENS_TOTAL);
        add(&modeled, 1, EMIT_BOUNDARY_ACCELERATOR, EMIT_TOKENS_PREFILL);
        add(&modeled, 1, EMIT_BOUNDARY_ACCELERATOR, EMIT_TOKENS_DECODE);
    }
    CHECK(modeled_total(&modeled, &total) && total.low == 2 * (35 + 0.3) &&
              total.central == 2 * (85 + 1.65) && total.high == 2 * (360 + 22.0),
          "low with low, high with high, phases not again: %g %g %g", total.low, total.central,
          total.high);
    check_text("two profiles, one of them with its phases", &modeled,
               "                       requests  in / cached / out tokens   J (low..high)\n"
               "  modeled  made-plain-v1      2          1.00 k / - / 600   170 (70..720)\n"
               "  modeled    prefill          2          1.00 k / - /   -    20 (10..120)\n"
               "  modeled    decode           -               - / - / 600   150 (60..600)\n"
               "  modeled  made-embedding-v1  -          1.00 k / - /   -  3.3 (0.60..44)\n"
               "  modeled  total, accelerators only                         170 (71..760)\n"
               "  confidence  medium\n"
               "  sources  emit tokens profiles\n"
               "  exact    emit outbox export --run run_88\n");
    add(&modeled, 1, EMIT_BOUNDARY_FACILITY, EMIT_TOKENS_TOTAL);
    CHECK(!modeled_total(&modeled, &total), "joules of two boundaries are not added");
}

static void check_many(void) {
    struct modeled modeled = {0};
    struct modeled_range total;
    struct emit_entry entry =
        entry_of(&made_profiles[1], EMIT_BOUNDARY_ACCELERATOR, EMIT_TOKENS_TOTAL);
    struct modeled_event event;
    CHECK(modeled_event_read(&event, &entry), "an event");
    for (int i = 0; i < MODELED_ROWS_MAX + 3; i++) {
        snprintf(event.profile, sizeof event.profile, "made-%d-v1", i);
        modeled_add(&modeled, &event);
    }
    CHECK(modeled.row_count == MODELED_ROWS_MAX && modeled.untold == 3 &&
              !modeled_total(&modeled, &total),
          "more profiles than are told apart: there is no sum");
}

static void check_others(void) {
    static const char *const bodies[] = {
        "",
        "[]",
        "{}",
        "{\"tags\":{\"energy_source\":\"rapl\",\"note\":\"token_model\"}}",
        "{\"tags\":{\"energy_source\":\"token_model\"}",
        "{\"energy_source\":\"token_model\"}x"};
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        struct emit_entry entry = {.body = bodies[i], .length = strlen(bodies[i])};
        struct modeled_event event;
        CHECK(!modeled_event_read(&event, &entry), "no modeled event: %s", bodies[i]);
    }
}

static void check_list(void) {
    struct emit_entry entry =
        entry_of(&made_profiles[1], EMIT_BOUNDARY_FACILITY, EMIT_TOKENS_PREFILL);
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out) exit(1);
    emit_entry_print_event(out, &entry, true, entry.time_ns);
    if (fclose(out) != 0) exit(1);
    CHECK_STRING(text,
                 "06-13 16:00   phase prefill                           19 J (6.5..240) modeled\n",
                 "in the list of the store its range stands where a device does");
    free(text);
}

int main(void) {
    check_exact();
    check_sums();
    check_many();
    check_others();
    check_list();
    return check_end();
}
