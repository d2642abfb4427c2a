// Talking to a DCGM host engine through its client library.
//
// The library keeps one state for the whole process: a second user that shuts it
// down takes our connection with it, which is then made again like any that was lost.
// A live read asks the driver through the engine and leaves nothing behind there. A
// watch lets the engine read by itself, and is only for an engine that answers no live
// read; its values are not forced to be new at each sample, because that waits for
// whatever else the engine reads for others.
// SPDX-License-Identifier: Apache-2.0
#include "meters/dcgm_engine.h"

#include "base/text.h"
#include "host/library.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LIBRARY       "libdcgm.so.4"
#define OLDER_LIBRARY "libdcgm.so.3"
#define PACKAGE       "install NVIDIA's datacenter-gpu-manager"
#define LOCAL_ADDRESS "127.0.0.1:5555"

static const struct emit_symbol symbols[] = {
#define ROW(slot, symbol, parameters) {symbol, offsetof(struct emit_dcgm_functions, slot), false},
    EMIT_DCGM_ROWS(ROW)
#undef ROW
        {0},
};

enum emit_status emit_dcgm_load(struct emit_dcgm_engine *engine, const char *own,
                                struct emit_error *err) {
    enum emit_status status;
    engine->values =
        calloc((size_t)EMIT_DCGM_GPUS_MAX * EMIT_DCGM_FIELDS_MAX, sizeof *engine->values);
    if (!engine->values) return emit_fail(err, EMIT_NO_MEMORY, "no memory for DCGM's values");
    if (own)
        return emit_library_open(&engine->library, own,
                                 "--dcgm-library names a library that stands for " LIBRARY, symbols,
                                 &engine->call, err);
    status = emit_library_open(&engine->library, LIBRARY, PACKAGE, symbols, &engine->call, err);
    if (status != EMIT_ABSENT) return status;
    status =
        emit_library_open(&engine->library, OLDER_LIBRARY, PACKAGE, symbols, &engine->call, err);
    if (status != EMIT_ABSENT) return status;
    return emit_fail(err, EMIT_ABSENT,
                     "neither " LIBRARY " nor " OLDER_LIBRARY " is here: " PACKAGE
                     ", or go without it");
}

static bool names_this_machine(const char *host, size_t length) {
    static const char *const names[] = {"localhost", "127.0.0.1", "::1", "[::1]"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strlen(names[i]) == length && strncmp(names[i], host, length) == 0) return true;
    return false;
}

enum emit_status emit_dcgm_address(struct emit_dcgm_engine *engine, const char *host,
                                   struct emit_error *err) {
    static const char prefix[] = "unix:";
    if (!host) host = LOCAL_ADDRESS;
    engine->is_unix_socket = emit_text_has_prefix(host, prefix);
    if (engine->is_unix_socket) host += strlen(prefix);
    if (!*host || strpbrk(host, " \t\r\n") ||
        !emit_text_format(engine->address, sizeof engine->address, "%s", host))
        return emit_fail(err, EMIT_INVALID,
                         "--dcgm-host: '%.60s' is neither HOST[:PORT] nor unix:PATH", host);
    const char *colon = strrchr(host, ':');
    size_t length = colon ? (size_t)(colon - host) : strlen(host);
    engine->is_local = engine->is_unix_socket || names_this_machine(host, length) ||
                       names_this_machine(host, strlen(host));
    return EMIT_OK;
}

static int list(struct emit_dcgm_engine *engine) {
    unsigned ids[EMIT_DCGM_GPUS_MAX] = {0};
    int count = 0, status = engine->call.list(engine->handle, ids, &count);
    if (status != EMIT_DCGM_OK) return status;
    if (count < 0 || count > EMIT_DCGM_GPUS_MAX) return EMIT_DCGM_VERSION_MISMATCH;
    engine->gpu_count = (unsigned)count;
    for (int i = 0; i < count; i++)
        engine->gpus[i] = (struct emit_dcgm_entity){EMIT_DCGM_ENTITY_GPU, ids[i]};
    return EMIT_DCGM_OK;
}

