// The wall, from one good event of each kind and one change at a time: the
// verdict must name the reason and the field. Every text is judged twice, by the
// short way and by the strict scanner alone, from buffers of exactly its size.
// SPDX-License-Identifier: Apache-2.0
#include "contract/rules.h"

#include "check.h"

#include <stdlib.h>

static const char run_event[] =
    "{\"channel_id\":\"emit\",\"compute_assignment_run_id\":\"run_1\","
    "\"event_ts\":\"2026-06-13T16:00:00.000Z\",\"kind\":\"emit:energy_meter_recorded\","
    "\"quantity\":151.2,\"tags\":{\"accuracy_class\":\"device-counter\","
    "\"capability_tier\":\"cpu-runner\",\"component\":\"cpu-package\",\"device_id\":\"package-0\","
    "\"energy_provenance\":\"measured\",\"energy_source\":\"rapl\","
    "\"measurement_window_ms\":1000,\"phase\":\"total\",\"provider_family\":\"operator-owned\","
    "\"pue_applied\":false,\"samples\":11,\"sampling_hz\":10},\"unit\":\"joules\","
    "\"workspace_id\":\"ws_1\"}";

static const char facility_event[] =
    "{\"channel_id\":\"emit\",\"event_ts\":\"2026-06-13T16:00:00.000Z\","
    "\"kind\":\"emit:energy_meter_recorded\",\"quantity\":3600000,\"tags\":{"
    "\"accuracy_class\":\"billing-meter\",\"capability_tier\":\"facility\","
    "\"component\":\"facility-feed\",\"curtailment_from\":\"2026-06-13T15:00:00.000Z\","
    "\"curtailment_to\":\"2026-06-13T15:30:00.000Z\",\"device_id\":\"meter-7\","
    "\"electricity_price_currency\":\"EUR\",\"electricity_price_per_kwh\":-0.01,"
    "\"energy_provenance\":\"measured\",\"energy_source\":\"smart_meter\",\"facility_id\":\"fac_"
    "1\","
    "\"grid_carbon_intensity_g_per_kwh\":210.5,\"grid_carbon_intensity_kind\":\"average\","
    "\"measurement_window_ms\":3600000,\"phase\":\"total\",\"provider_family\":\"operator-owned\","
    "\"pue\":1.2,\"pue_applied\":true,\"region\":\"eu-north\",\"transport\":\"dsmr\","
    "\"valid_from\":\"2026-06-13T15:00:00.000Z\",\"valid_to\":\"2026-06-13T16:00:00.000Z\"},"
    "\"unit\":\"joules\",\"workspace_id\":\"ws_1\"}";

static const char token_event[] =
    "{\"channel_id\":\"emit\",\"compute_assignment_run_id\":\"run_1\","
    "\"event_ts\":\"2026-06-13T16:00:00.000Z\",\"kind\":\"emit:energy_meter_recorded\","
    "\"quantity\":130,\"tags\":{\"accuracy_class\":\"coefficient-model\","
    "\"capability_tier\":\"managed-inference\",\"coefficient_accessed\":\"2026-06-01\","
    "\"coefficient_notes\":\"chat\",\"coefficient_profile\":\"managed-balanced-v1\","
    "\"coefficient_published\":\"2026-01-29\",\"coefficient_source_title\":\"Where\","
    "\"coefficient_source_url\":\"https://arxiv.org/abs/2601.22076\","
    "\"coefficient_source_version\":\"v1\",\"coefficient_table_sha256\":"
    "\"2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae\","
    "\"component\":\"inference\",\"confidence\":\"low\","
    "\"energy_provenance\":\"modeled\",\"energy_source\":\"token_model\",\"input_tokens\":1430000,"
    "\"measurement_boundary\":\"accelerator\",\"phase\":\"total\",\"provider_family\":\"managed\","
    "\"pue_applied\":false,\"quantity_high\":750,\"quantity_low\":31,\"record_ref\":\"r1\"},"
    "\"unit\":\"joules\",\"workspace_id\":\"ws_1\"}";

