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

static bool take_one(void *owner, const struct emit_entry *entry) {
    (void)entry;
    *(bool *)owner = true;
    return false;
}

const char *emit_command_tell_windows(struct emit_outbox *outbox) {
    bool found = false;
    const struct emit_outbox_query query = {.kind = EMIT_ENTRY_EVENT, .run_id = "", .limit = 1};
    if (!outbox || emit_outbox_visit(outbox, &query, take_one, &found, NULL, NULL) != EMIT_OK)
        return "";
    return found ? "; windows of facilities are there, of no run: emit outbox list" : "";
}
