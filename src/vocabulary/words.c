// The words of the contract: formats, closed sets, and words that may not stand.
// SPDX-License-Identifier: Apache-2.0
#include "vocabulary/fields.h"

#include <string.h>

const char *emit_format_pattern(enum emit_format format) {
#define PATTERN(name, pattern, expected) [name] = pattern,
    static const char *const patterns[] = {EMIT_FORMAT_ROWS(PATTERN)};
#undef PATTERN
    return patterns[format];
}

const char *emit_format_expected(enum emit_format format) {
#define EXPECTED(name, pattern, expected) [name] = expected,
    static const char *const sentences[] = {EMIT_FORMAT_ROWS(EXPECTED)};
#undef EXPECTED
    return sentences[format];
}

#define WORD(name, word) [name] = word,
static const char *const kind_words[] = {"emit:energy_meter_recorded"};
static const char *const channel_words[] = {"emit"};
static const char *const unit_words[] = {"joules"};
static const char *const provenance_words[] = {EMIT_PROVENANCE_ROWS(WORD)};
static const char *const source_words[] = {EMIT_SOURCE_ROWS(WORD)};
static const char *const component_words[] = {EMIT_COMPONENT_ROWS(WORD)};
static const char *const accuracy_words[] = {EMIT_ACCURACY_ROWS(WORD)};
static const char *const tier_words[] = {EMIT_TIER_ROWS(WORD)};
static const char *const family_words[] = {EMIT_FAMILY_ROWS(WORD)};
static const char *const boundary_words[] = {EMIT_BOUNDARY_ROWS(WORD)};
static const char *const confidence_words[] = {EMIT_CONFIDENCE_ROWS(WORD)};
static const char *const transport_words[] = {EMIT_TRANSPORT_ROWS(WORD)};
#undef WORD

struct word_list {
    const char *const *words;
    size_t count;
};

#define LIST(words)                                                                                \
    { words, sizeof words / sizeof words[0] }
static const struct word_list sets[EMIT_SET_COUNT] = {
    [EMIT_SET_KIND] = LIST(kind_words),
    [EMIT_SET_CHANNEL] = LIST(channel_words),
    [EMIT_SET_UNIT] = LIST(unit_words),
    [EMIT_SET_PROVENANCE] = LIST(provenance_words),
    [EMIT_SET_SOURCE] = LIST(source_words),
    [EMIT_SET_COMPONENT] = LIST(component_words),
    [EMIT_SET_ACCURACY] = LIST(accuracy_words),
    [EMIT_SET_TIER] = LIST(tier_words),
    [EMIT_SET_FAMILY] = LIST(family_words),
    [EMIT_SET_BOUNDARY] = LIST(boundary_words),
    [EMIT_SET_CONFIDENCE] = LIST(confidence_words),
    [EMIT_SET_TRANSPORT] = LIST(transport_words),
};

const char *const *emit_set_words(enum emit_set set, size_t *count) {
    *count = sets[set].count;
    return sets[set].words;
}

int emit_set_find(enum emit_set set, const char *word) {
    for (size_t i = 0; i < sets[set].count; i++)
        if (strcmp(sets[set].words[i], word) == 0) return (int)i;
    return -1;
}

const char *const *emit_brands(size_t *count) {
    // Makers of accelerators and processors, clouds, and the companies and model families of
    // inference. Common words that are also brands (together, replicate, lambda) are left out.
    static const char *const brands[] = {
        "nvidia",     "geforce",      "amd",      "radeon",     "epyc",        "intel",
        "xeon",       "qualcomm",     "apple",    "ibm",        "cerebras",    "groq",
        "sambanova",  "graphcore",    "habana",   "aws",        "amazon",      "bedrock",
        "azure",      "microsoft",    "gcp",      "google",     "oracle",      "alibaba",
        "aliyun",     "tencent",      "baidu",    "huawei",     "coreweave",   "crusoe",
        "nebius",     "runpod",       "vultr",    "hetzner",    "ovh",         "ovhcloud",
        "scaleway",   "digitalocean", "linode",   "equinix",    "dell",        "hpe",
        "supermicro", "lenovo",       "openai",   "gpt",        "chatgpt",     "anthropic",
        "claude",     "gemini",       "gemma",    "meta",       "llama",       "mistral",
        "mixtral",    "cohere",       "deepseek", "qwen",       "xai",         "grok",
        "moonshot",   "kimi",         "zhipu",    "perplexity", "huggingface", "openrouter",
    };
    *count = sizeof brands / sizeof brands[0];
    return brands;
}

const char *const *emit_forbidden_stems(size_t *count) {
    static const char *const stems[] = {"carbon",  "co2",    "emission", "cost",       "billing",
                                        "invoice", "margin", "cogs",     "attribution"};
    *count = sizeof stems / sizeof stems[0];
    return stems;
}
