// A program that is a session of libemit, with the phases prefill and decode, for as long as
// a test wants: it makes the file `begun` when it is metered, and ends when `over` is there.
// SPDX-License-Identifier: Apache-2.0
#include <emit/session.h>
#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static void pause_ms(long milliseconds) {
    const struct timespec pause = {.tv_nsec = milliseconds * 1000000};
    nanosleep(&pause, NULL);
}

// Whether the file is there now.
static int make(const char *path) {
    int file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    return file >= 0 && close(file) == 0;
}

int main(void) {
    struct emit_session *session = NULL;
    struct emit_error err;
    if (emit_session_open(&session, NULL, &err) || emit_window_begin(session, "prefill", 0, &err) ||
        emit_window_begin(session, "decode", 0, &err)) {
        fprintf(stderr, "session_until: %s\n", err.text);
        return 1;
    }
    if (!make("begun")) return 1;
    while (access("over", F_OK) != 0)
        pause_ms(20);
    pause_ms(200); // however short that was, it can be metered
    if (emit_window_end(session, "prefill", 0, NULL, &err) ||
        emit_window_end(session, "decode", 0, NULL, &err) || emit_session_close(session, &err)) {
        fprintf(stderr, "session_until: %s\n", err.text);
        return 1;
    }
    return 0;
}
