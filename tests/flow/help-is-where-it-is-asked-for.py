# What --help prints of a command is printed wherever the word stands, fits a terminal of 80
# columns, and completion offers no other words. A word that is none is told with the one meant.
# SPDX-License-Identifier: Apache-2.0
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from tap import EMIT, check, check_equal, end


def emit(*arguments):
    return subprocess.run([EMIT, *arguments], capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60)


# The words that bash offers where the last of `words` is being typed.
def completed(*words):
    script = 'source /dev/stdin; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _emit; echo "${COMPREPLY[@]}"'
    got = subprocess.run(["bash", "-c", script, "bash", "emit", *words], capture_output=True, text=True, timeout=60,
                         input=emit("help", "--format", "bash").stdout)
    return got.stdout.split() if got.returncode == 0 else got.stderr


overview = emit("--help").stdout
commands = re.findall(r"^  emit (\S+)", overview, re.M)
pages = {name: emit("help", name).stdout for name in commands}
check(len(commands) > 10 and all(pages.values()), f"{len(commands)} commands have help")
wide = [line for text in (overview, *pages.values()) for line in text.splitlines() if len(line) > 80]
check_equal(wide, [], "no line of it is wider than 80 columns")
manuals = "".join(emit("help", "--format", "man", *words).stdout for words in ([], *([name] for name in commands)))
examples = [re.sub(r"\\([-e&])", lambda mark: {"-": "-", "e": "\\", "&": ""}[mark[1]], line)
            for block in re.findall(r"^\.EX\n(.*?)^\.EE", manuals, re.M | re.S) for line in block.splitlines()]
check_equal([line for line in examples if len(line) > 80 - 7], [], f"nor are the {len(examples)} lines of examples in the manual pages")
for name, page in pages.items():
    check_equal((emit(name, "--help").stdout, emit(name, "-h").stdout), (page, page), f"emit {name} --help and -h")

for words in (["--help"], ["help"], ["help", "run"], ["help", "--format", "man"], ["run", "--help"], ["version"], ["tokens", "profiles"],
              ["tokens", "profiles", "--json"]):
    with open("/dev/full", "w", encoding="utf-8") as full:
        got = subprocess.run([EMIT, *words], stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
    check_equal((got.returncode, got.stderr), (2, "emit: cannot write to standard output\n"), f"emit {' '.join(words)} on a full disk")

for words, name in [(["tokens", "profiles", "--help"], "tokens"), (["outbox", "list", "--help"], "outbox"),
                    (["campus", "facility-energy", "--help"], "campus"), (["runs", "--limit", "2", "--help"], "runs"),
                    (["run", "--interval", "1s", "--help"], "run"), (["run", "--interval=1s", "--help"], "run")]:
    got = emit(*words)
    check_equal((got.returncode, got.stdout), (0, pages[name]), f"emit {' '.join(words)}")
quiet = ["--no-outbox", "--meters", "none", "--quiet"]
for words, said in [(["run", *quiet, "--", "echo", "--help"], None), (["run", *quiet, "echo", "-h"], "-h\n"),
                    (["validate", "--", "--help"], None), (["show", "--outbox", "--help"], None)]:
    got = emit(*words)
    check(got.stdout != pages[words[0]] and said in (None, got.stdout),
          f"emit {' '.join(words)}: the word is somebody else's")

for words, meant in [(["tokesn"], "tokens"), (["help", "campsu"], "campus"), (["tokens", "--proflie", "x"], "--profile"),
                     (["run", "--intreval=1s", "--", "true"], "--interval"),
                     (["tokens", "--profile", "managed-balnced-v1", "--input", "5", "--run-id", "r"], "managed-balanced-v1"),
                     (["tokens", "profiles", "frontier"], "managed-frontier-v1")]:
    got = emit(*words)
    check(got.returncode != 0 and f"(nearest: {meant})" in got.stderr and got.stderr.count("\n") == 1,
          f"emit {' '.join(words)}: {got.stderr.strip()}")
check("nearest" not in emit("tokens", "--profile", "gpt-large", "--input", "5", "--run-id", "r").stderr,
      "what nothing is near to is told alone")

check_equal(sorted(completed("")), sorted([*commands, "--help"]), "completion offers the commands")
for words, offered in [(["tokens", ""], ["profiles"]), (["campus", ""], ["facility-energy"]),
                       (["outbox", ""], ["stats", "list", "export", "verify", "prune"]), (["show", ""], []),
                       (["tokens", "--group", ""], ["run", "request"]), (["help", "ver"], ["version"]),
                       (["runs", "--l"], ["--limit"])]:
    check_equal(completed(*words), offered, f"behind emit {' '.join(words)}")
for name, page in pages.items():
    options = set(re.findall(r"^(?:      |  -\w, )--([\w-]+)", page, re.M)) | {"help"}
    check_equal({word.lstrip("-") for word in completed(name, "--")}, options, f"the options of emit {name}")
end()
