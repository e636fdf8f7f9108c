"""What reaches the upstream. Tests are named by the number of the promise in docs/clients.md."""

import json
import threading
import time

import openai
import openai_api
import pytest
import wire
from scripted_upstream import Answer

ALL_FIELDS = b"""{ "zeta" : {"b":1,"a":[ ]}, "messages": [
 {"role":"developer","content":"d","name":"n"},
 {"role":"user","content":[{"type":"text","text":"t","cache_control":{"type":"ephemeral"},"prompt_cache_breakpoint":{}},
   {"type":"image_url","image_url":{"url":"data:image/png;base64,AA==","detail":"low"}},
   {"type":"input_audio","input_audio":{"data":"AA==","format":"wav"}},
   {"type":"file","file":{"file_id":"f","filename":"n","file_data":"x"}}]},
 {"role":"assistant","content":null,"refusal":"no","audio":{"id":"a"},"reasoning_content":"r","reasoning_details":[{"x":1}],
  "tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{\\"z\\":1,\\"a\\":2}"}}]},
 {"role":"tool","tool_call_id":"c","content":"ok"}, {"role":"function","name":"f","content":"old"} ],
 "model" : "gpt-4o-mini", "metadata":{"k":"v"}, "top_logprobs":2, "temperature":1.0, "top_p":0.10, "user":"u",
 "safety_identifier":"s","prompt_cache_key":"p","prompt_cache_retention":"24h","prompt_cache_options":{},"service_tier":"auto",
 "modalities":["text"],"verbosity":"low","reasoning_effort":null,"max_completion_tokens":9,"frequency_penalty":-0.0,
 "presence_penalty":1e-7,"web_search_options":{},"response_format":{"type":"json_schema","json_schema":{"name":"n",
 "schema":{"type":"object","properties":{"reasoning":{"type":"string"},"answer":{"type":"string"}}}}},
 "audio":{"voice":"v"},"store":false,"moderation":{},"stop":["\\u0041\\/"],"logit_bias":{"50256":-100},"logprobs":true,
 "max_tokens":7,"n":1,"prediction":{"type":"content","content":"c"},"seed":9223372036854775807,
 "tools":[{"type":"function","function":{"parameters":{"z":1,"a":2},"name":"f","strict":true}}],"tool_choice":"auto",
 "parallel_tool_calls":true,"function_call":"auto","functions":[],"chat_template_kwargs":{"enable_thinking":false},
 "guided_json":{"y":1},"top_k":40,"min_p":0.05,"repetition_penalty":1.10,"provider":{"order":["b","a"]},
 "transforms":[],"models":["x"],"extra_body":{},"enable_thinking":null }"""


def chat_body(text: bytes) -> bytes:
    return b'{"model":"gpt-4o-mini","messages":[{"role":"user","content":"x"}],"extra":' + text + b"}"


@pytest.mark.parametrize("target", ["/v1/chat/completions", "/v1/chat/completions?api-version=2024-10-21&x=%20a+b"])
def test_row_01_and_02_every_field_in_its_order(gateway, upstream, target):
    assert wire.send(gateway.port, "POST", target, ALL_FIELDS).status == 200
    assert upstream.last.body == ALL_FIELDS and upstream.last.target == target


NUMBERS = [
    b"1.0", b"1", b"1e-7", b"-0.0", b"-0", b"0.10", b"9223372036854775807", b"9223372036854775808",
    b"18446744073709551616", b"9007199254740993", b"123456789012345678901234567890", b"1E+400", b"1e0001",
]  # fmt: skip
TEXTS = [
    rb'"\u0041\/\b\f\n\r\t\"\\"', rb'"\ud83d\ude42"', rb'"\uD800 alone"', rb'"\u0000"', '"ü🙂\u2028\u2029"'.encode(),
    b'{"a":1,"a":2}', b'{"":{" ":[]}}', b"[ \t\r\n1 , 2 ]", b"null", b'"\x7f"', b"[" * 60 + b"]" * 60,
]  # fmt: skip


@pytest.mark.parametrize("text", NUMBERS + TEXTS, ids=lambda text: ascii(text)[2:30])
def test_row_03_numbers_and_texts_keep_their_spelling(gateway, upstream, text):
    body = chat_body(text)
    assert wire.chat(gateway.port, body).status == 200
    assert upstream.last.body == body


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("then", ["close", "reset"])
def test_row_12_a_post_that_was_sent_is_never_sent_again(gateway, upstream, then, stream):
    """Not on a new connection, and not on a kept one that turns out dead."""
    body = json.dumps({"model": "gpt-4o-mini", "messages": [], "stream": stream}).encode()
    assert wire.chat(gateway.port, body).status == 200
    upstream.requests.clear()
    upstream.answer = lambda request: Answer([], then)
    for expected in (1, 2):
        reply = wire.chat(gateway.port, body)
        assert reply.status == 502 and json.loads(reply.body)["error"]["code"]
        assert len(upstream.requests) == expected


