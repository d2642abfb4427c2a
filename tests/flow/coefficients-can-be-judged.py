#!/usr/bin/python3
# The table of coefficients says where each number comes from, its lines prove its hash, and
# a row that breaks an invariant is told by file and line and never used.
# SPDX-License-Identifier: Apache-2.0
import decimal
import glob
import hashlib
import json
import math
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from tap import EMIT, check, check_equal, end

import jsonschema

CONTRACT, SOURCE = os.environ["CONTRACT"], os.environ["SOURCE"]
SHIPPED = os.path.join(SOURCE, "data", "coefficients")
TODAY = ["--today", "2026-11-25"]
ROW = "managed-compact-v1"
work = tempfile.mkdtemp(prefix="emit-coefficients-")


def profiles(*words):
    return subprocess.run([EMIT, "tokens", "profiles", *words], capture_output=True, text=True)


def read(name):
    with open(os.path.join(SHIPPED, name + ".yaml"), encoding="utf-8") as file:
        return file.read()


# A folder with these files; a text or bytes each.
def folder(files):
    path = tempfile.mkdtemp(dir=work)
    for name, text in files.items():
        with open(os.path.join(path, name), "wb") as out:
            out.write(text if isinstance(text, bytes) else text.encode())
    return path


def what_is_shipped():
    got = profiles("--json")
    lines = [json.loads(line) for line in got.stdout.splitlines()]
    check_equal(len(lines), len(glob.glob(SHIPPED + "/*.yaml")), "each file of the source is a line")
    with open(os.path.join(CONTRACT, "coefficients.schema.json"), encoding="utf-8") as file:
        validator = jsonschema.Draft202012Validator(json.load(file))
    for text, row in zip(got.stdout.splitlines(), lines):
        name = row.get("profile") or row["transform"]
        check(validator.is_valid(row), f"{name} keeps the schema")
        check_equal(json.dumps(row, sort_keys=True, separators=(",", ":"), ensure_ascii=False), text,
                    f"{name} is written canonically")
        check_equal(profiles("--json", name).stdout, text + "\n", f"{name} alone is the same line")
    names = [(("transform" in row), row.get("profile") or row["transform"]) for row in lines]
    check_equal(names, sorted(names), "profiles first, each kind by id")
    digest = hashlib.sha256(got.stdout.encode()).hexdigest()
    check(digest in profiles().stdout and digest in profiles(ROW).stdout, "the list and a card name the hash of the lines")
    check_equal(profiles("--json", "--coefficients", SHIPPED).stdout, got.stdout,
                "the folder of the source is the table that is compiled in, byte for byte")
    check_equal(profiles("--check", *TODAY).returncode, 0, "and keeps the invariants")


ENDS = ("low", "central", "high")


# As a card rounds it: to two digits.
def two_digits(number):
    return number.quantize(decimal.Decimal(1).scaleb(number.adjusted() - 1), decimal.ROUND_HALF_UP)


# A derivation that says 'input times A / B / C' can be repeated by a reader, and so can the row of the unknown class.
def numbers_that_follow_from_others():
    rows = [json.loads(line, parse_float=decimal.Decimal) for line in profiles("--json").stdout.splitlines()]
    table = {row["profile"]: {key: ({end: decimal.Decimal(bucket[end]) for end in ENDS}, bucket["derivation"])
                              for key, bucket in row["coefficients"].items()} for row in rows if "profile" in row}
    products = 0
    for name, buckets in table.items():
        for key, (numbers, derivation) in buckets.items():
            said = re.match(r"(input|output) times ([\d.]+) / ([\d.]+) / ([\d.]+)[:.] ", derivation)
            if said:
                base = buckets[said.group(1)][0]
                wanted = {end: two_digits(base[end] * decimal.Decimal(factor)) for end, factor in zip(ENDS, said.groups()[1:])}
                if "Low: as of output" in derivation:
                    wanted["low"] = base["low"]
                check_equal(numbers, wanted, f"{name}, {key}: the product that is told")
                products += 1
    check_equal(products, 8 + 7, "cached input of eight profiles and reasoning output of seven are products")
    classes = [f"managed-{name}-v1" for name in ("nano", "compact", "balanced", "large", "sparse", "frontier", "frontier-dense")]
    for key, (numbers, _) in table["managed-unknown-v1"].items():
        lows, centres, highs = ([table[name][key][0][end] for name in classes] for end in ENDS)
        mean = math.prod(centres) ** (decimal.Decimal(1) / len(classes))
        check_equal(numbers, {"low": min(lows), "central": two_digits(mean) if mean else mean, "high": max(highs)},
                    f"unknown, {key}: lowest low, geometric mean, highest high of the seven classes")


