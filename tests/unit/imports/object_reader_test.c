// One object after the other, whatever form the stream has, however it arrives, and however
// large the objects are; what flows through emit validate is tested there.
// SPDX-License-Identifier: Apache-2.0
#include "imports/object_reader.h"

#include "base/text.h"

#include "check.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { OBJECT_MAX = 1024 * 1024 };

// A child that writes the text in pieces; the end to read from. What is written at once is
// read at once.
static int write_text(const char *text, size_t length, size_t piece, pid_t *writer) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) abort();
    *writer = fork();
    if (*writer == 0) {
        close(ends[0]);
        for (size_t at = 0; at < length;) {
            size_t count = length - at < piece ? length - at : piece;
            ssize_t written = write(ends[1], text + at, count);
            if (written <= 0) _exit(1);
            at += (size_t)written;
        }
        _exit(0);
    }
    close(ends[1]);
    return ends[0];
}

// What was read, as one text: "LINE:LENGTH ", "LINE:- " of a large one, "LINE:reason "; the
// length of the last object. as_log: events are data, and a byte order mark may stand before it.
static size_t read_all(char *seen, size_t size, const char *text, size_t length, size_t piece,
                       bool as_log) {
    struct emit_text all;
    emit_text_init(&all, seen, size);
    pid_t writer;
    int descriptor = write_text(text, length, piece, &writer);
    struct emit_object_reader reader;
    struct emit_object_text object;
    struct emit_error err;
    if (emit_object_reader_init(&reader, descriptor, OBJECT_MAX, &err) != EMIT_OK) abort();
    reader.takes_events = reader.skips_mark = as_log;
    enum emit_reader_item item;
    size_t last = 0;
    while ((item = emit_object_reader_next(&reader, &object, &err)) != EMIT_READER_END &&
           item != EMIT_READER_FAILED) {
        emit_text_add_format(&all, "%llu:", (unsigned long long)object.line);
        last = object.length;
        if (item == EMIT_READER_BROKEN)
            emit_text_add_format(&all, "%s ", emit_reason_word(object.reason));
        else if (object.length > OBJECT_MAX)
            emit_text_add(&all, "- ");
        else
            emit_text_add_format(&all, "%zu ", object.length);
    }
    if (item == EMIT_READER_FAILED) emit_text_add(&all, "failed");
    emit_object_reader_clear(&reader);
    close(descriptor);
    waitpid(writer, NULL, 0);
    return last;
}

