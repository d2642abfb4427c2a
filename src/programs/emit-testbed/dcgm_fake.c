// A libdcgm.so.4 for machines without a GPU: answers from the scenario that
// emit-testbed plays. Callable from any thread.
//
// What surprises is what surprises in the real one: results come in no order,
// failure may hide in the value while the status is 0, and a MIG instance answers
// with its whole GPU's energy.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit-testbed/dcgm_engine.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static void wait_ns(int64_t ns) {
    struct timespec rest = {ns / 1000000000, ns % 1000000000};
    if (ns > 0) nanosleep(&rest, NULL);
}

int dcgmInit(void) {
    return dcgm_engine_init();
}

int dcgmShutdown(void) {
    return dcgm_engine_shutdown();
}

const char *errorString(int code) {
    switch (code) {
    case DCGM_OK: return "Success";
    case DCGM_BAD_PARAMETER: return "Bad parameter passed to function";
    case DCGM_NOT_SUPPORTED: return "This request is not supported";
    case DCGM_INIT_ERROR: return "Unable to initialize DCGM engine";
    case DCGM_UNINITIALIZED: return "Object is in an undefined state";
    case DCGM_VERSION_MISMATCH: return "API version mismatch";
    case DCGM_UNKNOWN_FIELD: return "Unknown field identifier";
    case DCGM_NO_DATA: return "No data is available";
    case DCGM_NOT_WATCHED: return "The given field is not being updated";
    case DCGM_GPU_LOST: return "GPU is lost";
    case DCGM_RESET_REQUIRED: return "GPU requires reset";
    case DCGM_CONNECTION_LOST: return "Host engine connection invalid/disconnected";
    case DCGM_NVML_NOT_LOADED: return "NVML is not loaded";
    default: return "Unknown error";
    }
}

// Connecting.

int dcgmConnect_v2(const char *address, struct dcgm_connect *how, dcgm_handle *handle) {
    struct emit_gpu_world *world = dcgm_engine_world();
    if (!world) return DCGM_UNINITIALIZED;
    if (!address || !*address || !how || !handle) return DCGM_BAD_PARAMETER;
    if (how->version != DCGM_VERSION(struct dcgm_connect, 2)) return DCGM_VERSION_MISMATCH;
    const struct emit_gpu_machine *machine = &world->file->machine;
    int64_t patience_ns = how->timeout_ms ? how->timeout_ms * INT64_C(1000000) : 5000000000;
    bool answers = machine->dcgm.start_takes_ns <= patience_ns;
    wait_ns(answers ? machine->dcgm.start_takes_ns : patience_ns);
    if (!answers || emit_gpu_event_at(machine, EMIT_GPU_ENGINE_DOWN, EMIT_GPU_ALL,
                                      emit_gpu_world_now_ns(world)))
        return DCGM_CONNECTION_LOST;
    return dcgm_engine_connect(false, handle);
}

int dcgmDisconnect(dcgm_handle handle) {
    return dcgm_engine_world() ? dcgm_engine_disconnect(handle) : DCGM_UNINITIALIZED;
}

int dcgmStartEmbedded_v2(struct dcgm_embedded *how) {
    struct emit_gpu_world *world = dcgm_engine_world();
    if (!world) return DCGM_UNINITIALIZED;
    if (!how || how->mode < 1 || how->mode > 2) return DCGM_BAD_PARAMETER;
    if (how->version != DCGM_VERSION(struct dcgm_embedded, 1)) return DCGM_VERSION_MISMATCH;
    if (world->file->machine.nvml.start_code != 0) return DCGM_NVML_NOT_LOADED;
    return dcgm_engine_connect(true, &how->handle);
}

int dcgmStopEmbedded(dcgm_handle handle) {
    return dcgmDisconnect(handle);
}

// A call about a connection; its time and the world's GPUs.
struct call {
    struct emit_gpu_world *world;
    const struct emit_gpu_machine *machine;
    dcgm_handle handle;
    int64_t now_ns;
};

