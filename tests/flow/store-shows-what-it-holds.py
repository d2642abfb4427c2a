#!/usr/bin/python3
# emit outbox and emit diagnostics print what the store holds: in order, within 80
# columns, and never more rights than 0600 for it.
# SPDX-License-Identifier: Apache-2.0
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from store import Folder, emit, write
from tap import check, check_equal, end

with Folder() as folder:
    store = folder + "/state/emit/outbox.db"
    for words in (["outbox", "stats"], ["outbox", "prune", "--older-than", "1d"], ["diagnostics"]):
        done = emit(*words, "--outbox", store)
        check(done.returncode == 2 and "emit run, tokens or campus makes one" in done.stderr, f"{' '.join(words)} without a store: {done.stderr.strip()}")
    check(not os.path.exists(folder + "/state"), "nothing was created by looking")
    check_equal(emit("outbox", "dance").returncode, 2, "an unknown action is a usage error")

    write(store)
    lines = emit("outbox", "export", "--outbox", store).stdout.splitlines()
    check_equal([json.loads(line)["n"] for line in lines], list(range(20)), "export: all, in order, as JSON lines")
    run = emit("outbox", "export", "--run", "run_1", "--outbox", store).stdout.splitlines()
    check_equal([json.loads(line)["n"] for line in run], list(range(1, 20, 2)), "export of one run")
    table = emit("outbox", "list", "--limit", "3", "--outbox", store).stdout.splitlines()
    check(len(table) == 4 and max(map(len, table)) <= 80, "list: a heading and three lines of at most 80")
    check(emit("outbox", "list", "--json", "--limit", "1", "--outbox", store).stdout.strip() == lines[-1], "the newest first")
    stats = json.loads(emit("outbox", "stats", "--json", "--outbox", store).stdout)
    check(stats["events"] == 20 and stats["store"] == store, "stats: the count and the place")
    check((stats["max_bytes"], stats["retention_days"]) == (1 << 30, 90), f"and the limits: {stats}")
    manual = " ".join(emit("help", "--format", "man", "outbox").stdout.split())
    check("at most 1 GiB" in manual and "for 90 days" in manual, "which the manual states as well")
    text = emit("outbox", "stats", "--outbox", store).stdout
    check("of 1024.0 MiB" in text and "90 days" in text and max(map(len, text.splitlines())) <= 80, "stats for people")
    check_equal(emit("outbox", "stats", environment={"EMIT_OUTBOX": store}).returncode, 0, "EMIT_OUTBOX names the store as well")
    full = emit("outbox", "export", "--outbox", store, before=["sh", "-c", 'exec "$0" "$@" >/dev/full'])
    check(full.returncode == 2 and "standard output" in full.stderr, "an output that is full is told")
    for words, said in (["diagnostics"], "none in the store"), (["diagnostics", "--run", "nope"], "none of a run 'nope'"):
        done = emit(*words, "--outbox", store)
        check((done.returncode, done.stdout) == (0, "") and said in done.stderr, f"{' '.join(words)}: {done.stderr.strip()}")
    check_equal(emit("outbox", "prune", "--outbox", store).returncode, 2, "prune without an age removes nothing")
    done = emit("outbox", "prune", "--older-than", "1d", "--outbox", store)
    check_equal(done.stdout, "0 entries removed\n", "nothing is a day old")
    done = emit("outbox", "prune", "--older-than", "1ns", "--outbox", store)
    check_equal(done.stdout, "20 entries removed\n", "all is a nanosecond old")

    # Windows of a facility are of no run: who looks for runs is told where they are.
    window = {"energy_source": "pdu", "facility_id": "fra-1", "device_id": "rack-7", "region": "eu-central",
              "from": "2026-06-13T14:00:00Z", "to": "2026-06-13T15:00:00Z", "value": 1, "unit": "kWh"}
    for words in (["runs"], ["show", "fra-1"]):
        check("windows" not in emit(*words, "--outbox", store).stderr, f"{words[0]} of an empty store speaks of none")
    with open(folder + "/windows.json", "w", encoding="utf-8") as file:
        json.dump({"records": [window]}, file)
    emit("campus", "facility-energy", folder + "/windows.json", "--outbox", store)
    for words, status in (["runs"], 0), (["show", "fra-1"], 1):
        done = emit(*words, "--outbox", store)
        check((done.returncode, done.stdout) == (status, "") and "windows of facilities" in done.stderr
              and "emit outbox list" in done.stderr, f"{words[0]} of windows alone: {done.stderr.strip()}")
    modes = {os.stat(os.path.join(folder, "state/emit", name)).st_mode & 0o777 for name in os.listdir(folder + "/state/emit")}
    check_equal(modes, {0o600}, "every file of the store is 0600")
end()
