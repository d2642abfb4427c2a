// Which texts fit a glob: a table, every short glob against every short text, and globs that
// take others for ever.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "base/glob.h"

static const struct {
    const char *glob, *text;
    bool fits;
} cases[] = {
    {"", "", true},
    {"", "a", false},
    {"*", "", true},
    {"**", "", true},
    {"?", "", false},
    {"acme-*", "acme-", true}, // also no text
    {"acme-*", "acme", false},
    {"*-chat", "acme-chat", true},
    {"*-chat", "-chat-chat", true},
    {"*-chat", "acme-chats", false},
    {"x*y*z", "xyyyz-y-zz", true},
    {"x*y*z", "xzy", false},
    {"hub/*/[a-z]", "hub/a/b/[a-z]", true}, // a slash and brackets are themselves
    {"hub/*/[a-z]", "hub/a/b", false},
    {"\\*", "*", false}, // nothing escapes
    {"\\*", "\\x", true},
    {"?rion", "\303\266rion", true}, // one character of two bytes
    {"??rion", "\303\266rion", false},
    {"*\303\266", "\303\266\303\266", true},
    {"\303*", "\303\266", false}, // half a character
    {"*\303*\266", "\303x\303\266", false},
};

// The meaning of a glob as one would write it down, character by character; takes for ever
// where there are many stars.
static size_t character(const char *at) {
    return (unsigned char)*at >= 0xc0 ? 2 : 1;
}

static bool fits(const char *glob, const char *text) {
    if (!*glob) return !*text;
    if (*glob == '*') return fits(glob + 1, text) || (*text && fits(glob, text + character(text)));
    if (!*text) return false;
    if (*glob == '?') return fits(glob + 1, text + character(text));
    size_t length = character(glob);
    return memcmp(glob, text, length) == 0 && fits(glob + length, text + length);
}

// The number as a word of at most five of these characters.
static void spell(char *word, unsigned number, const char *const *characters, unsigned count) {
    for (*word = '\0'; number > 0; number = (number - 1) / count)
        word += sprintf(word, "%s", characters[(number - 1) % count]);
}

static void test_short_ones(void) {
    static const char *const characters[] = {"a", "b", "\303\251", "*", "?"};
    enum { GLOBS = 5 + 25 + 125 + 625 + 3125, TEXTS = 3 + 9 + 27 + 81 + 243 };
    static char texts[TEXTS + 1][16];
    char glob[16];
    unsigned different = 0;
    for (unsigned i = 0; i <= TEXTS; i++)
        spell(texts[i], i, characters, 3);
    for (unsigned i = 0; i <= GLOBS; i++) {
        spell(glob, i, characters, 5);
        for (unsigned k = 0; k <= TEXTS; k++)
            if (emit_glob_fits(glob, texts[k]) != fits(glob, texts[k]) && !different++)
                printf("# '%s' and '%s'\n", glob, texts[k]);
    }
    CHECK(different == 0, "every glob and text of up to five characters");
}

// A matcher that asks every star again would take 2^64 steps, and this test would not end.
static void test_many_stars(void) {
    char glob[2 * 64 + 2], text[4096];
    for (size_t i = 0; i < 64; i++)
        memcpy(glob + 2 * i, "*a", 2);
    memcpy(glob + 2 * (size_t)64, "b", 2);
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    CHECK(!emit_glob_fits(glob, text), "64 stars and no end of it");
    text[sizeof text - 2] = 'b';
    CHECK(emit_glob_fits(glob, text), "64 stars, and the end");
}

int main(void) {
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        CHECK(emit_glob_fits(cases[i].glob, cases[i].text) == cases[i].fits, "'%s' and '%s'",
              cases[i].glob, cases[i].text);
    test_short_ones();
    test_many_stars();
    return check_end();
}
