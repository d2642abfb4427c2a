// DCGM: the energy of NVIDIA's GPUs, as a running host engine (nv-hostengine) tells it.
//
// The counter is the driver's, the same that NVML reads. It lives on when the engine
// is stopped or starts anew, so that a lost engine costs readings and no energy: the
// reading says so, the connection is made again, and each GPU is found again by its
// UUID, because the engine's own numbers end with it. Protocol, timing and evidence:
// dcgm.md.
// SPDX-License-Identifier: Apache-2.0
#include "meters/meter.h"

#include "base/text.h"
#include "host/library.h"
#include "meters/dcgm_engine.h"
#include "meters/dcgm_value.h"
#include "meters/nvidia.h"

#include <string.h>

enum {
    OPEN_TIMEOUT_MS = 1000, // for the engine to take a connection, before the run
    AGAIN_TIMEOUT_MS = 250, // the same in mid-run, where other meters wait behind it
    MAX_GPU_MW = 4000000,   // as for NVML: the largest board of 2026 is specified for 1.4 kW
    MAX_MODULE_MW = 8000000,
};

static const int64_t update_ns = 100000000; // of the counter; 20 to 100 ms were seen
static const int64_t second_ns = 1000000000;
static const int64_t average_ns = 1000000000;       // of field 155, as the driver averages
static const int64_t longest_wait_ns = 32000000000; // between two attempts to connect

// One GPU, known by its UUID.
struct gpu {
    char uuid[EMIT_DEVICE_ID_MAX];
    bool is_listed; // the engine has it, as `id`
    uint32_t id;
    uint16_t field;       // that is read of it; 0: none
    enum emit_code found; // NONE: may be read
    int64_t taken_us;     // of its last value, by the engine's clock
    int64_t moved_ns;     // when that last changed, by ours; 0: never
};

struct dcgm {
    struct emit_host *host; // borrowed
    struct emit_dcgm_engine engine;
    bool is_live;             // the engine answers live reads
    bool is_whole;            // it is connected, and has all GPUs
    int64_t tried_ns;         // when it was last tried to make it so
    int64_t wait_ns;          // and so long it is not tried again; 0: all is well
    size_t count;             // of the points, in their order
    unsigned short fields[3]; // what is read of all GPUs
    unsigned field_count;
    struct gpu gpus[EMIT_DCGM_GPUS_MAX];
};

static const unsigned short identity_fields[] = {
    EMIT_DCGM_FIELD_UUID,          EMIT_DCGM_FIELD_NAME,     EMIT_DCGM_FIELD_NVML_INDEX,
    EMIT_DCGM_FIELD_MINOR,         EMIT_DCGM_FIELD_ENERGY,   EMIT_DCGM_FIELD_POWER,
    EMIT_DCGM_FIELD_POWER_INSTANT, EMIT_DCGM_FIELD_MIG_MODE,
};
enum { IDENTITY_FIELDS = sizeof identity_fields / sizeof identity_fields[0] };
_Static_assert((int)IDENTITY_FIELDS <= (int)EMIT_DCGM_FIELDS_MAX, "read at a time");

static const struct emit_dcgm_value *value_of(const struct emit_dcgm_engine *engine, uint32_t id,
                                              uint16_t field) {
    return emit_dcgm_find(engine->values, engine->value_count, id, field);
}

static bool is_asked_for(const struct emit_meter_settings *settings) {
    return settings->dcgm_library || settings->dcgm_host;
}

static bool is_slow(const struct emit_host *host, const struct emit_meter_settings *settings) {
    return is_asked_for(settings) ||
           (!host->sysfs_is_own && emit_host_has_device(EMIT_NVIDIA_NODE));
}

