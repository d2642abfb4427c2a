#!/usr/bin/python3
# emit campus facility-energy: every record becomes exact joules or a reason. The oracle is
# Python's fractions; the schemas of contract/ judge what goes in and what comes out.
# SPDX-License-Identifier: Apache-2.0
import json
import os
import random
import subprocess
import sys
import tempfile
from datetime import datetime, timedelta, timezone
from fractions import Fraction

SOURCE = os.environ["SOURCE"]
sys.path.insert(0, os.path.join(SOURCE, "tests", "support"))
from tap import EMIT, check, check_equal, end
from windows import INPUT, METADATA, OUTPUT, call, counter, feed, hours, record, run, stripped

JOULES = {"J": 1, "kJ": 1000, "MJ": 10**6, "Wh": 3600, "0.01 kWh": 36000, "0.1 kWh": 360000, "kWh": 3600000,
          "MWh": 3600 * 10**6}
WATTS = {"W": 1, "kW": 1000, "MW": 10**6}


# --- What it comes to ---

def a_decimal(random_):
    digits = random_.randint(1, 15)
    places = random_.choice([0, 0, 1, 2, 3, 7, 9])
    text = str(random_.randrange(10**digits)).rjust(places + 1, "0")
    text = text[:-places] + "." + text[-places:] if places else text
    if random_.random() < 0.2:
        text += f"e{random_.randint(-4, 4)}"
    if random_.random() < 0.2:
        text = "00" + text
    return text


def time_text(moment, offset_minutes=0):
    zone = timezone(timedelta(minutes=offset_minutes))
    text = moment.astimezone(zone).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z") if offset_minutes == 0 else text


def exact_joules():
    random_ = random.Random(8)
    begin = datetime(2025, 1, 1, tzinfo=timezone.utc)
    lines, wanted = [], []
    for i in range(4000):
        unit = random_.choice(list(JOULES) + list(WATTS))
        value = a_decimal(random_)
        milliseconds = random_.choice([1, 1000, 60000, 900000, 1800000, 3600000, random_.randrange(1, 10**9)])
        start = begin + timedelta(milliseconds=random_.randrange(10**10))
        stop = start + timedelta(milliseconds=milliseconds)
        offset = random_.choice([0, 0, 60, 330, -480])
        is_bare = not value.startswith("0") and random_.random() < 0.5  # JSON has no leading zeros
        text = json.dumps(record(device_id=f"m{i}", unit=unit, quantum="0.000000001", value="VALUE", **{
            "from": time_text(start, offset), "to": time_text(stop, offset)}))
        lines.append(text.replace('"VALUE"', value if is_bare else f'"{value}"'))
        mantissa = Fraction(value)
        exact = mantissa * (JOULES[unit] if unit in JOULES else WATTS[unit] * Fraction(milliseconds, 1000))
        sentinel = mantissa.denominator == 1 and int(mantissa) in {65535, 32768, 32767} and unit in WATTS
        steps = exact / Fraction("0.000000001") / (JOULES[unit] if unit in JOULES else WATTS[unit] * Fraction(milliseconds, 1000))
        held = exact * 10**18
        if steps >= 10 and held.denominator == 1 and held < 2**128 and not sentinel:
            wanted.append((f"m{i}", float(exact), milliseconds, time_text(start), time_text(stop)))
        else:
            lines.pop()
    got = run("\n".join([json.dumps({"metadata": METADATA})] + lines), "--ndjson", "--no-outbox", wanted=0)
    events = [json.loads(line) for line in got.stdout.splitlines()]
    said = [(event["tags"]["device_id"], float(event["quantity"]), event["tags"]["measurement_window_ms"],
             event["tags"]["valid_from"], event["tags"]["valid_to"]) for event in events]
    different = [(a, b) for a, b in zip(wanted, said) if a != b]
    check(len(wanted) > 3000 and len(said) == len(wanted) and not different,
          f"{len(wanted)} decimals in every unit are the nearest double of the exact joules: {len(said)}, {different[:2]}")
    orders = [line for line in got.stdout.splitlines() if not is_sorted(json.loads(line, object_pairs_hook=list))]
    check_equal(orders, [], "keys stand in the order of RFC 8785")
    judged = subprocess.run([EMIT, "validate", "--strict"], input=got.stdout, capture_output=True, text=True, check=False)
    check_equal((judged.returncode, judged.stdout), (0, ""), "and keep the contract at strict")


def is_sorted(pairs):
    keys = [key for key, _ in pairs]
    tags = [key for key, _ in dict(pairs)["tags"]]
    return keys == sorted(keys) and tags == sorted(tags)