int emit_dcgm_connect(struct emit_dcgm_engine *engine, unsigned timeout_ms) {
    struct emit_dcgm_connect parameters = {
        .version = EMIT_DCGM_CONNECT_VERSION,
        .timeout_ms = timeout_ms,
        .is_unix_socket = engine->is_unix_socket,
    };
    int status = engine->call.init(); // again too: somebody else may have shut it down
    if (status == EMIT_DCGM_OK)
        status = engine->call.connect(engine->address, &parameters, &engine->handle);
    if (status != EMIT_DCGM_OK) return status;
    engine->is_connected = true;
    status = list(engine);
    if (status != EMIT_DCGM_OK) emit_dcgm_disconnect(engine);
    return status;
}

static void stop_watching(struct emit_dcgm_engine *engine) {
    if (!engine->is_watching) return;
    (void)engine->call.unwatch(engine->handle, EMIT_DCGM_ALL_GPUS, engine->field_group);
    (void)engine->call.ungroup_fields(engine->handle, engine->field_group);
    engine->is_watching = false;
}

void emit_dcgm_disconnect(struct emit_dcgm_engine *engine) {
    if (!engine->is_connected) return;
    stop_watching(engine);
    (void)engine->call.disconnect(engine->handle);
    engine->is_connected = false;
    engine->gpu_count = 0;
    engine->value_count = 0;
}

int emit_dcgm_watch(struct emit_dcgm_engine *engine, const unsigned short *fields, int count) {
    enum { KEEP_SECONDS = 2, KEEP_SAMPLES = 2 };
    char name[64];
    stop_watching(engine);
    (void)emit_text_format(name, sizeof name, "emit-%ld-%p", (long)getpid(), (void *)engine);
    int status =
        engine->call.group_fields(engine->handle, count, fields, name, &engine->field_group);
    if (status != EMIT_DCGM_OK) return status;
    status = engine->call.watch(engine->handle, EMIT_DCGM_ALL_GPUS, engine->field_group,
                                EMIT_DCGM_WATCH_NS / 1000, KEEP_SECONDS, KEEP_SAMPLES);
    if (status != EMIT_DCGM_OK) {
        (void)engine->call.ungroup_fields(engine->handle, engine->field_group);
        return status;
    }
    engine->is_watching = true;
    return engine->call.update(engine->handle, 1); // so that there is a first value
}

int emit_dcgm_read(struct emit_dcgm_engine *engine, const unsigned short *fields, unsigned count) {
    unsigned short asked[EMIT_DCGM_FIELDS_MAX];
    engine->value_count = 0;
    if (!engine->is_connected) return EMIT_DCGM_CONNECTION_LOST;
    if (count > EMIT_DCGM_FIELDS_MAX) return EMIT_DCGM_BAD_PARAMETER;
    if (engine->gpu_count == 0 || count == 0) return EMIT_DCGM_OK;
    memcpy(asked, fields, count * sizeof *asked); // the library's parameter is not const
    size_t wanted = (size_t)engine->gpu_count * count;
    for (size_t i = 0; i < wanted; i++) // an entry that is left alone must not look like an answer
        memset(&engine->values[i], 0, offsetof(struct emit_dcgm_value, value));
    int status = engine->call.read(engine->handle, engine->gpus, engine->gpu_count, asked, count,
                                   engine->is_watching ? 0 : EMIT_DCGM_FLAG_LIVE, engine->values);
    if (status == EMIT_DCGM_OK) engine->value_count = wanted;
    return status;
}

void emit_dcgm_close(struct emit_dcgm_engine *engine) {
    if (engine->library) {
        emit_dcgm_disconnect(engine);
        (void)engine->call.shutdown();
        emit_library_close(engine->library);
    }
    free(engine->values);
    *engine = (struct emit_dcgm_engine){0};
}
