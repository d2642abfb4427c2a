// The RAPL meter on trees of plain files: what opens, what is read, what is said.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "base/text.h"
#include "meters/meter.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char root[] = "/tmp/emit-rapl-XXXXXX";
static struct emit_point found[EMIT_POINTS_MAX];
static struct emit_reading readings[EMIT_POINTS_MAX];

static void put(const char *path, const char *text) {
    char whole[512];
    (void)emit_text_format(whole, sizeof whole, "%s/%s", root, path);
    for (char *slash = strchr(whole + sizeof root, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(whole, 0755);
        *slash = '/';
    }
    FILE *file = text ? fopen(whole, "w") : NULL;
    if (file) {
        fputs(text, file);
        fclose(file);
    }
}

static void put_zone(const char *entry, const char *name, const char *range, const char *energy) {
    char path[256];
    const char *const files[][2] = {
        {"name", name}, {"max_energy_range_uj", range}, {"energy_uj", energy}};
    for (size_t i = 0; i < 3; i++) {
        (void)emit_text_format(path, sizeof path, "class/powercap/%s/%s", entry, files[i][0]);
        put(path, files[i][1]);
    }
}

// Up to its line end: a name of a test is one line.
static int line_length(const char *text) {
    return text ? (int)strcspn(text, "\n") : 7;
}

static int remove_one(const char *path, const struct stat *seen, int type, struct FTW *walk) {
    (void)seen, (void)type, (void)walk;
    return remove(path);
}

static void clear(void) {
    nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    mkdir(root, 0755);
}

static int open_descriptors(void) {
    int count = 0;
    DIR *directory = opendir("/proc/self/fd");
    while (directory && readdir(directory))
        count++;
    if (directory) closedir(directory);
    return count;
}

struct opened {
    struct emit_host host;
    struct emit_points points;
    void *state;
    enum emit_status status;
    struct emit_error err;
};

static void open_meter(struct opened *opened, int64_t max_package_milliwatts) {
    const struct emit_meter_settings settings = {.max_package_milliwatts = max_package_milliwatts};
    *opened = (struct opened){.points = {.at = found, .size = EMIT_POINTS_MAX}};
    opened->state = calloc(1, emit_meter_rapl.state_size);
    if (!opened->state || emit_host_open(&opened->host, root, &opened->err) != EMIT_OK) exit(1);
    opened->status = emit_meter_rapl.open(opened->state, &opened->host, &settings, &opened->points,
                                          &opened->err);
}

static void close_meter(struct opened *opened) {
    emit_meter_rapl.close(opened->state);
    emit_host_close(&opened->host);
    free(opened->state);
}

static void test_absence(void) {
    struct opened opened;
    open_meter(&opened, 1000000);
    CHECK(opened.status == EMIT_ABSENT && strstr(opened.err.text, "there is no"), "no class: %s",
          opened.err.text);
    close_meter(&opened);
    put("class/powercap/", NULL);
    open_meter(&opened, 1000000);
    CHECK(opened.status == EMIT_ABSENT && strstr(opened.err.text, "lists no zone"),
          "an empty class: %s", opened.err.text);
    close_meter(&opened);
    put("class/powercap/intel-rapl/enabled", "1\n");
    open_meter(&opened, 1000000);
    CHECK(opened.status == EMIT_ABSENT, "a control type alone is no zone");
    close_meter(&opened);
    struct emit_host none = {.sysfs = -1};
    const struct emit_meter_settings settings = {.max_package_milliwatts = 1};
    void *state = calloc(1, emit_meter_rapl.state_size);
    struct emit_points points = {.at = found, .size = EMIT_POINTS_MAX};
    if (!state) exit(1);
    CHECK(emit_meter_rapl.open(state, &none, &settings, &points, NULL) == EMIT_ABSENT,
          "a host without /sys has no zones");
    emit_meter_rapl.close(state);
    free(state);
    clear();
}

static void test_ranges(void) {
    static const struct {
        const char *range;
        uint64_t modulus, step;
        enum emit_code found;
    } rows[] = {
        {"262143328850\n", 262143328911, 61, EMIT_CODE_NONE},
        {"262143999938\n", 262143999999, 61, EMIT_CODE_NONE},
        {"65532610987\n", 65532611002, 15, EMIT_CODE_NONE},
        {"65712999613\n", 65712999628, 15, EMIT_CODE_NONE},
        {"4294967295000000\n", 4294967296000000, 1000000, EMIT_CODE_NONE},
        {"4294967294\n", 4294967294, 1, EMIT_CODE_NONE},
        {"18446744073709551615\n", 0, 1, EMIT_CODE_NONE},
        {"18446744073709551614\n", 0, 1, EMIT_CODE_MALFORMED},
        {"18446744073709551616\n", 0, 1, EMIT_CODE_MALFORMED},
        {"0\n", 0, 1, EMIT_CODE_MALFORMED},
        {"", 0, 1, EMIT_CODE_MALFORMED},
        {"-1\n", 0, 1, EMIT_CODE_MALFORMED},
        {"12 \n", 0, 1, EMIT_CODE_MALFORMED},
        {"0000000000000000000000000000001234\n", 0, 1, EMIT_CODE_MALFORMED},
        {NULL, 0, 1, EMIT_CODE_MALFORMED},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct opened opened;
        put_zone("intel-rapl:0", "package-0\n", rows[i].range, "5\n");
        open_meter(&opened, 1000000);
        CHECK(opened.status == EMIT_OK && found[0].modulus == rows[i].modulus &&
                  found[0].step_counts == rows[i].step && found[0].found == rows[i].found,
              "range %.*s: modulus %llu, step %llu %s", line_length(rows[i].range),
              rows[i].range ? rows[i].range : "missing", (unsigned long long)found[0].modulus,
              (unsigned long long)found[0].step_counts, found[0].note);
        close_meter(&opened);
        clear();
    }
}

// The kernel says 1 ... 20 digits and a line end, nothing else.
static void test_counts(void) {
    static const struct {
        const char *text;
        enum emit_code code;
        uint64_t count;
    } rows[] = {
        {"0\n", EMIT_CODE_NONE, 0},
        {"262143328850\n", EMIT_CODE_NONE, 262143328850},
        {"18446744073709551615\n", EMIT_CODE_NONE, UINT64_MAX},
        {"7", EMIT_CODE_NONE, 7},
        {"18446744073709551616\n", EMIT_CODE_MALFORMED, 0},
        {"", EMIT_CODE_MALFORMED, 0},
        {"\n", EMIT_CODE_MALFORMED, 0},
        {"-1\n", EMIT_CODE_MALFORMED, 0},
        {"+1\n", EMIT_CODE_MALFORMED, 0},
        {" 1\n", EMIT_CODE_MALFORMED, 0},
        {"1 \n", EMIT_CODE_MALFORMED, 0},
        {"1\n\n", EMIT_CODE_MALFORMED, 0},
        {"1.5\n", EMIT_CODE_MALFORMED, 0},
        {"0x10\n", EMIT_CODE_MALFORMED, 0},
        {"00000000000000000000000000000000000001\n", EMIT_CODE_MALFORMED, 0},
    };
    enum { ROWS = sizeof rows / sizeof rows[0] };
    for (size_t i = 0; i < ROWS; i++) {
        char entry[32], name[32];
        (void)emit_text_format(entry, sizeof entry, "intel-rapl:%zx", i);
        (void)emit_text_format(name, sizeof name, "package-%zu\n", i);
        put_zone(entry, name, "262143328850\n", rows[i].text);
    }
    struct opened opened;
    open_meter(&opened, 1000000);
    for (size_t i = 0; i < ROWS; i++)
        readings[i] = (struct emit_reading){.taken_ns = 42, .suspended_ns = 43};
    emit_meter_rapl.read(opened.state, readings);
    CHECK(opened.points.count == ROWS, "every zone is a point");
    for (size_t i = 0; i < ROWS; i++) {
        CHECK(readings[i].code == rows[i].code &&
                  (rows[i].code != EMIT_CODE_NONE || readings[i].count == rows[i].count),
              "count '%.*s' is %s", line_length(rows[i].text), rows[i].text,
              *emit_code_word(rows[i].code) ? "refused" : "read");
        CHECK(readings[i].taken_ns == 42 && readings[i].suspended_ns == 43,
              "times are the caller's");
    }
    put("class/powercap/intel-rapl:0/energy_uj", "1234\n");
    emit_meter_rapl.read(opened.state, readings);
    CHECK(readings[0].count == 1234, "a kept descriptor sees the new count");
    close_meter(&opened);
    clear();
}

static void test_what_is_no_file(void) {
    struct opened opened;
    int before = open_descriptors();
    put_zone("intel-rapl:0", "package-0\n", "262143328850\n", NULL);
    put("class/powercap/intel-rapl:0/energy_uj/", NULL);
    put_zone("intel-rapl:1", "package-1\n", "262143328850\n", NULL);
    char fifo[256];
    (void)emit_text_format(fifo, sizeof fifo, "%s/class/powercap/intel-rapl:1/energy_uj", root);
    CHECK(mkfifo(fifo, 0644) == 0, "a pipe in the place of a counter");
    open_meter(&opened, 1000000);
    emit_meter_rapl.read(opened.state, readings);
    CHECK(readings[0].code == EMIT_CODE_MALFORMED, "a folder is no counter");
    CHECK(readings[1].code == EMIT_CODE_MALFORMED, "a pipe is no counter, and holds nobody up");
    CHECK(found[0].traits & EMIT_TRAIT_SIMULATED, "a root of our own is simulated");
    close_meter(&opened);
    CHECK(open_descriptors() == before, "close leaves no descriptor behind");
    clear();
}

static void test_powers(void) {
    put_zone("intel-rapl:0", "package-0\n", "262143328850\n", "1\n");
    put_zone("intel-rapl:0:0", "core\n", "262143328850\n", "1\n");
    put_zone("intel-rapl:0:1", "dram\n", "65712999613\n", "1\n");
    put_zone("intel-rapl:1", "package-1\n", "262143328850\n", "1\n");
    put_zone("intel-rapl:2", "psys\n", "4294967295000000\n", "1\n");
    struct opened opened;
    open_meter(&opened, 700000);
    static const struct {
        const char *device_id;
        int64_t milliwatts;
    } rows[] = {{"package-0", 700000},
                {"package-0/core", 700000},
                {"dram-0", 350000},
                {"package-1", 700000},
                {"psys", 2800000}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_STRING(found[i].device_id, rows[i].device_id, "device");
        CHECK(found[i].max_milliwatts == rows[i].milliwatts, "draws at most %lld mW",
              (long long)found[i].max_milliwatts);
        CHECK(found[i].update_period_ns > 0 && found[i].joules_numerator == 1 &&
                  found[i].joules_denominator == 1000000,
              "counts microjoules");
    }
    close_meter(&opened);
    clear();
}

static void test_room(void) {
    put_zone("intel-rapl:0", "package-0\n", "262143328850\n", "1\n");
    put_zone("intel-rapl:1", "package-1\n", "262143328850\n", "1\n");
    struct emit_host host;
    struct emit_error err;
    struct emit_points points = {.at = found, .size = 1};
    const struct emit_meter_settings settings = {.max_package_milliwatts = 1000000};
    void *state = calloc(1, emit_meter_rapl.state_size);
    int before = open_descriptors();
    if (!state || emit_host_open(&host, root, &err) != EMIT_OK) exit(1);
    CHECK(emit_meter_rapl.open(state, &host, &settings, &points, &err) == EMIT_FULL,
          "more zones than there is room: %s", err.text);
    emit_meter_rapl.close(state);
    emit_host_close(&host);
    free(state);
    CHECK(open_descriptors() == before, "a failed open leaves no descriptor behind");
    clear();
}

static void test_remedies(void) {
    static const enum emit_code helped[] = {EMIT_CODE_DENIED, EMIT_CODE_MASKED};
    for (size_t i = 0; i < sizeof helped / sizeof helped[0]; i++)
        CHECK(emit_meter_rapl.remedy(helped[i]) != NULL, "%s has a remedy",
              emit_code_word(helped[i]));
    CHECK(emit_meter_rapl.remedy(EMIT_CODE_GONE) == NULL, "what nothing helps has none");
    for (int code = 0; code < EMIT_CODE_COUNT; code++) {
        const char *line = emit_meter_rapl.remedy((enum emit_code)code);
        CHECK(!line || (!strchr(line, '\n') && !strstr(line, "chmod 0444")), "one line, and safe");
    }
}

int main(void) {
    if (!mkdtemp(root)) return 1;
    test_absence();
    test_ranges();
    test_counts();
    test_what_is_no_file();
    test_powers();
    test_room();
    test_remedies();
    clear();
    rmdir(root);
    return check_end();
}
