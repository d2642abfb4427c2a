// One piece of work on a thread of its own.
// SPDX-License-Identifier: Apache-2.0
#include "agent/task.h"

static void *work(void *argument) {
    struct emit_task *task = argument;
    task->work(task->owner);
    return NULL;
}

void emit_task_put_off(struct emit_task *task, void (*function)(void *owner), void *owner) {
    *task = (struct emit_task){.work = function, .owner = owner};
}

void emit_task_start(struct emit_task *task, void (*function)(void *owner), void *owner) {
    emit_task_put_off(task, function, owner);
    task->running = pthread_create(&task->thread, NULL, work, task) == 0;
}

void emit_task_wait(struct emit_task *task) {
    if (!task->running && task->work) task->work(task->owner);
    emit_task_drop(task);
}

void emit_task_drop(struct emit_task *task) {
    if (task->running) (void)pthread_join(task->thread, NULL);
    *task = (struct emit_task){0};
}
