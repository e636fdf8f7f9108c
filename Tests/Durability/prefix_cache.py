"""Whether one caller can tell, by the time to the first token, what another has sent: `make test-durability`.

The embedded engine keeps keys and values of prompts, found by the same caller only. An attacker with a key of its own sends prompts of
which the victim has sent half just before, in random order, and guesses by the time to the first token. The area under the curve of
its guesses (AUC) must be at most 0.55 (chance alone gives 0.5 ± 0.03 with 2,000 probes); within one caller the same probe must reach
0.9, which shows that it works.
These are times: run it on a machine that does nothing else. PROBES is another number of them.
"""

import json
import os
import pathlib
import random
import socket
import time

from trial import ROOT, Gateway, Upstream, run

PROBES = int(os.environ.get("PROBES", "2000"))


def first_token(port: int, key: str, prompt: str) -> float:
    """Seconds from the request to the first event of its stream."""
    asked = {"model": "base", "stream": True, "max_tokens": 1, "messages": [{"role": "user", "content": prompt}]}
    body = json.dumps(asked).encode()
    head = (
        f"POST /v1/chat/completions HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        started = time.perf_counter()
        connection.sendall(head.encode() + body)
        received = b""
        while b"data: " not in received:
            data = connection.recv(1 << 16)
            assert data, received[:300]
            received += data
        seconds = time.perf_counter() - started
        while connection.recv(1 << 16):
            pass
    return seconds


def area(hits: list[float], misses: list[float]) -> float:
    """The share of pairs in which the hit was the faster one."""
    return sum((hit < miss) + 0.5 * (hit == miss) for hit in hits for miss in misses) / (len(hits) * len(misses))


def callers(folder: pathlib.Path, upstream: Upstream) -> str:
    """Across callers a hit cannot be told from a miss; within one it can."""
    model = ROOT / "config/tasks/house-books/base"
    gateway = Gateway(
        folder, upstream.url, environment={"TRIAL_VICTIM": "sk-victim", "TRIAL_ATTACKER": "sk-attacker"},
        config=f"engines:\n  local: {{model: {model}, base_name: base, threads: 1}}\nlog: {{requests: false}}\n"
        "client_keys: [{env: TRIAL_VICTIM, name: victim}, {env: TRIAL_ATTACKER, name: attacker}]\n")  # fmt: skip
    seed = random.randrange(1 << 32)
    chance = random.Random(seed)

    def text() -> str:
        words = ["account", "ledger", "total", "month", "region", "sum"]
        return " ".join(chance.choice(words) + str(chance.randrange(1000)) for _ in range(60))

    def probe(prober: str) -> tuple[list[float], list[float]]:
        hits: list[float] = []
        misses: list[float] = []
        for _ in range(PROBES):
            # Texts of some hundred tokens; the attacker guesses all of one.
            prompt, other = text(), text()
            was_sent = chance.random() < 0.5
            first_token(gateway.port, "sk-victim", prompt if was_sent else other)
            (hits if was_sent else misses).append(first_token(gateway.port, prober, prompt))
        return hits, misses

    for key in ("sk-victim", "sk-attacker"):
        first_token(gateway.port, key, "warm up " * 50)
    across, within = probe("sk-attacker"), probe("sk-victim")
    gateway.end()
    told = (
        f"AUC across callers {area(*across):.3f}, within one {area(*within):.3f} ({PROBES} probes each, seed {seed}; medians within: hit "
        f"{sorted(within[0])[len(within[0]) // 2] * 1e3:.2f} ms, miss {sorted(within[1])[len(within[1]) // 2] * 1e3:.2f} ms)"
    )
    assert area(*across) <= 0.55 and area(*within) >= 0.9, told
    return told


if __name__ == "__main__":
    run([callers])
