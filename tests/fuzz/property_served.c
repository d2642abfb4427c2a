// A server's text, whatever it is: what is read is in bounds, the same between lines of
// others, and between a text and itself nothing was served.
// SPDX-License-Identifier: Apache-2.0
#include "property.h"

#include "meters/served.h"

#include <stdlib.h>
#include <string.h>

static const char foreign[] = "DCGM_FI_DEV_GPU_TEMP{UUID=\"GPU-x\"} 30\n";

struct scrapes {
    struct emit_served_scrape plain, dressed;
    struct emit_served_use use;
};

// The text with a foreign line before each of its lines.
static size_t dress(const char *text, size_t length, char *dressed) {
    size_t at = 0;
    bool begins = true;
    for (size_t i = 0; i < length; i++) {
        if (begins) memcpy(dressed + at, foreign, sizeof foreign - 1);
        if (begins) at += sizeof foreign - 1;
        begins = text[i] == '\n';
        dressed[at++] = text[i];
    }
    return at;
}

static const char *judge_use(const struct emit_served_use *use) {
    if (use->model_count > EMIT_SERVED_MODELS_MAX) return "more models than there is room";
    for (size_t i = 0; i < use->model_count; i++)
        for (int bucket = 0; bucket < EMIT_SERVED_BUCKETS; bucket++)
            if (use->models[i].amounts[bucket].count) return "something between a text and itself";
    return NULL;
}

static const char *judge(struct scrapes *scrapes) {
    const struct emit_served_scrape *scrape = &scrapes->plain;
    struct emit_error err;
    if (!scrape->kind) return "counters of no server";
    if (scrape->series_count > EMIT_SERVED_SERIES_MAX) return "more series than there is room";
    for (size_t i = 0; i < scrape->model_count; i++)
        if (!memchr(scrape->models[i], '\0', EMIT_SERVED_NAME_MAX)) return "a name without an end";
    if (emit_served_difference(scrape, &scrapes->dressed, &scrapes->use, &err) != EMIT_OK)
        return "a text is another life than itself";
    return judge_use(&scrapes->use);
}

const char *property_served(const uint8_t *bytes, size_t size) {
    struct emit_error err;
    static struct scrapes scrapes;
    char *text = calloc(size ? size : 1, 1), *more = malloc(sizeof foreign * size + 1);
    const char *wrong = NULL;
    scrapes.plain.kind = NULL;
    scrapes.plain.series_count = 0;
    if (text && more) {
        if (size) memcpy(text, bytes, size);
        enum emit_status plain = emit_served_parse(text, size, &scrapes.plain, &err);
        enum emit_status dressed =
            emit_served_parse(more, dress(text, size, more), &scrapes.dressed, &err);
        if (plain != dressed)
            wrong = "lines of others change what is read";
        else if (plain == EMIT_OK)
            wrong = judge(&scrapes);
        else if (scrapes.plain.series_count || scrapes.plain.kind)
            wrong = "counters out of a text that was refused";
    }
    free(text);
    free(more);
    return wrong;
}
