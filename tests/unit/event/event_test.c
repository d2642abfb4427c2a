// The line of an event: exact bytes, canonical form, and what stands for what.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "base/json.h"
#include "emit/contract.h"
#include "event/event.h"

static const struct emit_event_facts facts = {
    .run_id = "run_123",
    .workspace_id = "ws_123",
    .node_id = "node-1",
    .end_ns = 61000000000,
    .end_wall_ns = 1781366400000000000, // 2026-06-13T16:00:00Z
};

static struct emit_slot make_slot(const char *device_id, enum emit_component component) {
    struct emit_slot slot = {.point = {.meter = "rapl",
                                       .source = EMIT_SOURCE_RAPL,
                                       .component = component,
                                       .accuracy = EMIT_ACCURACY_DEVICE_COUNTER,
                                       .device_index = 0}};
    snprintf(slot.point.device_id, sizeof slot.point.device_id, "%s", device_id);
    return slot;
}

static struct emit_outcome make_outcome(void) {
    return (struct emit_outcome){
        .kind = EMIT_OUTCOME_MEASURED,
        .joules = 151.2,
        .mean_watts = 151.2,
        .peak_watts = 180.5,
        .uncertainty_joules = 0.3024,
        .resolution_joules = 6.103515625e-05,
        .coverage_ratio = 1,
        .sampling_hz = 1,
        .from_ns = 60000000000,
        .to_ns = 61000000000,
        .samples = 2,
        .counts_in_total = true,
    };
}

static char line[EMIT_EVENT_LINE_MAX];

static const char *write_line(const struct emit_slot *slot, const struct emit_outcome *outcome) {
    struct emit_text text;
    static struct emit_error err;
    emit_text_init(&text, line, sizeof line);
    if (emit_event_write(&text, &facts, slot, outcome, &err) != EMIT_OK) return err.text;
    return line;
}

// RFC 8785 wants the keys of every object sorted; ours are plain ASCII.
static bool keys_are_sorted(const char *text) {
    struct emit_json json;
    struct emit_json_slice key;
    char last[2][64] = {"", ""}, now[64];
    emit_json_init(&json, text, strlen(text));
    bool sorted = emit_json_enter_object(&json);
    while (sorted && emit_json_next_member(&json, &key)) {
        sorted = emit_json_decode(&key, now, sizeof now) && strcmp(last[0], now) < 0;
        memcpy(last[0], now, sizeof now);
        if (emit_json_peek(&json) != EMIT_JSON_OBJECT) {
            (void)emit_json_skip(&json);
            continue;
        }
        (void)emit_json_enter_object(&json);
        while (sorted && emit_json_next_member(&json, &key)) {
            sorted = emit_json_decode(&key, now, sizeof now) && strcmp(last[1], now) < 0;
            memcpy(last[1], now, sizeof now);
            (void)emit_json_skip(&json);
        }
    }
    return sorted && emit_json_at_end(&json);
}

static void check_contract(const char *what, const char *written) {
    struct emit_verdict verdict;
    enum emit_status status = emit_contract_check(written, strlen(written), &verdict);
    CHECK(status == EMIT_OK, "%s: keeps the contract at strict%s%s", what, verdict.kept ? ": " : "",
          verdict.kept ? verdict.findings[0].message : "");
    CHECK(keys_are_sorted(written), "%s: its keys are sorted", what);
}

static void test_plain(void) {
    struct emit_slot slot = make_slot("package-0", EMIT_COMPONENT_CPU_PACKAGE);
    struct emit_outcome outcome = make_outcome();
    CHECK_STRING(
        write_line(&slot, &outcome),
        "{\"channel_id\":\"emit\",\"compute_assignment_run_id\":\"run_123\","
        "\"event_ts\":\"2026-06-13T16:00:00.000Z\",\"kind\":\"emit:energy_meter_recorded\","
        "\"quantity\":151.2,\"tags\":{\"accuracy_class\":\"device-counter\","
        "\"capability_tier\":\"cpu-runner\",\"component\":\"cpu-package\","
        "\"counter_wraps\":0,\"device_id\":\"package-0\",\"device_index\":0,"
        "\"energy_provenance\":\"measured\",\"energy_source\":\"rapl\","
        "\"measurement_window_ms\":1000,\"node_id\":\"node-1\",\"peak_watts\":180.5,"
        "\"phase\":\"total\",\"provider_family\":\"operator-owned\",\"pue_applied\":false,"
        "\"resolution_joules\":0.00006103515625,\"samples\":2,\"sampling_hz\":1,"
        "\"timing_uncertainty_joules\":0.3024},\"unit\":\"joules\","
        "\"workspace_id\":\"ws_123\"}",
        "a plain measurement");
}

