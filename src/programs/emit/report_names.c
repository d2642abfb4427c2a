// The names of devices in a report: short where a person tells them apart, never
// two alike.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/report_parts.h"

#include "base/text.h"

#include <string.h>

// The name of a component in few letters; the device id beside it says the rest.
const char *emit_report_component(enum emit_component component) {
    if (component == EMIT_COMPONENT_CPU_PACKAGE) return "cpu";
    if (component == EMIT_COMPONENT_CPU_CORE) return "core";
    if (component == EMIT_COMPONENT_CPU_UNCORE) return "uncore";
    if (component == EMIT_COMPONENT_GPU_MODULE) return "module";
    return emit_component_word(component);
}

int emit_report_index(const struct emit_slot *slots, size_t count, size_t index) {
    const struct emit_point *point = &slots[index].point;
    for (size_t i = 0; point->device_index < 0 && i < count; i++)
        if (slots[i].point.device_index >= 0 &&
            strcmp(slots[i].point.device_id, point->device_id) == 0)
            return slots[i].point.device_index;
    return point->device_index;
}

void emit_report_label(char *text, size_t size, enum emit_component component, int index) {
    if (index >= 0)
        (void)emit_text_format(text, size, "%s %d", emit_report_component(component), index);
    else
        (void)emit_text_format(text, size, "%s", emit_report_component(component));
}

// Another device's id begins with these bytes, too.
static bool is_shared(const struct emit_slot *slots, size_t count, const char *id, size_t length) {
    for (size_t i = 0; i < count; i++) {
        const char *other = slots[i].point.device_id;
        if (strcmp(other, id) != 0 && strncmp(other, id, length) == 0) return true;
    }
    return false;
}

void emit_report_device(char *text, size_t size, const struct emit_slot *slots, size_t count,
                        size_t index) {
    enum { SHORTEST = 12 }; // "GPU-5f2a1b3c"
    const char *id = slots[index].point.device_id;
    size_t whole = strlen(id), length = whole;
    if (emit_text_has_prefix(id, "GPU-") && whole > SHORTEST)
        for (length = SHORTEST; length < whole && is_shared(slots, count, id, length);)
            length++;
    (void)emit_text_format(text, size, "%.*s", (int)length, id);
}
