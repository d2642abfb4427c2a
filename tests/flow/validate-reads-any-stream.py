#!/usr/bin/python3
# emit validate reads lines, arrays and objects printed over many lines, of any
# length and in constant memory, and says of each finding where it stands.
# SPDX-License-Identifier: Apache-2.0
import json
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from tap import EMIT, check, check_equal, end

GOOD = {
    "channel_id": "emit", "compute_assignment_run_id": "run_1", "event_ts": "2026-06-13T16:00:00.000Z",
    "kind": "emit:energy_meter_recorded", "quantity": 151.2, "unit": "joules", "workspace_id": "ws_1",
    "tags": {
        "accuracy_class": "device-counter", "capability_tier": "cpu-runner", "component": "cpu-package",
        "device_id": "package-0", "energy_provenance": "measured", "energy_source": "rapl",
        "measurement_window_ms": 1000, "phase": "total", "provider_family": "operator-owned",
        "pue_applied": False, "samples": 11, "sampling_hz": 10,
    },
}
BAD = dict(GOOD, unit="watts")
OTHER = dict(GOOD, event_ts="2026-06-13T16:00:00Z")  # breaks strict only


def line(event):
    return json.dumps(event, separators=(",", ":"))


def validate(text, *options, piece=None):
    data = text if isinstance(text, bytes) else text.encode()
    with subprocess.Popen([EMIT, "validate", *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as program:
        if piece:
            try:
                for at in range(0, len(data), piece):
                    os.write(program.stdin.fileno(), data[at:at + piece])
            except BrokenPipeError:
                pass  # it has seen enough
        out, err = program.communicate(None if piece else data)
    return program.returncode, out.decode(), err.decode()


def places(out):
    return [tuple(found.split(": ")[:2]) for found in out.splitlines()]


def counts(err):
    return err.splitlines()[-1]


UNIT = ("-:%d", "unknown-word")


def check_text(what, text, status, count_line, *findings, options=()):
    got = validate(text, *options)
    check_equal((got[0], counts(got[2])), (status, count_line), what)
    wanted = [(f"-:{number}", reason) for number, reason in findings]
    check_equal(places(got[1].replace("warning: ", "")), wanted, f"{what}: the findings and their lines")
    if len(text) < 20000:
        for piece in (1, 7):
            check(validate(text, *options, piece=piece) == got, f"{what}: the same in pieces of {piece} bytes")


def forms():
    good, bad = line(GOOD), line(BAD)
    pretty, pretty_bad = json.dumps(GOOD, indent=2), json.dumps(BAD, indent=4)
    unit = "unknown-word"
    check_text("an empty input", "", 0, "0 events, 0 errors, 0 warnings")
    check_text("blank lines alone", "\n \r\n\t\n", 0, "0 events, 0 errors, 0 warnings")
    check_text("lines", f"{good}\n{bad}\n{good}\n", 1, "3 events, 1 errors, 0 warnings", (2, unit))
    check_text("a last line without its end", f"{good}\n{bad}", 1, "2 events, 1 errors, 0 warnings", (2, unit))
    check_text("CRLF and blank lines", f"\r\n{good}\r\n\r\n  {bad}  \r\n", 1, "2 events, 1 errors, 0 warnings",
               (4, unit))
    check_text("one object over many lines", pretty_bad + "\n", 1, "1 events, 1 errors, 0 warnings", (1, unit))
    check_text("objects over many lines", f"{pretty}\n{pretty_bad}\n{bad}\n", 1, "3 events, 2 errors, 0 warnings",
               (pretty.count("\n") + 2, unit), (pretty.count("\n") + pretty_bad.count("\n") + 3, unit))
    check_text("an array on one line", f"[{good},{bad}]", 1, "2 events, 1 errors, 0 warnings", (1, unit))
    check_text("an array, a line an element", f"[\n{good},\n{good},\n{bad}\n]\n", 1, "3 events, 1 errors, 0 warnings",
               (4, unit))
    listed = json.dumps([GOOD, BAD], indent=2)
    check_text("an array over many lines", listed, 1, "2 events, 1 errors, 0 warnings",
               (json.dumps([GOOD], indent=2).count("\n") + 1, unit))
    check_text("an empty array", " [ ] \n", 0, "0 events, 0 errors, 0 warnings")
    braces = dict(GOOD, workspace_id='a"}],{[\\')
    check_text("brackets and quotes in strings", f"[{line(braces)},\n{json.dumps(braces, indent=1)}]", 0,
               "2 events, 0 errors, 0 warnings")


def broken():
    good, bad = line(GOOD), line(BAD)
    json_fault = "malformed-json"
    check_text("a line cut short does not harm its neighbours", f"{good}\n{good[:200]}\n{bad}\n", 1,
               "3 events, 2 errors, 0 warnings", (2, json_fault), (3, "unknown-word"))
    cut = good[:good.index(",") + 1]
    check_text("a line cut short behind a comma", f"{cut}\n{bad}\n{good}\n", 1, "3 events, 2 errors, 0 warnings",
               (1, json_fault), (2, "unknown-word"))
    check_text("two objects on a line", f"{good}{good}\n", 1, "1 events, 1 errors, 0 warnings", (1, json_fault))
    check_text("no object", "1\n\"x\"\n", 1, "2 events, 2 errors, 0 warnings", (1, "not-an-object"),
               (2, "not-an-object"))
    check_text("a byte order mark", b"\xef\xbb\xbf" + f"{good}\n".encode(), 1, "1 events, 1 errors, 0 warnings",
               (1, "byte-order-mark"))
    check_text("an array without its end", f"[{good},\n{good}\n", 1, "2 events, 1 errors, 0 warnings",
               (3, json_fault))
    check_text("a comma too many", f"[{good},\n]", 1, "1 events, 1 errors, 0 warnings", (2, json_fault))
    check_text("a comma before the first", f"[,{good}]", 1, "1 events, 1 errors, 0 warnings", (1, json_fault))
    check_text("a comma missing", f"[{good}\n{good}]", 1, "1 events, 1 errors, 0 warnings", (1, json_fault))
    check_text("text behind an array", f"[{good}]\n{good}\n", 1, "1 events, 1 errors, 0 warnings", (2, json_fault))
    check_text("an array in an array", f"[[{good}],{bad}]", 1, "2 events, 2 errors, 0 warnings", (1, "not-an-object"),
               (1, "unknown-word"))


TOKEN = re.compile(r'"(?:[^"\\\\]|\\\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')


# One object with white space wherever JSON allows it.
def spaced():
    tokens = TOKEN.findall(line(GOOD))
    bad_tokens = TOKEN.findall(line(BAD))
    for what, between in (("a line a token", "\n"), ("CRLF", "\r\n"), ("blank lines between all tokens", "\n\n \t\n")):
        text = between.join(tokens)
        check_text(f"{what}", text, 0, "1 events, 0 errors, 0 warnings")
        again = f"{text}\n{between.join(bad_tokens)}\n{text}\n{line(BAD)}\n"
        check_text(f"{what}, and objects behind it", again, 1, "4 events, 2 errors, 0 warnings",
                   (text.count("\n") + 2, "unknown-word"), (again.count("\n"), "unknown-word"))
    lone = [at for at in range(1, len(tokens))
            if validate(" ".join(tokens[:at]) + "\n" + " ".join(tokens[at:]) + "\n" + line(BAD) + "\n")[2]
            != "2 events, 1 errors, 0 warnings\n"]
    check_equal(lone, [], f"a line's end at any of {len(tokens) - 1} places between two tokens")
    pretty = json.dumps(GOOD, indent=2)
    comma_first = re.sub(r",\n( *)", r"\n\1, ", pretty)
    braces_alone = re.sub(r"(\n *)(.*): {", r"\1\2:\1{", pretty)
    for what, text in (("commas first", comma_first), ("braces on lines of their own", braces_alone)):
        check(text != pretty, f"{what}: another text")
        check_text(what, f"{text}\n{text}\n{line(BAD)}\n", 1, "3 events, 1 errors, 0 warnings",
                   (2 * text.count("\n") + 3, "unknown-word"))


# What stops to be JSON costs itself alone: the next event begins where a line begins with a brace.
def resynchronised():
    good, bad, fault = line(GOOD), line(BAD), "malformed-json"
    cuts = [good[:length] for length in range(1, len(good))]
    text = "".join(f"{cut}\n{bad}\n" for cut in cuts)
    got = validate(text)
    check_equal(places(got[1]), [(f"-:{2 * number + 1 + second}", (fault, "unknown-word")[second])
                                 for number in range(len(cuts)) for second in (0, 1)],
                f"a line cut at any of {len(cuts)} places, and the next one is judged")
    colon = good[:good.index(":") + 1]
    check_text("cut behind a colon, twice", f"{colon}\n{colon}\n{bad}\n{good}\n", 1, "4 events, 3 errors, 0 warnings",
               (1, fault), (2, fault), (3, "unknown-word"))
    check_text("cut behind a colon, and the end", f"{colon}\n{bad}\n", 1, "2 events, 2 errors, 0 warnings", (1, fault),
               (2, "unknown-word"))
    check_text("cut, and the end", f"{bad}\n{colon}", 1, "2 events, 2 errors, 0 warnings", (1, "unknown-word"), (2, fault))
    pretty = json.dumps(GOOD, indent=2)
    check_text("many lines with a fault", f"{pretty.replace('true', 'false').replace(',', ',,', 1)}\n{pretty}\n{bad}\n", 1,
               "3 events, 2 errors, 0 warnings", (1, fault), (2 * pretty.count("\n") + 3, "unknown-word"))
    check_text("many lines without an end", f"{pretty[:-2]}\n{pretty}\n{bad}\n", 1, "3 events, 2 errors, 0 warnings",
               (1, fault), (2 * pretty.count("\n") + 2, "unknown-word"))
    check_text("a key twice on other lines", pretty.replace("{", '{\n"unit": "joules",', 1) + f"\n{bad}\n", 1,
               "2 events, 2 errors, 0 warnings", (1, "duplicate-key"), (pretty.count("\n") + 3, "unknown-word"))
    check_text("noise between lines", f"{good}\nstarted\n{bad}\n", 1, "3 events, 2 errors, 0 warnings", (2, fault),
               (3, "unknown-word"))
    check_text("noise behind a cut line is a part of it", f"{colon}\nstarted\nstopped\n  {bad}\n", 1,
               "2 events, 2 errors, 0 warnings", (1, fault), (4, "unknown-word"))
    check_text("an object behind the last brace", f"{pretty}{pretty}\n{bad}\n", 1, "2 events, 2 errors, 0 warnings",
               (1, fault), (2 * pretty.count("\n") + 2, "unknown-word"))
    check_text("a brace in a string at a line's end", f'{{"a": "}}\n{bad}\n', 1, "2 events, 2 errors, 0 warnings",
               (1, fault), (2, "unknown-word"))
    check_text("a megabyte of noise behind a cut line", f"{colon}\n" + "noise\n" * 200000 + f"{bad}\n", 1,
               "2 events, 2 errors, 0 warnings", (1, fault), (200002, "unknown-word"))
    deep = '{"a":\n' * 40
    check_equal(counts(validate(deep + bad)[2]), "41 events, 41 errors, 0 warnings", "each of many that are never closed")


def limits():
    good = line(GOOD)
    room = 64 * 1024 - len(good)
    full = good[:-1] + " " * room + "}"
    check_text("64 KiB are an event", f"{full}\n", 0, "1 events, 0 errors, 0 warnings")
    check_text("its line end is not counted", f"{full}\r\n{good}\n", 0, "2 events, 0 errors, 0 warnings")
    large = ("event-too-large",)
    over = good[:-1] + " " * (room + 1) + "}"
    room = "\n" * (64 * 1024 - len(good))
    for end in ("\n", "\r\n", "", " \t\r\n"):
        got = validate(good[:-1] + room + "}" + end + (line(BAD) if end else ""))
        check_equal(counts(got[2]), f"{2 if end else 1} events, {1 if end else 0} errors, 0 warnings",
                    f"64 KiB over many lines are an event, before {end!r}")
    got = validate(good[:-1] + room + " }\n" + line(BAD))
    check_equal([reason for _, reason in places(got[1])], ["event-too-large", "unknown-word"], "and one byte more is none")
    for what, text, number in (
            ("one byte more", f"{good}\n{over}\n{line(BAD)}\n", 2),
            ("a line of many buffers", f"{good}\n{good[:-1] + ' ' * 1500000}\n{line(BAD)}\n", 2),
            ("an element of many buffers", f"[{good},\n{good[:-1] + ' ' * 1500000 + '}'},\n{line(BAD)}]", 2),
            ("an object over many lines and buffers",
             "{\n" + good[1:-1] + "\n" * 1500000 + "}\n" + line(BAD) + "\n", 1)):
        got = validate(text)
        first = places(got[1])[0]
        check_equal(first, (f"-:{number}", *large), f"{what} is too large")
        check_equal((got[0], len(places(got[1]))), (1, 2), f"{what}: and the next event is judged")


def levels():
    other = line(OTHER) + "\n"
    status, out, err = validate(other)
    check_equal((status, counts(err)), (0, "1 events, 0 errors, 1 warnings"), "what breaks strict only is a warning")
    check(out.startswith("warning: -:1: fraction-digits: event_ts must be "), "a warning's line says so")
    status, out, err = validate(other, "--strict")
    check_equal((status, counts(err)), (1, "1 events, 1 errors, 0 warnings"), "--strict makes it an error")
    check(out.startswith("-:1: fraction-digits: event_ts must be "), "an error's line names file, line and reason")
    check_equal(validate(other, "--core"), (0, "", "1 events, 0 errors, 0 warnings\n"), "--core does not ask")
    check_equal(validate(other, "--core", "--strict")[0], 2, "both at once are a usage error")
    found = json.loads(validate(line(BAD), "--json")[1])
    check_equal({key: found[key] for key in found if key != "message"},
                {"file": "-", "line": 1, "level": "core", "field": "unit", "reason": "unknown-word"}, "--json")
    check("unit" in found["message"] and "joules" in found["message"], "the sentence names field and expectation")
    two = dict(BAD, channel_id="x", quantity=-1)
    check_equal(validate(line(two))[2], "1 events, 3 errors, 0 warnings\n", "every finding of an event, not the first")
    many = dict(GOOD, tags=dict(GOOD["tags"], **{f"t{number}": 1 for number in range(100)}))
    status, out, err = validate(line(many))
    check_equal((len(out.splitlines()), counts(err)), (64, "1 events, 0 errors, 100 warnings"),
                "64 findings are printed, all are counted")


def files():
    with tempfile.TemporaryDirectory() as folder:
        good, bad = os.path.join(folder, "good.json"), os.path.join(folder, "bad.ndjson")
        for path, event in ((good, GOOD), (bad, BAD)):
            with open(path, "w", encoding="utf-8") as file:
                file.write(line(event))
        got = subprocess.run([EMIT, "validate", good, bad], capture_output=True, text=True, check=False)
        check_equal((got.returncode, got.stderr), (1, "2 events, 1 errors, 0 warnings\n"), "files are counted together")
        check(got.stdout.startswith(f"{bad}:1: unknown-word: "), "a finding names its file")
        for path, word in ((os.path.join(folder, "absent"), "No such file"), (folder, "Is a directory")):
            got = subprocess.run([EMIT, "validate", path, bad], capture_output=True, text=True, check=False)
            check(got.returncode == 2 and word in got.stderr and bad in got.stdout,
                  f"an unreadable file outranks an invalid event: {word}")
        full = os.open("/dev/full", os.O_WRONLY)
        got = subprocess.run([EMIT, "validate", bad], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
        os.close(full)
        check(got.returncode == 2 and "standard output" in got.stderr, "an output that is full is said")
        far = os.path.join(folder, *["\x01" * 200] * 15)  # every byte an escape
        os.makedirs(far)
        many = os.path.join(far, "many")
        with open(many, "w", encoding="utf-8") as file:
            file.write((line(BAD) + "\n") * 500)
        for options in ((), ("--json",), ("--identity",), ("--identity", "--json")):
            got = subprocess.run([EMIT, "validate", *options, many], capture_output=True, text=True, check=False)
            said = got.stdout.splitlines()
            if "--json" in options:
                said = [json.loads(one) for one in said]
                said = [(one["file"], one["line"], "identity" in one) for one in said]
                wanted = [(many, 1 + number, identity) for number in range(500)
                          for identity in ((False, True) if "--identity" in options else (False,))]
            else:
                said = [one.partition("  /")[2] and one[66:] or one.partition(": ")[0] for one in said]
                shown = many.replace("\x01", "?")
                wanted = [f"{shown}:{1 + number}" for number in range(500) for _ in range(2 if options else 1)]
            check(said == wanted, f"no line is lost or cut behind a long path: {' '.join(options) or 'plain'}")
        with open(bad, encoding="utf-8") as file:
            got = subprocess.run([EMIT, "validate", good, "-"], stdin=file, capture_output=True, text=True, check=False)
        check_equal(places(got.stdout), [("-:1", "unknown-word")], "'-' is standard input")
    check_equal(subprocess.run([EMIT, "validate", "--what"], capture_output=True, check=False).returncode, 2,
                "an unknown option is a usage error")


# The peak memory of a validation of so many events, in KiB.
def peak(events, before, between, after):
    chunk = (line(GOOD) + between) * 500
    program = subprocess.Popen([EMIT, "validate"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                               stderr=subprocess.PIPE)
    program.stdin.write(before.encode())
    for _ in range(events // 500):
        program.stdin.write(chunk.encode())
    program.stdin.write((line(GOOD) + after).encode())
    program.stdin.close()
    said = program.stderr.read().decode()
    _, status, usage = os.wait4(program.pid, 0)
    program.returncode = os.waitstatus_to_exitcode(status)
    program.stderr.close()
    check_equal((program.returncode, said), (0, f"{events + 1} events, 0 errors, 0 warnings\n"),
                f"a stream of {events + 1} events ({before!r})")
    return usage.ru_maxrss


def memory():
    for before, between, after in (("", "\n", "\n"), ("[", ",", "]"), ("\n [\n", "\n,\n", "\n]")):
        small, large = peak(500, before, between, after), peak(100000, before, between, after)
        check(large <= small + 1024, f"a stream 200 times as long needs no more memory: {small} and {large} KiB")


forms()
broken()
spaced()
resynchronised()
limits()
levels()
files()
memory()
end()
