"""What the gateway promises beyond its capacity, tried on the program itself: `make test-durability`.

A trial finds the peak of what is answered with as many clients as there are places, then lets five times as many requests a second
arrive, whatever becomes of those before. Then the waiting line is never longer than its limit, what is refused is refused in the
documented form within 50 ms (p99), what is answered is at least 90 % of the peak, resident memory grows by less than 20 %, and health
and metrics answer within 100 ms. These are times: run it on a machine that does nothing else. SECONDS is how long each part lasts (6).
"""

import asyncio
import json
import multiprocessing
import os
import pathlib
import re
import subprocess
import threading
import time

from trial import PROGRAM, ROOT, Gateway, Upstream, run

SECONDS = float(os.environ.get("SECONDS", "6"))


class SlowUpstream(asyncio.Protocol):
    """Answers each request after a while, as many at once as come."""

    DELAY = 0.25
    BODY = json.dumps({
        "id": "c", "object": "chat.completion", "created": 1, "model": "m",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "Done."}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11},
    }).encode()  # fmt: skip
    ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(BODY) + BODY

    def connection_made(self, transport):
        self.transport, self.buffer = transport, b""

    def data_received(self, data):
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            length = int(re.search(rb"(?i)content-length: (\d+)", self.buffer[:end])[1])
            if len(self.buffer) < end + 4 + length:
                return
            self.buffer = self.buffer[end + 4 + length :]
            asyncio.get_running_loop().call_later(self.DELAY, self.transport.write, self.ANSWER)

    @classmethod
    def serve(cls, pipe):
        async def forever():
            server = await asyncio.get_running_loop().create_server(cls, "127.0.0.1", 0, backlog=1024)
            pipe.send(server.sockets[0].getsockname()[1])
            await server.serve_forever()

        asyncio.run(forever())


class Load:
    """Requests to one port over connections that are kept, and what became of each: status, seconds, and whether its form was right."""

    def __init__(self, port: int, body: bytes):
        self.port = port
        self.request = (
            f"POST /v1/chat/completions HTTP/1.1\r\nHost: g\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode()
            + body
        )
        self.idle: list = []
        self.results: list[tuple[int, float, bool]] = []

    async def ask(self) -> None:
        connection = self.idle.pop() if self.idle else await asyncio.open_connection("127.0.0.1", self.port)
        started = time.monotonic()
        reader, writer = connection
        writer.write(self.request)
        head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 20)).lower()
        body = await asyncio.wait_for(reader.readexactly(int(re.search(rb"content-length: (\d+)", head)[1])), 20)
        status = int(head[9:12])
        self.results.append((status, time.monotonic() - started, status == 200 or self.is_refusal(head, body)))
        if b"connection: close" in head:
            writer.close()
        else:
            self.idle.append(connection)

    @staticmethod
    def is_refusal(head: bytes, body: bytes) -> bool:
        error = json.loads(body)["error"]
        return re.search(rb"\r\nretry-after: [1-9]\d*\r\n", head) is not None and set(error) == {"message", "type", "param", "code"}

    async def closed(self, clients: int, seconds: float) -> float:
        """So many clients, each asking again when it has its answer: answers a second."""
        end = time.monotonic() + seconds

        async def client():
            while time.monotonic() < end:
                await self.ask()

        self.results.clear()
        await asyncio.gather(*(client() for _ in range(clients)))
        return self.answered / seconds

    async def open(self, rate: float, seconds: float) -> float:
        """So many requests a second, whatever becomes of them: answers a second, from the first second's end on."""
        self.results.clear()
        tasks = []
        early = None
        started = time.monotonic()
        while (now := time.monotonic() - started) < 1 + seconds:
            while len(tasks) < now * rate:
                tasks.append(asyncio.create_task(self.ask()))
            if early is None and now >= 1:
                early = self.answered
            await asyncio.sleep(0.002)
        goodput = (self.answered - (early or 0)) / seconds
        await asyncio.gather(*tasks)
        return goodput

    @property
    def answered(self) -> int:
        return sum(status == 200 for status, *_ in self.results)


