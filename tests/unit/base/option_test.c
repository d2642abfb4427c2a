// Options from rows: types, ranks of sources, both orders, and every refusal.
// SPDX-License-Identifier: Apache-2.0
#include "base/option.h"

#include "check.h"

#include <stdint.h>
#include <stdlib.h>

struct values {
    bool quiet;
    const char *path;
    int64_t interval_ns, count, milliwatts, bytes;
    const char *mode;
};

static const struct emit_option rows[] = {
    {.name = "quiet",
     .letter = 'q',
     .type = EMIT_OPTION_FLAG,
     .offset = offsetof(struct values, quiet)},
    {.name = "path",
     .letter = 'p',
     .type = EMIT_OPTION_TEXT,
     .argument = "PATH",
     .environment = "EMIT_TEST_PATH",
     .key = "path",
     .fallback = "fallback",
     .offset = offsetof(struct values, path)},
    {.name = "interval",
     .type = EMIT_OPTION_DURATION,
     .argument = "DURATION|auto",
     .fallback = "1s",
     .offset = offsetof(struct values, interval_ns)},
    {.name = "count",
     .type = EMIT_OPTION_COUNT,
     .argument = "N",
     .offset = offsetof(struct values, count)},
    {.name = "max-power",
     .type = EMIT_OPTION_POWER,
     .argument = "POWER",
     .offset = offsetof(struct values, milliwatts)},
    {.name = "size",
     .type = EMIT_OPTION_SIZE,
     .argument = "BYTES",
     .offset = offsetof(struct values, bytes)},
    {.name = "mode",
     .type = EMIT_OPTION_CHOICE,
     .argument = "slow|fast",
     .fallback = "slow",
     .offset = offsetof(struct values, mode)},
    {0},
};

static const struct {
    const char *option, *text;
    size_t offset;
    int64_t wanted;
} amounts[] = {
    {"--interval", "250ms", offsetof(struct values, interval_ns), 250000000},
    {"--interval", "1.5s", offsetof(struct values, interval_ns), 1500000000},
    {"--interval", "100us", offsetof(struct values, interval_ns), 100000},
    {"--interval", "2min", offsetof(struct values, interval_ns), 120000000000},
    {"--interval", "1d", offsetof(struct values, interval_ns), 86400000000000},
    {"--interval", "auto", offsetof(struct values, interval_ns), 0},
    {"--count", "0", offsetof(struct values, count), 0},
    {"--count", "9223372036854775807", offsetof(struct values, count), INT64_MAX},
    {"--max-power", "350W", offsetof(struct values, milliwatts), 350000},
    {"--max-power", "1.2kW", offsetof(struct values, milliwatts), 1200000},
    {"--max-power", "1500", offsetof(struct values, milliwatts), 1500000},
    {"--size", "4096", offsetof(struct values, bytes), 4096},
    {"--size", "64MiB", offsetof(struct values, bytes), 67108864},
};

static const char *const refused[][2] = {
    {"--interval", "1"},
    {"--interval", "s"},
    {"--interval", "-1s"},
    {"--interval", ""},
    {"--interval", "1.s"},
    {"--interval", "0.5ns"},
    {"--interval", "1 s"},
    {"--interval", "999999999999d"},
    {"--interval", "automatic"},
    {"--count", "auto"},
    {"--count", "1.5"},
    {"--count", "0x10"},
    {"--count", "9223372036854775808"},
    {"--max-power", "1hp"},
    {"--max-power", "1e3"},
    {"--size", "1MB"},
    {"--mode", "fas"},
    {"--mode", ""},
    {"--mode", "slow|fast"},
    {"--nothing", "1"},
    {"-x", "1"},
    {"--quiet=true", "1"},
};

static const char *lookup(void *owner, const char *key) {
    return strcmp(key, "path") == 0 ? owner : NULL;
}

// argv is not const, the tables are: the words are copied.
struct command_line {
    char words[16][64];
    char *argv[17];
};

static enum emit_status parse(struct values *values, enum emit_option_order order,
                              struct command_line *line, const char *const *words, void *file,
                              int *count, char ***operands, struct emit_error *err) {
    int argc = 0;
    for (; words[argc]; argc++) {
        (void)snprintf(line->words[argc], sizeof line->words[argc], "%s", words[argc]);
        line->argv[argc] = line->words[argc];
    }
    memset(values, 0, sizeof *values);
    return emit_options_parse(rows, values, argc, line->argv, order, file ? lookup : NULL, file,
                              count, operands, err);
}

