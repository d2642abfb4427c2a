// emit/session.h: a guest of the run that the program lives in, or a run with its
// sampler's thread and such a guest of its own.
// SPDX-License-Identifier: Apache-2.0
#include "emit/session.h"

#include "agent/guest.h"
#include "agent/place.h"
#include "agent/publish.h"
#include "agent/sampler.h"
#include "agent/store.h"
#include "base/option.h"
#include "base/text.h"
#include "runs/phase.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_SAMPLE_NS INT64_C(250000000)
#define SECOND_NS       INT64_C(1000000000)

enum { TEXTS = 5, TEXT_MAX = 1024 };

struct emit_session {
    char run_id[EMIT_RUN_ID_MAX];
    char workspace_id[EMIT_WORKSPACE_MAX];
    char command[EMIT_COMMAND_MAX];
    struct emit_place place;
    struct emit_meter_settings settings;
    char texts[TEXTS][TEXT_MAX]; // of the settings: the program may change its environment
    struct emit_host host;       // of the guest; the sampler has its own
    struct emit_phases *phases;
    struct emit_host sampler_host;
    struct emit_sampler *sampler; // NULL: a run of somebody else
    bool left_behind;             // a thread of ours goes on opening a meter
};

// A library in a program with more rights than its caller looks at no variable.
static const char *variable(const char *name) {
    const char *value = secure_getenv(name);
    return value && *value ? value : NULL;
}

static const char *keep(char text[TEXT_MAX], const char *value) {
    if (!value) return NULL;
    (void)emit_text_format(text, TEXT_MAX, "%s", value);
    return text;
}

static enum emit_status copy_id(char *to, size_t size, const char *id, const char *what,
                                struct emit_error *err) {
    bool good = id[0] && strlen(id) < size;
    for (const char *at = id; good && *at; at++)
        good = *at > ' ' && *at <= '~' && *at != '/';
    if (!good)
        return emit_fail(err, EMIT_INVALID,
                         "the %s '%.60s' is unusable: printable ASCII without blanks and '/', at "
                         "most %zu characters",
                         what, id, size - 1);
    memcpy(to, id, strlen(id) + 1);
    return EMIT_OK;
}

// How often the text of a dcgm-exporter changes; 0: nobody said.
static enum emit_status read_step(int64_t *step_ns, struct emit_error *err) {
    const char *text = variable("EMIT_DCGM_EXPORTER_STEP");
    long long value = 0;
    if (text && (emit_duration_parse(text, &value, NULL) != EMIT_OK || value <= 0))
        return emit_fail(err, EMIT_INVALID, "EMIT_DCGM_EXPORTER_STEP is '%.40s': write it like 30s",
                         text);
    *step_ns = value;
    return EMIT_OK;
}

static enum emit_status settle_plan(struct emit_session *session,
                                    const struct emit_session_plan *plan, struct emit_error *err) {
    const char *run_id = plan->run_id ? plan->run_id : variable("EMIT_RUN_ID");
    const char *workspace_id =
        plan->workspace_id ? plan->workspace_id : variable("EMIT_WORKSPACE_ID");
    if (!run_id) emit_run_id_new(&session->host, session->run_id);
    enum emit_status status =
        run_id ? copy_id(session->run_id, sizeof session->run_id, run_id, "run id", err) : EMIT_OK;
    if (!status)
        status = copy_id(session->workspace_id, sizeof session->workspace_id,
                         workspace_id ? workspace_id : "ws_local", "workspace id", err);
    (void)emit_text_format(session->command, sizeof session->command, "%s",
                           plan->command ? plan->command : program_invocation_short_name);
    session->settings = (struct emit_meter_settings){
        .max_package_milliwatts = EMIT_MAX_PACKAGE_MILLIWATTS,
        .nvml_library = keep(session->texts[0], variable("EMIT_NVML_LIBRARY")),
        .dcgm_library = keep(session->texts[1], variable("EMIT_DCGM_LIBRARY")),
        .dcgm_host = keep(session->texts[2], variable("EMIT_DCGM_HOST")),
        .dcgm_exporter = keep(session->texts[3], variable("EMIT_DCGM_EXPORTER")),
    };
    if (!status) status = read_step(&session->settings.dcgm_exporter_step_ns, err);
    struct emit_assignment *assignment = &session->settings.assignment;
    if (!status) status = emit_assignment_choose(assignment, NULL, run_id != NULL, variable, err);
    if (!status) assignment->list = keep(session->texts[4], assignment->list);
    if (!status) {
        const char *outbox = plan->outbox ? plan->outbox : variable("EMIT_OUTBOX");
        status = emit_place_find(&session->place, outbox, err);
    }
    return status;
}

