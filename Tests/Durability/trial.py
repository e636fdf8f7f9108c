"""What the trials share: the program as a process of its own, an upstream that bills, and how trials are run.

A trial is a function of a folder and an upstream that returns what it found, and raises AssertionError if a promise does not hold.
PROMPTINTERN names another program than the release build. A trial that needs what this machine lacks says so and is left out.
"""

import concurrent.futures
import http.client
import http.server
import json
import os
import pathlib
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import traceback

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = pathlib.Path(os.environ.get("PROMPTINTERN") or ROOT / ".build/release/promptintern").absolute()


class Upstream(http.server.ThreadingHTTPServer):
    """Answers every chat request with `done-N`, and notes what it billed for which N."""

    daemon_threads = True

    def __init__(self):
        self.billed: dict[str, int] = {}
        super().__init__(("127.0.0.1", 0), Answer)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"


class Answer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        name = body["messages"][0]["content"]
        tokens = 10 + len(self.server.billed) % 7
        self.server.billed[name] = self.server.billed.get(name, 0) + tokens
        message = {"role": "assistant", "content": f"done-{name}."}
        answer = json.dumps({
            "id": "a", "object": "chat.completion", "created": 1, "model": "m",
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": tokens, "completion_tokens": 1, "total_tokens": tokens + 1},
        }).encode()  # fmt: skip
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def handle(self):
        try:
            super().handle()
        except ConnectionError:
            pass  # The gateway was killed.

    def log_message(self, *_):
        pass


class NotStarted(AssertionError):
    """The program ended before it listened; `args` are its exit status and what it said."""


class Gateway:
    """The program with a ledger in `folder`, one upstream at `url`, and further lines of configuration."""

    started: list["Gateway"] = []

    def __init__(
        self, folder: pathlib.Path, url: str, ledger: str = "durability: process", before=(), environment=None, config: str = "",
    ):  # fmt: skip
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.file = folder, folder / "ledger.sqlite"
        (folder / "gateway.yaml").write_text(
            f"ledger: {{file: ledger.sqlite, {ledger}}}\nupstreams:\n  up: {{base_url: '{url}'}}\n{config}")
        output = folder / "output.log"
        started = time.monotonic()
        self.process = subprocess.Popen(
            [*before, PROGRAM, "serve", "--config", folder / "gateway.yaml", "--listen", "127.0.0.1:0",
             "--admin-listen", "127.0.0.1:0"],
            stdin=subprocess.DEVNULL, stdout=output.open("wb"), stderr=(folder / "errors.log").open("ab"),
            env=os.environ | (environment or {}))  # fmt: skip
        Gateway.started.append(self)
        while not (found := re.search(r"listening +https?://[^:]+:(\d+)[\s\S]*admin +https?://[^:]+:(\d+)", output.read_text())):
            if self.process.poll() is not None:
                raise NotStarted(self.process.poll(), (folder / "errors.log").read_text()[-2000:])
            assert time.monotonic() - started < 60, "the gateway does not tell in 60 s that it listens"
            time.sleep(0.01)
        self.seconds_to_ready = time.monotonic() - started
        self.port, self.admin = int(found[1]), int(found[2])

    def chat(self, name: str, kept: http.client.HTTPConnection | None = None) -> tuple[int, str]:
        """The status and the request's id, once the whole answer is here; on a kept connection, if one is given."""
        connection = kept or http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            body = json.dumps({"model": "m", "messages": [{"role": "user", "content": name}]})
            connection.request("POST", "/v1/chat/completions", body, {"content-type": "application/json"})
            response = connection.getresponse()
            response.read()
            return response.status, response.headers["x-request-id"]
        finally:
            if not kept:
                connection.close()

    def get(self, path: str, admin: bool = False) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.admin if admin else self.port, timeout=20)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.read().decode()
        finally:
            connection.close()

    @property
    def pid(self) -> int:
        """The program's own process: behind strace or faketime it is a child, or has taken the wrapper's place."""
        children = subprocess.run(["pgrep", "-P", str(self.process.pid)], capture_output=True, text=True).stdout.split()
        return int(children[0]) if children else self.process.pid

    def end(self, by=signal.SIGTERM):
        os.kill(self.pid, by)
        self.process.wait(30)

    def resident_kib(self) -> int:
        """Of the program itself, started without a wrapper."""
        return int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{self.process.pid}/status").read_text())[1])

    def rows(self, columns: str) -> list[tuple]:
        with sqlite3.connect(f"file:{self.file}?mode=ro", uri=True) as database:
            return database.execute(f"SELECT {columns} FROM attempts ORDER BY id").fetchall()


def many(gateway: Gateway, names: list[str], at_once: int = 8) -> list[tuple[int, str]]:
    with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
        return list(pool.map(gateway.chat, names))


def run(trials: list) -> None:
    """Runs the trials named on the command line, or all; exit status 1 if one failed."""
    assert PROGRAM.exists(), f"no program at {PROGRAM}: run 'make build', or name one with PROMPTINTERN"
    unknown = set(sys.argv[1:]) - {trial.__name__ for trial in trials}
    assert not unknown, f"no such trial: {', '.join(sorted(unknown))}"
    failed = False
    for trial in [trial for trial in trials if len(sys.argv) == 1 or trial.__name__ in sys.argv[1:]]:
        upstream = Upstream()
        with tempfile.TemporaryDirectory() as folder:
            try:
                print(f"{trial.__name__}: {trial(pathlib.Path(folder) / 'gateway', upstream)}", flush=True)
            except Exception:
                failed = True
                print(f"{trial.__name__}: FAILED", flush=True)
                traceback.print_exc()
            finally:
                for gateway in Gateway.started:
                    if gateway.process.poll() is None:
                        gateway.end(signal.SIGKILL)
                Gateway.started.clear()
        upstream.shutdown()
    sys.exit(1 if failed else 0)