static void check_values(void) {
    struct values values;
    struct command_line line;
    struct emit_error err;
    char **operands;
    int count;
    for (size_t i = 0; i < sizeof amounts / sizeof *amounts; i++) {
        const char *const argv[] = {amounts[i].option, amounts[i].text, NULL};
        enum emit_status status =
            parse(&values, EMIT_OPTIONS_FIRST, &line, argv, NULL, &count, &operands, &err);
        int64_t got;
        memcpy(&got, (char *)&values + amounts[i].offset, sizeof got);
        CHECK(status == EMIT_OK && got == amounts[i].wanted, "%s %s", amounts[i].option,
              amounts[i].text);
    }
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        const char *const argv[] = {refused[i][0], refused[i][1], NULL};
        memset(&err, 0, sizeof err);
        CHECK(parse(&values, EMIT_OPTIONS_FIRST, &line, argv, NULL, &count, &operands, &err) ==
                      EMIT_INVALID &&
                  err.text[0],
              "%s '%s' is refused: %s", refused[i][0], refused[i][1], err.text);
    }
    const char *const lonely[] = {"--path", NULL};
    CHECK(parse(&values, EMIT_OPTIONS_FIRST, &line, lonely, NULL, &count, &operands, &err) ==
              EMIT_INVALID,
          "an option without its value is refused");
}

static void check_ranks(void) {
    struct values values;
    struct command_line line;
    struct emit_error err;
    char **operands;
    int count;
    char file[] = "file";
    const char *const none[] = {NULL};
    unsetenv("EMIT_TEST_PATH");
    CHECK(parse(&values, EMIT_OPTIONS_FIRST, &line, none, NULL, &count, &operands, &err) == EMIT_OK,
          "no words");
    CHECK_STRING(values.path, "fallback", "nothing said");
    CHECK(values.interval_ns == 1000000000 && strcmp(values.mode, "slow") == 0,
          "fallbacks are parsed");
    CHECK(parse(&values, EMIT_OPTIONS_FIRST, &line, none, file, &count, &operands, &err) == EMIT_OK,
          "a file");
    CHECK_STRING(values.path, "file", "the file outranks the fallback");
    setenv("EMIT_TEST_PATH", "environment", 1);
    CHECK(parse(&values, EMIT_OPTIONS_FIRST, &line, none, file, &count, &operands, &err) == EMIT_OK,
          "environment");
    CHECK_STRING(values.path, "environment", "the environment outranks the file");
    setenv("EMIT_TEST_PATH", "", 1);
    CHECK(parse(&values, EMIT_OPTIONS_FIRST, &line, none, file, &count, &operands, &err) == EMIT_OK,
          "a variable set to nothing");
    CHECK_STRING(values.path, "file", "says nothing");
    const char *const flag[] = {"--path=flag", NULL};
    CHECK(parse(&values, EMIT_OPTIONS_FIRST, &line, flag, file, &count, &operands, &err) == EMIT_OK,
          "a flag");
    CHECK_STRING(values.path, "flag", "the flag outranks them all");
    unsetenv("EMIT_TEST_PATH");
}

static void check_orders(void) {
    struct values values;
    struct command_line line;
    struct emit_error err;
    char **operands;
    int count;
    const char *const command[] = {"-q", "ls", "-q", "--", "x", NULL};
    CHECK(parse(&values, EMIT_OPTIONS_FIRST, &line, command, NULL, &count, &operands, &err) ==
                  EMIT_OK &&
              count == 4 && strcmp(operands[1], "-q") == 0 && strcmp(operands[2], "--") == 0,
          "behind the first operand nothing is looked at");
    const char *const dashes[] = {"--", "-q", NULL};
    CHECK(parse(&values, EMIT_OPTIONS_FIRST, &line, dashes, NULL, &count, &operands, &err) ==
                  EMIT_OK &&
              count == 1 && strcmp(operands[0], "-q") == 0 && !values.quiet,
          "-- ends the options");
    const char *const mixed[] = {"one", "-q", "two", "-pthere", "-", "--", "-q", NULL};
    CHECK(parse(&values, EMIT_OPTIONS_ANYWHERE, &line, mixed, NULL, &count, &operands, &err) ==
                  EMIT_OK &&
              count == 4 && values.quiet,
          "options between operands");
    CHECK(strcmp(operands[0], "one") == 0 && strcmp(operands[1], "two") == 0 &&
              strcmp(operands[2], "-") == 0 && strcmp(operands[3], "-q") == 0,
          "the operands keep their order");
    CHECK_STRING(values.path, "there", "a letter with its value");
}

int main(void) {
    check_values();
    check_ranks();
    check_orders();
    return check_end();
}
