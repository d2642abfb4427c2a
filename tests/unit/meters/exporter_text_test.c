// The text of a dcgm-exporter: as several versions print it, as Kubernetes labels it,
// and as nobody should.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "meters/exporter_text.h"

#include <stdlib.h>

#define NAME "DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION"
#define A    "GPU-aaaaaaaa-0000-0000-0000-000000000000"
#define B    "GPU-bbbbbbbb-0000-0000-0000-000000000000"

static struct emit_exporter_gpu gpus[EMIT_EXPORTER_GPUS_MAX];
static size_t count;
static struct emit_error err;

// In memory of exactly its size, so that a byte too far is seen.
static enum emit_status parse(const char *text) {
    size_t length = strlen(text);
    char *bytes = malloc(length ? length : 1);
    if (!bytes) abort();
    memcpy(bytes, text, length);
    count = 0;
    enum emit_status status =
        emit_exporter_parse(bytes, length, gpus, EMIT_EXPORTER_GPUS_MAX, &count, &err);
    free(bytes);
    return status;
}

static const char whole[] =
    "# HELP DCGM_FI_DEV_POWER_USAGE Power draw (in W).\n"
    "# TYPE DCGM_FI_DEV_POWER_USAGE gauge\n"
    "DCGM_FI_DEV_POWER_USAGE{gpu=\"0\",UUID=\"" A "\"} 71.294000\n"
    "# HELP " NAME " Total energy consumption since boot (in mJ).\n"
    "# TYPE " NAME " counter\n" NAME "{gpu=\"0\",UUID=\"" A
    "\",pci_bus_id=\"00000000:07:00.0\",device=\"nvidia0\","
    "modelName=\"NVIDIA A100-SXM4-40GB\",Hostname=\"node-1\"} 123456789\n" NAME
    "{gpu=\"1\", UUID=\"" B "\", device=\"nvidia3\", modelName=\"NVIDIA A100-SXM4-40GB\", "
    "Hostname=\"node-1\"} 987654321.000000\n"
    "\n"
    "this is no series of ours and is passed over {{{\n" NAME
    "_TOTAL{gpu=\"7\",UUID=\"GPU-other\"} 1\n";

static void test_whole(void) {
    CHECK(parse(whole) == EMIT_OK && count == 2, "two GPUs: %s", err.text);
    CHECK_STRING(gpus[0].uuid, A, "by UUID");
    CHECK_STRING(gpus[0].model, "NVIDIA A100-SXM4-40GB", "its model");
    CHECK(gpus[0].has_count && gpus[0].millijoules == 123456789, "as an integer");
    CHECK(gpus[1].has_count && gpus[1].millijoules == 987654321, "and with six decimals");
    CHECK(gpus[0].index == 0 && gpus[1].index == 1 && gpus[0].minor == 0 && gpus[1].minor == 3,
          "index and device");
    char text[sizeof whole];
    bool same = true;
    for (size_t length = 0; length < sizeof whole - 1; length++) { // cut anywhere
        memcpy(text, whole, length);
        text[length] = '\0';
        enum emit_status status = parse(text);
        same &= status == EMIT_OK || status == EMIT_MALFORMED;
        for (size_t i = 0; i < count; i++)
            same &= gpus[i].millijoules <= (i ? 987654321u : 123456789u);
    }
    CHECK(same, "a text that is cut anywhere tells no more than the whole");
}

