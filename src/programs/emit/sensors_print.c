// emit sensors: the list for people, and the lines that help.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/page.h"
#include "programs/emit/report_parts.h"
#include "report/report.h"
#include "programs/emit/sensors.h"

#include <string.h>
#include <unistd.h>

enum {
    NAME_COLUMNS = 18,  // of a device
    STATE_COLUMNS = 10, // watts, or why there are none
    TEXT_AT = 2 + 6 + NAME_COLUMNS + 1 + STATE_COLUMNS + 2,
};

// One row: meter, device, state, and the words behind it, broken where the page ends.
static void print_row(const struct emit_page *page, const char *meter, const char *name,
                      const char *state, const char *words) {
    char lead[256], device[160];
    int columns = emit_page_copy(device, sizeof device, name, 64);
    int gap = NAME_COLUMNS + 1 + STATE_COLUMNS - columns - (int)strlen(state);
    (void)emit_text_format(lead, sizeof lead, "  %-5s %s%*s%s%s", meter, device, gap > 1 ? gap : 1,
                           "", state, *words ? "  " : "");
    emit_page_words(page, lead, TEXT_AT, words);
}

// What the rows before said, and the next one need not repeat.
struct said {
    const char *why;     // a point cannot be read
    const char *product; // of the point that was read last
};

// What is to be known of a point that can be read.
static void describe_reading(struct emit_text *words, const struct emit_sensors *sensors,
                             size_t index, struct said *said) {
    const struct emit_point *point = &sensors->slots[index].point;
    const struct emit_outcome *outcome = &sensors->result.outcomes[index];
    if (outcome->code == EMIT_CODE_REPLICATE)
        emit_text_add_format(words, "same counter as %s",
                             *outcome->because_meter ? outcome->because_meter : outcome->because);
    else if (emit_outcome_has_energy(outcome))
        emit_text_add_format(words, "moves every %g ms", (double)point->update_period_ns / 1e6);
    else if (outcome->code == EMIT_CODE_STALE)
        emit_text_add(words, "can be read, but did not move");
    else
        emit_text_add(words, emit_code_meaning(outcome->code));
    if (*point->inside) emit_text_add_format(words, "; inside %s", point->inside);
    if (point->component == EMIT_COMPONENT_PLATFORM)
        emit_text_add(words, "; never added to others");
    // Which devices are the run's, another meter may have told meanwhile.
    bool is_true = !(point->traits & EMIT_TRAIT_UNMATCHED) ||
                   emit_report_is_unmatched(sensors->slots, sensors->count, index);
    if (*point->note && is_true && strcmp(point->note, said->product) != 0)
        emit_text_add_format(words, "; %s", point->note);
    said->product = point->note;
}

static void print_point(const struct emit_page *page, const struct emit_sensors *sensors,
                        size_t index, struct said *said) {
    const struct emit_slot *slot = &sensors->slots[index];
    const struct emit_point *point = &slot->point;
    const struct emit_outcome *outcome = &sensors->result.outcomes[index];
    char state[32], room[512], name[EMIT_DEVICE_ID_MAX], id[EMIT_DEVICE_ID_MAX];
    struct emit_text words;
    emit_text_init(&words, room, sizeof room);
    if (emit_outcome_has_energy(outcome))
        (void)emit_text_format(state, sizeof state, "%.1f W", outcome->mean_watts);
    else
        (void)emit_text_format(state, sizeof state, "%s", emit_code_word(outcome->code));
    // A GPU has its number in the column, and its id, which is long, behind it.
    int number = emit_report_index(sensors->slots, sensors->count, index);
    emit_report_device(id, sizeof id, sensors->slots, sensors->count, index);
    bool is_numbered = number >= 0 && emit_text_has_prefix(id, "GPU-");
    (void)emit_text_format(name, sizeof name, "%s %d", emit_component_word(point->component),
                           number);
    if (is_numbered) emit_text_add_format(&words, "%s ", id);
    if (emit_sensors_is_readable(slot) || !*point->note) {
        describe_reading(&words, sensors, index, said);
    } else {
        emit_text_add(&words, strcmp(point->note, said->why) == 0 ? "same" : point->note);
        said->why = point->note;
    }
    print_row(page, point->meter, is_numbered ? name : id, state, room);
}

// A device that another meter counts, and of which there is no more to tell.
static bool is_plain_twin(const struct emit_sensors *sensors, size_t index) {
    const struct emit_outcome *outcome = &sensors->result.outcomes[index];
    return outcome->code == EMIT_CODE_REPLICATE && outcome->because_meter[0] &&
           emit_sensors_is_readable(&sensors->slots[index]);
}

static bool are_twins_alike(const struct emit_sensors *sensors, size_t a, size_t b) {
    const struct emit_point *p = &sensors->slots[a].point, *q = &sensors->slots[b].point;
    return is_plain_twin(sensors, a) && is_plain_twin(sensors, b) && p->component == q->component &&
           strcmp(p->meter, q->meter) == 0 && strcmp(p->note, q->note) == 0 &&
           strcmp(sensors->result.outcomes[a].because_meter,
                  sensors->result.outcomes[b].because_meter) == 0;
}