static int begin(struct call *call, dcgm_handle handle) {
    struct emit_gpu_world *world = dcgm_engine_world();
    if (!world) return DCGM_UNINITIALIZED;
    *call = (struct call){world, &world->file->machine, handle, emit_gpu_world_now_ns(world)};
    return dcgm_engine_check(handle, call->now_ns);
}

// GPUs by the engine's numbers, which move on with every start of it.

static int gpu_of_id(const struct call *call, unsigned int id) {
    unsigned int count = call->machine->gpu_count;
    unsigned int starts = emit_gpu_engine_starts(call->machine, call->now_ns);
    return id < count ? (int)((id + starts) % count) : -1;
}

int dcgmGetAllSupportedDevices(dcgm_handle handle, unsigned int ids[DCGM_DEVICES_MAX], int *count) {
    struct call call;
    int code = begin(&call, handle);
    if (code != DCGM_OK) return code;
    if (!ids || !count) return DCGM_BAD_PARAMETER;
    for (unsigned int i = 0; i < call.machine->gpu_count; i++)
        ids[i] = i;
    *count = (int)call.machine->gpu_count;
    return DCGM_OK;
}

// The GPU an entity is, or is a part of; -1: there is no such entity.
static int gpu_of_entity(const struct call *call, struct dcgm_entity entity) {
    if (entity.group == DCGM_GPU) return gpu_of_id(call, entity.id);
    if (entity.group != DCGM_GPU_INSTANCE && entity.group != DCGM_COMPUTE_INSTANCE) return -1;
    int gpu = gpu_of_id(call, entity.id / DCGM_INSTANCES_PER_GPU);
    bool is_there =
        gpu >= 0 && entity.id % DCGM_INSTANCES_PER_GPU < call->machine->gpus[gpu].instances;
    return is_there ? gpu : -1;
}

// Watches.

int dcgmFieldGroupCreate(dcgm_handle handle, int count, const unsigned short *fields,
                         const char *name, dcgm_handle *group) {
    struct call call;
    int code = begin(&call, handle);
    if (code != DCGM_OK) return code;
    if (count < 1 || count > DCGM_FIELDS_MAX || !fields || !name || !group)
        return DCGM_BAD_PARAMETER;
    return dcgm_engine_group(handle, fields, (unsigned int)count, group);
}

int dcgmFieldGroupDestroy(dcgm_handle handle, dcgm_handle group) {
    struct call call;
    int code = begin(&call, handle);
    return code == DCGM_OK ? dcgm_engine_ungroup(handle, group) : code;
}

// Every group of GPUs is taken for all of them.
int dcgmWatchFields(dcgm_handle handle, dcgm_handle gpus, dcgm_handle fields, long long period_us,
                    double keep_s, int keep_samples) {
    struct call call;
    int code = begin(&call, handle);
    (void)gpus;
    if (code != DCGM_OK) return code;
    if (period_us <= 0 || keep_s < 0 || keep_samples < 0) return DCGM_BAD_PARAMETER;
    return dcgm_engine_watch(handle, fields, period_us * 1000, call.now_ns);
}

int dcgmUnwatchFields(dcgm_handle handle, dcgm_handle gpus, dcgm_handle fields) {
    struct call call;
    int code = begin(&call, handle);
    (void)gpus;
    return code == DCGM_OK ? dcgm_engine_unwatch(handle, fields) : code;
}

int dcgmUpdateAllFields(dcgm_handle handle, int wait) {
    struct call call;
    int code = begin(&call, handle);
    (void)wait; // at once is soon enough for both
    if (code == DCGM_OK) dcgm_engine_update(handle, call.now_ns);
    return code;
}

// Values.

struct answer {
    uint16_t type; // 'i', 'd' or 's'
    int32_t status;
    int64_t timestamp_us;
    union dcgm_any *value; // where it is to stand
};

static void leave_blank(struct answer *answer, enum dcgm_blank why) {
    if (answer->type == 'i')
        answer->value->i64 = DCGM_BLANK_INT64 + why;
    else
        answer->value->real = DCGM_BLANK_DOUBLE + (int)why;
}

