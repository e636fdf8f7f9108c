"""The program under test, as a process of its own on ports that the system chose, and its ledger."""

import os
import pathlib
import re
import signal
import sqlite3
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]


def program() -> pathlib.Path:
    """`PROMPTINTERN` names the program; else the release build is taken."""
    path = pathlib.Path(os.environ.get("PROMPTINTERN") or ROOT / ".build/release/promptintern").absolute()
    assert path.exists(), f"no program at {path}: run 'make build', or name one with PROMPTINTERN"
    return path


class Gateway:
    def __init__(self, folder: pathlib.Path, config: str, environment: dict[str, str] | None = None):
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.ledger_file = folder / "ledger.sqlite"
        (folder / "gateway.yaml").write_text(config)
        self.output, self.errors = folder / "output.log", folder / "errors.log"
        arguments = ["serve", "--config", "gateway.yaml", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"]
        inherited = {key: value for key, value in os.environ.items() if not key.startswith("PROMPTINTERN")}
        self.process = subprocess.Popen(
            [program(), *arguments, "--ledger", self.ledger_file], cwd=folder, stdin=subprocess.DEVNULL,
            stdout=self.output.open("wb"), stderr=self.errors.open("wb"), env=inherited | (environment or {}),
        )  # fmt: skip
        self.port, self.admin_port = self._ports()

    def _ports(self) -> tuple[int, int]:
        deadline = time.monotonic() + 60
        while self.process.poll() is None and time.monotonic() < deadline:
            text = self.output.read_text()
            if "Try it:" in text:
                main, admin = re.findall(r"^  (?:listening|admin) +https?://[^:]+:(\d+)", text, re.M)
                return int(main), int(admin)
            time.sleep(0.02)
        self.stop()
        raise AssertionError("the program did not start:\n" + self.errors.read_text()[-4000:])

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def stop(self) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
        return self.process.wait()

    def rows(self, request_id: str) -> list[dict]:
        """The ledger's rows of a request, which may be written a moment after a client has left."""
        for _ in range(200):
            found = self._query("SELECT * FROM attempts WHERE request_id = ? ORDER BY attempt", request_id)
            if found:
                return found
            time.sleep(0.02)
        raise AssertionError(f"no row for {request_id}")

    def row(self, request_id: str) -> dict:
        """The only row of a request; its prompt tokens as one number."""
        (row,) = self.rows(request_id)
        kinds = ("template", "examples", "context", "query", "other")
        return row | {"prompt_tokens": sum(row[f"sent_{kind}"] for kind in kinds)}

    def _query(self, sql: str, *values) -> list[dict]:
        if not self.ledger_file.exists():
            return []
        connection = sqlite3.connect(f"file:{self.ledger_file}?mode=ro", uri=True, timeout=5)
        connection.row_factory = sqlite3.Row
        try:
            return [dict(row) for row in connection.execute(sql, values)]
        finally:
            connection.close()
