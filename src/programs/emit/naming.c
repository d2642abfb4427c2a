// Whose joules they are: run and workspace from the words of the user.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/naming.h"

#include "base/text.h"
#include "programs/emit/config.h"

#include <string.h>

static enum emit_status copy_id(char *id, size_t size, const char *what, const char *text,
                                struct emit_error *err) {
    bool good = strlen(text) < size;
    for (const char *at = text; good && *at; at++)
        good = *at > ' ' && *at <= '~' && *at != '/';
    if (!good)
        return emit_fail(err, EMIT_INVALID,
                         "the %s '%.60s' is unusable: printable ASCII without blanks and '/', at "
                         "most %zu characters",
                         what, text, size - 1);
    memcpy(id, text, strlen(text) + 1);
    return EMIT_OK;
}

enum emit_status emit_naming_run(char id[EMIT_RUN_ID_MAX], const char *text,
                                 struct emit_error *err) {
    return copy_id(id, EMIT_RUN_ID_MAX, "run id", text, err);
}

enum emit_status emit_naming_workspace(char id[EMIT_WORKSPACE_MAX],
                                       char notice[EMIT_NAMING_NOTICE_MAX], const char *named,
                                       struct emit_error *err) {
    char found[EMIT_WORKSPACE_MAX] = "";
    if (!named || !*named) {
        // The file may be another program's: what is wrong with it stops no command.
        struct emit_error why;
        if (emit_config_workspace(found, sizeof found, &why) != EMIT_OK)
            emit_text_format(notice, EMIT_NAMING_NOTICE_MAX, "%s; taken as workspace %s", why.text,
                             EMIT_WORKSPACE_LOCAL);
        named = *found ? found : EMIT_WORKSPACE_LOCAL;
    }
    return copy_id(id, EMIT_WORKSPACE_MAX, "workspace id", named, err);
}
