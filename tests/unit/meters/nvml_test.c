// The NVML meter over a stub of the library: what opens, what each answer becomes, what
// is said. Arguments: the stub, one without optional functions, one that lacks what is needed.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "base/text.h"
#include "meters/meter.h"
#include "meters/nvml_abi.h"
#include "nvml_stub.h"

#include <dlfcn.h>
#include <stdlib.h>

static const char *whole, *bare, *broken;
static struct stub *stub; // of the whole library
static struct emit_point points[EMIT_POINTS_MAX];
static struct emit_reading readings[EMIT_POINTS_MAX];

struct opened {
    struct emit_host host;
    struct emit_points points;
    void *state;
    enum emit_status status;
    struct emit_error err;
};

static void open_with(struct opened *opened, const struct emit_meter_settings *settings) {
    *opened = (struct opened){.points = {.at = points, .size = EMIT_POINTS_MAX}};
    memset(points, 0, sizeof points);
    memset(readings, 0xff, sizeof readings);
    opened->state = calloc(1, emit_meter_nvml.state_size);
    if (!opened->state || emit_host_open(&opened->host, NULL, &opened->err) != EMIT_OK) exit(1);
    opened->status =
        emit_meter_nvml.open(opened->state, &opened->host, settings, &opened->points, &opened->err);
}

static void open_library(struct opened *opened, const char *path) {
    const struct emit_meter_settings settings = {.nvml_library = path};
    open_with(opened, &settings);
}

static void close_meter(struct opened *opened) {
    emit_meter_nvml.close(opened->state);
    emit_host_close(&opened->host);
    free(opened->state);
}

// A driver that is there and cannot be asked: one point, which says so.
static bool is_driver(const struct opened *opened, enum emit_code code, const char *words) {
    return opened->status == EMIT_OK && opened->points.count == 1 &&
           strcmp(points[0].device_id, "nvidia-driver") == 0 && points[0].found == code &&
           strstr(points[0].note, words);
}

// Eight alike devices that count, as the stub's tests begin.
static void reset_stub(unsigned count) {
    static const char *const uuids[STUB_DEVICES] = {
        "GPU-00000000-0000-4000-8000-000000000000", "GPU-11111111-0000-4000-8000-000000000001",
        "GPU-22222222-0000-4000-8000-000000000002", "GPU-33333333-0000-4000-8000-000000000003",
        "GPU-44444444-0000-4000-8000-000000000004", "GPU-55555555-0000-4000-8000-000000000005",
        "GPU-66666666-0000-4000-8000-000000000006", "GPU-77777777-0000-4000-8000-000000000007"};
    *stub = (struct stub){.count = count};
    for (unsigned i = 0; i < STUB_DEVICES; i++)
        stub->devices[i] = (struct stub_device){
            .uuid = uuids[i], .name = "EMIT-TEST-DOUBLE", .minor = i, .energy = 1000 * (i + 1)};
}