@pytest.mark.parametrize("kind", ["close", "reset"])
def test_row_20_a_kept_connection_that_the_upstream_closed_costs_nobody_an_error(gateway, upstream, kind):
    # Not at once: a reset may overtake the answer.
    upstream.answer = lambda request: Answer([*openai_api.answer(request).pieces, 0.1], kind)
    for number in range(4):
        assert wire.chat(gateway.port, chat_body(b"1")).status == 200, number
        time.sleep(0.3)
    assert len(upstream.requests) == 4


@pytest.mark.parametrize("size", [10 << 20, 40_000_000])
@pytest.mark.parametrize("is_chunked", [False, True])
def test_row_18_large_bodies(gateway, upstream, size, is_chunked):
    start = b'{"model":"gpt-4o-mini","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"'
    end = b'"}}]}]}'
    body = start + b"A" * (size - len(start) - len(end)) + end
    with wire.Connection(gateway.port, timeout=60) as connection:
        if is_chunked:
            connection.send(wire.request("POST", "/v1/chat/completions", b"", [("Transfer-Encoding", "chunked")]))
            for at in range(0, len(body), 1 << 20):
                part = body[at : at + (1 << 20)]
                connection.send(f"{len(part):X};x=y\r\n".encode() + part + b"\r\n")
            connection.send(b"0\r\nTrailer: gone\r\n\r\n")
        else:
            connection.send(wire.request("POST", "/v1/chat/completions", body))
        assert connection.reply().status == 200
    assert upstream.last.body == body
    assert upstream.last.value("content-length") == str(size)


def test_row_18_a_body_beyond_the_limit_is_413(gateway, upstream):
    with wire.Connection(gateway.port) as connection:
        connection.send(wire.request("POST", "/v1/chat/completions", b"", [("Content-Length", str(41 << 20))]))
        reply = connection.reply()
    assert reply.status == 413 and json.loads(reply.body)["error"]["code"] == "request_too_large"
    assert upstream.requests == []


def test_row_26_paths_are_forwarded_by_name(gateway, upstream):
    """Any method, any body, any answer; the query as it was written."""
    for method, target in [
        ("POST", "/v1/completions"), ("POST", "/v1/embeddings"), ("POST", "/v1/responses"), ("POST", "/v1/moderations"),
        ("GET", "/v1/responses/resp_1?include[]=a&x=%2F"), ("DELETE", "/v1/responses/resp_1"),
        ("POST", "/v1/images/generations"), ("POST", "/v1/audio/speech"), ("GET", "/v1/files/f/content"),
        ("GET", "/v1/chat/completions?limit=2"), ("DELETE", "/v1/models/ft:gpt-4o:me::1"),
        ("POST", "/v1/chat/completions/id/messages"), ("PATCH", "/v1/a%20b/c%2Fd"), ("POST", "/v1/rerank"),
    ]:  # fmt: skip
        answered = bytes(range(256)) + target.encode()
        upstream.answer = lambda request: openai_api.whole(
            201, answered, [("X-Odd", "ä"), ("x-two", "1"), ("x-two", "2")], "application/octet-stream"
        )
        body = b"\x00\xff not JSON" if method != "GET" and method != "DELETE" else None
        reply = wire.send(gateway.port, method, target, body)
        assert (reply.status, reply.body, reply.is_whole) == (201, answered, True), target
        assert reply.value("x-odd") == "ä" and reply.values("x-two") == ["1", "2"]
        assert (upstream.last.method, upstream.last.target, upstream.last.body) == (method, target, body or b"")


