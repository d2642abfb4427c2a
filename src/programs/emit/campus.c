// emit campus: windows of an operator's meters become facility events.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/campus.h"

#include "agent/place.h"
#include "base/json_write.h"
#include "base/text.h"
#include "host/host.h"
#include "programs/emit/page.h"
#include "programs/emit/operand.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

enum {
    OBJECT_MAX = 64 * 1024 * 1024, // bytes of an object that holds all records
    OUTPUT_BYTES = 128 * 1024,
    REFUSAL_MAX = 8 * EMIT_FACILITY_MESSAGE_MAX, // bytes of a refusal as JSON
    TOLD_MAX = PATH_MAX + 2 * EMIT_FACILITY_MESSAGE_MAX,
    WHERE_MAX = 40,
    METADATA_FILE_MAX = 64 * 1024 * 1024 // bytes of the file of --metadata
};

bool campus_judge(struct campus *campus, const char *text, size_t length,
                  struct campus_event *event, struct emit_facility_refusal *why) {
    struct emit_facility_window *window = &event->window;
    if (!emit_facility_read(window, text, length, why)) return false;
    // A filter may run for years: what ended after it began is asked of the clock again.
    if (window->to_ns > campus->now_ns) campus->now_ns = emit_clock_wall_ns();
    if (!emit_facility_settle(window, campus->now_ns, why) ||
        !emit_facility_attach(window, &campus->metadata, &event->missed, why))
        return false;
    struct emit_error err;
    emit_text_init(&event->line, campus->line, sizeof campus->line);
    if (emit_facility_event_write(&event->line, campus->workspace_id, window, &err) == EMIT_OK)
        return true;
    return emit_facility_refuse(why, EMIT_FACILITY_CONTRACT, "", "%s", err.text);
}

void campus_count(struct campus *campus, unsigned missed) {
    campus->events++;
    for (unsigned kind = 0; missed && kind < EMIT_FACT_COUNT; kind++)
        campus->missed[kind] += missed >> kind & 1;
}

static const char *plural(uint64_t count) {
    return count == 1 ? "" : "s";
}

static bool note_missed(const struct campus *campus, enum emit_fact kind, char *sentence,
                        size_t size) {
    if (!campus->missed[kind]) return false;
    (void)emit_text_format(sentence, size,
                           "%s was left off %" PRIu64 " event%s: no entry of metadata.%s covers "
                           "the whole window",
                           emit_fact_title(kind), campus->missed[kind],
                           plural(campus->missed[kind]), emit_fact_key(kind));
    return true;
}

// A facility that is spelled otherwise than in the records.
static bool note_unmet(const struct campus *campus, char *sentence, size_t size) {
    const struct emit_facility_site *first = NULL;
    char id[6 * EMIT_FACILITY_ID_MAX], more[64] = ""; // as JSON, so without control characters
    struct emit_text text;
    struct emit_json_writer writer;
    size_t count = 0;
    for (size_t i = 0; campus->events && i < campus->metadata.site_count; i++)
        if (!campus->metadata.sites[i].is_met && count++ == 0) first = &campus->metadata.sites[i];
    if (!first) return false;
    emit_text_init(&text, id, sizeof id);
    emit_json_writer_init(&writer, &text);
    emit_json_string(&writer, first->facility_id);
    if (count > 1)
        (void)emit_text_format(more, sizeof more, ", nor did that of %zu more", count - 1);
    (void)emit_text_format(sentence, size,
                           "the metadata %s%s met no record%s: nothing of it was attached",
                           first->facility_id[0] ? "of facility " : "without facility_id",
                           first->facility_id[0] ? id : "", more);
    return true;
}

bool campus_note(const struct campus *campus, int which, char *sentence, size_t size) {
    return which < EMIT_FACT_COUNT ? note_missed(campus, (enum emit_fact)which, sentence, size)
                                   : note_unmet(campus, sentence, size);
}

