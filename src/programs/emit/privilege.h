// A right that emit has and its caller has not (design 4.11): the file capability
// of `setcap cap_dac_read_search=ep emit`, or a set-id bit somebody put there.
//
// It serves one purpose, to open the energy counters of the real /sys. It is
// used for that before an argument, the environment, a configuration or a path of
// the caller's is looked at, and then given up for good; what was opened is lent to the
// meters. Such counts are not the caller's to have at any rate he likes (fast ones
// leak keys): windows are then at least EMIT_BORROWED_FLOOR_NS long.
// SPDX-License-Identifier: Apache-2.0
#ifndef PROGRAMS_EMIT_PRIVILEGE_H
#define PROGRAMS_EMIT_PRIVILEGE_H

#include "base/option.h"
#include "host/host.h"

#define EMIT_BORROWED_FLOOR_NS 1000000000LL

// Call it once, first thing in main, with descriptors 0 to 2 in use. Does nothing
// when emit has no right but its caller's. EMIT_SYSTEM: the right could not be
// given up; the program must end.
EMIT_MUST_CHECK enum emit_status emit_privilege_give_up(struct emit_error *err);

// EMIT_DENIED when emit was started with a borrowed right and an option whose row
// says override_only was used, by flag, environment or configuration; err names it.
EMIT_MUST_CHECK enum emit_status emit_privilege_check_options(const struct emit_option *rows,
                                                              const void *values,
                                                              struct emit_error *err);

// As emit_host_open, and lends the host what was opened. Every command that reads
// meters opens its host with this.
EMIT_MUST_CHECK enum emit_status
emit_privilege_host_open(struct emit_host *host, const char *sysfs_root, struct emit_error *err);

#endif
