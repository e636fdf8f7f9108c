"""What comes back. Tests are named by the number of the promise in docs/clients.md."""

import gzip
import json
import time

import openai
import openai_api
import pytest
import wire
from scripted_upstream import Answer, head, stream, whole

ASKED = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "x"}]}
#: What the gateway itself adds or renames (docs/gateway.md), and what belongs to one connection.
OURS = ("x-promptintern-", "x-request-id", "x-upstream-request-id", "transfer-encoding", "content-length", "connection")


def body(**more) -> bytes:
    return json.dumps(ASKED | more).encode()


def fields(reply) -> list[tuple[str, str]]:
    return sorted((name.lower(), value) for name, value in reply.fields if not name.lower().startswith(OURS))


def error_of(reply) -> dict:
    error = json.loads(reply.body)["error"]
    assert set(error) == {"message", "type", "param", "code"} and error["message"] and error["type"]
    return error


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("status", [200, *openai_api.ERRORS])
def test_row_07_and_22_status_fields_and_body_as_the_upstream_sent_them(gateway, upstream, status, stream):
    sent = body(model="gpt-4o-mini" if status == 200 else f"error-{status}", stream=stream)
    directly, through = wire.chat(upstream.port, sent), wire.chat(gateway.port, sent)
    assert (through.status, through.body) == (directly.status, directly.body) and through.status == status
    assert through.is_whole and through.framing == directly.framing
    assert fields(through) == fields(directly)
    assert through.values("x-upstream-request-id") == directly.values("x-request-id") == ["req_upstream_0001"]
    assert len(through.values("x-request-id")) == 1 and through.value("x-request-id").startswith("req_")
    assert through.value("date") == "Fri, 20 Nov 2026 10:00:00 GMT"


def test_row_10_retry_fields(gateway, upstream):
    sent = [("Retry-After", "7"), ("retry-after-ms", "6543"), ("x-should-retry", "false")]
    for status in (429, 503, 500):
        upstream.answer = lambda request, status=status: openai_api.error(status, sent)
        reply = wire.chat(gateway.port, body())
        assert [reply.value(name) for name, _ in sent] == [value for _, value in sent]


BODIES = {
    "compact": b'{"id":"x","choices":[],"usage":{"prompt_tokens":2,"completion_tokens":1,"total_tokens":3}}',
    "odd": b'\xef\xbb\xbf { "z" : 1.0 , "a" : -0.0, "b":1e-7,"c":18446744073709551616,"d":"\\u0041\\/\xc3\xbc","choices":[]}\r\n\r\n',
    "not JSON": b"<html>\xff\x00</html>",
}


@pytest.mark.parametrize("framing", ["length", "chunked", "close"])
@pytest.mark.parametrize("sent", BODIES.values(), ids=BODIES)
def test_row_21_and_30_the_bytes_of_an_answer(gateway, upstream, sent, framing):
    def answer(request):
        if framing == "length":
            return whole(200, sent)
        if framing == "close":
            return Answer([head(200, [("Content-Type", "application/json")]) + sent], "close")
        made = stream([sent[at : at + 9] for at in range(0, len(sent), 9)])
        made.pieces[0] = made.pieces[0].replace(b"text/event-stream; charset=utf-8", b"application/json")
        return made

    upstream.answer = answer
    reply = wire.chat(gateway.port, body())
    assert (reply.status, reply.body, reply.is_whole) == (200, sent, True)
    assert reply.value("content-type") == "application/json"


@pytest.mark.parametrize("place", [0, 1, 2, 3])
def test_row_06_usage_wherever_it_stands_in_a_whole_answer(gateway, upstream, place):
    members = [("id", 'x","usage":{"prompt_tokens":1}'), ("choices", [{"index": 0, "usage": {"prompt_tokens": 9}}]), ("x", {"usage": {}})]
    members.insert(place, ("usage", openai_api.USAGE))
    sent = json.dumps(dict(members), indent=2).encode()
    for size in (1, 10, 1 << 20):
        pieces = [sent[at : at + size] for at in range(0, len(sent), size)]
        upstream.answer = lambda request, pieces=pieces: Answer(
            [head(200, [("Content-Type", "application/json"), ("Content-Length", str(len(sent)))]), *pieces]
        )
        reply = wire.chat(gateway.port, body())
        assert reply.body == sent
        row = gateway.row(reply.value("x-request-id"))
        assert (row["prompt_tokens"], row["completion_tokens"], row["completion_source"]) == (19, 10, "reported")


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_row_21_an_answer_of_40_mb(gateway, upstream, framing):
    """Images come as base64; the usage stands behind them."""
    picture = b"A" * 40_000_000
    sent = b'{"choices":[{"message":{"content":"' + picture + b'"}}],"usage":' + json.dumps(openai_api.USAGE).encode() + b"}"

    def answer(request):
        if framing == "length":
            return whole(200, sent)
        made = stream([sent[at : at + (1 << 16)] for at in range(0, len(sent), 1 << 16)])
        made.pieces[0] = made.pieces[0].replace(b"text/event-stream; charset=utf-8", b"application/json")
        return made

    upstream.answer = answer
    reply = wire.chat(gateway.port, body())
    assert reply.is_whole and reply.body == sent
    row = gateway.row(reply.value("x-request-id"))
    assert (row["prompt_tokens"], row["completion_tokens"]) == (19, 10)