static const char share_event[] =
    "{\"channel_id\":\"emit\",\"compute_assignment_run_id\":\"run_1\","
    "\"event_ts\":\"2026-06-13T16:00:00.000Z\",\"kind\":\"emit:energy_meter_recorded\","
    "\"quantity\":130,\"tags\":{\"accuracy_class\":\"proration\",\"capability_tier\":\"facility\","
    "\"component\":\"node\",\"compute_share\":1,\"energy_provenance\":\"estimated\","
    "\"energy_source\":\"facility_proration\",\"facility_id\":\"fac_1\",\"phase\":\"total\","
    "\"proration_basis\":\"node-hours\",\"provider_family\":\"operator-owned\","
    "\"pue_applied\":true,\"valid_from\":\"2026-06-13T15:00:00.000Z\","
    "\"valid_to\":\"2026-06-13T16:00:00.000Z\",\"window_ref\":\"w1\"},"
    "\"unit\":\"joules\",\"workspace_id\":\"ws_1\"}";

// One change of an event: every `from` in it becomes `to`. core, strict: the
// reason that must be among the findings of that level; NULL: no finding at all.
struct change {
    const char *event, *from, *to;
    const char *core, *strict;
    const char *field;
};

static const struct change changes[] = {
    {run_event, "151.2", "0", NULL, NULL, ""},
    {run_event, "151.2", "-0", NULL, NULL, ""},
    {run_event, "151.2", "1e300", NULL, NULL, ""},
    {run_event, "151.2", "-0.001", "out-of-range", NULL, "quantity"},
    {run_event, "151.2", "1e999", "number-overflow", NULL, ""},
    {run_event, "151.2", "\"151.2\"", "wrong-type", NULL, "quantity"},
    {run_event, "151.2", "null", "wrong-type", NULL, "quantity"},
    {run_event, "151.2", "[151.2]", "nested-value", NULL, "quantity"},
    {run_event, "151.2", "0151", "malformed-json", NULL, ""},
    {run_event, "151.2", "1.", "malformed-json", NULL, ""},
    {run_event, "\"joules\"", "\"watts\"", "unknown-word", NULL, "unit"},
    {run_event, "\"joules\"", "\"\\u006aoules\"", NULL, NULL, ""},
    {run_event, "\"unit\"", "\"\\u0075nit\"", NULL, NULL, ""},
    {run_event, "\"unit\"", "\"Unit\"", "missing-field", NULL, "unit"},
    {run_event, "\"unit\"", "\"kind\"", "duplicate-key", NULL, ""},
    {run_event, "\"unit\"", "\"x\":1,\"unit\"", "unknown-field", NULL, "x"},
    {run_event, "ws_1", "", "empty-text", NULL, "workspace_id"},
    {run_event, "ws_1", "caf\xc3\xa9", NULL, NULL, ""},
    {run_event, "ws_1", "caf\xc3", "invalid-utf8", NULL, ""},
    {run_event, "ws_1", "\\u0000", "nul-character", NULL, ""},
    {run_event, "ws_1", "a\tb", "malformed-json", NULL, ""},
    {run_event, "\"run_1\"", "\"\"", "empty-text", NULL, "compute_assignment_run_id"},
    {run_event, "\"compute_assignment_run_id\":\"run_1\",", "", "missing-field", NULL,
     "compute_assignment_run_id"},
    {run_event, "16:00:00.000Z", "23:59:59.999Z", NULL, NULL, ""},
    {run_event, "16:00:00.000Z", "16:00:00Z", NULL, "fraction-digits", "event_ts"},
    {run_event, "16:00:00.000Z", "16:00:00.123456789Z", NULL, "fraction-digits", "event_ts"},
    {run_event, "16:00:00.000Z", "16:00:00.1234567890Z", "bad-timestamp", NULL, "event_ts"},
    {run_event, "16:00:00.000Z", "16:00:00.Z", "bad-timestamp", NULL, "event_ts"},
    {run_event, "16:00:00.000Z", "24:00:00.000Z", "bad-timestamp", NULL, "event_ts"},
    {run_event, "16:00:00.000Z", "16:60:00.000Z", "bad-timestamp", NULL, "event_ts"},
    {run_event, "16:00:00.000Z", "16:00:60.000Z", "bad-timestamp", NULL, "event_ts"},
    {run_event, "16:00:00.000Z", "16:00:00.000z", "bad-timestamp", NULL, "event_ts"},
    {run_event, "16:00:00.000Z", "16:00:00.000+00:00", "bad-timestamp", NULL, "event_ts"},
    {run_event, "13T16", "13 16", "bad-timestamp", NULL, "event_ts"},
    {run_event, "2026-06-13", "2026-06-31", "bad-timestamp", NULL, "event_ts"},
    {run_event, "2026-06-13", "2026-02-29", "bad-timestamp", NULL, "event_ts"},
    {run_event, "2026-06-13", "2024-02-29", NULL, NULL, ""},
    {run_event, "2026-06-13", "1900-02-29", "bad-timestamp", NULL, "event_ts"},
    {run_event, "2026-06-13", "2000-02-29", NULL, NULL, ""},
    {run_event, "2026-06-13", "2026-13-01", "bad-timestamp", NULL, "event_ts"},
    {run_event, "2026-06-13", "0000-06-13", "bad-timestamp", NULL, "event_ts"},
    {run_event, "2026-06-13", "2026-06-1:", "bad-timestamp", NULL, "event_ts"},
    {run_event, "\"rapl\"", "\"msr\"", "unknown-word", NULL, "tags.energy_source"},
    {run_event, "\"rapl\"", "\"pdu\"", "misplaced-field", NULL, "compute_assignment_run_id"},
    {run_event, "\"rapl\"", "\"nvml\"", NULL, "wrong-component", "tags.component"},
    {run_event, "\"measured\"", "\"estimated\"", "wrong-provenance", NULL,
     "tags.energy_provenance"},
    {run_event, "device-counter", "power-integrated", NULL, "wrong-accuracy",
     "tags.accuracy_class"},
    {run_event, "device-counter", "home-made", NULL, "unknown-word", "tags.accuracy_class"},
    {run_event, "cpu-runner", "Cpu-runner", "bad-label", NULL, "tags.capability_tier"},
    {run_event, "cpu-runner", "-runner", "bad-label", NULL, "tags.capability_tier"},
    {run_event, "cpu-runner", "cpu_runner", "bad-label", NULL, "tags.capability_tier"},
    {run_event, "cpu-runner", "intel-runner", "brand-name", NULL, "tags.capability_tier"},
    {run_event, "cpu-runner", "intelligent-runner", NULL, "unknown-word", "tags.capability_tier"},
    {run_event, "\"operator-owned\"", "\"aws\"", "brand-name", NULL, "tags.provider_family"},
    {run_event, "\"phase\":\"total\"", "\"phase\":\"epoch-3\"", NULL, NULL, ""},
    {run_event, "\"phase\":\"total\"", "\"phase\":\"Epoch\"", NULL, "bad-format", "tags.phase"},
    {run_event, "\"phase\":\"total\"", "\"phase\":\"\"", "empty-text", NULL, "tags.phase"},
    {run_event, ",\"pue_applied\":false", "", "pue-undeclared", NULL, "tags.pue_applied"},
    {run_event, "\"pue_applied\":false", "\"pue_applied\":true", "pue-on-it-load", NULL,
     "tags.pue_applied"},
    {run_event, "\"pue_applied\":false", "\"pue_applied\":0", "wrong-type", NULL,
     "tags.pue_applied"},
    {run_event, "\"sampling_hz\":10", "\"sampling_hz\":10.005", NULL, NULL, ""},
    {run_event, "\"sampling_hz\":10", "\"sampling_hz\":10.02", NULL, "sampling-rate",
     "tags.sampling_hz"},
    {run_event, "\"sampling_hz\":10", "\"sampling_hz\":9.99", NULL, "sampling-rate",
     "tags.sampling_hz"},
    {run_event, "\"sampling_hz\":10", "\"sampling_hz\":0", "out-of-range", NULL,
     "tags.sampling_hz"},
    {run_event, "\"samples\":11", "\"samples\":11.5", NULL, "bad-count", "tags.samples"},
    {run_event, "\"samples\":11", "\"samples\":1.1e1", NULL, NULL, ""},
    {run_event, "\"samples\":11,", "", NULL, NULL, ""},
    {run_event, "\"device_id\":\"package-0\",", "", NULL, "missing-field", "tags.device_id"},
    {run_event, "\"samples\"", "\"contained_in\":\"package-1\",\"samples\"", NULL, NULL, ""},
    {run_event, "\"samples\"", "\"contained_in\":\"package-0\",\"samples\"", NULL,
     "contains-itself", "tags.contained_in"},
    {run_event, "\"samples\"", "\"coverage_ratio\":0.99,\"samples\"", NULL, NULL, ""},
    {run_event, "\"samples\"", "\"coverage_ratio\":1,\"samples\"", NULL, "out-of-range",
     "tags.coverage_ratio"},
    {run_event, "\"samples\"", "\"colour\":\"red\",\"samples\"", NULL, "unknown-tag",
     "tags.colour"},
    {run_event, "\"samples\"", "\"colour\":null,\"samples\"", "null-value", NULL, "tags.colour"},
    {run_event, "11", "null", "null-value", NULL, "tags.samples"},
    {run_event, "false", "null", "null-value", NULL, "tags.pue_applied"},
    {run_event, "\"samples\"", "\"colour\":{\"a\":1},\"samples\"", "nested-value", NULL,
     "tags.colour"},
    {run_event, "\"samples\"", "\"totalCost\":1,\"samples\"", "forbidden-name", NULL,
     "tags.totalCost"},
    {run_event, "\"samples\"", "\"CO2_grams\":1,\"samples\"", "forbidden-name", NULL,
     "tags.CO2_grams"},
    {run_event, "\"samples\"", "\"colour\":1,\"colour\":2,\"samples\"", "duplicate-key", NULL, ""},
    {run_event, "\"samples\"", "\"valid_from\":\"2026-06-13T15:00:00.000Z\",\"samples\"",
     "misplaced-field", NULL, "tags.valid_from"},
    {run_event, "\"samples\"", "\"pue\":1.2,\"samples\"", NULL, "misplaced-field", "tags.pue"},
    {run_event, "\"samples\"", "\"facility_id\":\"f\",\"samples\"", NULL, NULL, ""},
    {facility_event, "\"pue_applied\":true", "\"pue_applied\":false", NULL, NULL, ""},
    {facility_event, "\"region\":\"eu-north\",", "", "missing-region", NULL, "tags.region"},
    {facility_event, "\"region\"", "\"grid_region\"", NULL, NULL, ""},
    {facility_event, "\"operator-owned\"", "\"managed\"", "provider-not-operator", NULL,
     "tags.provider_family"},
    {facility_event, "\"facility_id\":\"fac_1\",", "", "missing-field", NULL, "tags.facility_id"},
    {facility_event, "\"valid_from\":\"2026-06-13T15:00", "\"valid_from\":\"2026-06-13T16:00",
     "time-order", NULL, "tags.valid_to"},
    {facility_event, "\"event_ts\":\"2026-06-13T16:00:00.000Z\"",
     "\"event_ts\":\"2026-06-13T15:59:59.999Z\"", "time-order", NULL, "event_ts"},
    {facility_event, "\"event_ts\":\"2026-06-13T16:00:00.000Z\"",
     "\"event_ts\":\"2026-06-13T16:00:00.001Z\"", NULL, "window-mismatch", "event_ts"},
    {facility_event, "3600000,\"phase", "3600001,\"phase", NULL, "window-mismatch",
     "tags.measurement_window_ms"},
    {facility_event, "15:30:00", "15:00:00", NULL, "time-order", "tags.curtailment_to"},
    {facility_event, "\"pue\":1.2", "\"pue\":1", NULL, NULL, ""},
    {facility_event, "\"pue\":1.2", "\"pue\":0.99", "out-of-range", NULL, "tags.pue"},
    {facility_event, "\"grid_carbon_intensity_kind\":\"average\",", "", "unpaired-field", NULL,
     "tags.grid_carbon_intensity_kind"},
    {facility_event, "\"electricity_price_per_kwh\":-0.01,", "", "unpaired-field", NULL,
     "tags.electricity_price_currency"},
    {facility_event, "\"EUR\"", "\"eur\"", "bad-format", NULL, "tags.electricity_price_currency"},
    {facility_event, "\"transport\":\"dsmr\",", "", NULL, "missing-field", "tags.transport"},
    {facility_event, "\"dsmr\"", "\"pigeon\"", NULL, "unknown-word", "tags.transport"},
    {facility_event, "\"measured\"", "\"modeled\"", "wrong-provenance", NULL,
     "tags.energy_provenance"},
    {facility_event, "\"measured\"", "\"estimated\"", NULL, "wrong-accuracy",
     "tags.accuracy_class"},
    {facility_event, "\"facility-feed\"", "\"rack\"", NULL, "pue-on-it-load", "tags.pue_applied"},
    {token_event, "1430000", "9007199254740992", NULL, NULL, ""},
    {token_event, "1430000", "9007199254740993", "bad-count", NULL, "tags.input_tokens"},
    {token_event, "1430000", "1e3", NULL, NULL, ""},
    {token_event, "1430000", "0.5", "bad-count", NULL, "tags.input_tokens"},
    {token_event, "1430000", "-1", "bad-count", NULL, "tags.input_tokens"},
    {token_event, "\"input_tokens\":1430000,", "", "missing-token-count", NULL,
     "tags.input_tokens"},
    {token_event, "\"input_tokens\"", "\"requests\"", "missing-token-count", NULL,
     "tags.input_tokens"},
    {token_event, "\"input_tokens\"", "\"output_tokens\"", NULL, NULL, ""},
    {token_event, "\"accelerator\"", "\"facility\"", "pue-not-boundary", NULL, "tags.pue_applied"},
    {token_event, "\"accelerator\"", "\"system\"", NULL, NULL, ""},
    {token_event, "\"quantity_low\":31", "\"quantity_low\":130", NULL, NULL, ""},
    {token_event, "\"quantity_low\":31", "\"quantity_low\":130.1", NULL, "quantity-outside",
     "tags.quantity_low"},
    {token_event, "\"quantity_high\":750", "\"quantity_high\":129.9", NULL, "quantity-outside",
     "tags.quantity_high"},
    {token_event, "balanced-v1", "balanced-1", "bad-format", NULL, "tags.coefficient_profile"},
    {token_event, "managed-balanced-v1", "gpt-balanced-v1", "brand-name", NULL,
     "tags.coefficient_profile"},
    {token_event, "https://arxiv", "ftp://arxiv", "bad-format", NULL,
     "tags.coefficient_source_url"},
    {token_event, "https://arxiv", "https:\\/\\/arxiv", NULL, NULL, ""},
    {token_event, "2026-06-01", "2026-06-31", "bad-date", NULL, "tags.coefficient_accessed"},
    {token_event, "2026-06-01", "2026-06-13", NULL, NULL, ""},
    {token_event, "2026-06-01", "2026-06-14", NULL, NULL, NULL}, // read after the tokens were used
    {token_event, "2026-01-29", "2026-06-02", NULL, "time-order", "tags.coefficient_accessed"},
    {token_event, "\"confidence\":\"low\",", "", "missing-field", NULL, "tags.confidence"},
    {token_event, "\"confidence\":\"low\"", "\"confidence\":\"fair\"", "unknown-word", NULL,
     "tags.confidence"},
    {token_event, "\"phase\"", "\"sampling_hz\":1,\"phase\"", NULL, "misplaced-field",
     "tags.sampling_hz"},
    {share_event, "\"compute_share\":1", "\"compute_share\":0.25", NULL, NULL, ""},
    {share_event, "\"compute_share\":1", "\"compute_share\":0", "out-of-range", NULL,
     "tags.compute_share"},
    {share_event, "\"compute_share\":1", "\"compute_share\":1.01", "out-of-range", NULL,
     "tags.compute_share"},
    {share_event, "\"compute_share\":1,", "", "missing-field", NULL, "tags.compute_share"},
    {share_event, "\"window_ref\"", "\"record_ref\"", NULL, "missing-field", "tags.window_ref"},
};