def test_row_27_fields_on_the_way_up(gateway, upstream):
    fields = [
        ("OpenAI-Organization", "o"), ("OpenAI-Project", "p"), ("OpenAI-Beta", "assistants=v2"), ("Idempotency-Key", "i"),
        ("X-Client-Request-Id", "c"), ("traceparent", "00-a-b-01"), ("X-Twice", "1"), ("X-Twice", "2"), ("X-Empty", ""),
        ("Cookie", "a=b; c=d"), ("User-Agent", "me/1"), ("api-key", "k"), ("Authorization", "Bearer sk-mine"),
        ("Connection", "keep-alive, X-Nominated"), ("X-Nominated", "gone"), ("Keep-Alive", "timeout=9"), ("TE", "trailers"),
        ("Proxy-Connection", "x"), ("Proxy-Authorization", "Basic x"), ("Upgrade", "h2c"), ("X-Promptintern-Bypass", "true"),
    ]  # fmt: skip
    assert wire.chat(gateway.port, chat_body(b"1"), fields).status == 200
    sent = upstream.last
    for name in ("OpenAI-Organization", "OpenAI-Project", "OpenAI-Beta", "Idempotency-Key", "X-Client-Request-Id",
                 "traceparent", "X-Twice", "X-Empty", "Cookie", "User-Agent", "api-key", "Authorization"):  # fmt: skip
        assert sent.values(name) == [value for key, value in fields if key == name], name
    for name in ("X-Nominated", "Keep-Alive", "TE", "Proxy-Connection", "Proxy-Authorization", "Upgrade", "X-Promptintern-Bypass"):
        assert sent.values(name) == [], name
    assert sent.value("host").startswith("127.0.0.1:")
    assert sent.value("content-type") == "application/json"
    # Nothing is made up: a client that names no agent and accepts nothing in particular stays that way.
    assert wire.chat(gateway.port, chat_body(b"2")).status == 200
    names = {name.lower() for name, _ in upstream.last.fields}
    assert names <= {"host", "content-type", "content-length", "accept-encoding"}


def test_row_27_long_fields(gateway, upstream):
    """A token of 16 KB, as some identity providers make them, and a hundred fields."""
    token = "Bearer " + "a" * 16_000
    fields = [("Authorization", token)] + [(f"X-Field-{number}", str(number)) for number in range(100)]
    assert wire.chat(gateway.port, chat_body(b"1"), fields).status == 200
    assert upstream.last.value("authorization") == token and upstream.last.value("x-field-99") == "99"


def test_row_27_cookies_are_not_shared(gateway, upstream):
    """The upstream's cookies go to the client that got them, and to nobody else's request."""
    first = wire.chat(gateway.port, chat_body(b"1"))
    assert first.values("set-cookie") == ["__cf_bm=one; path=/", "_cfuvid=two; path=/"]
    wire.chat(gateway.port, chat_body(b"2"))
    assert upstream.last.value("cookie") is None


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("answered", ["nothing", "the head", "something"])
def test_row_13_a_client_that_leaves_ends_the_upstreams_work(gateway, upstream, stream, answered):
    pieces = {"nothing": 0, "the head": 1, "something": 2}[answered]

    def answer(request):
        made = openai_api.chat_stream({"model": "m", "messages": []})
        return Answer(made.pieces[:pieces], "hold")

    upstream.answer = answer
    body = json.dumps({"model": "m", "messages": [], "stream": stream}).encode()
    with wire.Connection(gateway.port) as connection:
        connection.send(wire.request("POST", "/v1/chat/completions", body))
        upstream.wait_for(1)
        if pieces and stream:
            assert connection.head()[0] == 200
        left = time.monotonic()
    request = upstream.last
    assert request.closed.wait(5)
    assert request.closed_at - left < 1


def test_row_30_the_sdk_without_v1_in_its_base_url(gateway, upstream):
    sdk = openai.OpenAI(base_url=gateway.base_url.removesuffix("/v1"), api_key="sk-client", max_retries=0)
    messages = [{"role": "user", "content": "x"}]
    assert sdk.chat.completions.create(model="gpt-4o-mini", messages=messages).choices[0].message.content
    assert upstream.last.target == "/v1/chat/completions"
    assert sdk.embeddings.create(model="e", input="x").data
    assert sdk.models.list().data


def test_row_30_the_azure_client(gateway, upstream):
    """AzureOpenAI writes `/openai/deployments/MODEL/…?api-version=…` and sends `api-key`."""
    sdk = openai.AzureOpenAI(
        azure_endpoint=f"http://127.0.0.1:{gateway.port}", api_key="az-key", api_version="2024-10-21", max_retries=0
    )
    messages = [{"role": "user", "content": "x"}]
    answer = sdk.chat.completions.create(model="gpt-4o-mini", messages=messages)
    assert answer.choices[0].message.content == openai_api.TEXT
    assert [chunk for chunk in sdk.chat.completions.create(model="gpt-4o-mini", messages=messages, stream=True)]
    assert sdk.embeddings.create(model="text-embedding-3-small", input="x").data
    assert upstream.last.value("api-key") == "az-key" or upstream.last.value("authorization") == "Bearer az-key"


def test_many_clients_at_once(gateway, upstream):
    """Each gets its own answer."""
    results = {}

    def call(number):
        sdk = openai.OpenAI(base_url=gateway.base_url, api_key="sk-client", max_retries=0)
        for turn in range(5):
            name = f"m-{number}-{turn}"
            answer = sdk.chat.completions.create(model=name, messages=[{"role": "user", "content": name}])
            results[name] = answer.model

    threads = [threading.Thread(target=call, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 60 and all(model == f"{name}-2024-07-18" for name, model in results.items())
