#!/usr/bin/python3
# The counters of an inference server beside measured joules: what it served between the first
# sample and the last one, exactly; joules per token that are the ledger's joules by these
# tokens, or a reason; no event, no secret, and no delay by a server that is slow.
# SPDX-License-Identifier: Apache-2.0
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import jsonschema
import tap
from inference_server import KINDS, Server
from pressure import stalled_s
from tap import EMIT, end, skip

lock = threading.Lock()  # the stories below are told side by side
scratch = tempfile.TemporaryDirectory()
home = scratch.name
environment = {"PATH": os.environ["PATH"], "HOME": home, "XDG_STATE_HOME": os.path.join(home, "state"),
               "XDG_CONFIG_HOME": os.path.join(home, "config"), "XDG_RUNTIME_DIR": home, "http_proxy": "http://127.0.0.1:9"}
SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
NAMES = {"llamacpp": "llama.cpp"}


def check(good, what):
    with lock:
        return tap.check(good, what)


def check_equal(got, wanted, what):
    with lock:
        return tap.check_equal(got, wanted, what)


with open(os.path.join(SOURCE, "contract", "served.schema.json"), encoding="utf-8") as schema:
    SERVED = jsonschema.Draft202012Validator(json.load(schema))


def faults(served):
    return [error.message for error in SERVED.iter_errors(served)]