// The event with every `from` replaced, in memory of exactly its size.
static char *replace(const struct change *change, size_t *length) {
    size_t from_length = strlen(change->from), to_length = strlen(change->to);
    char *text = malloc(2 * strlen(change->event) + 64 * (to_length + 1)), *out = text;
    if (!text) return NULL;
    for (const char *at = change->event; *at;) {
        if (from_length && strncmp(at, change->from, from_length) == 0) {
            memcpy(out, change->to, to_length);
            out += to_length;
            at += from_length;
        } else {
            *out++ = *at++;
        }
    }
    *length = (size_t)(out - text);
    char *exact = realloc(text, *length);
    return exact ? exact : text;
}

static bool has(const struct emit_verdict *verdict, enum emit_contract_level level,
                const char *reason, const char *field) {
    for (size_t i = 0; i < verdict->kept; i++)
        if (verdict->findings[i].level == level &&
            strcmp(verdict->findings[i].reason, reason) == 0 &&
            strcmp(verdict->findings[i].field, field) == 0)
            return true;
    return false;
}

static bool same(const struct emit_verdict *a, const struct emit_verdict *b) {
    if (a->core_count != b->core_count || a->strict_count != b->strict_count) return false;
    for (size_t i = 0; i < a->kept; i++)
        if (strcmp(a->findings[i].message, b->findings[i].message) != 0) return false;
    return true;
}

