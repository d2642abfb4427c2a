// A session with a DCGM host engine: the library, the connection, the list of GPUs
// and the one call that reads them, live or from a watch.
// SPDX-License-Identifier: Apache-2.0
#ifndef METERS_DCGM_ENGINE_H
#define METERS_DCGM_ENGINE_H

#include "base/error.h"
#include "meters/dcgm_abi.h"

#include <stdbool.h>

enum {
    EMIT_DCGM_ADDRESS_MAX = 256,
    EMIT_DCGM_FIELDS_MAX = 8,       // read at a time
    EMIT_DCGM_WATCH_NS = 100000000, // how often a watched field is read: as often as it changes
};

struct emit_dcgm_engine {
    void *library;
    struct emit_dcgm_functions call;
    char address[EMIT_DCGM_ADDRESS_MAX]; // HOST:PORT, or a path
    bool is_unix_socket;
    bool is_local; // of this machine: its clock is ours
    bool is_connected;
    bool is_watching; // else each read asks the driver
    emit_dcgm_handle handle, field_group;
    unsigned gpu_count; // of this connection; the engine's numbers end with it
    struct emit_dcgm_entity gpus[EMIT_DCGM_GPUS_MAX];
    struct emit_dcgm_value *values; // of the last read; EMIT_DCGM_GPUS_MAX * EMIT_DCGM_FIELDS_MAX
    size_t value_count;
};

// The library at `own`, or else the system's. EMIT_ABSENT: there is none;
// EMIT_MALFORMED: it is not DCGM's. Engine is zeroed before; close undoes it.
EMIT_MUST_CHECK enum emit_status emit_dcgm_load(struct emit_dcgm_engine *engine, const char *own,
                                                struct emit_error *err);

// Takes HOST[:PORT] or unix:PATH; NULL: this machine, port 5555. EMIT_INVALID: neither.
EMIT_MUST_CHECK enum emit_status emit_dcgm_address(struct emit_dcgm_engine *engine,
                                                   const char *host, struct emit_error *err);

// Connects, and lists the GPUs. Returns a DCGM status; waits no longer than timeout_ms
// for the engine to answer at all. Not connected before, nor on failure.
int emit_dcgm_connect(struct emit_dcgm_engine *engine, unsigned timeout_ms);
void emit_dcgm_disconnect(struct emit_dcgm_engine *engine); // also when nobody answers any more

// Lets the engine read these fields, and no others, of all GPUs by itself from now on;
// later reads take what it has. Returns a DCGM status.
int emit_dcgm_watch(struct emit_dcgm_engine *engine, const unsigned short *fields, int count);

// Reads fields of all GPUs into engine->values, in any order. Returns a DCGM status.
int emit_dcgm_read(struct emit_dcgm_engine *engine, const unsigned short *fields, unsigned count);

void emit_dcgm_close(struct emit_dcgm_engine *engine);

#endif