static void serve(const struct call *call, int gpu, int error, enum emit_gpu_served_what what,
                  uint64_t value) {
    emit_gpu_world_serve(call->world, (struct emit_gpu_served){.at_ns = call->now_ns,
                                                               .value = value,
                                                               .error = error,
                                                               .gpu = (uint8_t)gpu,
                                                               .by = EMIT_GPU_BY_DCGM,
                                                               .what = (uint8_t)what});
}

// Energy or power as it was at seen_ns.
static void answer_reading(const struct call *call, int gpu, uint16_t field, int64_t seen_ns,
                           struct answer *answer) {
    const struct emit_gpu *about = &call->machine->gpus[gpu];
    bool knows = field == DCGM_FIELD_ENERGY ? about->energy == EMIT_GPU_COUNTER
                                            : about->energy != EMIT_GPU_NOTHING && !about->module;
    if (emit_gpu_event_at(call->machine, EMIT_GPU_DENIED, gpu, call->now_ns)) {
        leave_blank(answer, DCGM_BLANK_NOT_PERMITTED);
    } else if (!knows) {
        leave_blank(answer, DCGM_BLANK_NOT_SUPPORTED);
    } else if (emit_gpu_event_at(call->machine, EMIT_GPU_BLANK, gpu, call->now_ns)) {
        leave_blank(answer, DCGM_BLANK);
    } else if (field == DCGM_FIELD_ENERGY) {
        answer->value->i64 = (int64_t)emit_counter_total(&about->counter, seen_ns);
        serve(call, gpu, 0, EMIT_GPU_MILLIJOULES, (uint64_t)answer->value->i64);
        return;
    } else {
        answer->value->real = emit_gpu_watts(
            about, seen_ns, field == DCGM_FIELD_POWER_INSTANT ? 0 : about->window_ns);
        serve(call, gpu, 0, EMIT_GPU_MILLIWATTS, (uint64_t)(answer->value->real * 1e3 + 0.5));
        return;
    }
    serve(call, gpu, answer->status, EMIT_GPU_ERROR, 0);
}

static int status_of_gpu(const struct call *call, int gpu) {
    if (emit_gpu_event_at(call->machine, EMIT_GPU_LOST, gpu, call->now_ns)) return DCGM_GPU_LOST;
    if (emit_gpu_event_at(call->machine, EMIT_GPU_RESET_REQUIRED, gpu, call->now_ns))
        return DCGM_RESET_REQUIRED;
    return DCGM_OK;
}

// What does not change: who the GPU is.
static void answer_identity(const struct emit_gpu *about, int gpu, uint16_t field,
                            union dcgm_any *value) {
    if (field == DCGM_FIELD_MINOR || field == DCGM_FIELD_NVML_INDEX)
        value->i64 = gpu;
    else if (field == DCGM_FIELD_MIG_MODE)
        value->i64 = about->instances > 0;
    else
        (void)snprintf(value->text, sizeof value->text, "%s",
                       field == DCGM_FIELD_UUID ? about->uuid : about->name);
}

static void answer_field(const struct call *call, int gpu, uint16_t field, bool live,
                         struct answer *answer) {
    int64_t seen_ns = call->now_ns;
    bool is_text = field == DCGM_FIELD_UUID || field == DCGM_FIELD_NAME;
    bool is_identity = is_text || field == DCGM_FIELD_MINOR || field == DCGM_FIELD_NVML_INDEX ||
                       field == DCGM_FIELD_MIG_MODE;
    bool is_integer = field == DCGM_FIELD_ENERGY || (is_identity && !is_text);
    answer->type = is_text ? 's' : is_integer ? 'i' : 'd';
    answer->status = DCGM_OK;
    if (!is_identity && field != DCGM_FIELD_ENERGY && field != DCGM_FIELD_POWER &&
        field != DCGM_FIELD_POWER_INSTANT)
        answer->status = DCGM_UNKNOWN_FIELD;
    else if (!live)
        answer->status = dcgm_engine_seen(call->handle, field, call->now_ns, &seen_ns);
    if (answer->status == DCGM_OK && !is_identity) {
        answer->status = status_of_gpu(call, gpu);
        if (answer->status != DCGM_OK) serve(call, gpu, answer->status, EMIT_GPU_ERROR, 0);
    }
    answer->timestamp_us =
        answer->status == DCGM_OK ? emit_gpu_world_wall_us(call->world, seen_ns) : 0;
    if (answer->status != DCGM_OK) {
        leave_blank(answer, DCGM_BLANK);
        return;
    }
    if (is_identity) {
        answer_identity(&call->machine->gpus[gpu], gpu, field, answer->value);
        return;
    }
    const struct emit_gpu_event *stale =
        emit_gpu_event_at(call->machine, EMIT_GPU_STALE, gpu, call->now_ns);
    if (stale && stale->at_ns < seen_ns) {
        seen_ns = stale->at_ns;
        answer->timestamp_us = emit_gpu_world_wall_us(call->world, seen_ns);
    }
    answer_reading(call, gpu, field, seen_ns, answer);
}

