"""What the gateway refuses and guards. Tests are named by the number of the promise in docs/clients.md."""

import json
import socket
import textwrap
import time

import openai
import openai_api
import pytest
import wire
from gateway_process import Gateway
from scripted_upstream import whole

BODY = b'{"model":"gpt-4o-mini","messages":[{"role":"user","content":"x"}]}'


def raw(head: str, body: bytes = b"") -> bytes:
    return head.replace("\n", "\r\n").encode("latin-1") + b"\r\n\r\n" + body


POST = "POST /v1/chat/completions HTTP/1.1\nHost: g"
SMUGGLING = {
    "length and chunks": raw(f"{POST}\nContent-Length: 5\nTransfer-Encoding: chunked", b"0\r\n\r\nGET /v1/models HTTP/1.1\r\n\r\n"),
    "two lengths": raw(f"{POST}\nContent-Length: 5\nContent-Length: 6", BODY[:6]),
    "a list of lengths": raw(f"{POST}\nContent-Length: 5, 6", BODY[:6]),
    "a negative length": raw(f"{POST}\nContent-Length: -1", BODY),
    "a length with a sign": raw(f"{POST}\nContent-Length: +5", BODY),
    "a length that is no number": raw(f"{POST}\nContent-Length: 0x10", BODY),
    "a length beyond 64 bits": raw(f"{POST}\nContent-Length: 99999999999999999999", BODY),
    "an odd coding": raw(f"{POST}\nTransfer-Encoding: xchunked", b"0\r\n\r\n"),
    "chunked, but not last": raw(f"{POST}\nTransfer-Encoding: chunked, identity", b"0\r\n\r\n"),
    "chunked twice": raw(f"{POST}\nTransfer-Encoding: chunked\nTransfer-Encoding: chunked", b"0\r\n\r\n"),
    "a blank before the colon": raw(f"{POST}\nTransfer-Encoding : chunked", b"0\r\n\r\n"),
    "a folded field": raw(f"{POST}\nX-A: b\n c\nContent-Length: {len(BODY)}", BODY),
    "NUL in a field": raw(f"{POST}\nX-A: b\0c\nContent-Length: {len(BODY)}", BODY),
    "CR in a field": raw(f"{POST}\nX-A: b\rContent-Length: 0\nContent-Length: {len(BODY)}", BODY),
    "a chunk size that is none": raw(f"{POST}\nTransfer-Encoding: chunked", b"zz\r\nabc\r\n0\r\n\r\n"),
    "a negative chunk size": raw(f"{POST}\nTransfer-Encoding: chunked", b"-1\r\nabc\r\n0\r\n\r\n"),
    "a chunk size beyond 64 bits": raw(f"{POST}\nTransfer-Encoding: chunked", b"10000000000000005\r\nabcde\r\n0\r\n\r\n"),
    "a chunk without its end": raw(f"{POST}\nTransfer-Encoding: chunked", b"3\r\nabcXX0\r\n\r\n"),
    "no host": raw(f"POST /v1/chat/completions HTTP/1.1\nContent-Length: {len(BODY)}", BODY),
    "two hosts": raw(f"{POST}\nHost: h\nContent-Length: {len(BODY)}", BODY),
    "a field without a name": raw(f"{POST}\n: x\nContent-Length: {len(BODY)}", BODY),
    "a version that is none": raw(f"POST /v1/chat/completions HTTP/9.9\nHost: g\nContent-Length: {len(BODY)}", BODY),
}


@pytest.mark.parametrize("sent", SMUGGLING.values(), ids=SMUGGLING)
def test_row_15_ambiguous_framing_is_refused_and_the_connection_closed(gateway, upstream, sent):
    with wire.Connection(gateway.port, timeout=8) as connection:
        connection.send(sent)
        reply = connection.reply()
        # Not a word, or an error; never a second answer on the same connection.
        assert reply.status == 0 or 400 <= reply.status < 600
        while connection.more():
            pass
        assert b"HTTP/1.1" not in connection.buffer
    assert upstream.requests == []
    assert wire.chat(gateway.port, BODY).status == 200


