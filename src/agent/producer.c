// Opening and closing.
// SPDX-License-Identifier: Apache-2.0
#include "agent/producer.h"

#include <errno.h>
#include <string.h>

static enum emit_status open_output(struct emit_producer *producer, const char *path,
                                    struct emit_error *err) {
    if (!path) return EMIT_OK;
    producer->to.output_name = path;
    producer->to.output = strcmp(path, "-") == 0 ? stdout : fopen(path, "ae");
    if (!producer->to.output) return emit_fail_errno(err, errno, "cannot write %s", path);
    return EMIT_OK;
}

static enum emit_status open_store(struct emit_producer *producer,
                                   const struct emit_producer_options *asked,
                                   struct emit_error *err) {
    const struct emit_store_options options = {.outbox_path = asked->outbox_path};
    if (asked->no_outbox) return EMIT_OK;
    enum emit_status status = emit_store_open(&producer->store, &producer->host, &options, err);
    if (status == EMIT_OK) producer->to.outbox = producer->store.outbox;
    return status;
}

enum emit_status emit_producer_open(struct emit_producer *producer,
                                    const struct emit_producer_options *options,
                                    const struct emit_intake_listener *listener,
                                    struct emit_error *err) {
    *producer = (struct emit_producer){0};
    enum emit_status status = emit_host_open(&producer->host, NULL, err);
    if (status != EMIT_OK) return status;
    status = open_output(producer, options->output_path, err);
    if (status == EMIT_OK) status = open_store(producer, options, err);
    if (status == EMIT_OK)
        status = emit_intake_open(&producer->intake, &producer->to, listener, err);
    if (status != EMIT_OK) emit_producer_close(producer);
    return status;
}

void emit_producer_close(struct emit_producer *producer) {
    emit_intake_close(producer->intake);
    emit_store_close(&producer->store);
    // Every batch was flushed, and told of when that failed.
    if (producer->to.output && producer->to.output != stdout) (void)fclose(producer->to.output);
    emit_host_close(&producer->host);
    *producer = (struct emit_producer){0};
}
