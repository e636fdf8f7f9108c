#!/usr/bin/env python3
"""Measures how streams feel a long prompt: the time from token to token on running streams, alone and while one is read.

usage: latency.py --url http://127.0.0.1:8080/v1 --model NAME [--streams 4] [--prompt 2000] [--rounds 3] [--schema FILE]
       latency.py --engine PROMPTINTERN --checkpoint DIR --gguf FILE --llama COMMAND [--precision int8] [--threads 2] …

Works with any OpenAI-compatible server that takes token ids in /v1/completions. Each round starts the streams, lets them
run, then sends one prompt of --prompt random token ids and waits for its first token. Gaps that end before the prompt is
sent count as alone, those that overlap the time in which it is read as beside it. With --schema, chat answers held to the JSON schema in
the file are compared with free ones: the median gap of one stream each, alternating.

The second form starts both servers (COMMAND as compare.py takes it), one after the other in every round so that neither has
the other beside it, and prints the ratios of the rounds: below 1 is in the engine's favour.
Standard library only.
"""
import argparse
import http.client
import copy
import json
import random
import statistics
import tempfile
import threading
import time
import urllib.parse

from compare import LlamaServer, Server, free_port


class Stream:
    """One streamed request and the times at which its chunks arrived."""

    def __init__(self, options, path, body):
        self.options, self.path, self.body = options, path, dict(body, model=options.model, stream=True)
        self.times, self.error = [], None
        self.thread = threading.Thread(target=self.run, daemon=True)

    def run(self):
        url = urllib.parse.urlsplit(self.options.url)
        connection = http.client.HTTPConnection(url.hostname, url.port, timeout=300)
        try:
            self.start = time.perf_counter()
            connection.request("POST", url.path.rstrip("/") + self.path, json.dumps(self.body),
                               {"Content-Type": "application/json"})
            answer = connection.getresponse()
            if answer.status != 200:
                self.error = answer.read().decode(errors="replace")
                return
            for line in answer:
                if line.startswith(b"data: {") and b'"finish_reason":null' in line.replace(b" ", b""):
                    self.times.append(time.perf_counter())
        except OSError as error:
            self.error = str(error)
        finally:
            connection.close()

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.thread.join()
        if self.error:
            raise SystemExit(f"{self.options.url}: {self.error}")

    def gaps(self, chosen=lambda _start, _end: True):
        """Milliseconds between one token and the next, of the pairs that are chosen by their two times."""
        return [(b - a) * 1000 for a, b in zip(self.times, self.times[1:]) if chosen(a, b)]


def completion(options, randomness, tokens, generated):
    ids = [randomness.randrange(3, options.vocabulary) for _ in range(tokens)]
    return {"prompt": ids, "max_tokens": generated, "temperature": 0, "ignore_eos": True, "cache_prompt": False}


def percentile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(share * len(values)))] if values else float("nan")


def show(name, gaps):
    figures = [percentile(gaps, share) for share in (0.5, 0.99, 1)]
    print(f"| {name} | {len(gaps)} | " + " | ".join(f"{figure:.1f}" for figure in figures) + " |", flush=True)