static void be_gpu(struct emit_slot *slot, struct emit_outcome *outcome) {
    (void)outcome;
    snprintf(slot->point.device_id, sizeof slot->point.device_id, "GPU-5f2a");
    slot->point.source = EMIT_SOURCE_NVML;
    slot->point.component = EMIT_COMPONENT_GPU;
}

static void be_integrated(struct emit_slot *slot, struct emit_outcome *outcome) {
    be_gpu(slot, outcome);
    slot->point.accuracy = EMIT_ACCURACY_POWER_INTEGRATED;
}

static void be_psys(struct emit_slot *slot, struct emit_outcome *outcome) {
    (void)outcome;
    snprintf(slot->point.device_id, sizeof slot->point.device_id, "psys");
    slot->point.component = EMIT_COMPONENT_PLATFORM;
    slot->point.device_index = -1;
}

static void be_part(struct emit_slot *slot, struct emit_outcome *outcome) {
    snprintf(slot->point.device_id, sizeof slot->point.device_id, "package-0/core");
    slot->point.component = EMIT_COMPONENT_CPU_CORE;
    snprintf(outcome->contained_in, sizeof outcome->contained_in, "package-0");
    outcome->counts_in_total = false;
}

static void be_partial(struct emit_slot *slot, struct emit_outcome *outcome) {
    (void)slot;
    outcome->kind = EMIT_OUTCOME_PARTIAL;
    outcome->code = EMIT_CODE_GAP;
    outcome->coverage_ratio = 0.625;
}

static void be_early(struct emit_slot *slot, struct emit_outcome *outcome) {
    be_partial(slot, outcome);
    outcome->to_ns = 60500000001;
    outcome->sampling_hz = 1.9999999960000001;
}

static void be_shared(struct emit_slot *slot, struct emit_outcome *outcome) {
    (void)slot;
    outcome->code = EMIT_CODE_SHARED;
    outcome->concurrent_runs = 2;
}

static void be_simulated(struct emit_slot *slot, struct emit_outcome *outcome) {
    (void)slot;
    outcome->code = EMIT_CODE_SIMULATED;
    outcome->simulated = true;
}

static void be_quiet(struct emit_slot *slot, struct emit_outcome *outcome) {
    (void)slot;
    outcome->joules = 0;
    outcome->peak_watts = 0;
}

static void be_short(struct emit_slot *slot, struct emit_outcome *outcome) {
    (void)slot;
    outcome->to_ns = outcome->from_ns + 1234567;
    outcome->samples = 3;
    outcome->sampling_hz = 2 / 0.001234567;
}

static void be_moment(struct emit_slot *slot, struct emit_outcome *outcome) {
    (void)slot;
    outcome->to_ns = outcome->from_ns + 1;
    outcome->sampling_hz = 1e9;
}

static void be_wrapped(struct emit_slot *slot, struct emit_outcome *outcome) {
    (void)slot;
    outcome->wraps = 3;
    outcome->joules = 786432.000061;
}

