// A task is done once, however often it is waited for; one that nobody wants is not done.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "agent/task.h"

static void count(void *owner) {
    ++*(int *)owner;
}

int main(void) {
    struct emit_task task = {0};
    int done = 0;
    emit_task_wait(&task);
    emit_task_drop(&task);
    CHECK(done == 0, "a task that was never given is done");
    emit_task_start(&task, count, &done);
    emit_task_wait(&task);
    CHECK(done == 1, "a started one is done");
    emit_task_wait(&task);
    emit_task_drop(&task);
    CHECK(done == 1, "once");
    emit_task_put_off(&task, count, &done);
    CHECK(done == 1, "one that was put off is not done yet");
    emit_task_wait(&task);
    emit_task_wait(&task);
    CHECK(done == 2, "but when it is waited for, once");
    emit_task_put_off(&task, count, &done);
    emit_task_drop(&task);
    emit_task_wait(&task);
    CHECK(done == 2, "and not at all when nobody wants it");
    emit_task_start(&task, count, &done);
    emit_task_drop(&task);
    CHECK(done == 3, "what was started comes to its end");
    return check_end();
}