@pytest.mark.parametrize("accepts", [None, "gzip, deflate", "identity"])
@pytest.mark.parametrize("streamed", [False, True])
def test_row_14_content_coding_is_honest(gateway, upstream, accepts, streamed):
    """Where usage is read the upstream is asked for plain bytes, so that the ledger is exact (decision 0013)."""

    def answer(request):
        plain = openai_api.answer(request)
        if "gzip" not in (request.value("accept-encoding") or ""):
            return plain
        return whole(200, gzip.compress(b"{}"), [("Content-Encoding", "gzip")])

    upstream.answer = answer
    reply = wire.chat(gateway.port, body(stream=streamed), [("Accept-Encoding", accepts)] if accepts else [])
    assert reply.value("content-encoding") is None and b"choices" in reply.body
    if not streamed:
        assert gateway.row(reply.value("x-request-id"))["completion_source"] == "reported"
    # Any other path is the client's own affair.
    sent = [("Accept-Encoding", accepts)] if accepts else []
    upstream.answer = openai_api.answer
    wire.send(gateway.port, "GET", "/v1/files", None, sent)
    assert upstream.last.value("accept-encoding") == accepts


@pytest.mark.parametrize("kind", ["whole", "stream"])
def test_row_14_what_comes_packed_goes_on_packed(gateway, upstream, kind):
    """An upstream that packs without being asked: the same bytes, the same field, an estimate in the ledger."""
    plain = b"".join(openai_api.chat_events(ASKED)) if kind == "stream" else b'{"choices":[]}'
    packed = gzip.compress(plain, mtime=0)
    packing = [("Content-Encoding", "gzip")]
    upstream.answer = lambda request: (
        stream([packed[:9], packed[9:]], packing) if kind == "stream" else whole(200, packed, packing)
    )
    reply = wire.chat(gateway.port, body(stream=kind == "stream"), [("Accept-Encoding", "gzip")])
    assert (reply.body, reply.is_whole, reply.value("content-encoding")) == (packed, True, "gzip")
    row = gateway.row(reply.value("x-request-id"))
    assert row["completion_source"].startswith("estimated") and row["outcome"] == "complete"
    sdk = openai.OpenAI(base_url=gateway.base_url, api_key="sk-client", max_retries=0)
    if kind == "stream":
        assert len(list(sdk.chat.completions.create(**ASKED, stream=True))) == len(openai_api.PIECES) + 2


def test_row_19_models(gateway, task_gateway, upstream):
    """Without a task the upstream's list as it is; with one, our names in front."""
    assert wire.send(gateway.port, "GET", "/v1/models").body == wire.send(upstream.port, "GET", "/v1/models").body
    reply = wire.send(task_gateway.port, "GET", "/v1/models")
    models = json.loads(reply.body)["data"]
    assert all(set(model) == {"id", "object", "created", "owned_by"} for model in models)
    names = [model["id"] for model in models]
    assert names[-2:] == ["gpt-4o-mini", "text-embedding-3-small"] and "house-books-tuned" in names
    sdk = openai.OpenAI(base_url=task_gateway.base_url, api_key="sk-client", max_retries=0)
    for name in names:
        if name != "text-embedding-3-small":
            model = sdk.models.retrieve(name)
            assert (model.id, model.object) == (name, "model") and isinstance(model.created, int)
    with pytest.raises(openai.NotFoundError) as caught:
        sdk.models.retrieve("nobody/knows")
    assert caught.value.code == "model_not_found"


