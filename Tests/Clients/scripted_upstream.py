"""An upstream that sends exactly the bytes it is told to, and keeps exactly the bytes it was sent.

It speaks just enough HTTP/1.1 to find where a request ends. What it answers is a function from the request to an
`Answer`: the bytes on the wire, in the pieces in which they are written.
"""

import asyncio
import json
import socket
import threading
import time
from dataclasses import dataclass, field


@dataclass
class Request:
    """One request as it came over the wire."""

    head: bytes
    method: str
    target: str
    fields: list[tuple[str, str]]
    #: The body without its transfer coding.
    body: bytes = b""
    is_chunked: bool = False
    #: Which connection it came on, counted from 0.
    connection: int = 0
    #: When the other side closed the connection while the answer was under way, by `time.monotonic`.
    closed_at: float | None = None
    closed: threading.Event = field(default_factory=threading.Event)

    def values(self, name: str) -> list[str]:
        return [value for key, value in self.fields if key.lower() == name.lower()]

    def value(self, name: str) -> str | None:
        return next(iter(self.values(name)), None)

    @property
    def path(self) -> str:
        return self.target.split("?")[0]

    @property
    def json(self):
        return json.loads(self.body)


@dataclass
class Answer:
    """Bytes in the pieces in which they are written; a number is a pause in seconds, an event is waited for.

    `then` is what becomes of the connection: `keep` it, `close` it in order, `reset` it, or `hold` it without a word
    until the other side closes.
    """

    pieces: list[bytes | float | threading.Event]
    then: str = "keep"


def head(status: int, fields: list[tuple[str, str]], reason: str = "Scripted") -> bytes:
    lines = [f"HTTP/1.1 {status} {reason}"] + [f"{name}: {value}" for name, value in fields]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8")


def whole(status: int, body: bytes, fields: list[tuple[str, str]] = (), content_type: str = "application/json") -> Answer:
    """An answer of announced length, in one write."""
    fields = [("Content-Type", content_type), *fields, ("Content-Length", str(len(body)))]
    return Answer([head(status, fields) + body])


def chunk(data: bytes) -> bytes:
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


def stream(pieces: list[bytes | float], fields: list[tuple[str, str]] = (), *, ends: bool = True, then: str = "keep") -> Answer:
    """An event stream in chunked coding, one chunk and one write for each piece."""
    fields = [("Content-Type", "text/event-stream; charset=utf-8"), *fields, ("Transfer-Encoding", "chunked")]
    framed = [chunk(piece) if isinstance(piece, bytes) else piece for piece in pieces if piece != b""]
    return Answer([head(200, fields), *framed, *([b"0\r\n\r\n"] if ends else [])], then)


def cut(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


class ScriptedUpstream:
    """The server, on a loopback port of its own and a thread of its own."""

    def __init__(self, answer):
        self.default = answer
        self.answer = answer
        self.requests: list[Request] = []
        self.connections = 0
        self._loop = asyncio.new_event_loop()
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self._started.wait(10)

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def last(self) -> Request:
        return self.requests[-1]

    def reset(self):
        self.answer = self.default
        self.requests.clear()

    def wait_for(self, count: int, seconds: float = 5) -> None:
        deadline = time.monotonic() + seconds
        while len(self.requests) < count:
            assert time.monotonic() < deadline, f"{len(self.requests)} of {count} requests came"
            time.sleep(0.002)

    def stop(self):
        def end():
            for task in asyncio.all_tasks(self._loop):
                task.cancel()
            self._loop.call_later(0.05, self._loop.stop)

        self._loop.call_soon_threadsafe(end)
        self._thread.join(5)

    def _run(self):
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(
            asyncio.start_server(self._serve, "127.0.0.1", 0, limit=1 << 20, backlog=256)
        )
        self.port = server.sockets[0].getsockname()[1]
        self._started.set()
        self._loop.run_forever()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter):
        number, self.connections = self.connections, self.connections + 1
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            while (request := await self._read(reader, writer, number)) is not None:
                self.requests.append(request)
                if not await self._write(request, reader, writer):
                    return
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def _read(self, reader, writer, number: int) -> Request | None:
        try:
            raw = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            return None
        first, *lines = raw[:-4].decode("latin-1").split("\r\n")
        method, target, _ = first.split(" ")
        fields = [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines)]
        request = Request(raw, method, target, fields, connection=number)
        if (request.value("expect") or "").lower() == "100-continue":
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        if "chunked" in (request.value("transfer-encoding") or ""):
            request.is_chunked = True
            parts = []
            while size := int((await reader.readline()).split(b";")[0], 16):
                parts.append(await reader.readexactly(size))
                await reader.readexactly(2)
            while (await reader.readline()).strip():
                pass
            request.body = b"".join(parts)
        elif length := int(request.value("content-length") or 0):
            request.body = await reader.readexactly(length)
        return request

    async def _write(self, request: Request, reader, writer) -> bool:
        answer: Answer = self.answer(request)
        left = asyncio.ensure_future(self._watch(request, reader)) if self._is_slow(answer) else None
        try:
            for piece in answer.pieces:
                if isinstance(piece, bytes):
                    writer.write(piece)
                    await writer.drain()
                elif isinstance(piece, threading.Event):
                    await self._loop.run_in_executor(None, piece.wait, 20)
                else:
                    await asyncio.sleep(piece)
            if answer.then == "hold":
                await left
            if answer.then == "reset":
                linger = b"\x01\0\0\0\0\0\0\0"
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                writer.transport.abort()
        finally:
            if left is not None:
                left.cancel()
                await asyncio.wait([left])
        return answer.then == "keep" and not request.closed.is_set()

    @staticmethod
    def _is_slow(answer: Answer) -> bool:
        return answer.then == "hold" or any(not isinstance(piece, bytes) for piece in answer.pieces)

    @staticmethod
    async def _watch(request: Request, reader):
        """Notes when the other side goes; it has nothing to send while an answer is under way."""
        try:
            data = await reader.read(1)
        except ConnectionError:
            data = b""
        if data == b"":
            request.closed_at = time.monotonic()
            request.closed.set()
