"""What the ledger promises, tried on the program itself: `make test-durability`.

Each trial starts the gateway in a folder of its own before an upstream that this script is, and reads the ledger
afterwards. `durability.py [TRIAL ...]` runs some of them; PROMPTINTERN names another program than the release build, and
KILLS a number of kills other than 10, ANSWERS how many answers must have come before each.
A trial that needs what this machine lacks (strace, faketime, a mount) says so and is left out.
"""

import concurrent.futures
import http.client
import http.server
import json
import os
import pathlib
import random
import re
import shutil
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
    def __init__(self, folder: pathlib.Path, upstream: Upstream, ledger: str = "durability: process", before=(), environment=None):
        folder.mkdir(parents=True, exist_ok=True)
        self.file = folder / "ledger.sqlite"
        (folder / "gateway.yaml").write_text(
            f"ledger: {{file: ledger.sqlite, {ledger}}}\nupstreams:\n  up: {{base_url: '{upstream.url}'}}\n")
        output = folder / "output.log"
        started = time.monotonic()
        self.process = subprocess.Popen(
            [*before, PROGRAM, "serve", "--config", folder / "gateway.yaml", "--listen", "127.0.0.1:0",
             "--admin-listen", "127.0.0.1:0"],
            stdin=subprocess.DEVNULL, stdout=output.open("wb"), stderr=(folder / "errors.log").open("ab"),
            env=os.environ | (environment or {}))  # fmt: skip
        while not (found := re.search(r"listening +https?://[^:]+:(\d+)[\s\S]*admin +https?://[^:]+:(\d+)", output.read_text())):
            if self.process.poll() is not None:
                raise NotStarted(self.process.poll(), (folder / "errors.log").read_text()[-2000:])
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

    def end(self, by=signal.SIGTERM):
        # Behind strace or faketime the program is a child, or has taken the wrapper's place.
        children = subprocess.run(["pgrep", "-P", str(self.process.pid)], capture_output=True, text=True).stdout.split()
        os.kill(int(children[0]) if children else self.process.pid, by)
        self.process.wait(30)

    def rows(self, columns: str) -> list[tuple]:
        with sqlite3.connect(f"file:{self.file}?mode=ro", uri=True) as database:
            return database.execute(f"SELECT {columns} FROM attempts ORDER BY id").fetchall()


def many(gateway: Gateway, names: list[str], at_once: int = 8) -> list[tuple[int, str]]:
    with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
        return list(pool.map(gateway.chat, names))


def reconciliation(folder: pathlib.Path, upstream: Upstream) -> str:
    """Each request has exactly one final row, and the sums are those that the upstream billed."""
    gateway = Gateway(folder, upstream)
    answers = many(gateway, [f"r{number}" for number in range(400)], at_once=16)
    savings = json.loads(gateway.get("/v1/savings")[1])["totals"]
    gateway.end()
    rows = gateway.rows("request_id, is_final, sent_other, outcome")
    assert all(status == 200 for status, _ in answers)
    assert sorted(row[0] for row in rows) == sorted(name for _, name in answers) and len(set(answers)) == 400
    assert all(row[1] == 1 and row[3] == "complete" for row in rows)
    billed = sum(upstream.billed.values())
    assert sum(row[2] for row in rows) == billed == savings["tokens"]["prompt"]["after"] and savings["requests"] == 400
    return f"400 requests, 400 final rows, {billed} prompt tokens billed and recorded"