static void test_not_there(void) {
    struct opened opened;
    const struct emit_meter_settings none = {0};
    const struct emit_host own = {.sysfs = -1, .sysfs_is_own = true};
    CHECK(!emit_meter_nvml.is_slow(&own, &none), "nothing is slow on a machine that is a folder");
    if (emit_host_has_device("/dev/nvidiactl")) {
        check_skip("there is a driver on this machine");
    } else {
        open_with(&opened, &none);
        CHECK(opened.status == EMIT_ABSENT && strstr(opened.err.text, "/dev/nvidiactl"),
              "without a driver no library is looked for: %s", opened.err.text);
        close_meter(&opened);
    }
    static const struct {
        const char *path, *words;
    } rows[] = {
        {"libm.so.6", "libm.so.6 has no function nvmlInit_v2: name a library that is NVML"},
        {"/no/such/libnvidia-ml.so.1", "/no/such/libnvidia-ml.so.1 cannot be loaded: name"},
        {"/etc/passwd", "/etc/passwd cannot be loaded: name"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        open_library(&opened, rows[i].path);
        CHECK(is_driver(&opened, EMIT_CODE_MALFORMED, rows[i].words), "'%s': %s", rows[i].path,
              points[0].note);
        emit_meter_nvml.read(opened.state, readings);
        CHECK(readings[0].code == EMIT_CODE_MALFORMED, "and is never read");
        close_meter(&opened);
    }
    open_library(&opened, broken);
    CHECK(is_driver(&opened, EMIT_CODE_MALFORMED, "nvmlShutdown"), "a missing function is named");
    close_meter(&opened);
    const struct emit_meter_settings named = {.nvml_library = whole};
    CHECK(emit_meter_nvml.is_slow(&own, &named), "a library is slow to load");
}

static void test_start(void) {
    static const struct {
        int init, count_result;
        unsigned count;
        enum emit_code found; // of the driver; NONE: quietly absent
        const char *words;
    } rows[] = {
        {9, 0, 1, EMIT_CODE_NONE, "not loaded"},
        {18, 0, 1, EMIT_CODE_MALFORMED, "restart the machine"},
        {4, 0, 1, EMIT_CODE_DENIED, "may not use"},
        {17, 0, 1, EMIT_CODE_DENIED, "may not use"},
        {12, 0, 1, EMIT_CODE_MALFORMED, "library of its own"},
        {999, 0, 1, EMIT_CODE_MALFORMED, "code 999"},
        {12345, 0, 1, EMIT_CODE_MALFORMED, "code 12345"},
        {0, 999, 1, EMIT_CODE_MALFORMED, "how many"},
        {0, 0, 0, EMIT_CODE_NONE, "lists no GPU"},
        {0, 0, 33, EMIT_CODE_MALFORMED, "33 GPUs"},
        {0, 0, 4294967295, EMIT_CODE_MALFORMED, "4294967295 GPUs"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct opened opened;
        reset_stub(rows[i].count);
        stub->init_result = rows[i].init;
        stub->count_result = rows[i].count_result;
        open_library(&opened, whole);
        bool absent = opened.status == EMIT_ABSENT && strstr(opened.err.text, rows[i].words) &&
                      opened.points.count == 0;
        CHECK(rows[i].found ? is_driver(&opened, rows[i].found, rows[i].words) : absent,
              "start %d, count %u: %s", rows[i].init, rows[i].count,
              rows[i].found ? points[0].note : opened.err.text);
        close_meter(&opened);
        CHECK(stub->initialised == 0, "what was started is shut down, once");
    }
}

static void test_points(void) {
    struct opened opened;
    reset_stub(2);
    open_library(&opened, whole);
    CHECK(opened.status == EMIT_OK && opened.points.count == 2 && stub->initialised == 1,
          "two devices");
    const struct emit_point *point = &points[1];
    CHECK_STRING(point->meter, "nvml", "meter");
    CHECK_STRING(point->device_id, "GPU-11111111-0000-4000-8000-000000000001", "identity");
    CHECK_STRING(point->note, "EMIT-TEST-DOUBLE", "note");
    CHECK(point->source == EMIT_SOURCE_NVML && point->component == EMIT_COMPONENT_GPU &&
              point->accuracy == EMIT_ACCURACY_DEVICE_COUNTER && !point->found &&
              point->device_index == 1 && point->modulus == 0 && point->joules_numerator == 1 &&
              point->joules_denominator == 1000 && point->step_counts == 1 &&
              point->update_period_ns == 100000000 && point->max_milliwatts >= 2000000,
          "a counter of millijoules that never wraps");
    CHECK(point->traits == (EMIT_TRAIT_SIMULATED | EMIT_TRAIT_NUMBERED),
          "a library that was named is no evidence");
    unsigned before = stub->calls;
    emit_meter_nvml.read(opened.state, readings);
    CHECK(readings[0].code == EMIT_CODE_NONE && readings[0].count == 1000 &&
              readings[1].code == EMIT_CODE_NONE && readings[1].count == 2000,
          "both are read");
    CHECK(stub->calls - before == 2, "with one call a device");
    close_meter(&opened);
    CHECK(stub->initialised == 0, "closed");
}

// Results of the library as the codes of a device, when it is opened and when it is read.
static void test_results(void) {
    static const struct {
        int result;
        enum emit_code found, read;
    } rows[] = {
        {1, EMIT_CODE_MALFORMED, EMIT_CODE_MALFORMED},
        {2, EMIT_CODE_MALFORMED, EMIT_CODE_MALFORMED},
        {4, EMIT_CODE_DENIED, EMIT_CODE_DENIED},
        {6, EMIT_CODE_MALFORMED, EMIT_CODE_MALFORMED},
        {7, EMIT_CODE_MALFORMED, EMIT_CODE_MALFORMED},
        {9, EMIT_CODE_GONE, EMIT_CODE_GONE},
        {12, EMIT_CODE_MALFORMED, EMIT_CODE_MALFORMED},
        {15, EMIT_CODE_GONE, EMIT_CODE_GONE},
        {16, EMIT_CODE_GONE, EMIT_CODE_GONE},
        {17, EMIT_CODE_DENIED, EMIT_CODE_DENIED},
        {18, EMIT_CODE_MALFORMED, EMIT_CODE_MALFORMED},
        {23, EMIT_CODE_MALFORMED, EMIT_CODE_MALFORMED},
        {25, EMIT_CODE_MALFORMED, EMIT_CODE_MALFORMED},
        {28, EMIT_CODE_GONE, EMIT_CODE_GONE},
        {999, EMIT_CODE_MALFORMED, EMIT_CODE_MALFORMED},
        {-7, EMIT_CODE_MALFORMED, EMIT_CODE_MALFORMED},
        // May be better at the next reading.
        {10, EMIT_CODE_NONE, EMIT_CODE_TIMEOUT},
        {21, EMIT_CODE_NONE, EMIT_CODE_MALFORMED},
        // Lacking from the start, or a failure of what could be read before.
        {3, EMIT_CODE_ABSENT, EMIT_CODE_MALFORMED},
        {13, EMIT_CODE_ABSENT, EMIT_CODE_MALFORMED},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct opened opened;
        reset_stub(2);
        stub->devices[0].energy_result = rows[i].result;
        stub->devices[0].power_result = 3;
        open_library(&opened, whole);
        CHECK(opened.status == EMIT_OK && opened.points.count == 2 &&
                  points[0].found == rows[i].found && points[1].found == EMIT_CODE_NONE,
              "result %d at the start is '%s': %s", rows[i].result, emit_code_word(points[0].found),
              points[0].note);
        CHECK(!points[0].found || points[0].note[0], "with a sentence");
        emit_meter_nvml.read(opened.state, readings);
        CHECK(readings[1].code == EMIT_CODE_NONE && readings[1].count == 2000,
              "the other device is read");
        close_meter(&opened);
        reset_stub(2);
        open_library(&opened, whole);
        stub->devices[0].energy_result = rows[i].result;
        emit_meter_nvml.read(opened.state, readings);
        CHECK(readings[0].code == rows[i].read && readings[1].code == EMIT_CODE_NONE,
              "result %d while reading is '%s'", rows[i].result, emit_code_word(readings[0].code));
        stub->devices[0].energy_result = 0;
        emit_meter_nvml.read(opened.state, readings);
        CHECK(readings[0].code == EMIT_CODE_NONE && readings[0].count == 1000, "and may come back");
        close_meter(&opened);
    }
}

static void test_handles(void) {
    struct opened opened;
    reset_stub(8);
    for (unsigned i = 0; i < 8; i++)
        stub->devices[i].handle_result = i == 5 ? 0 : 4;
    open_library(&opened, whole);
    size_t denied = 0;
    for (size_t i = 0; i < opened.points.count; i++)
        denied += points[i].found == EMIT_CODE_DENIED && strstr(points[i].note, "not permitted");
    CHECK(opened.points.count == 8 && denied == 7 && points[5].found == EMIT_CODE_NONE,
          "one of eight devices is this job's");
    CHECK_STRING(points[0].device_id, "gpu-0", "a device nobody may ask for its UUID");
    emit_meter_nvml.read(opened.state, readings);
    CHECK(readings[5].code == EMIT_CODE_NONE && readings[5].count == 6000 &&
              readings[0].code == EMIT_CODE_DENIED,
          "and that one is read");
    close_meter(&opened);

    reset_stub(6);
    stub->devices[0].handle_result = 15;
    stub->devices[1].uuid_result = 15;
    stub->devices[2].uuid = "";
    stub->devices[3].uuid = "GPU-0123456789012345678901234567890123456789012345678901234567890123"
                            "4567890123456789012345678901234567890123456789";
    stub->devices[4].uuid = "MIG-55555555";
    stub->devices[5].uuid = "GPU-\033[2J";
    open_library(&opened, whole);
    CHECK(points[0].found == EMIT_CODE_GONE && points[1].found == EMIT_CODE_GONE,
          "lost devices are gone: %s", points[1].note);
    for (size_t i = 2; i < 6; i++)
        CHECK(points[i].found == EMIT_CODE_MALFORMED && strstr(points[i].note, "UUID"),
              "no UUID, no identity: %s, %s", points[i].device_id, points[i].note);
    close_meter(&opened);

    reset_stub(2);
    stub->devices[1].uuid = stub->devices[0].uuid;
    open_library(&opened, whole);
    CHECK(strcmp(points[1].device_id, "gpu-1") == 0 &&
              strcmp(points[1].same_as, points[0].device_id) == 0,
          "a UUID that stands twice is a device seen twice");
    close_meter(&opened);
}

static void test_names(void) {
    static const char long_name[] =
        "A name that is longer than the ninety-six bytes that the library is given to write a name "
        "into, and that it does not end with a terminator";
    struct opened opened;
    reset_stub(3);
    stub->devices[0].name = long_name;
    stub->devices[1].name_result = 7;
    stub->devices[2].name = "one\033[2J\n\xff";
    open_library(&opened, whole);
    CHECK(!points[0].found && emit_text_has_prefix(points[0].note, "A name that is longer"),
          "a long name is cut: %s", points[0].note);
    CHECK(!points[1].found && points[1].note[0] == '\0', "a device without a name is metered");
    CHECK_STRING(points[2].note, "one?[2J??", "what is no letter is not printed");
    close_meter(&opened);
}

// Ways to the energy besides the counter's own function.
static void test_ways(void) {
    enum { LACKS = 3, U32 = 1, U64 = 3, I64 = 4, F64 = 0 };
    static const struct {
        const char *what;
        int energy_result, power_result;
        struct stub_field fields[STUB_FIELDS];
        enum emit_code found;
        enum emit_component component;
        enum emit_accuracy accuracy;
        int64_t averaged_ns;
        uint64_t count;
    } rows[] = {
        {"field 83",
         LACKS,
         0,
         {{83, 0, 0, U64, 777}},
         EMIT_CODE_NONE,
         EMIT_COMPONENT_GPU,
         EMIT_ACCURACY_DEVICE_COUNTER,
         0,
         777},
        {"field 191",
         LACKS,
         0,
         {{83, 0, LACKS, 0, 0}, {191, 0, 0, I64, 778}},
         EMIT_CODE_NONE,
         EMIT_COMPONENT_GPU,
         EMIT_ACCURACY_DEVICE_COUNTER,
         0,
         778},
        {"field 186",
         LACKS,
         0,
         {{185, 0, 0, U32, 1}, {186, 0, 0, U32, 250000}},
         EMIT_CODE_NONE,
         EMIT_COMPONENT_GPU,
         EMIT_ACCURACY_POWER_INTEGRATED,
         0,
         250000},
        {"field 185",
         LACKS,
         0,
         {{185, 0, 0, U32, 240000}},
         EMIT_CODE_NONE,
         EMIT_COMPONENT_GPU,
         EMIT_ACCURACY_POWER_INTEGRATED,
         1000000000,
         240000},
        {"power usage",
         LACKS,
         0,
         {{0}},
         EMIT_CODE_NONE,
         EMIT_COMPONENT_GPU,
         EMIT_ACCURACY_POWER_INTEGRATED,
         1000000000,
         33},
        {"nothing", LACKS, LACKS, {{0}}, EMIT_CODE_ABSENT, EMIT_COMPONENT_GPU, 0, 0, 0},
        {"a fraction",
         LACKS,
         0,
         {{83, 0, 0, F64, 0x3ff0000000000000}},
         EMIT_CODE_MALFORMED,
         EMIT_COMPONENT_GPU,
         0,
         0,
         0},
        {"less than nothing",
         LACKS,
         0,
         {{83, 0, 0, I64, UINT64_MAX}},
         EMIT_CODE_MALFORMED,
         EMIT_COMPONENT_GPU,
         0,
         0,
         0},
        {"a superchip's counter",
         0,
         0,
         {{186, 0, 0, U32, 1}, {186, 1, 0, U32, 2}},
         EMIT_CODE_NONE,
         EMIT_COMPONENT_GPU_MODULE,
         EMIT_ACCURACY_DEVICE_COUNTER,
         0,
         1000},
        {"a superchip's power",
         LACKS,
         0,
         {{186, 0, 0, U32, 1}, {186, 1, 0, U32, 2}},
         EMIT_CODE_NONE,
         EMIT_COMPONENT_GPU,
         EMIT_ACCURACY_POWER_INTEGRATED,
         0,
         1},
        {"a superchip's module power",
         LACKS,
         0,
         {{185, 1, 0, U32, 2}},
         EMIT_CODE_NONE,
         EMIT_COMPONENT_GPU_MODULE,
         EMIT_ACCURACY_POWER_INTEGRATED,
         1000000000,
         2},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct opened opened;
        reset_stub(1);
        struct stub_device *device = &stub->devices[0];
        device->energy_result = rows[i].energy_result;
        device->power_result = rows[i].power_result;
        device->power = 33;
        memcpy(device->fields, rows[i].fields, sizeof device->fields);
        open_library(&opened, whole);
        const struct emit_point *point = &points[0];
        CHECK(point->found == rows[i].found && point->component == rows[i].component, "%s: %s",
              rows[i].what, point->note);
        emit_meter_nvml.read(opened.state, readings);
        if (!rows[i].found)
            CHECK(point->accuracy == rows[i].accuracy && point->update_period_ns == 100000000 &&
                      point->averaged_ns == rows[i].averaged_ns &&
                      readings[0].count == rows[i].count && !readings[0].code,
                  "%s: read as %llu", rows[i].what, (unsigned long long)readings[0].count);
        if (!rows[i].found && point->accuracy == EMIT_ACCURACY_POWER_INTEGRATED)
            CHECK(point->joules_denominator == 1000000000 && strstr(point->note, "integrated"),
                  "%s: counted in nanojoules, and said to be", rows[i].what);
        if (point->component == EMIT_COMPONENT_GPU_MODULE)
            CHECK(strstr(point->note, "whole module") != NULL, "%s: %s", rows[i].what, point->note);
        close_meter(&opened);
    }
    struct opened opened;
    for (int paired = 0; paired < 2; paired++) {
        reset_stub(1);
        stub->devices[0].name = paired ? "EMIT GB200" : "EMIT GH200";
        stub->devices[0].fields[0] = (struct stub_field){186, 1, 0, U32, 1};
        open_library(&opened, whole);
        CHECK(points[0].component == EMIT_COMPONENT_GPU_MODULE &&
                  !(points[0].traits & EMIT_TRAIT_PAIRED) == !paired,
              "a module of %d GPU%s", paired + 1, paired ? "s" : "");
        close_meter(&opened);
    }
    reset_stub(1);
    stub->devices[0].ignores_scopes = true;
    stub->devices[0].fields[0] = (struct stub_field){186, 0, 0, U32, 1};
    open_library(&opened, whole);
    CHECK(points[0].component == EMIT_COMPONENT_GPU,
          "a driver that answers for any scope is no evidence of a module");
    close_meter(&opened);
    reset_stub(1);
    stub->devices[0].mig_mode = 1;
    open_library(&opened, whole);
    CHECK(opened.points.count == 1 && strstr(points[0].note, "MIG: metered once"), "%s",
          points[0].note);
    close_meter(&opened);
}

static void test_bare(void) {
    struct opened opened;
    void *library = dlopen(bare, RTLD_NOW | RTLD_LOCAL);
    struct stub *of_bare = library ? dlsym(library, "nvml_stub") : NULL;
    if (!of_bare) exit(1);
    reset_stub(1);
    *of_bare = *stub;
    open_library(&opened, bare);
    CHECK(opened.status == EMIT_OK && opened.points.count == 1 &&
              points[0].found == EMIT_CODE_ABSENT &&
              strcmp(points[0].device_id, of_bare->devices[0].uuid) == 0,
          "a library without a function to read with: %s", points[0].note);
    close_meter(&opened);
    dlclose(library);
}

static void test_assigned(void) {
    struct opened opened;
    reset_stub(4);
    stub->devices[2].instance = "MIG-22222222-aaaa-4000-8000-000000000009";
    struct emit_meter_settings settings = {
        .nvml_library = whole,
        .assignment = {.by = EMIT_ASSIGNED_BY_CUDA,
                       .list = "MIG-22222222-aaaa-4000-8000-000000000009,0"},
    };
    open_with(&opened, &settings);
    CHECK(points[0].found == EMIT_CODE_NONE && points[2].found == EMIT_CODE_NONE &&
              points[1].found == EMIT_CODE_UNASSIGNED && points[3].found == EMIT_CODE_UNASSIGNED &&
              strstr(points[1].note, "not in CUDA_VISIBLE_DEVICES"),
          "a MIG instance is its GPU's: %s", points[1].note);
    emit_meter_nvml.read(opened.state, readings);
    CHECK(readings[1].code == EMIT_CODE_UNASSIGNED && readings[2].count == 3000,
          "others are not read");
    close_meter(&opened);
    reset_stub(2);
    stub->devices[1].name = "ANOTHER";
    settings.assignment.list = "0";
    open_with(&opened, &settings);
    CHECK(!points[0].found && !points[1].found && strstr(points[0].note, "every GPU is metered") &&
              points[0].traits & EMIT_TRAIT_UNMATCHED,
          "what cannot be told is not guessed: %s", points[0].note);
    close_meter(&opened);
}

int main(int argc, char **argv) {
    if (argc != 4) return 2;
    whole = argv[1], bare = argv[2], broken = argv[3];
    void *library = dlopen(whole, RTLD_NOW | RTLD_LOCAL);
    stub = library ? dlsym(library, "nvml_stub") : NULL;
    if (!stub) return 2;
    test_not_there();
    test_start();
    test_points();
    test_results();
    test_handles();
    test_names();
    test_ways();
    test_bare();
    test_assigned();
    dlclose(library);
    return check_end();
}
