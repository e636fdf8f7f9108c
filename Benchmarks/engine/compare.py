#!/usr/bin/env python3
"""Runs the embedded engine side by side with llama.cpp's server and transformers, alternating, and prints ratios.

usage: compare.py --engine PROMPTINTERN --models DIR --gguf DIR --llama COMMAND [--transformers PYTHON]
                  [--names llama10m,llama135m] [--precisions int8,int4] [--rows compute,served] [--rounds 3]
                  [--threads 2]

DIR of --models holds checkpoint folders NAME, DIR of --gguf the files NAME-Q8_0.gguf and NAME-Q4_0.gguf. COMMAND
starts llama.cpp's server; {model} {port} {parallel} {context} {threads} in it are replaced. Each figure is the median
of the rounds, each ratio the median of the rounds' ratios: the engines take turns, so a disturbed round disturbs both.
A ratio of rates or times above 1 is in the engine's favour, one of memory below 1. Rows "served" compare two servers,
asked by the same client over HTTP: 8 streams at once, and a query of 100 tokens after a prompt of 2,000, which the
caches hold or not.
Standard library only; transformers is run by the interpreter that is named.
"""
import argparse
import concurrent.futures
import json
import random
import shlex
import socket
import statistics
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

GGUF = {"int8": "Q8_0", "int4": "Q4_0", "f32": "f32"}
PROMPTS = (128, 512, 2048)
TRANSFORMERS = """
import sys, time, torch
from transformers import AutoModelForCausalLM
torch.set_num_threads(int(sys.argv[3]))
model = AutoModelForCausalLM.from_pretrained(sys.argv[1], dtype=getattr(torch, sys.argv[2])).eval()
with torch.no_grad():
    for length in (128, 512, 2048):
        ids = torch.randint(3, model.config.vocab_size, (1, length))
        model(input_ids=ids[:, :64], logits_to_keep=1)
        start = time.perf_counter()
        model(input_ids=ids, logits_to_keep=1)
        print("prefill", length, length / (time.perf_counter() - start), flush=True)
"""


def engine_rows(options, name, precision):
    """Rows of one round of the embedded engine, by name."""
    command = [options.engine, "engine", "bench", "--model", f"{options.models}/{name}", "--precision", precision]
    command += ["--threads", str(options.threads), "--rounds", "1", "--generate", "64", "--json"]
    rows = {}
    for extra in (["--batch", "1,8", "--context", "16"], ["--prompt", "", "--batch", "1", "--context", "2000"]):
        report = json.loads(subprocess.run(command + extra, check=True, capture_output=True, text=True).stdout)
        for row in report["rows"]:
            rows[row_name(row["work"], row["tokens"], row["batch"], row["context"])] = row["tokensPerSecond"]
    rows["peak memory, MiB"] = report["peakMemory"] / 2**20
    return rows