BROKEN = {
    "no JSON": b"nonsense", "nothing": b"", "half": BODY[:-5], "a list": b"[]", "a number": b"1", "two values": BODY + BODY,
    "a trailing comma": BODY[:-1] + b",}", "bad UTF-8": b'{"model":"m\xff","messages":[]}', "a NUL": BODY[:-1] + b"\0}",
    "no model": b'{"messages":[]}', "a model that is no text": b'{"model":1,"messages":[]}', "an empty model": b'{"model":"","messages":[]}',
    "no messages": b'{"model":"m"}', "a model twice": b'{"model":"a","model":"b","messages":[]}',
    "deep lists": b'{"model":"m","messages":[],"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "deep objects": b'{"model":"m","messages":[],"x":' + b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + b"}",
    "unclosed depth": b"[" * 1_000_000, "a huge number": b'{"model":"m","messages":[],"x":' + b"9" * 100_000 + b"x}",
    "an unpaired escape": b'{"model":"m\\u12","messages":[]}', "a raw line end": b'{"model":"m\n","messages":[]}',
}  # fmt: skip


@pytest.mark.parametrize("sent", BROKEN.values(), ids=BROKEN)
def test_row_17_a_body_that_is_no_request_is_400(gateway, upstream, sent):
    reply = wire.chat(gateway.port, sent)
    assert reply.status == 400 and reply.is_whole
    error = json.loads(reply.body)["error"]
    assert set(error) == {"message", "type", "param", "code"} and error["type"] == "invalid_request_error"
    assert upstream.requests == []
    assert wire.chat(gateway.port, BODY).status == 200


@pytest.fixture(scope="module")
def guarded(the_upstream, tmp_path_factory):
    config = f"""\
        client_keys:
          - env: GATEWAY_KEYS
        upstreams:
          openai:
            base_url: {the_upstream.base_url}
            key_env: UPSTREAM_KEY
        """
    keys = {"GATEWAY_KEYS": "canary-gateway-key", "UPSTREAM_KEY": "canary-upstream-key"}
    gateway = Gateway(tmp_path_factory.mktemp("guarded"), textwrap.dedent(config), keys)
    yield gateway
    assert gateway.stop() == 0
    # Neither key in any log.
    told = gateway.output.read_text() + gateway.errors.read_text()
    assert "canary-gateway-key" not in told and "canary-upstream-key" not in told


KEY = ("Authorization", "Bearer canary-gateway-key")
SPELLINGS = [
    "/v1/chat/completions", "/v1/models", "/v1/savings", "/v1/anything", "/v1//chat/completions", "//v1/chat/completions",
    "/v1/../v1/chat/completions", "/v1/./models", "/v1%2Fmodels", "/V1/models", "/v1/models/..%2f..%2fadmin", "/v1/models?key=canary",
    "http://127.0.0.1/v1/models", "/health/../v1/models", "/health/live/../../v1/models", "/v1/models;x=y", "/v1/\\..\\models",
    "/chat/completions", "/models", "/openai/v1/models", "/openai/deployments/m/chat/completions", "/health/live%2f..%2f..%2fv1%2fmodels",
]  # fmt: skip


@pytest.mark.parametrize("target", SPELLINGS)
@pytest.mark.parametrize(
    "key",
    [None, "Bearer wrong", "Bearer ", "canary-gateway-key", "Basic canary-gateway-key", "Bearer canary-gateway-ke", "Bearer canary-upstream-key"],
)
def test_row_16_no_spelling_of_a_path_passes_without_a_key(guarded, upstream, target, key):
    upstream.answer = lambda request: whole(200, b"{}")
    for method in ("GET", "POST"):
        sent = [("Authorization", key)] if key is not None else []
        reply = wire.send(guarded.port, method, target, BODY if method == "POST" else None, sent)
        assert reply.status in (400, 401, 404, 405) and b"canary-upstream" not in reply.body
    assert upstream.requests == []


def test_row_16_the_gateways_key_stays_here_and_the_upstreams_key_there(guarded, upstream):
    """The upstream gets its own key; what it repeats of it is its affair, and the gateway adds nothing."""
    for fields in ([KEY], [KEY, ("api-key", "canary-gateway-key")], [("authorization", "bearer canary-gateway-key")]):
        reply = wire.chat(guarded.port, BODY, fields)
        assert reply.status == 200, fields
        assert upstream.last.values("authorization") == ["Bearer canary-upstream-key"]
        assert b"canary-gateway-key" not in upstream.last.head
        assert not any("canary" in value for _, value in reply.fields)
    sdk = openai.OpenAI(base_url=guarded.base_url, api_key="canary-gateway-key", max_retries=0)
    assert sdk.embeddings.create(model="e", input="x").data
    assert upstream.last.values("authorization") == ["Bearer canary-upstream-key"]
    with pytest.raises(openai.AuthenticationError) as caught:
        openai.OpenAI(base_url=guarded.base_url, api_key="nope", max_retries=0).models.list()
    assert caught.value.code == "invalid_api_key" and "canary" not in str(caught.value)


def test_row_16_azures_way_to_show_a_key(guarded, upstream):
    reply = wire.chat(guarded.port, BODY, [("api-key", "canary-gateway-key")])
    assert reply.status == 200
    assert b"canary-gateway-key" not in upstream.last.head
    assert wire.chat(guarded.port, BODY, [("api-key", "canary")]).status == 401


@pytest.fixture(scope="module")
def browsed(the_upstream, tmp_path_factory):
    config = f"""\
        cors:
          origins: [https://app.example]
        upstreams:
          openai:
            base_url: {the_upstream.base_url}
        """
    gateway = Gateway(tmp_path_factory.mktemp("browsed"), textwrap.dedent(config))
    yield gateway
    assert gateway.stop() == 0


def preflight(port, origin):
    fields = [("Origin", origin), ("Access-Control-Request-Method", "POST"), ("Access-Control-Request-Headers", "authorization,content-type")]
    return wire.send(port, "OPTIONS", "/v1/chat/completions", None, fields)


def test_row_30_cors_where_it_is_configured(browsed, upstream):
    reply = preflight(browsed.port, "https://app.example")
    assert reply.status in (200, 204) and reply.value("access-control-allow-origin") == "https://app.example"
    assert "POST" in reply.value("access-control-allow-methods")
    assert "authorization" in reply.value("access-control-allow-headers").lower()
    assert upstream.requests == []
    reply = wire.chat(browsed.port, BODY, [("Origin", "https://app.example")])
    assert reply.status == 200 and reply.value("access-control-allow-origin") == "https://app.example"
    assert preflight(browsed.port, "https://evil.example").value("access-control-allow-origin") is None


def test_row_30_cors_is_off_unless_configured(gateway, upstream):
    reply = wire.chat(gateway.port, BODY, [("Origin", "https://app.example")])
    assert reply.status == 200 and reply.value("access-control-allow-origin") is None


def test_row_08_an_upstream_that_is_not_there(tmp_path):
    """The answer is an error at once, streamed or not, and says nothing of addresses."""
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    gateway = Gateway(tmp_path, f"upstreams: {{openai: {{base_url: 'http://127.0.0.1:{port}/v1'}}}}\n")
    try:
        for target, sent in [
            ("/v1/chat/completions", BODY), ("/v1/chat/completions", BODY[:-1] + b',"stream":true}'), ("/v1/responses", b"{}"),
        ]:  # fmt: skip
            started = time.monotonic()
            reply = wire.send(gateway.port, "POST", target, sent)
            # 503 once the breaker has seen enough.
            assert reply.status in (502, 503) and time.monotonic() - started < 5
            assert reply.status == 502 or int(reply.value("retry-after")) > 0
            assert json.loads(reply.body)["error"]["code"] and str(port).encode() not in reply.body
        # No model of its own is left to list, so an empty list would be a lie.
        assert wire.send(gateway.port, "GET", "/v1/models").status in (502, 503)
        with pytest.raises(openai.InternalServerError):
            openai.OpenAI(base_url=gateway.base_url, api_key="k", max_retries=0).responses.create(model="m", input="x", stream=True)
    finally:
        assert gateway.stop() == 0