def beside_prompt(options, randomness):
    """Gaps alone and beside a long prompt, in milliseconds, and the prompt's time to its first token."""
    streams = [Stream(options, "/completions", completion(options, randomness, 32, options.tokens))
               for _ in range(options.streams)]
    for stream in streams:
        stream.__enter__()
    while not all(len(stream.times) > options.tokens // 8 or stream.error for stream in streams):
        time.sleep(0.005)
    sent = time.perf_counter()
    with Stream(options, "/completions", completion(options, randomness, options.prompt, 2)) as long:
        pass
    read = long.times[0] if long.times else time.perf_counter()
    for stream in streams:
        stream.__exit__()
    warm = max(stream.times[0] for stream in streams)
    alone = [gap for stream in streams for gap in stream.gaps(lambda a, b: a >= warm and b < sent)]
    beside = [gap for stream in streams for gap in stream.gaps(lambda a, b: a < read and b > sent)]
    return alone, beside, (read - sent) * 1000


def grammar(options):
    with open(options.schema) as file:
        form = {"type": "json_schema", "json_schema": {"name": "answer", "schema": json.load(file)}}
    body = {"messages": [{"role": "user", "content": "hello"}], "max_tokens": options.tokens, "temperature": 1}
    free, held = [], []
    for round_ in range(2 * options.rounds + 2):
        extra = {"ignore_eos": True} if round_ % 2 else {"response_format": form}
        with Stream(options, "/chat/completions", dict(body, seed=round_, **extra)) as stream:
            pass
        if round_ > 1:
            (free if round_ % 2 else held).extend(stream.gaps())
    return free, held


def own_server(options):
    port = free_port()
    command = [options.engine, "serve", "--model", options.checkpoint, "--precision", options.precision]
    command += ["--listen", f"127.0.0.1:{port}", "--admin-listen", f"127.0.0.1:{free_port()}"]
    return Server(command + ["--ledger", f"{options.scratch}/ledger-{port}.sqlite"], port)


def rival_server(options):
    parallel = options.streams + 1
    room = max(options.prompt, options.tokens) + 512
    return LlamaServer(options, options.gguf, parallel, parallel * room)


def versus(options):
    """Both servers in turn; each round's figures, and the rival's as the measure."""
    rounds = []
    print("| round | server | alone p50 | alone p99 | beside p50 | beside p99 | longest | first token, ms |")
    print("|---|---|--:|--:|--:|--:|--:|--:|")
    for number in range(options.rounds):
        figures = []
        for name, start in (("engine", own_server), ("rival", rival_server)):
            with start(options) as server:
                chosen = copy.copy(options)
                chosen.url, chosen.model = f"http://127.0.0.1:{server.port}/v1", server.model
                alone, beside, first = beside_prompt(chosen, random.Random(number))
            row = [percentile(alone, 0.5), percentile(alone, 0.99), percentile(beside, 0.5), percentile(beside, 0.99),
                   max(beside, default=float("nan")), first]
            print(f"| {number + 1} | {name} | " + " | ".join(f"{value:.1f}" for value in row) + " |", flush=True)
            figures.append(row)
        rounds.append([own / other for own, other in zip(*figures)])
    medians = [statistics.median(column) for column in zip(*rounds)]
    print("| median | ratio | " + " | ".join(f"{value:.2f}x" for value in medians) + " |")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--url", default="http://127.0.0.1:8080/v1")
    parser.add_argument("--model")
    for option in ("--engine", "--checkpoint", "--gguf", "--llama"):
        parser.add_argument(option)
    parser.add_argument("--precision", default="int8")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--streams", type=int, default=4)
    parser.add_argument("--prompt", type=int, default=2000)
    parser.add_argument("--tokens", type=int, default=400, help="generated by each stream")
    parser.add_argument("--vocabulary", type=int, default=8000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--schema", help="a file with a JSON schema: measures what holding answers to it costs")
    options = parser.parse_args()
    if options.engine:
        with tempfile.TemporaryDirectory() as options.scratch:
            versus(options)
        return
    if not options.model:
        parser.error("--model or --engine is needed")
    randomness = random.Random(1)
    print("| gaps between tokens | number | p50, ms | p99, ms | longest, ms |\n|---|--:|--:|--:|--:|")
    if options.schema:
        free, held = grammar(options)
        show("free", free)
        show("held to the schema", held)
        return
    alone, beside, first = [], [], []
    for _ in range(options.rounds):
        gaps = beside_prompt(options, randomness)
        alone += gaps[0]
        beside += gaps[1]
        first.append(gaps[2])
    show(f"{options.streams} streams alone", alone)
    show(f"beside a prompt of {options.prompt}", beside)
    print(f"\nthe prompt's first token: median {statistics.median(first):.0f} ms")


if __name__ == "__main__":
    main()
