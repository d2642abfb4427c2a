// emit validate: every way in which events break the contract, one line each.
// SPDX-License-Identifier: Apache-2.0
#include "base/json_write.h"
#include "base/number.h"
#include "contract/within.h"
#include "imports/object_reader.h"
#include "programs/emit/command.h"
#include "programs/emit/operand.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    LINE_MAX_BYTES = 32 * 1024, // of one finding: every byte of a path as an escape, and a sentence
    OUTPUT_BYTES = 4 * LINE_MAX_BYTES,
};

struct values {
    bool strict, json, identity, core;
};

// Standard output: findings are put together where they are written from.
struct output {
    char bytes[OUTPUT_BYTES];
    size_t length;
    bool is_terminal; // somebody looks on: nothing is kept back
    bool failed;
};

struct validation {
    const struct values *asked;
    const char *file;       // as it is named in findings
    uint64_t line;          // of the event
    struct emit_text place; // "FILE:LINE"
    char place_bytes[PATH_MAX + EMIT_NUMBER_TEXT_MAX];
    uint64_t events, errors, warnings;
    bool unreadable; // a file could not be read whole
    struct emit_verdict verdict;
    struct output output;
};

extern const struct emit_command emit_command_validate;

// --- Output ---

static void flush_output(struct output *output) {
    const char *at = output->bytes, *end = at + output->length;
    while (at < end && !output->failed) {
        ssize_t written = write(STDOUT_FILENO, at, (size_t)(end - at));
        if (written >= 0)
            at += written;
        else
            output->failed = errno != EINTR;
    }
    output->length = 0;
}

static void begin_line(struct output *output, struct emit_text *line) {
    if (OUTPUT_BYTES - output->length < LINE_MAX_BYTES) flush_output(output);
    emit_text_init(line, output->bytes + output->length, LINE_MAX_BYTES);
}

static void end_line(struct output *output, struct emit_text *line) {
    line->at[line->length] = '\n'; // in place of the terminator
    output->length += line->length + 1;
    if (output->is_terminal) flush_output(output);
}

// --- Findings ---

// Notes where an event stands, for all its findings.
static void note_place(struct validation *validation, uint64_t number) {
    char digits[EMIT_NUMBER_TEXT_MAX];
    validation->line = number;
    emit_text_init(&validation->place, validation->place_bytes, sizeof validation->place_bytes);
    emit_text_add(&validation->place, validation->file);
    emit_text_add(&validation->place, ":");
    emit_text_add_bytes(&validation->place, digits, emit_number_write_u64(digits, number));
    for (size_t i = 0; i < validation->place.length;
         i++) // a finding is one line, whatever the name
        if ((unsigned char)validation->place_bytes[i] < ' ') validation->place_bytes[i] = '?';
}

static void add_place(struct emit_text *line, const struct validation *validation) {
    emit_text_add_bytes(line, validation->place.at, validation->place.length);
}

static bool is_warning(const struct validation *validation, enum emit_contract_level level) {
    return level == EMIT_CONTRACT_STRICT && !validation->asked->strict;
}

static void count(struct validation *validation, enum emit_contract_level level, size_t findings) {
    if (is_warning(validation, level))
        validation->warnings += findings;
    else
        validation->errors += findings;
}

static void print_finding(struct validation *validation, const struct emit_finding *finding) {
    bool warning = is_warning(validation, finding->level);
    struct emit_text line;
    begin_line(&validation->output, &line);
    if (!validation->asked->json) {
        if (warning) emit_text_add(&line, "warning: ");
        add_place(&line, validation);
        emit_text_add(&line, ": ");
        emit_text_add(&line, finding->reason);
        emit_text_add(&line, ": ");
        emit_text_add(&line, finding->message);
    } else {
        struct emit_json_writer json;
        emit_json_writer_init(&json, &line);
        emit_json_open_object(&json);
        emit_json_member_string(&json, "file", validation->file);
        emit_json_member_u64(&json, "line", validation->line);
        emit_json_member_string(&json, "level",
                                finding->level == EMIT_CONTRACT_STRICT ? "strict" : "core");
        emit_json_member_string(&json, "field", finding->field);
        emit_json_member_string(&json, "reason", finding->reason);
        emit_json_member_string(&json, "message", finding->message);
        emit_json_close_object(&json);
    }
    end_line(&validation->output, &line);
}

static void print_identity(struct validation *validation, const struct emit_object_text *event) {
    char identity[EMIT_IDENTITY_TEXT];
    // What is no JSON has no identity; the findings say why.
    if (emit_contract_identity(event->bytes, event->length, identity, NULL) != EMIT_OK) return;
    note_place(validation, event->line);
    struct emit_text line;
    begin_line(&validation->output, &line);
    if (!validation->asked->json) {
        emit_text_add(&line, identity);
        emit_text_add(&line, "  ");
        add_place(&line, validation);
    } else {
        struct emit_json_writer json;
        emit_json_writer_init(&json, &line);
        emit_json_open_object(&json);
        emit_json_member_string(&json, "file", validation->file);
        emit_json_member_u64(&json, "line", validation->line);
        emit_json_member_string(&json, "identity", identity);
        emit_json_close_object(&json);
    }
    end_line(&validation->output, &line);
}

// --- Events ---

