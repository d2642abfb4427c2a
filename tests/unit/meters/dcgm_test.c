// The DCGM meter against a stub of its library: what an engine can answer, refuse,
// leave out, forget, and how it is found again.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "dcgm_stub.h"
#include "meters/meter.h"

#include <dlfcn.h>
#include <stdlib.h>

enum { GPUS = 3 };

static const char *const uuids[GPUS] = {"GPU-aaaaaaaa-0000-0000-0000-000000000000",
                                        "GPU-bbbbbbbb-0000-0000-0000-000000000000",
                                        "GPU-cccccccc-0000-0000-0000-000000000000"};
static const int64_t second_ns = 1000000000;
static const int64_t blank = INT64_C(0x7ffffffffffffff0);

static struct stub *stub; // of the library that is named by `library`
static const char *library;
static int64_t now_ns; // of every clock here

static int64_t clock_now(struct emit_host *host) {
    (void)host;
    return now_ns;
}

static const struct emit_host_clocks clocks = {clock_now, clock_now, clock_now};

// One opened meter.
struct bench {
    struct emit_host host;
    struct emit_meter_settings settings;
    void *state;
    enum emit_status status;
    struct emit_error err;
    struct emit_points points;
    struct emit_point at[EMIT_POINTS_MAX];
    struct emit_reading readings[EMIT_POINTS_MAX];
};

static void pass(int64_t ns) {
    now_ns += ns;
    stub->now_us = now_ns / 1000;
}

static void open_bench(struct bench *bench, const char *host) {
    *bench = (struct bench){.host = {.sysfs = -1, .clocks = &clocks, .sysfs_is_own = true},
                            .settings = {.dcgm_library = library, .dcgm_host = host},
                            .points = {.size = EMIT_POINTS_MAX}};
    bench->points.at = bench->at;
    bench->state = calloc(1, emit_meter_dcgm.state_size);
    if (!bench->state) abort();
    bench->status = emit_meter_dcgm.open(bench->state, &bench->host, &bench->settings,
                                         &bench->points, &bench->err);
}

static void close_bench(struct bench *bench) {
    emit_meter_dcgm.close(bench->state);
    free(bench->state);
}

static const struct emit_reading *sample(struct bench *bench) {
    memset(bench->readings, 0x5a, sizeof bench->readings); // what was there before
    emit_meter_dcgm.read(bench->state, bench->readings);
    return bench->readings;
}

// An engine with three GPUs of 100, 200 and 300 J.
static void plug_in(void) {
    *stub = (struct stub){.gpu_count = GPUS};
    for (int i = 0; i < GPUS; i++)
        stub->gpus[i] = (struct stub_gpu){.id = (unsigned)(10 + i),
                                          .uuid = uuids[i],
                                          .energy_mj = 100000 * (i + 1),
                                          .power_w = 250.5,
                                          .instant_w = 260};
    now_ns = 1000000 * second_ns;
    pass(0);
}

static bool counts_are(const struct emit_reading *readings, int64_t more_mj) {
    for (int i = 0; i < GPUS; i++)
        if (readings[i].code || readings[i].count != (uint64_t)(100000 * (i + 1) + more_mj))
            return false;
    return true;
}

