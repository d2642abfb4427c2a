// When joules per token are stated and when they are not: one thing is wrong at a time.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "made_up.h"
#include "report/report.h"

static struct made_up_run run;
static struct emit_served_told told;
static bool is_left_to_others;

static const int64_t ms = 1000000;

// Two GPUs of 100 W and 252.4 s each, and a server that made 1000 tokens of 4000.
static void set_up(void) {
    made_up_init(&run);
    made_up_add(&run, "GPU-0", EMIT_COMPONENT_GPU, 0, 100);
    made_up_add(&run, "GPU-1", EMIT_COMPONENT_GPU, 1, 100);
    made_up_add(&run, "package-0", EMIT_COMPONENT_CPU_PACKAGE, 0, 70);
    int64_t begin_ns = run.result.header.start_ns, end_ns = run.result.end_ns;
    told = (struct emit_served_told){
        .server = "http://localhost:8000/metrics",
        .first = {.asked_ns = begin_ns - 9 * ms, .answered_ns = begin_ns - 5 * ms},
        .last = {.asked_ns = end_ns + ms, .answered_ns = end_ns + 8 * ms},
        .use = {.kind = emit_served_kind_of("vllm"), .model_count = 1},
    };
    struct emit_served_amount *amounts = told.use.models[0].amounts;
    amounts[EMIT_SERVED_INPUT] = (struct emit_served_amount){.known = true, .count = 4000};
    amounts[EMIT_SERVED_OUTPUT] = (struct emit_served_amount){.known = true, .count = 1000};
    is_left_to_others = false;
}

static void nothing(void) {}

static void others(void) {
    is_left_to_others = true;
}

static void no_gpu(void) {
    run.result.count = 0;
    made_up_add(&run, "package-0", EMIT_COMPONENT_CPU_PACKAGE, 0, 70);
}

static void elsewhere(void) {
    (void)snprintf(told.use.elsewhere, sizeof told.use.elsewhere, "2001:db8::7");
}

static void partial(void) {
    run.outcomes[1].kind = EMIT_OUTCOME_PARTIAL;
}

static void refused(void) {
    run.outcomes[1].kind = EMIT_OUTCOME_REFUSED;
    run.outcomes[1].counts_in_total = false;
}

static void split(void) {
    run.slots[0].point.traits |= EMIT_TRAIT_SPLIT;
}

// Of another GPU than those that are counted: no matter.
static void split_of_others(void) {
    split();
    run.outcomes[0].kind = EMIT_OUTCOME_EXCLUDED;
    run.outcomes[0].code = EMIT_CODE_UNASSIGNED;
    run.outcomes[0].counts_in_total = false;
}

static void paired(void) {
    run.slots[0].point.traits |= EMIT_TRAIT_PAIRED;
    run.slots[1].point.traits |= EMIT_TRAIT_PAIRED;
}

static void paired_once(void) {
    run.slots[0].point.traits |= EMIT_TRAIT_PAIRED;
}

static void late_first(void) {
    told.first.answered_ns += 12620 * ms; // a twentieth of the window
}

static void late_last(void) {
    told.last.answered_ns += 12620 * ms;
}

static void half_a_twentieth_twice(void) {
    told.first.answered_ns += 6400 * ms;
    told.last.answered_ns += 6400 * ms;
}

static void no_token(void) {
    told.use.models[0].amounts[EMIT_SERVED_OUTPUT].count = 0;
}

static void vague(void) {
    told.use.models[0].amounts[EMIT_SERVED_OUTPUT].slack = 51;
}

static void at_work(void) {
    told.use.kind = emit_served_kind_of("sglang");
    told.use.models[0].amounts[EMIT_SERVED_REQUESTS] =
        (struct emit_served_amount){.known = true, .count = 39};
    told.use.knows_running = true;
    told.use.running_first = 1;
    told.use.running_last = 1;
}

static void at_work_but_few(void) {
    at_work();
    told.use.models[0].amounts[EMIT_SERVED_REQUESTS].count = 40;
}

static void uncertain(void) {
    run.outcomes[0].uncertainty_joules = run.outcomes[1].uncertainty_joules = 12620;
}

static void no_joules(void) {
    for (size_t i = 0; i < 2; i++)
        run.outcomes[i].joules = run.outcomes[i].uncertainty_joules = 0;
}

static void cases_are_stated_or_not(void) {
    static const struct {
        const char *what;
        void (*change)(void);
        const char *why; // NULL: stated
        double joules;
    } cases[] = {
        {"two GPUs", nothing, NULL, 50480},
        {"another process", others, "another process", 0},
        {"no GPU", no_gpu, "no GPU", 0},
        {"a server of another node", elsewhere, "2001:db8::7", 0},
        {"a GPU in part", partial, "not every GPU", 0},
        {"a GPU that was refused", refused, "not every GPU", 0},
        {"a GPU in MIG mode", split, "MIG", 0},
        {"such a GPU that is not the run's", split_of_others, NULL, 25240},
        {"two GPUs of one module", paired, "module", 0},
        {"one GPU of a module", paired_once, NULL, 50480},
        {"a first scrape that is late", late_first, "apart", 0},
        {"a last one that is late", late_last, "apart", 0},
        {"both a little", half_a_twentieth_twice, "apart", 0},
        {"no output", no_token, "no output token", 0},
        {"rounded counters", vague, "51", 0},
        {"requests at work", at_work, "2 were at work", 0},
        {"few of many", at_work_but_few, NULL, 50480},
        {"uncertain joules", uncertain, "too short", 0},
        {"no joules at all", no_joules, "too short", 0},
    };
    struct emit_report report;
    struct emit_error err = {0};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        set_up();
        cases[i].change();
        if (!CHECK(emit_report_build(&report, &run.result, &err) == EMIT_OK, "built %s", err.text))
            continue;
        report.left_to_others = is_left_to_others;
        emit_report_add_served(&report, &told);
        const struct emit_report_served *served = &report.served;
        bool is_stated = served->joules_per_output_token > 0;
        if (cases[i].why)
            CHECK(!is_stated && served->joules_per_token == 0 &&
                      strstr(served->unstated, cases[i].why),
                  "%s: no joules per token: %s", cases[i].what, served->unstated);
        else
            CHECK(is_stated && !served->unstated[0] && served->gpu_joules == cases[i].joules &&
                      served->joules_per_output_token == cases[i].joules / 1000 &&
                      served->joules_per_token == cases[i].joules / 5000,
                  "%s: %g J for each %s", cases[i].what, served->joules_per_output_token,
                  served->unstated);
        emit_report_clear(&report);
    }
}

int main(void) {
    cases_are_stated_or_not();
    return check_end();
}
