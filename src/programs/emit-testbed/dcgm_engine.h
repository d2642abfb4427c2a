// The host engine that the fake libdcgm speaks to: connections, field groups and
// watches. One table of each, for all threads of the process.
// SPDX-License-Identifier: Apache-2.0
#ifndef EMIT_TESTBED_DCGM_ENGINE_H
#define EMIT_TESTBED_DCGM_ENGINE_H

#include "programs/emit-testbed/dcgm_abi.h"
#include "programs/emit-testbed/gpu_world.h"

// Reference counted. DCGM_INIT_ERROR: not inside emit-testbed.
int dcgm_engine_init(void);
int dcgm_engine_shutdown(void);
// What a call needs: NULL unless initialized.
struct emit_gpu_world *dcgm_engine_world(void);

// An embedded engine never goes down.
int dcgm_engine_connect(bool embedded, dcgm_handle *handle);
int dcgm_engine_disconnect(dcgm_handle handle);
// DCGM_OK while the engine that the handle was made with is still there.
int dcgm_engine_check(dcgm_handle handle, int64_t now_ns);

int dcgm_engine_group(dcgm_handle handle, const unsigned short *fields, unsigned int count,
                      dcgm_handle *group);
int dcgm_engine_ungroup(dcgm_handle handle, dcgm_handle group);
int dcgm_engine_watch(dcgm_handle handle, dcgm_handle group, int64_t period_ns, int64_t now_ns);
int dcgm_engine_unwatch(dcgm_handle handle, dcgm_handle group);
void dcgm_engine_update(dcgm_handle handle, int64_t now_ns);
// When a field was last read for the connection. DCGM_NOT_WATCHED, DCGM_NO_DATA: it was not.
int dcgm_engine_seen(dcgm_handle handle, unsigned short field, int64_t now_ns, int64_t *seen_ns);

#endif
