// A command that knows when it lived: leaves CLOCK_MONOTONIC of its begin and of
// its end in a file, as two numbers of 8 bytes, and sleeps so many milliseconds
// in between. Linked statically and with the file mapped, so that hardly anything
// happens before the first moment and behind the last.
// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static int64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int main(int argc, char **argv) {
    int64_t begin_ns = now_ns();
    if (argc != 3) return 2;
    long milliseconds = strtol(argv[2], NULL, 10);
    struct timespec wait = {milliseconds / 1000, milliseconds % 1000 * 1000000};
    int file = open(argv[1], O_RDWR | O_CREAT | O_TRUNC, 0644);
    if (file < 0 || ftruncate(file, 2 * sizeof(int64_t)) != 0) return 1;
    volatile int64_t *life =
        mmap(NULL, 2 * sizeof(int64_t), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (life == MAP_FAILED) return 1;
    life[0] = begin_ns;
    nanosleep(&wait, NULL);
    life[1] = now_ns();
    _exit(0);
}
