#!/usr/bin/python3
# emit campus facility-energy: what becomes of a record does not depend on where it stands
# among the others, on how they are spread over calls, or on how often they come; and what the
# input schema says of a record is what the program says.
# SPDX-License-Identifier: Apache-2.0
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from datetime import datetime, timedelta, timezone
from itertools import count, permutations

SOURCE = os.environ["SOURCE"]
sys.path.insert(0, os.path.join(SOURCE, "tests", "support"))
from tap import EMIT, check, check_equal, end
from windows import INPUT, METADATA, OUTPUT, call, hours, record, run, stripped

START = datetime(2026, 3, 1, tzinfo=timezone.utc)


def window(first, last, **members):
    at = [(START + timedelta(minutes=15 * quarter)).strftime("%Y-%m-%dT%H:%M:%SZ") for quarter in (first, last)]
    return record(**{"from": at[0], "to": at[1], **members})


def some_windows(random_, count):
    made = []
    for _ in range(count):
        first = random_.randrange(40)
        made.append(window(first, first + random_.choice([1, 1, 1, 2, 4]), value=random_.choice([1, 1, 2]),
                           device_id=random_.choice(["a", "b"])))
        if random_.random() < 0.4:
            made.append(dict(random_.choice(made)))
    return made


# What becomes of records that are equal, as texts that can be compared.
def fates(records, answer):
    refused = Counter((json.dumps(records[item["index"]], sort_keys=True), item["code"]) for item in answer["refused"])
    return sorted(json.dumps(event, sort_keys=True) for event in answer["events"]), refused, answer["duplicates"]


def any_order():
    random_ = random.Random(4)
    sets = [[hours(1, 2), hours(1, 2, value=2), hours(1, 2)],  # between the two that repeat each other stands another one
            [hours(1, 9), hours(2, 3), hours(2, 3, value=2), hours(2, 3)]]
    sets += [some_windows(random_, 12) for _ in range(12)]
    for records in sets:
        wanted = fates(records, call(records))
        for _ in range(3):
            random_.shuffle(records)
            got = fates(records, call(records))
            if got != wanted:
                check(False, f"the order of {records} decides: {got} {wanted}")
                return
    check(True, f"{len(sets)} sets of repeats, contradictions and overlaps, each in four orders: the same events and reasons")


def stored_lines(env):
    export = subprocess.run([EMIT, "outbox", "export"], env=env, capture_output=True, text=True, check=False).stdout
    return sorted(export.splitlines())


def span(event):
    tags = event["tags"]
    return tags["device_id"], tags["valid_from"], tags["valid_to"]


# However they are spread over calls: what is stored never overlaps, each record is an event, a
# repeat or refused; and a second round stores nothing.
def any_calls():
    random_ = random.Random(5)
    for words in ([], ["--ndjson"]):
        records = some_windows(random_, 60)
        with tempfile.TemporaryDirectory() as folder:
            env = os.environ | {"EMIT_OUTBOX": os.path.join(folder, "outbox.db"), "EMIT_WORKSPACE_ID": "ws_1"}
            rounds = []
            for _ in range(2):
                told = Counter()
                for at in range(0, len(records), 20):
                    part = [item | METADATA for item in records[at:at + 20]]
                    text = "\n".join(map(json.dumps, part)) if words else json.dumps({"records": part})
                    got = run(text, *words, env=env)
                    said = got.stderr.splitlines()[-1].replace(";", ",").split(", ")  # 20 records: 7 events, 2 duplicates, ...
                    told.update({word.split(" ", 1)[1].rstrip("s"): int(word.split()[0]) for word in said[0].split(": ")[1:] + said[1:]})
                rounds.append((told, stored_lines(env)))
            (first, lines), (second, again) = rounds
            check_equal(again, lines, f"{words}: a second round stores nothing")
            check_equal((second["stored"], second["stored before"]), (0, first["event"]), f"{words}: it tells of the same events")
            check_equal(first["event"] + first["duplicate"] + first["refused"], len(records), f"{words}: each record has a fate")
            check_equal(len(lines), first["stored"], f"{words}: what was told as stored is stored")
            spans = sorted(span(json.loads(line)) for line in lines)
            crossed = [pair for pair in zip(spans, spans[1:]) if pair[0][0] == pair[1][0] and pair[0][2] > pair[1][1]]
            check(not crossed and len(spans) > 20, f"{words}: nothing that is stored overlaps: {crossed}")