# --- The page that tells each number by hand ---

def by_hand(text):
    """What an expression of docs/coefficients.md gives, and what it was rounded to by judgement, or None."""
    expression, _, rounded = re.sub(r", (up|down) to ", "|", text).partition("|")
    if not re.fullmatch(r"(root7?|[\d.()+/x -])+", expression):
        return None, None
    names = {"root": lambda value: value.sqrt(), "root7": lambda value: value ** (decimal.Decimal(1) / 7)}
    code = re.sub(r"(?<![\w.])\d+(\.\d+)?", lambda number: f"D('{number.group()}')", expression.replace(" x ", " * "))
    value = eval(code, {"__builtins__": {}, "D": decimal.Decimal, **names})
    return value, decimal.Decimal(rounded) if rounded else None


def rounds_to(text, number, places=None):
    value, rounded = by_hand(text)
    if value is None:
        return False
    if rounded is not None:
        near = abs(value / rounded - 1) < decimal.Decimal("0.08")
        return rounded == number and near and (value < rounded if ", up to" in text else value > rounded)
    if places is not None:
        return value.quantize(decimal.Decimal(1).scaleb(-places), decimal.ROUND_HALF_UP) == number
    return (two_digits(value) if value else value) == number


def the_page_recomputes():
    with open(os.path.join(SOURCE, "docs", "coefficients.md"), encoding="utf-8") as file:
        section = file.read().split("\n## Each number by hand\n")[1].split("\n## ")[0]
    rows = [json.loads(line, parse_float=decimal.Decimal) for line in profiles("--json").stdout.splitlines()]
    wanted = {(row["profile"], key, end): decimal.Decimal(bucket[end]) for row in rows if "profile" in row
              for key, bucket in row["coefficients"].items() for end in ENDS}
    wanted |= {("factor", row["transform"], end): decimal.Decimal(row["factor"][end]) for row in rows if "transform" in row for end in ENDS}
    told, begins = set(), 0
    for part in section.split("\n### ")[1:]:
        title = part.split("\n")[0]
        for line in part.split("\n"):
            cells = [cell.strip() for cell in line.strip("|").split("|")] if line.startswith("| ") else []
            if title == "What the lines begin with" and len(cells) == 3 and cells[0] != "number":
                number = decimal.Decimal(cells[0])
                value = by_hand(cells[1])[0]
                check(value is not None and value.quantize(number, decimal.ROUND_HALF_UP) == number, f"{cells[0]} is {cells[1]}: {value}")
                begins += 1
            elif len(cells) == 4 and cells[1] != "low":
                for end, text in zip(ENDS, cells[1:]):
                    key = (title if title.startswith("managed-") else "factor", cells[0], end)
                    told.add(key)
                    places = 2 if key[0] == "factor" else None
                    check(key in wanted and rounds_to(text, wanted[key], places), f"{' '.join(key)}: {text} gives {by_hand(text)}, the row {wanted.get(key)}")
    check_equal(sorted(set(wanted) - told), [], "the page has a line for every number of every row")
    check(begins == 14, f"and for the numbers that they begin with: {begins}")