def units_and_parts():
    random_ = random.Random(9)
    for _ in range(25):
        milliwatthours = random_.randrange(1, 10**13)
        same = [("J", Fraction(milliwatthours * 36, 10)), ("Wh", Fraction(milliwatthours, 1000)),
                ("kWh", Fraction(milliwatthours, 10**6)), ("MWh", Fraction(milliwatthours, 10**9)),
                ("MJ", Fraction(milliwatthours * 36, 10**7)), ("W", Fraction(milliwatthours, 1000))]
        answer = call([record(device_id=unit, unit=unit, value=decimal_text(value)) for unit, value in same])
        quantities = {event["quantity"] for event in answer["events"]}
        if len(quantities) != 1 or len(answer["events"]) != len(same):
            check(False, f"one energy in six units is one quantity: {quantities} {answer['refused']}")
            return
    check(True, "one energy in six units is one quantity")
    steps = sorted(random_.sample(range(1, 10**7), 50))
    edges = [0] + steps + [10**7]
    begin = datetime(2026, 6, 1, tzinfo=timezone.utc)
    parts = [counter(a, b, unit="Wh", **{"from": time_text(begin + timedelta(seconds=i)),
                                         "to": time_text(begin + timedelta(seconds=i + 1))})
             for i, (a, b) in enumerate(zip(edges, edges[1:]))]
    whole = counter(0, 10**7, unit="Wh", device_id="whole", **{
        "from": time_text(begin), "to": time_text(begin + timedelta(seconds=len(parts)))})
    answer = call(parts + [whole])
    quantities = [event["quantity"] for event in answer["events"]]
    check(len(quantities) == len(parts) + 1 and sum(map(int, quantities[:-1])) == int(quantities[-1]) == 36 * 10**9,
          "the parts of a window add up to it, exactly")


def decimal_text(value):
    text = f"{value.numerator * 10**10 // value.denominator:011d}"
    return f"{text[:-10]}.{text[-10:]}"


# --- What is refused ---

