// The counters of inference servers, as rows.
//
// What surprises: a server has a series for each engine, model and reason, and each is a
// counter that falls alone when its engine is started again; so series are compared one by
// one, and only their differences are added up. A series that appears between two scrapes
// began at zero: clients of Prometheus make a labelled series when it first counts.
// llama.cpp prints its counters with six significant digits: beyond a million they are
// rounded, and a difference is known to that only.
// SPDX-License-Identifier: Apache-2.0
#include "meters/served.h"

#include "base/number.h"
#include "base/text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

// The buckets of a use, and what else a row can be.
enum {
    COMPUTED = EMIT_SERVED_BUCKETS, // tokens of prompts without those from a cache
    RUNNING,                        // a gauge: requests at work, or begun and waiting for it
    STAMP,                          // when something began: another value is another life
    PARTS,
};

enum { VLLM, SGLANG, LLAMACPP, TGI, KINDS, ANY = KINDS };

static const struct emit_served_kind kinds[KINDS] = {
    [VLLM] = {"vllm", "vllm:", .at_the_end = false},
    [SGLANG] = {"sglang", "sglang:", .at_the_end = true},
    [LLAMACPP] = {"llama.cpp", "llamacpp:", .at_the_end = true, .digits = 6},
    [TGI] = {"tgi", "tgi_", .at_the_end = true},
};

static const struct row {
    uint8_t kind, part;
    const char *metric;
} rows[] = {
    {VLLM, EMIT_SERVED_INPUT, "vllm:prompt_tokens_total"},
    {VLLM, EMIT_SERVED_CACHED, "vllm:prompt_tokens_cached_total"},
    {VLLM, EMIT_SERVED_OUTPUT, "vllm:generation_tokens_total"},
    {VLLM, EMIT_SERVED_REQUESTS, "vllm:request_success_total"},
    {VLLM, RUNNING, "vllm:num_requests_running"},
    {VLLM, STAMP, "vllm:generation_tokens_created"},
    {SGLANG, EMIT_SERVED_INPUT, "sglang:prompt_tokens_total"},
    {SGLANG, EMIT_SERVED_CACHED, "sglang:cached_tokens_total"},
    {SGLANG, EMIT_SERVED_OUTPUT, "sglang:generation_tokens_total"},
    {SGLANG, EMIT_SERVED_REQUESTS, "sglang:num_requests_total"},
    {SGLANG, RUNNING, "sglang:num_running_reqs"},
    {SGLANG, STAMP, "sglang:generation_tokens_created"},
    {LLAMACPP, COMPUTED, "llamacpp:prompt_tokens_total"},
    {LLAMACPP, EMIT_SERVED_CACHED, "llamacpp:prompt_tokens_cached_total"},
    {LLAMACPP, EMIT_SERVED_OUTPUT, "llamacpp:tokens_predicted_total"},
    {LLAMACPP, RUNNING, "llamacpp:requests_processing"},
    {TGI, EMIT_SERVED_INPUT, "tgi_request_input_length_sum"},
    {TGI, EMIT_SERVED_OUTPUT, "tgi_request_generated_tokens_sum"},
    {TGI, EMIT_SERVED_REQUESTS, "tgi_request_success"},
    {TGI, RUNNING, "tgi_batch_current_size"},
    {TGI, RUNNING, "tgi_queue_size"}, // whose input is counted already
    {ANY, STAMP, "process_start_time_seconds"},
};

enum { ROWS = sizeof rows / sizeof rows[0] };

const struct emit_served_kind *emit_served_kind_of(const char *name) {
    for (size_t i = 0; i < KINDS; i++)
        if (strcmp(kinds[i].name, name) == 0) return &kinds[i];
    return NULL;
}

static const uint64_t hash_begin = UINT64_C(14695981039346656037);
static const uint64_t hash_prime = UINT64_C(1099511628211);

