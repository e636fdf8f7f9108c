#!/usr/bin/env python3
"""Sends a million requests through the gateway and watches what it holds: resident memory, descriptors, threads.

usage: soak.py PROGRAM [--requests 1000000] [--connections 24] [--folder FOLDER]

PROGRAM is a release build. This script is the upstream and the clients, each a process of its own. Of a hundred requests 70 are whole
answers over kept connections, 20 are streams of eight events, 5 come on a connection of their own, 3 name an unknown path, and 2 are
streams whose client leaves in the middle. Every fiftieth of the way the gateway's figures are printed; the last lines say what resident
memory gained for each 100,000 requests (least squares over the second half), and whether descriptors came back to what they were.
Exit status 1 if memory gains 1 MB or more, descriptors grew, or an answer has a status that it should not have.
"""
import argparse, asyncio, json, multiprocessing, os, pathlib, re, subprocess, sys, tempfile, time

WHOLE = json.dumps({
    "id": "c", "object": "chat.completion", "created": 1, "model": "m",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "All is well. " * 20}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 40, "completion_tokens": 60, "total_tokens": 100},
}).encode()  # fmt: skip
EVENT = b'data: {"id":"c","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"word "},"finish_reason":null}]}\n\n'
LAST = b'data: {"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":40,"completion_tokens":8,"total_tokens":48}}\n\ndata: [DONE]\n\n'


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


class Upstream(asyncio.Protocol):
    """Answers each request at once; the events of a stream come in two parts."""

    def connection_made(self, transport):
        self.transport, self.buffer = transport, b""

    def data_received(self, data):
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            head = self.buffer[:end].lower()
            length = int(found[1]) if (found := re.search(rb"content-length: (\d+)", head)) else 0
            if len(self.buffer) < end + 4 + length:
                return
            body, self.buffer = self.buffer[end + 4 : end + 4 + length], self.buffer[end + 4 + length :]
            if b'"stream":true' in body:
                self.transport.write(
                    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk(EVENT) * 4)
                asyncio.get_running_loop().call_later(0.002, self.finish)
            else:
                self.transport.write(
                    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(WHOLE) + WHOLE)

    def finish(self):
        if not self.transport.is_closing():
            self.transport.write(chunk(EVENT) * 4 + chunk(LAST) + b"0\r\n\r\n")


def upstream(pipe):
    async def serve():
        server = await asyncio.get_running_loop().create_server(Upstream, "127.0.0.1", 0, backlog=1024)
        pipe.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(serve())


def message(stream: bool, path: str = "/v1/chat/completions") -> bytes:
    text = "You are asked something that nobody has a schema for. " * 15
    body = json.dumps(
        {"model": "m", "messages": [{"role": "user", "content": text}]} | ({"stream": True} if stream else {}), separators=(",", ":")).encode()
    return (f"POST {path} HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer sk-soak\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n").encode() + body  # fmt: skip


