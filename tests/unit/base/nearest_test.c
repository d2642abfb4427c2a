// What was meant by a word that is not there: typing errors, and words that hold it.
// SPDX-License-Identifier: Apache-2.0
#include "base/nearest.h"

#include "check.h"

#include <stdbool.h>

static const char *const words[] = {
    "tokens",
    "profile",
    "profiles",
    "coefficients",
    "managed-frontier-dense-v1",
    "managed-frontier-v1",
    "managed-large-v1",
    "run",
    "runs",
};

static const struct {
    const char *typed, *meant; // NULL: nothing is near
} cases[] = {
    {"tokesn", "tokens"},                        // two changed places
    {"token", "tokens"},                         // one too few
    {"tookens", "tokens"},                       // one too many
    {"tokans", "tokens"},                        // another one
    {"proflie", "profile"},                      // not profiles, which is further
    {"prifiles", "profiles"},                    //
    {"coeficents", "coefficients"},              // two errors in a long word
    {"managed-larg-v1", "managed-large-v1"},     //
    {"managed-frontier", "managed-frontier-v1"}, // three too few are one error in five
    {"frontier", "managed-frontier-v1"},         // held by two: the shorter one
    {"dense", "managed-frontier-dense-v1"},      // held by one
    {"rnu", "run"},                              //
    {"rnus", "runs"},                            //
    {"ens", "tokens"},                           // three are enough to be held
    {"en", NULL},                                // two are not
    {"", NULL},                                  //
    {"gpt-large", NULL},                         // a name that is of somebody else
    {"sensors", NULL},                           // a word, but another one
};

static void check_limits(void) {
    struct emit_nearest nearest;
    char longest[EMIT_NEAREST_MAX], longer[EMIT_NEAREST_MAX + 1], text[EMIT_NEAREST_TEXT];
    memset(longest, 'a', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    memset(longer, 'a', sizeof longer);
    longer[sizeof longer - 1] = '\0';
    emit_nearest_begin(&nearest, longest, sizeof longest - 1);
    emit_nearest_offer(&nearest, longer);
    CHECK(!nearest.name, "a word that is too long is offered in vain");
    emit_nearest_offer(&nearest, longest);
    CHECK(nearest.name == longest && nearest.apart == 0, "the longest one is compared");
    emit_nearest_say(&nearest, "--", text);
    CHECK(strlen(text) + 1 < sizeof text && text[strlen(text) - 1] == ')', "and fits its sentence");
    emit_nearest_begin(&nearest, longer, sizeof longer - 1);
    emit_nearest_offer(&nearest, longest);
    CHECK(!nearest.name, "nothing is near to what is too long");
    emit_nearest_begin(&nearest, "token=5", 5);
    emit_nearest_offer(&nearest, "tokens");
    CHECK(nearest.name, "what was typed need not end where its text does");
}

int main(void) {
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct emit_nearest nearest;
        char said[EMIT_NEAREST_TEXT], wanted[EMIT_NEAREST_TEXT] = "";
        emit_nearest_begin(&nearest, cases[i].typed, strlen(cases[i].typed));
        for (size_t k = 0; k < sizeof words / sizeof words[0]; k++)
            emit_nearest_offer(&nearest, words[k]);
        if (cases[i].meant) snprintf(wanted, sizeof wanted, " (nearest: --%s)", cases[i].meant);
        emit_nearest_say(&nearest, "--", said);
        CHECK_STRING(said, wanted, cases[i].typed);
    }
    check_limits();
    return check_end();
}