# A window that the store refuses stands nowhere, and so in nobody's way.
def refused_by_the_store():
    with tempfile.TemporaryDirectory() as folder:
        env = os.environ | {"EMIT_OUTBOX": os.path.join(folder, "outbox.db"), "EMIT_WORKSPACE_ID": "ws_1"}
        place = {"region": "r"}
        run(json.dumps(window(0, 1, **place)), "--ndjson", env=env, wanted=0)
        lines = [window(0, 4), window(0, 4), window(1, 2), window(2, 3), window(2, 4), window(0, 4), window(3, 4)]
        got = run("\n".join(json.dumps(line | place) for line in lines), "--ndjson", env=env, wanted=3)
        events = [span(json.loads(line))[1][11:16] for line in got.stdout.splitlines()]
        check_equal(events, ["00:15", "00:30", "00:45"], f"the quarter-hours beside a refused hour are stored: {got.stderr}")
        said = [line.split(": ")[:2] for line in got.stderr.splitlines() if line.startswith("standard input")]
        check_equal(said, [["standard input:1", "already-stored"], ["standard input:5", "overlap"], ["standard input:6", "overlap"]],
                    "and what is told to stand does")
        check("overlaps line 4 of" in got.stderr and "overlaps line 3 of" in got.stderr, f"by its line: {got.stderr}")


# What is stored stands, whatever else a call says of it and in whichever order; and what it refuses
# is in nobody's way.
def what_stands():
    a, otherwise, across, behind, late = window(0, 2), window(0, 2, value=9), window(1, 4), window(3, 5), window(4, 6)
    cases = [([a, a, otherwise], ["T00:00"], ["already-stored"], 1),
             ([a, across, behind], ["T00:00", "T00:45"], ["already-stored"], 0),
             ([across, behind, late], [], ["already-stored", "overlap", "overlap"], 0)]
    with tempfile.TemporaryDirectory() as folder:
        numbers = count()

        def again(records, *words):  # in a store that has a, and nothing else
            env = os.environ | {"EMIT_OUTBOX": os.path.join(folder, f"{next(numbers)}.db"), "EMIT_WORKSPACE_ID": "ws_1"}
            run(json.dumps(a | {"region": "r"}), "--ndjson", env=env, wanted=0)
            records = [item | {"region": "r"} for item in records]
            return run("\n".join(map(json.dumps, records)) if words else json.dumps({"records": records}), *words, env=env, wanted=3)
        for records, begins, codes, duplicates in cases:
            for order in permutations(records):
                got = again(order)
                answer = json.loads(got.stdout)
                seen = (sorted(span(event)[1][10:16] for event in answer["events"]), sorted(item["code"] for item in answer["refused"]), answer["duplicates"])
                if seen != (begins, codes, duplicates) or f"{1 if a in records else 0} stored before" not in got.stderr:
                    check(False, f"{[(item['from'], item['value']) for item in order]}: {seen} {got.stderr}")
                    return
        check(True, "an object that contradicts what is stored is refused where it does, in each order")
        for records in ([a, otherwise], [otherwise, a]):
            got = again(records, "--ndjson")
            check_equal((got.stdout.count("\n"), "1 refused; 0 stored, 1 stored before" in got.stderr), (1, True), f"so is a filter's line: {got.stderr}")


