// The store for commands that only look into it.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/look.h"

enum emit_status emit_command_look(struct emit_store *store, const struct emit_command *command,
                                   const char *outbox_path, struct emit_error *err) {
    struct emit_host host;
    const struct emit_store_options options = {.outbox_path = outbox_path, .read_only = true};
    enum emit_status status = emit_host_open(&host, NULL, err);
    if (status != EMIT_OK) return status;
    status = emit_store_open(store, &host, &options, err);
    emit_host_close(&host);
    if (status != EMIT_OK) return status;
    if (store->notice[0]) (void)emit_complain(command, EXIT_OK, "%s", store->notice);
    return EMIT_OK;
}
