// Which list of devices counts, and which devices it names: tables of both.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "meters/assignment.h"

// The environment of one row.
static const char *order, *cuda, *step, *job, *container;

static const char *variable(const char *name) {
    const char *const known[][2] = {{"CUDA_DEVICE_ORDER", order},
                                    {"CUDA_VISIBLE_DEVICES", cuda},
                                    {"SLURM_STEP_GPUS", step},
                                    {"SLURM_JOB_GPUS", job},
                                    {"NVIDIA_VISIBLE_DEVICES", container}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcmp(known[i][0], name) == 0) return known[i][1];
    return NULL;
}

static void test_choice(void) {
    static const struct {
        const char *option, *cuda, *step, *job, *container;
        bool shared;
        enum emit_assignment_by by;
        const char *list; // NULL: none
    } rows[] = {
        {NULL, NULL, NULL, NULL, NULL, false, EMIT_ASSIGNED_BY_NOTHING, NULL},
        {NULL, NULL, NULL, NULL, NULL, true, EMIT_ASSIGNED_BY_NOTHING, NULL},
        {NULL, "0", "1", "2", "none", false, EMIT_ASSIGNED_BY_CUDA, "0"},
        {NULL, "", "1", "2", "none", false, EMIT_ASSIGNED_BY_CUDA, ""},
        {NULL, "0", "1", "2", "none", true, EMIT_ASSIGNED_BY_STEP, "1"},
        {NULL, "0", NULL, "2", "none", true, EMIT_ASSIGNED_BY_JOB, "2"},
        {NULL, "0", "", "", "none", true, EMIT_ASSIGNED_BY_CUDA, "0"},
        {NULL, NULL, "1", "2", "none", false, EMIT_ASSIGNED_BY_STEP, "1"},
        {NULL, NULL, "", "2", "none", false, EMIT_ASSIGNED_BY_JOB, "2"},
        {NULL, NULL, NULL, NULL, "none", false, EMIT_ASSIGNED_BY_CONTAINER, "none"},
        {NULL, NULL, NULL, NULL, "GPU-1", false, EMIT_ASSIGNED_BY_CONTAINER, "GPU-1"},
        {NULL, NULL, NULL, NULL, "GPU-1,0", false, EMIT_ASSIGNED_BY_NOTHING, NULL},
        {NULL, NULL, NULL, NULL, "0,1", false, EMIT_ASSIGNED_BY_NOTHING, NULL},
        {NULL, NULL, NULL, NULL, "0:1", false, EMIT_ASSIGNED_BY_NOTHING, NULL},
        {NULL, NULL, NULL, NULL, "all", false, EMIT_ASSIGNED_BY_NOTHING, NULL},
        {NULL, NULL, NULL, NULL, "void", false, EMIT_ASSIGNED_BY_NOTHING, NULL},
        {NULL, NULL, NULL, NULL, "", false, EMIT_ASSIGNED_BY_NOTHING, NULL},
        {"3", "0", "1", "2", "none", true, EMIT_ASSIGNED_BY_OPTION, "3"},
        {"all", "0", "1", "2", "none", false, EMIT_ASSIGNED_BY_NOTHING, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct emit_assignment got;
        cuda = rows[i].cuda, step = rows[i].step, job = rows[i].job, container = rows[i].container;
        enum emit_status status =
            emit_assignment_choose(&got, rows[i].option, rows[i].shared, variable, NULL);
        CHECK(status == EMIT_OK && got.by == rows[i].by &&
                  strcmp(got.list ? got.list : "(none)", rows[i].list ? rows[i].list : "(none)") ==
                      0,
              "choice %zu: %d '%s'", i, (int)got.by, got.list ? got.list : "(none)");
        CHECK(got.everything == (rows[i].option && strcmp(rows[i].option, "all") == 0),
              "choice %zu: everything is only what was asked for by name", i);
    }
}

// Of a run that ranks share: each may have a list of its own, and one of them meters for all.
static void test_ranks(void) {
    static const struct {
        const char *option, *cuda, *step;
        bool shared, of_rank;
    } rows[] = {{NULL, "0", NULL, true, true},   {NULL, "0", NULL, false, false},
                {NULL, "0", "0,1", true, false}, {"0", NULL, NULL, true, true},
                {"all", "0", NULL, true, false}, {NULL, NULL, NULL, true, false},
                {"0", NULL, NULL, false, false}};
    job = container = NULL;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct emit_assignment got;
        cuda = rows[i].cuda, step = rows[i].step;
        CHECK(emit_assignment_choose(&got, rows[i].option, rows[i].shared, variable, NULL) ==
                      EMIT_OK &&
                  emit_assignment_is_of_rank(&got) == rows[i].of_rank,
              "%zu: whose list it is", i);
    }
    cuda = step = NULL;
}

