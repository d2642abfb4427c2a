// Two phases of a program and what each of them drew. In a run ("emit run -- ./phases") they
// become phases of that run; alone the program is a run of its own: "emit runs" shows it.
//   cc phases.c $(pkg-config --cflags --libs emit) -o phases
// SPDX-License-Identifier: Apache-2.0
#include <emit/session.h>
#include <stdio.h>
#include <time.h>

static void work(long milliseconds) { // stands for what a real program does
    struct timespec time = {.tv_sec = milliseconds / 1000,
                            .tv_nsec = milliseconds % 1000 * 1000000};
    nanosleep(&time, NULL);
}

static void print(const char *phase, const struct emit_window_energy *energy) {
    if (energy->summed)
        printf("%s %.6f J +- %.6f J\n", phase, energy->joules, energy->uncertainty_joules);
    else if (!energy->lasted_ns)
        printf("%s goes on in another process\n", phase); // the run's report will tell
    else
        printf("%s: nothing could be read\n", phase); // and that is not 0 J
    for (size_t i = 0; i < energy->count && i < energy->size; i++) {
        const struct emit_window_device *device = &energy->devices[i];
        printf("  %s %s %s %.6f\n", device->device_id, device->outcome, device->code,
               device->joules);
    }
}

int main(void) {
    struct emit_session *session = NULL;
    struct emit_error err;
    if (emit_session_open(&session, NULL, &err) != EMIT_OK) {
        fprintf(stderr, "without energy: %s\n", err.text); // the work is done all the same
        return 1;
    }
    for (int i = 0; i < 3; i++) {
        struct emit_window_device devices[16];
        struct emit_window_energy energy = {.devices = devices, .size = 16};
        const char *phase = i == 0 ? "prefill" : "decode"; // decode twice: it adds up
        if (emit_window_begin(session, phase, 0, &err) != EMIT_OK)
            fprintf(stderr, "%s: %s\n", phase, err.text);
        work(i == 0 ? 200 : 300);
        if (emit_window_end(session, phase, 0, &energy, &err) == EMIT_OK)
            print(phase, &energy);
        else
            fprintf(stderr, "%s: %s\n", phase, err.text);
        work(100); // in no phase
    }
    if (emit_session_close(session, &err) != EMIT_OK) fprintf(stderr, "%s\n", err.text);
    return 0;
}
