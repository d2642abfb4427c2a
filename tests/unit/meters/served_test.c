// The counters of inference servers: what each kind of server serves, what lies between
// two scrapes, and when nothing can be said.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "meters/served.h"

#include <stdlib.h>

static struct emit_served_scrape first, last;
static struct emit_served_use use;
static struct emit_error err;

// In memory of exactly its size, so that a byte too far is seen.
static enum emit_status parse(struct emit_served_scrape *scrape, const char *text) {
    size_t length = strlen(text);
    char *bytes = malloc(length ? length : 1);
    if (!bytes) abort();
    memcpy(bytes, text, length);
    enum emit_status status = emit_served_parse(bytes, length, scrape, &err);
    free(bytes);
    return status;
}

static enum emit_status between(const char *before, const char *after) {
    enum emit_status status = parse(&first, before);
    if (status == EMIT_OK) status = parse(&last, after);
    return status == EMIT_OK ? emit_served_difference(&first, &last, &use, &err) : status;
}

static bool is_amount(struct emit_served_amount amount, int64_t wanted) {
    return wanted < 0 ? !amount.known : amount.known && amount.count == (uint64_t)wanted;
}

// One model between two scrapes; -1: not known.
static void test_kinds(void) {
    static const struct {
        const char *what, *kind, *before, *after;
        int64_t amounts[EMIT_SERVED_BUCKETS]; // input, cached, output, requests
        bool lacks_cached;
    } cases[] = {
        {"vllm 0.16 and later",
         "vllm",
         "vllm:prompt_tokens_total{engine=\"0\",model_name=\"m\"} 100.0\n"
         "vllm:prompt_tokens_cached_total{engine=\"0\",model_name=\"m\"} 10.0\n"
         "vllm:generation_tokens_total{engine=\"0\",model_name=\"m\"} 7.0\n"
         "vllm:request_success_total{engine=\"0\",finished_reason=\"stop\",model_name=\"m\"} 1.0\n"
         "vllm:request_success_total{engine=\"0\",finished_reason=\"length\",model_name=\"m\"} "
         "0.0\n",
         "vllm:prompt_tokens_total{engine=\"0\",model_name=\"m\"} 1.234567e+06\n"
         "vllm:prompt_tokens_cached_total{engine=\"0\",model_name=\"m\"} 42.0\n"
         "vllm:generation_tokens_total{engine=\"0\",model_name=\"m\"} 1007.0\n"
         "vllm:request_success_total{engine=\"0\",finished_reason=\"stop\",model_name=\"m\"} 3.0\n"
         "vllm:request_success_total{engine=\"0\",finished_reason=\"length\",model_name=\"m\"} "
         "5.0\n",
         {1234467, 32, 1000, 7},
         false},
        {"vllm before that counts no cached tokens, whatever its prefix cache says",
         "vllm",
         "vllm:prompt_tokens_total{model_name=\"m\"} 0.0\n",
         "vllm:prompt_tokens_total{model_name=\"m\"} 9.0\n"
         "vllm:prefix_cache_hits_total{model_name=\"m\"} 5.0\n"
         "vllm:generation_tokens_total{model_name=\"m\"} 2.0\n",
         {9, -1, 2, -1},
         false},
        {"several engines",
         "vllm",
         "vllm:generation_tokens_total{engine=\"0\",model_name=\"m\"} 10.0\n"
         "vllm:generation_tokens_total{engine=\"1\",model_name=\"m\"} 5.0\n",
         "vllm:generation_tokens_total{model_name=\"m\", engine=\"1\",} 8.0\n"
         "vllm:generation_tokens_total{model_name=\"m\", engine=\"0\",} 30.0\n",
         {-1, -1, 23, -1},
         false},
        {"sglang, whose series begin with the first request",
         "sglang",
         "sglang:num_running_reqs{model_name=\"m\"} 0.0\n",
         "sglang:prompt_tokens_total{model_name=\"m\"} 50.0\n"
         "sglang:cached_tokens_total{cache_source=\"device\",model_name=\"m\"} 20.0\n"
         "sglang:cached_tokens_total{cache_source=\"host\",model_name=\"m\"} 3.0\n"
         "sglang:generation_tokens_total{model_name=\"m\"} 8.0\n"
         "sglang:num_requests_total{model_name=\"m\"} 2.0\n",
         {50, 23, 8, 2},
         false},
        {"llama.cpp",
         "llama.cpp",
         "llamacpp:prompt_tokens_total 100\nllamacpp:tokens_predicted_total 10\n",
         "llamacpp:prompt_tokens_total 150\nllamacpp:tokens_predicted_total 30\n",
         {50, -1, 20, -1},
         true},
        {"llama.cpp that counts cached tokens beside them",
         "llama.cpp",
         "llamacpp:prompt_tokens_total 100\nllamacpp:prompt_tokens_cached_total 1\n",
         "llamacpp:prompt_tokens_total 150\nllamacpp:prompt_tokens_cached_total 41\n"
         "llamacpp:tokens_predicted_total 30\n",
         {90, 40, 30, -1},
         false},
        {"tgi",
         "tgi",
         "tgi_request_input_length_sum 10\ntgi_request_generated_tokens_sum 4\n"
         "tgi_request_success 1\ntgi_request_input_length_count 99\n",
         "tgi_request_input_length_sum 30\ntgi_request_generated_tokens_sum 9\n"
         "tgi_request_success 3\ntgi_request_input_length_count 101\n",
         {20, -1, 5, 2},
         false},
        {"more cached than input: nobody knows the share",
         "vllm",
         "vllm:prompt_tokens_total 0\n",
         "vllm:prompt_tokens_total 5\nvllm:prompt_tokens_cached_total 6\n",
         {5, -1, -1, -1},
         false},
        {"other lines are nobody's",
         "tgi",
         "tgi_request_success 1\nvllm_like 5 5 5\nnonsense {{{\n# vllm:x 3\n",
         "tgi_request_success 1\r\n\r\ngo_goroutines 3\r\n",
         {-1, -1, -1, 0},
         false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        memset(&use, 0, sizeof use);
        if (!CHECK(between(cases[i].before, cases[i].after) == EMIT_OK && use.model_count == 1,
                   "%s: %s", cases[i].what, err.text))
            continue;
        CHECK_STRING(use.kind->name, cases[i].kind, "its kind");
        bool good = use.models[0].input_lacks_cached == cases[i].lacks_cached;
        for (int bucket = 0; bucket < EMIT_SERVED_BUCKETS; bucket++)
            good &= is_amount(use.models[0].amounts[bucket], cases[i].amounts[bucket]);
        CHECK(good, "%s: its amounts", cases[i].what);
    }
}

static void test_models(void) {
    CHECK(between("vllm:generation_tokens_total{model_name=\"a\"} 1\n",
                  "vllm:generation_tokens_total{model_name=\"b\"} 5\n"
                  "vllm:generation_tokens_total{model_name=\"a\"} 3\n"
                  "vllm:prompt_tokens_total{model_name=\"a\"} 4\n") == EMIT_OK,
          "two models");
    CHECK(use.model_count == 2, "each for itself");
    CHECK_STRING(use.models[0].name, "b", "by name");
    CHECK(is_amount(use.models[0].amounts[EMIT_SERVED_OUTPUT], 5), "one that came in between");
    CHECK(is_amount(use.models[1].amounts[EMIT_SERVED_OUTPUT], 2), "one that was there");
    CHECK(is_amount(emit_served_sum(&use, EMIT_SERVED_OUTPUT), 7), "and together");
    CHECK(is_amount(emit_served_sum(&use, EMIT_SERVED_INPUT), -1), "no sum that lacks one");
}

static void test_refusals(void) {
    static const struct {
        const char *what, *before, *after, *word;
        enum emit_status status;
    } cases[] = {
        {"a counter fell", "vllm:generation_tokens_total 10\n", "vllm:generation_tokens_total 9\n",
         "fell", EMIT_REFUSED},
        {"one engine of two fell, though the sum rose",
         "vllm:generation_tokens_total{engine=\"0\"} 10\n"
         "vllm:generation_tokens_total{engine=\"1\"} 10\n",
         "vllm:generation_tokens_total{engine=\"0\"} 100\n"
         "vllm:generation_tokens_total{engine=\"1\"} 1\n",
         "fell", EMIT_REFUSED},
        {"a counter vanished",
         "vllm:generation_tokens_total{engine=\"0\"} 10\nvllm:num_requests_running 0\n",
         "vllm:num_requests_running 0\n", "vanished", EMIT_REFUSED},
        {"another process, though the counters rose",
         "process_start_time_seconds 1.79e+09\nvllm:generation_tokens_total 10\n",
         "process_start_time_seconds 1.7900001e+09\nvllm:generation_tokens_total 20\n",
         "process_start_time_seconds", EMIT_REFUSED},
        {"another counter of the same name",
         "vllm:generation_tokens_created 1.79e+09\nvllm:generation_tokens_total 10\n",
         "vllm:generation_tokens_created 1.7900001e+09\nvllm:generation_tokens_total 20\n",
         "created", EMIT_REFUSED},
        {"another kind of server", "vllm:generation_tokens_total 10\n",
         "llamacpp:tokens_predicted_total 20\n", "llama.cpp", EMIT_REFUSED},
        {"two kinds at once", "vllm:generation_tokens_total 1\nsglang:num_requests_total 1\n", "",
         "sglang", EMIT_MALFORMED},
        {"none", "", "", "vLLM", EMIT_ABSENT},
        {"another text", "<html>404 page not found</html>\n", "", "vLLM", EMIT_ABSENT},
        {"a fraction of a token", "vllm:generation_tokens_total 1.5\n", "", "line 1",
         EMIT_MALFORMED},
        {"a number below zero", "\nvllm:generation_tokens_total -1\n", "", "line 2",
         EMIT_MALFORMED},
        {"no number", "vllm:generation_tokens_total NaN\n", "", "2^53", EMIT_MALFORMED},
        {"infinity", "vllm:generation_tokens_total +Inf\n", "", "2^53", EMIT_MALFORMED},
        {"words", "vllm:generation_tokens_total many\n", "", "2^53", EMIT_MALFORMED},
        {"more than a double counts", "vllm:generation_tokens_total 9007199254740993\n", "", "2^53",
         EMIT_MALFORMED},
        {"10^18", "vllm:generation_tokens_total 1e+18\n", "", "2^53", EMIT_MALFORMED},
        {"a fraction with an exponent", "vllm:generation_tokens_total 1.25e+01\n", "", "2^53",
         EMIT_MALFORMED},
        {"a series again",
         "vllm:generation_tokens_total{a=\"1\",b=\"2\"} 1\n"
         "vllm:generation_tokens_total{b=\"2\",a=\"1\"} 1\n",
         "", "line 2", EMIT_MALFORMED},
        {"a text that was cut in a number", "vllm:generation_tokens_total 12", "", "cut",
         EMIT_MALFORMED},
        {"a text that was cut behind a comment", "vllm:generation_tokens_total 12\n# HE", "",
         "line 2", EMIT_MALFORMED},
        {"an exemplar, which this format has not",
         "vllm:generation_tokens_total 12 # {trace_id=\"a\"} 1\n", "", "line 1", EMIT_MALFORMED},
        {"a broken series", "vllm:generation_tokens_total{model_name=\"m} 1\n", "", "line 1",
         EMIT_MALFORMED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        enum emit_status status = between(cases[i].before, cases[i].after);
        CHECK(status == cases[i].status && strstr(err.text, cases[i].word), "%s: %s", cases[i].what,
              err.text);
    }
    CHECK(parse(&first, "vllm:generation_tokens_total 9007199254740992\n") == EMIT_OK,
          "2^53 is the last that is taken");
    CHECK(between("vllm:generation_tokens_total 5\n", "vllm:generation_tokens_total 5\n") ==
                  EMIT_OK &&
              is_amount(use.models[0].amounts[EMIT_SERVED_OUTPUT], 0),
          "nothing in between is zero");
}

static void test_born(void) {
    (void)parse(&first, "llamacpp:tokens_predicted_total 5\n");
    (void)parse(&last, "llamacpp:tokens_predicted_total 6\n");
    emit_served_stamp(&first, "");
    CHECK(emit_served_difference(&first, &last, &use, &err) == EMIT_OK && use.may_hide_restart,
          "no mark");
    emit_served_stamp(&first, "1717");
    emit_served_stamp(&last, "1717");
    CHECK(emit_served_difference(&first, &last, &use, &err) == EMIT_OK && !use.may_hide_restart,
          "the same mark");
    (void)parse(&last, "llamacpp:tokens_predicted_total 6\n");
    emit_served_stamp(&last, "1718");
    CHECK(emit_served_difference(&first, &last, &use, &err) == EMIT_REFUSED, "another: %s",
          err.text);
}

// llama.cpp's six digits.
static void test_rounding(void) {
    static const struct {
        const char *before, *after;
        uint64_t count, slack;
    } cases[] = {
        {"999999", "999999", 0, 0},
        {"0", "1e+06", 1000000, 5},
        {"1e+06", "1.00001e+06", 10, 10},
        {"1.23457e+06", "1.23456e+06", 0, 10}, // a digit back: within what was rounded
        {"1.23457e+07", "1.23459e+07", 200, 100},
        {"100", "1.23457e+08", 123456900, 500},
    };
    char before[80], after[80];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        (void)snprintf(before, sizeof before, "llamacpp:tokens_predicted_total %s\n",
                       cases[i].before);
        (void)snprintf(after, sizeof after, "llamacpp:tokens_predicted_total %s\n", cases[i].after);
        memset(&use, 0, sizeof use);
        enum emit_status status = between(before, after);
        struct emit_served_amount amount = use.models[0].amounts[EMIT_SERVED_OUTPUT];
        CHECK(status == EMIT_OK && amount.count == cases[i].count && amount.slack == cases[i].slack,
              "%s to %s: %llu +- %llu", cases[i].before, cases[i].after,
              (unsigned long long)amount.count, (unsigned long long)amount.slack);
    }
    CHECK(between("llamacpp:tokens_predicted_total 1.23459e+06\n",
                  "llamacpp:tokens_predicted_total 1.23457e+06\n") == EMIT_REFUSED,
          "two digits back are none of rounding");
}

static void test_running(void) {
    CHECK(between("sglang:num_running_reqs{tp_rank=\"0\"} 2.0\nsglang:num_running_reqs 1\n",
                  "sglang:num_running_reqs 0.0\n") == EMIT_OK &&
              use.knows_running && use.running_first == 3 && use.running_last == 0,
          "requests at work");
    CHECK(between("tgi_batch_current_size 2\ntgi_queue_size 3\n", "tgi_queue_size 1\n") ==
                  EMIT_OK &&
              use.running_first == 5 && use.running_last == 1,
          "and those that wait, of a server that has counted their input");
    CHECK(between("sglang:num_running_reqs NaN\n", "sglang:num_running_reqs 0\n") == EMIT_OK &&
              !use.knows_running,
          "that nobody knows");
}

static void test_limits(void) {
    static char text[EMIT_SERVED_SERIES_MAX * 64 + 64];
    for (int models = 16; models <= 17; models++) {
        size_t at = 0;
        for (int i = 0; i < models; i++)
            at += (size_t)sprintf(text + at, "vllm:generation_tokens_total{model_name=\"%d\"} 1\n",
                                  i);
        CHECK(parse(&first, text) == (models == 16 ? EMIT_OK : EMIT_FULL), "%d models", models);
    }
    size_t at = 0;
    for (int i = 0; i < EMIT_SERVED_SERIES_MAX; i++)
        at += (size_t)sprintf(text + at, "vllm:generation_tokens_total{engine=\"%d\"} 1\n", i);
    CHECK(parse(&first, text) == EMIT_OK, "as many series as there is room for");
    (void)sprintf(text + at, "vllm:prompt_tokens_total 1\n");
    CHECK(parse(&first, text) == EMIT_FULL, "one more: %s", err.text);
}

int main(void) {
    test_kinds();
    test_models();
    test_refusals();
    test_born();
    test_rounding();
    test_running();
    test_limits();
    return check_end();
}
