// Asking a web server once, with libcurl.
//
// What surprises: nothing is followed, no proxy is used and no file is read (.netrc),
// so that what is asked is what was named. A server that vanishes must not end the process:
// SIGPIPE is held back in this thread meanwhile. libcurl stays loaded: a name that is still
// being looked up when time is up is left to a thread of libcurl's, which a libcurl before
// 7.87 waits for.
// SPDX-License-Identifier: Apache-2.0
#include "host/fetch.h"

#include "base/text.h"
#include "host/library.h"

#include <curl/curl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>

#undef curl_easy_setopt // the header's macro checks types only where the function is linked
#undef curl_easy_getinfo

// The functions of libcurl that are used.
#define FUNCTIONS(ROW)                                                                             \
    ROW(curl_global_init)                                                                          \
    ROW(curl_easy_init)                                                                            \
    ROW(curl_easy_setopt)                                                                          \
    ROW(curl_easy_perform)                                                                         \
    ROW(curl_easy_getinfo)                                                                         \
    ROW(curl_easy_strerror)                                                                        \
    ROW(curl_easy_cleanup)

struct functions {
#define SLOT(name) __typeof__(&name) name;
    FUNCTIONS(SLOT)
#undef SLOT
};

static const struct emit_symbol symbols[] = {
#define ROW(name) {#name, offsetof(struct functions, name), false},
    FUNCTIONS(ROW)
#undef ROW
        {0},
};

struct emit_fetch {
    struct functions call;
    CURL *easy;
    long answer;
    char born[EMIT_FETCH_BORN_MAX];
    size_t length; // of the text
    char text[EMIT_FETCH_MAX];
};

static size_t take_bytes(char *bytes, size_t size, size_t count, void *owner) {
    struct emit_fetch *fetch = owner;
    size_t length = size * count;
    if (length > sizeof fetch->text - fetch->length) return 0; // CURLE_WRITE_ERROR
    memcpy(fetch->text + fetch->length, bytes, length);
    fetch->length += length;
    return length;
}

// One line of the answer's head.
static size_t take_header(char *bytes, size_t size, size_t count, void *owner) {
    static const char name[] = "process-start-time-unix:";
    struct emit_fetch *fetch = owner;
    size_t length = size * count, at = sizeof name - 1, kept = 0;
    if (length <= at || strncasecmp(bytes, name, at) != 0) return length;
    for (; at < length && kept < sizeof fetch->born - 1; at++)
        if (bytes[at] > ' ' && bytes[at] <= '~') fetch->born[kept++] = bytes[at];
    fetch->born[kept] = '\0';
    return length;
}

// A socket that the metered command does not inherit.
static curl_socket_t open_socket(void *owner, curlsocktype purpose, struct curl_sockaddr *address) {
    (void)owner;
    (void)purpose;
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

bool emit_fetch_is_url(const char *url) {
    bool known = strncasecmp(url, "http://", 7) == 0 || strncasecmp(url, "https://", 8) == 0;
    for (const char *at = url; *at; at++)
        if (*at <= ' ' || *at > '~') return false;
    return known && *(strchr(url, ':') + 3) != '\0';
}

static bool set_up(struct emit_fetch *fetch, const char *url) {
    const struct functions *call = &fetch->call;
    CURL *easy = fetch->easy = call->curl_easy_init();
    if (easy) (void)call->curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L); // as said above
    return easy && call->curl_easy_setopt(easy, CURLOPT_URL, url) == CURLE_OK &&
           call->curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           call->curl_easy_setopt(easy, CURLOPT_PROXY, "") == CURLE_OK &&
           call->curl_easy_setopt(easy, CURLOPT_USERAGENT, "emit") == CURLE_OK &&
           call->curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_bytes) == CURLE_OK &&
           call->curl_easy_setopt(easy, CURLOPT_WRITEDATA, fetch) == CURLE_OK &&
           call->curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header) == CURLE_OK &&
           call->curl_easy_setopt(easy, CURLOPT_HEADERDATA, fetch) == CURLE_OK &&
           call->curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket) == CURLE_OK &&
           call->curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK;
}

enum emit_status emit_fetch_open(struct emit_fetch **fetch, const char *url,
                                 struct emit_error *err) {
    if (!emit_fetch_is_url(url)) {
        char shown[EMIT_FETCH_SHOWN_MAX];
        emit_fetch_show(shown, url);
        return emit_fail(err, EMIT_INVALID, "'%s' is no URL: http://HOST:PORT/metrics, or https",
                         shown);
    }
    void *library;
    struct functions call;
    enum emit_status status = emit_library_open(
        &library, "libcurl.so.4", "install libcurl4 to ask a web server", symbols, &call, err);
    if (status != EMIT_OK) return status;
    struct emit_fetch *opened = calloc(1, sizeof *opened);
    if (!opened) return emit_fail(err, EMIT_NO_MEMORY, "no memory for a web server's text");
    opened->call = call;
    if (call.curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK || !set_up(opened, url)) {
        emit_fetch_close(opened);
        return emit_fail(err, EMIT_MALFORMED, "libcurl cannot be set up: is it older than 7.62?");
    }
    *fetch = opened;
    return EMIT_OK;
}