static void test_reads(void) {
    struct bench bench;
    plug_in();
    open_bench(&bench, NULL);
    CHECK(bench.status == EMIT_OK && bench.points.count == GPUS, "three GPUs: %s", bench.err.text);
    CHECK_STRING(stub->address, "127.0.0.1:5555", "this machine, the usual port");
    CHECK(stub->timeout_ms == 1000 && !stub->is_unix, "waits a second to connect, no longer");
    for (int i = 0; i < GPUS; i++) {
        const struct emit_point *point = &bench.at[i];
        CHECK_STRING(point->device_id, uuids[i], "known by its UUID");
        CHECK(point->device_index == i && point->component == EMIT_COMPONENT_GPU &&
                  point->source == EMIT_SOURCE_DCGM && !point->found,
              "GPU %d as NVML numbers it", point->device_index);
        CHECK(point->accuracy == EMIT_ACCURACY_DEVICE_COUNTER &&
                  point->joules_denominator == 1000 && point->modulus == 0 &&
                  point->update_period_ns == 100000000,
              "a counter of millijoules that never wraps");
        CHECK(point->traits & EMIT_TRAIT_SIMULATED, "a library that was named is no evidence");
    }
    CHECK(counts_are(sample(&bench), 0), "each has its own count, although they come in any order");
    CHECK(stub->asked_group == 1, "GPUs are asked, never their instances");
    CHECK(stub->live_reads == 2 && !stub->watches && !stub->cached_reads,
          "live: nothing is left behind in the engine");
    close_bench(&bench);
    CHECK(stub->connects == 1 && stub->disconnects == 1, "the connection is closed");
}

