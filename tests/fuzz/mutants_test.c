// The properties of the fuzzers over a bounded number of mutants of the corpus,
// the same in every run: usage: mutants ROUNDS FILE...
// SPDX-License-Identifier: Apache-2.0
#include "property.h"

#include "check.h"

#include <stdlib.h>

enum { FILE_BYTES_MAX = 8192, TEXT_BYTES_MAX = 2 * FILE_BYTES_MAX };

static uint64_t state = 1;

static uint64_t next_random(void) {
    uint64_t mixed = state += UINT64_C(0x9e3779b97f4a7c15);
    mixed = (mixed ^ mixed >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    mixed = (mixed ^ mixed >> 27) * UINT64_C(0x94d049bb133111eb);
    return mixed ^ mixed >> 31;
}

static size_t below(size_t limit) {
    return (size_t)(next_random() % limit);
}

// Takes out, puts in, doubles or changes a few bytes; returns the new length.
static size_t mutate(uint8_t *text, size_t length) {
    static const char *const pieces[] = {"{",
                                         "}",
                                         "[",
                                         "]",
                                         ",",
                                         ":",
                                         "\"",
                                         "\\",
                                         "\\u0000",
                                         "\n",
                                         "\xef\xbb\xbf",
                                         "\xc3\xa9",
                                         "\xed\xa0\x80",
                                         "\x80",
                                         "0",
                                         "-",
                                         "1e999",
                                         "null",
                                         "true",
                                         "\\ud83d\\ude00",
                                         " ",
                                         "1.5e-3",
                                         "\"a\":1,",
                                         "9007199254740993",
                                         "Z",
                                         "*",
                                         "?",
                                         "\x01",
                                         "tags"};
    for (size_t changes = 1 + below(4); changes > 0 && length > 0; changes--) {
        size_t at = below(length), count = 1 + below(8);
        if (count > length - at) count = length - at;
        const char *piece = pieces[below(sizeof pieces / sizeof pieces[0])];
        size_t piece_length = strlen(piece);
        switch (below(4)) {
        case 0: // take out
            memmove(text + at, text + at + count, length - at - count);
            length -= count;
            break;
        case 1: // put a piece in
            if (length + piece_length > TEXT_BYTES_MAX) break;
            memmove(text + at + piece_length, text + at, length - at);
            memcpy(text + at, piece, piece_length);
            length += piece_length;
            break;
        case 2: // double
            if (length + count > TEXT_BYTES_MAX) break;
            memmove(text + at + count, text + at, length - at);
            length += count;
            break;
        default: text[at] ^= (uint8_t)(1u << below(8)); break;
        }
    }
    return length;
}

static size_t read_file(const char *path, uint8_t *text) {
    FILE *file = fopen(path, "rb");
    if (!file) return 0;
    size_t length = fread(text, 1, FILE_BYTES_MAX, file);
    fclose(file);
    return length;
}

struct property {
    const char *name;
    const char *files; // how the names of those end that it is about
    int rounds;        // for each that others have
    const char *(*holds)(const uint8_t *bytes, size_t size);
};

// What is in no file has seeds of its own.
static void try_seeds(const char *name, const char *const *seeds, size_t count, int rounds,
                      const char *(*holds)(const uint8_t *bytes, size_t size)) {
    static uint8_t text[TEXT_BYTES_MAX];
    size_t tried = 0;
    for (size_t i = 0; i < count; i++)
        for (int round = 0; round < rounds; round++) {
            size_t length = strlen(seeds[i]);
            memcpy(text, seeds[i], length);
            for (int changes = 0; changes < round % 5; changes++)
                length = mutate(text, length);
            const char *wrong = holds(text, length);
            tried++;
            if (!wrong) continue;
            CHECK(0, "%s, '%s' mutant %d: %s", name, seeds[i], round, wrong);
            return;
        }
    CHECK(tried > 1000, "%s: %zu texts", name, tried);
}

static void try_lists(int rounds) {
    static const char *const lists[] = {"",
                                        "0",
                                        "0,1",
                                        "-1,0",
                                        "1,,0",
                                        "all",
                                        "none",
                                        "void",
                                        "NoDevFiles",
                                        "GPU-aa000001",
                                        "GPU-aa,GPU-bb",
                                        "GPU-bb000003,0",
                                        "MIG-a,1",
                                        "MIG-z",
                                        "MIG-GPU-bb000003/1/0",
                                        " 1 , 3 ",
                                        "18446744073709551616,2",
                                        "0:1"};
    try_seeds("a list of devices is resolved or left alone", lists, sizeof lists / sizeof lists[0],
              rounds, property_devices);
}

static void try_models(int rounds) {
    static const char *const maps[] = {
        "acme-*\nacme-large*\nacme-large-2\nacme-large-2",
        "*-chat\nacme-*\nacme-chat",
        "a*\n*b\n?\?b\nab",
        "*a*a*a*a*b\n*a*a*a*b\naaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab",
        "?rion\n\303\266*\n*n\n\303\266rion",
        "x*y*z\nx?z\n*\n**\nxyyz",
        "hub/*/[a-z]\nhub/*\nhub/a/[a-z]",
    };
    try_seeds("a name has the profile of the line that counts", maps, sizeof maps / sizeof maps[0],
              rounds, property_models);
}

static void try_times(int rounds) {
    static const char *const times[] = {
        "2026-06-13T16:00:00Z",           "2026-06-13T16:00:00.123Z",
        "2026-06-13T16:00:00.123456789Z", "2026-06-13T16:00:00+05:30",
        "2026-06-13T16:00:00.5-07:00",    "2026-06-13 16:00:00,25+0200",
        "2026-06-13t16:00:00z",           "2026-02-28T23:59:59.999+00:01",
        "1677-09-21T00:12:44Z",           "2262-04-11T23:47:16.854Z",
        "1970-01-01T00:00:00-00:00",      "2026-06-13T16:00:00+02",
    };
    try_seeds("two readers of times agree", times, sizeof times / sizeof times[0], rounds,
              property_times);
}

// Files of runs need no seeds: bytes change one that is good.
static void try_runs(int rounds) {
    uint8_t bytes[32];
    int tried = 0;
    for (; tried < rounds; tried++) {
        size_t length = 4 * (1 + below(sizeof bytes / 4));
        for (size_t i = 0; i < length; i++)
            bytes[i] = (uint8_t)below(256);
        const char *wrong = tried ? property_run(bytes, length) : property_run(bytes, 0);
        if (!wrong) continue;
        CHECK(0, "the file of a run, mutant %d: %s", tried, wrong);
        return;
    }
    CHECK(tried == rounds, "a run file is damaged or settled: %d files", tried);
}

static void try_property(const struct property *property, int rounds, int count, char **paths) {
    static uint8_t original[FILE_BYTES_MAX], text[TEXT_BYTES_MAX];
    size_t tried = 0;
    for (int i = 0; i < count; i++) {
        size_t end = strlen(property->files), name = strlen(paths[i]);
        if (name < end || strcmp(paths[i] + name - end, property->files) != 0) continue;
        size_t length = read_file(paths[i], original);
        if (length == 0) continue;
        for (int round = 0; round < rounds * property->rounds; round++) {
            memcpy(text, original, length);
            size_t mutated = round == 0 ? length : mutate(text, length);
            const char *wrong = property->holds(text, mutated);
            tried++;
            if (!wrong) continue;
            CHECK(0, "%s, %s mutant %d: %s", property->name, paths[i], round, wrong);
            return;
        }
    }
    CHECK(tried > 1000, "%s holds for %zu texts", property->name, tried);
}

int main(int argc, char **argv) {
    static const struct property properties[] = {
        {"what the scanner takes jansson takes, with the same values", ".json", 1,
         property_scanner},
        {"every way to a verdict leads to the same one", ".json", 1, property_contract},
        {"a report that is read is written so that it reads the same", "phases.json", 100,
         property_report},
        {"the text of an exporter is read within bounds", ".prom", 40, property_exporter},
        {"the counters of a server are read within bounds", ".prom", 40, property_served},
        {"a record of a window is refused, or an event", "window.json", 100, property_windows},
        {"usage records are counted within bounds, or left out", ".ndjson", 40, property_usage},
        {"objects of a stream do not hang on its reads", ".ndjson", 10, property_objects},
        {"a file of settings is refused, or read within limits", ".yaml", 20, property_settings},
        {"a file of coefficients is refused, or keeps the invariants", ".yaml", 20,
         property_coefficients},
    };
    if (argc < 3) return 2;
    for (size_t i = 0; i < sizeof properties / sizeof properties[0]; i++)
        try_property(&properties[i], atoi(argv[1]), argc - 2, argv + 2);
    try_lists(100 * atoi(argv[1]));
    try_models(20 * atoi(argv[1]));
    try_times(100 * atoi(argv[1]));
    try_runs(100 * atoi(argv[1]));
    return check_end();
}