void campus_write_refusal(FILE *out, const struct emit_facility_refusal *refusal,
                          const struct campus_place *place) {
    char bytes[REFUSAL_MAX];
    struct emit_text text;
    struct emit_json_writer writer;
    emit_text_init(&text, bytes, sizeof bytes);
    emit_json_writer_init(&writer, &text);
    emit_json_open_object(&writer);
    emit_json_member_string(&writer, "code", emit_facility_fate_word(refusal->fate));
    emit_json_member_string(&writer, "field", refusal->field);
    emit_json_member_u64(&writer, "index", place->index);
    if (place->line) emit_json_member_u64(&writer, "line", place->line);
    emit_json_member_string(&writer, "message", refusal->message);
    emit_json_close_object(&writer);
    (void)fwrite(bytes, 1, text.length, out);
}

void campus_tell_refusal(const char *name, const struct emit_facility_refusal *refusal,
                         const struct campus_place *place) {
    char said[TOLD_MAX], printable[3 * TOLD_MAX], where[WHERE_MAX];
    if (place->line)
        (void)emit_text_format(where, sizeof where, ":%" PRIu64, place->line);
    else
        (void)emit_text_format(where, sizeof where, ": records[%" PRIu64 "]", place->index);
    (void)emit_text_format(said, sizeof said, "%s%s: %s: %s%s%s", name, where,
                           emit_facility_fate_word(refusal->fate), refusal->field,
                           refusal->field[0] ? ": " : "", refusal->message);
    emit_page_copy(printable, sizeof printable, said, INT_MAX); // it quotes the input
    fprintf(stderr, "%s\n", printable);
}

// --- Opening ---

// The file of --metadata: an object, or an array of objects.
static enum emit_status read_metadata(struct campus *campus, const char *path,
                                      struct emit_error *err) {
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return emit_fail_errno(err, errno, "%s cannot be opened", path);
    char *text = malloc(METADATA_FILE_MAX + 1); // touched only as far as it is written
    size_t length = 0;
    ssize_t got = 1;
    while (text && length <= METADATA_FILE_MAX && got > 0) {
        got = read(file, text + length, METADATA_FILE_MAX + 1 - length);
        if (got > 0)
            length += (size_t)got;
        else if (got < 0 && errno == EINTR)
            got = 1;
    }
    enum emit_status status = EMIT_OK;
    if (!text)
        status = emit_fail(err, EMIT_NO_MEMORY, "no memory to read %s", path);
    else if (got < 0)
        status = emit_fail_errno(err, errno, "%s cannot be read", path);
    else if (length > METADATA_FILE_MAX)
        status = emit_fail(err, EMIT_FULL, "%s is larger than 64 MiB", path);
    struct emit_error why;
    static const char mark[] = "\xef\xbb\xbf"; // of UTF-8, as some editors write it
    size_t begin = status == EMIT_OK && length >= 3 && memcmp(text, mark, 3) == 0 ? 3 : 0;
    if (status == EMIT_OK && emit_facility_read_metadata(&campus->metadata, text + begin,
                                                         length - begin, &why) != EMIT_OK)
        status = emit_fail(err, why.status, "%s: %s", path, why.text);
    free(text);
    close(file);
    return status;
}

static enum emit_status campus_open(struct campus *campus, const struct campus_options *options,
                                    struct emit_error *err) {
    char notice[EMIT_NAMING_NOTICE_MAX] = "";
    *campus = (struct campus){.options = options, .now_ns = emit_clock_wall_ns()};
    enum emit_status status =
        emit_naming_workspace(campus->workspace_id, notice, options->workspace, err);
    if (notice[0]) (void)emit_complain(&emit_command_campus, EXIT_OK, "%s", notice);
    if (status != EMIT_OK) return status;
    if (getrandom(campus->secret, sizeof campus->secret, 0) != sizeof campus->secret)
        return emit_fail_errno(err, errno, "the kernel has no random number");
    if (options->output_path && strcmp(options->output_path, "-") == 0)
        return emit_fail(err, EMIT_INVALID,
                         "--output wants a file: standard output has the events anyway");
    if (options->refused_path && !options->ndjson)
        return emit_fail(err, EMIT_INVALID,
                         "--refused belongs to --ndjson: the answer to an object has them in it");
    if (options->refused_path) {
        campus->refused = fopen(options->refused_path, "we");
        if (!campus->refused)
            return emit_fail_errno(err, errno, "cannot write %s", options->refused_path);
    }
    if (options->metadata_path) status = read_metadata(campus, options->metadata_path, err);
    if (status == EMIT_OK) status = campus_post_open(&campus->post, campus, err);
    return status;
}

