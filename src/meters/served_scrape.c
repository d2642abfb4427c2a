// One scrape of an inference server, and what helps when there is none.
// SPDX-License-Identifier: Apache-2.0
#include "meters/served_scrape.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

enum { URL_MAX_BYTES = 2048 };
_Static_assert((int)EMIT_SERVED_URL_MAX == (int)EMIT_FETCH_SHOWN_MAX,
               "a report has room for what is shown");

struct emit_served_source {
    struct emit_fetch *fetch;
    char root[URL_MAX_BYTES]; // of the same server, where Ollama says who it is
    char shown[EMIT_FETCH_SHOWN_MAX];
};

enum emit_status emit_served_open(struct emit_served_source **source, const char *url,
                                  struct emit_error *err) {
    char whole[URL_MAX_BYTES];
    const char *path = emit_fetch_host(url);
    path += strcspn(path, "/?#");
    size_t host_length = (size_t)(path - url);
    bool has_path = path[0] == '/' && path[1] && path[1] != '?' && path[1] != '#';
    const char *rest = path[0] == '/' && !has_path ? path + 1 : path;
    struct emit_served_source *opened = calloc(1, sizeof *opened);
    if (!opened) return emit_fail(err, EMIT_NO_MEMORY, "no memory to ask a server");
    bool fits = emit_text_format(whole, sizeof whole, "%.*s%s%s", (int)host_length, url,
                                 has_path ? "" : "/metrics", rest) &&
                emit_text_format(opened->root, sizeof opened->root, "%.*s/", (int)host_length, url);
    emit_fetch_show(opened->shown, fits ? whole : url);
    enum emit_status status =
        fits ? emit_fetch_open(&opened->fetch, whole, err)
             : emit_fail(err, EMIT_INVALID, "the URL %s is too long", opened->shown);
    if (status == EMIT_OK)
        *source = opened;
    else
        emit_served_close(opened);
    return status;
}

static bool is_ollama(const struct emit_served_source *source, long timeout_ms) {
    static const char greeting[] = "Ollama is running";
    struct emit_fetch *fetch;
    const char *text;
    size_t length;
    if (emit_fetch_open(&fetch, source->root, NULL) != EMIT_OK) return false;
    bool is = emit_fetch_text(fetch, timeout_ms, &text, &length, NULL) == EMIT_OK &&
              length >= sizeof greeting - 1 && memcmp(text, greeting, sizeof greeting - 1) == 0;
    emit_fetch_close(fetch);
    return is;
}

// No text to be had: why, and what helps.
static enum emit_status explain(const struct emit_served_source *source, long timeout_ms,
                                enum emit_status status, const struct emit_error *why,
                                struct emit_error *err) {
    long answer = emit_fetch_answer(source->fetch);
    if (answer == 404 && is_ollama(source, timeout_ms))
        return emit_fail(err, EMIT_ABSENT,
                         "Ollama at %.90s has no counters of tokens; log its answers, and "
                         "emit tokens --usage FILE --dialect ollama reads them",
                         source->shown);
    if (answer == 404)
        return emit_fail(err, EMIT_ABSENT,
                         "%.100s answers 404: SGLang and llama.cpp need their option for metrics",
                         source->shown);
    if (answer == 501) // what llama.cpp says without the option
        return emit_fail(err, EMIT_ABSENT, "%.100s answers 501: start llama-server with --metrics",
                         source->shown);
    if (answer >= 301 && answer <= 308)
        return emit_fail(err, status, "%.100s answers %ld, it is elsewhere: name that address",
                         source->shown, answer);
    if (answer == 401 || answer == 403)
        return emit_fail(err, status,
                         "%.90s answers %ld: it wants a name and password in the URL, best in "
                         "EMIT_TOKENS_FROM",
                         source->shown, answer);
    return emit_fail(err, status, "%.100s: %s", source->shown, why->text);
}

enum emit_status emit_served_ask(struct emit_served_source *source, long timeout_ms,
                                 struct emit_served_scrape *scrape, struct emit_error *err) {
    struct emit_error why;
    const char *text;
    size_t length;
    enum emit_status status = emit_fetch_text(source->fetch, timeout_ms, &text, &length, &why);
    if (status != EMIT_OK) return explain(source, timeout_ms, status, &why, err);
    status = emit_served_parse(text, length, scrape, &why);
    if (status != EMIT_OK) return emit_fail(err, status, "%.100s: %s", source->shown, why.text);
    emit_served_stamp(scrape, emit_fetch_born(source->fetch));
    (void)emit_text_format(scrape->elsewhere, sizeof scrape->elsewhere, "%s",
                           emit_fetch_elsewhere(source->fetch));
    return EMIT_OK;
}

void emit_served_close(struct emit_served_source *source) {
    if (!source) return;
    emit_fetch_close(source->fetch);
    free(source);
}
