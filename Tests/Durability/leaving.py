"""What becomes of work when clients leave and when the program is told to stop, tried on the program itself: `make test-durability`.

A client that leaves ends the upstream's work within 20 ms in mid-stream, within 500 ms while the upstream is silent or before its headers,
and the embedded engine's within 250 ms; a stop cuts no stream off. These are times: run it on a machine that does nothing else.
"""

import concurrent.futures
import json
import os
import pathlib
import re
import select
import signal
import socket
import struct
import threading
import time

from trial import ROOT, Gateway, Upstream, run

EVENT = b'data: {"choices":[{"index":0,"delta":{"content":"x"},"finish_reason":null}]}\n\n'
LAST = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
CHAT = b'{"model":"m","stream":true,"messages":[{"role":"user","content":"x"}]}'


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def post(body: bytes = CHAT) -> bytes:
    return (
        b"POST /v1/chat/completions HTTP/1.1\r\nHost: g\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    )


class StreamingUpstream:
    """Answers each connection's requests as a trial says, from a thread of its own, and notes when the gateway closed it."""

    def __init__(self, kind: str, events: int = 10**6, pause: float = 0.005):
        self.kind, self.events, self.pause = kind, events, pause
        self.asked = threading.Semaphore(0)
        self.closed: list[float] = []
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        threading.Thread(target=self.accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.listener.getsockname()[1]}/v1"

    def accept(self):
        while True:
            connection, _ = self.listener.accept()
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection: socket.socket):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            while self.answer(connection):
                pass
        except OSError:
            self.closed.append(time.monotonic())

    def answer(self, connection: socket.socket) -> bool:
        """Whether the connection goes on."""
        received = b""
        while b'"messages"' not in received:
            if not (data := connection.recv(1 << 16)):
                return False  # Opened ahead, or kept, and not needed.
            received += data
        self.asked.release()
        if self.kind != "before its headers":
            connection.sendall(HEAD + chunk(EVENT))
        for _ in range(self.events):
            if select.select([connection], [], [], self.pause)[0] and not connection.recv(1 << 16):
                self.closed.append(time.monotonic())
                return False
            if self.kind == "in mid-stream":
                connection.sendall(chunk(EVENT))
        connection.sendall(chunk(LAST) + b"0\r\n\r\n")
        return True


def begin(port: int, waits: bool, body: bytes = CHAT) -> socket.socket:
    """A client's connection with a request under way, its first event there if it waits for it."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=20)
    connection.sendall(post(body))
    received = b""
    while waits and b"data: " not in received:
        assert (data := connection.recv(1 << 16)) and b" 50" not in received[:16], received
        received += data
    return connection


def metric(gateway: Gateway, name: str) -> float:
    return float(re.search(rf"^{re.escape(name)} (\S+)$", gateway.get("/metrics", admin=True)[1], re.M)[1])


def disconnects(folder: pathlib.Path, _: Upstream) -> str:
    """The upstream's connection is closed soon after the client's, and so is the engine's work."""
    told = []
    for kind, limit in [("in mid-stream", 0.02), ("while it is silent", 0.5), ("before its headers", 0.5)]:
        upstream = StreamingUpstream(kind)
        gateway = Gateway(folder / kind.replace(" ", "-"), upstream.url)
        times = []
        for number in range(40):
            client = begin(gateway.port, waits=kind != "before its headers")
            assert upstream.asked.acquire(timeout=20), kind
            time.sleep(0.02)
            left = time.monotonic()
            client.close()
            while len(upstream.closed) <= number:
                assert time.monotonic() - left < 5, f"{kind}: not closed after 5 s"
                time.sleep(0.0005)
            times.append(upstream.closed[number] - left)
        gateway.end()
        # One of forty may be the machine's.
        assert sorted(times)[-2] < limit, f"{kind}: {sorted(times)[-3:]}"
        told.append(f"{kind} {sorted(times)[20] * 1e3:.1f} ms (at most {max(times) * 1e3:.1f})")
    task = ROOT / "config/tasks/house-books"
    gateway = Gateway(
        folder / "engine", "http://127.0.0.1:1/v1", config=f"engines:\n  local: {{model: {task}/base, base_name: base, threads: 1}}\n")
    asked = {"model": "base", "stream": True, "max_tokens": 1400, "ignore_eos": True, "messages": [{"role": "user", "content": "x " * 300}]}
    times = []
    for _ in range(20):
        client = begin(gateway.port, waits=True, body=json.dumps(asked).encode())
        assert metric(gateway, 'pi_engine_running{engine="local"}') == 1
        left = time.monotonic()
        client.close()
        while metric(gateway, 'pi_engine_running{engine="local"}') > 0:
            assert time.monotonic() - left < 5
        times.append(time.monotonic() - left)
    gateway.end()
    assert sorted(times)[-2] < 0.25, sorted(times)
    return "; ".join([*told, f"the engine stops after {sorted(times)[10] * 1e3:.1f} ms (at most {max(times) * 1e3:.1f})"])


