// Shared libraries opened at run time: the one mechanism for SQLite, libyaml and
// the vendors' libraries (design 8). The folder that uses a library keeps a table
// of rows; each slot is typed from the library's own header with __typeof__.
// SPDX-License-Identifier: Apache-2.0
#ifndef HOST_LIBRARY_H
#define HOST_LIBRARY_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

struct emit_symbol {
    const char *name; // as exported: "sqlite3_open_v2"; NULL ends the rows
    size_t offset;    // of its slot (a function pointer) in the caller's struct
    bool optional;    // a missing one leaves the slot NULL
};

// Opens soname (RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE) and fills the slots of `functions`.
// EMIT_ABSENT: no such library, the sentence ends with `remedy` ("install libsqlite3-0");
// EMIT_MALFORMED: a symbol that is not optional is missing.
// *handle is for emit_library_close; slots are written only on success.
EMIT_MUST_CHECK enum emit_status emit_library_open(void **handle, const char *soname,
                                                   const char *remedy,
                                                   const struct emit_symbol *rows, void *functions,
                                                   struct emit_error *err);
void emit_library_close(void *handle); // accepts NULL

// True when the library's file belongs to somebody else than this process's user: what an
// ordinary user built himself is no evidence. For root, whose all files are, always.
bool emit_library_is_anothers(void *handle);

#endif