// What a GPU's values say at open, and what becomes of its point.
static void test_points(void) {
    const struct {
        const char *what, *uuid;
        int status;
        int64_t energy_mj;
        double power_w, instant_w;
        int type;
        enum emit_code found;
        bool is_power;
        uint64_t count;
    } cases[] = {
        {"a counter", uuids[0], 0, 5, 1, 1, 0, EMIT_CODE_NONE, false, 5},
        {"the largest count", uuids[0], 0, blank - 1, 1, 1, 0, EMIT_CODE_NONE, false,
         (uint64_t)blank - 1},
        {"no counter, power", uuids[0], 0, blank + 2, 70.25, 1, 0, EMIT_CODE_NONE, true, 70250},
        {"no counter, power of the moment only", uuids[0], 0, blank + 2, 140737488355330.0, 33, 0,
         EMIT_CODE_NONE, true, 33000},
        {"neither", uuids[0], 0, blank + 2, 140737488355330.0, 140737488355330.0, 0,
         EMIT_CODE_ABSENT, false, 0},
        {"blank", uuids[0], 0, blank, 1, 1, 0, EMIT_CODE_MALFORMED, false, 0},
        {"blank: not found", uuids[0], 0, blank + 1, 1, 1, 0, EMIT_CODE_MALFORMED, false, 0},
        {"blank: not permitted", uuids[0], 0, blank + 3, 1, 1, 0, EMIT_CODE_DENIED, false, 0},
        {"the last blank", uuids[0], 0, INT64_MAX, 1, 1, 0, EMIT_CODE_MALFORMED, false, 0},
        {"below zero", uuids[0], 0, -1, 1, 1, 0, EMIT_CODE_MALFORMED, false, 0},
        {"an energy that is no integer", uuids[0], 0, 5, 1, 1, 'd', EMIT_CODE_MALFORMED, false, 0},
        {"power below zero", uuids[0], 0, blank + 2, -1, 1, 0, EMIT_CODE_MALFORMED, false, 0},
        {"power that is blank", uuids[0], 0, blank + 2, 140737488355328.0, 1, 0,
         EMIT_CODE_MALFORMED, false, 0},
        {"not permitted", uuids[0], -17, 5, 1, 1, 0, EMIT_CODE_DENIED, false, 0},
        {"lost", uuids[0], -18, 5, 1, 1, 0, EMIT_CODE_GONE, false, 0},
        {"to be reset", uuids[0], -19, 5, 1, 1, 0, EMIT_CODE_GONE, false, 0},
        {"not supported", uuids[0], -6, 5, 1, 1, 0, EMIT_CODE_ABSENT, false, 0},
        {"no UUID", "<<<NOT_SUPPORTED>>>", 0, 5, 1, 1, 0, EMIT_CODE_MALFORMED, false, 0},
        {"an empty UUID", "", 0, 5, 1, 1, 0, EMIT_CODE_MALFORMED, false, 0},
        {"a UUID of control characters", "GPU-\x1b[2J", 0, 5, 1, 1, 0, EMIT_CODE_MALFORMED, false,
         0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bench bench;
        plug_in();
        struct stub_gpu *gpu = &stub->gpus[0];
        *gpu = (struct stub_gpu){.id = 10,
                                 .uuid = cases[i].uuid,
                                 .status = cases[i].status,
                                 .energy_mj = cases[i].energy_mj,
                                 .power_w = cases[i].power_w,
                                 .instant_w = cases[i].instant_w,
                                 .type = cases[i].type};
        open_bench(&bench, NULL);
        const struct emit_point *point = &bench.at[0];
        const struct emit_reading *readings = sample(&bench);
        CHECK(bench.points.count == GPUS && point->found == cases[i].found, "%s: '%s' %s",
              cases[i].what, emit_code_word(point->found), point->note);
        CHECK((point->note[0] != '\0') == (point->found || cases[i].is_power),
              "with a sentence: %s", point->note);
        CHECK(readings[0].code == cases[i].found, "and so says the reading");
        if (!cases[i].found)
            CHECK(readings[0].count == cases[i].count &&
                      (point->accuracy == EMIT_ACCURACY_POWER_INTEGRATED) == cases[i].is_power &&
                      point->joules_denominator == (cases[i].is_power ? 1000000000 : 1000),
                  "%llu of 1/%llu joule", (unsigned long long)readings[0].count,
                  (unsigned long long)point->joules_denominator);
        CHECK(!readings[1].code && readings[1].count == 200000, "the others are read");
        close_bench(&bench);
    }
}

// What a GPU that was read a moment ago says in mid-run.
static void test_readings(void) {
    static const struct {
        int status;
        enum emit_code code;
    } cases[] = {
        {-1, EMIT_CODE_MALFORMED},   {-3, EMIT_CODE_MALFORMED},  {-6, EMIT_CODE_MALFORMED},
        {-8, EMIT_CODE_MALFORMED},   {-11, EMIT_CODE_TIMEOUT},   {-13, EMIT_CODE_MALFORMED},
        {-14, EMIT_CODE_TIMEOUT},    {-15, EMIT_CODE_STALE},     {-16, EMIT_CODE_MALFORMED},
        {-17, EMIT_CODE_DENIED},     {-18, EMIT_CODE_GONE},      {-19, EMIT_CODE_GONE},
        {-22, EMIT_CODE_MALFORMED},  {-32, EMIT_CODE_MALFORMED}, {-44, EMIT_CODE_MALFORMED},
        {-56, EMIT_CODE_TIMEOUT},    {-57, EMIT_CODE_TIMEOUT},   {-67, EMIT_CODE_TIMEOUT},
        {-999, EMIT_CODE_MALFORMED}, {7, EMIT_CODE_MALFORMED},
    };
    struct bench bench;
    plug_in();
    open_bench(&bench, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        stub->gpus[1].status = cases[i].status;
        pass(second_ns);
        const struct emit_reading *readings = sample(&bench);
        CHECK(readings[1].code == cases[i].code && !readings[0].code && !readings[2].code,
              "status %d of one of three is %s", cases[i].status, emit_code_word(readings[1].code));
    }
    stub->gpus[1].status = 0;
    stub->gpus[1].is_left_out = true;
    pass(second_ns);
    CHECK(sample(&bench)[1].code == EMIT_CODE_TIMEOUT, "a GPU that the answer leaves out");
    stub->gpus[1].is_left_out = false;
    stub->gpus[1].energy_mj = blank + 2;
    CHECK(sample(&bench)[1].code == EMIT_CODE_MALFORMED, "a blank in mid-run is no count");
    stub->is_silent = true;
    CHECK(sample(&bench)[0].code == EMIT_CODE_TIMEOUT, "an engine that does not answer in time");
    stub->is_silent = false;
    stub->gpus[1].energy_mj = 200000;
    CHECK(counts_are(sample(&bench), 0), "and afterwards all are there");
    CHECK(stub->attempts == 1, "for none of this the connection was given up");
    close_bench(&bench);
}

static void test_stale(void) {
    struct bench bench;
    plug_in();
    open_bench(&bench, NULL);
    stub->gpus[0].age_us = 190000;
    CHECK(counts_are(sample(&bench), 0), "a value of 190 ms ago counts");
    stub->gpus[0].age_us = 210000;
    CHECK(sample(&bench)[0].code == EMIT_CODE_STALE, "one of 210 ms ago is stale");
    CHECK(!bench.readings[1].code, "the others are not");
    stub->gpus[0].age_us = -210000;
    CHECK(sample(&bench)[0].code == EMIT_CODE_STALE, "nor is one believed that is to come");
    close_bench(&bench);

    plug_in();
    open_bench(&bench, "engine.example:5555");
    CHECK_STRING(stub->address, "engine.example:5555", "an engine elsewhere");
    for (int i = 0; i < GPUS; i++)
        stub->gpus[i].age_us = 3600000000LL;
    bool good = true;
    for (int i = 0; i < 5; i++, pass(second_ns))
        good &= counts_are(sample(&bench), 0);
    CHECK(good, "whose clock is an hour behind: it goes on, that is enough");
    stub->gpus[2].age_us += 1;
    (void)sample(&bench);
    for (int i = 0; i < 3; i++) { // its clock stands still from here
        pass(second_ns);
        stub->gpus[2].age_us += 1000000;
    }
    CHECK(sample(&bench)[2].code == EMIT_CODE_STALE && !bench.readings[0].code,
          "a time that does not move on is stale");
    pass(second_ns);
    CHECK(!sample(&bench)[2].code, "until it does");
    close_bench(&bench);
}

// The engine is stopped, started with other numbers for its GPUs, and found again.
static void test_comes_back(void) {
    struct bench bench;
    plug_in();
    open_bench(&bench, NULL);
    CHECK(counts_are(sample(&bench), 0), "before");
    stub->is_down = true;
    bool lost = true, is_due = true;
    for (int i = 1; i <= 100; i++) { // a sample a second, each second one early
        int attempts = stub->attempts;
        pass(i % 2 ? second_ns + 20000000 : second_ns - 20000000);
        sample(&bench);
        bool doubled = (i & (i - 1)) == 0 && i <= 64;
        is_due &= stub->attempts - attempts == (doubled || i == 96);
        for (int g = 0; g < GPUS; g++)
            lost &= bench.readings[g].code == EMIT_CODE_TIMEOUT;
    }
    CHECK(lost, "while it is down each reading says so");
    CHECK(is_due && stub->attempts == 1 + 8,
          "%d attempts to connect: at once, then after 1, 2, 4, 8, 16, 32 and 32 s",
          stub->attempts - 1);
    CHECK(stub->timeout_ms == 250, "each waits 250 ms at most");
    stub->is_down = false;
    stub->generation++;
    for (int i = 0; i < GPUS; i++) { // numbered anew, in another order
        stub->gpus[i] = (struct stub_gpu){.id = (unsigned)(10 + (i + 1) % GPUS),
                                          .uuid = uuids[(i + 2) % GPUS],
                                          .energy_mj = 100000 * ((i + 2) % GPUS + 1) + 777};
    }
    int waited = 0;
    do {
        pass(second_ns);
        waited++;
    } while (sample(&bench)[0].code && waited < 64);
    CHECK(waited <= 33, "back after %d s at most 32", waited);
    CHECK(counts_are(bench.readings, 777), "each GPU has its own counter, by its UUID");
    int attempts = stub->attempts;
    for (int i = 0; i < 10; i++)
        pass(second_ns), sample(&bench);
    CHECK(stub->attempts == attempts, "and nothing more is tried");

    stub->generation++; // started anew between two samples: nothing is missed
    pass(second_ns);
    CHECK(counts_are(sample(&bench), 777), "a restart between two samples costs none");
    stub->gpu_count = 2; // and once more, with one GPU fewer
    stub->generation++;
    pass(10 * second_ns);
    sample(&bench);
    int missing = 0, read = 0;
    for (int g = 0; g < GPUS; g++) {
        missing += bench.readings[g].code == EMIT_CODE_TIMEOUT;
        read += bench.readings[g].code == EMIT_CODE_NONE;
    }
    CHECK(missing == 1 && read == 2, "a GPU that the new engine lacks: %d read", read);
    stub->gpu_count = GPUS;
    pass(40 * second_ns);
    CHECK(counts_are(sample(&bench), 777), "is looked for again, and found");
    stub->takes_and_drops = true;
    attempts = stub->attempts;
    for (int i = 0; i < 100; i++)
        pass(100000000), sample(&bench);
    CHECK(stub->attempts - attempts <= 5, "an engine that drops every connection: %d in 10 s",
          stub->attempts - attempts);
    close_bench(&bench);
    CHECK(stub->disconnects == stub->connects, "every connection was closed");
}

// Somebody else in this process shuts the library down.
static void test_shut_down(void) {
    struct bench a, b;
    plug_in();
    open_bench(&a, NULL);
    open_bench(&b, NULL);
    CHECK(counts_are(sample(&a), 0) && counts_are(sample(&b), 0), "two meters at once");
    close_bench(&b);
    pass(2 * second_ns);
    CHECK(counts_are(sample(&a), 0), "one goes on when the other has shut the library down");
    close_bench(&a);
}

static void test_watches(void) {
    struct bench bench;
    plug_in();
    stub->refuses_live = true;
    open_bench(&bench, "unix:/run/nv-hostengine");
    CHECK_STRING(stub->address, "/run/nv-hostengine", "a Unix socket");
    CHECK(stub->is_unix == 1, "said to be one");
    CHECK(bench.status == EMIT_OK && bench.points.count == GPUS, "an engine without live reads");
    CHECK(stub->watches == 2 && stub->unwatches == 1 && stub->watch_us == 100000,
          "is watched: first who they are, then what they count");
    CHECK(bench.at[0].update_period_ns == 200000000, "its values can be older by one watch");
    int updates = stub->updates;
    bool good = true;
    for (int i = 0; i < 10; i++, pass(second_ns))
        good &= counts_are(sample(&bench), 0);
    CHECK(good && stub->updates == updates, "a sample takes what is there and forces nothing");
    stub->gpus[1].age_us = 500000;
    CHECK(sample(&bench)[1].code == EMIT_CODE_STALE, "and not what is old");
    stub->gpus[1].age_us = 0;
    stub->generation++;
    pass(second_ns);
    CHECK(counts_are(sample(&bench), 0) && stub->watches == 4, "a new engine is told to watch");
    close_bench(&bench);
    CHECK(stub->groups == stub->ungroups && stub->watches == stub->unwatches,
          "nothing is left behind");
}

static void test_not_opened(void) {
    static const struct {
        const char *what;
        int connect_status, gpu_count;
        bool is_down;
        const char *host;
        enum emit_status status;
        const char *words;
    } cases[] = {
        {"nobody listens", 0, 1, true, NULL, EMIT_ABSENT, "systemctl start nvidia-dcgm"},
        {"no answer in time", -11, 1, false, NULL, EMIT_ABSENT, "127.0.0.1:5555"},
        {"of another version", -12, 1, false, NULL, EMIT_MALFORMED, "different versions"},
        {"no GPU", 0, 0, false, NULL, EMIT_ABSENT, "no GPU"},
        {"more than there can be", 0, 33, false, NULL, EMIT_MALFORMED, "versions"},
        {"fewer than none", 0, -1, false, NULL, EMIT_MALFORMED, "versions"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bench bench;
        plug_in();
        stub->connect_status = cases[i].connect_status;
        stub->gpu_count = cases[i].gpu_count;
        stub->is_down = cases[i].is_down;
        open_bench(&bench, cases[i].host);
        CHECK(bench.status == cases[i].status && strstr(bench.err.text, cases[i].words), "%s: %s",
              cases[i].what, bench.err.text);
        CHECK(bench.points.count == 0, "no points");
        close_bench(&bench);
        CHECK(stub->disconnects == stub->connects, "and no connection");
    }
}

// An engine that was named and cannot be asked is a point that cannot be read.
static void test_named(void) {
    static const struct {
        const char *host;
        int connect_status;
        enum emit_code found;
        const char *words;
    } cases[] = {
        {"localhost", -21, EMIT_CODE_TIMEOUT, "no DCGM host engine answers at localhost"},
        {"unix:/run/engine", -12, EMIT_CODE_MALFORMED, "different versions"},
        {"", 0, EMIT_CODE_MALFORMED, "HOST[:PORT]"},
        {"unix:", 0, EMIT_CODE_MALFORMED, "unix:PATH"},
        {"two words", 0, EMIT_CODE_MALFORMED, "two words"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bench bench;
        plug_in();
        stub->connect_status = cases[i].connect_status;
        open_bench(&bench, cases[i].host);
        CHECK(bench.status == EMIT_OK && bench.points.count == 1, "'%s' is a point", cases[i].host);
        CHECK(bench.at[0].found == cases[i].found && strstr(bench.at[0].note, cases[i].words),
              "that is %s: %s", emit_code_word(bench.at[0].found), bench.at[0].note);
        CHECK_STRING(bench.at[0].device_id, "host-engine", "named so");
        pass(2 * second_ns);
        int attempts = stub->attempts;
        CHECK(sample(&bench)[0].code == cases[i].found && stub->attempts == attempts,
              "and stays so, nothing more is tried");
        close_bench(&bench);
    }
}

static void check_library(const char *path, const char *host, enum emit_status status,
                          const char *words) {
    struct bench bench;
    library = path;
    open_bench(&bench, host);
    CHECK(bench.status == status && strstr(bench.err.text, words), "%s: %s",
          path ? path : "the system's", bench.err.text);
    close_bench(&bench);
}

// A library that was named and is of no use is not passed over.
static void check_named(const char *path, const char *words) {
    struct bench bench;
    library = path;
    open_bench(&bench, NULL);
    CHECK(bench.status == EMIT_OK && bench.points.count == 1 &&
              bench.at[0].found == EMIT_CODE_MALFORMED && strstr(bench.at[0].note, words),
          "%s: %s", path, bench.at[0].note);
    close_bench(&bench);
}

// argv: the stub by its path, a library that lacks functions. The loader finds the
// stub as libdcgm.so.3 too, and no libdcgm.so.4.
int main(int argc, char **argv) {
    if (argc != 3) return 2;
    void *handle = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
    stub = handle ? dlsym(handle, "stub") : NULL;
    if (!CHECK(stub != NULL, "the stub is there")) return check_end();
    library = argv[1];
    test_reads();
    test_points();
    test_readings();
    test_stale();
    test_comes_back();
    test_shut_down();
    test_watches();
    test_not_opened();
    test_named();
    check_named(argv[2], "has no function dcgm");
    check_named("libm.so.6", "has no function dcgmInit");
    check_named("/nowhere/libdcgm.so.4", "--dcgm-library");
    plug_in();
    check_library(NULL, NULL, EMIT_ABSENT, "--sysfs-root");
    check_library(NULL, "localhost", EMIT_OK, "");
    CHECK_STRING(stub->address, "localhost", "libdcgm.so.3 where there is no newer one");
    dlclose(handle);
    return check_end();
}