def broken_upstreams(folder: pathlib.Path, _: Upstream) -> str:
    """A stream that the upstream ends or resets in the middle ends as broken for the client, with an error event, within 100 ms."""
    told = []
    for kind in ("ends", "is reset"):
        broke: list[float] = []

        class Breaking(StreamingUpstream):
            def answer(self, connection: socket.socket) -> bool:
                while not connection.recv(1 << 16).endswith(b"}"):
                    pass
                connection.sendall(HEAD + chunk(EVENT))
                time.sleep(0.02)
                if kind == "is reset":
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                broke.append(time.monotonic())
                connection.close()
                return False

        upstream = Breaking("in mid-stream")
        gateway = Gateway(
            folder / kind.replace(" ", "-"), upstream.url + "', breaker: {failures: 0}, key: 'k")
        times = []
        for number in range(30):
            client = begin(gateway.port, waits=True)
            received = b""
            while data := client.recv(1 << 16):
                received += data
            times.append(time.monotonic() - broke[number])
            client.close()
            assert b'data: {"error":{' in received and b"[DONE]" not in received and not received.endswith(b"0\r\n\r\n"), received
        gateway.end()
        assert sorted(times)[-2] < 0.1, sorted(times)
        assert [row[0] for row in gateway.rows("outcome")] == ["partial"] * 30
        told.append(f"{kind}: broken after {sorted(times)[15] * 1e3:.1f} ms (at most {max(times) * 1e3:.1f})")
    return "; ".join(told)


def aborts(folder: pathlib.Path, _: Upstream) -> str:
    """A thousand of two thousand requests are left by their clients: as many rows, and nothing stays open."""
    upstream = StreamingUpstream("in mid-stream", events=6)
    gateway = Gateway(folder, upstream.url)
    held = lambda: len(os.listdir(f"/proc/{gateway.process.pid}/fd"))
    begin(gateway.port, waits=True).close()
    before = held()

    def ask(number: int) -> bool:
        client = socket.create_connection(("127.0.0.1", gateway.port), timeout=20)
        client.sendall(post())
        received = b""
        if number % 2:
            client.recv(1)
            client.close()
            return False
        while not received.endswith(b"0\r\n\r\n"):
            assert (data := client.recv(1 << 16)), received
            received += data
        client.close()
        return b"data: [DONE]\n\n" in received

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        whole = sum(pool.map(ask, range(2000)))
    deadline = time.monotonic() + 10
    # Connections to the upstream are kept for the next request.
    while held() > before + 32 and time.monotonic() < deadline:
        time.sleep(0.1)
    after = held()
    gateway.end()
    rows = [row[0] for row in gateway.rows("outcome")]
    assert whole == 1000 and len(rows) == 2001 and rows.count("complete") >= 1000, (whole, len(rows), rows.count("complete"))
    assert after <= before + 32, f"{before} descriptors before, {after} after"
    return f"{whole} whole, {rows.count('aborted')} aborted of {len(rows)} rows; {before} descriptors before, {after} after"


def graceful_stop(folder: pathlib.Path, _: Upstream) -> str:
    """Fifty streams under way at SIGTERM are sent to their end; the listener closes and readiness is false at once."""
    upstream = StreamingUpstream("in mid-stream", events=100, pause=0.03)
    gateway = Gateway(folder, upstream.url)
    clients = [begin(gateway.port, waits=True) for _ in range(50)]
    time.sleep(0.5)
    told = time.monotonic()
    os.kill(gateway.process.pid, signal.SIGTERM)
    while True:
        try:
            socket.create_connection(("127.0.0.1", gateway.port), timeout=1).close()
        except OSError:
            break
        assert time.monotonic() - told < 5
        time.sleep(0.002)
    closed = time.monotonic() - told
    assert gateway.get("/health/ready", admin=True)[0] == 503

    def rest(client: socket.socket) -> bytes:
        received = b""
        while data := client.recv(1 << 16):
            received += data
        return received

    with concurrent.futures.ThreadPoolExecutor(50) as pool:
        whole = sum(answer.endswith(b"0\r\n\r\n") and b"data: [DONE]\n\n" in answer for answer in pool.map(rest, clients))
    status = gateway.process.wait(30)
    rows = [row[0] for row in gateway.rows("outcome")]
    assert whole == 50 and status == 0 and rows == ["complete"] * 50 and closed < 0.1, (whole, status, len(rows), closed)
    return f"50 of 50 streams whole; the listener closed after {closed * 1e3:.1f} ms; exit status 0"


def second_signal(folder: pathlib.Path, _: Upstream) -> str:
    """A second SIGTERM ends the program at once."""
    upstream = StreamingUpstream("in mid-stream")
    gateway = Gateway(folder, upstream.url)
    client = begin(gateway.port, waits=True)
    os.kill(gateway.process.pid, signal.SIGTERM)
    time.sleep(0.3)
    assert gateway.process.poll() is None
    told = time.monotonic()
    os.kill(gateway.process.pid, signal.SIGTERM)
    status = gateway.process.wait(5)
    ended = time.monotonic() - told
    client.close()
    assert status == 1 and ended < 0.5, (status, ended)
    return f"exit status 1 after {ended * 1e3:.1f} ms"


if __name__ == "__main__":
    run([disconnects, broken_upstreams, aborts, graceful_stop, second_signal])
