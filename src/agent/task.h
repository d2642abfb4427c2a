// One piece of work on a thread of its own, waited for when its result is needed.
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_TASK_H
#define AGENT_TASK_H

#include "base/error.h"

#include <pthread.h>
#include <stdbool.h>

struct emit_task {
    pthread_t thread;
    bool running;
    void (*work)(void *owner); // NULL: there is nothing to do, or it is done
    void *owner;               // touched by the work alone until emit_task_wait returns
};

// Starts the work. Where no thread can be had, the work is done by emit_task_wait.
void emit_task_start(struct emit_task *task, void (*work)(void *owner), void *owner);
// Leaves the work to emit_task_wait, for it may turn out that nobody wants it.
void emit_task_put_off(struct emit_task *task, void (*work)(void *owner), void *owner);
// Returns when the work is done; at once where it is done already, or was never given.
void emit_task_wait(struct emit_task *task);
// Nobody wants the result: returns when nothing works on it any more. What was put off is
// not done.
void emit_task_drop(struct emit_task *task);

#endif