def what_people_read():
    listed = profiles().stdout
    rows = [json.loads(line) for line in profiles("--json").stdout.splitlines()]
    cards = {row: profiles(row).stdout for row in [row.get("profile") or row["transform"] for row in rows]}
    for name, text in [("the list", listed), *cards.items()]:
        wide = [line for line in text.splitlines() if len(line) > 80 and not line.startswith("    http")]
        check(text and not wide, f"{name} fits 80 columns: {wide[:1]}")
        check(text.isascii() and "\x1b" not in text, f"{name} is plain text")
    numbers = [line for line in listed.splitlines() if ".." in line and "low..high" not in line]
    check(len(numbers) == 14 and all(line.startswith("modeled ") for line in numbers), "a line with a number says modeled")
    row = json.loads(profiles("--json", ROW).stdout)
    flat = " ".join(cards[ROW].split())
    for text in [row["stands_for"], row["intended_use"], row["caveats"], row["valid_until"],
                 *(value for source in row["sources"] for key, value in source.items() if key != "read"),
                 *(bucket["derivation"] for bucket in row["coefficients"].values())]:
        check(text in flat, f"the card says '{text[:40]}'")
    for key, bucket in row["coefficients"].items():
        said = f"modeled {key}: {bucket['central']} ({bucket['low']}..{bucket['high']}) {bucket['unit']}, {bucket['confidence']}"
        check(said in flat, said)
    got = profiles("managed-compact-v9")
    check(got.returncode == 1 and "no profile 'managed-compact-v9'" in got.stderr and not got.stdout, "a row that is none: 1")
    check_equal(profiles("a", "b").returncode, 2, "two names: 2")
    check_equal(profiles("--check", "--today", "soon").returncode, 2, "a day that is none: 2")
    check("EXPIRED" in profiles(ROW, "--today", "2027-12-02").stdout, "a card says that it has expired")
    check(f"{ROW} expired on" in profiles("--today", "2027-12-02").stdout, "and so does the list")
    check("xpired" not in profiles("--today", "2027-08-21").stdout, "on its last day nothing has")


