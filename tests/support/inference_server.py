# An inference server as emit sees it: the counters of vLLM, SGLang, llama.cpp or TGI, in
# the text form that each of them serves, on loopback. It serves no model; a test says what
# it has served.
# SPDX-License-Identifier: Apache-2.0
import http.server
import threading
import time

KINDS = ("vllm", "sglang", "llamacpp", "tgi")


# As prometheus_client prints a float: all of its digits, an exponent from a million on.
def python_float(value):
    value = float(value)
    digits = repr(value)
    dot = digits.find(".")
    if value >= 1e6 and dot > 6:
        mantissa = f"{digits[0]}.{digits[1:dot]}{digits[dot + 1:]}".rstrip("0.")
        return f"{mantissa}e+0{dot - 1}" if dot - 1 < 10 else f"{mantissa}e+{dot - 1}"
    return digits


# As a C++ stream prints a double: six digits, and no more.
def stream_float(value):
    return f"{float(value):.6g}"


def escape(label):
    return label.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


class Server:
    def __init__(self, kind, models=("model-a",), engines=1, port=0):
        self.kind, self.engines, self.lock = kind, engines, threading.Lock()
        self.delay = 0  # seconds before an answer
        self.answer = None  # (status, body) instead of the counters
        self.asked = []  # paths
        self.answered = 0
        self.headers = []  # of the questions
        self.running = 0
        self.is_gone = False
        self.start(models)
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                try:
                    server.respond(self)
                except OSError:
                    self.close_connection = True

            def log_message(self, *words):
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.http.daemon_threads = True
        threading.Thread(target=self.http.serve_forever, args=(0.02,), daemon=True).start()
        self.port = self.http.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/metrics"

    # Its process begins, with all counters at zero.
    def start(self, models):
        with self.lock:
            self.born = time.time()
            self.counts = {(model, engine): {"prompt": 0, "cached": 0, "output": 0, "requests": 0}
                           for model in models for engine in range(self.engines)}

    def restart(self):
        self.start(sorted({model for model, _ in self.counts}))

    def serve(self, prompt, output, cached=0, requests=1, model="model-a", engine=0):
        with self.lock:
            of = self.counts.setdefault((model, engine), {"prompt": 0, "cached": 0, "output": 0, "requests": 0})
            for bucket, count in (("prompt", prompt), ("cached", cached), ("output", output), ("requests", requests)):
                of[bucket] += count

    # When it has been asked for the first time: between two scrapes, however late they are.
    def serve_in_between(self, *counts, **more):
        def wait():
            while not self.answered and not self.is_gone:
                time.sleep(0.01)
            self.serve(*counts, **more)

        threading.Thread(target=wait, daemon=True).start()

    def respond(self, handler):
        if self.is_gone:
            raise OSError
        self.asked.append(handler.path)
        self.headers.append(dict(handler.headers))
        time.sleep(self.delay)
        with self.lock:
            if handler.path == "/" and self.kind == "ollama":
                status, body = 200, "Ollama is running"
            elif self.answer:
                status, body = self.answer
            elif self.kind == "ollama" or not handler.path.startswith("/metrics"):
                status, body = 404, "404 page not found"
            else:
                status, body = 200, getattr(self, self.kind)()
        body = body if isinstance(body, bytes) else body.encode()
        handler.send_response(status)
        handler.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
        handler.send_header("Content-Length", str(len(body)))
        if self.kind == "llamacpp":
            handler.send_header("Process-Start-Time-Unix", str(int(self.born * 1e6)))
        handler.end_headers()
        handler.wfile.write(body)
        self.answered += 1

    @staticmethod
    def metric(name, kind, help, series):
        return [f"# HELP {name} {help}", f"# TYPE {name} {kind}", *series]

    def of_models(self):
        return [((escape(model), engine), of) for (model, engine), of in sorted(self.counts.items())]

    def vllm(self):
        lines = self.metric("process_start_time_seconds", "gauge", "Start time of the process since unix epoch in seconds.",
                            [f"process_start_time_seconds {python_float(round(self.born, 2))}"])
        lines += self.metric("vllm:num_requests_running", "gauge", "Number of requests in model execution batches.",
                             [f'vllm:num_requests_running{{engine="{engine}",model_name="{model}"}} {float(self.running)}'
                              for (model, engine), _ in self.of_models()])
        for name, bucket in (("prompt_tokens", "prompt"), ("prompt_tokens_cached", "cached"), ("generation_tokens", "output")):
            series = [f'{{engine="{engine}",model_name="{model}"}}' for (model, engine), _ in self.of_models()]
            lines += self.metric(f"vllm:{name}_total", "counter", "Number of tokens processed.",
                                 [f"vllm:{name}_total{labels} {python_float(of[bucket])}"
                                  for labels, (_, of) in zip(series, self.of_models())])
            lines += self.metric(f"vllm:{name}_created", "gauge", "Number of tokens processed.",
                                 [f"vllm:{name}_created{labels} {python_float(self.born)}" for labels in series])
        lines += self.metric("vllm:request_success_total", "counter", "Count of successfully processed requests.",
                             [f'vllm:request_success_total{{engine="{engine}",finished_reason="{reason}",model_name="{model}"}} '
                              f"{python_float(of['requests'] if reason == 'stop' else 0)}"
                              for (model, engine), of in self.of_models() for reason in ("stop", "length", "abort")])
        lines += self.metric("vllm:time_to_first_token_seconds", "histogram", "Histogram of time to first token in seconds.",
                             ['vllm:time_to_first_token_seconds_bucket{engine="0",le="+Inf",model_name="model-a"} 0.0'])
        return "\n".join(lines) + "\n"

    # The labelled series come into being when they first count.
    def sglang(self):
        lines = self.metric("sglang:num_running_reqs", "gauge", "The number of running requests.",
                            [f'sglang:num_running_reqs{{engine_type="unified",model_name="model-a",tp_rank="0"}} {float(self.running)}'])
        for name, bucket, extra in (("prompt_tokens", "prompt", ""), ("generation_tokens", "output", ""),
                                    ("cached_tokens", "cached", ',cache_source="device"'), ("num_requests", "requests", "")):
            lines += self.metric(f"sglang:{name}_total", "counter", "Number of tokens processed.",
                                 [f'sglang:{name}_total{{engine_type="unified",model_name="{model}"{extra}}} {python_float(of[bucket])}'
                                  for (model, _), of in self.of_models() if of[bucket]])
        return "\n".join(lines) + "\n"

    def llamacpp(self):
        (_, of), = self.counts.items()
        lines = []
        for name, kind, value in (("prompt_tokens_total", "counter", of["prompt"] - of["cached"]),
                                  ("prompt_seconds_total", "counter", 0.25), ("tokens_predicted_total", "counter", of["output"]),
                                  ("tokens_predicted_seconds_total", "counter", 1.5), ("n_decode_total", "counter", of["output"]),
                                  ("n_busy_slots_per_decode", "gauge", 1), ("requests_processing", "gauge", self.running)):
            lines += self.metric("llamacpp:" + name, kind, "Number.", [f"llamacpp:{name} {stream_float(value)}"])
        return "\n".join(lines) + "\n"

    def tgi(self):
        (_, of), = self.counts.items()
        lines = ["# TYPE tgi_request_success counter", f"tgi_request_success {of['requests']}", "",
                 "# TYPE tgi_batch_current_size gauge", f"tgi_batch_current_size {self.running}", ""]
        for name, bucket in (("tgi_request_input_length", "prompt"), ("tgi_request_generated_tokens", "output")):
            lines += [f"# TYPE {name} histogram", f'{name}_bucket{{le="+Inf"}} {of["requests"]}',
                      f"{name}_sum {of[bucket]}", f"{name}_count {of['requests']}", ""]
        return "\n".join(lines)

    # Connections that are open are answered no more.
    def stop(self):
        self.is_gone = True
        self.http.shutdown()
        self.http.server_close()
