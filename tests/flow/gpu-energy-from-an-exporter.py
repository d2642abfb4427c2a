#!/usr/bin/python3
# The text of a dcgm-exporter becomes events: the joules are the last count told
# minus the first, each edge is as uncertain as the text is old, and an exporter
# that lags, lies, floods, redirects or dies delays no command and gives no number.
# SPDX-License-Identifier: Apache-2.0
import http.server
import json
import os
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import tap
from tap import EMIT, end, skip

lock = threading.Lock()  # the stories below are told side by side


def check(good, what):
    with lock:
        return tap.check(good, what)


def check_equal(got, wanted, what):
    with lock:
        return tap.check_equal(got, wanted, what)


scratch = tempfile.TemporaryDirectory()
home = scratch.name
environment = {"PATH": os.environ["PATH"], "HOME": home, "XDG_STATE_HOME": os.path.join(home, "state"),
               "XDG_CONFIG_HOME": os.path.join(home, "config"), "http_proxy": "http://127.0.0.1:9"}
A, B = "GPU-aaaaaaaa-0000-4000-8000-000000000000", "GPU-bbbbbbbb-0000-4000-8000-000000000000"
NAME = "DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION"
WATTS = {A: 400, B: 90}


class Exporter:
    """Collects every `step` seconds, as the real one does; remembers what it told."""

    def __init__(self, step=0.2, answer=None, tls=None):
        self.step, self.answer, self.told, self.start = step, answer, {A: [], B: []}, time.monotonic()
        exporter = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                try:
                    (exporter.answer or Exporter.metrics)(exporter, self)
                except OSError:
                    self.close_connection = True

            def log_message(self, *words):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        if tls:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        self.url = f"http{'s' if tls else ''}://127.0.0.1:{self.server.server_address[1]}/metrics"

    def text(self):
        collected = (time.monotonic() - self.start) // self.step * self.step
        lines = [f"# HELP {NAME} Total energy consumption since boot (in mJ).", f"# TYPE {NAME} counter"]
        for index, uuid in enumerate((A, B)):
            count = 5000000 + int(collected * WATTS[uuid] * 1000)
            self.told[uuid].append(count)
            for pod in ("one", "two"):  # two pods share each GPU: one counter all the same
                lines.append(f'{NAME}{{gpu="{index}", UUID="{uuid}", device="nvidia{index}", modelName="H100", '
                             f'pod="{pod}"}} {count}.000000')
        return "\n".join(lines) + "\n"

    def metrics(self, handler):
        self.send(handler, 200, self.text().encode())

    @staticmethod
    def send(handler, status, body, **headers):
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


def run(url, *options, command=("sleep", "0.3")):
    output = tempfile.mktemp(dir=home)
    began = time.monotonic()
    got = subprocess.run([EMIT, "run", "--meters", "dcgm-exporter", "--dcgm-exporter", url, "--output", output, "--json",
                          *options, "--", *command], capture_output=True, text=True, env=environment, timeout=30)
    took = time.monotonic() - began
    report = json.loads(got.stderr.splitlines()[-1])
    events = []
    if os.path.exists(output):
        with open(output, encoding="utf-8") as file:
            events = [json.loads(line) for line in file]
    return report, events, took, got


def energy_is_what_was_told():
    exporter = Exporter()
    report, events, _, _ = run(exporter.url, "--dcgm-exporter-step", "200ms", "--interval", "200ms",
                               "--start-timeout", "5s", command=("sleep", "2"))
    check_equal(sorted(event["tags"]["device_id"] for event in events), [A, B], "one event a GPU, whatever its pods")
    for event in events:
        tags = event["tags"]
        told = exporter.told[tags["device_id"]]
        watts, joules = WATTS[tags["device_id"]], event["quantity"]
        check_equal(joules, (told[-1] - told[0]) / 1000, "the last count that was told minus the first")
        check_equal([tags["energy_source"], tags["component"], tags["accuracy_class"], tags["simulated"]],
                    ["dcgm", "gpu", "device-counter", True], "a counter of DCGM's, of no GPU of this kernel")
        check(abs(joules - 2 * watts) <= tags["timing_uncertainty_joules"],
              f"{joules} J is {2 * watts} J within {tags['timing_uncertainty_joules']}")
    exporter.stop()


def short_runs_are_below_resolution():
    exporter = Exporter(step=30)
    report, events, _, got = run(exporter.url, "--start-timeout", "5s")
    check_equal(([(p["outcome"], p["code"]) for p in report["points"]], events),
                ([("refused", "below-resolution")] * 2, []), "30 s steps say nothing of 0.3 s")
    check("--dcgm-exporter-step" in json.dumps(report), "and what helps is said")
    report, _, _, _ = run(exporter.url, "--start-timeout", "5s", "--device", A)
    check_equal([(p["outcome"], p["code"]) for p in report["points"]],
                [("refused", "below-resolution"), ("excluded", "unassigned")], "--device chooses here too")
    exporter.stop()


def standing_still_is_stale():
    exporter = Exporter(step=30)
    report, _, _, _ = run(exporter.url, "--dcgm-exporter-step", "100ms", "--interval", "100ms", "--start-timeout", "5s",
                          command=("sleep", "1.6"))
    check_equal({p["outcome"] for p in report["points"]}, {"refused"}, "a text that stands still for 16 steps gives no number")
    exporter.stop()


