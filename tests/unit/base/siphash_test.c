// SipHash-2-4-128 against what openssl makes of the same bytes; the first is the vector of
// its authors.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "base/siphash.h"

// Of the bytes 0, 1, 2 ... under the key 00 01 .. 0f:
// openssl mac -macopt hexkey:000102030405060708090a0b0c0d0e0f -macopt size:16 -in FILE SIPHASH
static const struct {
    size_t length;
    const char *digest;
} vectors[] = {
    {0, "a3817f04ba25a8e66df67214c7550293"},   {1, "da87c1d86b99af44347659119b22fc45"},
    {7, "a1f1ebbed8dbc153c0b84aa61ff08239"},   {8, "3b62a9ba6258f5610f83e264f31497b4"},
    {9, "264499060ad9baabc47f8b02bb6d71ed"},   {15, "5493e99933b0a8117e08ec0f97cfc3d9"},
    {16, "6ee2a4ca67b054bbfd3315bf85230577"},  {38, "8c03468bca7c669ee4fd5e084bbee7b5"},
    {63, "5150d1772f50834a503e069a973fbd7c"},  {64, "1eaf077dc0d4cd3f8cad4d383658a74b"},
    {300, "ce005a406d14b36d5386b5f7a7e1b311"},
};

static void write_word(char *text, uint64_t word) {
    for (int i = 0; i < 8; i++)
        (void)snprintf(text + 2 * i, 3, "%02x", (unsigned)(word >> 8 * i & 0xff));
}

int main(void) {
    static const uint64_t key[2] = {UINT64_C(0x0706050403020100), UINT64_C(0x0f0e0d0c0b0a0908)};
    unsigned char odd[1 + 300], *bytes = odd + 1;
    for (int i = 0; i < 300; i++)
        bytes[i] = (unsigned char)i;
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        struct emit_siphash digest = emit_siphash(key, bytes, vectors[i].length);
        char text[33], what[32];
        write_word(text, digest.low);
        write_word(text + 16, digest.high);
        (void)snprintf(what, sizeof what, "%zu bytes", vectors[i].length);
        CHECK_STRING(text, vectors[i].digest, what);
    }
    return check_end();
}
