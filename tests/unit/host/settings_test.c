// What a YAML file becomes: settings by key, or one sentence with file and line.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "base/text.h"
#include "host/settings.h"

#include <stdlib.h>
#include <unistd.h>

static const char path[] = "settings_test.yaml";

static void write_file(const char *text) {
    FILE *file = fopen(path, "w");
    if (!file || fputs(text, file) < 0 || fclose(file) != 0) {
        perror(path);
        exit(1);
    }
}

// "key=value;key=value;", "~" for null.
static void describe(const struct emit_settings *settings, char *text, size_t size) {
    struct emit_text out;
    emit_text_init(&out, text, size);
    for (size_t i = 0; i < settings->count; i++)
        emit_text_add_format(&out, "%s=%s;", settings->rows[i].key,
                             settings->rows[i].value ? settings->rows[i].value : "~");
}

struct good {
    const char *what, *yaml, *expected;
    bool foreign;
};

static const struct good good[] = {
    {"an empty file", "", "", false},
    {"comments only", "# nothing\n---\n", "", false},
    {"plain words", "interval: 2s\nquiet: true\n", "interval=2s;quiet=true;", false},
    {"YAML 1.2: no is a word", "quiet: no\nmode: 0o17\n", "quiet=no;mode=0o17;", false},
    {"null in each spelling", "a:\nb: ~\nc: null\nd: 'null'\n", "a=~;b=~;c=~;d=null;", false},
    {"quotes", "a: \"x: y\"\nb: '# no comment'\n", "a=x: y;b=# no comment;", false},
    {"nested keys have dots", "a:\n  b: 1\n  c:\n    d: 2\ne: 3\n", "a.b=1;a.c.d=2;e=3;", false},
    {"keys that hold dots and stars", "a:\n  big-4.1*: x\n  '*': y\n", "a.big-4.1*=x;a.*=y;",
     false},
    {"lists are joined", "meters: [rapl, nvml]\na: []\n", "meters=rapl,nvml;a=;", false},
    {"of a foreign file the first document", "a: 1\n---\nb: 2\n", "a=1;", true},
    {"marks round one document", "--- # here\na: 1\n...\n", "a=1;", false},
    {"a foreign file's plain values",
     "id: ws_1\nload_from:\n  - python_file: {a: b}\nx: {y: z}\n&k k: [1, {a: [b]}]\n*k : 1\nname: "
     "n\n",
     "id=ws_1;name=n;", true},
    {"a foreign file's aliases", "a: &x 1\nb: *x\nc: 2\n", "a=1;c=2;", true},
};

struct bad {
    const char *what, *yaml, *sentence;
};

static const struct bad bad[] = {
    {"a list at the top", "- a\n- b\n", "settings_test.yaml:1: settings are KEY: VALUE"},
    {"a word at the top", "hello\n", "settings_test.yaml:1: settings are KEY: VALUE"},
    {"mappings in a list", "a: 1\nb:\n  - c: 1\n", "settings_test.yaml:3: settings are"},
    {"a key twice", "a: 1\n\na: 2\n", "settings_test.yaml:3: this key was set before"},
    {"a key twice, once nested", "a.b: 1\na:\n  b: 2\n", "settings_test.yaml:3: this key was set"},
    {"an alias", "a: &x 1\nb: *x\n", "settings_test.yaml:2: aliases"},
    {"a second document", "a: 1\n---\nb: 2\n", "settings_test.yaml:2: a second document"},
    {"a tab", "a:\n\tb: 1\n", "settings_test.yaml:2: not YAML"},
    {"an open bracket", "a: [1, 2\nb: 1\n", "not YAML"},
    {"bytes that are no UTF-8", "a: \xff\n", "not YAML"},
    {"a list's item with a comma", "a: ['x,y']\n", "settings_test.yaml:1: a list's item"},
    {"nested too deeply", "a: {a: {a: {a: {a: {a: {a: {a: {a: 1}}}}}}}}\n", "too deeply"},
};

int main(void) {
    struct emit_error err;
    struct emit_settings settings;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        char got[256];
        write_file(good[i].yaml);
        enum emit_status status = emit_settings_read(&settings, path, good[i].foreign, &err);
        if (!CHECK(status == EMIT_OK, "%s is read", good[i].what)) {
            printf("# %s\n", err.text);
            continue;
        }
        describe(&settings, got, sizeof got);
        CHECK_STRING(got, good[i].expected, good[i].what);
        emit_settings_close(&settings);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        write_file(bad[i].yaml);
        enum emit_status status = emit_settings_read(&settings, path, false, &err);
        CHECK(status == EMIT_INVALID && strstr(err.text, bad[i].sentence), "%s: '%s'", bad[i].what,
              status == EMIT_INVALID ? err.text : "not refused");
        if (status == EMIT_OK) emit_settings_close(&settings);
    }
    (void)unlink(path);
    CHECK(emit_settings_read(&settings, path, false, &err) == EMIT_ABSENT, "no file: %s", err.text);
    return check_end();
}