// One row for all of them: "nvml  gpu x8  replicate  same counters as dcgm".
static void print_twins(const struct emit_page *page, const struct emit_sensors *sensors,
                        size_t first, size_t count) {
    const struct emit_point *point = &sensors->slots[first].point;
    char name[64], words[256];
    (void)emit_text_format(name, sizeof name, "%s x%zu", emit_component_word(point->component),
                           count);
    (void)emit_text_format(words, sizeof words, "same counters as %s%s%s",
                           sensors->result.outcomes[first].because_meter, *point->note ? "; " : "",
                           point->note);
    print_row(page, point->meter, name, emit_code_word(EMIT_CODE_REPLICATE), words);
}

static void print_points(const struct emit_page *page, const struct emit_sensors *sensors) {
    struct said said = {"", ""};
    for (size_t i = 0; i < sensors->count; i++) {
        size_t alike = 0;
        bool is_first = true;
        for (size_t k = 0; k < sensors->count; k++) {
            if (!are_twins_alike(sensors, i, k)) continue;
            is_first &= k >= i;
            alike++;
        }
        if (alike > 1 && is_first) print_twins(page, sensors, i, alike);
        if (alike <= 1) print_point(page, sensors, i, &said);
    }
    for (size_t i = 0; i < sensors->other_count; i++) {
        const struct emit_other *other = &sensors->others[i];
        char name[96];
        (void)emit_text_format(name, sizeof name, "%s %s", other->kind, other->name);
        print_row(page, "-", name, other->interface ? "unmetered" : "unnameable", other->why);
    }
}

static void print_absent(const struct emit_page *page, const struct emit_sensors *sensors) {
    for (const struct emit_meter_type *const *type = emit_meter_types; *type; type++) {
        const char *why = emit_sensors_absence(sensors, (*type)->name);
        if (why) print_row(page, (*type)->name, "", "absent", why);
    }
    if (!sensors->ipmi_found && !sensors->host.sysfs_is_own)
        print_row(page, "ipmi", "", "absent", "no /dev/ipmi0");
}

// The path of this very program, as a word of shell.
static void write_own_path(char *word, size_t size) {
    char path[512];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
    path[length > 0 ? length : 0] = '\0';
    bool plain = length > 0 && strspn(path, "/abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                            "0123456789._+-") == (size_t)length;
    (void)emit_text_format(word, size, "%s", plain ? path : "\"$(command -v emit)\"");
}

// What helps against the codes of the other meters, each once.
static void print_other_remedies(const struct emit_page *page, const struct emit_sensors *sensors) {
    for (size_t i = 0; i < sensors->count; i++) {
        const struct emit_point *point = &sensors->slots[i].point;
        const char *line = emit_sensors_remedy(sensors, i);
        if (!line || strcmp(point->meter, "rapl") == 0) continue;
        fprintf(page->out, "Against %s (%s):\n", emit_code_word(point->found), point->meter);
        emit_page_shell(page, "  ", 2, line);
    }
}

static void print_remedies(const struct emit_page *page, const struct emit_sensors *sensors,
                           const struct emit_sensors_counts *counts) {
    if (counts->denied && geteuid() == 0) {
        fprintf(page->out, "To read the %zu denied point%s:\n", counts->denied,
                counts->denied == 1 ? "" : "s");
        emit_page_shell(page, "  ", 2, emit_report_remedy("rapl", EMIT_CODE_DENIED));
    } else if (counts->denied) {
        char own[512];
        write_own_path(own, sizeof own);
        fprintf(page->out,
                "To read the %zu denied point%s, choose one (all only read):\n"
                "  this program   sudo setcap cap_dac_read_search=ep %s\n"
                "  your group     emit sensors --udev energy   (prints the rule to install)\n"
                "  just once      sudo emit run -- COMMAND\n"
                "Locked because fast power readings leak keys (CVE-2020-8694).\n",
                counts->denied, counts->denied == 1 ? "" : "s", own);
    }
    if (counts->masked)
        fprintf(page->out,
                "To read the %zu masked point%s, start the container with one of (all only read):\n"
                "  docker run --security-opt systempaths=unconfined IMAGE\n"
                "  podman run --security-opt unmask=/sys/devices/virtual/powercap IMAGE\n",
                counts->masked, counts->masked == 1 ? "" : "s");
    print_other_remedies(page, sensors);
}

void emit_sensors_print(FILE *out, const struct emit_sensors *sensors) {
    const struct emit_page page = {.out = out, .columns = EMIT_PAGE_COLUMNS_MIN};
    struct emit_sensors_counts counts;
    emit_sensors_count(sensors, &counts);
    if (counts.simulated) fputs("emit: SIMULATED NODE, no number below is real\n", out);
    fprintf(out, "%zu point%s found: %zu readable, %zu explained, %zu cannot be named.%s\n",
            counts.found, counts.found == 1 ? "" : "s", counts.readable, counts.explained,
            counts.unnameable, counts.readable ? "" : "  exit 1");
    print_points(&page, sensors);
    print_absent(&page, sensors);
    print_remedies(&page, sensors, &counts);
    if (sensors->host.borrowed_right)
        fputs("Read with a right of this program's own: watts are means of full seconds.\n", out);
}
