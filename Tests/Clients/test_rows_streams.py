"""Event streams. Tests are named by the number of the promise in docs/clients.md."""

import json
import threading
import time

import httpx
import httpx2
import openai
import openai_api
import pytest
import wire
from openai_api import DONE, FIELDS, chat_events, event
from scripted_upstream import Answer, cut, stream

ASKED = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "x"}], "stream": True}
WITH_USAGE = ASKED | {"stream_options": {"include_usage": True}}
PLAIN = b"".join(chat_events(WITH_USAGE))


def body(asked=ASKED) -> bytes:
    return json.dumps(asked).encode()


def sdk(gateway):
    return openai.OpenAI(base_url=gateway.base_url, api_key="sk-client", max_retries=0)


def delta(**fields):
    choice = {"index": 0, "delta": fields, "logprobs": None, "finish_reason": None}
    return event({"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]})


def test_row_04_each_event_goes_out_before_the_next_is_there(gateway, upstream):
    events = chat_events(WITH_USAGE)
    gates = [threading.Event() for _ in events]
    pieces = [item for pair in zip(gates, events, strict=True) for item in pair]
    upstream.answer = lambda request: stream(pieces, FIELDS)
    with wire.Connection(gateway.port, timeout=10) as connection:
        connection.send(wire.request("POST", "/v1/chat/completions", body(WITH_USAGE)))
        # Row 28: the head is there before the first token.
        assert connection.head()[0] == 200
        for gate, expected in zip(gates, events, strict=True):
            gate.set()
            seen = connection.until(b"\r\n") and connection.exactly(len(expected))
            assert seen == expected
            assert connection.exactly(2) == b"\r\n"


BIG = delta(content="ü🙂" * 400_000)
FORMS = {
    "plain": PLAIN,
    "CRLF": PLAIN.replace(b"\n", b"\r\n"),
    "CR": PLAIN.replace(b"\n", b"\r"),
    "no blank after the colon": PLAIN.replace(b"data: ", b"data:"),
    "byte order mark": b"\xef\xbb\xbf" + PLAIN,
    "several lines of data": PLAIN.replace(b'"usage":{', b'"usage":\ndata: {').replace(b',"object"', b',\ndata:"object"'),
    "ids, names, retry": b"retry: 10\n\n" + PLAIN.replace(b"data: {", b"event: chunk\nid: 7\ndata: {"),
    "comments": b": ping\n" + PLAIN.replace(b"\n\n", b"\n\n: OPENROUTER PROCESSING\n: \n") + b":\n\n",
    "comments with blank lines": b": ping\n\n" + PLAIN.replace(b"\n\n", b"\n\n: ping\n\n"),
    "no end of the last event": PLAIN.removesuffix(b"\n"),
    "more after the end": PLAIN + b": bye\n\n",
    "DONE with blanks": PLAIN.replace(b"[DONE]", b"[DONE] "),
}


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000, 1 << 20])
@pytest.mark.parametrize("form", FORMS)
def test_row_05_23_and_24_the_bytes_of_a_stream_for_every_cut(gateway, upstream, form, size):
    """One byte a chunk splits every character, line end and event; usage is read all the same."""
    sent = FORMS[form]
    upstream.answer = lambda request: stream(cut(sent, size), FIELDS)
    reply = wire.chat(gateway.port, body(WITH_USAGE))
    assert (reply.status, reply.body, reply.is_whole) == (200, sent, True)
    row = gateway.row(reply.value("x-request-id"))
    assert (row["prompt_tokens"], row["completion_tokens"], row["cached_prompt_tokens"]) == (19, 10, 4)
    assert (row["completion_source"], row["outcome"]) == ("reported", "complete")


@pytest.mark.parametrize("size", [4093, 1 << 24])
def test_row_05_events_of_2_mb(gateway, upstream, size):
    assert len(BIG) > 2 << 20
    events = chat_events(WITH_USAGE)
    sent = events[0] + BIG + b"".join(events[1:])
    upstream.answer = lambda request: stream(cut(sent, size))
    reply = wire.chat(gateway.port, body(WITH_USAGE))
    assert reply.body == sent and reply.is_whole
    row = gateway.row(reply.value("x-request-id"))
    assert (row["prompt_tokens"], row["completion_tokens"], row["completion_source"]) == (19, 10, "reported")


def test_row_05_every_split_in_two_reads(gateway, upstream):
    """The whole stream in two writes, cut at every place: the client and the ledger see the same."""
    sent = b"".join([delta(role="assistant", content=""), delta(content="ü🙂"), *chat_events(WITH_USAGE)[-3:]])
    ids = []
    with wire.Connection(gateway.port) as connection:
        for at in range(1, len(sent)):
            upstream.answer = lambda request, at=at: stream([sent[:at], sent[at:]])
            connection.send(wire.request("POST", "/v1/chat/completions", body(WITH_USAGE)))
            reply = connection.reply()
            assert reply.body == sent and reply.is_whole, at
            ids.append(reply.value("x-request-id"))
    for number, name in enumerate(ids):
        row = gateway.row(name)
        assert (row["prompt_tokens"], row["completion_tokens"], row["outcome"]) == (19, 10, "complete"), number