# [what is wrong, what is replaced, by what, the sentence]
BROKEN = [
    ("a brand in the id", "profile: managed-compact-v1", "profile: claude-compact-v1", "name no provider"),
    ("an id without a version", "profile: managed-compact-v1", "profile: managed-compact", "end in -v"),
    ("no id", "profile: managed-compact-v1\n", "", "profile is missing"),
    ("a missing source", "sources: [joules-where]", "sources: [joules-here]", "which is none of the sources"),
    ("no source at all", "sources: [joules-where]", "sources: []", "sources is missing"),
    ("a primary that is none", "primary: joules-where", "primary: nobody", "has to be the id of a source"),
    ("no address", "    url: https://arxiv.org/abs/2601.22076\n", "", "joules-where.url is missing"),
    ("an address of a file", "url: https://arxiv.org/abs/2601.22076", "url: file:///etc", "no http or https"),
    ("no title", "title: >-\n      Where Do the Joules Go? Diagnosing Inference Energy Consumption", "title: ''",
     "joules-where.title is missing"),
    ("a brand in a source's id", "joules-where", "openai-where", "names a provider"),
    ("a negative number", "low: 0.0057", "low: -0.0057", "not below 0"),
    ("a number with an exponent", "low: 0.0057", "low: 57e-4", "plain decimal number"),
    ("a word for a number", "low: 0.0057", "low: little", "plain decimal number"),
    ("more decimals than nanojoules", "low: 0.0057", "low: 0.0057000001", "at most 9 decimals"),
    ("no number", "    low: 0.0057\n", "", "coefficients.input.low is missing"),
    ("low above central", "low: 0.0057", "low: 0.018", "low value above the central"),
    ("central above high", "central: 0.017", "central: 0.039", "central value above the high"),
    ("a central value of 0", "low: 0.0057\n    central: 0.017", "low: 0\n    central: 0", "central value of 0"),
    ("a high value of 0", "high: 17", "high: 0", "high value of 0"),
    ("Wh for J, below the wall", "low: 0.0057\n    central: 0.017\n    high: 0.038",
     "low: 0.0000016\n    central: 0.0000047\n    high: 0.000011", "outside 0.0001 to 10 J/token"),
    ("kWh for J, above the wall", "low: 0.047\n    central: 0.12\n    high: 0.59",
     "low: 169\n    central: 432\n    high: 2124", "outside 0.001 to 100 J/token"),
    ("output a hundred times input", "low: 0.047\n    central: 0.12\n    high: 0.59",
     "low: 0.047\n    central: 1.8\n    high: 5.9", "more than 100 times input"),
    ("cached input dearer than input", "central: 0.0024\n    high: 0.015", "central: 0.0024\n    high: 0.04",
     "cached_input is dearer than input"),
    ("input dearer than output at the low end", "low: 0.047", "low: 0.005", "input is dearer than output"),
    ("a secondary source and medium confidence",
     "confidence: low\n    sources: [ml-energy-benchmark, per-query-energy, prefix-cache]",
     "confidence: medium\n    sources: [ml-energy-benchmark, per-query-energy, prefix-cache]", "confidence has to be low"),
    ("high confidence of one source", "confidence: medium\n    sources: [joules-where]",
     "confidence: high\n    sources: [joules-where]", "cannot be high"),
    ("a confidence that is none", "confidence: medium", "confidence: sure", "low, medium or high"),
    ("a boundary that is none", "boundary: accelerator", "boundary: rack", "accelerator, system or facility"),
    ("read before it was published", 'accessed: "2026-11-25"\n    version: >-\n      v3.0',
     'accessed: "2025-11-30"\n    version: >-\n      v3.0', "before the source was published"),
    ("read in the future", 'accessed: "2026-11-25"', 'accessed: "2026-11-26"', "behind today"),
    ("a day that no calendar has", 'published: "2025-12-01"', 'published: "2025-02-30"', "not a day like"),
    ("valid for too long", 'valid_until: "2027-12-01"', 'valid_until: "2027-12-02"', "more than 24 months"),
    ("valid before it was measured", 'valid_until: "2027-12-01"', 'valid_until: "2025-12-01"', "does not lie behind"),
    ("expired", 'valid_until: "2027-12-01"', 'valid_until: "2026-11-24"', "expired on 2026-11-24"),
    ("an unknown key", "boundary: accelerator\n", "boundary: accelerator\ncolour: red\n", "colour is no key"),
    ("an unknown key of a bucket", "    low: 0.0057\n", "    low: 0.0057\n    mean: 1\n", "input.mean is no key"),
    ("an unknown bucket", "  request:\n", "  requests:\n", "is of no bucket"),
    ("a line end in a text", "stands_for: >-\n  model", "stands_for: |-\n  line\n  model", "holds a line end"),
    ("an empty text", "    version: >-\n      v1\n", "    version: ' '\n", "version is missing"),
    ("a context of nothing", "context_tokens_max: 8192", "context_tokens_max: 0", "has to be 1 to"),
    ("a context that is no number", "context_tokens_max: 8192", "context_tokens_max: 8k", "a whole number"),
    ("a key twice", "boundary: accelerator\n", "boundary: accelerator\nboundary: system\n", "set before"),
    ("no YAML", "coefficients:", "\tcoefficients:", "not YAML"),
    ("a second row in the file", "profile: managed-compact-v1\n", "profile: managed-compact-v1\n---\nprofile: managed-compact-v2\n",
     "a second document"),
]
TRANSFORM = "boundary-host-v1"
BROKEN_TRANSFORMS = [
    ("a factor below 1", "low: 1.2", "low: 0.9", "has to be 1 to 100"),
    ("a factor of nothing", "low: 1.2\n", "\n", "factor.low is missing"),
    ("a factor out of order", "central: 1.43", "central: 1.9", "above the high one"),
    ("backwards", "from: accelerator\nto: system", "from: facility\nto: system", "further out"),
    ("to itself", "from: accelerator\nto: system", "from: system\nto: system", "is the stage it leads to"),
    ("a stage that is none", "to: system", "to: street", "has to be accelerator, system"),
    ("a brand in its id", "transform: boundary-host-v1", "transform: azure-host-v1", "name no provider"),
    ("more trust than a secondary copy bears", "confidence: low", "confidence: medium", "confidence has to be low"),
]


