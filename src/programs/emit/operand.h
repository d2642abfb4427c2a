// A file that a command reads, as it was named: - is standard input.
// SPDX-License-Identifier: Apache-2.0
#ifndef PROGRAMS_EMIT_OPERAND_H
#define PROGRAMS_EMIT_OPERAND_H

#include "base/error.h"

struct emit_operand {
    int descriptor;
    const char *name; // as sentences call it; borrowed from the path
};

// EMIT_ABSENT, EMIT_DENIED, EMIT_SYSTEM: "PATH cannot be opened: why".
EMIT_MUST_CHECK enum emit_status emit_operand_open(struct emit_operand *operand, const char *path,
                                                   struct emit_error *err);
void emit_operand_close(struct emit_operand *operand); // leaves standard input open

#endif
