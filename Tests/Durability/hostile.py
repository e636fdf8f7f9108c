"""What hostile input may not do, tried on the program itself: `make test-durability`.

The gateway runs with an engine, a task and an upstream that keeps what reaches it; strace says which files it opened and which addresses
it called. `hostile.py [TRIAL ...]` runs some of the trials.
"""

import http.client
import http.server
import json
import pathlib
import re
import shutil
import socket
import subprocess
import threading
import time
import urllib.parse

from trial import PROGRAM, ROOT, Gateway, Upstream, run

TASK = ROOT / "config/tasks/house-books"
GATEWAY_KEY, UPSTREAM_KEY, PROMPT = "canary-gateway-key-7261", "canary-upstream-key-1938", "canary prompt text 5520"


class Recorder(http.server.ThreadingHTTPServer):
    """Takes every request, keeps it, and answers with what a test says, or with an empty chat completion."""

    daemon_threads = True

    def __init__(self):
        self.requests: list[tuple[str, str, dict, bytes]] = []
        self.answer: tuple[int, dict[str, str], bytes] | None = None
        super().__init__(("127.0.0.1", 0), Record)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"


class Record(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def take(self):
        body = self.rfile.read(int(self.headers["content-length"] or 0))
        self.server.requests.append((self.command, self.path, dict(self.headers.items()), body))
        status, fields, answer = self.server.answer or (200, {"content-type": "application/json"}, b"{}")
        self.send_response(status)
        for name, value in (fields | {"content-length": str(len(answer))}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST = do_PUT = do_DELETE = take

    def handle(self):
        try:
            super().handle()
        except ConnectionError:
            pass

    def log_message(self, *_):
        pass


def start(folder: pathlib.Path, url: str, keys: bool = False, **more) -> Gateway:
    """A gateway with the demo task in its engine, and one with keys on request."""
    config = (
        f"engines:\n  local: {{model: {TASK}/base, base_name: base, adapters: {{tuned: {TASK}/adapter}}}}\n"
        f"tasks:\n  - {{folder: {TASK}, mode: on, tuned: {{backend: local, model: tuned}}, full_prompt: {{backend: up}}}}\n"
    )
    environment = {}
    if keys:
        config += "client_keys: [{env: TRIAL_KEY}]\n"
        environment = {"TRIAL_KEY": GATEWAY_KEY}
    return Gateway(folder, url, config=config, environment=environment, **more)


def ask(port: int, method: str, target: str, body: bytes | str = b"", fields: dict[str, str] | None = None) -> tuple[int, bytes]:
    """Sends exact bytes; the status (0: closed without one) and the body."""
    body = body.encode() if isinstance(body, str) else body
    fields = {"Host": "gateway", "Content-Type": "application/json", "Content-Length": str(len(body))} | (fields or {})
    head = f"{method} {target} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in fields.items()) + "Connection: close\r\n\r\n"
    return exchange(port, head.encode("utf-8", "surrogateescape") + body)


def exchange(port: int, sent: bytes, timeout: float = 20) -> tuple[int, bytes]:
    with socket.create_connection(("127.0.0.1", port), timeout=timeout) as connection:
        try:
            connection.sendall(sent)
        except ConnectionError:
            pass  # It answered before it had read everything; the answer can still be there.
        received = b""
        try:
            while data := connection.recv(1 << 16):
                received += data
        except ConnectionError:
            pass
    found = re.match(rb"HTTP/1\.1 (\d+)", received)
    return (int(found[1]) if found else 0), received.partition(b"\r\n\r\n")[2]


def chat(model: str = "m", content: str = "x", more: str = "") -> str:
    return f'{{"model":{json.dumps(model)},"messages":[{{"role":"user","content":{json.dumps(content)}}}]{more}}}'


def is_error(body: bytes) -> bool:
    return set(json.loads(body)["error"]) == {"message", "type", "param", "code"}


NAMES = [
    "..", ".", "../x", "..%2fx", "%2e%2e/x", "%2e%2e%2fx", "..%5cx", "..\\x", "....//x", "..;/x", "/etc/passwd", "%2fetc%2fpasswd",
    "//etc/passwd", "file:///etc/passwd", "%252e%252e%252fetc%252fpasswd", "%c0%ae%c0%ae/x", "%e0%80%ae%e0%80%ae/x", "\uff0e\uff0e/x",
    "%uff0e%uff0e", "%00", "a%00.json", "a/../../b", "~root", "$HOME", "$(id)", "`id`", "*", "--config", "a" * 129, "a" * 4096,
    "a\tb", "a b", "caf\u00e9", ".hidden", "-a", "a;b", "a|b", "a%0d%0ab",
]  # fmt: skip


def names(folder: pathlib.Path, _: Upstream) -> str:
    """No name in a request makes the program open a file outside the folders that its operator named."""
    if not shutil.which("strace"):
        return "left out: there is no strace"
    upstream = Recorder()
    trace = folder.with_name("trace")
    # Behind strace -D the program is not a child, and the trace ends with it.
    gateway = start(folder, upstream.url, before=["strace", "-D", "-f", "-qq", "-e", "trace=%file", "-o", trace])
    time.sleep(0.5)
    begun = len(trace.read_text(errors="replace").splitlines())
    accepted = []
    for name in NAMES:
        encoded = urllib.parse.quote(name, safe="%/.;*$()`\\~:-")
        for method, target, body, admin in [
            ("GET", f"/v1/models/{encoded}", "", False), ("POST", "/v1/chat/completions", chat(name), False),
            ("POST", "/v1/completions", json.dumps({"model": name, "prompt": "x"}), False),
            ("POST", f"/v1/files/{encoded}", "x", False), ("POST", f"/openai/deployments/{encoded}/chat/completions", chat(), False),
            ("PUT", f"/admin/tasks/{encoded}/mode", '{"mode":"off"}', True),
            ("POST", f"/admin/engines/{encoded}/adapters", json.dumps({"name": "x", "folder": str(TASK / "adapter")}), True),
            ("POST", "/admin/engines/local/adapters", json.dumps({"name": name, "folder": str(TASK / "adapter")}), True),
            ("DELETE", f"/admin/engines/local/adapters/{encoded}", "", True), ("POST", "/admin/keys", json.dumps({"name": name}), True),
            ("POST", f"/admin/keys/{encoded}/rotate", "{}", True), ("DELETE", f"/admin/keys/{encoded}", "", True),
            ("GET", f"/v1/savings?task={encoded}", "", False),
        ]:  # fmt: skip
            status, answer = ask(gateway.admin if admin else gateway.port, method, target, body)
            assert status < 500 or status == 502, (method, target, status, answer)
            if admin and status == 200:
                accepted.append((method, target, body[:80]))
    gateway.end()
    opened = set()
    for line in trace.read_text(errors="replace").splitlines()[begun:]:
        opened.update(re.findall(r'"((?:[^"\\]|\\.)*)"', line.partition("(")[2].rpartition(")")[0])[:1])
    roots = [str(folder), str(TASK), "/proc/self", "/sys/fs/cgroup", "/etc/localtime", "/usr/share/zoneinfo"]
    # SQLite looks whether a folder above the store is a link.
    above = {str(parent) for parent in [*folder.parents, *TASK.parents]}
    outside = sorted(path for path in opened - above if path and not any(path == root or path.startswith(root + "/") for root in roots))
    assert not accepted, f"accepted: {accepted}"
    assert not outside, f"opened: {outside[:10]}"
    return f"{len(NAMES)} names at 13 places; {len(opened)} files touched, none outside"


def addresses(folder: pathlib.Path, _: Upstream) -> str:
    """No request, and no answer, makes the program connect to an address that the configuration does not name."""
    if not shutil.which("strace"):
        return "left out: there is no strace"
    upstream, bait = Recorder(), Recorder()
    trace = folder.with_name("trace")
    gateway = start(folder, upstream.url, before=["strace", "-D", "-f", "-qq", "-e", "trace=connect,sendto,sendmsg", "-o", trace])
    there = f"127.0.0.1:{bait.server_port}"
    urls = [
        f"http://{there}/x", f"https://{there}/x", f"//{there}/x", "http://169.254.169.254/latest/meta-data/", "http://[::1]/x",
        f"http://0:{bait.server_port}/", f"http://2130706433:{bait.server_port}/", f"http://0x7f.1:{bait.server_port}/",
        f"http://127.1:{bait.server_port}/", f"http://up@{there}/", f"http://{there}#@up/", f"http://localtest.me:{bait.server_port}/",
        "file:///etc/passwd", "gopher://x", f"http://[::ffff:127.0.0.1]:{bait.server_port}/",
    ]  # fmt: skip
    count = 0
    for url in urls:
        member = ",".join(
            f'"{name}":{json.dumps(url)}'
            for name in ("api_base", "base_url", "baseURL", "endpoint", "url", "host", "upstream", "proxy", "webhook_url", "callback"))
        part = json.dumps([{"type": "image_url", "image_url": {"url": url}}, {"type": "file", "file": {"file_url": url}}])
        tools = json.dumps([{"type": "mcp", "server_url": url}])
        for body in [
            chat(url), chat("m", url, "," + member), chat("m", "x", f',"extra_body":{{{member}}}'), chat("m", "x", f',"tools":{tools}'),
            chat("base", "x", "," + member), f'{{"model":"m","messages":[{{"role":"user","content":{part}}}]}}',
            f'{{"model":"base","messages":[{{"role":"user","content":{part}}}]}}',
        ]:  # fmt: skip
            status, answer = ask(gateway.port, "POST", "/v1/chat/completions", body)
            assert status in (200, 400, 404), (url, body, status, answer)
            count += 1
        for name in [
            "Host", "X-Forwarded-Host", "X-Forwarded-For", "X-Forwarded-Server", "Forwarded", "X-Original-URL", "X-Rewrite-URL",
            "X-Host", "X-Upstream", "X-Promptintern-Upstream", "X-Promptintern-Backend", "Proxy", "X-Proxy", "Destination", "Referer",
        ]:  # fmt: skip
            status, _ = ask(gateway.port, "POST", "/v1/chat/completions", chat(), {name: url})
            assert status in (200, 400), (name, url, status)
            count += 1
    for target in [
        f"http://{there}/v1/models", f"//{there}/v1/models", f"/v1/http://{there}/x", f"/v1/@{there}/x", f"/v1@{there}/x", f"/v1/..//{there}/x",
        f"/v1\\@{there}/x", f"/v1/x?url=http://{there}/", f"/v1/%0d%0aHost:%20{there}", f"/v1/x#@{there}", f"/v1:{bait.server_port}/x",
        f"/v1/x%00.{there}", f"@{there}/v1/x", f"/openai/deployments/@{there}/chat/completions", f"/v1/x HTTP/1.1\r\nHost: {there}\r\nX:",
    ]:  # fmt: skip
        for method in ("GET", "POST", "CONNECT"):
            status, _ = ask(gateway.port, method, target)
            assert status < 500, (method, target, status)
            count += 1
    # What the upstream says moves nothing either.
    for status, fields in [
        *((status, {"location": f"http://{there}/"}) for status in (301, 302, 303, 307, 308, 201)),
        (200, {"alt-svc": f'h2="{there}"; ma=60'}), (200, {"refresh": f"0; url=http://{there}/"}), (200, {"content-location": f"http://{there}/"}),
        (401, {"www-authenticate": f'Bearer realm="http://{there}/"'}), (305, {"location": f"http://{there}/"}),
    ]:  # fmt: skip
        upstream.answer = (status, fields, b"{}")
        answered, _ = ask(gateway.port, "POST", "/v1/chat/completions", chat())
        assert answered == (502 if 300 <= status < 400 else status), (status, answered)
        count += 1
    gateway.end()
    called = set(re.findall(r"sin6?_port=htons\((\d+)\)", trace.read_text(errors="replace")))
    assert called == {str(upstream.server_port)}, f"ports called: {called}"
    assert not bait.requests
    return f"{count} requests and answers with addresses; the upstream's was the only one called"


VALUES = [
    "-1", "0", "-0.0", "1e309", "-1e309", "NaN", "Infinity", "-Infinity", "1e-400", "9223372036854775807", "9223372036854775808",
    "18446744073709551616", "99999999999999999999999999", "0.5", "2.0000001", "1e3", "1E+2", "01", "+1", ".5", "1.", "0x10", '"1"', '""', "null",
    "true", "[]", "{}", "[null]", "[-1]", '{"a":1e309}', '{"-1":1}', '{"99999999999":1}', '{"1":NaN}', '{"1":1000}', '[""]', '["a","a"]',
    '["' + "a" * 5000 + '"]', "[" + ",".join(['"a"'] * 5000) + "]", '"\\ud800"', '{"type":"json_schema"}', '{"type":7}',
]  # fmt: skip
PARAMETERS = [
    "temperature", "top_p", "top_k", "min_p", "repetition_penalty", "presence_penalty", "frequency_penalty", "max_tokens",
    "max_completion_tokens", "n", "seed", "logprobs", "top_logprobs", "stop", "logit_bias", "stream", "stream_options", "ignore_eos",
    "response_format", "tools", "tool_choice", "functions", "user", "echo", "cache_prompt", "best_of", "suffix", "n_discard", "messages",
    "model", "prompt", "store", "metadata", "prediction", "modalities", "reasoning_effort", "parallel_tool_calls",
]  # fmt: skip


def parameters(folder: pathlib.Path, _: Upstream) -> str:
    """Whatever a parameter of the embedded engine is set to, it is honoured or refused with 400, and the engine goes on."""
    upstream = Recorder()
    gateway = start(folder, upstream.url)
    tried = {200: 0, 400: 0}
    for path in ("chat/completions", "completions", "embeddings"):
        for name in PARAMETERS:
            for value in VALUES:
                members = {"model": '"base"', "max_tokens": "2"}
                members |= (
                    {"messages": '[{"role":"user","content":"x"}]'} if path == "chat/completions"
                    else {"prompt": '"x"'} if path == "completions" else {"input": '"x"'})  # fmt: skip
                members[name] = value
                if name == "max_completion_tokens":
                    del members["max_tokens"]
                body = "{" + ",".join(f'"{key}":{text}' for key, text in members.items()) + "}"
                status, answer = ask(gateway.port, "POST", f"/v1/{path}", body)
                # A name of a model that nobody has goes to the upstream.
                assert status in tried or name == "model" and status == 404, (path, name, value[:40], status, answer[:200])
                if status == 400:
                    assert is_error(answer), answer
                tried[status] = tried.get(status, 0) + 1
    status, answer = ask(gateway.port, "POST", "/v1/chat/completions", chat("base", "x", ',"max_tokens":3'))
    assert status == 200 and json.loads(answer)["usage"]["completion_tokens"] <= 3
    gateway.end()
    assert gateway.process.returncode == 0
    return f"{sum(tried.values())} requests: {tried[200]} answered, {tried[400]} refused"


def key_texts(folder: pathlib.Path, _: Upstream) -> str:
    """A key's text is data: no quote, escape or length in it opens anything, changes the store, or is told."""
    upstream = Recorder()
    gateway = start(folder, upstream.url, keys=True)
    made = json.loads(ask(gateway.admin, "POST", "/admin/keys", '{"name":"team"}')[1])
    token = next(value for value in made.values() if isinstance(value, str) and value.startswith("sk-pi-"))
    prefix = token.rpartition("-")[0]
    before = ask(gateway.admin, "GET", "/admin/keys")[1]
    texts = [
        "' OR '1'='1", "' OR 1=1 --", "'; DROP TABLE keys; --", '" OR ""="', "') UNION SELECT * FROM keys --", "%27%20OR%201=1", "\\' OR 1=1 #",
        "sk-pi-' OR 1=1 --", f"{prefix}-' OR '1'='1", f"{prefix}-%", f"{prefix}-_", f"{prefix}", token[:-1], token + "a", token.upper(), token + "'",
        f"{prefix}-" + "\u00e9" * 22, "\u2018 OR 1=1", "sk-pi-%-%", "a" * 60_000, "*", "null", "undefined", "\x01",
        GATEWAY_KEY + " ", GATEWAY_KEY[:-1], GATEWAY_KEY.upper(), f"{GATEWAY_KEY},{GATEWAY_KEY}", UPSTREAM_KEY,
    ]  # fmt: skip
    for text in texts:
        for name, value in [("Authorization", f"Bearer {text}"), ("api-key", text), ("x-api-key", text), ("Authorization", text)]:
            status, answer = ask(gateway.port, "POST", "/v1/chat/completions", chat(), {name: value})
            # White space around a field's value is not part of it.
            allowed = {200, 401} if text.strip() == GATEWAY_KEY else {400, 401, 431}
            assert status in allowed and text.encode() not in (answer if len(text) > 6 else b""), (name, text[:60], status, answer[:200])
    assert ask(gateway.admin, "GET", "/admin/keys")[1] == before
    for key in (token, GATEWAY_KEY):
        assert ask(gateway.port, "POST", "/v1/chat/completions", chat(), {"Authorization": f"Bearer {key}"})[0] == 200
    gateway.end()
    return f"{len(texts)} texts in 4 fields, all refused; the store is as it was"


def scopes(folder: pathlib.Path, _: Upstream) -> str:
    """A key with models reaches no other, however the request spells which one it asks for."""
    upstream = Recorder()
    gateway = start(folder, upstream.url)
    made = json.loads(ask(gateway.admin, "POST", "/admin/keys", '{"name":"team","models":["allowed"]}')[1])
    token = next(value for value in made.values() if isinstance(value, str) and value.startswith("sk-pi-"))
    tried = 0
    for path, rest in [("chat/completions", '"messages":[{"role":"user","content":"x"}]'), ("embeddings", '"input":"x"'), ("completions", '"prompt":"x"')]:
        for target, body, fields in [
            (f"/v1/{path}", '{"model":"secret",' + rest + "}", {}), (f"/v1/{path}", '{"model":"base",' + rest + "}", {}),
            (f"/openai/deployments/secret/{path}", '{"model":"allowed",' + rest + "}", {}), (f"/openai/deployments/secret/{path}", "{" + rest + "}", {}),
            (f"/openai/deployments/allowed/{path}", '{"model":"secret",' + rest + "}", {}), (f"/v1/{path}", "{" + rest + "}", {}),
            (f"/v1/{path}", '{"model":"allowed","model":"secret",' + rest + "}", {}), (f"/v1/{path}", '{"model":"secret","model":"allowed",' + rest + "}", {}),
            (f"/v1/{path}", '{"model":"allowed","mod\\u0065l":"secret",' + rest + "}", {}), (f"/v1/{path}", '{"model":"allowed ",' + rest + "}", {}),
            (f"/v1/{path}", '{"model":"secret",' + rest + "}", {"Content-Type": "text/plain"}), (f"/v1/{path}", '\ufeff{"model":"secret",' + rest + "}", {}),
            (f"/v1/{path}", '{"model":"allowed","x":NaN,"model":"secret",' + rest + "}", {}), (f"/v1/{path}", '{"model":["secret"],' + rest + "}", {}),
            (f"/v1/{path}", '{"Model":"secret",' + rest + "}", {}), (f"/v1/x/../{path}", '{"model":"secret",' + rest + "}", {}),
            (f"/v1/{path}", '{"model":"secret",' + rest + "}", {"Content-Type": "multipart/form-data; boundary=x"}),
        ]:  # fmt: skip
            ask(gateway.port, "POST", target, body, {"Authorization": f"Bearer {token}"} | fields)
            tried += 1
    gateway.end()
    for _, target, _, body in upstream.requests:
        assert json.loads(body)["model"] == "allowed" and "secret" not in body.decode() and "secret" not in target, (target, body)
    return f"{tried} requests, {len(upstream.requests)} of which reached the upstream, all for the model that is allowed"


def heads(folder: pathlib.Path, _: Upstream) -> str:
    """A head beyond 64 KiB or 256 fields is 431, at once and without the memory of what was sent."""
    upstream = Recorder()
    gateway = start(folder, upstream.url)
    ask(gateway.port, "POST", "/v1/chat/completions", chat())
    before = gateway.resident_kib()
    start_line = b"POST /v1/chat/completions HTTP/1.1\r\nHost: g\r\n"
    bombs = {
        "100,000 tiny fields": start_line + b"a: b\r\n" * 100_000 + b"\r\n", "257 fields": start_line + b"a: b\r\n" * 257 + b"\r\n",
        "one of 10 MB": start_line + b"a: " + b"b" * 10_000_000 + b"\r\n\r\n", "one of 66 KB": start_line + b"a: " + b"b" * 66_000 + b"\r\n\r\n",
        "a long name": start_line + b"a" * 100_000 + b": b\r\n\r\n", "a long target": b"GET /v1/" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: g\r\n\r\n",
        "fields that add up": start_line + (b"a: " + b"b" * 1000 + b"\r\n") * 80 + b"\r\n", "one cookie of 70 KB": start_line + b"Cookie: " + b"c" * 70_000 + b"\r\n\r\n",
        "no end": start_line + b"a: " + b"b" * 200_000,
        "a trailer bomb": b"POST /v1/files HTTP/1.1\r\nHost: g\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + b"t: u\r\n" * 100_000 + b"\r\n",
    }  # fmt: skip
    for name, bomb in bombs.items():
        started = time.monotonic()
        status, _ = exchange(gateway.port, bomb)
        assert status in ((431, 400, 414) if "target" in name or "trailer" in name else (431,)), (name, status)
        assert time.monotonic() - started < 2, name
    for _ in range(200):
        exchange(gateway.port, bombs["one of 66 KB"])
    grown = gateway.resident_kib() - before
    assert grown < 16 << 10, f"memory grew by {grown} KiB"
    # The upstream here takes a hundred fields.
    fitting = start_line + b"a: b\r\n" * 90 + b"Content-Type: application/json\r\nConnection: close\r\n"
    body = chat().encode()
    assert exchange(gateway.port, fitting + b"Content-Length: %d\r\n\r\n" % len(body) + body)[0] == 200
    gateway.end()
    return f"{len(bombs)} heads refused; memory grew by {grown} KiB after 200 more"


def bodies(folder: pathlib.Path, _: Upstream) -> str:
    """A body that is too large is 413 before it is read, one that is no sound JSON or too deep 400, each MB within 50 ms."""
    upstream = Recorder()
    gateway = start(folder, upstream.url)
    limit = 41943040
    head = b"POST /v1/chat/completions HTTP/1.1\r\nHost: g\r\nContent-Type: application/json\r\n"
    assert exchange(gateway.port, head + b"Content-Length: %d\r\n\r\n" % (limit + 1))[0] == 413
    for length in (b"4294967297", b"9223372036854775807", b"9223372036854775808", b"18446744073709551617"):
        assert exchange(gateway.port, head + b"Content-Length: %s\r\n\r\n" % length)[0] in (400, 413)
    chunk = b"100000\r\n" + b"x" * (1 << 20) + b"\r\n"
    assert exchange(gateway.port, head + b"Transfer-Encoding: chunked\r\n\r\n" + chunk * 42)[0] == 413
    depths = [1000, 100_000, 4_000_000]
    refused = [
        *("[" * depth for depth in depths), *('{"a":' * depth for depth in depths),
        *(chat(more=',"x":' + "[" * depth + "]" * depth) for depth in depths),
        chat(more=',"model":"b"'), '{"model":"m","messages":[],"messages":[]}', '{"model":"m","mod\\u0065l":"n","messages":[{"role":"user","content":"x"}]}',
        chat().encode()[:-3] + b'\xff"}]}', chat().encode()[:-3] + b'\xed\xa0\x80"}]}', chat().encode()[:-3] + b'\xc0\xaf"}]}',
        chat(more=',"x":NaN'), chat(more=',"x":01'), chat(more=',"x":1e'), chat(more=',"x":-'), chat() + "x", chat() + chat(), "\ufeff" + chat(),
        chat(more=",}"[:1]), '{"model":"m","messages":{}}', '{"model":"m","messages":"x"}', '{"model":["m"],"messages":[]}', "nul", '"x"', "",
        '{"model":"m","messages":[{"role":"user","content":"\t"}]}', "{'model':'m'}", '{"model":"m","messages":[{"role":"user","content":"\\x41"}]}',
    ]  # fmt: skip
    for body in refused:
        status, answer = ask(gateway.port, "POST", "/v1/chat/completions", body)
        assert status == 400 and is_error(answer), (body[:100], status, answer[:200])
    assert not upstream.requests
    slowest = 0.0
    large = [
        chat(content="x" * 8_000_000), chat(content="\u00e9\n\"" * 1_000_000), chat(more=',"x":[' + ",".join(["1"] * 2_000_000) + "]"),
        chat(more=',"x":{' + ",".join(f'"k{index}":{index}' for index in range(300_000)) + "}"), chat(more=',"x":' + "9" * 4_000_000),
        '{"model":"m","messages":[' + ",".join(['{"role":"user","content":"x"}'] * 100_000) + "]}", chat(more='," x":"' + "\\u0041" * 1_000_000 + '"'),
    ]  # fmt: skip
    for body in large:
        started = time.monotonic()
        status, answer = ask(gateway.port, "POST", "/v1/chat/completions", body)
        seconds = (time.monotonic() - started) / (len(body.encode()) / 1e6)
        slowest = max(slowest, seconds)
        assert status == 200 and upstream.requests[-1][3] == body.encode(), (body[:60], status, answer[:200])
    gateway.end()
    assert slowest < 0.05, f"{slowest * 1e3:.1f} ms a MB, there and back"
    return f"6 too large, {len(refused)} unsound, {len(large)} large ones passed byte for byte; at most {slowest * 1e3:.1f} ms a MB"


def log_lines(folder: pathlib.Path, _: Upstream) -> str:
    """Nothing that a client or an upstream sends writes a line of its own, or a control character, into the log."""
    total = 0
    for form in ("line", "json"):
        upstream = Recorder()
        gateway = Gateway(folder / form, upstream.url, config=f"log: {{format: {form}, level: debug}}\n")
        evil = ["\x1b[31mred", "\x1b]0;title\x07", "\x08\x08\x08", "\x7f", "\u0085next", "\u2028next", "\u202eabc", "\x9b31m", 'a" status=200 x="', "a\\nb", "a=b c=d"]
        asked = 0
        for text in [*evil, "x\r\nadmin info forged=1", "\n\nforged", "\r\rforged", "x\x00y"]:
            quoted = urllib.parse.quote(text, safe="")
            for method, target, body, fields in [
                ("POST", "/v1/chat/completions", chat(text), {}), ("POST", f"/v1/{quoted}", "{}", {}), ("POST", f"/v1/{text}", "{}", {}),
                ("POST", "/v1/chat/completions", chat(), {"X-Request-Id": text}), ("POST", "/v1/chat/completions", chat(), {"User-Agent": text}),
                ("POST", "/v1/embeddings", json.dumps({"model": text, "input": "x"}), {}), ("X" + text, "/v1/x", "", {}),
                ("POST", "/v1/chat/completions", chat(), {"x-promptintern-sticky-key": text, "traceparent": text}),
            ]:  # fmt: skip
                ask(gateway.port, method, target, body, fields)
                asked += 1
            upstream.answer = (503, {"x-request-id": urllib.parse.quote(text), "content-type": "application/json"}, json.dumps({"error": {"message": text}}).encode())
            ask(gateway.port, "POST", "/v1/chat/completions", chat())
            upstream.answer = None
            asked += 1
        gateway.end()
        log = (folder / form / "errors.log").read_bytes()
        control = re.findall(rb"[\x00-\x09\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\xa8\xa9\xaa-\xae]", log)
        assert not control, f"{form}: {control[:5]}"
        lines = log.decode().splitlines()
        for line in lines:
            assert re.match(r"\{.*\}$" if form == "json" else r"\d{4}-\d\d-\d\dT[\d:.]+Z (debug|info|notice|warning|error) ", line), line
            if form == "json":
                json.loads(line)
        assert len(lines) >= asked / 2
        total += len(lines)
    return f"{total} lines, each the program's own"


def canaries(folder: pathlib.Path, _: Upstream) -> str:
    """No key and no prompt text is in a log, an error, a metric, the ledger's files, the key store, or the printed settings."""
    upstream = Recorder()
    config = "client_keys: [{env: TRIAL_KEY}]\nlog: {level: debug}\n"
    environment = {"TRIAL_KEY": GATEWAY_KEY, "TRIAL_UPSTREAM_KEY": UPSTREAM_KEY}
    gateway = Gateway(folder, upstream.url + "', key_env: 'TRIAL_UPSTREAM_KEY", config=config, environment=environment)
    made = json.loads(ask(gateway.admin, "POST", "/admin/keys", '{"name":"team"}')[1])
    token = next(value for value in made.values() if isinstance(value, str) and value.startswith("sk-pi-"))
    key = {"Authorization": f"Bearer {token}"}
    told = b""
    asked = chat("m", PROMPT)
    answer = json.dumps({"choices": [{"index": 0, "message": {"role": "assistant", "content": PROMPT}, "finish_reason": "stop"}]}).encode()
    for status in (200, 400, 401, 429, 500, 503):
        upstream.answer = (status, {"content-type": "application/json"}, answer if status == 200 else b'{"error":{"message":"no","type":"x","param":null,"code":null}}')
        for more in ("", ',"stream":true'):
            told += b"" if status == 200 else ask(gateway.port, "POST", "/v1/chat/completions", asked[:-1] + more + "}", key)[1]
            ask(gateway.port, "POST", "/v1/chat/completions", asked[:-1] + more + "}", key)
            told += ask(gateway.port, "POST", "/v1/embeddings", json.dumps({"model": "m", "input": PROMPT}), key)[1] if status != 200 else b""
    for target, body, fields in [
        ("/v1/chat/completions", asked, {"Authorization": f"Bearer {GATEWAY_KEY}x"}), ("/v1/chat/completions", asked[:-1], key),
        (f"/v1/x?key={token}&q={urllib.parse.quote(PROMPT)}", "{}", key), ("/nowhere", asked, key),
        ("/v1/chat/completions", asked.replace('"user"', f'"{PROMPT}"'), key | {"Cookie": PROMPT, "X-Own": PROMPT}),
    ]:  # fmt: skip
        told += ask(gateway.port, "POST", target, body, fields)[1]
    told += ask(gateway.port, "GET", "/v1/savings", "", key)[1]
    for path in ("/metrics", "/admin/keys", "/admin/tasks", "/admin/changes", "/health/ready"):
        told += ask(gateway.admin, "GET", path)[1]
    assert all(fields.get("Authorization") == f"Bearer {UPSTREAM_KEY}" for _, _, fields, _ in upstream.requests)
    assert not any(token in str(request) or GATEWAY_KEY in str(request[2]) for request in upstream.requests if "?key=" not in request[1])
    ledger = subprocess.run([PROGRAM, "savings", "--ledger", gateway.file, "--json"], capture_output=True, check=True).stdout
    printed = subprocess.run(
        [PROGRAM, "check", "--config", folder / "gateway.yaml", "--print"], capture_output=True, check=True, env={**environment, "PATH": "/usr/bin"}).stdout
    files = b"".join(path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file() and path.name != "gateway.yaml")
    gateway.end()
    files += b"".join(path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file() and path.name != "gateway.yaml")
    for canary in (GATEWAY_KEY, UPSTREAM_KEY, PROMPT, token, token.rpartition("-")[2]):
        for name, text in [("an answer", told), ("a file", files), ("savings", ledger), ("the settings", printed)]:
            assert canary.encode() not in text, f"{canary[:16]} is in {name}"
            assert urllib.parse.quote(canary).encode() not in text, f"{canary[:16]} is in {name}, escaped"
    return f"{len(files) >> 10} KiB of files and logs and {len(told) >> 10} KiB of answers, without a trace"


if __name__ == "__main__":
    run([names, addresses, parameters, key_texts, scopes, heads, bodies, log_lines, canaries])
