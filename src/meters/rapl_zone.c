// Which device a powercap zone is.
//
// What surprises: `dram` is listed inside a package but counted outside it, the
// mmio zones count the packages a second time, and a zone's number says nothing.
// SPDX-License-Identifier: Apache-2.0
#include "meters/rapl_zone.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

enum zone_order { IN_SOCKET, OF_PLATFORM, TWIN, WITHOUT_NAME, NOT_NAMEABLE };

static size_t control_length(const char *entry) {
    return strcspn(entry, ":");
}

static bool is_control(const char *entry, const char *control) {
    size_t length = strlen(control);
    return control_length(entry) == length && memcmp(entry, control, length) == 0;
}

static bool is_by_memory(const char *entry) {
    return is_control(entry, "intel-rapl-mmio");
}

// RAPL by registers, or over TPMI, which goes by the same name.
static bool is_by_register(const char *entry) {
    return is_control(entry, "intel-rapl");
}

static int compare_control(const char *left, const char *right) {
    int left_rank = is_by_register(left) ? 0 : is_by_memory(left) ? 1 : 2;
    int right_rank = is_by_register(right) ? 0 : is_by_memory(right) ? 1 : 2;
    if (left_rank != right_rank) return left_rank - right_rank;
    size_t length = control_length(left), other = control_length(right);
    int order = strncmp(left, right, length < other ? length : other);
    return order ? order : (length > other) - (length < other);
}

static int compare_entries(const char *left, const char *right) {
    int order = compare_control(left, right);
    left += control_length(left);
    right += control_length(right);
    while (order == 0 && *left == ':' && *right == ':') {
        char *left_end, *right_end;
        unsigned long left_id = strtoul(left + 1, &left_end, 16);
        unsigned long right_id = strtoul(right + 1, &right_end, 16);
        order = (left_id > right_id) - (left_id < right_id);
        left = left_end;
        right = right_end;
    }
    return order ? order : strcmp(left, right); // the shorter one is the parent
}

int emit_rapl_compare_entries(const void *left, const void *right) {
    const struct emit_rapl_zone *a = left, *b = right;
    return compare_entries(a->entry, b->entry);
}

static enum zone_order order_of(const struct emit_rapl_zone *zone) {
    if (zone->point.traits & EMIT_TRAIT_UNNAMEABLE) return NOT_NAMEABLE;
    if (zone->name[0] == '\0') return WITHOUT_NAME;
    if (zone->point.same_as[0] != '\0') return TWIN;
    return zone->point.component == EMIT_COMPONENT_PLATFORM ? OF_PLATFORM : IN_SOCKET;
}

int emit_rapl_compare_devices(const void *left, const void *right) {
    const struct emit_rapl_zone *a = left, *b = right;
    enum zone_order order_a = order_of(a), order_b = order_of(b);
    if (order_a != order_b) return order_a < order_b ? -1 : 1;
    int32_t index_a = a->point.device_index, index_b = b->point.device_index;
    if (index_a != index_b) return index_a < index_b ? -1 : 1;
    return compare_entries(a->entry, b->entry);
}

// A decimal number as the kernel's %d writes it, up to `end`; -1: it is none.
static int32_t read_index(const char *text, const char **end) {
    int32_t value = 0;
    const char *at = text;
    for (; *at >= '0' && *at <= '9' && at - text < 6; at++)
        value = value * 10 + (*at - '0');
    *end = at;
    return at == text ? -1 : value;
}

// "package-3" or "package-3-die-1".
static bool read_package(const char *name, struct emit_point *point) {
    if (!emit_text_has_prefix(name, "package-")) return false;
    const char *end;
    int32_t package = read_index(name + strlen("package-"), &end);
    if (package < 0) return false;
    uint32_t traits = 0;
    if (emit_text_has_prefix(end, "-die-")) {
        if (read_index(end + strlen("-die-"), &end) < 0) return false;
        traits = EMIT_TRAIT_DIE;
    }
    if (*end != '\0') return false;
    point->component = EMIT_COMPONENT_CPU_PACKAGE;
    point->device_index = package;
    point->traits |= traits;
    return emit_text_format(point->device_id, sizeof point->device_id, "%s", name);
}

// "psys", or "psys-1" for a later package.
static bool read_platform(const char *name, struct emit_point *point) {
    const char *end = name + strlen("psys");
    if (!emit_text_has_prefix(name, "psys")) return false;
    if (*end == '-' && read_index(end + 1, &end) < 0) return false;
    if (*end != '\0') return false;
    point->component = EMIT_COMPONENT_PLATFORM;
    return emit_text_format(point->device_id, sizeof point->device_id, "%s", name);
}

