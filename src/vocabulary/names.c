// The words of the contract's closed sets.
// SPDX-License-Identifier: Apache-2.0
#include "vocabulary/names.h"

#define EMIT_NAME_WORD(name, word) [name] = word,

const char *emit_source_word(enum emit_source source) {
    static const char *const words[] = {EMIT_SOURCE_ROWS(EMIT_NAME_WORD)};
    return words[source];
}

const char *emit_provenance_word(enum emit_provenance provenance) {
    static const char *const words[] = {EMIT_PROVENANCE_ROWS(EMIT_NAME_WORD)};
    return words[provenance];
}

const char *emit_component_word(enum emit_component component) {
    static const char *const words[] = {EMIT_COMPONENT_ROWS(EMIT_NAME_WORD)};
    return words[component];
}

const char *emit_accuracy_word(enum emit_accuracy accuracy) {
    static const char *const words[] = {EMIT_ACCURACY_ROWS(EMIT_NAME_WORD)};
    return words[accuracy];
}

const char *emit_tier_word(enum emit_tier tier) {
    static const char *const words[] = {EMIT_TIER_ROWS(EMIT_NAME_WORD)};
    return words[tier];
}

const char *emit_family_word(enum emit_family family) {
    static const char *const words[] = {EMIT_FAMILY_ROWS(EMIT_NAME_WORD)};
    return words[family];
}

const char *emit_boundary_word(enum emit_boundary boundary) {
    static const char *const words[] = {EMIT_BOUNDARY_ROWS(EMIT_NAME_WORD)};
    return words[boundary];
}

const char *emit_confidence_word(enum emit_confidence confidence) {
    static const char *const words[] = {EMIT_CONFIDENCE_ROWS(EMIT_NAME_WORD)};
    return words[confidence];
}

bool emit_component_is_gpu(enum emit_component component) {
    return component == EMIT_COMPONENT_GPU || component == EMIT_COMPONENT_GPU_MODULE;
}