// Reads who the GPUs are. An engine that answers no live read is let watch.
static int identify(struct dcgm *dcgm) {
    struct emit_dcgm_engine *engine = &dcgm->engine;
    int status = EMIT_DCGM_NOT_SUPPORTED;
    if (dcgm->is_live) status = emit_dcgm_read(engine, identity_fields, IDENTITY_FIELDS);
    bool refuses = status == EMIT_DCGM_NOT_SUPPORTED || status == EMIT_DCGM_BAD_PARAMETER ||
                   status == EMIT_DCGM_FIELD_NOT_SUPPORTED;
    if (!refuses) return status;
    dcgm->is_live = false;
    status = emit_dcgm_watch(engine, identity_fields, IDENTITY_FIELDS);
    return status == EMIT_DCGM_OK ? emit_dcgm_read(engine, identity_fields, IDENTITY_FIELDS)
                                  : status;
}

// Chooses what is read of a GPU: its counter, or power where it says it has none. A
// failure that may pass is none of the two.
static const char *choose_field(const struct dcgm *dcgm, struct gpu *gpu) {
    static const uint16_t fields[] = {EMIT_DCGM_FIELD_ENERGY, EMIT_DCGM_FIELD_POWER,
                                      EMIT_DCGM_FIELD_POWER_INSTANT};
    enum { FIELDS = sizeof fields / sizeof fields[0] };
    const char *words = "";
    for (size_t i = 0; i < FIELDS; i++) {
        uint64_t count;
        enum emit_code code =
            emit_dcgm_take_count(value_of(&dcgm->engine, gpu->id, fields[i]), &count, &words);
        gpu->field = fields[i];
        gpu->found = EMIT_CODE_NONE;
        if (!code || code == EMIT_CODE_TIMEOUT || code == EMIT_CODE_STALE) return NULL;
        gpu->found = code;
        if (code != EMIT_CODE_ABSENT) break;
    }
    gpu->field = 0;
    return gpu->found == EMIT_CODE_ABSENT ? "DCGM tells neither its energy nor its power" : words;
}

static void describe(const struct dcgm *dcgm, const struct gpu *gpu, struct emit_point *point) {
    int32_t index = -1;
    (void)emit_dcgm_take_int(value_of(&dcgm->engine, gpu->id, EMIT_DCGM_FIELD_NVML_INDEX), &index);
    char name[EMIT_DEVICE_ID_MAX] = "";
    (void)emit_dcgm_take_text(value_of(&dcgm->engine, gpu->id, EMIT_DCGM_FIELD_NAME), name,
                              sizeof name, NULL);
    bool is_module = emit_nvidia_is_superchip(name);
    bool is_power = gpu->field && gpu->field != EMIT_DCGM_FIELD_ENERGY;
    *point = (struct emit_point){
        .meter = "dcgm",
        .source = EMIT_SOURCE_DCGM,
        .component = is_module ? EMIT_COMPONENT_GPU_MODULE : EMIT_COMPONENT_GPU,
        .accuracy = is_power ? EMIT_ACCURACY_POWER_INTEGRATED : EMIT_ACCURACY_DEVICE_COUNTER,
        .found = gpu->found,
        .device_index = index >= 0 ? index : -1,
        // What the engine read for us is older by the time between two of its reads.
        .update_period_ns = dcgm->is_live ? update_ns : update_ns + EMIT_DCGM_WATCH_NS,
        .averaged_ns = gpu->field == EMIT_DCGM_FIELD_POWER ? average_ns : 0,
        .max_milliwatts = is_module ? MAX_MODULE_MW : MAX_GPU_MW,
        .joules_numerator = 1,
        .joules_denominator = is_power ? 1000000000 : 1000, // nanojoules, millijoules
        .step_counts = 1,
    };
    memcpy(point->device_id, gpu->uuid, sizeof point->device_id);
    if (emit_nvidia_is_paired(name)) point->traits |= EMIT_TRAIT_PAIRED;
}