static void check_change(const struct change *change) {
    static struct emit_verdict verdict, slowly;
    size_t length;
    char *text = replace(change, &length);
    if (!text) return;
    emit_contract_check(text, length, &verdict);
    emit_contract_check_slowly(text, length, &slowly);
    bool good = true;
    if (change->core)
        good &= has(&verdict, EMIT_CONTRACT_CORE, change->core, change->field);
    else
        good &= verdict.core_count == 0;
    if (change->strict)
        good &= has(&verdict, EMIT_CONTRACT_STRICT, change->strict, change->field);
    else if (!change->core)
        good &= verdict.strict_count == 0;
    char line[64];
    size_t used = 0;
    for (const char *at = change->to; *at && used < sizeof line - 1; at++)
        line[used++] = *at < ' ' || *at > '~' || *at == '#' ? '.' : *at;
    line[used] = '\0';
    CHECK(good, "%s: %s%s%s (%zu core, %zu strict, first '%s')", line,
          change->core ? change->core : "", change->strict ? change->strict : "",
          change->core || change->strict ? "" : "accepted", verdict.core_count,
          verdict.strict_count, verdict.kept ? verdict.findings[0].message : "");
    CHECK(same(&verdict, &slowly), "%s: the strict scanner says the same", line);
    free(text);
}