REFUSED = [  # code, field, whether a schema can say it, record
    ("unknown-field", "qualty", True, record(qualty="estimated")),
    ("unknown-field", "x" * 55, True, record(**{"x" * 55 + "\u00e9\u00e9": 1})),  # no half a character
    ("unknown-field", "first.when", True, counter({"value": 1, "when": 2}, 2)),
    ("missing-field", "unit", True, record(unit=...)),
    ("missing-field", "value", True, record(value=...)),
    ("missing-field", "last", True, record(value=..., first={"value": 1})),
    ("missing-field", "last.value", True, counter(1, {"serial": "a"})),
    ("malformed", "value", True, record(first={"value": 1}, last={"value": 2})),
    ("malformed", "value", True, record(value=True)),
    ("malformed", "device_id", True, record(device_id=7)),
    ("malformed", "pue_applied", True, record(pue_applied="no")),
    ("malformed", "counter_modulus", True, record(counter_modulus=5)),
    ("malformed", "first", True, record(value=..., first=1, last=2)),
    ("bad-text", "device_id", True, record(device_id="")),
    ("bad-text", "device_id", True, record(device_id="x" * 128)),
    ("bad-text", "device_id", True, record(device_id="rack-7 ")),
    ("bad-text", "node_id", True, record(node_id="\tn1")),
    ("bad-text", "region", True, record(region="x\n")),
    ("unknown-word", "energy_source", True, record(energy_source="PDU")),
    ("unknown-word", "energy_source", True, record(energy_source="rapl")),
    ("unknown-word", "quality", True, record(quality="good")),
    ("malformed", "rated_power_w", True, record(rated_power_w=None)),
    ("malformed", "quantum", True, record(quantum=None)),
    ("bad-number", "value", True, record(value="1,5")),
    ("bad-number", "value", True, record(value="NaN")),
    ("bad-number", "value", True, record(value="0x10")),
    ("bad-number", "value", True, record(value="+1")),
    ("bad-number", "value", True, record(value="")),
    ("bad-number", "value", False, record(value="1e40")),
    ("bad-number", "value", False, record(value="0." + "0" * 30 + "1")),
    ("bad-number", "rated_power_w", True, record(rated_power_w=0)),
    ("bad-number", "quantum", True, record(quantum="0.0")),
    ("bad-number", "first.value", False, counter(100, 5, counter_modulus=100)),
    ("bad-timestamp", "from", True, record(**{"from": "2026-06-13T14:00:00"})),
    ("bad-timestamp", "from", True, record(**{"from": "2026-06-13 14:00:00Z"})),
    ("bad-timestamp", "from", False, record(**{"from": "2026-02-30T14:00:00Z"})),
    ("bad-timestamp", "to", False, record(to="9999-12-31T23:59:59Z")),
    ("bad-timestamp", "to", True, record(to="2026-06-13T23:59:60Z")),
    ("bad-timestamp", "to", True, record(to="2026-06-13T15:00:00-00:00")),
    ("time-order", "to", False, record(to="2026-06-13T14:00:00Z")),
    ("time-order", "to", False, record(to="2026-06-13T15:00:00+02:00")),
    ("time-order", "to", False, record(to="2026-06-13T14:00:00.0009Z")),
    ("implausible-time", "from", False, record(**{"from": "1970-01-01T00:00:00Z"})),
    ("implausible-time", "to", False, record(to="2199-01-01T00:00:00Z")),
    ("not-energy", "unit", True, record(unit="kVAh")),
    ("not-energy", "unit", True, record(unit="therm")),
    ("not-energy", "unit", True, counter(1, 2, unit="kW")),
    ("sentinel", "value", True, record(value=-1)),
    ("sentinel", "value", True, record(value=None)),
    ("sentinel", "value", False, record(value=65535, unit="W")),
    ("sentinel", "value", False, record(value=32768, unit="W")),
    ("sentinel", "value", False, record(value=65535.0, unit="W")),
    ("sentinel", "value", False, record(value=429496729.5)),
    ("sentinel", "last.value", False, counter(1, 4294967295, unit="Wh")),
    ("sentinel", "first.value", False, counter(65535, 65540, unit="Wh")),
    ("sentinel", "first.value", False, counter(65535, 20, unit="0.1 kWh", counter_modulus=65536, rated_power_w=20000)),
    ("sentinel", "first.value", False, counter("4294967295", 20, unit="0.1 kWh", counter_modulus=4294967296, rated_power_w=20000)),
    ("reset", "last.value", False, counter(5, 4)),
    ("reset", "last.serial", False, counter({"value": 1, "serial": "a"}, {"value": 2, "serial": "b"})),
    ("reset", "last.serial", False, counter({"value": 1, "serial": "a"}, 2)),
    ("reset", "last.reset_at", False, counter({"value": 1, "reset_at": "1"}, {"value": 2, "reset_at": "2"})),
    ("reset", "last.value", False, counter(94, 4, counter_modulus=100, unit="kWh", rated_power_w=20000)),
    ("reset", "last.value", False, counter(96, 30, counter_modulus=100, unit="kWh", rated_power_w=20000)),
    ("wrapped-unproven", "rated_power_w", False, counter(96, 4, counter_modulus=100, unit="kWh")),
    ("wrapped-unproven", "to", False, counter(1, 4, counter_modulus=100, unit="kWh", rated_power_w=80000)),
    ("implausible", "rated_power_w", False, record(value="1250.000001", unit="Wh", rated_power_w=1000)),
    ("below-resolution", "quantum", False, counter(10, 19, unit="0.1 kWh")),
    ("below-resolution", "last.value", False, counter(5, 14)),
    ("below-resolution", "last.value", False, counter(10, 10, unit="0.1 kWh")),
    ("below-resolution", "last.value", False, counter("7855.0", 7855)),
    ("below-resolution", "quantum", False, record(value=1, unit="kWh", quantum="0.11")),
    ("wrong-component", "component", True, record(component="node")),
    ("wrong-component", "component", True, feed(component="rack")),
    ("wrong-provenance", "quality", True, record(energy_source="ipmi", quality="estimated")),
    ("wrong-accuracy", "accuracy_class", True, record(accuracy_class="billing-meter")),
    ("wrong-accuracy", "accuracy_class", True, feed(accuracy_class="billing-meter", quality="substituted")),
    ("pue-undeclared", "pue_applied", True, feed(pue_applied=...)),
    ("pue-undeclared", "pue_applied", True, record(energy_source="redfish", component="facility-feed")),
    ("pue-on-it-load", "pue_applied", True, record(pue_applied=True)),
]


def refusals():
    answer = call([item[3] | {"facility_id": f"f{i}"} for i, item in enumerate(REFUSED)], wanted=3)
    got = {item["index"]: (item["code"], item["field"]) for item in answer["refused"]}
    for i, (code, field, in_schema, bad) in enumerate(REFUSED):
        check_equal(got.get(i), (code, field), f"{code}: {json.dumps(bad)[:300]}")
        valid = INPUT.is_valid({"records": [bad], "metadata": METADATA})
        check(valid != in_schema, f"{code}: the input schema {'refuses it, too' if in_schema else 'cannot say it'}")
    check_equal(answer["events"], [], "and none of them is an event")
    check_equal([error.message for error in OUTPUT.iter_errors(stripped(answer))], [], "the answer keeps its schema")
    no_place = call([record()], None)
    check_equal([(item["code"], item["field"]) for item in no_place["refused"]], [("missing-region", "region")],
                "missing-region: neither the record nor the metadata says where")
    codes = {item[0] for item in REFUSED} | {"missing-region", "conflict", "overlap", "already-stored", "contract"}
    check_equal(codes, set(OUTPUT.schema["properties"]["refused"]["items"]["properties"]["code"]["enum"]),
                "every code of the output schema is here, or below")