static enum emit_status visit(struct emit_session *session, const char *folder,
                              struct emit_error *err) {
    const struct emit_phases_plan plan = {
        .directory = folder,
        .meeting = session->place.meeting[0] ? session->place.meeting : NULL,
        .run_id = session->run_id,
        .meters = emit_meter_types,
        .settings = session->settings,
    };
    return emit_guest_open(&session->phases, &session->host, &plan, EMIT_GUEST_WAIT_NS,
                           &session->left_behind, err);
}

// The run that an emit run told its command of. EMIT_ABSENT: there is none, or it is over.
static enum emit_status join(struct emit_session *session, struct emit_error *err) {
    const char *folder = variable("EMIT_RUN_FOLDER"), *run_id = variable("EMIT_RUN_ID");
    bool inside = folder && run_id && strcmp(run_id, session->run_id) == 0;
    return inside ? visit(session, folder, err) : EMIT_ABSENT;
}

// The sampler's thread sees none of the program's signals.
static enum emit_status start_sampler(struct emit_session *session,
                                      const struct emit_sampler_plan *plan,
                                      struct emit_error *err) {
    sigset_t all, before;
    sigfillset(&all);
    int blocked = pthread_sigmask(SIG_BLOCK, &all, &before);
    enum emit_status status = emit_sampler_start(&session->sampler, plan, err);
    if (blocked == 0) (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return status;
}

static enum emit_status begin_run(struct emit_session *session, int64_t interval_ns,
                                  struct emit_error *err) {
    enum emit_status status =
        emit_host_open(&session->sampler_host, variable("EMIT_SYSFS_ROOT"), err);
    if (status) return status;
    const struct emit_sampler_plan plan = {
        .run =
            {
                .directory = session->place.runs,
                .meeting = session->place.meeting[0] ? session->place.meeting : NULL,
                .node_directory = emit_place_node_runs(),
                .run_id = session->run_id,
                .workspace_id = session->workspace_id,
                .command = session->command,
                .store_wanted = true,
                .meters = emit_meter_types,
                .settings = session->settings,
                .pace_ns = interval_ns > 0 ? interval_ns : SECOND_NS,
            },
        .host = &session->sampler_host,
        .answer_ns = FIRST_SAMPLE_NS / 10 * 9,
    };
    status = start_sampler(session, &plan, err);
    if (status) return status;
    status = emit_sampler_wait_first(session->sampler, FIRST_SAMPLE_NS, err);
    if (status && status != EMIT_TIMEOUT) return status;
    char notice[240];
    emit_sampler_notice(session->sampler, notice, sizeof notice);
    if (notice[0]) return emit_fail(err, EMIT_DENIED, "no run file can be kept: %.200s", notice);
    status = visit(session, session->place.runs, err);
    if (status == EMIT_ABSENT) // it goes on, and not in our folder
        return emit_fail(err, EMIT_DENIED, "run %s is metered by root, who alone can mark it",
                         session->run_id);
    return status;
}

// False: a read never came back, and what it holds must not be freed under it.
static bool clear(struct emit_session *session, bool left_behind) {
    emit_phases_close(session->phases);
    session->phases = NULL;
    if (left_behind || session->left_behind) return false;
    emit_host_close(&session->host);
    emit_host_close(&session->sampler_host);
    free(session);
    return true;
}

enum emit_status emit_session_open(struct emit_session **session,
                                   const struct emit_session_plan *plan, struct emit_error *err) {
    static const struct emit_session_plan defaults;
    struct emit_session *opened = calloc(1, sizeof *opened);
    if (!opened) return emit_fail(err, EMIT_NO_MEMORY, "no memory for a session");
    opened->host.sysfs = opened->sampler_host.sysfs = -1;
    enum emit_status status = emit_host_open(&opened->host, variable("EMIT_SYSFS_ROOT"), err);
    if (!status) status = settle_plan(opened, plan ? plan : &defaults, err);
    if (!status) {
        struct emit_error why; // that no run goes on is no failure
        status = join(opened, &why);
        if (status == EMIT_ABSENT)
            status = begin_run(opened, plan ? plan->interval_ns : 0, err);
        else if (status)
            status = emit_fail(err, status, "%s", why.text);
    }
    if (status) {
        bool left_behind = false;
        emit_sampler_abandon(opened->sampler, &left_behind);
        (void)clear(opened, left_behind);
        return status;
    }
    *session = opened;
    return EMIT_OK;
}

const char *emit_session_run_id(const struct emit_session *session) {
    return session->run_id;
}

int emit_session_joined(const struct emit_session *session) {
    return session->sampler == NULL;
}

size_t emit_session_readable(struct emit_session *session) {
    return emit_phases_readable(session->phases);
}

enum emit_status emit_window_prepare(struct emit_session *session, const char *name,
                                     struct emit_error *err) {
    return emit_phase_prepare(session->phases, name, err);
}

enum emit_status emit_window_begin(struct emit_session *session, const char *name, unsigned flags,
                                   struct emit_error *err) {
    return emit_phase_begin(session->phases, name, flags & EMIT_WINDOW_ALIGN ? EMIT_PHASE_ALIGN : 0,
                            err);
}

static void copy_device(struct emit_window_device *device, const struct emit_point *point,
                        const struct emit_outcome *outcome) {
    *device = (struct emit_window_device){
        .component = emit_component_word(point->component),
        .outcome = emit_outcome_word(outcome->kind),
        .code = outcome->code ? emit_code_word(outcome->code) : "",
    };
    memcpy(device->meter, point->meter, sizeof device->meter);
    memcpy(device->device_id, point->device_id, sizeof device->device_id);
    if (!emit_outcome_has_energy(outcome)) return;
    device->joules = outcome->joules;
    device->uncertainty_joules = outcome->uncertainty_joules;
    device->mean_watts = outcome->mean_watts;
}
_Static_assert(sizeof((struct emit_window_device *)0)->meter == EMIT_METER_NAME_MAX &&
                   sizeof((struct emit_window_device *)0)->device_id == EMIT_DEVICE_ID_MAX,
               "the public texts have room for ours");

static void tell(void *owner, const struct emit_slot *slots, const struct emit_outcome *outcomes,
                 size_t count, int64_t lasted_ns) {
    struct emit_window_energy *window = owner;
    window->count = count;
    window->lasted_ns = lasted_ns;
    for (size_t i = 0; i < count; i++) {
        const struct emit_outcome *outcome = &outcomes[i];
        if (window->devices && i < window->size)
            copy_device(&window->devices[i], &slots[i].point, outcome);
        window->missing += outcome->kind == EMIT_OUTCOME_REFUSED;
        if (!outcome->counts_in_total) continue;
        window->summed++;
        window->missing += outcome->kind == EMIT_OUTCOME_PARTIAL;
        window->joules += outcome->joules;
        window->uncertainty_joules += outcome->uncertainty_joules;
    }
}

enum emit_status emit_window_end(struct emit_session *session, const char *name, unsigned flags,
                                 struct emit_window_energy *window, struct emit_error *err) {
    if (window)
        *window = (struct emit_window_energy){.devices = window->devices, .size = window->size};
    return emit_phase_end(session->phases, name, flags & EMIT_WINDOW_ALIGN ? EMIT_PHASE_ALIGN : 0,
                          window ? tell : NULL, window, err);
}

static enum emit_status store(struct emit_session *session, struct emit_run_result *result,
                              struct emit_error *err) {
    const struct emit_store_options options = {.outbox_path = session->place.outbox,
                                               .runs_directory = session->place.runs};
    struct emit_store opened;
    struct emit_report report;
    enum emit_status status = emit_report_build(&report, result, err);
    if (status) return status;
    status = emit_store_open(&opened, &session->host, &options, err);
    if (!status) {
        const struct emit_destination to = {.outbox = opened.outbox};
        status = emit_publish(&report, result, &to, err);
        if (!status) emit_run_result_stored(result);
        emit_store_close(&opened);
    }
    emit_report_clear(&report);
    return status;
}

enum emit_status emit_session_close(struct emit_session *session, struct emit_error *err) {
    if (!session) return EMIT_OK;
    enum emit_status status = EMIT_OK;
    bool left_behind = false;
    emit_phases_close(session->phases); // what is open ends with the run
    session->phases = NULL;
    if (session->sampler) {
        struct emit_run_result result;
        status = emit_sampler_finish(session->sampler, emit_clock_monotonic_ns(), &result,
                                     &left_behind, err);
        if (!status) {
            if (!result.left_to_others) status = store(session, &result, err);
            emit_run_result_clear(&result);
        }
    }
    (void)clear(session, left_behind);
    return status;
}
