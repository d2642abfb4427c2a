# SPDX-License-Identifier: Apache-2.0
"""Usage records in a file, `emit tokens` that stores an event for each, and what is stored then."""
import json
import os
import subprocess


def write(folder, count):
    with open(os.path.join(folder, "usage.jsonl"), "w", encoding="ascii") as file:
        for number in range(count):
            usage = {"prompt_tokens": 100 + number, "completion_tokens": 10, "total_tokens": 110 + number}
            record = {"id": f"chatcmpl-{number}", "object": "chat.completion", "created": 1780000000 + number,
                      "model": "made-up", "usage": usage}
            file.write(json.dumps(record) + "\n")
    with open(os.path.join(folder, "emit.yaml"), "w", encoding="ascii") as file:
        file.write("models:\n  made-up: managed-balanced-v1\n")


def command(emit, folder, store):
    return [emit, "tokens", "--config", os.path.join(folder, "emit.yaml"), "--usage", os.path.join(folder, "usage.jsonl"),
            "--run-id", "run_of_faults", "--group", "request", "--outbox", store, "--quiet"]


def run(emit, folder, store):
    return subprocess.run(command(emit, folder, store), capture_output=True, text=True)


def stored(emit, store):
    """The bodies of the events; none where there is no store yet."""
    return subprocess.run([emit, "outbox", "export", "--outbox", store], capture_output=True, text=True).stdout.splitlines()


def refs_of(lines):
    return [json.loads(line)["tags"]["record_ref"] for line in lines]
