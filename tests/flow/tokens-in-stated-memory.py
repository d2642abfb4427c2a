#!/usr/bin/python3
# emit tokens reads a stream of any length in the memory that is stated for each record:
# EMIT_USAGE_BOOK_RECORD_BYTES of imports/usage_book.h, and nothing for one that repeats.
# SPDX-License-Identifier: Apache-2.0
import array
import fcntl
import os
import re
import subprocess
import sys
import tempfile
import termios
import threading
import time

SOURCE = os.environ["SOURCE"]
sys.path.insert(0, os.path.join(SOURCE, "tests", "support"))
import tokens
from tap import EMIT, check, check_equal, end, skip

FEW, MANY = 20000, 120000
SLACK_BYTES = 1 << 20  # pages, and the last step by which a table grows
LINE = ('{"id":"chatcmpl-%09d","object":"chat.completion","created":1781366400,"model":"acme-small-1",'
        '"usage":{"prompt_tokens":900,"completion_tokens":100,"total_tokens":1000}}\n')


def stated(name):
    with open(os.path.join(SOURCE, "src", "imports", "usage_book.h"), encoding="utf-8") as file:
        return int(re.search(rf"{name} = (\d+)", file.read())[1])


def feed(pipe, first, count, step):
    for begin in range(first, first + count, 10000):
        pipe.write("".join(LINE % (number * step) for number in range(begin, min(begin + 10000, first + count))).encode())
    pipe.flush()


# True when the reader has taken everything.
def emptied(pipe):
    waiting = array.array("i", [0])
    fcntl.ioctl(pipe, termios.FIONREAD, waiting)
    return waiting[0] == 0


def high_water(run):
    try:
        with open(f"/proc/{run.pid}/status", encoding="ascii") as status:
            return int(re.search(r"VmHWM:\s+(\d+) kB", status.read())[1]) * 1024
    except (OSError, TypeError):
        return 0  # it has ended


# The most memory it had, in bytes: looked at when all records were read, and while events
# are written, which is as much as it will have.
def peak(home, count, step, *words):
    command = [EMIT, "tokens", "-", "--run-id", "r", "--no-outbox", *words]
    run = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=home.environment)
    highest, lines = 0, 0

    def feed_all():
        nonlocal highest
        feed(run.stdin, 1, count, step)
        while not emptied(run.stdin):
            time.sleep(0.001)
        highest = high_water(run)
        run.stdin.close()

    feeder = threading.Thread(target=feed_all)
    feeder.start()
    while chunk := run.stdout.read(1 << 16):
        highest, lines = max(highest, high_water(run)), lines + chunk.count(b"\n")
    feeder.join()
    said = run.stderr.read().decode()
    check_equal((run.wait(), said.split(",")[0]), (0, f"{count} records"), f"{count} records are read, {lines} events are written")
    run.stdout.close(), run.stderr.close()
    return highest


with tempfile.TemporaryDirectory() as folder:
    home = tokens.Home(folder)
    document, _ = home.document(home.file("a.jsonl", [LINE % number for number in range(2000)]), "--no-outbox")
    check_equal(document["profiles"][0]["input_tokens"], 2000 * 900, "all of them count")
    if os.environ.get("SANITIZE", "none") != "none":
        skip("memory", "a sanitizer has memory of its own")
        end()
    for words, bound in ((("--events", "-"), stated("EMIT_USAGE_BOOK_RECORD_BYTES")),
                         (("--group", "request", "--events", "-"), stated("EMIT_USAGE_BOOK_NAMED_RECORD_BYTES"))):
        few, many = peak(home, FEW, 1, *words), peak(home, MANY, 1, *words)
        each = (many - few) / (MANY - FEW)
        check(many - few <= bound * (MANY - FEW) + SLACK_BYTES, f"by {words[1] if len(words) > 2 else 'run'}: {each:.0f} bytes for a record, {bound} are stated")
        repeats = peak(home, MANY, 0, *words)
        check(repeats <= few + SLACK_BYTES, f"by {words[1] if len(words) > 2 else 'run'}: none for one that repeats: {repeats} beside {few}")
end()