static void check_events(void) {
    static const char *const events[] = {run_event, facility_event, token_event, share_event};
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) {
        struct change none = {events[i], "", "", NULL, NULL, ""};
        check_change(&none);
    }
}

// A text cut short or with one byte too many is refused, whichever way it goes.
static void check_edges(void) {
    static struct emit_verdict verdict;
    size_t accepted = 0, length = sizeof run_event - 1;
    for (size_t cut = 0; cut < length; cut++) {
        char *text = malloc(cut ? cut : 1);
        if (!text) return;
        memcpy(text, run_event, cut);
        if (emit_contract_check(text, cut, &verdict) == EMIT_OK) accepted++;
        free(text);
    }
    CHECK(accepted == 0, "an event cut short anywhere is refused");
    char *large = malloc(EMIT_EVENT_MAX + 1);
    if (!large) return;
    memset(large, ' ', EMIT_EVENT_MAX + 1);
    memcpy(large, run_event, length);
    CHECK(emit_contract_check(large, EMIT_EVENT_MAX, &verdict) == EMIT_OK, "64 KiB are an event");
    CHECK(emit_contract_check(large, EMIT_EVENT_MAX + 1, &verdict) == EMIT_REFUSED &&
              has(&verdict, EMIT_CONTRACT_CORE, "event-too-large", ""),
          "one byte more is too large");
    free(large);
}

