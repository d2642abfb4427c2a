#!/bin/sh
# Each check of tools/ finds a fault that is planted for it in a copy of the tree.
# That they pass on the tree as it is, tools/test itself says.
# usage: checks-can-fail.sh SOURCE BUILD
# SPDX-License-Identifier: Apache-2.0
set -u
source=$1
build=$2
copy=$(mktemp -d)
said=$copy.said
kept=$copy.kept
trap 'rm -rf "$copy" "$said" "$kept"' EXIT
count=0
failed=0

# NAME CHECK WORD: the check must fail, and say WORD.
must_fail() {
    count=$((count + 1))
    (cd "$copy" && tools/$2) >"$said" 2>&1
    status=$?
    if [ "$status" -ne 0 ] && grep -q -e "$3" "$said"; then
        echo "ok $count - ${2%% *} finds $1"
    else
        failed=1
        echo "not ok $count - ${2%% *} finds $1 (exit $status)"
        tail -5 "$said" | sed 's/^/# /'
    fi
}

# NAME CHECK WORD FILE TEXT: with TEXT appended to FILE.
plant() {
    rm -f "$kept"
    [ ! -e "$copy/$4" ] || cp -p "$copy/$4" "$kept"
    mkdir -p "$(dirname "$copy/$4")"
    printf "$5\n" >>"$copy/$4"
    must_fail "$1" "$2" "$3"
    rm -f "$copy/$4"
    [ ! -e "$kept" ] || mv "$kept" "$copy/$4"
}

# Without tests and examples, which only make the checks slow.
(cd "$source" && tar -cf - --exclude=./build* --exclude=./.git --exclude=./tests --exclude=./bench .) |
    tar -xf - -C "$copy"
mkdir "$copy/build" "$copy/tests" "$copy/bench"
git -C "$copy" init -q
for program in emit emit-testbed; do
    [ ! -x "$build/$program" ] || ln -s "$build/$program" "$copy/build/$program"
done

plant "an include the table forbids" check-layers "may not include" src/base/text.c '#include "outbox/outbox.h"'
plant "a folder the table does not name" check-layers "is not in the table" src/elsewhere/x.c 'int x;'
plant "a file without its licence line" check-source "no SPDX line" src/base/x.c 'int x;'
plant "a banned call" check-source "strcpy is banned" src/base/text.c 'void f(char *a) { strcpy(a, "b"); }'
plant "a feature #ifdef" check-source "no feature" src/base/text.c '#ifdef HAVE_X\n#endif'
plant "a room that is called util" check-source "no file or folder of that name" src/base/util.c '// SPDX'
plant "a file that is too long" check-source "at most 600" src/base/text.c "$(yes '//' | head -601)"
plant "a line that clang-format would change" check-format "src/base/text.c" src/base/text.c 'int  x ;'
plant "a header that leans on another" check-headers "size_t" src/base/a.h 'size_t emit_x(void);'
plant "a public header that is no C++" check-headers "class" include/emit/a.h 'void emit_x(int class);'
plant "an example that breaks the contract" "check-examples build" "docs/guide.md" docs/guide.md \
    '\n```json\n{"kind":"emit:energy_meter_recorded","quantity":-1}\n```'
plant "a link to nowhere" "docs build" "no such page: nowhere" docs/guide.md '\n[x](nowhere.md)'
plant "a link to no place on a page" "docs build" "no such place" docs/guide.md '\n[x](../README.md#nowhere)'

echo 'int leaked;' | cc -shared -x c -o "$copy/build/libemit.so" -
must_fail "a symbol that is not ours" check-exports leaked
echo 'static int nothing;' | cc -shared -x c -o "$copy/build/libemit.so" -
must_fail "a library that exports nothing" check-exports nothing

echo "1..$count"
exit $failed
