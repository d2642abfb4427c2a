// Opening and closing.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/operand.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum emit_status emit_operand_open(struct emit_operand *operand, const char *path,
                                   struct emit_error *err) {
    if (strcmp(path, "-") == 0) {
        *operand = (struct emit_operand){STDIN_FILENO, "standard input"};
        return EMIT_OK;
    }
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return emit_fail_errno(err, errno, "%s cannot be opened", path);
    *operand = (struct emit_operand){descriptor, path};
    return EMIT_OK;
}

void emit_operand_close(struct emit_operand *operand) {
    if (operand->descriptor != STDIN_FILENO) (void)close(operand->descriptor);
}
