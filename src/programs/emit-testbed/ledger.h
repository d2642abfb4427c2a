// The ledger: what was really served, and when, as one JSON object a line.
//
//   {"at":NS,"what":"begin","scenario":"wrap","path":"...","pid":N}
//   {"at":NS,"what":"start","pid":N}          the command starts
//   {"at":NS,"what":"read","zone":"intel-rapl:0","microjoules":N,"pid":N}
//   {"at":NS,"what":"read","zone":"intel-rapl:0","error":"ENODEV","pid":N}
//   {"at":NS,"what":"open","zone":"...","file":"energy_uj","error":"EACCES","pid":N}
//   {"at":NS,"what":"exit","status":N}        as a shell would say it
//   {"at":NS,"what":"energy","zone":"...","from":NS,"to":NS,"joules":X}
//
// Times are CLOCK_MONOTONIC. `begin` is time 0 of the scenario. `energy` is the
// integral of the curve from the start to the exit of the command.
// SPDX-License-Identifier: Apache-2.0
#ifndef EMIT_TESTBED_LEDGER_H
#define EMIT_TESTBED_LEDGER_H

#include "programs/emit-testbed/scenario.h"

// With descriptor -1 it keeps nothing.
struct emit_ledger {
    int descriptor;
    _Atomic int lost; // lines that could not be written
};

// Creates or empties the file; NULL keeps nothing.
EMIT_MUST_CHECK enum emit_status emit_ledger_open(struct emit_ledger *ledger, const char *path,
                                                  struct emit_error *err);
// EMIT_SYSTEM when a line was lost: the ledger is not the whole truth.
EMIT_MUST_CHECK enum emit_status emit_ledger_close(struct emit_ledger *ledger,
                                                   struct emit_error *err);

// One line; `rest` is JSON members, written as they are. Threads may call it at
// once: a line is one write.
void emit_ledger_add(struct emit_ledger *ledger, int64_t at_ns, const char *what, const char *rest,
                     ...) EMIT_PRINTF(4, 5);

// The integral of a zone's curve between two moments of the scenario, in joules.
double emit_scenario_joules(const struct emit_scenario *scenario, int zone, int64_t from_ns,
                            int64_t to_ns);

int64_t emit_testbed_now_ns(void); // CLOCK_MONOTONIC

#endif