static const struct {
    const char *what;
    void (*change)(struct emit_slot *slot, struct emit_outcome *outcome);
    const char *stands;
    const char *stands_not;
} shapes[] = {
    {"a GPU", be_gpu, "\"capability_tier\":\"gpu-runner\",\"component\":\"gpu\"", "rapl"},
    {"integrated power", be_integrated, "\"accuracy_class\":\"power-integrated\"", "counter\","},
    {"no device index", be_psys, "\"device_id\":\"psys\",\"energy", "device_index"},
    {"a part", be_part, "\"contained_in\":\"package-0\",\"counter", "simulated"},
    {"a gap", be_partial, "\"coverage_ratio\":0.625,\"device", "simulated"},
    {"an early end", be_early, "\"event_ts\":\"2026-06-13T15:59:59.500Z\"", "000Z"},
    {"rounded up", be_early, "\"measurement_window_ms\":501,", "window_ms\":500"},
    {"shared", be_shared, "\"concurrent_runs\":2,\"counter", "simulated"},
    {"simulated", be_simulated, "\"simulated\":true,\"timing", "concurrent_runs"},
    {"no energy", be_quiet, "\"quantity\":0,", "peak_watts"},
    {"a short window", be_short, "\"measurement_window_ms\":2,", "window_ms\":1"},
    {"a nanosecond", be_moment, "\"measurement_window_ms\":1,", "window_ms\":0"},
    {"wraps", be_wrapped, "\"counter_wraps\":3,", "coverage_ratio"},
    {"one rounding", be_wrapped, "\"quantity\":786432.000061,", "786432.0000610"},
};

static void test_shapes(void) {
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        struct emit_slot slot = make_slot("package-0", EMIT_COMPONENT_CPU_PACKAGE);
        struct emit_outcome outcome = make_outcome();
        shapes[i].change(&slot, &outcome);
        const char *written = write_line(&slot, &outcome);
        CHECK(strstr(written, shapes[i].stands), "%s: %s stands in %s", shapes[i].what,
              shapes[i].stands, written);
        CHECK(!strstr(written, shapes[i].stands_not), "%s: %s does not", shapes[i].what,
              shapes[i].stands_not);
        check_contract(shapes[i].what, written);
    }
}

static void test_refused(void) {
    struct emit_slot slot = make_slot("package-0", EMIT_COMPONENT_CPU_PACKAGE);
    struct emit_text text;
    struct emit_error err;
    char small[400];
    struct emit_outcome outcome = make_outcome();
    emit_text_init(&text, small, sizeof small);
    CHECK(emit_event_write(&text, &facts, &slot, &outcome, &err) == EMIT_FULL,
          "a buffer too small is said to be");
    for (int kind = 0; kind < EMIT_OUTCOME_COUNT; kind++) {
        outcome.kind = (enum emit_outcome_kind)kind;
        bool stands = kind == EMIT_OUTCOME_MEASURED || kind == EMIT_OUTCOME_PARTIAL;
        emit_text_init(&text, line, sizeof line);
        CHECK(emit_event_stands(&outcome) == stands, "%s: stands is %d",
              emit_outcome_word(outcome.kind), stands);
        CHECK(emit_event_write(&text, &facts, &slot, &outcome, &err) ==
                  (stands ? EMIT_OK : EMIT_INVALID),
              "%s: %s", emit_outcome_word(outcome.kind), stands ? "written" : "refused");
    }
    outcome = make_outcome();
    outcome.to_ns = outcome.from_ns;
    CHECK(!emit_event_stands(&outcome), "no event for a window without length");
    struct emit_event_facts late = facts;
    late.end_ns = INT64_MIN;
    outcome = make_outcome();
    CHECK(emit_event_write(&text, &late, &slot, &outcome, &err) == EMIT_INVALID,
          "a time that no clock shows is refused");
}

static void test_texts(void) {
    struct emit_slot slot = make_slot("weird\"\x01\xff", EMIT_COMPONENT_CPU_PACKAGE);
    struct emit_outcome outcome = make_outcome();
    CHECK(strstr(write_line(&slot, &outcome), "\"device_id\":\"weird\\\"\\u0001\xef\xbf\xbd\""),
          "ids are escaped as RFC 8785 says, and are UTF-8: %s", line);
    struct emit_event_facts nameless = facts;
    nameless.node_id = "";
    struct emit_text text;
    struct emit_error err;
    emit_text_init(&text, line, sizeof line);
    CHECK(emit_event_write(&text, &nameless, &slot, &outcome, &err) == EMIT_OK &&
              !strstr(line, "node_id"),
          "a node without a name is not given one");
}

int main(void) {
    test_plain();
    test_shapes();
    test_refused();
    test_texts();
    return check_end();
}