@pytest.mark.parametrize("size", [1, 1 << 20])
@pytest.mark.parametrize("place", [0, 1, 3])
def test_row_06_usage_wherever_it_stands(gateway, upstream, place, size):
    """Some servers put usage into the first chunk, into every chunk, or beside the finish reason."""
    usage = {"prompt_tokens": 5, "completion_tokens": 6, "total_tokens": 11}
    members = [("id", "c"), ("object", "chat.completion.chunk"), ("choices", [{"index": 0, "delta": {}, "finish_reason": "stop"}])]
    members.insert(place, ("usage", usage))
    sent = delta(content='"usage":{"prompt_tokens":1}') + event(dict(members)) + DONE
    upstream.answer = lambda request: stream(cut(sent, size))
    reply = wire.chat(gateway.port, body())
    assert reply.body == sent
    row = gateway.row(reply.value("x-request-id"))
    assert (row["prompt_tokens"], row["completion_tokens"]) == (5, 6)


@pytest.mark.parametrize("asked", [ASKED, WITH_USAGE, ASKED | {"stream_options": {"include_obfuscation": False}}])
def test_row_06_the_usage_chunk_is_there_only_if_the_client_asked(gateway, upstream, asked):
    reply = wire.chat(gateway.port, body(asked))
    assert upstream.last.body == body(asked)
    assert (b'"usage":{' in reply.body) == (asked is WITH_USAGE)
    assert reply.body.endswith(DONE)
    if asked is WITH_USAGE:
        last = json.loads(reply.body.split(b"\n\n")[-3].removeprefix(b"data: "))
        assert last["choices"] == [] and last["usage"]["total_tokens"] == 29


def without_error(body: bytes) -> bytes:
    """The stream without the error event that the gateway may end it with."""
    *events, last = body.removesuffix(b"\n\n").split(b"\n\n")
    if not last.startswith(b'data: {"error":'):
        return body
    assert json.loads(last.removeprefix(b"data: "))["error"]["message"]
    return b"".join(event + b"\n\n" for event in events)


BROKEN_ENDS = {
    "reset": ("reset", True),
    "closed without the last chunk": ("close", True),
    "ended in order, without an end of the answer": ("keep", False),
}


@pytest.mark.parametrize("ending", BROKEN_ENDS)
@pytest.mark.parametrize("events", [0, 1, 3])
def test_row_09_a_stream_that_dies_is_broken_for_the_client(gateway, upstream, ending, events):
    then, is_cut = BROKEN_ENDS[ending]
    sent = chat_events(ASKED)[:events]
    upstream.answer = lambda request: stream([*sent, 0.05], FIELDS, ends=not is_cut, then=then)
    reply = wire.chat(gateway.port, body())
    if events:
        assert reply.status == 200
    assert not reply.is_whole or reply.status >= 500
    assert b"[DONE]" not in reply.body
    if reply.status == 200:
        assert without_error(reply.body) == b"".join(sent)
        assert gateway.row(reply.value("x-request-id"))["outcome"] == "partial"
        # The SDK does not take it for a whole answer.
        with pytest.raises((openai.APIError, httpx.TransportError, httpx2.TransportError)):
            list(sdk(gateway).chat.completions.create(**ASKED))


@pytest.mark.parametrize("path, asked", [("completions", {"prompt": "x"}), ("responses", {"input": "x"})])
@pytest.mark.parametrize("framing", ["chunked", "close"])
def test_row_09_other_streams_that_die(gateway, upstream, path, asked, framing):
    """An upstream that frames its stream by closing cannot tell death from the end: its events do."""
    asked = {"model": "m", "stream": True, **asked}
    made = openai_api.completions(asked) if path == "completions" else openai_api.response_stream(asked)
    if framing == "chunked":
        upstream.answer = lambda request: Answer(made.pieces[:4], "close")
    else:
        events = [piece.split(b"\r\n", 1)[1].removesuffix(b"\r\n") for piece in made.pieces[1:4]]
        head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
        upstream.answer = lambda request: Answer([head, *events], "close")
    reply = wire.send(gateway.port, "POST", f"/v1/{path}", json.dumps(asked).encode())
    assert reply.status == 200 and reply.body and not reply.is_whole
    assert gateway.row(reply.value("x-request-id"))["outcome"] == "partial"
    # Whole ones are whole, also without a length or chunks.
    events = [piece.split(b"\r\n", 1)[1].removesuffix(b"\r\n") for piece in made.pieces[1:-1]]
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
    upstream.answer = lambda request: Answer([head, *events], "close")
    reply = wire.send(gateway.port, "POST", f"/v1/{path}", json.dumps(asked).encode())
    assert reply.is_whole and reply.body == b"".join(events)
    assert gateway.row(reply.value("x-request-id"))["outcome"] == "complete"