async def answer(reader: asyncio.StreamReader) -> int:
    """Reads one answer to its end; its status."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    if found := re.search(rb"content-length: (\d+)", head):
        await reader.readexactly(int(found[1]))
    else:
        while not (await reader.readuntil(b"\r\n")).startswith(b"0\r"):
            pass
        await reader.readexactly(2)
    return int(head[9:12])


async def client(port: int, number: int, count: int, done, failed):
    kinds = {"whole": message(False), "stream": message(True), "path": message(False, "/nowhere")}
    reader = writer = None
    for index in range(count):
        place = (index * 37 + number * 11) % 100
        alone, leaves = 70 <= place < 75, place >= 98
        kind = "stream" if 75 <= place < 95 or leaves else "path" if 95 <= place < 98 else "whole"
        if alone and writer:
            writer.close()
            writer = None
        if not writer:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(kinds[kind])
        if leaves:
            await reader.readuntil(b"data: ")
        else:
            # A path that nobody has is refused before its body is read, which ends the connection.
            expected = 404 if kind == "path" else 200
            if await answer(reader) != expected:
                failed.value += 1
        if leaves or alone or kind == "path":
            writer.close()
            writer = None
        if index % 50 == 49:
            with done.get_lock():
                done.value += 50
    if writer:
        writer.close()


def clients(port: int, connections: int, count: int, done, failed):
    async def run():
        await asyncio.gather(*(client(port, number, count, done, failed) for number in range(connections)))

    asyncio.run(run())


def held(process: int) -> tuple[float, int, int]:
    """Resident megabytes, descriptors, threads."""
    status = pathlib.Path(f"/proc/{process}/status").read_text()
    number = lambda name: int(re.search(rf"{name}:\s+(\d+)", status)[1])
    return number("VmRSS") / 1024, len(os.listdir(f"/proc/{process}/fd")), number("Threads")


def slope(points: list[tuple[float, float]]) -> float:
    """The least-squares slope of y by x."""
    mean_x, mean_y = (sum(p[i] for p in points) / len(points) for i in (0, 1))
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / sum((x - mean_x) ** 2 for x, _ in points)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("--requests", type=int, default=1_000_000)
    parser.add_argument("--connections", type=int, default=24)
    parser.add_argument("--folder", type=pathlib.Path)
    options = parser.parse_args()
    folder = options.folder or pathlib.Path(tempfile.mkdtemp(prefix="soak-"))
    folder.mkdir(parents=True, exist_ok=True)

    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.Process(target=upstream, args=(theirs,), daemon=True)
    server.start()
    (folder / "gateway.yaml").write_text(
        "client_keys: [{env: SOAK_KEY}]\nledger: {file: ledger.sqlite}\nlimits: {}\n"
        f"upstreams:\n  up: {{base_url: 'http://127.0.0.1:{ours.recv()}/v1', key: sk-upstream}}\n")
    output = folder / "output.log"
    gateway = subprocess.Popen(
        [options.program, "serve", "--config", folder / "gateway.yaml", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"],
        stdin=subprocess.DEVNULL, stdout=output.open("wb"), stderr=subprocess.DEVNULL, env=os.environ | {"SOAK_KEY": "sk-soak"})
    while not (found := re.search(r"listening +https?://[^:]+:(\d+)", output.read_text())):
        assert gateway.poll() is None, f"the gateway ended with {gateway.returncode}"
        time.sleep(0.02)
    done, failed = multiprocessing.Value("q", 0), multiprocessing.Value("q", 0)
    each = options.requests // options.connections
    started = time.monotonic()
    load = multiprocessing.Process(target=clients, args=(int(found[1]), options.connections, each, done, failed), daemon=True)
    load.start()
    points: list[tuple[float, float]] = []
    descriptors: list[int] = []
    step, total = options.requests // 50, each * options.connections
    print(" requests  seconds  resident MB  descriptors  threads", flush=True)

    def note():
        memory, files, threads = held(gateway.pid)
        points.append((done.value / 100_000, memory))
        descriptors.append(files)
        print(f"{done.value:9d} {time.monotonic() - started:8.0f} {memory:12.1f} {files:12d} {threads:8d}", flush=True)

    while load.is_alive():
        if done.value >= step * len(points):
            note()
        time.sleep(0.05)
    load.join()
    time.sleep(2)
    idle = held(gateway.pid)
    seconds = time.monotonic() - started
    if len(points) < 20:
        print(f"{total} requests took {seconds:.1f} s, too few for a slope ({len(points)} points): give more --requests")
        gateway.terminate()
        gateway.wait(40)
        return 2
    gain = slope(points[len(points) // 2 :])
    middle = sorted(descriptors[len(descriptors) // 4 : len(descriptors) // 2])
    last = sorted(descriptors[-len(middle) :])
    grew = last[len(last) // 2] - middle[len(middle) // 2]
    print(f"{total} requests in {seconds:.0f} s, {failed.value} unexpected statuses, exit status of the load {load.exitcode}")
    print(f"resident memory: {gain:+.3f} MB for each 100,000 requests in the second half")
    print(f"descriptors: median {middle[len(middle) // 2]} early, {last[len(last) // 2]} at the end; idle {idle[1]}; {idle[0]:.1f} MB")
    gateway.terminate()
    gateway.wait(40)
    return 0 if gain < 1 and grew <= options.connections // 4 and load.exitcode == 0 and failed.value == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
