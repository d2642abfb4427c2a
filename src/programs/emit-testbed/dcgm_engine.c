// Tables of the fake host engine.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit-testbed/dcgm_engine.h"

#include <pthread.h>
#include <string.h>

enum { CONNECTIONS_MAX = 64, GROUPS_MAX = 64 };

struct connection {
    dcgm_handle handle; // 0: free
    bool embedded;
    unsigned int start; // of the engine it was made with
};

// A field group, and its watch.
struct field_group {
    dcgm_handle owner; // 0: free
    dcgm_handle handle;
    unsigned int count;
    unsigned short fields[DCGM_FIELDS_MAX];
    int64_t period_ns; // 0: not watched
    int64_t since_ns;  // of the watch
    int64_t forced_ns; // of the last update that was asked for; -1 none
};

// The state a vendor's library has; its interface leaves no other place for it.
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct emit_gpu_world world;
static _Atomic unsigned int users;
static dcgm_handle last_handle;
static struct connection connections[CONNECTIONS_MAX];
static struct field_group groups[GROUPS_MAX];

int dcgm_engine_init(void) {
    int code = DCGM_OK;
    pthread_mutex_lock(&lock);
    if (users == 0 && !emit_gpu_world_open(&world)) code = DCGM_INIT_ERROR;
    if (code == DCGM_OK) users++;
    pthread_mutex_unlock(&lock);
    return code;
}

int dcgm_engine_shutdown(void) {
    int code = DCGM_OK;
    pthread_mutex_lock(&lock);
    if (users == 0) {
        code = DCGM_UNINITIALIZED;
    } else if (--users == 0) {
        emit_gpu_world_close(&world);
        memset(connections, 0, sizeof connections);
        memset(groups, 0, sizeof groups);
    }
    pthread_mutex_unlock(&lock);
    return code;
}

struct emit_gpu_world *dcgm_engine_world(void) {
    return users > 0 ? &world : NULL;
}

int dcgm_engine_connect(bool embedded, dcgm_handle *handle) {
    int code = DCGM_MAX_LIMIT;
    pthread_mutex_lock(&lock);
    for (size_t i = 0; code != DCGM_OK && i < CONNECTIONS_MAX; i++) {
        if (connections[i].handle) continue;
        unsigned int start =
            emit_gpu_engine_starts(&world.file->machine, emit_gpu_world_now_ns(&world));
        connections[i] = (struct connection){++last_handle, embedded, start};
        *handle = last_handle;
        code = DCGM_OK;
    }
    pthread_mutex_unlock(&lock);
    return code;
}

// Under the lock, as all that follow.
static struct connection *find_connection(dcgm_handle handle) {
    for (size_t i = 0; handle && i < CONNECTIONS_MAX; i++)
        if (connections[i].handle == handle) return &connections[i];
    return NULL;
}

static struct field_group *find_group(dcgm_handle owner, dcgm_handle handle) {
    for (size_t i = 0; owner && i < GROUPS_MAX; i++)
        if (groups[i].owner == owner && groups[i].handle == handle) return &groups[i];
    return NULL;
}

int dcgm_engine_disconnect(dcgm_handle handle) {
    pthread_mutex_lock(&lock);
    struct connection *connection = find_connection(handle);
    for (size_t i = 0; connection && i < GROUPS_MAX; i++)
        if (groups[i].owner == handle) groups[i].owner = 0;
    if (connection) connection->handle = 0;
    pthread_mutex_unlock(&lock);
    return connection ? DCGM_OK : DCGM_BAD_PARAMETER;
}

int dcgm_engine_check(dcgm_handle handle, int64_t now_ns) {
    pthread_mutex_lock(&lock);
    const struct connection *connection = find_connection(handle);
    int code = connection ? DCGM_OK : DCGM_BAD_PARAMETER;
    if (connection && !connection->embedded) {
        const struct emit_gpu_machine *machine = &world.file->machine;
        if (emit_gpu_event_at(machine, EMIT_GPU_ENGINE_DOWN, EMIT_GPU_ALL, now_ns) ||
            emit_gpu_engine_starts(machine, now_ns) != connection->start)
            code = DCGM_CONNECTION_LOST;
    }
    pthread_mutex_unlock(&lock);
    return code;
}

int dcgm_engine_group(dcgm_handle handle, const unsigned short *fields, unsigned int count,
                      dcgm_handle *group) {
    int code = DCGM_MAX_LIMIT;
    pthread_mutex_lock(&lock);
    for (size_t i = 0; code != DCGM_OK && i < GROUPS_MAX; i++) {
        if (groups[i].owner) continue;
        groups[i] = (struct field_group){.owner = handle, .handle = ++last_handle, .count = count};
        memcpy(groups[i].fields, fields, count * sizeof *fields);
        *group = last_handle;
        code = DCGM_OK;
    }
    pthread_mutex_unlock(&lock);
    return code;
}

int dcgm_engine_ungroup(dcgm_handle handle, dcgm_handle group) {
    pthread_mutex_lock(&lock);
    struct field_group *found = find_group(handle, group);
    if (found) found->owner = 0;
    pthread_mutex_unlock(&lock);
    return found ? DCGM_OK : DCGM_BAD_PARAMETER;
}

int dcgm_engine_watch(dcgm_handle handle, dcgm_handle group, int64_t period_ns, int64_t now_ns) {
    pthread_mutex_lock(&lock);
    struct field_group *found = find_group(handle, group);
    if (found) {
        found->period_ns = period_ns;
        found->since_ns = now_ns;
        found->forced_ns = -1;
    }
    pthread_mutex_unlock(&lock);
    return found ? DCGM_OK : DCGM_BAD_PARAMETER;
}

int dcgm_engine_unwatch(dcgm_handle handle, dcgm_handle group) {
    return dcgm_engine_watch(handle, group, 0, 0);
}

void dcgm_engine_update(dcgm_handle handle, int64_t now_ns) {
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < GROUPS_MAX; i++)
        if (groups[i].owner == handle) groups[i].forced_ns = now_ns;
    pthread_mutex_unlock(&lock);
}

// The engine reads at its own pace from the watch on; -1: not yet.
static int64_t last_read_ns(const struct field_group *group, int64_t now_ns) {
    int64_t ticks = (now_ns - group->since_ns) / group->period_ns;
    int64_t ticked_ns = ticks > 0 ? group->since_ns + ticks * group->period_ns : -1;
    return ticked_ns > group->forced_ns ? ticked_ns : group->forced_ns;
}

int dcgm_engine_seen(dcgm_handle handle, unsigned short field, int64_t now_ns, int64_t *seen_ns) {
    int code = DCGM_NOT_WATCHED;
    int64_t latest_ns = -1;
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < GROUPS_MAX; i++) {
        const struct field_group *group = &groups[i];
        if (group->owner != handle || group->period_ns == 0) continue;
        for (unsigned int j = 0; j < group->count; j++) {
            if (group->fields[j] != field) continue;
            if (code == DCGM_NOT_WATCHED) code = DCGM_NO_DATA;
            int64_t read_ns = last_read_ns(group, now_ns);
            if (read_ns > latest_ns) latest_ns = read_ns;
        }
    }
    pthread_mutex_unlock(&lock);
    if (latest_ns < 0) return code;
    *seen_ns = latest_ns;
    return DCGM_OK;
}
