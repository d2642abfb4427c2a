// Finding a field by its name.
// SPDX-License-Identifier: Apache-2.0
#include "vocabulary/lookup.h"

enum emit_field_id emit_field_find(enum emit_place place, const char *name, size_t length) {
    uint32_t id = emit_lookup_field(name, length, length);
    bool here = id < EMIT_FIELD_COUNT && emit_fields[id].place == place;
    return here ? (enum emit_field_id)id : EMIT_FIELD_COUNT;
}
