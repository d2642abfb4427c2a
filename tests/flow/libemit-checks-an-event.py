#!/usr/bin/python3
# A program of somebody else, the one of docs/guide.md, compiles against what `meson install`
# puts down, as C and as C++, shared and static, and gives the verdicts of emit validate.
# SPDX-License-Identifier: Apache-2.0
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

SOURCE, BUILD, SANITIZE = os.environ["SOURCE"], os.environ["BUILD"], os.environ["SANITIZE"]
sys.path.insert(0, os.path.join(SOURCE, "tests", "support"))
from tap import EMIT, check, check_equal, end, skip

GUIDE = os.path.join(SOURCE, "docs", "guide.md")
STRICT = os.path.join(SOURCE, "contract", "accepted", "strict", "rapl-package.json")
CORE = os.path.join(SOURCE, "contract", "accepted", "core", "specification-example.json")
BAD = os.path.join(SOURCE, "contract", "rejected", "out-of-range-quantity-too-low.json")


def run(command, **more):
    return subprocess.run(command, capture_output=True, text=True, check=False, **more)


def write_program(folder):
    with open(GUIDE, encoding="utf-8") as page:
        blocks = re.findall(r"^```c\n(.*?)^```", page.read(), re.M | re.S)
    check_equal(len(blocks), 1, "the guide shows one program")
    path = os.path.join(folder, "check.c")
    with open(path, "w", encoding="utf-8") as out:
        out.write(blocks[0])
    return path


# The words of pkg-config, for a tree that is installed below `root`.
def package(root, *options):
    found = [folder for folder, _, names in os.walk(root) if "emit.pc" in names]
    environment = dict(os.environ, PKG_CONFIG_LIBDIR=":".join(found), PKG_CONFIG_SYSROOT_DIR=root)
    got = run(["pkg-config", *options, "emit"], env=environment)
    check_equal((got.returncode, got.stderr), (0, ""), f"pkg-config {' '.join(options)} emit")
    return shlex.split(got.stdout)


def validate(path):
    got = run([EMIT, "validate", "--json", "--identity", path])
    said = [json.loads(line) for line in got.stdout.splitlines()]
    findings = [f"{one['reason']}: {one['message']}" for one in said if "reason" in one]
    return got.returncode, findings, next((one["identity"] for one in said if "identity" in one), None)


def check_program(program, folder, version, what):
    for path in (STRICT, CORE, BAD):
        with open(path, encoding="utf-8") as event:
            got = run([program], stdin=event, env=dict(os.environ, LD_LIBRARY_PATH=folder))
        status, findings, identity = validate(path)
        wanted = findings or [f"{identity}  libemit {version}"]
        check_equal((got.returncode, got.stdout.splitlines(), got.stderr), (status, wanted, ""),
                    f"{what}: {os.path.basename(path)} as emit validate says")
    got = run([program], input="x" * 70000, env=dict(os.environ, LD_LIBRARY_PATH=folder))
    check(got.returncode == 1 and got.stdout.startswith("event-too-large: "), f"{what}: more than an event may have")


def check_language(compiler, words, source, root, version):
    sanitize = [] if SANITIZE == "none" else [f"-fsanitize={SANITIZE}"]
    flags = package(root, "--cflags")
    library = package(root, "--variable=libdir")[0]
    library = library if library.startswith(root) else root + library
    for how in ("shared", "static"):
        what = f"{compiler}, {how}"
        program = os.path.join(os.path.dirname(source), f"{compiler}-{how}")
        if how == "shared":
            links = package(root, "--libs")
        else:
            links = [os.path.join(library, "libemit.a") if word == "-lemit" else word
                     for word in package(root, "--libs", "--static")]
        got = run([compiler, *words, "-Wall", "-Wextra", "-Wpedantic", "-Werror", *sanitize, *flags, "-o", program,
                   source, "-x", "none", *links])
        if not check_equal((got.returncode, got.stderr), (0, ""), f"{what}: compiles without a warning"):
            continue
        needed = "libemit.so" in run(["readelf", "-d", program]).stdout
        check_equal(needed, how == "shared", f"{what}: needs libemit.so or not")
        check_program(program, library, version, what)


def main():
    with tempfile.TemporaryDirectory() as folder:
        root = os.path.join(folder, "root")
        got = run(["meson", "install", "-C", BUILD, "--no-rebuild", "--destdir", root])
        check_equal((got.returncode, got.stderr), (0, ""), "meson install")
        source = write_program(folder)
        version = package(root, "--modversion")[0]
        check(run([EMIT, "version"]).stdout.startswith(f"emit {version},"), "emit version is the package's version")
        for compiler, words in (("gcc", ["-std=c17", "-x", "c"]), ("g++", ["-std=c++17", "-x", "c++"])):
            if shutil.which(compiler):
                check_language(compiler, words, source, root, version)
            else:
                skip(f"the program in {compiler}", f"{compiler} is not installed")
    end()


main()
