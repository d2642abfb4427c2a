// Two scrapes of a server in threads of their own, of one that answers, one that is slow and
// one that is not there.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "agent/served_watch.h"
#include "host/host.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static const int64_t second_ns = 1000000000;

// A server that answers each connection once: with one token more than the last time.
struct server {
    int listening;
    unsigned delay_ms;
    int answers; // left
    pthread_t thread;
};

static void *serve(void *owner) {
    struct server *server = owner;
    for (int tokens = 1; server->answers--; tokens++) {
        char question[2048], body[128], answer[256];
        int connection = accept(server->listening, NULL, NULL);
        if (connection < 0) break;
        (void)!read(connection, question, sizeof question);
        usleep(server->delay_ms * 1000);
        int length = snprintf(body, sizeof body, "vllm:generation_tokens_total %d\n", tokens);
        int whole = snprintf(answer, sizeof answer,
                             "HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s",
                             length, body);
        (void)!write(connection, answer, (size_t)whole);
        (void)close(connection);
    }
    return NULL;
}

static void start(struct server *server, char url[64]) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    server->listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (server->listening < 0 ||
        bind(server->listening, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(server->listening, 4) != 0 ||
        getsockname(server->listening, (struct sockaddr *)&address, &length) != 0 ||
        pthread_create(&server->thread, NULL, serve, server) != 0)
        abort();
    (void)snprintf(url, 64, "http://127.0.0.1:%d", ntohs(address.sin_port));
}

static void stop(struct server *server) {
    (void)shutdown(server->listening, SHUT_RDWR);
    (void)pthread_join(server->thread, NULL);
    (void)close(server->listening);
}

static void test_answers(void) {
    struct server server = {.answers = 2};
    struct emit_served_watch *watch;
    struct emit_served_told told;
    struct emit_error err = {0};
    char url[64];
    start(&server, url);
    if (!CHECK(emit_served_watch_begin(&watch, url, &err) == EMIT_OK, "begun %s", err.text)) return;
    emit_served_watch_wait(watch, emit_clock_monotonic_ns() + 2 * second_ns);
    CHECK_STRING(emit_served_watch_failure(watch), "", "the first answer");
    emit_served_watch_end(watch);
    emit_served_watch_tell(watch, &told);
    struct emit_served_amount output = emit_served_sum(&told.use, EMIT_SERVED_OUTPUT);
    CHECK(!told.refused[0] && output.known && output.count == 1, "one token in between %s",
          told.refused);
    CHECK_STRING(told.server, url, "who served it");
    CHECK(told.first.asked_ns <= told.first.answered_ns &&
              told.first.answered_ns <= told.last.asked_ns &&
              told.last.asked_ns <= told.last.answered_ns && told.first.wall_ns > 0,
          "in the order of time");
    emit_served_watch_free(watch);
    stop(&server);
}

static void test_slow(void) {
    struct server server = {.answers = 1, .delay_ms = 300};
    struct emit_served_watch *watch;
    struct emit_error err = {0};
    char url[64];
    start(&server, url);
    if (!CHECK(emit_served_watch_begin(&watch, url, &err) == EMIT_OK, "begun %s", err.text)) return;
    int64_t begun_ns = emit_clock_monotonic_ns();
    emit_served_watch_wait(watch, begun_ns + second_ns / 20);
    CHECK(emit_clock_monotonic_ns() - begun_ns < second_ns / 5, "is not waited for longer");
    emit_served_watch_free(watch); // while it is asked
    stop(&server);
}

// A first question that goes on when all ends: nobody waits for it, and its answer, which is
// of another time, is none.
static void test_ends_early(void) {
    struct server server = {.answers = 2, .delay_ms = 200};
    struct emit_served_watch *watch;
    struct emit_served_told told;
    struct emit_error err = {0};
    char url[64];
    start(&server, url);
    if (!CHECK(emit_served_watch_begin(&watch, url, &err) == EMIT_OK, "begun %s", err.text)) return;
    int64_t begun_ns = emit_clock_monotonic_ns();
    emit_served_watch_end(watch);
    CHECK(emit_clock_monotonic_ns() - begun_ns < second_ns / 10, "the end waits for nothing");
    emit_served_watch_tell(watch, &told);
    CHECK(strstr(told.refused, "after the end") && !told.use.kind, "no counts: %s", told.refused);
    emit_served_watch_free(watch);
    stop(&server);
    CHECK(server.answers == 0, "and no last question: one is waited for in vain");
}

static void test_gone(void) {
    struct server server = {.answers = 1};
    struct emit_served_watch *watch;
    struct emit_served_told told;
    struct emit_error err = {0};
    char url[64];
    start(&server, url);
    if (!CHECK(emit_served_watch_begin(&watch, url, &err) == EMIT_OK, "begun %s", err.text)) return;
    CHECK_STRING(emit_served_watch_failure(watch), "", "it answers at first");
    stop(&server);
    emit_served_watch_tell(watch, &told);
    CHECK(told.refused[0] && !told.use.kind, "nobody is there at the end: %s", told.refused);
    emit_served_watch_free(watch);
    if (!CHECK(emit_served_watch_begin(&watch, url, &err) == EMIT_OK, "begun %s", err.text)) return;
    emit_served_watch_end(watch);
    emit_served_watch_tell(watch, &told);
    CHECK(told.refused[0], "nor at the begin: %s", told.refused);
    emit_served_watch_free(watch);
}

static void test_misuse(void) {
    struct emit_served_watch *watch = NULL;
    struct emit_error err = {0};
    CHECK(emit_served_watch_begin(&watch, "ftp://u:secret@h/", &err) == EMIT_INVALID && !watch &&
              !strstr(err.text, "secret"),
          "no URL: %s", err.text);
    emit_served_watch_end(NULL);
    emit_served_watch_free(NULL);
}

int main(void) {
    test_answers();
    test_slow();
    test_ends_early();
    test_gone();
    test_misuse();
    return check_end();
}