class Watch:
    """Looks at health, metrics, the line and resident memory all the time, from a thread of its own."""

    def __init__(self, gateway: Gateway, line: str):
        self.gateway, self.line = gateway, line
        self.seconds: list[float] = []
        self.waiting: list[float] = []
        self.resident: list[int] = []
        self.ends = threading.Event()
        self.error: BaseException | None = None
        self.thread = threading.Thread(target=self.look)
        self.thread.start()

    def look(self):
        try:
            while not self.ends.wait(0.05):
                for path, admin in [("/health/live", False), ("/health/ready", False), ("/metrics", True)]:
                    started = time.monotonic()
                    status, text = self.gateway.get(path, admin)
                    self.seconds.append(time.monotonic() - started)
                    assert status == 200, f"{path} answered {status}"
                self.waiting.append(float(re.search(rf"^{re.escape(self.line)} (\S+)$", text, re.M)[1]))
                self.resident.append(self.gateway.resident_kib())
        except BaseException as error:
            self.error = error

    def end(self):
        self.ends.set()
        self.thread.join()
        if self.error:
            raise AssertionError("health or metrics failed under load") from self.error


def quantile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def overloaded(gateway: Gateway, body: bytes, places: int, limit: int, line: str) -> str:
    """`places` requests are answered at once and `limit` wait; holds the promises at five times what that answers."""

    async def load() -> tuple[float, float, Load, Watch, int]:
        load = Load(gateway.port, body)
        await load.closed(places, 1)
        peak = await load.closed(places, SECONDS)
        # Memory is compared with what the gateway needs at the peak.
        resident = gateway.resident_kib()
        watch = Watch(gateway, line)
        try:
            goodput = await load.open(5 * peak, SECONDS)
        finally:
            await asyncio.to_thread(watch.end)
        return peak, goodput, load, watch, resident

    peak, goodput, load, watch, resident = asyncio.run(load())
    gateway.end()
    refused = [seconds for status, seconds, _ in load.results if status != 200]
    statuses = sorted({status for status, *_ in load.results})
    growth = max(watch.resident) / resident - 1
    told = (
        f"peak {peak:.0f}/s; at {5 * peak:.0f}/s {goodput:.0f}/s answered ({goodput / peak:.1%}), {len(refused)} refused "
        f"(p50 {quantile(refused, 0.5) * 1e3:.1f}, p99 {quantile(refused, 0.99) * 1e3:.1f} ms); at most {max(watch.waiting):.0f} of {limit} "
        f"waited; memory {resident / 1024:.1f} MB {growth:+.1%}; health and metrics at most {max(watch.seconds) * 1e3:.1f} ms"
    )
    assert set(statuses) <= {200, 429, 503} and len(refused) > len(load.results) / 2, (statuses, told)
    assert all(form for *_, form in load.results), told
    assert 0 < max(watch.waiting) <= limit, told
    assert quantile(refused, 0.99) < 0.05 and goodput >= 0.9 * peak and growth < 0.2 and max(watch.seconds) < 0.1, told
    return told


def upstream_overload(folder: pathlib.Path, _: Upstream) -> str:
    """Five times what an upstream and the gateway's places allow."""
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.Process(target=SlowUpstream.serve, args=(theirs,), daemon=True)
    server.start()
    try:
        assert ours.poll(20), "the slow upstream does not start"
        gateway = Gateway(
            folder, f"http://127.0.0.1:{ours.recv()}/v1",
            config="limits: {requests_in_progress: 32, requests_waiting: 16, waiting_seconds: 2}\n")  # fmt: skip
        body = json.dumps({"model": "m", "messages": [{"role": "user", "content": "A question. " * 100}]}).encode()
        return overloaded(gateway, body, 32, 16, "pi_requests_waiting")
    finally:
        server.terminate()


def engine_overload(folder: pathlib.Path, upstream: Upstream) -> str:
    """Five times what the embedded engine computes, one request at a time, with a line of eight."""
    task = ROOT / "config/tasks/house-books"
    gateway = Gateway(
        folder, upstream.url,
        config=f"engines:\n  local: {{model: {task}/base, base_name: base, threads: 1, sequences: 1, queue: 8}}\n"
        "log: {requests: false}\n")  # fmt: skip
    asked = subprocess.run([PROGRAM, "demo", "request", "--seed", "7"], capture_output=True, check=True, cwd=ROOT).stdout
    body = json.dumps(json.loads(asked) | {"model": "base", "max_tokens": 200, "ignore_eos": True}).encode()
    return overloaded(gateway, body, 2, 8, 'pi_queue_depth{queue="local"}')


if __name__ == "__main__":
    run([upstream_overload, engine_overload])