static void test_options(void) {
    static const char *const bad[] = {"",
                                      ",",
                                      "0,",
                                      "-1",
                                      "0x1",
                                      "foo",
                                      "GPU-",
                                      "GPU-xyz",
                                      "MIG-",
                                      "0 1",
                                      "all,0",
                                      "1.5",
                                      "99999999999999999999",
                                      "GPU-12\033[m"};
    static const char *const good[] = {
        "0", "0,1", " 0 , 1 ", "GPU-8932f937", "MIG-GPU-12/1/0", "0,GPU-AB,MIG-cd", "0,0"};
    struct emit_assignment got;
    struct emit_error err;
    cuda = step = job = container = NULL;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        CHECK(emit_assignment_choose(&got, bad[i], false, variable, &err) == EMIT_INVALID &&
                  strstr(err.text, "--device"),
              "refused: %zu", i);
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        CHECK(emit_assignment_choose(&got, good[i], false, variable, &err) == EMIT_OK,
              "taken: '%s'", good[i]);
    char many[4096] = "0";
    for (size_t i = 1; i + 2 < sizeof many; i += 2)
        memcpy(many + i, ",0", 3);
    CHECK(emit_assignment_choose(&got, many, false, variable, &err) == EMIT_OK, "a long list");
    memset(many, '7', sizeof many - 1);
    CHECK(emit_assignment_choose(&got, many, false, variable, &err) == EMIT_INVALID,
          "a long entry");
}

// Four devices: 0 and 1 begin alike up to the last digits; the file of each is another.
enum { COUNT = 4 };
#define H "EMIT H"
static const struct emit_assignable alike[COUNT] = {{"GPU-aa000001", H, 0, 3, true, false},
                                                    {"GPU-aa000002", H, 1, 2, true, false},
                                                    {"GPU-bb000003", H, 2, 1, true, false},
                                                    {"GPU-cc000004", H, 3, 0, true, false}};
static const struct emit_assignable unlike[COUNT] = {{"GPU-aa000001", H, 0, 3, true, false},
                                                     {"GPU-aa000002", "EMIT A", 1, 2, true, false},
                                                     {"GPU-bb000003", H, 2, 1, true, false},
                                                     {"GPU-cc000004", H, 3, 0, true, false}};
// Of four, a control group lets two in.
static const struct emit_assignable grouped[COUNT] = {{"", "", 0, -1, false, false},
                                                      {"GPU-aa000002", H, 1, 2, true, false},
                                                      {"", "", 2, -1, false, false},
                                                      {"GPU-cc000004", H, 3, 0, true, false}};
static const struct emit_assignable split[COUNT] = {{"GPU-aa000001", H, 0, 3, true, true},
                                                    {"GPU-aa000002", H, 1, 2, true, false},
                                                    {"GPU-bb000003", H, 2, 1, true, false},
                                                    {"GPU-cc000004", H, 3, 0, true, false}};
static const struct emit_assignable fileless[COUNT] = {{"GPU-aa000001", H, 0, -1, true, false},
                                                       {"GPU-aa000002", H, 1, -1, true, false},
                                                       {"GPU-bb000003", H, 2, -1, true, false},
                                                       {"GPU-cc000004", H, 3, -1, true, false}};

// As a meter that does not know NVML's order.
static const struct emit_assignable unnumbered[COUNT] = {{"GPU-aa000001", H, -1, 3, true, false},
                                                         {"GPU-aa000002", H, -1, 2, true, false},
                                                         {"GPU-bb000003", H, -1, 1, true, false},
                                                         {"GPU-cc000004", H, -1, 0, true, false}};

static bool parent_of(void *owner, const char *instance, char uuid[96]) {
    (void)owner;
    uuid[0] = '\0';
    if (strcmp(instance, "MIG-none") == 0) return true;
    if (strcmp(instance, "MIG-known") != 0) return false;
    memcpy(uuid, "GPU-bb000003", sizeof "GPU-bb000003");
    return true;
}

