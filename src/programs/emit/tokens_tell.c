// Where the account goes: standard output, unless the events go there.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/tokens_account.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { DOCUMENT_MAX = 4 * 1024 * 1024 }; // bytes; every row and every refusal, escapes included

static int complain(const char *sentence) {
    return emit_complain(&emit_command_tokens, EXIT_PARTIAL, "%s", sentence);
}

static int tell_document(FILE *out, const struct tokens_account *account) {
    struct emit_text text;
    struct emit_error err;
    char *bytes = malloc(DOCUMENT_MAX); // touched only as far as it is written
    if (!bytes) return complain("no document: out of memory");
    emit_text_init(&text, bytes, DOCUMENT_MAX);
    enum emit_status status = tokens_account_write_json(&text, account, &err);
    if (status == EMIT_OK) fprintf(out, "%s\n", bytes);
    free(bytes);
    return status == EMIT_OK ? EXIT_OK : complain(err.text);
}

// In one piece: stderr is unbuffered.
static int tell_words(FILE *out, const struct tokens_account *account) {
    char *bytes = NULL;
    size_t length = 0;
    FILE *text = open_memstream(&bytes, &length);
    if (!text) return complain("no report: out of memory");
    tokens_account_print(text, account);
    bool good = fclose(text) == 0;
    if (good) (void)fwrite(bytes, 1, length, out);
    free(bytes);
    return good ? EXIT_OK : complain("no report: out of memory");
}

// What went wrong, for who wants to hear nothing else.
static void tell_refusals(const struct tokens_account *account) {
    char line[2 * EMIT_USAGE_SENTENCE_MAX];
    struct emit_text text;
    for (size_t i = 0; i < account->usage.refusals.count; i++) {
        const struct emit_usage_refusal *refusal = &account->usage.refusals.kinds[i];
        emit_text_init(&text, line, sizeof line);
        emit_usage_refusal_place(&text, refusal);
        emit_text_add_format(&text, "%s%s", text.length ? ": " : "", refusal->message);
        if (refusal->remedy[0]) emit_text_add_format(&text, "; %s", refusal->remedy);
        (void)complain(line);
    }
}

int tokens_tell(const struct tokens_options *options, const struct tokens_account *account) {
    const char *events = account->plan->events_path;
    FILE *out = events && strcmp(events, "-") == 0 ? stderr : stdout;
    int told = EXIT_OK;
    if (options->json)
        told = tell_document(out, account);
    else if (!options->quiet)
        told = tell_words(out, account);
    else
        tell_refusals(account);
    if (fflush(out) != 0 || ferror(out)) told = complain("cannot write to standard output");
    int exit_status = tokens_account_exit(account);
    return exit_status == EXIT_OK ? told : exit_status;
}

int tokens_tell_failure(const struct tokens_account *account, const struct emit_error *err) {
    uint64_t stored = account->events_stored;
    if (!stored) return emit_complain(&emit_command_tokens, EXIT_USAGE, "%s", err->text);
    return emit_complain(&emit_command_tokens, EXIT_PARTIAL,
                         "%s; %" PRIu64 " event%s stored: the same command again adds what is "
                         "missing, and nothing twice",
                         err->text, stored, stored == 1 ? " is" : "s are");
}
