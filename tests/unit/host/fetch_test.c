// URLs: which are asked, and what of them anybody may see.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "host/fetch.h"

static void test_show(void) {
    static const struct {
        const char *url, *shown;
    } cases[] = {
        {"http://localhost:8000/metrics", "http://localhost:8000/metrics"},
        {"https://[::1]:8000/a/b", "https://[::1]:8000/a/b"},
        {"http://user:secret@host/metrics", "http://host/metrics"},
        {"http://user:se@cret@host:1/x@y", "http://host:1/x@y"},
        {"http://host/metrics?key=secret#secret", "http://host/metrics"},
        {"http://host?key=secret/://", "http://host"},
        {"http://user:secret@host?u=http://other", "http://host"},
        {"user:secret@host/metrics?key=://secret", "host/metrics"},
        {"user:secret@host", "host"},
        {"secret@://", "://"},
        {"http://user:se/cret@host/metrics", "http://..."},
        {"http://user:secret?@host/metrics", "http://..."},
        {"http://user:#secret@host/", "http://..."},
        {"", ""},
        {"http://\x1b[2J\xffhost/", "http://?[2J?host/"},
    };
    char shown[EMIT_FETCH_SHOWN_MAX];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        emit_fetch_show(shown, cases[i].url);
        CHECK_STRING(shown, cases[i].shown, cases[i].url);
    }
    char url[600] = "http://host/";
    memset(url + strlen(url), 'x', sizeof url - strlen(url) - 1);
    url[sizeof url - 1] = '\0';
    emit_fetch_show(shown, url);
    CHECK(strlen(shown) == EMIT_FETCH_SHOWN_MAX - 1 &&
              strcmp(shown + strlen(shown) - 4, "x...") == 0,
          "a long one is cut: %zu", strlen(shown));
}

static void test_is_url(void) {
    CHECK(emit_fetch_is_url("http://host") && emit_fetch_is_url("HTTPS://u:p@host/?q"), "URLs");
    static const char *const others[] = {
        "",          "host", "http://", "ftp://host", "http:/x", "http://a b", "file:///etc/passwd",
        "http://h\n"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        CHECK(!emit_fetch_is_url(others[i]), "'%s' is none", others[i]);
}

int main(void) {
    test_show();
    test_is_url();
    return check_end();
}