// What else is to be known of a GPU that can be read.
static void write_note(const struct dcgm *dcgm, const struct gpu *gpu, struct emit_point *point) {
    char name[EMIT_DEVICE_ID_MAX] = "";
    int32_t mig = 0;
    (void)emit_dcgm_take_text(value_of(&dcgm->engine, gpu->id, EMIT_DCGM_FIELD_NAME), name,
                              sizeof name, NULL);
    (void)emit_dcgm_take_int(value_of(&dcgm->engine, gpu->id, EMIT_DCGM_FIELD_MIG_MODE), &mig);
    if (mig == 1) point->traits |= EMIT_TRAIT_SPLIT;
    const char *const remarks[] = {
        name[0] ? name : NULL,
        point->component == EMIT_COMPONENT_GPU_MODULE
            ? "counts the whole module, processor and memory too"
            : NULL,
        mig == 1 ? "MIG: metered once, for all of its instances" : NULL,
        emit_point_is_power(point) ? "no energy counter: its power is integrated" : NULL,
    };
    struct emit_text text;
    emit_text_init(&text, point->note, sizeof point->note);
    for (size_t i = 0; i < sizeof remarks / sizeof remarks[0]; i++)
        if (remarks[i]) emit_text_add_format(&text, "%s%s", text.length ? "; " : "", remarks[i]);
}

// Who a GPU of the engine is, and what can be read of it.
static void meet(struct dcgm *dcgm, struct gpu *gpu, uint32_t id, struct emit_point *point) {
    const struct emit_dcgm_engine *engine = &dcgm->engine;
    const char *why = NULL;
    *gpu = (struct gpu){.is_listed = true, .id = id};
    enum emit_code code = emit_dcgm_take_text(value_of(engine, id, EMIT_DCGM_FIELD_UUID), gpu->uuid,
                                              sizeof gpu->uuid, &why);
    if (code == EMIT_CODE_NONE) {
        why = choose_field(dcgm, gpu);
    } else { // known by nothing that outlives the engine
        (void)emit_text_format(gpu->uuid, sizeof gpu->uuid, "dcgm-gpu-%u", (unsigned)id);
        gpu->found = code;
    }
    describe(dcgm, gpu, point);
    if (gpu->found)
        (void)emit_text_format(point->note, sizeof point->note, "%s", why ? why : "");
    else
        write_note(dcgm, gpu, point);
}

// Excludes what the run may not use.
static void match(struct dcgm *dcgm, const struct emit_meter_settings *settings,
                  struct emit_point *points) {
    const struct emit_dcgm_engine *engine = &dcgm->engine;
    struct emit_assignable seen[EMIT_DCGM_GPUS_MAX];
    char names[EMIT_DCGM_GPUS_MAX][EMIT_DEVICE_ID_MAX] = {0};
    for (size_t i = 0; i < dcgm->count; i++) {
        uint32_t id = dcgm->gpus[i].id;
        int32_t mig = 0, minor = -1;
        (void)emit_dcgm_take_text(value_of(engine, id, EMIT_DCGM_FIELD_NAME), names[i],
                                  sizeof names[i], NULL);
        (void)emit_dcgm_take_int(value_of(engine, id, EMIT_DCGM_FIELD_MINOR), &minor);
        (void)emit_dcgm_take_int(value_of(engine, id, EMIT_DCGM_FIELD_MIG_MODE), &mig);
        seen[i] = (struct emit_assignable){.uuid = dcgm->gpus[i].uuid,
                                           .name = names[i],
                                           .index = points[i].device_index,
                                           .minor = minor,
                                           .is_mig = mig == 1};
    }
    emit_nvidia_match(settings, seen, dcgm->count, points);
    for (size_t i = 0; i < dcgm->count; i++)
        dcgm->gpus[i].found = points[i].found;
}

static void add_field(struct dcgm *dcgm, unsigned short field) {
    for (unsigned i = 0; i < dcgm->field_count; i++)
        if (dcgm->fields[i] == field) return;
    dcgm->fields[dcgm->field_count++] = field;
}

static int start_watching(struct dcgm *dcgm) {
    if (dcgm->is_live || dcgm->field_count == 0) return EMIT_DCGM_OK;
    return emit_dcgm_watch(&dcgm->engine, dcgm->fields, (int)dcgm->field_count);
}