static void test_match(void) {
    enum { OPTION = EMIT_ASSIGNED_BY_OPTION, CUDA, STEP, JOB, BOX };
    static const struct {
        int by;
        const char *list;
        const struct emit_assignable *devices;
        bool in_bus_order;
        const char *assigned; // a letter a device: y or n; "?" in front: unresolved
    } rows[] = {
        {EMIT_ASSIGNED_BY_NOTHING, NULL, alike, false, "yyyy"},
        {CUDA, "0", alike, false, "ynnn"},
        {CUDA, "2,1", alike, false, "nyyn"},
        {CUDA, " 2 , 1 ", alike, false, "nyyn"},
        {CUDA, "0,2,-1,1", alike, false, "ynyn"},
        {CUDA, "0,9,1", alike, false, "ynnn"},
        {CUDA, "0,,1", alike, false, "ynnn"},
        {CUDA, "0,0,1", alike, false, "yynn"},
        {CUDA, "", alike, false, "nnnn"},
        {CUDA, "-1", alike, false, "nnnn"},
        {CUDA, "NoDevFiles", alike, false, "nnnn"},
        {CUDA, "18446744073709551616", alike, false, "nnnn"},
        {CUDA, "0", unlike, false, "?yyyy"},
        {CUDA, "0", unlike, true, "ynnn"},
        {CUDA, "GPU-bb", unlike, false, "nnyn"},
        {CUDA, "GPU-BB", unlike, false, "nnyn"},
        {CUDA, "GPU-aa000002", unlike, false, "nynn"},
        {CUDA, "GPU-aa", unlike, false, "nnnn"},
        {CUDA, "GPU-cc,GPU-dd,GPU-bb", unlike, false, "nnny"},
        {CUDA, "GPU-", alike, false, "nnnn"},
        {CUDA, "0", grouped, false, "nynn"},
        {CUDA, "1", grouped, false, "nnny"},
        {CUDA, "2", grouped, false, "nnnn"},
        {CUDA, "0", split, false, "?yyyy"},
        {CUDA, "0", split, true, "?yyyy"},
        {CUDA, "MIG-known", split, false, "nnyn"},
        {CUDA, "MIG-none,MIG-known", split, false, "nnnn"},
        {CUDA, "MIG-unknown", split, false, "?yyyy"},
        {CUDA, "MIG-GPU-cc000004/1/0", alike, false, "nnny"},
        {STEP, "0,1", alike, false, "nnyy"},
        {STEP, "0,1", fileless, false, "yynn"},
        {STEP, "0", grouped, false, "nnny"},
        {STEP, "1", grouped, false, "?yyyy"},
        {JOB, "7", alike, false, "?yyyy"},
        {JOB, "gpu:0", alike, false, "?yyyy"},
        {BOX, "none", alike, false, "nnnn"},
        {BOX, "GPU-cc000004,GPU-ee", alike, false, "nnny"},
        {OPTION, "0,3", unlike, false, "ynny"},
        {OPTION, "GPU-cc,1", grouped, false, "nyny"},
        {OPTION, "0", grouped, false, "ynnn"},
        {OPTION, "1", unnumbered, false, "?yyyy"},
        {OPTION, "GPU-cc", unnumbered, false, "nnny"},
        {STEP, "0,1", unnumbered, false, "nnyy"},
        {OPTION, "9", alike, false, "nnnn"},
        {OPTION, "9,1", alike, false, "nynn"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct emit_assignment assignment = {.by = (enum emit_assignment_by)rows[i].by,
                                                   .list = rows[i].list,
                                                   .in_bus_order = rows[i].in_bus_order};
        bool assigned[COUNT];
        char words[EMIT_ASSIGNMENT_WORDS_MAX], got[COUNT + 2];
        bool resolved = emit_assignment_match(&assignment, rows[i].devices, COUNT, parent_of, NULL,
                                              assigned, words);
        char *at = got;
        if (!resolved) *at++ = '?';
        for (size_t j = 0; j < COUNT; j++)
            *at++ = assigned[j] ? 'y' : 'n';
        *at = '\0';
        CHECK(strcmp(got, rows[i].assigned) == 0, "%zu: '%s' is %s, wanted %s: %s", i,
              rows[i].list ? rows[i].list : "", got, rows[i].assigned, words);
        CHECK((rows[i].list != NULL) == (words[0] != '\0') && strlen(words) < 155,
              "%zu: and said in a line", i);
    }
    bool assigned[COUNT];
    char words[EMIT_ASSIGNMENT_WORDS_MAX];
    const struct emit_assignment number = {.by = EMIT_ASSIGNED_BY_CUDA, .list = "0"};
    CHECK(!emit_assignment_match(&number, split, COUNT, NULL, NULL, assigned, words) &&
              strstr(words, "MIG mode"),
          "instances have numbers, too: %s", words);
    const struct emit_assignment instance = {.by = EMIT_ASSIGNED_BY_CUDA, .list = "MIG-known"};
    CHECK(!emit_assignment_match(&instance, alike, COUNT, NULL, NULL, assigned, words) &&
              assigned[0],
          "without a way to a parent an instance is not guessed: %s", words);
}

int main(void) {
    test_choice();
    test_ranks();
    test_options();
    test_match();
    return check_end();
}