# What stands beside a refused record, one step away.
ACCEPTED = [  # joules, tags that must stand, record
    (3600000, {"component": "pdu", "accuracy_class": "metered", "transport": "file", "pue_applied": False}, record()),
    (3600000, {"accuracy_class": "power-integrated"}, record(unit="kW", transport="snmp")),
    (235926000, {}, record(value="65535", unit="Wh")),
    (235929600, {}, record(value=65536, unit="W")),
    (3600000, {"quantum_joules": 360000, "counter_wraps": 0}, counter(10, 20, unit="0.1 kWh")),
    (36000000, {"counter_wraps": 1}, counter(96, 6, counter_modulus=100, unit="kWh", rated_power_w=20000)),
    (20160000, {"counter_wraps": 1}, counter(65500, 20, unit="0.1 kWh", counter_modulus=65536, rated_power_w=20000)),
    (20160000, {"counter_wraps": 1}, counter("4294967260", 20, unit="0.1 kWh", counter_modulus="4294967296", rated_power_w=20000)),
    (36000000, {"counter_wraps": 0}, counter(65535, 65635, unit="0.1 kWh", counter_modulus=4294967296)),
    (36000000, {"counter_wraps": 0}, counter(32668, 32768, unit="0.1 kWh", counter_modulus="99999.9e1")),
    (4500000, {}, record(value=1250, unit="Wh", rated_power_w=1000)),
    (0, {}, record(value=0)),
    (0, {}, record(value=-0.0, unit="W")),
    (32400000, {}, counter(5, 14, quantum="0.5")),
    (3600000, {"quantum_joules": 360000}, record(quantum="0.1")),
    (3600000, {"component": "facility-feed", "pue_applied": True, "energy_provenance": "measured"}, feed()),
    (3600000, {"pue_applied": False, "accuracy_class": "inferred", "energy_provenance": "estimated"},
     feed(pue_applied=False, quality="substituted")),
    (3600000, {"accuracy_class": "billing-meter"}, feed(accuracy_class="billing-meter")),
    (3600000, {"accuracy_class": "device-counter", "component": "node", "node_id": "n1"},
     record(energy_source="redfish", node_id="n1")),
    (3600000, {"accuracy_class": "power-integrated", "transport": "ipmi-lan"},
     record(energy_source="ipmi", unit="kW", transport="ipmi-lan")),
    (3600000, {"component": "ups", "energy_provenance": "estimated"}, record(energy_source="ups", quality="estimated")),
    (3600000, {"device_id": "d\u00fc\n\"", "grid_region": "DE-LU", "simulated": True},
     record(device_id="d\u00fc\n\"", grid_region="DE-LU", simulated=True)),
    (117178901.58319752, {}, record(value="00000032.5496948842215333")),
    (3600000, {"valid_from": "2026-06-13T12:00:00.123Z", "measurement_window_ms": 3600001},
     record(**{"from": "2026-06-13T14:00:00.123999999+02:00", "to": "2026-06-13T13:00:00.124Z"})),
    (15, {}, counter({"value": 10, "serial": "a", "reset_at": "x"}, {"value": 25, "serial": "a", "reset_at": "x"}, unit="J")),
]


def acceptances():
    records = [item[2] | {"facility_id": f"f{i}"} for i, item in enumerate(ACCEPTED)]
    answer = call(records, wanted=0)
    if not check_equal(len(answer["events"]), len(ACCEPTED), f"all neighbours are accepted: {answer['refused']}"):
        return
    for (joules, tags, _), event in zip(ACCEPTED, answer["events"]):
        said = {key: event["tags"].get(key) for key in tags}
        check_equal((float(event["quantity"]), said), (float(joules), tags), f"{joules} J: {json.dumps(tags)}")
    wrong = [error.message for error in INPUT.iter_errors({"records": records, "metadata": METADATA})]
    check_equal(wrong, [], "and by the input schema")
    wrong = [error.message for error in OUTPUT.iter_errors(stripped(answer))]
    check_equal(wrong, [], "their answer keeps its schema")
    judged = subprocess.run([EMIT, "validate", "--strict"], capture_output=True, text=True, check=False,
                            input="\n".join(json.dumps(event) for event in answer["events"]))
    check_equal((judged.returncode, judged.stdout), (0, ""), "the events keep the contract at strict")


# --- Records that speak of the same time ---

