// The thread that reads the meters of one run, so that a slow one delays nobody:
// it opens them and takes the first sample while the caller waits no longer than
// it wants, samples at the run's pace, and takes the last sample when the job
// has ended. Meters that say they are slow are opened in threads of their own, and
// come into the run when they have answered. A read, or an answer, that never comes
// is left behind with its thread.
//
//   start -> wait_first -> job_started -> (peek)* -> finish
//                      \-> abandon, when the job could not be started
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_SAMPLER_H
#define AGENT_SAMPLER_H

#include "runs/run.h"

// How long finish waits for the last sample before it closes without it.
#define EMIT_SAMPLER_LAST_NS INT64_C(1000000000)

struct emit_sampler;

// Everything here stays the caller's and unchanged until finish or abandon; when
// these say that the thread was left behind, as long as the process lives.
struct emit_sampler_plan {
    struct emit_run_plan run;
    struct emit_host *host;
    // The first sample waits so long for slow meters; 0: it does not. Less than
    // wait_first's timeout, or the job begins before the first sample.
    int64_t answer_ns;
    // Called in the sampler's thread after each sample; NULL: nobody wants them.
    // What it does delays the next sample.
    void (*sampled)(void *owner, const struct emit_slot *slots, size_t count, int64_t at_ns);
    void *owner;
};

// EMIT_NO_MEMORY, EMIT_SYSTEM: there is no thread to be had.
EMIT_MUST_CHECK enum emit_status emit_sampler_start(struct emit_sampler **sampler,
                                                    const struct emit_sampler_plan *plan,
                                                    struct emit_error *err);

// Waits until the first sample is taken, at most timeout_ns.
// EMIT_TIMEOUT: not yet; it goes on trying. Others: the run could not be opened.
EMIT_MUST_CHECK enum emit_status
emit_sampler_wait_first(struct emit_sampler *sampler, int64_t timeout_ns, struct emit_error *err);

void emit_sampler_job_started(struct emit_sampler *sampler, int64_t at_ns);
// How the job ended, before finish says when. 0 to 255, as a shell would see it.
void emit_sampler_job_exited(struct emit_sampler *sampler, int exit_status);

// Waits until another process asks for the end of a run that is held (run.hold);
// false: until_ns (CLOCK_MONOTONIC, INT64_MAX never) came first, or the run was not opened.
bool emit_sampler_wait_asked(struct emit_sampler *sampler, int64_t until_ns);

// True when another process samples the run, and will probably tell it, too.
bool emit_sampler_joined(struct emit_sampler *sampler);

// The current counts; 0 while the run is not open.
size_t emit_sampler_peek(struct emit_sampler *sampler, struct emit_slot *slots, size_t size);

// The name of a meter that has not answered since it was called for; NULL: all did.
const char *emit_sampler_silent(struct emit_sampler *sampler);

// The job ended at ended_ns: takes the last sample, closes the run and frees the
// sampler (also on failure). *left_behind: the thread is inside a read that does
// not come back; end the process without cleaning up after it.
// EMIT_TIMEOUT: the meters were not even open by now, there is no result.
EMIT_MUST_CHECK enum emit_status emit_sampler_finish(struct emit_sampler *sampler, int64_t ended_ns,
                                                     struct emit_run_result *result,
                                                     bool *left_behind, struct emit_error *err);
// Ends the run without a result. Accepts NULL.
void emit_sampler_abandon(struct emit_sampler *sampler, bool *left_behind);

// The run is kept in memory only, because its folder cannot be used: the sentence
// that says so, "" otherwise. After wait_first; a copy for the caller.
void emit_sampler_notice(struct emit_sampler *sampler, char *text, size_t size);

#endif