static void campus_close(struct campus *campus) {
    campus_post_close(campus->post);
    emit_facility_metadata_clear(&campus->metadata);
    if (campus->refused) (void)fclose(campus->refused);
}

// --- The command ---

int campus_fail(const struct campus *campus, const char *name, const struct emit_error *err) {
    if (campus->options->no_outbox || !campus->stored)
        return emit_complain(&emit_command_campus, EXIT_USAGE, "%s: %s", name, err->text);
    return emit_complain(&emit_command_campus, EXIT_USAGE,
                         "%s: %s; %" PRIu64 " event%s stored: the same again adds what is "
                         "missing, and nothing twice",
                         name, err->text, campus->stored, campus->stored == 1 ? " is" : "s are");
}

static void tell(const struct campus *campus) {
    fprintf(stderr,
            "%" PRIu64 " record%s: %" PRIu64 " event%s, %" PRIu64 " duplicate%s, %" PRIu64
            " refused",
            campus->records, plural(campus->records), campus->events, plural(campus->events),
            campus->duplicates, plural(campus->duplicates), campus->refused_count);
    if (!campus->options->no_outbox)
        fprintf(stderr, "; %" PRIu64 " stored, %" PRIu64 " stored before", campus->stored,
                campus->stored_before);
    fputc('\n', stderr);
}

static int convert(struct campus *campus, int descriptor, const char *name) {
    struct emit_object_reader reader;
    struct emit_error err;
    bool is_stream = campus->options->ndjson;
    // Where nobody looks on, fewer and larger writes.
    if (!isatty(STDOUT_FILENO)) (void)setvbuf(stdout, NULL, _IOFBF, OUTPUT_BYTES);
    if (emit_object_reader_init(&reader, descriptor, OBJECT_MAX, &err) != EMIT_OK)
        return emit_complain(&emit_command_campus, EXIT_USAGE, "%s", err.text);
    reader.skips_mark = true;
    int status =
        is_stream ? campus_stream(campus, &reader, name) : campus_batch(campus, &reader, name);
    emit_object_reader_clear(&reader);
    if (fflush(stdout) != 0 || ferror(stdout))
        return emit_complain(&emit_command_campus, EXIT_USAGE, "cannot write to standard output");
    if (campus->refused && (fflush(campus->refused) != 0 || ferror(campus->refused)))
        return emit_complain(&emit_command_campus, EXIT_USAGE, "cannot write %s",
                             campus->options->refused_path);
    if (status != EXIT_USAGE && !campus->options->quiet) tell(campus);
    return status;
}

static int run(const void *values, int operand_count, char **operands) {
    if (operand_count < 1 || operand_count > 2 || strcmp(operands[0], "facility-energy") != 0)
        return emit_complain(&emit_command_campus, EXIT_USAGE,
                             "say what to do: emit campus facility-energy [FILE]");
    struct emit_operand file;
    struct emit_error err;
    if (emit_operand_open(&file, operand_count == 2 ? operands[1] : "-", &err) != EMIT_OK)
        return emit_complain(&emit_command_campus, EXIT_USAGE, "%s", err.text);
    struct campus *campus = malloc(sizeof *campus);
    int status = EXIT_OK;
    if (!campus)
        status = emit_complain(&emit_command_campus, EXIT_USAGE, "out of memory");
    else if (campus_open(campus, values, &err) != EMIT_OK)
        status = emit_complain(&emit_command_campus, EXIT_USAGE, "%s", err.text);
    else
        status = convert(campus, file.descriptor, file.name);
    if (campus) campus_close(campus);
    free(campus);
    emit_operand_close(&file);
    return status;
}