def same_time():
    records = [hours(1, 2), hours(2, 3), hours(1, 2, value="1000", unit="Wh"), hours(5, 6), hours(5, 6, value=2),
               hours(10, 14), hours(11, 12), hours(13, 15), hours(15, 16), hours(11, 12, device_id="rack-8"),
               hours(11, 12, facility_id="fra-2"), hours(11, 12, component="rack")]
    answer = call(records, wanted=3)
    codes = {item["index"]: item["code"] for item in answer["refused"]}
    check_equal(codes, {3: "conflict", 4: "conflict", 5: "overlap", 6: "overlap", 7: "overlap"},
                "of a conflict and of an overlap both records are refused; edges may touch; other meters do not matter")
    check_equal((answer["duplicates"], len(answer["events"])), (1, 6), "what says the same in another unit is a repeat")
    messages = {item["index"]: item["message"] for item in answer["refused"]}
    check("records[4]" in messages[3] and "records[3]" in messages[4] and "records[5]" in messages[6],
          "the other record is named")
    random_ = random.Random(3)
    shuffled = list(range(len(records)))
    for _ in range(5):
        random_.shuffle(shuffled)
        again = call([records[i] for i in shuffled], wanted=3)
        check(sorted(map(json.dumps, again["events"])) == sorted(map(json.dumps, answer["events"]))
              and sorted(shuffled[item["index"]] for item in again["refused"]) == [3, 4, 5, 6, 7],
              "the order of the records decides nothing")
    stream = run("\n".join(map(json.dumps, [{"metadata": METADATA}] + records)), "--ndjson", "--no-outbox", wanted=3)
    events = stream.stdout.splitlines()
    said = [line.split(": ")[:2] for line in stream.stderr.splitlines() if line.startswith("standard input")]
    check_equal(said, [["standard input:6", "conflict"], ["standard input:8", "overlap"], ["standard input:9", "overlap"]],
                "a filter has let the first of them out, and refuses the others")
    check_equal(len(events), 8, "and lets out the rest")
    check(all(text in events for text in map(canonical, answer["events"])), "as the object does")
    check("line 5" in stream.stderr and "line 7" in stream.stderr, "the line that stands is named")


