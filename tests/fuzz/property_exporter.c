// An exporter's text, whatever it is: the counters read from it are in bounds, and the
// same when lines of other metrics stand between and line ends are of the other kind.
// SPDX-License-Identifier: Apache-2.0
#include "property.h"

#include "meters/exporter_text.h"

#include <stdlib.h>
#include <string.h>

struct answer {
    enum emit_status status;
    size_t count;
    struct emit_exporter_gpu gpus[EMIT_EXPORTER_GPUS_MAX];
};

static void ask(struct answer *answer, const char *text, size_t length) {
    memset(answer, 0, sizeof *answer);
    struct emit_error err;
    answer->status = emit_exporter_parse(text, length, answer->gpus, EMIT_EXPORTER_GPUS_MAX,
                                         &answer->count, &err);
}

static const char *judge(const struct answer *answer) {
    if (answer->count > EMIT_EXPORTER_GPUS_MAX) return "more GPUs than there is room";
    if (answer->status != EMIT_OK && answer->count) return "GPUs out of a text that was refused";
    for (size_t i = 0; i < answer->count; i++) {
        const struct emit_exporter_gpu *gpu = &answer->gpus[i];
        if (strncmp(gpu->uuid, "GPU-", 4) != 0 || strlen(gpu->uuid) >= sizeof gpu->uuid)
            return "a GPU without a UUID";
        for (const char *at = gpu->uuid; *at; at++)
            if (*at < ' ' || *at > '~') return "a UUID that is not printable";
        if (gpu->millijoules > UINT64_C(1000000000000000000)) return "a count beyond all";
        if (!gpu->has_count && gpu->millijoules) return "a count that is none";
        for (size_t j = 0; j < i; j++)
            if (strcmp(answer->gpus[j].uuid, gpu->uuid) == 0) return "one GPU twice";
    }
    return NULL;
}

// The text with a foreign line before each of its lines, and with "\r\n" for "\n".
static size_t dress(const char *text, size_t length, char *dressed) {
    static const char foreign[] = "DCGM_FI_DEV_GPU_TEMP{UUID=\"GPU-x\"} 30\r\n";
    size_t at = 0;
    bool begins = true;
    for (size_t i = 0; i < length; i++) {
        if (begins) {
            memcpy(dressed + at, foreign, sizeof foreign - 1);
            at += sizeof foreign - 1;
        }
        begins = text[i] == '\n';
        if (begins && (i == 0 || text[i - 1] != '\r')) dressed[at++] = '\r';
        dressed[at++] = text[i];
    }
    return at;
}

const char *property_exporter(const uint8_t *bytes, size_t size) {
    static struct answer plain, dressed;
    char *text = calloc(size + 1, 1), *more = malloc(48 * size + 1);
    const char *wrong = "no memory";
    if (text && more) {
        if (size) memcpy(text, bytes, size);
        ask(&plain, text, size);
        ask(&dressed, more, dress(text, size, more));
        wrong = judge(&plain);
        if (!wrong && plain.status != EMIT_FULL &&
            (plain.status != dressed.status || plain.count != dressed.count ||
             memcmp(plain.gpus, dressed.gpus, sizeof plain.gpus) != 0))
            wrong = "lines of others, or line ends, change what is read";
    }
    free(text);
    free(more);
    return wrong;
}