# A run of a command that ends when its input does: after what happens meanwhile has happened.
def run(url, meanwhile=lambda: None, options=(), **more):
    report = tempfile.mktemp(dir=home)
    named = ("--tokens-from", url) if url else ()
    process = subprocess.Popen([EMIT, "run", *named, "--report", report, "--start-timeout", "5s", *options, "--",
                                "sh", "-c", "echo begun; cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True, env={**environment, **more})
    process.stdout.readline()
    meanwhile()
    _, told = process.communicate(timeout=60)
    with open(report, encoding="utf-8") as file:
        return json.load(file), told, process.returncode


def every_kind_is_counted():
    def count(kind):
        server = Server(kind)
        server.serve(1000, 2000, cached=100, requests=7)
        report, told, status = run(server.url, lambda: server.serve(500, 300, cached=40, requests=5))
        served = report["served"]
        wanted = {"model": "model-a" if kind in ("vllm", "sglang") else "", "input_tokens": 500, "cached_input_tokens": 40,
                  "output_tokens": 300, "requests": 5}
        if kind in ("llamacpp", "tgi"):
            del wanted["cached_input_tokens"]
        if kind == "llamacpp":
            wanted.update(input_tokens=460, input_lacks_cached=True)
            del wanted["requests"]
        check_equal(served["models"], [wanted], f"{kind}: what it served while the command ran")
        check_equal(faults(served), [], f"{kind}: by its schema")
        check_equal((served["kind"], status, len(server.asked)), (NAMES.get(kind, kind), 0, 2), f"{kind}: of two scrapes")
        check(served["unstated"] == "no GPU was measured" and "No joules per token: no GPU was measured." in told,
              f"{kind}: no joules, no joules per token")
        check(max(map(len, told.splitlines())) <= 80, f"{kind}: in 80 columns")
        server.stop()

    with ThreadPoolExecutor(len(KINDS)) as pool:
        list(pool.map(count, KINDS))


def models_and_engines_are_told_apart():
    server = Server("vllm", models=("a", "org/\x1b[2Jevil \"b\""), engines=2)
    server.serve(1000000, 2000000, engine=1, model="a")

    def meanwhile():
        server.serve(1, 2, engine=0, model="a", requests=3)
        server.serve(2345678, 1234567, engine=1, model="a", requests=4)
        server.serve(9, 8, engine=1, model="org/\x1b[2Jevil \"b\"", cached=9)

    report, told, _ = run(server.url, meanwhile)
    counts = {m["model"]: (m["input_tokens"], m["cached_input_tokens"], m["output_tokens"], m["requests"])
              for m in report["served"]["models"]}
    check_equal(counts, {"a": (2345679, 0, 1234569, 7), "org/\x1b[2Jevil \"b\"": (9, 9, 8, 1)}, "by model, engines together")
    check("\x1b" not in told, "and a model's name moves no cursor")
    run_id = report["run_id"]
    shown = subprocess.run([EMIT, "show", run_id], capture_output=True, text=True, env=environment).stdout
    check(shown.startswith(told[:told.index("run_")]) and "2345679" in shown, "emit show shows it again")
    document = subprocess.run([EMIT, "show", "--json", run_id], capture_output=True, text=True, env=environment).stdout
    check_equal(json.loads(document)["served"], report["served"], "and so does its document")
    server.stop()


def what_cannot_be_counted_is_said():
    def restarts(server):
        server.restart()
        server.serve(5000, 5000)  # more than before: no counter fell

    def loses_an_engine(server):
        server.serve(5000, 5000, engine=0)
        server.counts["model-a", 1] = dict.fromkeys(("prompt", "cached", "output", "requests"), 0)

    def is_gone(server):
        server.stop()

    def answers(status, body):
        return lambda server: setattr(server, "answer", (status, body))

    cases = [("vllm", restarts, "started again"), ("llamacpp", restarts, "started again"), ("vllm", loses_an_engine, "fell"),
             ("vllm", is_gone, "onnect"), ("vllm", answers(200, "vllm:generation_tokens_total NaN\n"), "2^53"),
             ("vllm", answers(200, bytes(range(256)) * 64), "no counters"), ("vllm", answers(503, "busy"), "503"),
             ("vllm", answers(200, "vllm:generation_tokens_total{model_name=\"a\"\n"), "line 1"),
             ("sglang", answers(302, ""), "elsewhere"), ("tgi", answers(200, "tgi_request_success 12"), "cut"),
             ("vllm", answers(200, "#" * (5 << 20)), "4 MiB")]

    def tell(case):
        kind, event, words = case
        server = Server(kind, engines=2 if kind == "vllm" else 1)
        for engine in range(server.engines):
            server.serve(1000, 1000, engine=engine)
        report, told, status = run(server.url, lambda: event(server))
        served = report["served"]
        check(words in served.get("refused", "") and "models" not in served and status == 0,
              f"{kind} {event.__name__}: {served.get('refused')}")
        check("Tokens not counted:" in told, "and people are told")
        if event is not is_gone:
            server.stop()

    def before(case):
        kind, answer, words = case
        server = Server(kind)
        server.answer = answer
        report, told, status = run(server.url)
        refused = report["served"]["refused"]
        check(all(word in refused for word in words) and status == 0, f"{kind} from the start: {refused}")
        server.stop()

    firsts = [("ollama", None, ("Ollama", "--usage", "--dialect ollama")), ("llamacpp", (501, "{}"), ("--metrics",)),
              ("sglang", (404, "Not Found"), ("404", "option")), ("vllm", (401, ""), ("401",))]
    with ThreadPoolExecutor(len(cases) + len(firsts)) as pool:
        told = [pool.submit(tell, case) for case in cases] + [pool.submit(before, case) for case in firsts]
        for one in told:
            one.result()


def a_slow_one_delays_no_command():
    server = Server("vllm")
    server.delay = 1.2
    report, _, _ = run(server.url, lambda: time.sleep(1.7), ("--start-timeout", "250ms"))
    check(report["served"]["from_gap_ns"] > 5e8 and "refused" not in report["served"], "a slow one is counted all the same, and its gap is told")
    began, stalled = time.monotonic(), stalled_s()
    process = subprocess.Popen([EMIT, "run", "-q", "--tokens-from", server.url, "--", "echo"], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, env=environment)
    process.stdout.readline()
    waited = time.monotonic() - began
    process.communicate()
    check(waited < 0.95 + stalled_s() - stalled, f"the command starts after {waited * 1000:.0f} ms, the start timeout is 250")
    report, told, _ = run(server.url, options=("--start-timeout", "10ms"))
    check("after the end" in report["served"]["refused"] and "Served" not in told, "an answer after the end is of another time")
    server.stop()


# A name server that says nothing: libcurl's thread goes on asking it, and nobody waits for that.
def no_name_is_waited_for():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        try:
            silent.bind(("127.0.0.9", 53))
        except OSError as error:
            skip("a name server that says nothing", str(error))
            return
        resolver = os.path.join(home, "resolv.conf")
        with open(resolver, "w", encoding="utf-8") as file:
            file.write("nameserver 127.0.0.9\n")
        script = f'mount --bind {resolver} /etc/resolv.conf && exec "$0" tokens --from http://name.example:8000 --for 1s'
        began, stalled = time.monotonic(), stalled_s()
        got = subprocess.run(["unshare", "-m", "sh", "-c", script, EMIT], capture_output=True, text=True, env=environment)
        waited = time.monotonic() - began - (stalled_s() - stalled)
    if "mount" in got.stderr or "unshare" in got.stderr:
        skip("a name server that says nothing", got.stderr.strip())
        return
    check(got.returncode == 3 and waited < 4, f"2 s for a name, not the resolver's 10: {waited:.1f} s, {got.stderr.strip()}")


def a_url_keeps_its_secrets():
    server = Server("vllm")
    url = server.url.replace("//", "//user:s3cret@") + "?model=x&key=s3cret"
    own = os.path.join(home, "secrets")
    os.makedirs(own)
    report, told, _ = run(url, options=("--output", os.path.join(own, "events")), XDG_STATE_HOME=own)
    check_equal((report["served"]["server"], server.headers[0].get("Authorization"), server.asked[0]),
                (server.url, "Basic dXNlcjpzM2NyZXQ=", "/metrics?model=x&key=s3cret"), "name, password and query are used and not shown")
    server.stop()
    gone, told_gone, _ = run("", XDG_STATE_HOME=own, EMIT_TOKENS_FROM=url)
    bad = subprocess.run([EMIT, "run", "--tokens-from", "http://user:s3cret@ho st/?s3cret", "--", "true"], capture_output=True,
                         text=True, env=environment)
    check(bad.returncode == 125 and "no URL" in bad.stderr, f"no URL starts no command: {bad.stderr.strip()}")
    slash = subprocess.run([EMIT, "tokens", "--for", "1s"], capture_output=True, text=True,
                           env={**environment, "EMIT_TOKENS_FROM": "http://user:s3/cr3t@127.0.0.1:9/"})
    check(slash.returncode == 3 and "cr3t" not in slash.stderr and "s3" not in slash.stderr, f"nor half a password: {slash.stderr.strip()}")
    kept = b""
    for folder, _, files in os.walk(own):
        for name in files:
            with open(os.path.join(folder, name), "rb") as file:
                kept += file.read()
    check(len(kept) > 10000 and b"s3cret" not in kept and "s3cret" not in told + told_gone + bad.stderr + json.dumps([report, gone]),
          "nowhere: not in reports, not in the store, not on the terminal")
    bare = Server("vllm")
    report, _, _ = run(f"http://127.0.0.1:{bare.port}/")
    check_equal((bare.asked, report["served"]["server"]), (["/metrics"] * 2, f"http://127.0.0.1:{bare.port}/"),
                "a URL without a path is completed")
    bare.stop()


def tokens_without_a_run():
    server = Server("vllm")

    def tokens(*options):
        return subprocess.run([EMIT, "tokens", "--from", server.url, *options], capture_output=True, text=True, env=environment)

    server.serve_in_between(70, 30)
    got = tokens("--for", "1500ms", "--json")
    check(got.returncode == 0 and json.loads(got.stdout)["models"][0]["output_tokens"] == 30, "--for counts for a while")
    check_equal(faults(json.loads(got.stdout)), [], "its document keeps its schema")
    check(faults({"server": "x"}) and faults({**json.loads(got.stdout), "joules_per_output_token": 1}), "which others do not")
    check_equal([tokens("--run-id", "run_of_nobody").returncode, tokens().returncode], [1, 2],
                "no such run; no end")
    counts = ("--profile", "managed-balanced-v1", "--input", "5", "--run-id", "r", "--no-outbox")
    for words in (counts, ("--usage", "x.jsonl"), ("x.jsonl",)):
        got = tokens(*words)
        check(got.returncode == 2 and "exclude each other" in got.stderr and not got.stdout, f"{words[0]} beside --from: {got.stderr.strip()}")
    got = subprocess.run([EMIT, "tokens", *counts], capture_output=True, text=True, env={**environment, "EMIT_TOKENS_FROM": server.url})
    check(got.returncode == 0 and "modeled" in got.stdout, "a URL in the environment keeps nobody from counts")
    got = subprocess.run([EMIT, "tokens", *counts, "--for", "1s"], capture_output=True, text=True, env=environment)
    check(got.returncode == 2 and "--from" in got.stderr, f"--for without it: {got.stderr.strip()}")
    restarted = Server("vllm")
    restarted.serve(1000, 1000)
    counting = subprocess.Popen([EMIT, "tokens", "--from", restarted.url, "--for", "1s"], stdout=subprocess.PIPE, text=True, env=environment)
    while not restarted.answered:
        time.sleep(0.01)
    restarted.born += 5  # its counters did not fall
    said = counting.communicate()[0]
    check(counting.returncode == 3 and said.startswith("emit: tokens not counted: ") and "started again" in said, f"a server that was started again: {said}")
    restarted.stop()
    server.answer = (200, "vllm:generation_tokens_total 1")
    got = tokens("--for", "10ms", "--json")
    check(got.returncode == 3 and "cut" in got.stderr and not got.stdout, f"half a text: {got.stderr.strip()}")
    server.stop()
    got = tokens("--for", "1s")
    check(got.returncode == 3 and "onnect" in got.stderr and not got.stdout, f"nobody answers: {got.stderr.strip()}")


# Of several runs each has its own tokens; a run in a run has none, the outer one has.
def runs_of_a_group_and_in_a_run():
    server = Server("vllm")
    own = {**environment, "XDG_STATE_HOME": os.path.join(home, "group")}
    simulated = (os.environ["EMIT_TESTBED"], "run", "two-gpus", "--") if os.path.exists("/dev/fuse") else ()
    if not simulated:
        skip("a group of runs, and a run in a run", "needs /dev/fuse")
        return
    got = subprocess.run([*simulated, EMIT, "run", "--start-timeout", "5s", "--repeat", "2", "--tokens-from", server.url, "--", "sleep", "0.3"],
                         capture_output=True, text=True, env=own)
    check("Tokens of the server" in got.stderr and len(server.asked) == 4, f"each is asked for: {len(server.asked)}")
    base = got.stderr.split("emit show ")[1].split()[0][:-2]
    shown = [subprocess.run([EMIT, "show", "--json", f"{base}-{i}"], capture_output=True, text=True, env=own).stdout for i in (1, 2)]
    check(all(json.loads(one)["served"]["kind"] == "vllm" for one in shown), "and has its own report")
    server.asked.clear()
    inner = os.path.join(home, "inner.json")
    got = subprocess.run([*simulated, EMIT, "run", "--start-timeout", "5s", "--tokens-from", server.url, "--", EMIT, "run", "--report", inner,
                          "--tokens-from", server.url, "--", "sleep", "0.3"], capture_output=True, text=True, env=own)
    with open(inner, encoding="utf-8") as file:
        check("served" not in json.load(file) and len(server.asked) == 2 and got.stderr.count("Served meanwhile") == 1,
              "of a run in a run the outer one asks, alone")
    server.stop()


def a_gpu_in_mig_mode_has_none():
    if not os.path.exists("/dev/fuse"):
        skip("a GPU in MIG mode", "needs /dev/fuse")
        return
    server = Server("vllm")
    got = subprocess.run([os.environ["EMIT_TESTBED"], "run", "gpu-mig", "--", EMIT, "run", "--start-timeout", "5s", "--tokens-from", server.url,
                          "--no-outbox", "--", "sleep", "1"], capture_output=True, text=True, env=environment)
    check("No joules per token: a GPU in MIG mode" in got.stderr, f"a GPU in MIG mode counts for others, too: {got.stderr[-900:]}")
    server.stop()


def joules_per_token_are_the_ledgers():
    if not os.path.exists("/dev/fuse"):
        skip("joules per token of the test bed's GPUs", "needs /dev/fuse")
        return
    import testbed
    described = testbed.describe("two-gpus")
    devices = testbed.devices_of_points(described)
    gpus = [devices[gpu["uuid"]] for gpu in described["gpus"]]
    for attempt in range(3):
        server = Server("vllm")
        server.serve(1000000, 1000000)
        server.serve_in_between(40000, 8000, cached=1000, requests=9)
        got = testbed.Run(os.path.join(home, f"bed-{attempt}"), "two-gpus", testbed.ROOT, 3000, ["--tokens-from", server.url])
        server.stop()
        served = got.report["served"]
        gap_ns = served["from_gap_ns"] + served["to_gap_ns"]
        stated = "joules_per_token" in served
        check_equal(stated, gap_ns <= got.report["window_ns"] // 20,
                    f"stated where the windows agree: {gap_ns / 1e6:.0f} ms of {got.report['window_ns'] / 1e6:.0f}")
        if stated:
            break
    if not check(stated, "in one of three runs they agree"):
        return
    truth = sum(got.gpu_joules(gpu, "nvml") for gpu in gpus)
    check(abs(served["gpu_joules"] - truth) < 1e-6, f"the GPUs' joules are the ledger's: {truth}")
    check(abs(served["joules_per_output_token"] - truth / 8000) < 1e-9, f"by output tokens: {served['joules_per_output_token']}")
    check(abs(served["joules_per_token"] - truth / 48000) < 1e-9, f"by all tokens: {served['joules_per_token']}")
    check_equal(sorted(served["gpu_device_ids"]), sorted(gpu["uuid"] for gpu in gpus), "of these GPUs")
    check("joules per token, measured:" in got.got.stderr and "for each of 8000 tokens" in got.got.stderr, "and people are told")
    check(all("token" not in json.dumps(event) for event in got.events) and len(got.events) == got.report["events"]["made"],
          "no event knows of it")


def a_run_that_somebody_else_meters():
    if not os.path.exists("/dev/fuse"):
        skip("emit tokens beside a run", "needs /dev/fuse")
        return
    server = Server("sglang")
    folder = os.path.join(home, "beside")
    os.makedirs(folder)
    server.serve_in_between(600, 300, requests=2)
    script = f"""cd {folder}; "$0" run -q --run-id beside --workspace ws_test -- sleep 2 &
        while ! "$0" runs | grep -q beside; do sleep .02; done
        "$0" tokens --from {server.url} --run-id beside > text; echo $? >> text; wait"""
    got = subprocess.run([os.environ["EMIT_TESTBED"], "run", "two-gpus", "--", "sh", "-c", script, EMIT], capture_output=True,
                         text=True, env={**os.environ, **environment, "XDG_STATE_HOME": folder})
    with open(os.path.join(folder, "text"), encoding="utf-8") as file:
        text = file.read()
    lines = text.splitlines()
    check(lines[-1] == "0" and lines[0].startswith("emit: SIMULATED") and any("gpu 1" in line for line in lines),
          f"the report of the run {got.stderr.strip()}")
    check(any(line.split()[:2] == ["model-a", "600"] for line in lines), "with the tokens that were served meanwhile")
    check("oules per token" in text, "and joules per token, or why there are none")
    server.stop()


STORIES = [every_kind_is_counted, models_and_engines_are_told_apart, what_cannot_be_counted_is_said, a_slow_one_delays_no_command,
           no_name_is_waited_for, a_url_keeps_its_secrets, tokens_without_a_run, runs_of_a_group_and_in_a_run, a_gpu_in_mig_mode_has_none,
           joules_per_token_are_the_ledgers, a_run_that_somebody_else_meters]
with ThreadPoolExecutor(len(STORIES)) as stories:
    for story in [stories.submit(story) for story in STORIES]:
        story.result()
end()
