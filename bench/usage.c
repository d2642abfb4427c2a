// How many usage records a second are read on one core: found in a stream, read into buckets,
// and told from their repeats. Made-up records of the usual sizes, each with an id of its own,
// from a file in memory. The time is the processor's, the best of the rounds.
// Exits 1 when a shape of which a bound is stated stays below it.
// SPDX-License-Identifier: Apache-2.0
#include "bench.h"

#include "imports/object_reader.h"
#include "imports/usage_book.h"

#include <sys/mman.h>

enum { RECORDS = 200000, ROUNDS = 5, RECORD_MAX = 8192 };

struct shape {
    const char *name;
    double bound; // 0: told only
    void (*make)(struct emit_text *text, unsigned number);
};

static void make_chat(struct emit_text *text, unsigned number) {
    emit_text_add_format(
        text,
        "{\"id\":\"chatcmpl-%08x\",\"object\":\"chat.completion\",\"created\":%u,\"model\":"
        "\"some-model-2026\",\"usage\":{\"prompt_tokens\":%u,\"completion_tokens\":%u,"
        "\"total_tokens\":%u,\"prompt_tokens_details\":{\"cached_tokens\":%u,\"audio_tokens\":0},"
        "\"completion_tokens_details\":{\"reasoning_tokens\":%u,\"audio_tokens\":0,"
        "\"accepted_prediction_tokens\":0,\"rejected_prediction_tokens\":0}}}\n",
        number, 1700000000 + number, 1000 + number % 512, 100 + number % 64,
        1100 + number % 512 + number % 64, number % 900, number % 64);
}

static void make_transcript(struct emit_text *text, unsigned number) {
    emit_text_add_format(
        text,
        "{\"parentUuid\":\"a1b2c3d4-0000-4000-8000-%012x\",\"isSidechain\":false,\"cwd\":"
        "\"/home/somebody/project\",\"sessionId\":\"00000000-1111-4222-8333-444444444444\","
        "\"version\":\"1.0.0\",\"type\":\"assistant\",\"message\":{\"id\":\"msg_%024x\",\"type\":"
        "\"message\",\"role\":\"assistant\",\"model\":\"some-model\",\"content\":[{\"type\":"
        "\"text\",\"text\":\"Done.\"}],\"stop_reason\":null,\"usage\":{\"input_tokens\":%u,"
        "\"cache_creation_input_tokens\":%u,\"cache_read_input_tokens\":%u,\"output_tokens\":%u,"
        "\"service_tier\":\"standard\"}},\"requestId\":\"req_%024x\",\"timestamp\":"
        "\"2026-01-02T03:%02u:%02u.%03uZ\"}\n",
        number, number, number % 7, number % 3000, number % 60000, 1 + number % 900, number,
        number / 60 % 60, number % 60, number % 1000);
}

static void make_costs(struct emit_text *text, unsigned number) {
    emit_text_add_format(
        text,
        "{\"source_type\":\"cost\",\"timestamp\":\"2026-01-02T03:%02u:%02u.%03uZ\","
        "\"event\":\"llm\",\"model\":\"some-model\",\"input_tokens\":%u,"
        "\"output_tokens\":%u,\"wu_id\":\"WU-%u\"}\n",
        number / 60 % 60, number % 60, number % 1000, number % 3000, number % 500, number);
}

// A whole answer: 4 KiB of text around the counts.
static void make_answer(struct emit_text *text, unsigned number) {
    emit_text_add_format(text,
                         "{\"id\":\"chatcmpl-%08x\",\"object\":\"chat.completion\",\"created\":%u,"
                         "\"model\":\"some-model\",\"choices\":[{\"index\":0,\"message\":{\"role\":"
                         "\"assistant\",\"content\":\"",
                         number, 1700000000 + number);
    for (int i = 0; i < 64; i++)
        emit_text_add(text,
                      "What the model said, with \\\"quotes\\\" and an end of line.\\n ...  ");
    emit_text_add_format(text,
                         "\"},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":%u,"
                         "\"completion_tokens\":900,\"total_tokens\":%u}}\n",
                         number % 5000, number % 5000 + 900);
}