def refusals():
    good = folder({ROW + ".yaml": read(ROW), TRANSFORM + ".yaml": read(TRANSFORM), "README": "no row", ".x.yaml": "no row"})
    check_equal(profiles("--check", "--coefficients", good, *TODAY).returncode, 0, "the neighbours of all that follows")
    cases = [(ROW, *case) for case in BROKEN] + [(TRANSFORM, *case) for case in BROKEN_TRANSFORMS]
    for name, what, old, new, sentence in cases:
        whole = read(name)
        if not check(old in whole, f"{what}: the file holds what is to be broken"):
            continue
        broken = folder({name + ".yaml": whole.replace(old, new, 1 if old != "joules-where" else -1)})
        if name == TRANSFORM:
            shutil.copy(os.path.join(good, ROW + ".yaml"), broken)
        got = profiles("--check", "--coefficients", broken, *TODAY)
        told = [line for line in got.stdout.splitlines() if sentence in line]
        check(got.returncode == 1 and told and f"{name}.yaml:" in told[0], f"{what}: {got.stdout}{got.stderr}")
        if sentence.startswith("expired") or sentence == "behind today":
            continue  # a matter of the day: such a row is used
        got = profiles("--json", "--coefficients", broken)
        check(got.returncode == 2 and not got.stdout and name + ".yaml" in got.stderr, f"{what}: is not used: {got.stderr}")


def lines_are_told():
    text = read(ROW).replace("low: 0.0057", "low: 0.018").replace("boundary: accelerator", "boundary: rack")
    got = profiles("--check", "--coefficients", folder({"x.yaml": text}), *TODAY).stdout.splitlines()
    number = next(i for i, line in enumerate(text.splitlines(), 1) if "boundary: rack" in line)
    check(got and got[0].startswith(f"x.yaml:{number}: boundary "), f"by line: {got}")
    text = read(ROW).replace("low: 0.0057", "low: 0.018").replace("low: 0.047", "low: 0.2")
    got = profiles("--check", "--coefficients", folder({"x.yaml": text, "y.yaml": "a: [\n"}), *TODAY).stdout.splitlines()
    check(len(got) >= 3 and sum("low value above" in line for line in got) == 2, f"every finding of every file: {got}")
    row = read(ROW)
    got = profiles("--check", "--coefficients", folder({"x.yaml": row, "y.yaml": row}), *TODAY)
    check(got.returncode == 1 and "is the id of two rows" in got.stdout, f"an id twice: {got.stdout}")
    other = read(TRANSFORM).replace("boundary-host-v1", "boundary-host-v2")
    both = folder({"x.yaml": row, "t1.yaml": read(TRANSFORM), "t2.yaml": other})
    got = profiles("--check", "--coefficients", both, *TODAY)
    check(got.returncode == 1 and "leads from the stage accelerator" in got.stdout, f"two ways from one stage: {got.stdout}")


def folders():
    for path, status, sentence in [(os.path.join(work, "none"), 2, "cannot read the folder"),
                                   (folder({"README": ""}), 2, "holds no .yaml file"),
                                   (os.path.join(SHIPPED, ROW + ".yaml"), 2, "cannot read the folder")]:
        got = profiles("--coefficients", path)
        check(got.returncode == status and sentence in got.stderr, f"{got.stderr}")
    path = folder({"x.yaml": b"a: 1\n" * 300000})
    got = profiles("--coefficients", path)
    check(got.returncode == 2 and "larger than 1 MiB" in got.stderr, f"a file without an end: {got.stderr}")
    many = folder({f"{i}.yaml": read(ROW).replace(ROW, f"house-{i}-v1") for i in range(257)})
    got = profiles("--coefficients", many)
    check(got.returncode == 2 and "more than 256 profiles" in got.stderr, f"too many rows: {got.stderr}")
    own = folder({f"{ROW}.yaml": read(ROW), "house.yaml": read(ROW).replace(ROW, "house-llm-v3")})
    got = profiles("--coefficients", own)
    check("house-llm-v3" in got.stdout and got.returncode == 0, "an operator's own row is one of the table")
    check(profiles("--coefficients", own, "--json").stdout != profiles("--json").stdout, "which has another hash")


try:
    what_is_shipped()
    numbers_that_follow_from_others()
    the_page_recomputes()
    what_people_read()
    refusals()
    lines_are_told()
    folders()
finally:
    shutil.rmtree(work)
end()