def what_is_no_exporter_is_refused():
    def flood(exporter, handler):
        handler.send_response(200)
        handler.end_headers()
        while True:
            handler.wfile.write(b"x" * 65536)

    def crawl(exporter, handler):
        handler.send_response(200)
        handler.end_headers()
        for _ in range(200):
            handler.wfile.write(b"#")
            time.sleep(0.05)

    def silent(exporter, handler):
        time.sleep(4)

    def hang_up(exporter, handler):
        handler.connection.shutdown(socket.SHUT_RDWR)

    def send(status, body, **headers):
        return lambda exporter, handler: Exporter.send(handler, status, body, **headers)

    cases = [("an endless answer", flood, "malformed", "longer than 4 MiB"),
             ("one that never ends", crawl, "timeout", "imeout"),
             ("none", silent, "timeout", "imeout"),
             ("a connection that is closed", hang_up, "timeout", ""),
             ("a redirection, which is not followed", send(302, b"", Location="http://127.0.0.1:9/"), "malformed", "302"),
             ("a server's error", send(500, b"oops"), "malformed", "500"),
             ("not permitted", send(403, b""), "denied", "403"),
             ("another text", send(200, b"# HELP up\nup 1\n"), "malformed", NAME),
             ("a broken series", send(200, NAME.encode() + b'{UUID="GPU-1} 5\n'), "malformed", "line 1"),
             ("bytes", send(200, bytes(range(256)) * 64), "malformed", NAME)]
    def refuse(case):
        what, answer, code, words = case
        exporter = Exporter(answer=answer)
        report, events, took, got = run(exporter.url, "--start-timeout", "5s")
        points = [(p["device_id"], p["outcome"], p["code"]) for p in report["points"]]
        told = " ".join(d["message"] for d in report["diagnostics"])
        check_equal((points, events, got.returncode), ([("exporter", "refused", code)], [], 0), f"{what}: {told}")
        check(words in told and took < 4, f"{what} is said, after {took:.1f} s")
        exporter.stop()

    with ThreadPoolExecutor(len(cases)) as pool:
        list(pool.map(refuse, cases))
    exporter = Exporter()
    exporter.stop()
    report, _, took, _ = run(exporter.url)
    check_equal([(p["outcome"], p["code"]) for p in report["points"]], [("refused", "timeout")], "nobody listens")
    for url in ("ftp://127.0.0.1/metrics", "127.0.0.1:9400", "http://", "http://a b/"):
        report, _, _, _ = run(url)
        told = " ".join(d["message"] for d in report["diagnostics"])
        check("no URL" in told, f"{url}: {told}")


def a_slow_one_delays_no_command():
    def slow(exporter, handler):
        time.sleep(1.5)
        exporter.metrics(handler)

    exporter = Exporter(answer=slow)
    started = os.path.join(home, "started")
    began = time.time()
    report, _, _, _ = run(exporter.url, command=("sh", "-c", f"date +%s.%N > {started}; sleep 0.3"))
    with open(started, encoding="utf-8") as file:
        waited = float(file.read()) - began
    check(waited < 1.2, f"the command starts after {waited * 1000:.0f} ms, the start timeout is 250")
    check_equal([p["outcome"] for p in report["points"] if p["outcome"] in ("measured", "partial")], [], "and nothing is made up")
    exporter.stop()


def one_that_dies_in_mid_run():
    def mortal(exporter, handler):
        if not exporter.told[A]:
            exporter.born = time.monotonic()
        if time.monotonic() - exporter.born > 0.9:
            handler.connection.shutdown(socket.SHUT_RDWR)
        exporter.metrics(handler)

    exporter = Exporter(answer=mortal)
    report, events, took, got = run(exporter.url, "--dcgm-exporter-step", "200ms", "--interval", "200ms",
                                    "--start-timeout", "5s", command=("sleep", "1.6"))
    check_equal([(p["outcome"], p["code"]) for p in report["points"]], [("partial", "timeout")] * 2,
                "what was told until then counts, and is said to be a part")
    check(all(0 < event["tags"]["coverage_ratio"] < 1 for event in events) and len(events) == 2, "in the events, too")


def nothing_is_inherited():
    exporter = Exporter()
    _, _, _, got = run(exporter.url, "--start-timeout", "5s", command=("sh", "-c", "ls -l /proc/self/fd >&1"))
    check("socket" not in got.stdout, "the command inherits no connection")
    exporter.stop()


def https_is_checked():
    if subprocess.run(["sh", "-c", "command -v openssl"], capture_output=True).returncode:
        skip("https", "no openssl to make a certificate with")
        return
    key, certificate = os.path.join(home, "key"), os.path.join(home, "certificate")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                    "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate],
                   check=True, capture_output=True)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    exporter = Exporter(step=30, tls=tls)
    report, _, _, _ = run(exporter.url, "--start-timeout", "5s")
    told = " ".join(d["message"] for d in report["diagnostics"])
    check_equal([(p["outcome"], p["code"]) for p in report["points"]], [("refused", "malformed")],
                f"a certificate that nobody vouches for: {told}")
    exporter.stop()


STORIES = [energy_is_what_was_told, short_runs_are_below_resolution, standing_still_is_stale,
           what_is_no_exporter_is_refused, a_slow_one_delays_no_command, one_that_dies_in_mid_run,
           nothing_is_inherited, https_is_checked]
with ThreadPoolExecutor(len(STORIES)) as stories:
    for story in [stories.submit(story) for story in STORIES]:
        story.result()
end()
