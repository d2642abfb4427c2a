// Shared libraries opened at run time, and their functions found by name.
// SPDX-License-Identifier: Apache-2.0
#include "host/library.h"

#include <dlfcn.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SYMBOLS_MAX = 256 }; // rows of one table

static const char *last_words(void) {
    const char *words = dlerror();
    return words ? words : "the loader gives no reason";
}

enum emit_status emit_library_open(void **handle, const char *soname, const char *remedy,
                                   const struct emit_symbol *rows, void *functions,
                                   struct emit_error *err) {
    void *found[SYMBOLS_MAX];
    // Never taken out of memory again: threads of the library's own may be in it still, and
    // glibc's dlclose, where memory for that is missing, keeps the loader's lock for ever.
    void *library = dlopen(soname, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (!library)
        return emit_fail(err, EMIT_ABSENT, "cannot load %s (%s): %s", soname, last_words(), remedy);
    size_t count = 0;
    for (; rows[count].name; count++) {
        if (count == SYMBOLS_MAX) {
            dlclose(library);
            return emit_fail(err, EMIT_FULL, "more than %d functions wanted of %s", SYMBOLS_MAX,
                             soname);
        }
        found[count] = dlsym(library, rows[count].name);
        if (found[count] || rows[count].optional) continue;
        dlclose(library);
        return emit_fail(err, EMIT_MALFORMED, "%s has no function %s: %s", soname, rows[count].name,
                         remedy);
    }
    // ISO C has no cast from an object pointer to a function pointer; POSIX says the bytes serve.
    for (size_t i = 0; i < count; i++)
        memcpy((char *)functions + rows[i].offset, &found[i], sizeof found[i]);
    *handle = library;
    return EMIT_OK;
}

void emit_library_close(void *handle) {
    if (handle) dlclose(handle);
}

bool emit_library_is_anothers(void *handle) {
    struct link_map *map = NULL;
    struct stat seen;
    if (geteuid() == 0) return true;
    return dlinfo(handle, RTLD_DI_LINKMAP, &map) == 0 && map && stat(map->l_name, &seen) == 0 &&
           seen.st_uid != geteuid();
}
