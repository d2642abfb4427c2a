#!/usr/bin/python3
# Files that real meters and utilities wrote, turned into records by a few lines of Python: what
# emit campus makes of them adds up to the sums of the files themselves.
# SPDX-License-Identifier: Apache-2.0
import csv
import glob
import json
import os
import subprocess
import sys
import xml.etree.ElementTree
from collections import Counter
from datetime import datetime, timedelta, timezone
from fractions import Fraction

SOURCE = os.environ["SOURCE"]
sys.path.insert(0, os.path.join(SOURCE, "tests", "support"))
from tap import EMIT, check, check_equal, end, skip

RECORDINGS = os.path.join(SOURCE, "..", "shared", "recordings")
JOULES = {"wh": ("Wh", 3600), "kwh": ("kWh", 3600000)}


def time_text(moment):
    return moment.astimezone(timezone.utc).isoformat(timespec="seconds").replace("+00:00", "Z")


def record(meter, begin, length, value, unit, quality="measured"):
    return {"energy_source": "smart_meter", "facility_id": "site-1", "device_id": meter, "from": time_text(begin),
            "to": time_text(begin + length), "value": value, "unit": unit, "quality": quality, "pue_applied": True}


def convert(records):
    text = "\n".join(json.dumps(item) for item in [{"metadata": {"region": "somewhere"}}] + records)
    got = subprocess.run([EMIT, "campus", "facility-energy", "--ndjson", "--no-outbox"], input=text, capture_output=True,
                         text=True, check=False)
    return got, [json.loads(line) for line in got.stdout.splitlines()]


def joules(events):
    return sum(Fraction(event["quantity"]) for event in events)


def nearly(got, wanted):
    return abs(got - wanted) <= wanted / 10**12  # each event is rounded once, to 53 bits


# NEM12: times are UTC+10 all year; quality A is actual, others are estimated or substituted.
def nem12(path):
    records, meter, unit, minutes = [], "", "", 30
    with open(path, encoding="utf-8", newline="") as file:
        for row in csv.reader(file):
            if row[0] == "200":
                meter, unit, minutes = f"{row[1]}-{row[4]}", row[7], int(row[8])
            elif row[0] == "300":
                day = datetime.strptime(row[1], "%Y%m%d").replace(tzinfo=timezone(timedelta(hours=10)))
                count = 24 * 60 // minutes
                quality = "measured" if row[2 + count].startswith("A") else "estimated"
                records += [record(meter, day + timedelta(minutes=i * minutes), timedelta(minutes=minutes),
                                   row[2 + i], unit, quality) for i in range(count)]
    return records


def check_nem12(name):
    records = nem12(os.path.join(RECORDINGS, "nem12", name))
    energy = [item | {"unit": JOULES[item["unit"].lower()][0]} for item in records if item["unit"].lower() in JOULES]
    others = [item for item in records if item["unit"].lower() not in JOULES]
    got, events = convert(energy)
    wanted = sum(Fraction(item["value"]) * JOULES[item["unit"].lower()][1] for item in energy)
    check(energy and len(events) == len(energy) and nearly(joules(events), wanted),
          f"{name}: {len(energy)} intervals are {len(events)} events of {float(wanted)} J: {got.stderr[-300:]}")
    estimated = sum(item["quality"] == "estimated" for item in energy)
    check_equal(sum(event["tags"]["accuracy_class"] == "inferred" for event in events), estimated,
                f"{name}: {estimated} of them are estimated")
    if others:
        got, events = convert(others)
        check(got.returncode == 3 and not events and got.stderr.count("not-energy") == len(others),
              f"{name}: {len(others)} intervals of {others[0]['unit']} are no energy")