// No form comes twice: what a scan of each costs.
static void make_strange(struct emit_text *text, unsigned number) {
    emit_text_add_format(text, "{\"key%u\":1,", number);
    size_t begin = text->length;
    make_chat(text, number);
    text->at[begin] = ' '; // where its brace was
}

static int make_file(const struct shape *shape, unsigned records, size_t *bytes) {
    int file = memfd_create("usage", MFD_CLOEXEC);
    FILE *stream = file < 0 ? NULL : fdopen(dup(file), "w");
    if (!stream) bench_give_up("a file in memory");
    *bytes = 0;
    for (unsigned i = 0; i < records; i++) {
        char line[RECORD_MAX];
        struct emit_text text;
        emit_text_init(&text, line, sizeof line);
        shape->make(&text, i);
        if (text.cut) bench_give_up("a record is larger than its buffer");
        fwrite(line, 1, text.length, stream);
        *bytes += text.length;
    }
    if (fclose(stream) != 0) bench_give_up("a file in memory");
    return file;
}

static double processor_seconds(void) {
    struct timespec now = {0};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

// Reads all of the file; book may be NULL. The seconds it took.
static double read_file(int file, unsigned records, struct emit_usage_book *book) {
    struct emit_object_reader objects;
    struct emit_object_text object;
    struct emit_usage_reader reader;
    struct emit_usage_record record;
    struct emit_error err;
    unsigned used = 0;
    lseek(file, 0, SEEK_SET);
    double begin = processor_seconds();
    emit_usage_reader_init(&reader, EMIT_DIALECT_COUNT);
    if (emit_object_reader_init(&objects, file, EMIT_USAGE_TEXT_MAX, &err) != EMIT_OK)
        bench_give_up(err.text);
    while (emit_object_reader_next(&objects, &object, &err) == EMIT_READER_OBJECT) {
        emit_usage_read(&reader, &record, object.bytes, object.length);
        used += record.fate == EMIT_USAGE_USED;
        if (book &&
            emit_usage_book_add(book, &record, object.bytes, object.length, 0, &err) != EMIT_OK)
            bench_give_up(err.text);
    }
    if (book && emit_usage_book_settle(book, &err) != EMIT_OK) bench_give_up(err.text);
    double seconds = processor_seconds() - begin;
    emit_object_reader_clear(&objects);
    if (used != records) bench_give_up("not every record was used");
    return seconds;
}

static bool measure(const struct shape *shape, unsigned records) {
    size_t bytes;
    int file = make_file(shape, records, &bytes);
    double read_seconds = 1e9, all_seconds = 1e9;
    for (int round = 0; round < ROUNDS; round++) {
        struct emit_usage_book *book;
        struct emit_error err;
        double seconds = read_file(file, records, NULL);
        if (seconds < read_seconds) read_seconds = seconds;
        if (emit_usage_book_open(&book, false, &err) != EMIT_OK) bench_give_up(err.text);
        seconds = read_file(file, records, book);
        if (seconds < all_seconds) all_seconds = seconds;
        emit_usage_book_close(book);
    }
    close(file);
    double rate = records / all_seconds;
    bool good = rate >= shape->bound;
    printf("%-22s %6zu bytes %8.2f M/s read %8.2f M/s with the book%s\n", shape->name,
           bytes / records, records / read_seconds / 1e6, rate / 1e6,
           good ? "" : ", below its bound");
    return good;
}

// usage: bench-usage [SHAPE]
int main(int argument_count, char **arguments) {
    static const struct shape shapes[] = {
        {"chat", 1.0e6, make_chat},
        {"transcript", 1.0e6, make_transcript},
        {"costs", 1.0e6, make_costs},
        {"chat, whole answers", 0, make_answer},
        {"chat, of new forms", 0, make_strange},
    };
    bool good = true;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        if (argument_count < 2 || strcmp(arguments[1], shapes[i].name) == 0)
            good &= measure(&shapes[i], shapes[i].bound > 0 ? RECORDS : RECORDS / 10);
    return good ? 0 : 1;
}
