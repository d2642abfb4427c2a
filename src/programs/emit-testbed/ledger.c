// Writing the ledger.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit-testbed/ledger.h"

#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = PATH_MAX + 512 };

int64_t emit_testbed_now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

enum emit_status emit_ledger_open(struct emit_ledger *ledger, const char *path,
                                  struct emit_error *err) {
    int descriptor = -1;
    if (path) {
        descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0644);
        if (descriptor < 0) return emit_fail_errno(err, errno, "cannot write the ledger %s", path);
    }
    ledger->descriptor = descriptor;
    ledger->lost = 0;
    return EMIT_OK;
}

enum emit_status emit_ledger_close(struct emit_ledger *ledger, struct emit_error *err) {
    int descriptor = ledger->descriptor;
    ledger->descriptor = -1;
    if (descriptor >= 0 && close(descriptor) != 0) ledger->lost++;
    if (ledger->lost == 0) return EMIT_OK;
    return emit_fail(err, EMIT_SYSTEM,
                     "%d lines of the ledger could not be written: it is not whole", ledger->lost);
}

void emit_ledger_add(struct emit_ledger *ledger, int64_t at_ns, const char *what, const char *rest,
                     ...) {
    if (ledger->descriptor < 0) return;
    char line[LINE_MAX_BYTES], members[LINE_MAX_BYTES - 100];
    va_list arguments;
    va_start(arguments, rest);
    (void)vsnprintf(members, sizeof members, rest, arguments);
    va_end(arguments);
    struct emit_text text;
    emit_text_init(&text, line, sizeof line);
    emit_text_add_format(&text, "{\"at\":%lld,\"what\":\"%s\",%s}\n", (long long)at_ns, what,
                         members);
    if (write(ledger->descriptor, line, text.length) != (ssize_t)text.length) ledger->lost++;
}

double emit_scenario_joules(const struct emit_scenario *scenario, int zone, int64_t from_ns,
                            int64_t to_ns) {
    const struct emit_curve *curve = &scenario->zones[scenario->zones[zone].shows].counter.curve;
    return emit_curve_joules(curve, (double)to_ns / 1e9) -
           emit_curve_joules(curve, (double)from_ns / 1e9);
}