static void check_small(void) {
    static const struct {
        const char *text, *seen;
    } cases[] = {
        {"", ""},
        {" \n\n", ""},
        {"{}", "1:2 "},
        {"{\"a\":1}\n{}\n", "1:7 2:2 "},
        {"{\"a\":\n1}\n\n{}", "1:8 4:2 "},
        {"{\"a\":1\n{\"b\":2}\n{}\n", "1:6 2:7 3:2 "},
        {"{\"a\":1}\n{\"b\":", "1:7 2:5 "},
        {"{}\nno\n{}\n", "1:2 2:2 3:2 "},
        {"[{},\n{\"a\":\"]}\\\"\"} , 3]", "1:2 2:12 2:1 "},
        {"[{}", "1:2 1:malformed-json "},
        {"[{}, {\"a",
         "1:2 1:3 "}, // one fault: that the array does not end either goes without saying
        {"[{},]\n", "1:2 1:malformed-json "},
        {"[]{}", "1:malformed-json "},
        {"\xef\xbb\xbf{}", "1:byte-order-mark 1:2 "},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (size_t piece = 1; piece < 9; piece += 7) {
            char seen[256];
            read_all(seen, sizeof seen, cases[i].text, strlen(cases[i].text), piece, false);
            CHECK_STRING(seen, cases[i].seen, cases[i].text);
        }
}

static void check_events(void) {
    static const struct {
        const char *text, *seen, *plainly; // plainly: by a reader that takes no events
    } cases[] = {
        {"event: a\ndata: {}\n\ndata:{\"a\":1}\n\ndata: [DONE]\n\n", "2:2 4:7 ",
         "1:8 2:8 4:12 6:12 "},
        {"data: {}\r\n\r\ndata: {}\r\n", "1:2 3:2 ", "1:8 3:8 "},
        {": still here\nid: 7\nretry: 10\ndata: {}", "4:2 ", "1:12 2:5 3:9 4:8 "},
        {"data:\ndata: \ndata: {}\n", "3:2 ", "1:5 2:5 3:8 "},
        {"data: none\ndata: {}\n", "1:4 2:2 ", "1:10 2:8 "},
        {"data: {\"a\":\n\ndata: {}\n", "1:15 3:2 ", "1:11 3:8 "},
        {"data: [DONE]", "", "1:12 "},
        {"data", "1:4 ", "1:4 "},
        {"{}\ndata: {}\n{}\n", "1:2 2:2 3:2 ", "1:2 2:8 3:2 "},
        {"\xef\xbb\xbf{}\n{}", "1:2 2:2 ", "1:byte-order-mark 1:2 2:2 "},
        {"\xef\xbb\xbf[{}, {}]", "1:2 1:2 ", "1:byte-order-mark 1:2 1:2 "},
        {"\xef\xbb\xbf"
         "data: {}",
         "1:2 ", "1:byte-order-mark 1:8 "},
        {"\xef\xbb\xbf", "", "1:byte-order-mark "},
        {"{}\n\xef\xbb\xbf{}\n", "1:2 2:5 ", "1:2 2:5 "},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (size_t piece = 1; piece < 9; piece += 7) {
            char seen[256];
            const char *text = cases[i].text;
            read_all(seen, sizeof seen, text, strlen(text), piece, true);
            CHECK_STRING(seen, cases[i].seen, text);
            read_all(seen, sizeof seen, text, strlen(text), piece, false);
            CHECK_STRING(seen, cases[i].plainly, text);
        }
}

// What stands behind a broken object is told as far as it has been read: here, all at once.
static void check_rest(void) {
    static const char text[] = "data: {} x\ndata: {}\n";
    char seen[256];
    read_all(seen, sizeof seen, text, strlen(text), strlen(text), true);
    CHECK_STRING(seen, "1:13 2:2 ", text);
}

// Of an object as large as it may be, and more on its line: never the object alone, as if whole.
static void check_more_behind(void) {
    static const char *const behind[] = {"x\n{}\n", "   x\n{}\n", "{}\n{}\n"};
    char *text = malloc(OBJECT_MAX + 64), seen[256];
    if (!text) abort();
    for (size_t i = 0; i < sizeof behind / sizeof *behind; i++) {
        memset(text, ' ', OBJECT_MAX);
        text[0] = '{', text[OBJECT_MAX - 1] = '}';
        memcpy(text + OBJECT_MAX, behind[i], strlen(behind[i]));
        read_all(seen, sizeof seen, text, OBJECT_MAX + strlen(behind[i]), 4096, false);
        CHECK_STRING(seen, "1:- 2:2 ", behind[i]);
    }
    free(text);
}

// An object of exactly `length` bytes, on one line or over many, between two small ones.
static size_t make_large(char *text, size_t length, bool over_lines, bool as_array) {
    static const char element[] = "{\"a\": [1, \"b\"]}", end[] = "]}";
    size_t at = 0;
    struct emit_text begin;
    emit_text_init(&begin, text, 64);
    emit_text_add(&begin, as_array ? "[{\"a\":1},\n{\"a\":[" : "{\"a\":1}\n{\"a\":[");
    at = begin.length;
    size_t last = at - strlen("{\"a\":[") + length - strlen(end);
    while (at + 2 * sizeof element < last) {
        memcpy(text + at, element, sizeof element - 1);
        at += sizeof element - 1;
        text[at++] = ',';
        text[at++] = over_lines ? '\n' : ' ';
    }
    text[at++] = '0';
    while (at < last)
        text[at++] = ' ';
    emit_text_init(&begin, text + at, 64);
    emit_text_add(&begin, end);
    emit_text_add(&begin, as_array ? ",\n{\"b\":2}]" : "\n{\"b\":2}\n");
    return at + begin.length;
}

// Every size around a limit of the buffer, in each form: told with its length, or as too
// large; and what stands around it is read.
static void check_large(void) {
    static const size_t sizes[] = {
        EMIT_READER_AHEAD_BYTES,  EMIT_READER_MEMORY_BYTES - 100,
        EMIT_READER_MEMORY_BYTES, EMIT_READER_MEMORY_BYTES + 1,
        OBJECT_MAX - 1,           OBJECT_MAX,
        OBJECT_MAX + 1,           OBJECT_MAX + EMIT_READER_AHEAD_BYTES,
        3 * OBJECT_MAX,
    };
    char *text = malloc(3 * OBJECT_MAX + 1024);
    if (!text) abort();
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (int form = 0; form < 4; form++) {
            bool over_lines = form & 1, as_array = form & 2;
            size_t length = make_large(text, sizes[i], over_lines, as_array);
            char seen[1024], wanted[64];
            size_t last =
                read_all(seen, sizeof seen, text, length, i % 2 ? 4096 : 100000, i % 3 == 0);
            (void)emit_text_format(wanted, sizeof wanted, "1:7 2:%zu ", sizes[i]);
            if (sizes[i] > OBJECT_MAX) (void)emit_text_format(wanted, sizeof wanted, "1:7 2:- ");
            bool begins = emit_text_has_prefix(seen, wanted);
            CHECK(begins, "%zu bytes%s%s: got '%.40s', wanted '%s'", sizes[i],
                  over_lines ? " over many lines" : "", as_array ? " in an array" : "", seen,
                  wanted);
            CHECK(last == 7, "and the object behind it is read");
        }
    free(text);
}

// Which element of an array it is; none of a line.
static void check_elements(void) {
    static const struct {
        const char *text, *seen;
    } cases[] = {
        {"{}\n{}", "0 0 "},
        {"[{}, 3,\n{}]", "1 2 3 "},
        {"[{},,{}] x", "1 2 3 0 "},
        {"[{}", "1 0 "},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char bytes[64];
        struct emit_text seen;
        emit_text_init(&seen, bytes, sizeof bytes);
        pid_t writer;
        int descriptor = write_text(cases[i].text, strlen(cases[i].text), 64, &writer);
        struct emit_object_reader reader;
        struct emit_object_text object;
        struct emit_error err;
        if (emit_object_reader_init(&reader, descriptor, OBJECT_MAX, &err) != EMIT_OK) abort();
        while (emit_object_reader_next(&reader, &object, &err) != EMIT_READER_END)
            emit_text_add_format(&seen, "%llu ", (unsigned long long)object.element);
        CHECK_STRING(bytes, cases[i].seen, cases[i].text);
        emit_object_reader_clear(&reader);
        close(descriptor);
        waitpid(writer, NULL, 0);
    }
}

static void check_failures(void) {
    struct emit_object_reader reader;
    struct emit_object_text object;
    struct emit_error err = {0};
    if (emit_object_reader_init(&reader, -1, OBJECT_MAX, &err) != EMIT_OK) abort();
    CHECK(emit_object_reader_next(&reader, &object, &err) == EMIT_READER_FAILED && err.text[0],
          "what cannot be read: %s", err.text);
    emit_object_reader_clear(&reader);
    emit_object_reader_clear(&reader);
}

int main(void) {
    check_small();
    check_events();
    check_rest();
    check_more_behind();
    check_large();
    check_elements();
    check_failures();
    return check_end();
}
