// The versions of the library and of the event contract.
// SPDX-License-Identifier: Apache-2.0
#ifndef EMIT_VERSION_H
#define EMIT_VERSION_H

#define EMIT_VERSION "0.1.0"
// Of the rows in the contract: stands in the schema's $id, never in an event.
#define EMIT_CONTRACT_VERSION "1.0.0"

// Marks what libemit exports; everything else stays hidden.
#define EMIT_API __attribute__((visibility("default")))

#ifdef __cplusplus
extern "C" {
#endif

// EMIT_VERSION of the library that runs, which need not be the one the program was compiled
// with. Never freed.
EMIT_API const char *emit_version(void);

#ifdef __cplusplus
}
#endif
#endif