def row_name(work, tokens, batch, context):
    if work == "prefill":
        return f"prefill {tokens}"
    return f"decode, {batch} at once, after {context}"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A server of OpenAI's completions on a free loopback port, ended on leaving."""

    def __init__(self, command, port):
        self.port = port
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.random = random.Random(1)

    def __enter__(self):
        for _ in range(240):
            if self.process.poll() is not None:
                break
            try:
                self.model = json.load(self.open("/v1/models", None))["data"][0]["id"]
                self.stream(self.ids(8), 2)
                return self
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                time.sleep(0.5)
        raise SystemExit(f"a server did not start: {self.process.args}")

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def open(self, path, body):
        data = json.dumps(body).encode() if body is not None else None
        url, headers = f"http://127.0.0.1:{self.port}{path}", {"Content-Type": "application/json"}
        return urllib.request.urlopen(urllib.request.Request(url, data, headers), timeout=600)

    def ids(self, count):
        return [self.random.randrange(3, 8000) for _ in range(count)]

    def stream(self, prompt, generated, cached=False):
        """(seconds to the first token, seconds in all, tokens generated) of one streamed completion."""
        body = {"model": self.model, "prompt": prompt, "max_tokens": generated, "temperature": 0, "stream": True,
                "stream_options": {"include_usage": True}, "ignore_eos": True, "cache_prompt": cached}
        start, first, tokens = time.perf_counter(), None, 0
        with self.open("/v1/completions", body) as answer:
            for line in answer:
                if not line.startswith(b"data: {"):
                    continue
                event = json.loads(line[6:])
                first = first or time.perf_counter()
                tokens = (event.get("usage") or {}).get("completion_tokens", tokens)
        return first - start, time.perf_counter() - start, tokens

    def together(self, count, prompt, generated):
        """Generated tokens a second of `count` streams at once, two after one another each, prompts included."""
        prompts = [self.ids(prompt) for _ in range(2 * count)]
        start = time.perf_counter()
        with concurrent.futures.ThreadPoolExecutor(count) as pool:
            tokens = sum(pool.map(lambda ids: self.stream(ids, generated)[2], prompts))
        return tokens / (time.perf_counter() - start)

    def memory(self):
        with open(f"/proc/{self.process.pid}/status") as status:
            line = next(line for line in status if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024


class LlamaServer(Server):
    """llama.cpp's server; `complete` gives its own timings."""

    def __init__(self, options, model, parallel, context):
        fields = dict(model=model, port=free_port(), parallel=parallel, context=context, threads=options.threads)
        super().__init__([part.format(**fields) for part in shlex.split(options.llama)], fields["port"])

    def complete(self, prompt, generated):
        body = {"prompt": self.ids(prompt), "n_predict": generated, "ignore_eos": True, "cache_prompt": False,
                "temperature": 0}
        with self.open("/completion", body) as answer:
            return json.load(answer)["timings"]

    def all_at_once(self, count, prompt, generated):
        """Generated tokens a second of `count` requests at once, without their prompts, by the server's timings."""
        with concurrent.futures.ThreadPoolExecutor(count) as pool:
            timings = list(pool.map(lambda _: self.complete(prompt, generated), range(count)))
        return count * generated / max(t["predicted_ms"] / 1000 for t in timings)


def llama_rows(options, name, precision):
    """Rows of one round of llama.cpp, by name."""
    model, rows = gguf(options, name, precision), {}
    with LlamaServer(options, model, 1, 4096) as server:
        for length in PROMPTS:
            rows[f"prefill {length}"] = server.complete(length, 1)["prompt_per_second"]
        rows["decode, 1 at once, after 16"] = server.complete(16, 64)["predicted_per_second"]
        rows["decode, 1 at once, after 2000"] = server.complete(2000, 64)["predicted_per_second"]
        rows["peak memory, MiB"] = server.memory()
    with LlamaServer(options, model, 8, 8 * 512) as server:
        rows["decode, 8 at once, after 16"] = server.all_at_once(8, 16, 64)
    return rows


def gguf(options, name, precision):
    return f"{options.gguf}/{name}-{GGUF[precision]}.gguf"


def served_rows(start):
    """Rows of one round of a server that `start(parallel, context)` gives, by name."""
    rows = {}
    with start(8, 8 * 512) as server:
        rows["served: 8 streams, prompts of 100, tokens/s"] = server.together(8, 100, 64)
    with start(1, 4096) as server:
        prompt = server.ids(2000)
        server.stream(prompt + server.ids(100), 2, cached=True)
        for cached, state in ((True, "in the cache"), (False, "not cached")):
            times = [server.stream(prompt + server.ids(100), 32, cached)[:2] for _ in range(3)]
            for kind, column in (("first token", 0), ("end of 32 tokens", 1)):
                value = statistics.median(row[column] for row in times) * 1000
                rows[f"served: 2,000 {state} + 100, {kind}, ms"] = value
    return rows


def served(options, name, precision):
    """Rows of one round of both servers, by name."""
    def own(_parallel, _context):
        port = free_port()
        command = [options.engine, "serve", "--model", f"{options.models}/{name}", "--precision", precision]
        command += ["--listen", f"127.0.0.1:{port}", "--admin-listen", f"127.0.0.1:{free_port()}"]
        return Server(command + ["--ledger", f"{options.scratch}/ledger-{port}.sqlite"], port)

    def rival(parallel, context):
        return LlamaServer(options, gguf(options, name, precision), parallel, context)
    return served_rows(own), served_rows(rival)


def transformers_rows(options, name, dtype):
    command = [options.transformers, "-c", TRANSFORMERS, f"{options.models}/{name}", dtype, str(options.threads)]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split("\n")
    return {f"prefill {line.split()[1]}": float(line.split()[2]) for line in lines if line.startswith("prefill")}


def compare(options, name, precision):
    engine, rivals = [], []
    for _ in range(options.rounds):
        own, rows = (engine_rows(options, name, precision), llama_rows(options, name, precision)) \
            if "compute" in options.rows else ({}, {})
        rival = {row: (value, f"llama.cpp {GGUF[precision]}") for row, value in rows.items()}
        for dtype in ("float32", "bfloat16") if options.transformers and rows else ():
            for row, value in transformers_rows(options, name, dtype).items():
                if value > rival[row][0]:
                    rival[row] = (value, f"transformers {dtype}")
        if "served" in options.rows:
            ours, theirs = served(options, name, precision)
            own |= ours
            rival |= {row: (value, f"llama.cpp {GGUF[precision]}") for row, value in theirs.items()}
        engine.append(own)
        rivals.append(rival)
    for row in engine[0]:
        if row in rivals[0]:
            report(name, precision, row, [own[row] for own in engine], [rival[row] for rival in rivals])


def report(name, precision, row, engine, rivals):
    own, best = statistics.median(engine), statistics.median(value for value, _ in rivals)
    ratios = [theirs / ours if row.endswith("ms") else ours / theirs for ours, (theirs, _) in zip(engine, rivals)]
    spread = f"{min(ratios):.2f} to {max(ratios):.2f}"
    cells = [f"{name} {precision}", row, f"{own:.1f}", f"{best:.1f} ({rivals[-1][1]})"]
    print("| " + " | ".join(cells + [f"{statistics.median(ratios):.2f}x", spread]) + " |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    for option in ("--engine", "--models", "--gguf", "--llama"):
        parser.add_argument(option, required=True)
    parser.add_argument("--transformers")
    parser.add_argument("--names", default="llama10m,llama135m")
    parser.add_argument("--precisions", default="int8,int4")
    parser.add_argument("--rows", default="compute,served")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as options.scratch:
        compare_all(options)


def compare_all(options):
    print("| model | row | engine | best rival | ratio | rounds |\n|---|---|---|---|---|---|")
    for name in options.names.split(","):
        for precision in options.precisions.split(","):
            compare(options, name, precision)


if __name__ == "__main__":
    main()