static void validate_event(struct validation *validation, const struct emit_object_text *event) {
    struct emit_verdict *verdict = &validation->verdict;
    validation->events++;
    enum emit_contract_level level =
        validation->asked->core ? EMIT_CONTRACT_CORE : EMIT_CONTRACT_STRICT;
    if (emit_contract_check_within(event->bytes, event->length, event->readable, level, verdict) !=
        EMIT_OK) {
        count(validation, EMIT_CONTRACT_CORE, verdict->core_count);
        count(validation, EMIT_CONTRACT_STRICT, verdict->strict_count);
        note_place(validation, event->line);
        for (size_t i = 0; i < verdict->kept; i++)
            print_finding(validation, &verdict->findings[i]);
    }
    if (validation->asked->identity && event->length <= EMIT_EVENT_MAX)
        print_identity(validation, event);
}

static void validate_broken(struct validation *validation, const struct emit_object_text *text) {
    struct emit_finding finding = {.level = EMIT_CONTRACT_CORE};
    finding.reason = emit_reason_word(text->reason);
    (void)emit_text_format(finding.message, sizeof finding.message, "%s", text->message);
    count(validation, finding.level, 1);
    note_place(validation, text->line);
    print_finding(validation, &finding);
}

static void validate_stream(struct validation *validation, int descriptor) {
    struct emit_object_reader reader;
    struct emit_object_text event;
    struct emit_error err;
    enum emit_reader_item item = EMIT_READER_FAILED;
    if (emit_object_reader_init(&reader, descriptor, EMIT_EVENT_MAX, &err) == EMIT_OK) {
        while ((item = emit_object_reader_next(&reader, &event, &err)) == EMIT_READER_OBJECT ||
               item == EMIT_READER_BROKEN) {
            if (item == EMIT_READER_OBJECT)
                validate_event(validation, &event);
            else
                validate_broken(validation, &event);
        }
        emit_object_reader_clear(&reader);
    }
    if (item == EMIT_READER_FAILED) {
        validation->unreadable = true;
        emit_complain(&emit_command_validate, EXIT_USAGE, "%s: %s", validation->file, err.text);
    }
}

static void validate_file(struct validation *validation, const char *path) {
    struct emit_operand file;
    struct emit_error err;
    validation->file = path;
    if (emit_operand_open(&file, path, &err) != EMIT_OK) {
        validation->unreadable = true;
        emit_complain(&emit_command_validate, EXIT_USAGE, "%s", err.text);
        return;
    }
    validate_stream(validation, file.descriptor);
    emit_operand_close(&file);
}

static int run(const void *values, int operand_count, char **operands) {
    struct validation validation = {.asked = values};
    validation.output.is_terminal = isatty(STDOUT_FILENO);
    if (validation.asked->strict && validation.asked->core)
        return emit_complain(&emit_command_validate, EXIT_USAGE,
                             "--core and --strict exclude each other");
    if (operand_count == 0) validate_file(&validation, "-");
    for (int i = 0; i < operand_count; i++)
        validate_file(&validation, operands[i]);
    flush_output(&validation.output);
    if (validation.output.failed)
        emit_complain(&emit_command_validate, EXIT_USAGE, "cannot write to standard output");
    fprintf(stderr, "%llu events, %llu errors, %llu warnings\n",
            (unsigned long long)validation.events, (unsigned long long)validation.errors,
            (unsigned long long)validation.warnings);
    if (validation.unreadable || validation.output.failed) return EXIT_USAGE;
    return validation.errors ? EXIT_NEGATIVE : EXIT_OK;
}

const struct emit_command emit_command_validate = {
    .name = "validate",
    .summary = "check events against the contract",
    .operands = "[FILE...]",
    .text =
        "Reads events from the files, or from standard input when there is none or where one is "
        "named -, and prints every way in which they break the contract, one line each:\n\n"
        "FILE:LINE: reason: the field and what was expected of it.\n\n"
        "A file holds one event a line, one JSON array of events, or objects printed over many "
        "lines; it may be of any length. An object goes on over as many lines as it needs, and "
        "the next one begins on a line of its own. What stops to be JSON, or is larger than 64 "
        "KiB, is one broken event: the next begins on the next line that begins with a brace, so "
        "that a line that was cut short costs itself alone.\n\n"
        "Breaking the core of the contract is an error. Breaking "
        "only what emit's own producers promise on top is a warning, and its line begins with "
        "'warning: '. Of one event at most 64 findings are printed. The last line, on standard "
        "error, counts all events, errors and warnings.",
    .example = "emit outbox export | emit validate --strict",
    .exits = "0 no errors; 1 errors; 2 wrong usage, or a file could not be read.",
    .options =
        (const struct emit_option[]){
            {.name = "strict",
             .type = EMIT_OPTION_FLAG,
             .help = "what our own producers promise is binding too",
             .text = "Findings of the strict level are errors, not warnings.",
             .offset = offsetof(struct values, strict)},
            {.name = "core",
             .type = EMIT_OPTION_FLAG,
             .help = "check the core only, give no warnings",
             .text = "For a receiver of other people's events.",
             .offset = offsetof(struct values, core)},
            {.name = "json",
             .type = EMIT_OPTION_FLAG,
             .help = "print each finding as one JSON object",
             .text = "Its members are file, line, level (core or strict), field, reason and "
                     "message.",
             .offset = offsetof(struct values, json)},
            {.name = "identity",
             .type = EMIT_OPTION_FLAG,
             .help = "print the identity of each event as well",
             .text =
                 "The identity is the SHA-256 of the event's canonical form (RFC 8785): equal "
                 "for two events exactly when they state the same. Its line is the identity, two "
                 "spaces and FILE:LINE; with --json an object of file, line and identity. What "
                 "is no JSON has none.",
             .offset = offsetof(struct values, identity)},
            {0}},
    .values_size = sizeof(struct values),
    .usage_status = EXIT_USAGE,
    .run = run,
};