static void check_limits(void) {
    static struct emit_verdict verdict;
    static char text[16 * 1024];
    for (int tags = 244; tags <= 245; tags++) { // 256 with 12 tags of the table
        size_t used =
            sizeof run_event - 1 - strlen("},\"unit\":\"joules\",\"workspace_id\":\"ws_1\"}");
        memcpy(text, run_event, used);
        for (int i = 0; i < tags; i++)
            used += (size_t)snprintf(text + used, sizeof text - used, ",\"t%d\":1", i);
        used += (size_t)snprintf(text + used, sizeof text - used,
                                 "},\"unit\":\"joules\",\"workspace_id\":\"ws_1\"}");
        emit_contract_check(text, used, &verdict);
        bool many = has(&verdict, EMIT_CONTRACT_CORE, "too-many-fields", "");
        CHECK(many == (tags > 244), "%d more tags: %s", tags,
              many ? "too many" : "as many as may be");
        if (!many)
            CHECK(verdict.strict_count == (size_t)tags && verdict.kept == EMIT_FINDINGS_MAX,
                  "the counts go on behind the findings that are kept");
    }
}

// A name of any length and of any bytes is shown as far as it fits, in printable ASCII.
static void check_shown(void) {
    static struct emit_verdict verdict;
    char text[512];
    for (size_t length = 80; length < 110; length++) {
        size_t used = (size_t)snprintf(text, sizeof text, "{\"caf\xc3\xa9");
        memset(text + used, 'x', length);
        used += length;
        used += (size_t)snprintf(text + used, sizeof text - used, "\":1}");
        emit_contract_check(text, used, &verdict);
        const struct emit_finding *last = &verdict.findings[verdict.kept - 1];
        if (strncmp(last->field, "caf??xxx", 8) != 0 || strlen(last->field) >= sizeof last->field ||
            !strstr(last->message, "xxx is no field")) {
            CHECK(0, "a name of %zu characters: '%s'", length, last->message);
            return;
        }
    }
    CHECK(1, "long names are cut");
}

int main(void) {
    check_shown();
    check_events();
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++)
        check_change(&changes[i]);
    check_edges();
    check_limits();
    return check_end();
}
