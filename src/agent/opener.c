// Opening slow meters side by side.
// SPDX-License-Identifier: Apache-2.0
#include "agent/opener.h"

static void *open_meter(void *argument) {
    struct emit_opener *opener = argument;
    emit_meter_open(opener->meter);
    pthread_mutex_lock(opener->all->lock);
    opener->answered = true;
    pthread_cond_broadcast(opener->all->changed);
    pthread_mutex_unlock(opener->all->lock);
    return NULL;
}

void emit_openers_call(struct emit_openers *openers, const struct emit_meter_type *const *types,
                       const struct emit_host *host, const struct emit_meter_settings *settings) {
    struct emit_opener *called[EMIT_OPENERS_MAX];
    size_t count = 0;
    pthread_mutex_lock(openers->lock);
    openers->called_ns = emit_clock_monotonic_ns();
    for (size_t i = 0; types && types[i] && count < EMIT_OPENERS_MAX; i++) {
        if (!types[i]->is_slow || !types[i]->is_slow(host, settings)) continue;
        struct emit_opener *opener = &openers->each[count];
        *opener = (struct emit_opener){.all = openers, .type = types[i]};
        opener->meter = emit_meter_new(types[i], host, settings);
        if (opener->meter) called[count++] = opener;
    }
    openers->count = count;
    pthread_mutex_unlock(openers->lock);
    for (size_t i = 0; i < count; i++) {
        called[i]->threaded = pthread_create(&called[i]->thread, NULL, open_meter, called[i]) == 0;
        // Without a thread to be had it delays the others: better than not to be read.
        if (!called[i]->threaded) (void)open_meter(called[i]);
    }
}

const struct emit_meter_type *emit_openers_silent(const struct emit_openers *openers,
                                                  size_t *index) {
    while (*index < openers->count) {
        const struct emit_opener *opener = &openers->each[(*index)++];
        if (!opener->answered) return opener->type;
    }
    return NULL;
}

bool emit_openers_answered(const struct emit_openers *openers) {
    for (size_t i = 0; i < openers->count; i++)
        if (openers->each[i].answered && openers->each[i].meter) return true;
    return false;
}

struct emit_meter *emit_openers_take(struct emit_openers *openers) {
    for (size_t i = 0; i < openers->count; i++) {
        struct emit_meter *meter = openers->each[i].meter;
        if (!openers->each[i].answered || !meter) continue;
        openers->each[i].meter = NULL;
        return meter;
    }
    return NULL;
}

void emit_openers_clear(struct emit_openers *openers) {
    for (size_t i = 0; i < openers->count; i++) {
        if (openers->each[i].threaded) (void)pthread_join(openers->each[i].thread, NULL);
        emit_meter_free(openers->each[i].meter);
    }
    openers->count = 0;
}
