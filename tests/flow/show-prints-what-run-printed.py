# emit show prints, from the store, what was printed when the run ended; emit runs
# lists the runs; both say clearly what they cannot find.
# SPDX-License-Identifier: Apache-2.0
import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from tap import EMIT, check, check_equal, end, skip

STORE_MAKER = os.environ["MADE_UP_STORE"]
CONTRACT = os.environ["CONTRACT"]


def emit(*arguments, store):
    return subprocess.run([EMIT, *arguments, "--outbox", store], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=60)


def schema_of(name):
    try:
        import jsonschema
    except ImportError:
        return None
    with open(os.path.join(CONTRACT, name)) as file:
        return jsonschema.Draft202012Validator(json.load(file))


def faults(schema, line):
    return [error.message for error in schema.iter_errors(json.loads(line))]


with tempfile.TemporaryDirectory() as folder:
    store = os.path.join(folder, "state", "outbox.db")
    empty = emit("runs", store=store)
    check(empty.returncode == 2 and "no store" in empty.stderr and not empty.stdout,
          "emit runs says that there is no store")
    check(not os.path.exists(os.path.dirname(store)), "and creates none")
    check_equal(emit("show", "run_1", store=store).returncode, 2, "emit show neither")

    subprocess.run([STORE_MAKER, store, folder], check=True)
    runs = sorted(name[:-4] for name in os.listdir(folder) if name.endswith(".txt"))
    stored = [run for run in runs
              if emit("show", run, store=store).returncode == 0]
    check(len(stored) == len(runs) - 1, "every run but the one left to others has a report")
    for run in stored:
        with open(os.path.join(folder, run + ".txt")) as file:
            wanted = file.read()
        shown = emit("show", run, store=store)
        check_equal(shown.stdout, wanted, f"{run} is shown as it was printed")
        check(max(map(len, shown.stdout.splitlines())) <= 80, f"{run}: in 80 columns")

    one = emit("show", stored[0], store=store).stdout
    common = os.path.commonprefix(stored)
    unique = stored[0][:max(len(os.path.commonprefix([stored[0], other]))
                            for other in stored[1:]) + 1]
    check_equal(emit("show", unique, store=store).stdout, one, "the unique beginning of an id will do")
    ambiguous = emit("show", common, store=store)
    check(ambiguous.returncode == 2 and stored[-1] in ambiguous.stderr and not ambiguous.stdout,
          "an ambiguous one names what it could mean: " + ambiguous.stderr.strip())
    unknown = emit("show", "run_unknown", store=store)
    check(unknown.returncode == 1 and "run_unknown" in unknown.stderr and not unknown.stdout,
          "an unknown one is a clear finding: " + unknown.stderr.strip())
    check_equal(emit("show", store=store).returncode, 2, "no id is a usage error")
    check_equal(emit("show", "a", "b", store=store).returncode, 2, "so are two")

    listed = emit("runs", "--limit", "100", store=store)
    lines = listed.stdout.splitlines()
    check(listed.returncode == 0 and not listed.stderr, "emit runs lists the runs")
    check_equal([line.split()[0] for line in lines[1:]], stored[::-1], "newest first")
    check(max(map(len, lines)) <= 80, "in 80 columns")
    check(sum("sim " in line for line in lines[1:]) == 1, "a simulated run is marked")
    check_equal(len(emit("runs", "--limit", "3", store=store).stdout.splitlines()), 4, "--limit")
    objects = [json.loads(line) for line in emit("runs", "--json", "--limit", "100", store=store).stdout.splitlines()]
    check_equal([o["run_id"] for o in objects], stored[::-1], "--json lists the same runs")
    check(all(sum(o["points"].values()) > 0 or o["joules"] is None for o in objects),
          "joules are null where nothing was measured")

    report_schema = schema_of("report.schema.json")
    diagnostic_schema = schema_of("diagnostic.schema.json")
    if report_schema:
        for run in stored:
            document = emit("show", "--json", run, store=store).stdout
            check_equal(faults(report_schema, document), [], f"{run}: the document keeps its schema")
        lines = emit("diagnostics", "--json", store=store).stdout.splitlines()
        check(len(lines) > 5, f"{len(lines)} diagnostics are stored")
        check_equal([f for line in lines for f in faults(diagnostic_schema, line)], [],
                    "they keep their schema")
    else:
        skip("documents keep their schema", "python3-jsonschema is not installed")
    exported = emit("outbox", "export", store=store)
    check(exported.returncode == 0 and len(exported.stdout.splitlines()) > 20, "events can be exported")
    if "emit validate" in subprocess.run([EMIT, "--help"], capture_output=True, text=True).stdout:
        judged = subprocess.run([EMIT, "validate", "--strict"], input=exported.stdout,
                                capture_output=True, text=True, timeout=60)
        check(judged.returncode == 0, "they keep the contract at strict: " + judged.stdout[:400])
    else:
        skip("they keep the contract at strict", "there is no emit validate yet")
end()
