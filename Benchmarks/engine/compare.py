#!/usr/bin/env python3
"""Runs the embedded engine side by side with llama.cpp's server and transformers, alternating, and prints ratios.

usage: compare.py --engine PROMPTINTERN --models DIR --gguf DIR --llama COMMAND [--transformers PYTHON]
                  [--names llama10m,llama135m] [--precisions int8,int4] [--rounds 3] [--threads 2]

DIR of --models holds checkpoint folders NAME, DIR of --gguf the files NAME-Q8_0.gguf and NAME-Q4_0.gguf. COMMAND
starts llama.cpp's server; {model} {port} {parallel} {context} {threads} in it are replaced. Each figure is the median
of the rounds, each ratio the median of the rounds' ratios: the engines take turns, so a disturbed round disturbs both.
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


class LlamaServer:
    """llama.cpp's server on a free loopback port."""

    def __init__(self, options, model, parallel, context):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        fields = dict(model=model, port=self.port, parallel=parallel, context=context, threads=options.threads)
        command = [part.format(**fields) for part in shlex.split(options.llama)]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.random = random.Random(1)

    def __enter__(self):
        for _ in range(240):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health", timeout=5)
                self.complete(8, 2)
                return self
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                time.sleep(0.5)
        raise SystemExit("llama.cpp's server did not start: try the --llama command by hand")

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def complete(self, prompt, generated):
        body = {"prompt": [self.random.randrange(3, 8000) for _ in range(prompt)], "n_predict": generated,
                "ignore_eos": True, "cache_prompt": False, "temperature": 0}
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/completion", json.dumps(body).encode(),
                                         {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=600) as answer:
            return json.load(answer)["timings"]

    def together(self, count, prompt, generated):
        """Generated tokens a second of `count` requests at once, from the first answer to the last."""
        with concurrent.futures.ThreadPoolExecutor(count) as pool:
            timings = list(pool.map(lambda _: self.complete(prompt, generated), range(count)))
        return count * generated / max(t["predicted_ms"] / 1000 for t in timings)

    def memory(self):
        with open(f"/proc/{self.process.pid}/status") as status:
            line = next(line for line in status if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024


def llama_rows(options, name, precision):
    """Rows of one round of llama.cpp, by name."""
    model, rows = f"{options.gguf}/{name}-{GGUF[precision]}.gguf", {}
    with LlamaServer(options, model, 1, 4096) as server:
        for length in PROMPTS:
            rows[f"prefill {length}"] = server.complete(length, 1)["prompt_per_second"]
        rows["decode, 1 at once, after 16"] = server.complete(16, 64)["predicted_per_second"]
        rows["decode, 1 at once, after 2000"] = server.complete(2000, 64)["predicted_per_second"]
        rows["peak memory, MiB"] = server.memory()
    with LlamaServer(options, model, 8, 8 * 512) as server:
        rows["decode, 8 at once, after 16"] = server.together(8, 16, 64)
    return rows


def transformers_rows(options, name, dtype):
    command = [options.transformers, "-c", TRANSFORMERS, f"{options.models}/{name}", dtype, str(options.threads)]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split("\n")
    return {f"prefill {line.split()[1]}": float(line.split()[2]) for line in lines if line.startswith("prefill")}


def compare(options, name, precision):
    engine, rivals = [], []
    for _ in range(options.rounds):
        engine.append(engine_rows(options, name, precision))
        rows = llama_rows(options, name, precision)
        rival = {row: (value, f"llama.cpp {GGUF[precision]}") for row, value in rows.items()}
        for dtype in ("float32", "bfloat16") if options.transformers else ():
            for row, value in transformers_rows(options, name, dtype).items():
                if value > rival[row][0]:
                    rival[row] = (value, f"transformers {dtype}")
        rivals.append(rival)
    for row in engine[0]:
        if row not in rivals[0]:
            continue
        own = statistics.median(round_[row] for round_ in engine)
        best = statistics.median(round_[row][0] for round_ in rivals)
        ratio = statistics.median(ours[row] / theirs[row][0] for ours, theirs in zip(engine, rivals))
        rival = f"{best:.1f} ({rivals[-1][row][1]})"
        print(f"| {name} {precision} | {row} | {own:.1f} | {rival} | {ratio:.2f}x |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    for option in ("--engine", "--models", "--gguf", "--llama"):
        parser.add_argument(option, required=True)
    parser.add_argument("--transformers")
    parser.add_argument("--names", default="llama10m,llama135m")
    parser.add_argument("--precisions", default="int8,int4")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    print("| model | row | engine | best rival | ratio |\n|---|---|---|---|---|")
    for name in options.names.split(","):
        for precision in options.precisions.split(","):
            compare(options, name, precision)


if __name__ == "__main__":
    main()
