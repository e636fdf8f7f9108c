"""A client that writes exact bytes and reads exact bytes."""

import socket
from dataclasses import dataclass


@dataclass
class Reply:
    status: int
    fields: list[tuple[str, str]]
    #: The body without its transfer coding.
    body: bytes
    #: Whether the message ended as its framing says it does.
    is_whole: bool
    #: How the body was framed: `length`, `chunked`, `close` or `none`.
    framing: str

    def values(self, name: str) -> list[str]:
        return [value for key, value in self.fields if key.lower() == name.lower()]

    def value(self, name: str) -> str | None:
        return next(iter(self.values(name)), None)


class Connection:
    def __init__(self, port: int, timeout: float = 30):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data: bytes):
        self.socket.sendall(data)

    def more(self) -> bool:
        """Reads on; false at the end of the stream, or if the connection was reset."""
        try:
            data = self.socket.recv(1 << 16)
        except ConnectionError:
            return False
        self.buffer += data
        return bool(data)

    def until(self, mark: bytes) -> bytes:
        """Everything up to and including the mark; what came, if the stream ends before it."""
        while mark not in self.buffer:
            if not self.more():
                break
        at = self.buffer.find(mark) + len(mark) if mark in self.buffer else len(self.buffer)
        taken, self.buffer = self.buffer[:at], self.buffer[at:]
        return taken

    def exactly(self, count: int) -> bytes:
        while len(self.buffer) < count and self.more():
            pass
        taken, self.buffer = self.buffer[:count], self.buffer[count:]
        return taken

    def head(self) -> tuple[int, list[tuple[str, str]]]:
        raw = self.until(b"\r\n\r\n")
        if not raw.endswith(b"\r\n\r\n"):
            return 0, []
        first, *lines = raw[:-4].decode("utf-8").split("\r\n")
        fields = [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines)]
        return int(first.split(" ")[1]), fields

    def reply(self, method: str = "POST", skips_interim: bool = True) -> Reply:
        status, fields = self.head()
        while skips_interim and 100 <= status < 200:
            status, fields = self.head()
        reply = Reply(status, fields, b"", status != 0, "none")
        if method == "HEAD" or status in (0, 204, 304):
            return reply
        if "chunked" in (reply.value("transfer-encoding") or ""):
            reply.framing = "chunked"
            reply.body, reply.is_whole = self._chunks()
        elif length := reply.value("content-length"):
            reply.framing = "length"
            reply.body = self.exactly(int(length))
            reply.is_whole = len(reply.body) == int(length)
        else:
            reply.framing = "close"
            while self.more():
                pass
            reply.body, self.buffer = self.buffer, b""
        return reply

    def _chunks(self) -> tuple[bytes, bool]:
        parts = []
        while True:
            line = self.until(b"\r\n")
            if not line.endswith(b"\r\n"):
                return b"".join(parts), False
            size = int(line.split(b";")[0], 16)
            if size == 0:
                return b"".join(parts), self.until(b"\r\n") == b"\r\n"
            part = self.exactly(size + 2)
            parts.append(part[:size])
            if len(part) < size + 2:
                return b"".join(parts), False

    def is_closed(self) -> bool:
        """Whether the other side closes, within the time-out, without another byte."""
        return not self.more()


def request(
    method: str, target: str, body: bytes | None = None, fields: list[tuple[str, str]] = (), version: str = "1.1"
) -> bytes:
    lines = [f"{method} {target} HTTP/{version}", "Host: gateway.test", *(f"{name}: {value}" for name, value in fields)]
    names = {name.lower() for name, _ in fields}
    if body is not None and not names & {"content-length", "transfer-encoding"}:
        lines.append(f"Content-Length: {len(body)}")
    if body is not None and "content-type" not in names:
        lines.append("Content-Type: application/json")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8") + (body or b"")


def send(port: int, method: str, target: str, body: bytes | None = None, fields=(), version: str = "1.1") -> Reply:
    """One request on a connection of its own."""
    with Connection(port) as connection:
        connection.send(request(method, target, body, fields, version))
        return connection.reply(method)


def chat(port: int, body: bytes, fields=()) -> Reply:
    return send(port, "POST", "/v1/chat/completions", body, fields)
