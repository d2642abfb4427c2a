// New run ids: 48 bits of milliseconds, then 80 random bits, in Crockford's base 32
// (no I, L, O, U), so that ids sort by time.
// SPDX-License-Identifier: Apache-2.0
#include "runs/run.h"

#include <string.h>
#include <sys/random.h>

void emit_run_id_new(struct emit_host *host, char id[EMIT_RUN_ID_MAX]) {
    static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    unsigned char bytes[16] = {0};
    uint64_t milliseconds = (uint64_t)(emit_host_wall_ns(host) / 1000000);
    for (int i = 0; i < 6; i++)
        bytes[i] = (unsigned char)(milliseconds >> (40 - 8 * i));
    if (getrandom(bytes + 6, 10, GRND_NONBLOCK) != 10) {
        // Before the kernel has entropy: the clock's nanoseconds still tell two runs apart.
        int64_t now_ns = emit_host_monotonic_ns(host);
        memcpy(bytes + 6, &now_ns, sizeof now_ns);
    }
    memcpy(id, "run_", 4);
    // 26 digits of 5 bits hold 130: the first two bits are 0.
    for (int digit = 0; digit < 26; digit++) {
        unsigned value = 0;
        for (int bit = digit * 5 - 2; bit < digit * 5 + 3; bit++)
            value = value << 1 | (bit < 0 ? 0 : (unsigned)bytes[bit / 8] >> (7 - bit % 8) & 1u);
        id[4 + digit] = digits[value];
    }
    id[30] = '\0';
}