// Where one GPU stands in several series.
static void test_series(void) {
    static const struct {
        const char *what, *text;
        uint64_t millijoules;
        bool is_instance;
    } cases[] = {
        {"three pods, one counter",
         NAME "{UUID=\"" A "\",pod=\"a\"} 100\n" NAME "{UUID=\"" A "\",pod=\"b\"} 100\n" NAME
              "{UUID=\"" A "\",pod=\"\",namespace=\"x\",container=\"y\"} 100\n",
         100, false},
        {"the newest of them", NAME "{UUID=\"" A "\"} 100\n" NAME "{UUID=\"" A "\"} 101\n", 101,
         false},
        {"instances stand behind the whole",
         NAME "{UUID=\"" A "\",GPU_I_PROFILE=\"1g.5gb\",GPU_I_ID=\"7\"} 999\n" NAME "{UUID=\"" A
              "\"} 100\n" NAME "{UUID=\"" A "\",GPU_I_ID=\"8\"} 998\n",
         100, false},
        {"instances alone are the whole, once",
         NAME "{UUID=\"" A "\",GPU_I_ID=\"7\"} 100\n" NAME "{UUID=\"" A "\",GPU_I_ID=\"8\"} 101\n",
         101, true},
        {"a series without a value", NAME "{UUID=\"" A "\"} NaN\n" NAME "{UUID=\"" A "\"} 5\n", 5,
         false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        CHECK(parse(cases[i].text) == EMIT_OK && count == 1 && gpus[0].has_count &&
                  gpus[0].millijoules == cases[i].millijoules &&
                  gpus[0].is_instance == cases[i].is_instance,
              "%s: %llu", cases[i].what, (unsigned long long)gpus[0].millijoules);
}

static void test_values(void) {
    static const struct {
        const char *value;
        bool good;
        uint64_t millijoules;
    } cases[] = {
        {"0", true, 0},
        {"0.999999", true, 0},
        {"1.5e+3", true, 1500},
        {"1.23456789E10", true, 12345678900},
        {"12e-1", true, 1},
        {"9007199254740993", true, 9007199254740993},
        {"999999999999999999", true, 999999999999999999},
        {"9223372036854775792", false, 0}, // DCGM's blank
        {"1e18", false, 0},
        {"1e999", false, 0},
        {"NaN", false, 0},
        {"+Inf", false, 0},
        {"-1", false, 0},
        {"1.", false, 0},
        {".5", false, 0},
        {"1e", false, 0},
        {"1e+", false, 0},
        {"0x10", false, 0},
        {"12abc", false, 0},
        {"5 1764092412345", true, 5}, // with the time it was made
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[256];
        (void)snprintf(text, sizeof text, NAME "{UUID=\"" A "\"} %s\n", cases[i].value);
        CHECK(parse(text) == EMIT_OK && count == 1 && gpus[0].has_count == cases[i].good &&
                  gpus[0].millijoules == cases[i].millijoules,
              "%s is %s", cases[i].value, cases[i].good ? "a count" : "none");
    }
}

static void test_grammar(void) {
    static const struct {
        const char *text;
        enum emit_status status;
        size_t gpus;
    } cases[] = {
        {"", EMIT_OK, 0},
        {"\n\n\n", EMIT_OK, 0},
        {NAME, EMIT_OK, 0}, // nothing behind the name: no series
        {NAME " 5\n", EMIT_OK, 0},
        {NAME "{} 5\n", EMIT_OK, 0},
        {NAME "{UUID=\"MIG-1\"} 5\n", EMIT_OK, 0},
        {NAME "{UUID=\"\"} 5\n", EMIT_OK, 0},
        {NAME "{UUID=\"" A "\",} 5\n", EMIT_OK, 1},
        {NAME "{ UUID = \"" A "\" , gpu=\"x\" } 5", EMIT_OK, 1},
        {NAME "\t{UUID=\"" A "\"}\t5\r\n", EMIT_OK, 1},
        {NAME "{pod=\"a\\\"b\\\\c\\nd,}\",UUID=\"" A "\"} 5\n", EMIT_OK, 1},
        {NAME "{UUID=\"GPU-\x1b[2J\"} 5\n", EMIT_OK, 0},
        {NAME "{UUID=\"" A "\"}\n", EMIT_MALFORMED, 0},
        {NAME "{UUID=\"" A "\"} 5 6 7\n", EMIT_MALFORMED, 0},
        {NAME "{UUID=\"" A "\" 5\n", EMIT_MALFORMED, 0},
        {NAME "{UUID=\"" A "} 5\n", EMIT_MALFORMED, 0},
        {NAME "{UUID=" A "} 5\n", EMIT_MALFORMED, 0},
        {NAME "{UUID} 5\n", EMIT_MALFORMED, 0},
        {NAME "{UUID=\"a\\x\"} 5\n", EMIT_MALFORMED, 0},
        {NAME "{,} 5\n", EMIT_MALFORMED, 0},
        {NAME "{UUID=\"" A "\"gpu=\"0\"} 5\n", EMIT_MALFORMED, 0},
        {NAME "{UUID=\"" A "\"} 5\n" NAME "{UUID=\"" B "\n", EMIT_MALFORMED, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        enum emit_status status = parse(cases[i].text);
        CHECK(status == cases[i].status && count == cases[i].gpus, "case %zu: %s, %zu", i,
              emit_status_word(status), count);
    }
    CHECK(strstr(err.text, "line 2"), "the line is named: %s", err.text);
}

static void test_limits(void) {
    char text[64 * 256] = "", line[256], big[2048];
    for (int i = 0; i < 33; i++) {
        (void)snprintf(line, sizeof line, NAME "{UUID=\"GPU-%d\"} %d\n", i, i);
        (void)strncat(text, line, sizeof text - strlen(text) - 1);
        enum emit_status status = parse(text);
        if (i < 32)
            CHECK(status == EMIT_OK && count == (size_t)i + 1, "%d GPUs", i + 1);
        else
            CHECK(status == EMIT_FULL, "33 are too many: %s", err.text);
    }
    memset(big, 'x', sizeof big - 1);
    big[sizeof big - 1] = '\0';
    char long_value[3000], long_name[3000];
    (void)snprintf(long_value, sizeof long_value, NAME "{pod=\"%s\",UUID=\"" A "\"} 5\n", big);
    CHECK(parse(long_value) == EMIT_OK && count == 1, "a label of 2 KB is passed over");
    (void)snprintf(long_name, sizeof long_name, NAME "{%s=\"\",UUID=\"" A "\"} 5\n", big);
    CHECK(parse(long_name) == EMIT_MALFORMED, "a label's name of 2 KB is none");
    (void)snprintf(long_value, sizeof long_value, NAME "{UUID=\"GPU-%s\"} 5\n", big);
    CHECK(parse(long_value) == EMIT_OK && count == 0, "nor is a UUID of 2 KB one");
}

int main(void) {
    test_whole();
    test_series();
    test_values();
    test_grammar();
    test_limits();
    return check_end();
}