// clang-format off
static const struct emit_option options[] = {
    {.name = "ndjson",
     .type = EMIT_OPTION_FLAG,
     .help = "a filter: a record a line in, an event a line out",
     .text = "Records may be lines or the elements of one array, and of any number. A first line "
             "{\"metadata\": ...} says what --metadata says. Events come out as their records go in, "
             "and refusals on standard error; so of records that contradict each other the first "
             "has gone out when the second is refused.",
     .offset = offsetof(struct campus_options, ndjson)},
    {.name = "metadata",
     .type = EMIT_OPTION_TEXT,
     .argument = "FILE",
     .help = "what is known of the facility: grid, PUE, price, curtailment",
     .text = "One JSON object, as the member metadata of the input, or an array of one for each "
             "facility.",
     .offset = offsetof(struct campus_options, metadata_path)},
    {.name = "workspace",
     .type = EMIT_OPTION_TEXT,
     .argument = "ID",
     .environment = "EMIT_WORKSPACE_ID",
     .key = "workspace",
     .help = "the workspace the events belong to",
     .text = "Else the id of the nearest workspace.yaml in the working directory or above it; else "
             "ws_local, whose events stay on this machine.",
     .offset = offsetof(struct campus_options, workspace)},
    {.name = "output",
     .type = EMIT_OPTION_TEXT,
     .argument = "FILE",
     .help = "append a copy of the events to a file, one JSON object a line",
     .offset = offsetof(struct campus_options, output_path)},
    {.name = "refused",
     .type = EMIT_OPTION_TEXT,
     .argument = "FILE",
     .help = "with --ndjson: write what was refused to a file",
     .text = "One JSON object a line, as the answer to an object has them in refused, with the line on "
             "which the record begins; standard error has their number then.",
     .offset = offsetof(struct campus_options, refused_path)},
    EMIT_PLACE_OPTION(struct campus_options, outbox_path),
    {.name = "no-outbox",
     .type = EMIT_OPTION_FLAG,
     .help = "store nothing",
     .offset = offsetof(struct campus_options, no_outbox)},
    {.name = "quiet",
     .letter = 'q',
     .type = EMIT_OPTION_FLAG,
     .help = "say nothing but what went wrong",
     .text = "What was refused of an object stands in its answer and is not told again; a filter tells it "
             "all the same.",
     .offset = offsetof(struct campus_options, quiet)},
    {.name = "config",
     .type = EMIT_OPTION_TEXT,
     .argument = "FILE",
     .environment = "EMIT_CONFIG",
     .help = "the configuration file",
     .offset = offsetof(struct campus_options, config_path)},
    {0},
};

const struct emit_command emit_command_campus = {
    .name = "campus",
    .summary = "turn windows of a facility's meters into events",
    .operands = "facility-energy [FILE]",
    .text =
        "Reads one JSON object from the file or standard input, and answers with one on standard "
        "output. In: {\"records\": [...], \"metadata\": {...}}. A record names its energy_source (pdu, "
        "ups, ipmi, redfish, smart_meter), facility_id, device_id, the half-open window from, to, and "
        "a unit with either value or the counter readings first and last. Out: events, refused (index, "
        "code, field, message), the number of duplicates, and notes. emit schema "
        "campus.input and emit schema campus.output print the JSON Schemas; the guide has a chapter.\n\n"
        "Decimal text becomes joules exactly. Nothing is guessed: a counter that fell without proof of a "
        "wrap, a sentinel, more than 1.25 times the rated_power_w, a feed without pue_applied, windows "
        "of one meter that overlap or contradict each other, or what is stored, are refused with the "
        "reason. Repeats are dropped and counted. Metadata is attached to windows that it covers whole, and never "
        "multiplied with energy.\n\n"
        "Events are stored as those of emit run, unless --no-outbox says otherwise.",
    .example = "emit campus facility-energy windows.json",
    .more_examples = "# a year of half hours, as a filter\n"
                     "emit campus facility-energy --ndjson --metadata site.json --no-outbox \\\n"
                     "  < year.ndjson | emit validate --strict\n\n"
                     "# from CSV: device, begin, end, kWh (values as text: nothing rounds them)\n"
                     "jq -Rc 'split(\",\") | {energy_source: \"pdu\", facility_id: \"fra-1\",\n"
                     "  region: \"eu-central\", device_id: .[0], from: .[1], to: .[2],\n"
                     "  unit: \"kWh\", value: .[3]}' windows.csv |\n"
                     "  emit campus facility-energy --ndjson",
    .exits = "0 every record became an event or was a repeat; 2 wrong usage, or the input could not be "
             "read; 3 something was refused.",
    .options = options,
    .values_size = sizeof(struct campus_options),
    .order = EMIT_OPTIONS_ANYWHERE,
    .usage_status = EXIT_USAGE,
    .run = run,
};
// clang-format on