# A filter that runs on takes windows that ended after it began. What the skew of clocks
# allows is five minutes; the window ends a second beyond those.
def clock_goes_on():
    with subprocess.Popen([EMIT, "campus", "facility-energy", "--ndjson", "--no-outbox"], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        def say(line):
            process.stdin.write(json.dumps(line | {"region": "r"}) + "\n")
            process.stdin.flush()
        say(window(0, 1))
        process.stdout.readline()
        began = time.time()  # no earlier than the program
        late = datetime.fromtimestamp(began + 301, timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        while time.time() < began + 1.1:
            time.sleep(0.1)
        say(window(1, 2, to=late))
        process.stdin.close()
        got = process.stdout.read()
        check(late in got, f"a filter's clock goes on: {process.stderr.read()}")


# --- Time as people have it ---

TIMES = [  # hours, from, to, of which a mean power is taken
    (23, "2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00"),  # summer begins in Berlin
    (25, "2025-10-26T00:00:00+02:00", "2025-10-27T00:00:00+01:00"),
    (1, "2025-10-26T02:00:00+02:00", "2025-10-26T02:00:00+01:00"),  # the hour that comes twice, first
    (1, "2025-10-26T02:00:00+01:00", "2025-10-26T03:00:00+01:00"),  # and again
    (1, "2025-12-31T23:30:00-05:00", "2026-01-01T00:30:00-05:00"),
    (48, "2024-02-28T00:00:00Z", "2024-03-01T00:00:00Z"),
    (24, "2016-12-31T00:00:00Z", "2017-01-01T00:00:00Z"),  # ends in a leap second, which UTC as computers count it has not
    (744, "2026-01-01T00:00:00+05:45", "2026-02-01T00:00:00+05:45"),
    (8784, "2024-01-01T00:00:00+13:00", "2025-01-01T00:00:00+13:00"),
]


def local_times():
    records = [record(value=1, unit="kW", device_id=f"m{i}", **{"from": begin, "to": stop}) for i, (_, begin, stop) in enumerate(TIMES)]
    answer = call(records, wanted=0)
    said = [(event["quantity"] / 3.6e6, event["tags"]["measurement_window_ms"] / 3.6e6) for event in answer["events"]]
    check_equal(said, [(length, length) for length, _, _ in TIMES], "a kilowatt over days of 23 and 25 hours, ends of years, leap days")
    twice = [record(**{"from": begin, "to": stop}) for _, begin, stop in TIMES[2:4]]
    check_equal(len(call(twice, wanted=0)["events"]), 2, "the hour that comes twice is two windows")
    days = [record(**{"from": f"2026-05-{day:02d}T00:00:00+02:00", "to": f"2026-05-{day + 1:02d}T00:00:00+02:00"}) for day in range(1, 31)]
    month = record(**{"from": "2026-05-01T00:00:00+02:00", "to": "2026-06-01T00:00:00+02:00", "value": 30})
    check_equal({item["code"] for item in call(days + [month], wanted=3)["refused"]}, {"overlap"}, "a month holds its days")
    check_equal(len(call(days, wanted=0)["events"]), 30, "which touch each other")


# --- The schema and the program ---

WORDS = {
    "energy_source": ["ipmi", "redfish", "pdu", "ups", "smart_meter", "rapl"],
    "component": ["node", "chassis", "psu", "rack", "outlet", "pdu", "ups", "facility-feed", "gpu"],
    "transport": ["snmp", "file", "tcp"], "accuracy_class": ["device-counter", "power-integrated", "metered", "billing-meter", "inferred"],
    "facility_id": ["f"], "device_id": ["d"], "node_id": ["n"], "region": ["eu"], "grid_region": ["DE"],
    "from": ["2026-06-13T14:00:00Z", "2026-06-13T15:00:00.5+01:00"], "to": ["2026-06-13T15:00:00Z", "2026-06-13T13:30:00-02:00"],
    "unit": ["J", "Wh", "0.1 kWh", "kWh", "W", "MW", "kVAh"], "value": [100, "100.5", 12.5, "0012"],
    "first": [{"value": 10}, {"value": "10.0", "serial": "s"}], "last": [{"value": 1000}, {"value": 1000, "serial": "s", "reset_at": "r"}],
    "counter_modulus": [100000, "1e6"], "quantum": [1, "0.1"], "rated_power_w": [1e9, "5000"],
    "quality": ["measured", "estimated", "substituted", "good"], "pue_applied": [True, False], "simulated": [True, False]}
ODD = [None, True, [], {}, "", " ", "\u0000", "a\u0000b", "x" * 127, "x" * 128, "\u00e9" * 63, "a\u00a0", " a", "a\n", "\u2028", "\U0001f600",
       0, -1, 65535, "65535", "-0", "-0.0", "-0e5", "-00.0", "-1", "1.", ".5", "0x10", "n/a", "NaN", "1e", "1E5", "007.50", "+1", "1 ", "1_0",
       "\u0663", "2026-06-13t14:00:00z", "2026-06-13T14:00:00.1234567890Z", "2026-06-13T14:00:00.Z", "2026-06-13T24:00:00Z",
       "2016-12-31T23:59:60Z", "2026-06-13T14:00:00+24:00", "2026-06-13T14:00:00-00:00", "2026-06-13T14:00:00+0000", "2026-06-13T14:00Z",
       "2026-06-13 14:00:00Z", "2026-06-13T14:00:00,5Z", "2025-12-31T23:59:59-23:59"]
# What a schema cannot say of a record.
BEYOND = {"bad-number", "bad-timestamp", "time-order", "implausible-time", "sentinel", "reset", "wrapped-unproven", "implausible",
          "below-resolution", "bad-text"}


def a_record(random_, number):
    made = {key: random_.choice(WORDS[key]) for key in ("energy_source", "facility_id", "device_id", "from", "to", "unit")}
    made |= {key: random_.choice(WORDS[key]) for key in random_.choice([["value"], ["value"], ["first", "last"]])}
    made |= {key: random_.choice(WORDS[key]) for key in WORDS if key not in made and key not in ("value", "first", "last")
             and random_.random() < 0.15}
    made = json.loads(json.dumps(made))
    for _ in range(random_.choice([0, 1, 1, 2])):
        places = [made] + [made[key] for key in ("first", "last") if isinstance(made.get(key), dict) and made[key]]
        inside = random_.choice(places)
        way = random_.random()
        if way < 0.15:
            inside.pop(random_.choice(list(inside)))
        elif way < 0.25:
            inside[random_.choice(["Value", "value ", "x" * 62 + "\u00e9", "x" * 57 + "\u00e9\u00e9"])] = 1
        else:
            inside[random_.choice(list(inside if way < 0.85 else WORDS))] = random_.choice(ODD)
    if made.get("device_id") == "d":
        made["device_id"] = f"d{number}"
    items = list(made.items())
    random_.shuffle(items)
    return dict(items)


def schema_is_kept():
    random_ = random.Random(11)
    records = [a_record(random_, number) for number in range(700)]
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "refused.ndjson")
        run("\n".join(map(json.dumps, [{"metadata": METADATA}] + records)), "--ndjson", "--no-outbox", "--refused", path, wanted=3)
        with open(path, encoding="utf-8") as file:  # strict: a field cut inside a character is an error here
            refused = [json.loads(line) for line in file]
    codes = {item["index"]: item["code"] for item in refused}
    one = INPUT.evolve(schema={"$ref": "#/$defs/record", "$defs": INPUT.schema["$defs"]})
    wrong, kinds = [], Counter()
    for number, item in enumerate(records):
        valid, code = one.is_valid(item), codes.get(number)
        kinds[valid, code is None] += 1
        if code not in ("conflict", "overlap") and (valid and code and code not in BEYOND or not valid and not code):
            wrong.append((valid, code, item))
    check(not wrong, f"{len(records)} records: what the schema refuses the program refuses, and the other way: {wrong[:2]}")
    check(kinds[True, True] > 50 and kinds[False, False] > 200, f"good and bad ones among them: {dict(kinds)}")
    errors = [error.message for error in OUTPUT.iter_errors(stripped(call([])) | {"refused": refused})]
    check_equal(errors, [], "all refusals keep the output schema")


SPAN = {"from": "2026-06-13T14:00:00Z", "to": "2026-06-13T15:00:00Z"}
FACTS = [{}, {"region": "x"}, {"pue": []}, {"pue": [SPAN | {"value": 1}]}, {"pue": [SPAN | {"value": 0.99}]}, {"pue": [SPAN]},
         {"pue": [SPAN | {"value": "1.2"}]}, {"pue": {}}, {"pue": None}, {"pue": [SPAN | {"value": 1.2, "kind": "x"}]},
         {"grid_carbon_intensity": [SPAN | {"g_per_kwh": 0, "kind": "average"}]},
         {"grid_carbon_intensity": [SPAN | {"g_per_kwh": -1, "kind": "average"}]},
         {"grid_carbon_intensity": [SPAN | {"g_per_kwh": 1, "kind": "Average"}]},
         {"grid_carbon_intensity": [SPAN | {"g_per_kwh": 1, "kind": "-a"}]},
         {"grid_carbon_intensity": [SPAN | {"g_per_kwh": 1, "kind": "a" * 64}]},
         {"grid_carbon_intensity": [SPAN | {"g_per_kwh": 1, "kind": "a" * 65}]},
         {"electricity_price": [SPAN | {"per_kwh": -0.5, "currency": "EUR"}]},
         {"electricity_price": [SPAN | {"per_kwh": 1, "currency": "eur"}]}, {"electricity_price": [SPAN | {"per_kwh": 1}]},
         {"electricity_price": [SPAN | {"per_kwh": 1, "currency": "EURO"}]}, {"curtailment": [SPAN | {"id": "c"}]},
         {"curtailment": [SPAN | {"id": ""}]}, {"curtailment": [SPAN | {"id": "c", "kind": "k", "value": 1}]}, {"curtailment": [SPAN]},
         {"facility_id": ""}, {"facility_id": "a "}, {"facility_id": "a", "x": 1}, {"region": None}, {"pue": [{"value": 1, "from": "x", "to": "y"}]},
         None, [], "x", [{"facility_id": "a"}, {"facility_id": "b"}], [{}, 1]]
DOCUMENTS = [{"records": []}, {"records": {}}, {"records": None}, {}, [], [{"records": []}], {"records": [], "x": 1}, "x", None,
             {"records": [1]}, {"records": [None, []]}]


def documents_keep_the_schema():
    for given in [{"records": [], "metadata": fact} for fact in FACTS] + DOCUMENTS:
        got = run(json.dumps(given), "--no-outbox")
        valid = INPUT.is_valid(given)
        said = "no" if got.returncode == 2 else "some" if got.returncode == 3 else "yes"
        if valid != (said == "yes") or (got.stdout == "") != (said == "no"):
            check(False, f"the schema says {valid} and the program {said} of {json.dumps(given)}: {got.stderr}")
        elif said != "no":
            errors = [error.message for error in OUTPUT.iter_errors(json.loads(got.stdout))]
            check_equal(errors, [], f"the answer to {json.dumps(given)} keeps its schema")
    check(True, f"{len(FACTS) + len(DOCUMENTS)} documents: schema and program agree")


# --- What is told ---

# A facility that is spelled otherwise in the metadata would lose its PUE, and no event is replaced later.
def metadata_that_met_nothing():
    sites = [METADATA | {"facility_id": "fra1", "pue": [SPAN | {"value": 1.2}]}, METADATA | {"facility_id": "fra-1"}, METADATA | {"facility_id": "b\u001b"}]
    answer = call([hours(14, 15)], sites, wanted=0)
    check_equal([note for note in answer["notes"] if "met no record" in note],
                ['the metadata of facility "fra1" met no record, nor did that of 1 more: nothing of it was attached'],
                "metadata of a facility that no record names is told")
    got = run("\n".join(map(json.dumps, [{"metadata": sites[2:]}, hours(14, 15, region="r")])), "--ndjson", "--no-outbox", wanted=0)
    check('the metadata of facility "b\\u001b" met no record: nothing of it was attached' in got.stderr.splitlines(),
          f"by a filter, too, and without its control characters: {got.stderr!r}")
    longest = call([hours(14, 15, region="r")], {"facility_id": "\u0001" * 127}, wanted=0)
    check(longest["notes"][0].endswith("nothing of it was attached"), f"the longest id is told whole: {longest['notes']}")
    answer = call([hours(14, 15)], [METADATA, METADATA | {"facility_id": "fra-1"}], wanted=0)
    check_equal(answer["notes"], ["the metadata without facility_id met no record: nothing of it was attached"], "so is that of all others")
    check_equal(call([hours(14, 15)], sites[1:2])["notes"] + call([], sites)["notes"], [], "metadata that was used, or could not be, is not")


any_order()
any_calls()
refused_by_the_store()
what_stands()
clock_goes_on()
local_times()
schema_is_kept()
documents_keep_the_schema()
metadata_that_met_nothing()
end()