static enum emit_status load(struct dcgm *dcgm, const struct emit_meter_settings *settings,
                             struct emit_error *err) {
    if (!is_asked_for(settings) && dcgm->host->sysfs_is_own)
        return emit_fail(err, EMIT_ABSENT,
                         "the host engine of this machine does not know the GPUs of --sysfs-root; "
                         "--dcgm-host names one that does");
    if (!is_slow(dcgm->host, settings))
        return emit_fail(err, EMIT_ABSENT,
                         "there is no " EMIT_NVIDIA_NODE
                         ", and --dcgm-host names no host engine elsewhere");
    enum emit_status status = emit_dcgm_address(&dcgm->engine, settings->dcgm_host, err);
    return status == EMIT_OK ? emit_dcgm_load(&dcgm->engine, settings->dcgm_library, err) : status;
}

static enum emit_status connect_first(struct dcgm *dcgm, struct emit_error *err) {
    const char *address = dcgm->engine.address;
    int status = emit_dcgm_connect(&dcgm->engine, OPEN_TIMEOUT_MS);
    if (emit_dcgm_is_lost(status) || emit_dcgm_code(status) == EMIT_CODE_TIMEOUT)
        return emit_fail(err, EMIT_TIMEOUT,
                         "no DCGM host engine answers at %.60s (sudo systemctl start nvidia-dcgm)",
                         address);
    if (status != EMIT_DCGM_OK)
        return emit_fail(err, EMIT_MALFORMED, "the DCGM host engine at %.120s: %s (its code %d)",
                         address, emit_dcgm_words(status), status);
    dcgm->is_live = true;
    status = identify(dcgm);
    if (status != EMIT_DCGM_OK)
        return emit_fail(err, EMIT_MALFORMED,
                         "the DCGM host engine at %.120s does not say which GPUs there are: %s "
                         "(its code %d)",
                         address, emit_dcgm_words(status), status);
    return EMIT_OK;
}

// A vendor's library that is no file of this user's, and a GPU that the kernel of this
// machine has: what stands behind an engine elsewhere cannot be seen from here.
static bool is_real(const struct dcgm *dcgm, const struct gpu *gpu,
                    const struct emit_meter_settings *settings) {
    return !settings->dcgm_library && dcgm->engine.is_local &&
           emit_library_is_anothers(dcgm->engine.library) &&
           emit_nvidia_has_gpu(dcgm->host, gpu->uuid);
}

static enum emit_status find_points(struct dcgm *dcgm, const struct emit_meter_settings *settings,
                                    struct emit_points *points, struct emit_error *err) {
    enum emit_status status = load(dcgm, settings, err);
    if (status == EMIT_OK) status = connect_first(dcgm, err);
    if (status != EMIT_OK) return status;
    size_t count = dcgm->engine.gpu_count;
    if (count == 0)
        return emit_fail(err, EMIT_ABSENT, "the DCGM host engine at %.120s lists no GPU",
                         dcgm->engine.address);
    if (count > points->size - points->count)
        return emit_fail(err, EMIT_FULL, "more than %d metering points on this machine",
                         EMIT_POINTS_MAX);
    struct emit_point *at = points->at + points->count;
    for (size_t i = 0; i < count; i++) {
        meet(dcgm, &dcgm->gpus[i], dcgm->engine.gpus[i].id, &at[i]);
        if (!is_real(dcgm, &dcgm->gpus[i], settings)) at[i].traits |= EMIT_TRAIT_SIMULATED;
    }
    dcgm->count = count;
    points->count += count;
    match(dcgm, settings, at);
    for (size_t i = 0; i < count; i++)
        if (!dcgm->gpus[i].found) add_field(dcgm, dcgm->gpus[i].field);
    dcgm->tried_ns = emit_host_monotonic_ns(dcgm->host) - second_ns; // the next is due at once
    dcgm->is_whole = start_watching(dcgm) == EMIT_DCGM_OK;           // else it is tried again
    return EMIT_OK;
}

