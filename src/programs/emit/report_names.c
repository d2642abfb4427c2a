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

void emit_report_label(char *text, size_t size, const struct emit_point *point) {
    if (point->device_index >= 0)
        (void)emit_text_format(text, size, "%s %d", emit_report_component(point->component),
                               point->device_index);
    else
        (void)emit_text_format(text, size, "%s", emit_report_component(point->component));
}

// Another device's id begins with these bytes too.
static bool is_shared(const struct emit_slot *slots, size_t count, const char *id, size_t length) {
    for (size_t i = 0; i < count; i++)
        if (strncmp(slots[i].point.device_id, id, length) == 0 &&
            strcmp(slots[i].point.device_id, id) != 0)
            return true;
    return false;
}

// Length up to the dash behind `from`, or to the end.
static size_t next_group(const char *id, size_t from) {
    return id[from] ? from + 1 + strcspn(id + from + 1, "-") : from;
}

void emit_report_device(char *text, size_t size, const struct emit_slot *slots, size_t count,
                        size_t index) {
    const char *id = slots[index].point.device_id;
    size_t length = strlen(id);
    if (emit_text_has_prefix(id, "GPU-")) {
        length = next_group(id, 3);
        while (id[length] && is_shared(slots, count, id, length))
            length = next_group(id, length);
    }
    (void)emit_text_format(text, size, "%.*s", (int)length, id);
}