# Half hours by their end; the publisher does not say the zone, this test takes UTC.
def check_half_hours(name):
    with open(os.path.join(RECORDINGS, "half-hour-csv", name), encoding="utf-8", newline="") as file:
        rows = [row for row in csv.reader(file) if len(row) >= 4 and row[0].isdigit()]
    half = timedelta(minutes=30)
    records = []
    for meter, stamp, value, kind in (row[:4] for row in rows):
        finish = datetime.strptime(stamp, "%d %b %Y %H:%M:%S").replace(tzinfo=timezone.utc)
        quality = "measured" if kind.startswith("Actual") else "estimated"
        records.append(record(meter, finish - half, half, value, "kWh", quality))
    got, events = convert(records)
    single = Counter((item["device_id"], item["from"]) for item in records)
    wanted = sum(Fraction(item["value"]) for item in {json.dumps(item): item for item in records}.values()) * 3600000
    check(len(records) > 40 and len(events) == len(single) and nearly(joules(events), wanted),
          f"{name}: {len(records)} half hours are {len(events)} events of {float(wanted)} J: {got.stderr[-200:]}")


# Green Button: epoch seconds; power of ten 0 and uom 72 are watt hours.
def check_green_button(name):
    tree = xml.etree.ElementTree.parse(os.path.join(RECORDINGS, "green-button", name))
    records = []
    for reading in (item for item in tree.iter() if item.tag.endswith("IntervalReading")):
        part = {item.tag.split("}")[-1]: item.text for item in reading.iter()}
        begin = datetime.fromtimestamp(int(part["start"]), timezone.utc)
        records.append(record("meter-1", begin, timedelta(seconds=int(part["duration"])), part["value"], "Wh"))
    got, events = convert(records)
    kept = {json.dumps(item): item for item in records}
    windows = Counter((item["from"], item["to"]) for item in kept.values())
    check_equal(max(windows.values()), 1, f"{name}: no window is said twice in two ways")
    wanted = sum(Fraction(item["value"]) * 3600 for item in kept.values())
    check(len(records) > 300 and len(events) == len(kept) and joules(events) == wanted,
          f"{name}: {len(records)} readings are {len(events)} events of {float(wanted)} J: {got.stderr[-300:]}")


# DSMR: registers with leading zeros, kilowatt hours with three decimals; a reading and one a quarter hour later.
def check_dsmr(name):
    with open(os.path.join(RECORDINGS, "dsmr", name), encoding="utf-8") as file:
        lines = [line for line in file if line.startswith("1-0:1.8.1(")]
    register = lines[0].split("(")[1].split("*")[0]
    later = f"{Fraction(register) * 1000 + 250}".rjust(9, "0")
    begin = datetime(2026, 6, 13, tzinfo=timezone.utc)
    item = record("p1-tariff-1", begin, timedelta(minutes=15), ..., "kWh")
    del item["value"]
    item |= {"first": {"value": register}, "last": {"value": f"{later[:-3]}.{later[-3:]}"}, "quantum": "0.001",
             "transport": "dsmr"}
    got, events = convert([item])
    check_equal([event["quantity"] for event in events], [900000],
                f"{name}: from {register} kWh on 250 Wh more are 900 kJ: {got.stderr[-200:]}")


# A PDU whose outlets all read the same number: read a second time an hour later, nothing was used.
def check_redfish():
    folder = os.path.join(RECORDINGS, "redfish", "public-pdu", "Chassis", "PDU", "Sensors")
    records = []
    for path in sorted(glob.glob(os.path.join(folder, "*", "index.json"))):
        with open(path, encoding="utf-8") as file:
            sensor = json.load(file)
        if sensor.get("ReadingUnits") != "kW.h":
            continue
        records.append({"energy_source": "pdu", "component": "outlet", "transport": "redfish", "facility_id": "site-1",
                        "device_id": sensor["Id"], "from": "2026-06-13T14:00:00Z", "to": "2026-06-13T15:00:00Z",
                        "unit": "kWh", "quantum": 1, "first": {"value": sensor["Reading"]},
                        "last": {"value": sensor["Reading"]}})
    got, events = convert(records)
    check(len(records) > 5 and not events and got.stderr.count("below-resolution") == len(records),
          f"public-pdu: {len(records)} counters of whole kWh that stand still tell nothing of an hour")


if not os.path.isdir(RECORDINGS):
    skip("files of real meters", f"{RECORDINGS} is missing")
    end()
check_nem12("Example_NEM12_actual_interval.csv")
check_nem12("Example_NEM12_multiple_meters.csv")
check_half_hours("example.csv")
check_green_button("sample_greenbutton_data.xml")
check_dsmr("v4_2.txt")
check_dsmr("v5.txt")
check_redfish()
end()