// FNV-1a, with the terminator so that ("ab", "c") and ("a", "bc") differ.
static uint64_t hash_bytes(uint64_t hash, const char *bytes, size_t length) {
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (unsigned char)bytes[i]) * hash_prime;
    return hash * hash_prime;
}

static uint64_t hash_label(const char *name, const char *value) {
    uint64_t hash = hash_bytes(hash_begin, name, strlen(name));
    return hash_bytes(hash, value, strlen(value));
}

static const struct row *find_row(const struct emit_metrics *metrics) {
    for (size_t i = 0; i < ROWS; i++)
        if (emit_metrics_is(metrics, rows[i].metric)) return &rows[i];
    return NULL;
}

// Any metric of a kind tells the kind: some have no counters before the first request.
static enum emit_status note_kind(struct emit_served_scrape *scrape,
                                  const struct emit_metrics *metrics, struct emit_error *err) {
    for (size_t i = 0; i < KINDS; i++) {
        if (!emit_metrics_has_prefix(metrics, kinds[i].prefix)) continue;
        if (scrape->kind && scrape->kind != &kinds[i])
            return emit_fail(err, EMIT_MALFORMED,
                             "its text has counters of %s and of %s: name one server's own",
                             scrape->kind->name, kinds[i].name);
        scrape->kind = &kinds[i];
    }
    return EMIT_OK;
}

static enum emit_status find_model(struct emit_served_scrape *scrape, const char *name,
                                   uint8_t *index, struct emit_error *err) {
    size_t i = 0;
    while (i < scrape->model_count && strcmp(scrape->models[i], name) != 0)
        i++;
    if (i == EMIT_SERVED_MODELS_MAX)
        return emit_fail(err, EMIT_FULL, "its text names more than %d models",
                         EMIT_SERVED_MODELS_MAX);
    if (i == scrape->model_count) {
        memcpy(scrape->models[i], name, strlen(name) + 1);
        scrape->model_count++;
    }
    *index = (uint8_t)i;
    return EMIT_OK;
}

static enum emit_status add_series(struct emit_served_scrape *scrape,
                                   const struct emit_served_series *series, size_t line,
                                   struct emit_error *err) {
    for (size_t i = 0; i < scrape->series_count; i++)
        if (scrape->series[i].key == series->key)
            return emit_fail(err, EMIT_MALFORMED, "line %zu of its text has a series again", line);
    if (scrape->series_count == EMIT_SERVED_SERIES_MAX)
        return emit_fail(err, EMIT_FULL, "its text has more than %d series of tokens",
                         EMIT_SERVED_SERIES_MAX);
    scrape->series[scrape->series_count++] = *series;
    return EMIT_OK;
}

static enum emit_status read_count(const struct row *row, const char *value, size_t length,
                                   size_t line, uint64_t *count, struct emit_error *err) {
    bool is_whole = false;
    if (emit_metrics_count(value, length, count, &is_whole) && is_whole && *count <= EMIT_COUNT_MAX)
        return EMIT_OK;
    return emit_fail(err, EMIT_MALFORMED, "line %zu of its text: %s is no whole number below 2^53",
                     line, row->metric);
}

