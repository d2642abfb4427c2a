// CRC-32C against the published check values, and what it covers.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "outbox/checksum.h"

static void test_published_values(void) {
    unsigned char zeros[32] = {0}, ones[32];
    memset(ones, 0xff, sizeof ones);
    CHECK(emit_checksum_add(0, "123456789", 9) == 0xe3069283, "the catalogue's 123456789");
    CHECK(emit_checksum_add(0, zeros, 32) == 0x8a9136aa, "RFC 3720: 32 zeros");
    CHECK(emit_checksum_add(0, ones, 32) == 0x62a8ab43, "RFC 3720: 32 ones");
    uint32_t sum = emit_checksum_add(0, "1234", 4);
    CHECK(emit_checksum_add(sum, "56789", 5) == 0xe3069283, "the same in two parts");
}

// Bit by bit, as the polynomial has it.
static uint32_t slowly(const unsigned char *bytes, size_t length) {
    uint32_t rest = UINT32_MAX;
    for (size_t i = 0; i < 8 * length; i++) {
        uint32_t bit = (rest ^ (uint32_t)bytes[i / 8] >> i % 8) & 1;
        rest = rest >> 1 ^ (bit ? 0x82f63b78 : 0);
    }
    return ~rest;
}

static void test_every_byte_and_length(void) {
    unsigned char bytes[256 + 8];
    size_t same = 0, lengths = 0;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(i * 167 + 13);
    for (size_t from = 0; from < 8; from++)
        for (size_t length = 0; length <= 256; length++, lengths++)
            same += emit_checksum_add(0, bytes + from, length) == slowly(bytes + from, length);
    CHECK(same == lengths, "%zu of %zu are as computed bit by bit", same, lengths);
}

static void test_coverage(void) {
    const struct emit_entry entry = {.identity = "ab",
                                     .run_id = "c",
                                     .workspace_id = "ws",
                                     .time_ns = 5,
                                     .body = "{}",
                                     .length = 2};
    static const unsigned char claims[97] = {1, 2, 3};
    struct emit_entry changed[6];
    for (size_t i = 0; i < 6; i++)
        changed[i] = entry;
    changed[0].kind = EMIT_ENTRY_REPORT;
    changed[1].identity = "a", changed[1].run_id = "bc"; // a letter that moves is seen
    changed[2].workspace_id = "w";
    changed[3].time_ns = 6;
    changed[4].body = "{ ";
    changed[5].length = 1;
    uint32_t sum = emit_checksum_entry(&entry, 7, claims, 48);
    for (size_t i = 0; i < 6; i++)
        CHECK(emit_checksum_entry(&changed[i], 7, claims, 48) != sum, "change %zu is seen", i);
    CHECK(emit_checksum_entry(&entry, 8, claims, 48) != sum, "the time of storing is covered");
    CHECK(emit_checksum_entry(&entry, 7, claims + 1, 48) != sum &&
              emit_checksum_entry(&entry, 7, claims, 96) != sum &&
              emit_checksum_entry(&entry, 7, NULL, 0) != sum,
          "and so are the claims");
}

int main(void) {
    test_published_values();
    test_every_byte_and_length();
    test_coverage();
    return check_end();
}
