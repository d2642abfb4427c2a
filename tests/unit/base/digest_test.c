// SHA-256 against the published values, and its text.
// SPDX-License-Identifier: Apache-2.0
#include "base/digest.h"

#include "check.h"

// FIPS 180-2, appendix B, and the empty text; of "a" a million times the last.
static void test_published_values(void) {
    static char million[1000000];
    memset(million, 'a', sizeof million);
    static const char two_blocks[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    const struct {
        const char *bytes;
        size_t length;
        const char *text;
    } cases[] = {
        {"", 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {two_blocks, 56, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
        {million, sizeof million,
         "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        unsigned char digest[EMIT_DIGEST];
        char text[EMIT_DIGEST_TEXT];
        emit_digest_of(cases[i].bytes, cases[i].length, digest);
        emit_digest_write(digest, text);
        CHECK(strcmp(text, cases[i].text) == 0, "of %zu bytes: %s", cases[i].length, text);
    }
}

static void test_text(void) {
    static const char *const not_texts[] = {
        "",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b85",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b8555",
        "E3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b85g",
        "/3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b85:",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b8`5",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b8\xe1"
        "5",
    };
    unsigned char digest[EMIT_DIGEST], again[EMIT_DIGEST];
    char text[EMIT_DIGEST_TEXT];
    for (size_t i = 0; i < sizeof not_texts / sizeof not_texts[0]; i++)
        CHECK(!emit_digest_read(not_texts[i], strlen(not_texts[i]), digest), "no text of one: %zu",
              i);
    size_t same = 0;
    for (unsigned value = 0; value < 256; value++) {
        memset(digest, (int)value, sizeof digest);
        emit_digest_write(digest, text);
        same +=
            emit_digest_read(text, strlen(text), again) && memcmp(digest, again, sizeof again) == 0;
    }
    CHECK(same == 256, "every byte is read as it was written");
}

int main(void) {
    test_published_values();
    test_text();
    return check_end();
}