// Takes the line the scanner stands in, which is of this row.
static enum emit_status take_series(struct emit_served_scrape *scrape, const struct row *row,
                                    struct emit_metrics *metrics, struct emit_error *err) {
    char name[EMIT_METRICS_LABEL_MAX], label[EMIT_METRICS_VALUE_MAX];
    char model[EMIT_SERVED_NAME_MAX] = "";
    struct emit_served_series series = {.row = (uint8_t)(row - rows)};
    const char *value;
    size_t length;
    series.key = hash_bytes(hash_begin, row->metric, strlen(row->metric));
    while (emit_metrics_label(metrics, name, label)) {
        series.key += hash_label(name, label);
        if (strcmp(name, "model_name") == 0) memcpy(model, label, strlen(label) + 1);
    }
    if (!emit_metrics_value(metrics, &value, &length))
        return emit_fail(err, EMIT_MALFORMED,
                         "line %zu of its text is no series as Prometheus writes them",
                         metrics->number);
    if (row->part == RUNNING) {
        bool is_whole;
        uint64_t running;
        if (emit_metrics_count(value, length, &running, &is_whole)) {
            scrape->knows_running = true;
            scrape->running += running;
        }
        return EMIT_OK;
    }
    enum emit_status status = EMIT_OK;
    if (row->part == STAMP)
        series.count = hash_bytes(0, value, length);
    else
        status = read_count(row, value, length, metrics->number, &series.count, err);
    if (status == EMIT_OK && row->part != STAMP)
        status = find_model(scrape, model, &series.model, err);
    return status == EMIT_OK ? add_series(scrape, &series, metrics->number, err) : status;
}

static enum emit_status parse(const char *text, size_t length, struct emit_served_scrape *scrape,
                              struct emit_error *err) {
    struct emit_metrics metrics;
    emit_metrics_init(&metrics, text, length);
    while (emit_metrics_next(&metrics)) {
        enum emit_status status = note_kind(scrape, &metrics, err);
        const struct row *row = status == EMIT_OK ? find_row(&metrics) : NULL;
        if (row) status = take_series(scrape, row, &metrics, err);
        if (status != EMIT_OK) return status;
    }
    if (!scrape->kind)
        return emit_fail(err, EMIT_ABSENT,
                         "its text has no counters of vLLM, SGLang, llama.cpp or TGI");
    // Half a number is a number, too.
    if (text[length - 1] != '\n')
        return emit_fail(err, EMIT_MALFORMED, "its text was cut: line %zu has no end",
                         metrics.number);
    return EMIT_OK;
}

enum emit_status emit_served_parse(const char *text, size_t length,
                                   struct emit_served_scrape *scrape, struct emit_error *err) {
    struct emit_served_scrape *found = calloc(1, sizeof *found);
    if (!found) return emit_fail(err, EMIT_NO_MEMORY, "no memory for a server's counters");
    enum emit_status status = parse(text, length, found, err);
    if (status == EMIT_OK) *scrape = *found;
    free(found);
    return status;
}

void emit_served_stamp(struct emit_served_scrape *scrape, const char *born) {
    if (!born[0] || scrape->series_count == EMIT_SERVED_SERIES_MAX) return;
    scrape->series[scrape->series_count++] = (struct emit_served_series){
        .key = hash_label("header", rows[ROWS - 1].metric),
        .count = hash_bytes(0, born, strlen(born)),
        .row = ROWS - 1,
    };
}

static const struct emit_served_series *find_series(const struct emit_served_scrape *scrape,
                                                    uint64_t key) {
    for (size_t i = 0; i < scrape->series_count; i++)
        if (scrape->series[i].key == key) return &scrape->series[i];
    return NULL;
}

// How far from its count a value can be that was printed with so many digits.
static uint64_t rounding(uint64_t count, int digits) {
    uint64_t unit = 1;
    for (uint64_t rest = count; digits && rest >= 10; rest /= 10)
        if (digits > 1)
            digits--;
        else
            unit *= 10;
    return unit / 2;
}

// Every series of the first scrape is in the last one, and none has fallen.
static enum emit_status check_life(const struct emit_served_scrape *first,
                                   const struct emit_served_scrape *last, struct emit_error *err) {
    if (first->kind != last->kind)
        return emit_fail(err, EMIT_REFUSED, "it was a server of %s, and is one of %s",
                         first->kind->name, last->kind->name);
    for (size_t i = 0; i < first->series_count; i++) {
        const struct emit_served_series *before = &first->series[i];
        const struct emit_served_series *after = find_series(last, before->key);
        const char *metric = rows[before->row].metric;
        if (!after)
            return emit_fail(err, EMIT_REFUSED,
                             "a counter vanished (%s): it was started again in between", metric);
        bool is_stamp = rows[before->row].part == STAMP;
        int digits = first->kind->digits;
        if (is_stamp
                ? after->count != before->count
                : after->count + rounding(after->count, digits) + rounding(before->count, digits) <
                      before->count)
            return emit_fail(err, EMIT_REFUSED, "it was started again in between (%s %s)", metric,
                             is_stamp ? "is another" : "fell");
    }
    return EMIT_OK;
}