def test_row_09_an_error_in_a_stream_is_passed_on(gateway, upstream):
    error = {"error": {"message": "The server had an error.", "type": "server_error", "param": None, "code": "x"}}
    sent = chat_events(ASKED)[:3] + [event(error)]
    upstream.answer = lambda request: stream(sent)
    reply = wire.chat(gateway.port, body())
    assert reply.body == b"".join(sent) and reply.is_whole
    assert gateway.row(reply.value("x-request-id"))["outcome"] == "partial"
    with pytest.raises(openai.APIError) as caught:
        list(sdk(gateway).chat.completions.create(**ASKED))
    assert caught.value.code == "x"


def test_row_09_a_cut_answer_of_known_length_is_broken(gateway, upstream):
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n"
    upstream.answer = lambda request: Answer([head + b'{"id":"x","choices":[', 0.05], "close")
    reply = wire.chat(gateway.port, body(ASKED | {"stream": False}))
    assert reply.status == 502 or not reply.is_whole


def test_row_08_with_stream_true_an_error_before_the_first_byte_is_plain(gateway, upstream):
    for status in openai_api.ERRORS:
        asked = ASKED | {"model": f"error-{status}"}
        reply = wire.chat(gateway.port, body(asked))
        assert reply.status == status and reply.is_whole
        assert reply.value("content-type") == "application/json"
        assert reply.body == openai_api.error(status).pieces[0].split(b"\r\n\r\n", 1)[1]
    # The gateway's own errors too.
    upstream.answer = lambda request: Answer([], "close")
    reply = wire.chat(gateway.port, body())
    assert reply.status == 502 and set(json.loads(reply.body)["error"]) == {"message", "type", "param", "code"}


def test_row_11_parallel_tool_calls_interleaved(both, gateway, upstream):
    def call(index, **fields):
        return delta(tool_calls=[{"index": index, **fields}])

    sent = [
        delta(role="assistant", content=None),
        call(0, id="call_a", type="function", function={"name": "f", "arguments": ""}),
        call(1, id="call_b", type="function", function={"name": "g", "arguments": ""}),
        call(0, function={"arguments": '{"z":'}),
        call(1, function={"arguments": '{"ü'}),
        call(0, function={"arguments": "1}"}),
        call(1, function={"arguments": '":"🙂"}'}),
        event({"id": "c", "object": "x", "created": 1, "model": "m", "choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]}),
        DONE,
    ]
    upstream.answer = lambda request: stream(sent)
    assert wire.chat(gateway.port, body()).body == b"".join(sent)

    def run(url):
        client = openai.OpenAI(base_url=url, api_key="sk-client", max_retries=0)
        tools = [{"type": "function", "function": {"name": name, "parameters": {}}} for name in "fg"]
        with client.chat.completions.stream(model="m", messages=ASKED["messages"], tools=tools) as running:
            calls = running.get_final_completion().choices[0].message.tool_calls
        return [(call.id, call.function.name, call.function.arguments) for call in calls]

    assert both(run) == [("call_a", "f", '{"z":1}'), ("call_b", "g", '{"ü":"🙂"}')]


def test_row_24_events_of_the_responses_api_keep_their_names(gateway, upstream):
    asked = {"model": "gpt-4o-mini", "input": "x", "stream": True}
    sent = b"".join(openai_api.response_events(asked))
    for size in (1, 5, 1 << 20):
        upstream.answer = lambda request, size=size: stream(cut(sent, size))
        reply = wire.send(gateway.port, "POST", "/v1/responses", json.dumps(asked).encode())
        assert reply.body == sent and b"event: response.completed\n" in sent and reply.is_whole
        row = gateway.row(reply.value("x-request-id"))
        assert (row["prompt_tokens"], row["completion_tokens"], row["cached_prompt_tokens"]) == (19, 10, 4)


def test_row_28_a_silent_upstream_is_waited_for(gateway, upstream):
    """The head goes out when the upstream's does, and 12 seconds of silence are no error."""
    events = chat_events(ASKED)
    upstream.answer = lambda request: stream([events[0], 12.0, *events[1:]])
    with wire.Connection(gateway.port) as connection:
        started = time.monotonic()
        connection.send(wire.request("POST", "/v1/chat/completions", body()))
        status, fields = connection.head()
        assert status == 200 and time.monotonic() - started < 1
        assert connection._chunks() == (b"".join(events), True)


def test_row_29_a_reader_that_stops_costs_little_memory(gateway, upstream):
    """75 MB on offer to a client that reads nothing: the gateway's memory grows by a few buffers."""

    def resident() -> int:
        with open(f"/proc/{gateway.process.pid}/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))

    one = delta(content="x" * 16_000)
    upstream.answer = lambda request: stream([one] * 4_700)
    wire.chat(gateway.port, body(WITH_USAGE))
    before = resident()
    with wire.Connection(gateway.port) as connection:
        connection.send(wire.request("POST", "/v1/chat/completions", body()))
        assert connection.head()[0] == 200
        time.sleep(1.5)
        assert resident() - before < 16 << 10
        # Others are served meanwhile.
        upstream.answer = upstream.default
        assert wire.chat(gateway.port, body()).is_whole