static enum emit_status open_dcgm(void *state, struct emit_host *host,
                                  const struct emit_meter_settings *settings,
                                  struct emit_points *points, struct emit_error *err) {
    struct dcgm *dcgm = state;
    struct emit_error why;
    dcgm->host = host;
    enum emit_status status = find_points(dcgm, settings, points, &why);
    if (status == EMIT_OK) return EMIT_OK;
    // An engine that nobody named may be absent quietly: there is NVML.
    bool is_wrong_library = settings->dcgm_library && !dcgm->engine.library;
    if (!(settings->dcgm_host || is_wrong_library) || points->count == points->size)
        return emit_fail(err, status == EMIT_TIMEOUT ? EMIT_ABSENT : status, "%s", why.text);
    struct gpu *engine = &dcgm->gpus[0];
    *engine = (struct gpu){
        .uuid = "host-engine",
        .found = status == EMIT_TIMEOUT ? EMIT_CODE_TIMEOUT : EMIT_CODE_MALFORMED,
    };
    describe(dcgm, engine, &points->at[points->count]);
    (void)emit_text_format(points->at[points->count].note, sizeof points->at->note, "%s", why.text);
    emit_dcgm_close(&dcgm->engine); // nothing of it is read
    points->count++;
    dcgm->count = 1;
    return EMIT_OK;
}

// Finds the GPUs again in an engine that was connected anew. False: some are not there.
static bool find_again(struct dcgm *dcgm) {
    struct emit_dcgm_engine *engine = &dcgm->engine;
    bool all = true;
    for (size_t i = 0; i < dcgm->count; i++) {
        struct gpu *gpu = &dcgm->gpus[i];
        gpu->is_listed = false;
        gpu->moved_ns = 0;
        for (unsigned g = 0; g < engine->gpu_count && !gpu->is_listed; g++) {
            char uuid[EMIT_DEVICE_ID_MAX];
            gpu->id = engine->gpus[g].id;
            gpu->is_listed = !emit_dcgm_take_text(value_of(engine, gpu->id, EMIT_DCGM_FIELD_UUID),
                                                  uuid, sizeof uuid, NULL) &&
                             strcmp(uuid, gpu->uuid) == 0;
        }
        all = all && (gpu->is_listed || gpu->found);
    }
    return all;
}

// One attempt to have an engine with all GPUs, when it is due: a second after the last
// at the earliest, and twice as long after each that failed. False: it is not due yet.
static bool come_back(struct dcgm *dcgm, int64_t now_ns) {
    const int64_t early_ns = 50000000; // a sample a second comes now and then a little early
    int64_t least_ns = dcgm->wait_ns > second_ns ? dcgm->wait_ns : second_ns;
    if (now_ns - dcgm->tried_ns < least_ns - early_ns) return false;
    emit_dcgm_disconnect(&dcgm->engine);
    int status = emit_dcgm_connect(&dcgm->engine, AGAIN_TIMEOUT_MS);
    if (status == EMIT_DCGM_OK) status = identify(dcgm);
    bool all = status == EMIT_DCGM_OK && find_again(dcgm);
    if (status == EMIT_DCGM_OK) status = start_watching(dcgm);
    if (status != EMIT_DCGM_OK) emit_dcgm_disconnect(&dcgm->engine);
    dcgm->is_whole = all && status == EMIT_DCGM_OK;
    dcgm->tried_ns = now_ns;
    dcgm->wait_ns = dcgm->wait_ns ? 2 * dcgm->wait_ns : second_ns;
    if (dcgm->wait_ns > longest_wait_ns) dcgm->wait_ns = longest_wait_ns;
    return true;
}