// Performs with SIGPIPE held back; one that came meanwhile is taken away again.
static CURLcode perform(struct emit_fetch *fetch) {
    sigset_t pipe, before, pending;
    const struct timespec now = {0};
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    sigpending(&pending);
    bool was_pending = sigismember(&pending, SIGPIPE) == 1;
    bool is_held = pthread_sigmask(SIG_BLOCK, &pipe, &before) == 0;
    CURLcode code = fetch->call.curl_easy_perform(fetch->easy);
    if (!is_held) return code;
    if (!was_pending) (void)sigtimedwait(&pipe, NULL, &now);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return code;
}

static enum emit_status status_of(CURLcode code) {
    switch ((int)code) {
    case CURLE_COULDNT_CONNECT:
    case CURLE_COULDNT_RESOLVE_HOST: return EMIT_ABSENT;
    case CURLE_WRITE_ERROR: return EMIT_FULL;
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_PARTIAL_FILE:
    case CURLE_RECV_ERROR:
    case CURLE_GOT_NOTHING: return EMIT_TIMEOUT;
    default: return EMIT_MALFORMED;
    }
}

// What helps, behind libcurl's own words.
static const char *remedy_of(CURLcode code) {
    switch ((int)code) {
    case CURLE_COULDNT_CONNECT: return ": does it run there?";
    case CURLE_PEER_FAILED_VERIFICATION:
        return ": its certificate's authority is not among this system's";
    default: return "";
    }
}

enum emit_status emit_fetch_text(struct emit_fetch *fetch, long timeout_ms, const char **text,
                                 size_t *length, struct emit_error *err) {
    const struct functions *call = &fetch->call;
    fetch->length = 0;
    fetch->answer = 0;
    fetch->born[0] = '\0';
    CURLcode code = call->curl_easy_setopt(fetch->easy, CURLOPT_TIMEOUT_MS, timeout_ms);
    if (code == CURLE_OK) code = perform(fetch);
    if (code != CURLE_OK) {
        enum emit_status status = status_of(code);
        if (status == EMIT_FULL)
            return emit_fail(err, status, "its answer is longer than %d MiB",
                             EMIT_FETCH_MAX / (1024 * 1024));
        return emit_fail(err, status, "%s%s", call->curl_easy_strerror(code), remedy_of(code));
    }
    (void)call->curl_easy_getinfo(fetch->easy, CURLINFO_RESPONSE_CODE, &fetch->answer);
    long answer = fetch->answer;
    if (answer == 401 || answer == 403)
        return emit_fail(err, EMIT_DENIED, "it answers %ld: not permitted", answer);
    if (answer != 200) return emit_fail(err, EMIT_MALFORMED, "it answers %ld, not 200", answer);
    *text = fetch->text;
    *length = fetch->length;
    return EMIT_OK;
}

long emit_fetch_answer(const struct emit_fetch *fetch) {
    return fetch->answer;
}

const char *emit_fetch_born(const struct emit_fetch *fetch) {
    return fetch->born;
}

static bool is_loopback(const char *address) {
    return strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0;
}

const char *emit_fetch_elsewhere(const struct emit_fetch *fetch) {
    const char *theirs = NULL, *ours = NULL;
    (void)fetch->call.curl_easy_getinfo(fetch->easy, CURLINFO_PRIMARY_IP, &theirs);
    (void)fetch->call.curl_easy_getinfo(fetch->easy, CURLINFO_LOCAL_IP, &ours);
    if (!theirs || !ours || !*theirs || is_loopback(theirs)) return "";
    // The kernel talks to an address of its own from that address.
    return strcmp(theirs, ours) == 0 ? "" : theirs;
}

const char *emit_fetch_host(const char *url) {
    static const char scheme_bytes[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    size_t scheme = strspn(url, scheme_bytes);
    return scheme && strncmp(url + scheme, "://", 3) == 0 ? url + scheme + 3 : url;
}

void emit_fetch_show(char shown[EMIT_FETCH_SHOWN_MAX], const char *url) {
    const char *host = emit_fetch_host(url), *scheme_end = host;
    const char *host_end = host + strcspn(host, "/?#");
    for (const char *at = host; at < host_end; at++)
        if (*at == '@') host = at + 1;
    // A password with a slash in it, perhaps: then what looks like the host is a part of it.
    bool is_doubtful = host == scheme_end && strchr(host_end, '@');
    struct emit_text text;
    emit_text_init(&text, shown, EMIT_FETCH_SHOWN_MAX - 3); // room for "..."
    emit_text_add_bytes(&text, url, (size_t)(scheme_end - url));
    if (is_doubtful) {
        emit_text_add(&text, "...");
    } else {
        emit_text_add_bytes(&text, host, (size_t)(host_end - host));
        emit_text_add_bytes(&text, host_end, strcspn(host_end, "?#"));
    }
    for (char *at = shown; *at; at++)
        if (*at < ' ' || *at > '~') *at = '?';
    if (text.cut) memcpy(shown + text.length, "...", sizeof "...");
}

void emit_fetch_close(struct emit_fetch *fetch) {
    if (!fetch) return;
    if (fetch->easy) fetch->call.curl_easy_cleanup(fetch->easy);
    free(fetch);
}
