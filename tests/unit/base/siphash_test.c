// SipHash-1-3-128 against what openssl makes of the same bytes.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "base/siphash.h"

// Of the bytes 0, 1, 2 ... under the key 00 01 .. 0f:
// openssl mac -macopt hexkey:000102030405060708090a0b0c0d0e0f -macopt size:16
//   -macopt c-rounds:1 -macopt d-rounds:3 -in FILE SIPHASH
static const struct {
    size_t length;
    const char *digest;
} vectors[] = {
    {0, "e77ebcb22788a5befd62db6add303001"},   {1, "fc6f370460d3eda85e0573cc2b2ff063"},
    {7, "1084b923f2aae0c3a62f2ec80848ab77"},   {8, "aa12fee1d5e3dab4724f16ab35f9c799"},
    {9, "81ddb8042cf33994f4720e0094137c42"},   {15, "c17e5505b2bd526c2921cdec1e7e0109"},
    {16, "d0a8d95715518eebb513b0f83d9e1793"},  {38, "7c5004005ec5da4c5ac9440e5c723193"},
    {63, "4c5800e34efe426f079f6b0aa75260ad"},  {64, "1253def24b4aa5364ec8a759ba6a66c2"},
    {300, "3165ead62761c51719819dcf73cd572b"},
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