// "core", "uncore" and "dram" say what they are, their parent says whose.
static bool read_part(const struct emit_rapl_zone *zone, const struct emit_rapl_zone *parent,
                      struct emit_point *point) {
    static const struct {
        const char *name;
        enum emit_component component;
    } rows[] = {{"core", EMIT_COMPONENT_CPU_CORE},
                {"uncore", EMIT_COMPONENT_CPU_UNCORE},
                {"dram", EMIT_COMPONENT_DRAM}};
    size_t at = 0;
    while (at < sizeof rows / sizeof rows[0] && strcmp(rows[at].name, zone->name) != 0)
        at++;
    if (at == sizeof rows / sizeof rows[0] || !parent) return false;
    // A part of a twin is the twin of a part.
    bool is_twin = parent->point.same_as[0] != '\0';
    const char *whose = is_twin ? parent->point.same_as : parent->point.device_id;
    point->component = rows[at].component;
    point->device_index = parent->point.device_index;
    if (point->component == EMIT_COMPONENT_DRAM && emit_text_has_prefix(whose, "package-"))
        return emit_text_format(point->device_id, sizeof point->device_id, "dram%s",
                                whose + strlen("package"));
    if (point->component != EMIT_COMPONENT_DRAM)
        (void)emit_text_format(point->inside, sizeof point->inside, "%s", whose);
    return emit_text_format(point->device_id, sizeof point->device_id, "%s/%s", whose, zone->name);
}

// A device id holds what its source says, but no byte that could hurt a reader.
static void add_plain(struct emit_text *text, const char *words) {
    for (; *words; words++) {
        bool plain = (*words >= 'a' && *words <= 'z') || (*words >= 'A' && *words <= 'Z') ||
                     (*words >= '0' && *words <= '9') || strchr("-._:", *words);
        emit_text_add_bytes(text, plain ? words : "_", 1);
    }
}

static void name_as_unnameable(const struct emit_rapl_zone *zone, struct emit_point *point) {
    struct emit_text text;
    char control[EMIT_RAPL_ENTRY_MAX];
    (void)emit_text_format(control, sizeof control, "%.*s", (int)control_length(zone->entry),
                           zone->entry);
    emit_text_init(&text, point->device_id, sizeof point->device_id);
    add_plain(&text, control);
    emit_text_add(&text, "/");
    add_plain(&text, zone->name);
    point->traits |= EMIT_TRAIT_UNNAMEABLE;
    point->component = EMIT_COMPONENT_NODE; // never said: the point is excluded
}

static const struct emit_rapl_zone *find_parent(const struct emit_rapl_zone *zones, size_t before,
                                                const char *entry) {
    const char *last = strrchr(entry, ':');
    size_t length = last ? (size_t)(last - entry) : 0;
    for (size_t i = 0; i < before; i++)
        if (strlen(zones[i].entry) == length && memcmp(zones[i].entry, entry, length) == 0)
            return &zones[i];
    return NULL;
}

static bool is_taken(const struct emit_rapl_zone *zones, size_t before, const char *device_id) {
    for (size_t i = 0; i < before; i++)
        if (strcmp(zones[i].point.device_id, device_id) == 0) return true;
    return false;
}

// A second zone of one name counts the same thing again: under its own id, and
// beside the first. Only mmio is known to do so; of others it is the safe guess.
static void mark_twin(struct emit_rapl_zone *zones, size_t at) {
    struct emit_point *point = &zones[at].point;
    char first[EMIT_DEVICE_ID_MAX], plain[EMIT_DEVICE_ID_MAX];
    (void)emit_text_format(first, sizeof first, "%s", point->device_id);
    const char *prefix = is_by_memory(zones[at].entry) ? "mmio" : "again";
    bool whole = emit_text_format(plain, sizeof plain, "%s/%s", prefix, first);
    for (size_t number = 2; is_taken(zones, at, plain) || !whole; number++)
        whole = emit_text_format(plain, sizeof plain, "%s-%zu/%.40s", prefix, number, first);
    (void)emit_text_format(point->device_id, sizeof point->device_id, "%s", plain);
    if (!(point->traits & EMIT_TRAIT_UNNAMEABLE))
        (void)emit_text_format(point->same_as, sizeof point->same_as, "%s", first);
}

static void identify(struct emit_rapl_zone *zones, size_t at, bool core_is_one) {
    struct emit_rapl_zone *zone = &zones[at];
    struct emit_point *point = &zone->point;
    const struct emit_rapl_zone *parent = find_parent(zones, at, zone->entry);
    point->device_index = -1;
    if (zone->name[0] == '\0') { // all that is known of it is its entry
        point->component = EMIT_COMPONENT_CPU_PACKAGE;
        struct emit_text text;
        emit_text_init(&text, point->device_id, sizeof point->device_id);
        add_plain(&text, zone->entry);
    } else if (!is_by_register(zone->entry) && !is_by_memory(zone->entry)) {
        name_as_unnameable(zone, point);
    } else if (!read_package(zone->name, point) && !read_platform(zone->name, point) &&
               !read_part(zone, parent, point)) {
        name_as_unnameable(zone, point);
    } else if (core_is_one && point->component == EMIT_COMPONENT_CPU_CORE) {
        point->traits |= EMIT_TRAIT_ONE_CORE;
    }
    if (is_taken(zones, at, point->device_id)) mark_twin(zones, at);
}

void emit_rapl_identify(struct emit_rapl_zone *zones, size_t count, bool core_is_one) {
    for (size_t at = 0; at < count; at++)
        identify(zones, at, core_is_one);
}
