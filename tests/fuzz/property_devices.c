// Lists of devices, as a user or an environment may have them: whatever they hold, each
// device is the run's or is not, and a longer list never has fewer devices.
// SPDX-License-Identifier: Apache-2.0
#include "property.h"

#include "meters/assignment.h"

#include <stdlib.h>
#include <string.h>

enum { COUNT = 4 };
static const struct emit_assignable devices[COUNT] = {{"GPU-aa000001", "A", 0, 2, true, false},
                                                      {"GPU-aa000002", "A", 1, 0, true, false},
                                                      {"", "", 2, -1, false, false},
                                                      {"GPU-bb000003", "A", 3, 1, true, false}};

static const char *no_variable(const char *name) {
    (void)name;
    return NULL;
}

static bool parent_of(void *owner, const char *instance, char uuid[96]) {
    (void)owner;
    strcpy(uuid, instance[4] == 'a' ? "GPU-aa000002" : "");
    return instance[4] != 'z';
}

static const char *match(enum emit_assignment_by by, const char *list, bool *resolved,
                         bool assigned[COUNT]) {
    const struct emit_assignment assignment = {.by = by, .list = list};
    char words[EMIT_ASSIGNMENT_WORDS_MAX];
    memset(words, 'x', sizeof words);
    *resolved =
        emit_assignment_match(&assignment, devices, COUNT, parent_of, NULL, assigned, words);
    if (!memchr(words, '\0', sizeof words)) return "the words do not end";
    for (size_t i = 0; i < COUNT; i++)
        if (!*resolved && !assigned[i]) return "an unresolved list leaves a device out";
    return NULL;
}

static const char *holds(const char *list) {
    struct emit_assignment chosen;
    bool good = emit_assignment_choose(&chosen, list, false, no_variable, NULL) == EMIT_OK;
    if (good && chosen.list && chosen.list != list) return "the option's list is another";
    char *longer = malloc(strlen(list) + 4);
    if (!longer) return NULL;
    strcpy(longer, list);
    strcat(longer, ",1");
    const char *wrong = NULL;
    for (int by = EMIT_ASSIGNED_BY_OPTION; !wrong && by <= EMIT_ASSIGNED_BY_CONTAINER; by++) {
        bool of_list[COUNT], of_longer[COUNT], resolved, longer_resolved;
        wrong = match((enum emit_assignment_by)by, list, &resolved, of_list);
        if (!wrong) wrong = match((enum emit_assignment_by)by, longer, &longer_resolved, of_longer);
        for (size_t i = 0; !wrong && i < COUNT; i++)
            if (of_list[i] && !of_longer[i] && strcmp(list, "none") != 0)
                wrong = "a longer list has fewer devices";
    }
    free(longer);
    return wrong;
}

const char *property_devices(const uint8_t *bytes, size_t size) {
    char *list = malloc(size + 1);
    if (!list) return NULL;
    memcpy(list, bytes, size);
    list[size] = '\0'; // what stands behind a NUL of its own, no environment can hold
    const char *wrong = holds(list);
    free(list);
    return wrong;
}