static struct emit_served_model *model_of(struct emit_served_use *use, const char *name) {
    for (size_t i = 0; i < use->model_count; i++)
        if (strcmp(use->models[i].name, name) == 0) return &use->models[i];
    struct emit_served_model *model = &use->models[use->model_count++];
    memcpy(model->name, name, strlen(name) + 1);
    return model;
}

static void add_amount(struct emit_served_amount *sum, const struct emit_served_amount *part) {
    sum->known = true;
    sum->count += part->count;
    sum->slack += part->slack;
}

// What one series counted in between.
static struct emit_served_amount count_between(const struct emit_served_series *before,
                                               const struct emit_served_series *after, int digits) {
    uint64_t from = before ? before->count : 0;
    return (struct emit_served_amount){
        .known = true,
        .count = after->count > from ? after->count - from : 0,
        .slack = rounding(from, digits) + rounding(after->count, digits),
    };
}

// A count of prompts that lacks the cache's share gets it, where that is counted.
static void settle_input(struct emit_served_model *model,
                         const struct emit_served_amount *computed) {
    struct emit_served_amount *input = &model->amounts[EMIT_SERVED_INPUT],
                              *cached = &model->amounts[EMIT_SERVED_CACHED];
    if (computed->known) {
        add_amount(input, computed);
        if (cached->known) add_amount(input, cached);
        model->input_lacks_cached = !cached->known;
    }
    // Two counters of different moments, or of a server that errs: nobody knows the share.
    if (cached->known && (!input->known || cached->count > input->count))
        *cached = (struct emit_served_amount){0};
}

enum emit_status emit_served_difference(const struct emit_served_scrape *first,
                                        const struct emit_served_scrape *last,
                                        struct emit_served_use *use, struct emit_error *err) {
    enum emit_status status = check_life(first, last, err);
    if (status != EMIT_OK) return status;
    struct emit_served_amount computed[EMIT_SERVED_MODELS_MAX] = {0};
    struct emit_served_use found = {
        .kind = last->kind,
        .knows_running = first->knows_running && last->knows_running,
        .running_first = first->running,
        .running_last = last->running,
        .may_hide_restart = true,
    };
    memcpy(found.elsewhere, last->elsewhere, sizeof found.elsewhere);
    for (size_t i = 0; i < last->series_count; i++) {
        const struct emit_served_series *after = &last->series[i];
        int part = rows[after->row].part;
        if (part == STAMP) {
            found.may_hide_restart &= !find_series(first, after->key);
            continue;
        }
        struct emit_served_model *model = model_of(&found, last->models[after->model]);
        struct emit_served_amount counted =
            count_between(find_series(first, after->key), after, last->kind->digits);
        add_amount(part == COMPUTED ? &computed[model - found.models] : &model->amounts[part],
                   &counted);
    }
    for (size_t i = 0; i < found.model_count; i++)
        settle_input(&found.models[i], &computed[i]);
    *use = found;
    return EMIT_OK;
}

struct emit_served_amount emit_served_sum(const struct emit_served_use *use,
                                          enum emit_served_bucket bucket) {
    struct emit_served_amount sum = {0};
    for (size_t i = 0; i < use->model_count; i++) {
        if (!use->models[i].amounts[bucket].known) return (struct emit_served_amount){0};
        add_amount(&sum, &use->models[i].amounts[bucket]);
    }
    return sum;
}