def canonical(event):
    return json.dumps(event, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


# --- Metadata ---

def metadata():
    site = {"facility_id": "fra-1", "region": "eu-central", "grid_region": "DE-LU",
            "pue": [{"value": 1.25, "from": "2026-06-13T14:00:00Z", "to": "2026-06-13T15:00:00Z"},
                    {"value": 1.5, "from": "2026-06-13T16:00:00+01:00", "to": "2026-06-13T16:00:00Z"}],
            "grid_carbon_intensity": [{"g_per_kwh": 312.5, "kind": "average", "from": "2026-06-01T00:00:00Z",
                                       "to": "2026-07-01T00:00:00Z"}],
            "electricity_price": [{"per_kwh": -0.01, "currency": "EUR", "from": "2026-06-13T14:00:00Z",
                                   "to": "2026-06-13T14:59:59.999Z"}],
            "curtailment": [{"id": "cw-7", "kind": "demand-response", "from": "2026-06-13T13:00:00Z",
                             "to": "2026-06-13T15:00:00Z"}]}
    other = {"grid_region": "FR"}
    records = [hours(14, 15), hours(15, 16), hours(14, 16, device_id="long"), hours(14, 15, facility_id="par-1"),
               hours(14, 15, device_id="elsewhere", region="own")]
    answer = call(records, [site, other], wanted=0)
    check(INPUT.is_valid({"records": records, "metadata": [site, other]}), "metadata keeps the input schema")
    tags = [event["tags"] for event in answer["events"]]
    check_equal([tag.get("pue") for tag in tags], [1.25, 1.5, None, None, 1.25], "a PUE holds for windows it covers whole")
    check_equal([tag.get("electricity_price_per_kwh") for tag in tags], [None] * 5, "a price that ends a millisecond early does not")
    check_equal([tag.get("grid_carbon_intensity_g_per_kwh") for tag in tags], [312.5, 312.5, 312.5, None, 312.5],
                "intensity is the facility's own")
    check_equal((tags[0]["curtailment_window_id"], tags[0]["curtailment_from"], tags[0]["curtailment_to"],
                 tags[0]["curtailment_kind"], "curtailment_window_id" in tags[1]),
                ("cw-7", "2026-06-13T13:00:00.000Z", "2026-06-13T15:00:00.000Z", "demand-response", False),
                "a curtailment window holds the windows inside it")
    check_equal([(tag.get("region"), tag.get("grid_region")) for tag in tags],
                [("eu-central", "DE-LU")] * 3 + [(None, "FR"), ("own", None)], "a record's own place stands")
    check_equal({event["quantity"] for event in answer["events"]}, {3600000}, "nothing is multiplied with energy")
    check(len(answer["notes"]) == 3 and any("price was left off 4 events" in note for note in answer["notes"])
          and any("PUE was left off 1 event:" in note for note in answer["notes"]), f"what was left off is told: {answer['notes']}")
    bad = [("metadata.pue[0].value", {"pue": [{"value": 0.9, "from": "2026-06-13T14:00:00Z", "to": "2026-06-13T15:00:00Z"}]}),
           ("metadata.pue[0].value: must be a number from 1 to 10", {"pue": [{"value": 125, "from": "2026-06-13T14:00:00Z", "to": "2026-06-13T15:00:00Z"}]}),
           ("metadata.pue[0].value", {"pue": [{"value": 10.001, "from": "2026-06-13T14:00:00Z", "to": "2026-06-13T15:00:00Z"}]}),
           ("metadata.rigion: there is no such member (nearest: region)", {"rigion": "x"}),
           ("metadata.pue[0].valu: there is no such member (nearest: value)", {"pue": [{"valu": 1.2}]}),
           ("metadata.pue[0].to", {"pue": [{"value": 1.9, "from": "2026-06-13T14:00:00Z"}]}),
           ("metadata.carbon", {"carbon": []}),
           ("metadata.electricity_price[0].currency", {"electricity_price": [
               {"per_kwh": 1, "currency": "Euro", "from": "2026-06-13T14:00:00Z", "to": "2026-06-13T15:00:00Z"}]}),
           ("metadata.grid_carbon_intensity[0].kind", {"grid_carbon_intensity": [
               {"g_per_kwh": 1, "from": "2026-06-13T14:00:00Z", "to": "2026-06-13T15:00:00Z"}]}),
           ("metadata.curtailment[0].lbs", {"curtailment": [{"lbs": 1}]})]
    for place, wrong in bad:
        answer = call([record()], METADATA | wrong)
        check(answer["exit"] == 2 and place in answer["stderr"], f"exit 2 names {place}: {answer['stderr']}")
        check(not INPUT.is_valid({"records": [], "metadata": METADATA | wrong}), f"{place}: nor by the schema")
    highest = {"pue": [{"value": 10, "from": "2026-06-13T14:00:00Z", "to": "2026-06-13T15:00:00Z"}]}
    check_equal(call([record()], METADATA | highest)["exit"], 0, "a PUE of 10 is taken")
    overlapping = {"pue": [site["pue"][0], {"value": 1.3, "from": "2026-06-13T14:59:00Z", "to": "2026-06-13T16:00:00Z"}]}
    answer = call([record()], METADATA | overlapping)
    check(answer["exit"] == 2 and "overlaps" in answer["stderr"], f"two PUEs at once are told: {answer['stderr']}")
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "site.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(site, file)
        got = run("\n".join(map(json.dumps, records[:3])), "--ndjson", "--no-outbox", "--metadata", path, wanted=0)
        check_equal(json.loads(got.stdout.splitlines()[0])["tags"]["pue"], 1.25, "--metadata is the same from a file")
        with open(path, "w", encoding="utf-8-sig") as file:
            json.dump(site, file)
        marked = run("\ufeff" + "\n".join(map(json.dumps, records[:3])), "--ndjson", "--no-outbox", "--metadata", path, wanted=0)
        check_equal(marked.stdout, got.stdout, "byte order marks before both change nothing")
        marked = run("\ufeff" + json.dumps({"records": records[:1], "metadata": site}), "--no-outbox", wanted=0)
        check_equal(len(json.loads(marked.stdout)["events"]), 1, "nor before an object")
        marked = run(json.dumps(records[0]) + "\n\ufeff" + json.dumps(records[1]), "--ndjson", "--no-outbox", "--metadata", path, wanted=3)
        check("standard input:2: malformed" in marked.stderr, f"within a stream it is no part of JSON: {marked.stderr}")


# Without its metadata an event would go out that is never replaced.
def lines_of_metadata():
    good = json.dumps({"metadata": METADATA})
    for line, says in (('{"metadata":{"region":"x"},"records":[]}', "without --ndjson"), ('{"metadata":{"region":"x"},"site":1}', "beside metadata"), ('{"metadata":{"region":}}', "no value"),
                       ('{"metadata":{"rgion":"x"}}', "metadata.rgion")):
        got = run(line + "\n" + json.dumps(record(region="own")), "--ndjson", "--no-outbox")
        check(got.returncode == 2 and got.stdout == "" and "line 1: " in got.stderr and says in got.stderr,
              f"a first line that was to be metadata ends it: {got.stderr}")
    got = run("\n".join([good, json.dumps(record()), good, json.dumps(hours(1, 2))]), "--ndjson", "--no-outbox")
    check(got.returncode == 2 and "line 3: metadata must stand before the first record" in got.stderr,
          f"so does metadata behind a record: {got.stderr}")
    site = METADATA | {"curtailment": [{"id": "c", "from": "2026-06-13T10:00:00Z", "to": "2026-06-13T10:30:00Z"}]}
    answer = call([hours(8, 9), hours(9, 10), hours(10, 11), hours(11, 12)], site)
    check_equal(len([note for note in answer["notes"] if "1 event:" in note]), len(answer["notes"]),
                "that nothing was curtailed is not told")
    check_equal(len(answer["notes"]), 1, "a part that was is")


# A feed that pauses gets its events before it goes on.
def a_pause():
    with tempfile.TemporaryDirectory() as folder:
        words = [EMIT, "campus", "facility-energy", "--ndjson", "--outbox", os.path.join(folder, "outbox.db")]
        with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            for hour in range(3):
                process.stdin.write(json.dumps(hours(hour, hour + 1, region="r")) + "\n")
                process.stdin.flush()
                line = process.stdout.readline()  # would wait for ever
                check(f"T0{hour}:00:00.000Z" in line, f"event {hour} comes while the feed pauses")
            process.stdin.close()
            check(" 3 stored" in process.stderr.read(), "and all of them are stored")


# --- Reading and storing ---

def unreadable():
    cases = [("", "nothing to read"), ("[]", ""), ("{", "no JSON"), ("null", "no object"), ('"x"', "no object"), ("1 2", "no object"),
             ('[{"records":[]}]', "--ndjson"), ('{"records":1}', "array"), ("{}", "no records"),
             ('{"records":[],"record":[]}', "'record'"), ('{"records":[]} {"records":[]}', "no JSON"),
             ('{"records":[]}\n{"records":[]}', "more than one"),
             ('{"records":[{"a":1,"a":2}]}', "key"), ('{"records":[],"metadata":{"pue":1}}', "metadata.pue")]
    for text, says in cases:
        got = run(text, "--no-outbox")
        check(got.returncode == 2 and got.stdout == "" and says in got.stderr, f"exit 2 for {text!r}: {got.stderr!r}")
    answer = call([])
    check_equal((answer["exit"], stripped(answer)), (0, {"events": [], "refused": [], "duplicates": 0, "notes": []}),
                "no records are no error")
    got = run('{"metadata":{"region":"x"}}\n' + json.dumps(record()) + '\n{"energy_source":\n' + json.dumps(hours(3, 4)) + "\n",
              "--ndjson", "--no-outbox", wanted=3)
    check(len(got.stdout.splitlines()) == 2 and "malformed" in got.stderr, f"a broken line costs itself alone: {got.stderr!r}")


def stored():
    with tempfile.TemporaryDirectory() as folder:
        env = os.environ | {"EMIT_OUTBOX": os.path.join(folder, "outbox.db")}
        document = json.dumps({"records": [hours(1, 2), hours(2, 3)], "metadata": METADATA})
        copy = os.path.join(folder, "copy.ndjson")
        first = run(document, "--output", copy, "--workspace", "ws_1", env=env, wanted=0)
        again = run(document, "--workspace", "ws_1", env=env, wanted=0)
        check(first.stdout == again.stdout and "2 stored before" in again.stderr, f"once more is the same: {again.stderr}")
        check_equal(len(open(copy, encoding="utf-8").readlines()), 2, "--output has a copy")
        changed = json.dumps({"records": [hours(1, 2, value=2), hours(3, 4)], "metadata": METADATA})
        got = run(changed, "--workspace", "ws_1", env=env, wanted=3)
        answer = json.loads(got.stdout)
        check_equal(([item["code"] for item in answer["refused"]], len(answer["events"])), (["already-stored"], 1),
                    "another value for a stored window is told, and replaces nothing")
        got = run("\n".join(map(json.dumps, [{"metadata": METADATA}, hours(1, 2, value=2)])), "--ndjson", "--workspace", "ws_1",
                  env=env, wanted=3)
        check(got.stdout == "" and "already-stored" in got.stderr, "a filter tells it, too")
        export = subprocess.run([EMIT, "outbox", "export"], env=env, capture_output=True, text=True, check=False).stdout
        check_equal(sorted(json.loads(line)["quantity"] for line in export.splitlines()), [3600000] * 3, "the store has three")


def already(records, env, workspace="ws_1", site=METADATA):
    got = run(json.dumps({"records": records, "metadata": site}), "--workspace", workspace, env=env)
    answer = json.loads(got.stdout)
    check_equal([error.message for error in OUTPUT.iter_errors(answer)], [], "the answer keeps its schema")
    said = [(item["index"], item["code"], item["message"]) for item in answer["refused"]]
    return len(answer["events"]), said


# What an earlier call has stored counts as what stands in the same call.
def stored_overlaps():
    with tempfile.TemporaryDirectory() as folder:
        env = os.environ | {"EMIT_OUTBOX": os.path.join(folder, "outbox.db")}
        quarters = [record(value=f"0.{i}", **{"from": f"2026-06-13T14:{15 * i:02d}:00Z",
                                              "to": f"2026-06-13T14:{15 * i + 15:02d}:00Z"}) for i in range(3)]
        check_equal(already(quarters, env), (3, []), "three quarters of an hour are stored")
        count, said = already([hours(14, 15), hours(13, 14), hours(10, 13), hours(14, 15, device_id="rack-8")], env)
        check_equal((count, [item[:2] for item in said]), (3, [(0, "already-stored")]),
                    "their hour would count them twice; what touches it does not")
        check("overlaps 2026-06-13T14:00:00.000Z to 2026-06-13T14:15:00.000Z" in said[0][2] and "ws_1" in said[0][2],
              f"what is in the way is named: {said}")
        got = run("\n".join(map(json.dumps, [{"metadata": METADATA}, hours(9, 11), hours(16, 17)])), "--ndjson", env=env, wanted=3)
        check(len(got.stdout.splitlines()) == 1 and "standard input:2: already-stored" in got.stderr
              and "2026-06-13T10:00:00.000Z" in got.stderr, f"a filter tells it, too: {got.stderr}")
        again = record(energy_source="redfish", component="outlet", device_id="o1")
        check_equal(already([record(component="outlet", device_id="o1")], env), (1, []), "an outlet, read over SNMP")
        count, said = already([again], env)
        check(count == 0 and said and "energy_source" in said[0][2], f"is the same outlet over Redfish: {said}")
        both = call([record(component="outlet", device_id="o1"), again])
        check_equal([item["code"] for item in both["refused"]], ["conflict"] * 2, "also in one object")
        count, said = already([hours(16, 17)], env, "ws_2")
        check(count == 0 and said and "workspace_id" in said[0][2], f"the same joules in two workspaces: {said}")
        later = {"region": "eu-central", "pue": [{"value": 1.3, "from": "2026-01-01T00:00:00Z", "to": "2027-01-01T00:00:00Z"}]}
        count, said = already([hours(10, 13)], env, site=later)
        check(count == 0 and said and "another pue;" in said[0][2], f"metadata that came later replaces nothing: {said}")
        verified = subprocess.run([EMIT, "outbox", "verify"], env=env, capture_output=True, text=True, check=False)
        check_equal(verified.returncode, 0, f"the store is whole: {verified.stdout}")


# Two calls at once: of windows that overlap one is stored, whoever comes first.
def at_once():
    with tempfile.TemporaryDirectory() as folder:
        env = os.environ | {"EMIT_OUTBOX": os.path.join(folder, "outbox.db")}
        calls = []
        for minute in range(4):
            records = [record(**{"from": f"2026-06-{day:02d}T{hour:02d}:{minute:02d}:00Z",
                                 "to": f"2026-06-{day:02d}T{hour:02d}:30:00Z"}) for day in range(1, 21) for hour in range(24)]
            process = subprocess.Popen([EMIT, "campus", "facility-energy"], env=env, stdin=subprocess.PIPE,
                                       stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
            calls.append((process, json.dumps({"records": records, "metadata": METADATA})))
        for process, text in calls:
            process.stdin.write(text)
            process.stdin.close()
        answers = []
        for process, _ in calls:
            answers.append(json.loads(process.stdout.read()))
            process.wait()
        check_equal((sum(len(answer["events"]) for answer in answers),
                     {item["code"] for answer in answers for item in answer["refused"]}), (480, {"already-stored"}),
                    "of four calls at once each half hour is stored once")


# The chapter of the guide, as it stands.
def guide():
    with open(os.path.join(SOURCE, "docs", "guide.md"), encoding="utf-8") as file:
        chapter = file.read().split("\n## Facility windows\n")[1].split("\n## ")[0]
    given, beside, event = (json.loads(part.split("```")[0]) for part in chapter.split("```json\n")[1:])
    check(INPUT.is_valid(given), "the guide's input keeps the schema")
    with open(os.path.join(SOURCE, "examples", "windows.json"), encoding="utf-8") as file:
        check_equal(json.load(file), given, "and is the example's")
    with tempfile.TemporaryDirectory() as folder:  # where no workspace.yaml is above it
        got = subprocess.run([EMIT, "campus", "facility-energy", "--no-outbox"], input=json.dumps(given), cwd=folder,
                             capture_output=True, text=True, check=False)
    answer = json.loads(got.stdout)
    events = answer.pop("events")
    check_equal((got.returncode, answer, events[0], len(events)), (3, beside, event, 2), "and is answered as it says")


exact_joules()
guide()
units_and_parts()
refusals()
acceptances()
same_time()
metadata()
a_pause()
lines_of_metadata()
unreadable()
stored()
stored_overlaps()
at_once()
end()