def kills(folder: pathlib.Path, upstream: Upstream) -> str:
    """What a client received whole has its row, exactly once, though the program was killed in the middle of traffic."""
    received: list[str] = []
    slowest = 0.0
    count, answers = int(os.environ.get("KILLS", "10")), int(os.environ.get("ANSWERS", "0"))
    for kill in range(count):
        gateway = Gateway(folder, upstream)
        slowest = max(slowest, gateway.seconds_to_ready)
        stop = time.monotonic() + random.uniform(0.2, 1.2)

        def client(number: int) -> None:
            connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=20)
            for index in range(10**6):
                try:
                    status, name = gateway.chat(f"k{kill}-{number}-{index}", connection)
                    assert status == 200
                    received.append(name)
                except (OSError, http.client.HTTPException):
                    return connection.close()

        threads = [threading.Thread(target=client, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        while (left := stop - time.monotonic()) > 0 or len(received) < (kill + 1) * answers and left > -20:
            time.sleep(max(0.01 * random.random(), min(left, 0.05)))
        gateway.end(signal.SIGKILL)
        for thread in threads:
            thread.join()
        # The killed gateway's ledger tells the truth to another process before anything is folded.
        told = subprocess.run(
            [PROGRAM, "savings", "--ledger", gateway.file, "--json"], capture_output=True, text=True, check=True).stdout
        assert json.loads(told)["totals"]["requests"] >= len(received)
        if kill % 10 == 9 or kill == count - 1:
            with sqlite3.connect(gateway.file) as database:
                assert database.execute("PRAGMA quick_check").fetchone() == ("ok",)
    Gateway(folder, upstream).end()
    rows = [row[0] for row in gateway.rows("request_id")]
    assert len(rows) == len(set(rows)) and set(received) <= set(rows)
    with sqlite3.connect(gateway.file) as database:
        assert database.execute("SELECT sum(attempts) FROM rollups").fetchone() == (len(rows),)
    return f"{count} kills, {len(received)} answers received, {len(rows)} rows; slowest start {slowest:.2f} s"


def power_order(folder: pathlib.Path, upstream: Upstream) -> str:
    """With `durability: power`, a sync of the journal lies between the upstream's answer and the client's last byte."""
    if not shutil.which("strace"):
        return "left out: there is no strace"
    trace = folder / "trace"
    folder.mkdir(parents=True)
    calls = "trace=fdatasync,read,readv,recvfrom,recvmsg,write,writev,sendto,sendmsg"
    gateway = Gateway(
        folder, upstream, "durability: power", before=["strace", "-f", "-y", "-s", "4096", "-e", calls, "-o", trace])
    for number in range(30):
        assert gateway.chat(f"p{number}")[0] == 200
    gateway.end()
    lines = trace.read_text(errors="replace").splitlines()
    checked = 0
    example = ""
    for number in range(30):
        mark = f"done-p{number}."
        from_upstream = next(i for i, line in enumerate(lines) if mark in line and re.search(r"\b(read|recv)", line))
        to_client = max(i for i, line in enumerate(lines) if mark in line and re.search(r"\b(write|send)", line))
        synced = [
            i for i in range(from_upstream, to_client)
            if re.search(r"(fdatasync\(\d+<[^>]*\.rows-\d+>\)|fdatasync resumed>\)) += 0", lines[i])
        ]  # fmt: skip
        assert synced, f"no sync between lines {from_upstream} and {to_client} of {trace}"
        checked += 1
        example = "\n".join(lines[i][:110] for i in (from_upstream, synced[-1], to_client))
    return f"{checked} answers, each synced before its last byte; the last one:\n{example}"


def full_disk(folder: pathlib.Path, upstream: Upstream) -> str:
    """A full disk is told, costs no answer and no acknowledged row, and is over within 5 s of its end."""
    folder.mkdir(parents=True)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", folder], capture_output=True).returncode != 0:
        return "left out: no file system may be mounted here"
    try:
        return fill(folder, upstream)
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def fill(folder: pathlib.Path, upstream: Upstream) -> str:
    logs = folder.with_name("logs")
    gateway = Gateway(folder, upstream)
    logs.mkdir()
    many(gateway, [f"a{number}" for number in range(200)])
    time.sleep(1)
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            pass
    deadline = time.monotonic() + 120
    sent = 0
    while gateway.get("/health/ready")[0] == 200 and time.monotonic() < deadline:
        assert all(status == 200 for status, _ in many(gateway, [f"b{sent + n}" for n in range(100)]))
        sent += 100
    assert gateway.get("/health/ready")[0] == 503
    filler.unlink()
    freed = time.monotonic()
    while gateway.get("/health/ready")[0] != 200:
        assert time.monotonic() - freed < 5
        time.sleep(0.05)
    recovery = time.monotonic() - freed
    many(gateway, [f"c{number}" for number in range(50)])
    metrics = gateway.get("/metrics", admin=True)[1]
    errors = sum(float(value) for value in re.findall(r"^\S*ledger_errors_total\S* (\S+)$", metrics, re.M))
    gateway.end()
    rows = gateway.rows("request_id")
    assert len(rows) == len(set(rows)) == 250 + sent - errors, (len(rows), sent, errors)
    return f"not ready after {sent} requests on a full disk, all answered; {errors:.0f} rows lost; ready again after {recovery:.2f} s"


def clock(folder: pathlib.Path, upstream: Upstream) -> str:
    """A wall clock that goes back an hour and ahead a day makes no latency negative and no row count twice."""
    library = next(pathlib.Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)
    if library is None:
        return "left out: there is no libfaketimeMT"
    folder.mkdir(parents=True)
    time_file = folder / "time"
    time_file.write_text("+0\n")
    environment = {
        "LD_PRELOAD": str(library), "FAKETIME_TIMESTAMP_FILE": str(time_file), "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }  # fmt: skip
    # Started by `env`, since a Swift program that is itself the first to load the library gets no arguments.
    gateway = Gateway(folder, upstream, before=["env"], environment=environment)
    for shift in ["+0", "-1h", "+1d", "+0"]:
        time_file.write_text(shift + "\n")
        assert all(status == 200 for status, _ in many(gateway, [f"t{shift}{number}" for number in range(50)]))
    gateway.end()
    rows = gateway.rows("id, time_ms, total_ms, first_token_ms")
    hours = [row[1] // 3_600_000 for row in rows]
    assert len(rows) == 200 and max(hours) - min(hours) >= 24
    assert all(0 <= row[2] < 20_000 and 0 <= row[3] <= row[2] for row in rows)
    assert all(left[0] < right[0] for left, right in zip(rows, rows[1:]))
    with sqlite3.connect(gateway.file) as database:
        rollups = dict(database.execute("SELECT hour, sum(attempts) FROM rollups GROUP BY hour").fetchall())
    assert rollups == {hour: hours.count(hour) for hour in hours}
    return f"200 rows over {len(rollups)} hours, each counted once; times from {min(row[2] for row in rows):.1f} to {max(row[2] for row in rows):.1f} ms"


def failing_calls(folder: pathlib.Path, upstream: Upstream) -> str:
    """Whichever call on the ledger's files fails, the program does not crash, and no row it acknowledged is lost.

    Each kind of call is failed once at its first, second, ... place of each thread, at most FAILURES (12) places spread over all.
    """
    if not shutil.which("strace"):
        return "left out: there is no strace"
    kinds = ["openat", "pread64", "pwrite64", "fdatasync", "fsync", "ftruncate", "fallocate", "mmap", "fcntl", "unlink"]

    problems: list[str] = []

    def tried(folder: pathlib.Path, *options: str) -> tuple[int | None, list[str]]:
        """Serves five requests with strace's options: the exit status if it did not start, and the acknowledged ids."""
        file = folder.absolute() / "ledger.sqlite"
        names = ["", "-wal", "-shm", "-journal", ".lock", *(f".rows-{number}" for number in range(4))]
        paths = [part for name in names for part in ("-P", f"{file}{name}")]
        try:
            gateway = Gateway(folder, upstream, "on_error: reject", before=["strace", "-f", "-qq", *paths, *options])
        except NotStarted as error:
            return error.args[0], []
        answers = [gateway.chat(f"f{number}") for number in range(5)]
        gateway.end()
        assert {status for status, _ in answers} <= {200, 503}, answers
        if gateway.process.returncode < 0 or gateway.process.returncode >= 128:
            problems.append(f"{folder.name}: exit status {gateway.process.returncode}")
        return None, [name for status, name in answers if status == 200]

    trace = folder / "trace"
    tried(folder / "whole", "-e", "trace=" + ",".join(kinds), "-o", str(trace))
    calls: dict[str, dict[str, int]] = {}
    for line in trace.read_text(errors="replace").splitlines():
        if found := re.match(r"(\d+) +(\w+)\(", line):
            by_thread = calls.setdefault(found[2], {})
            by_thread[found[1]] = by_thread.get(found[1], 0) + 1
    limit = int(os.environ.get("FAILURES", "12"))
    failures = refused = acknowledged = 0
    for kind in kinds:
        places = max(calls.get(kind, {"": 0}).values())
        for place in sorted({1 + index * places // min(places, limit) for index in range(min(places, limit))} if places else []):
            here = folder / f"{kind}-{place}"
            status, ids = tried(
                here, "-e", f"trace={kind}", "-e", f"inject={kind}:error=EIO:when={place}", "-o", str(folder / "injected"))
            failures, refused, acknowledged = failures + 1, refused + (status is not None), acknowledged + len(ids)
            if status is not None and not 0 < status < 128:
                problems.append(f"{kind} {place}: exit status {status}")
            try:
                again = Gateway(here, upstream)
            except NotStarted as error:
                problems.append(f"{kind} {place}: does not start again: {error.args[1][-300:]}")
                continue
            assert again.chat("again")[0] == 200
            again.end()
            lost = set(ids) - {row[0] for row in again.rows("request_id")}
            with sqlite3.connect(again.file) as database:
                check = database.execute("PRAGMA quick_check").fetchone()
            if lost or check != ("ok",):
                problems.append(f"{kind} {place}: {len(lost)} acknowledged rows are lost; {check[0]}")
    assert not problems, "\n".join(problems)
    return f"{failures} failed calls of {len(calls)} kinds; {refused} starts refused, {acknowledged} rows acknowledged, none lost"


TRIALS = [reconciliation, kills, power_order, full_disk, clock, failing_calls]


def main() -> None:
    assert PROGRAM.exists(), f"no program at {PROGRAM}: run 'make build', or name one with PROMPTINTERN"
    chosen = [trial for trial in TRIALS if len(sys.argv) == 1 or trial.__name__ in sys.argv[1:]]
    failed = False
    for trial in chosen:
        upstream = Upstream()
        with tempfile.TemporaryDirectory() as folder:
            try:
                print(f"{trial.__name__}: {trial(pathlib.Path(folder) / 'gateway', upstream)}", flush=True)
            except (AssertionError, OSError):
                failed = True
                print(f"{trial.__name__}: FAILED", flush=True)
                traceback.print_exc()
        upstream.shutdown()
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