static void wait_for_gpu(struct call *call, int gpu) {
    const struct emit_gpu_event *slow =
        emit_gpu_event_at(call->machine, EMIT_GPU_SLOW, gpu, call->now_ns);
    if (slow) wait_ns(slow->delay_ns);
    if (slow) call->now_ns = emit_gpu_world_now_ns(call->world);
}

int dcgmGetLatestValuesForFields(dcgm_handle handle, int gpu, unsigned short fields[],
                                 unsigned int count, struct dcgm_value_v1 values[]) {
    struct call call;
    int code = begin(&call, handle);
    if (code != DCGM_OK) return code;
    int whose = gpu < 0 ? -1 : gpu_of_id(&call, (unsigned int)gpu);
    if (whose < 0 || !fields || count == 0 || !values) return DCGM_BAD_PARAMETER;
    wait_for_gpu(&call, whose);
    for (unsigned int i = 0; i < count; i++) {
        struct answer answer = {.value = &values[i].value};
        answer_field(&call, whose, fields[i], false, &answer);
        values[i].version = DCGM_VERSION(struct dcgm_value_v1, 1);
        values[i].field = fields[i];
        values[i].type = answer.type;
        values[i].status = answer.status;
        values[i].timestamp_us = answer.timestamp_us;
    }
    return DCGM_OK;
}

// The last comes first: nobody promised an order.
int dcgmEntitiesGetLatestValues(dcgm_handle handle, struct dcgm_entity entities[],
                                unsigned int entity_count, unsigned short fields[],
                                unsigned int field_count, unsigned int flags,
                                struct dcgm_value_v2 values[]) {
    struct call call;
    int code = begin(&call, handle);
    if (code != DCGM_OK) return code;
    if (!entities || entity_count == 0 || !fields || field_count == 0 || !values)
        return DCGM_BAD_PARAMETER;
    struct dcgm_value_v2 *at = values + (size_t)entity_count * field_count;
    for (unsigned int i = 0; i < entity_count; i++) {
        int gpu = gpu_of_entity(&call, entities[i]);
        if (gpu < 0) return DCGM_BAD_PARAMETER;
        wait_for_gpu(&call, gpu);
        for (unsigned int j = 0; j < field_count; j++) {
            struct answer answer = {.value = &(--at)->value};
            answer_field(&call, gpu, fields[j], flags & DCGM_FLAG_LIVE, &answer);
            at->version = DCGM_VERSION(struct dcgm_value_v2, 2);
            at->group = entities[i].group;
            at->id = entities[i].id;
            at->field = fields[j];
            at->type = answer.type;
            at->status = answer.status;
            at->unused = 0;
            at->timestamp_us = answer.timestamp_us;
        }
    }
    return DCGM_OK;
}

// Its layout is not written down where we could check it: refused, not guessed.
int dcgmGetDeviceAttributes(dcgm_handle handle, unsigned int gpu, void *attributes) {
    struct call call;
    int code = begin(&call, handle);
    if (code != DCGM_OK) return code;
    return attributes && gpu_of_id(&call, gpu) >= 0 ? DCGM_NOT_SUPPORTED : DCGM_BAD_PARAMETER;
}
