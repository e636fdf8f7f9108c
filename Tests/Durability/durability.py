"""What the ledger promises, tried on the program itself: `make test-durability`.

Each trial starts the gateway in a folder of its own before an upstream that this script is, and reads the ledger
afterwards. `durability.py [TRIAL ...]` runs some of them; KILLS is a number of kills other than 10, ANSWERS how many answers
must have come before each.
"""

import http.client
import json
import os
import pathlib
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import threading
import time

from trial import PROGRAM, Gateway, NotStarted, Upstream, many, run


def reconciliation(folder: pathlib.Path, upstream: Upstream) -> str:
    """Each request has exactly one final row, and the sums are those that the upstream billed."""
    gateway = Gateway(folder, upstream.url)
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
    unexpected: list[int] = []
    slowest = 0.0
    count, answers = int(os.environ.get("KILLS", "10")), int(os.environ.get("ANSWERS", "0"))
    for kill in range(count):
        gateway = Gateway(folder, upstream.url)
        slowest = max(slowest, gateway.seconds_to_ready)
        stop = time.monotonic() + random.uniform(0.2, 1.2)

        def client(number: int) -> None:
            connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=20)
            for index in range(10**6):
                try:
                    status, name = gateway.chat(f"k{kill}-{number}-{index}", connection)
                    (received if status == 200 else unexpected).append(name if status == 200 else status)
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
    Gateway(folder, upstream.url).end()
    assert not unexpected, f"answers with status {sorted(set(unexpected))}"
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
        folder, upstream.url, "durability: power", before=["strace", "-f", "-y", "-s", "4096", "-e", calls, "-o", trace])
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
    gateway = Gateway(folder, upstream.url)
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
    gateway = Gateway(folder, upstream.url, before=["env"], environment=environment)
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


SHIFTED_CLOCK = """
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
int clock_gettime(clockid_t clock, struct timespec *time) {
    int result = syscall(SYS_clock_gettime, clock, time);
    if (result == 0 && clock == CLOCK_REALTIME) time->tv_sec += 315360000;
    return result;
}
int gettimeofday(struct timeval *time, void *zone) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    time->tv_sec = now.tv_sec;
    time->tv_usec = now.tv_nsec / 1000;
    return 0;
}
"""


def wall_clock(folder: pathlib.Path, upstream: Upstream) -> str:
    """Nothing waits by the wall clock: with one ten years ahead of the system's, whatever it waited for would be ten years off."""
    if not shutil.which("cc"):
        return "left out: there is no cc"
    folder.mkdir(parents=True)
    source, library = folder / "clock.c", folder / "clock.so"
    source.write_text(SHIFTED_CLOCK)
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", library, source], check=True)
    gateway = Gateway(folder, upstream.url, before=["env"], environment={"LD_PRELOAD": str(library)})
    for number in range(20):
        assert gateway.chat(f"w{number}")[0] == 200
    deadline = time.monotonic() + 5
    # Not by the gateway, which folds before it reads.
    while len(rows := gateway.rows("time_ms")) < 20:
        assert time.monotonic() < deadline, f"{len(rows)} of 20 rows are in the tables after 5 s"
        time.sleep(0.05)
    assert min(row[0] for row in rows) > (time.time() + 9 * 365 * 86400) * 1000
    made = subprocess.run(
        [PROGRAM, "keys", "create", "late", "--keys", folder / "keys.sqlite"], capture_output=True, text=True, check=True)
    assert made.stdout.startswith("sk-pi-")
    while gateway.chat("refused")[0] != 401:
        assert time.monotonic() < deadline, "a key made beside the gateway is not asked for after 5 s"
        time.sleep(0.05)
    started = time.monotonic()
    gateway.end()
    assert time.monotonic() - started < 5 and gateway.process.returncode == 0
    return f"20 rows folded, a key followed, stopped after {time.monotonic() - started:.2f} s"


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
            gateway = Gateway(folder, upstream.url, "on_error: reject", before=["strace", "-f", "-qq", *paths, *options])
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
                again = Gateway(here, upstream.url)
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


if __name__ == "__main__":
    run([reconciliation, kills, power_order, full_disk, clock, wall_clock, failing_calls])
