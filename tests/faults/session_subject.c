// Windows of libemit without end, for whoever kills this process: after each window its
// energy is written as one line, in joules. usage: session-subject NAME MICROSECONDS
// SPDX-License-Identifier: Apache-2.0
#include "emit/session.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static double joules_of_package(const struct emit_window_device *devices, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (strcmp(devices[i].device_id, "package-0") == 0) return devices[i].joules;
    return 0;
}

int main(int argc, char **argv) {
    enum { DEVICES = 16 };
    struct emit_session *session;
    struct emit_error err;
    if (argc != 3) return 2;
    const struct timespec lasts = {.tv_nsec = 1000 * atol(argv[2])};
    if (emit_session_open(&session, NULL, &err) != EMIT_OK) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    if (dprintf(STDOUT_FILENO, "0\n") < 0) return 1; // it goes on from here
    for (;;) {
        struct emit_window_device devices[DEVICES];
        struct emit_window_energy energy = {.devices = devices, .size = DEVICES};
        bool good = emit_window_begin(session, argv[1], 0, &err) == EMIT_OK;
        if (good && lasts.tv_nsec) (void)nanosleep(&lasts, NULL);
        if (!good || emit_window_end(session, argv[1], 0, &energy, &err) != EMIT_OK) {
            fprintf(stderr, "%s\n", err.text);
            return 1;
        }
        size_t count = energy.count < DEVICES ? energy.count : DEVICES;
        // 0 while the window goes on for others: then it is no part of its own.
        if (energy.lasted_ns &&
            dprintf(STDOUT_FILENO, "%.6f\n", joules_of_package(devices, count)) < 0)
            return 1;
    }
}