def test_row_20_versions_and_connections(gateway, upstream):
    # Many requests on one connection, also pipelined.
    with wire.Connection(gateway.port) as connection:
        for _ in range(3):
            connection.send(wire.request("POST", "/v1/chat/completions", body()))
            assert connection.reply().is_whole
        one, two = [wire.request("POST", "/v1/chat/completions", body(model=name)) for name in ("one", "two")]
        connection.send(one + two)
        assert [json.loads(connection.reply().body)["model"] for _ in range(2)] == ["one-2024-07-18", "two-2024-07-18"]
    # HTTP/1.0: no chunks, and the end of the connection is the end of the stream.
    with wire.Connection(gateway.port) as connection:
        connection.send(wire.request("POST", "/v1/chat/completions", body(stream=True), version="1.0"))
        reply = connection.reply()
        assert reply.framing == "close" and reply.body.endswith(b"data: [DONE]\n\n")
    with wire.Connection(gateway.port) as connection:
        connection.send(wire.request("POST", "/v1/chat/completions", body(), version="1.0"))
        assert connection.reply().framing == "length" and connection.is_closed()
    # Connection: close is honoured; an offer of HTTP/2 by Upgrade is ignored.
    with wire.Connection(gateway.port) as connection:
        connection.send(wire.request("POST", "/v1/chat/completions", body(), [("Connection", "close")]))
        assert connection.reply().is_whole and connection.is_closed()
    # As Java's client makes with each first request, a POST's too, whose body may come in several pieces.
    upgrade = [("Connection", "Upgrade, HTTP2-Settings"), ("Upgrade", "h2c"), ("HTTP2-Settings", "AAMAAABkAAQAAP__")]
    large = body(user="x" * 300_000)
    for sent in (body(), large):
        assert wire.chat(gateway.port, sent, upgrade).status == 200
        assert upstream.last.body == sent
    with wire.Connection(gateway.port) as connection:
        connection.send(wire.request("POST", "/v1/chat/completions", b"", [*upgrade, ("Transfer-Encoding", "chunked")]))
        for piece in (large[:7], large[7:]):
            time.sleep(0.05)
            connection.send(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
        connection.send(b"0\r\n\r\n")
        assert connection.reply().is_whole and upstream.last.body == large


def test_row_30_head(gateway, upstream):
    upstream.answer = lambda request: Answer([head(200, [("Content-Type", "text/plain"), ("X-Here", "1"), ("Content-Length", "9")])])
    reply = wire.send(gateway.port, "HEAD", "/v1/files/f/content")
    assert (reply.status, reply.body, reply.value("x-here")) == (200, b"", "1")
    assert upstream.last.method == "HEAD"


def test_answers_without_a_body(gateway, upstream):
    for status in (204, 304):
        upstream.answer = lambda request, status=status: Answer([head(status, [("X-Here", "1")])])
        with wire.Connection(gateway.port) as connection:
            connection.send(wire.request("DELETE", "/v1/files/f"))
            reply = connection.reply()
            assert (reply.status, reply.value("x-here")) == (status, "1")
            upstream.answer = openai_api.answer
            connection.send(wire.request("GET", "/v1/models"))
            assert connection.reply().status == 200


def test_interim_answers_do_not_confuse(gateway, upstream):
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
    upstream.answer = lambda request: Answer([hints, 0.02, *openai_api.answer(request).pieces])
    reply = wire.chat(gateway.port, body())
    assert reply.status == 200 and reply.value("link") is None


def test_redirects_are_not_followed(gateway, upstream):
    """A client of an API expects none, and would take our word for where to go with its key."""
    upstream.answer = lambda request: whole(307, b"{}", [("Location", f"{upstream.base_url}/elsewhere")])
    reply = wire.chat(gateway.port, body())
    assert reply.status == 502 and len(upstream.requests) == 1 and reply.value("location") is None


def test_a_slow_answer_is_whole(gateway, upstream):
    made = openai_api.answer

    def answer(request):
        (bytes_,) = made(request).pieces
        return Answer([item for at in range(0, len(bytes_), 100) for item in (bytes_[at : at + 100], 0.01)])

    upstream.answer = answer
    started = time.monotonic()
    assert wire.chat(gateway.port, body()).is_whole and time.monotonic() - started < 10


def test_errors_of_the_gateway_have_four_keys(gateway, upstream):
    upstream.answer = lambda request: Answer([], "close")
    assert error_of(wire.chat(gateway.port, body()))["code"] == "upstream_unavailable"
    for method, target, sent, status in [
        ("POST", "/v1/chat/completions", b"{", 400),
        ("GET", "/nothing", None, 404),
        ("DELETE", "/health/live", None, 405),
    ]:
        reply = wire.send(gateway.port, method, target, sent)
        assert reply.status == status
        error_of(reply)


