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
    test_coverage();
    return check_end();
}
