// emit tokens --from URL: the tokens that an inference server counts from now on, for a
// while or until a run of this node ends, beside what that run measured.
// SPDX-License-Identifier: Apache-2.0
#ifndef PROGRAMS_EMIT_TOKENS_LIVE_H
#define PROGRAMS_EMIT_TOKENS_LIVE_H

#include "base/option.h"
#include "programs/emit/command.h"

#include <stddef.h>
#include <stdint.h>

struct tokens_live_options {
    const char *from; // URL of the server; NULL: nobody asked for this
    int64_t for_ns;   // 0: until the run ends
};

// clang-format off
#define TOKENS_LIVE_ROWS(values, member)                                                           \
    {.name = "from",                                                                               \
     .type = EMIT_OPTION_TEXT,                                                                     \
     .argument = "URL",                                                                            \
     .environment = "EMIT_TOKENS_FROM",                                                            \
     .help = "count the tokens an inference server makes from now on",                             \
     .text = "Such as http://localhost:8000/metrics of vLLM, SGLang, llama.cpp (llama-server "     \
             "--metrics) or TGI. Its counters are read now and when the run of --run-id, which "   \
             "goes on here, has ended; the report of the run is printed with them, and with the "  \
             "joules of its GPUs for each token where both windows agree. Nothing is modeled, no " \
             "event is made. emit run --tokens-from does the same from its begin.",                \
     .offset = offsetof(values, member.from)},                                                     \
    {.name = "for",                                                                                \
     .type = EMIT_OPTION_DURATION,                                                                 \
     .argument = "DURATION",                                                                       \
     .help = "with --from: count so long, beside no run",                                          \
     .offset = offsetof(values, member.for_ns)}
// clang-format on

// True for a URL that the environment says, and so perhaps nobody on this command line.
bool tokens_live_is_inherited(const struct tokens_live_options *options);

struct tokens_live_asked {
    const struct tokens_live_options *options; // with a URL
    const char *run_id;                        // NULL or "": none
    const char *outbox_path;
    bool json, quiet;
};

// Returns what emit exits with: 0 counted; 1 no such run goes on here; 2 wrong usage; 3 the
// counters could not be had, or the run is not in the store.
int tokens_live(const struct emit_command *command, const struct tokens_live_asked *asked);

#endif