// A value whose time does not move on, or that is old by a clock that both share. The
// clock of an engine elsewhere is not compared with ours.
static bool is_stale(const struct dcgm *dcgm, struct gpu *gpu, const struct emit_dcgm_value *value,
                     int64_t asked_ns, int64_t now_ns) {
    int64_t most_ns = 2 * (int64_t)EMIT_DCGM_WATCH_NS + (now_ns - asked_ns), age_us;
    bool moved = !gpu->moved_ns || value->taken_us != gpu->taken_us;
    if (moved) gpu->moved_ns = now_ns;
    gpu->taken_us = value->taken_us;
    if (!moved && now_ns - gpu->moved_ns > most_ns) return true;
    if (!dcgm->engine.is_local) return false;
    int64_t wall_us = emit_host_wall_ns(dcgm->host) / 1000;
    return __builtin_sub_overflow(wall_us, value->taken_us, &age_us) || age_us > most_ns / 1000 ||
           age_us < -most_ns / 1000;
}

static void read_gpu(struct dcgm *dcgm, struct gpu *gpu, int64_t asked_ns, int64_t now_ns,
                     struct emit_reading *reading) {
    reading->code = gpu->found;
    reading->age_ns = 0; // up to an update period
    if (gpu->found) return;
    const struct emit_dcgm_value *value =
        gpu->is_listed ? value_of(&dcgm->engine, gpu->id, gpu->field) : NULL;
    reading->code = EMIT_CODE_TIMEOUT; // the engine has it no more, or not yet
    if (!value) return;
    reading->code = emit_dcgm_take_count(value, &reading->count, NULL);
    if (reading->code == EMIT_CODE_ABSENT) reading->code = EMIT_CODE_MALFORMED; // it was there
    if (!reading->code && is_stale(dcgm, gpu, value, asked_ns, now_ns))
        reading->code = EMIT_CODE_STALE;
}

static void read_dcgm(void *state, struct emit_reading *readings) {
    struct dcgm *dcgm = state;
    int64_t asked_ns = emit_host_monotonic_ns(dcgm->host);
    if (!dcgm->is_whole && dcgm->field_count > 0) (void)come_back(dcgm, asked_ns);
    int status = emit_dcgm_read(&dcgm->engine, dcgm->fields, dcgm->field_count);
    if (emit_dcgm_is_lost(status) &&
        dcgm->field_count > 0) { // stopped, or started anew a moment ago
        dcgm->is_whole = false;
        if (come_back(dcgm, asked_ns))
            status = emit_dcgm_read(&dcgm->engine, dcgm->fields, dcgm->field_count);
    }
    if (status == EMIT_DCGM_OK && dcgm->is_whole) dcgm->wait_ns = 0;
    int64_t now_ns = emit_host_monotonic_ns(dcgm->host);
    for (size_t i = 0; i < dcgm->count; i++) {
        struct gpu *gpu = &dcgm->gpus[i];
        if (status == EMIT_DCGM_OK)
            read_gpu(dcgm, gpu, asked_ns, now_ns, &readings[i]);
        else
            readings[i].code = gpu->found ? gpu->found : emit_dcgm_code(status);
    }
}

static void close_dcgm(void *state) {
    struct dcgm *dcgm = state;
    emit_dcgm_close(&dcgm->engine);
    *dcgm = (struct dcgm){0};
}

static const char *remedy(enum emit_code code) {
    switch ((int)code) {
    case EMIT_CODE_DENIED: return "dcgmi discovery -l   # what its host engine may see";
    case EMIT_CODE_TIMEOUT: return "sudo systemctl restart nvidia-dcgm   # the host engine";
    case EMIT_CODE_STALE:
        return "dcgmi dmon -e 156 -c 3   # does it move? else: sudo systemctl restart nvidia-dcgm";
    case EMIT_CODE_GONE:
        return "sudo dmesg | grep -i -e xid -e nvrm   # why; a reset or a restart brings it back";
    case EMIT_CODE_LATE: return "emit run --start-timeout 5s -- COMMAND";
    default: return NULL;
    }
}

const struct emit_meter_type emit_meter_dcgm = {
    .name = "dcgm",
    .summary = "GPU energy from a running DCGM host engine",
    .state_size = sizeof(struct dcgm),
    .is_slow = is_slow,
    .open = open_dcgm,
    .read = read_dcgm,
    .close = close_dcgm,
    .remedy = remedy,
};
