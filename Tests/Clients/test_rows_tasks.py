"""Requests of a task: answers the gateway makes itself (section E of docs/clients.md), and what it may not strip."""

import asyncio
import json
import re
import time

import openai
import openai_api
import pytest
import wire
from langchain_openai import ChatOpenAI
from pydantic_ai import Agent
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider
from scripted_upstream import cut, stream


def sdk(gateway):
    return openai.OpenAI(base_url=gateway.base_url, api_key="sk-client", max_retries=0)


@pytest.fixture
def asked(question):
    body, answer = question(7)
    return json.loads(body), answer


def test_e_an_answer_has_every_required_key(task_gateway, upstream, asked):
    request, right = asked
    ids = set()
    for _ in range(2):
        raw = sdk(task_gateway).chat.completions.with_raw_response.create(**request)
        assert raw.headers["x-promptintern-arm"] == "internalized"
        answer = json.loads(raw.content)
        assert {"id", "object", "created", "model", "choices", "usage"} <= set(answer)
        assert (answer["object"], answer["model"]) == ("chat.completion", request["model"])
        assert isinstance(answer["created"], int) and abs(answer["created"] - time.time()) < 60
        (choice,) = answer["choices"]
        assert (choice["index"], choice["finish_reason"], choice["logprobs"]) == (0, "stop", None)
        assert choice["message"] == {"role": "assistant", "content": right, "refusal": None}
        usage = answer["usage"]
        assert all(isinstance(usage[key], int) for key in ("prompt_tokens", "completion_tokens", "total_tokens"))
        assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
        # The short prompt's tokens, as what was read and is to be paid; the full prompt's are in a header.
        assert usage["prompt_tokens"] == int(raw.headers["x-promptintern-tokens-after"])
        assert int(raw.headers["x-promptintern-tokens-before"]) > 10 * usage["prompt_tokens"]
        row = task_gateway.row(raw.headers["x-request-id"])
        assert (row["prompt_tokens"], row["completion_tokens"]) == (usage["prompt_tokens"], usage["completion_tokens"])
        ids.add(answer["id"])
        assert raw.parse().choices[0].message.content == right
    assert len(ids) == 2 and upstream.requests == []


@pytest.mark.parametrize("usage", [None, {"include_usage": True}, {"include_usage": False}])
def test_e_a_stream_has_one_role_one_reason_and_usage_only_if_asked(task_gateway, asked, usage):
    request, right = asked
    more = {"stream_options": usage} if usage else {}
    wants = bool(usage and usage["include_usage"])
    reply = wire.chat(task_gateway.port, json.dumps(request | more | {"stream": True}).encode())
    events = reply.body.decode().split("\n\n")
    assert events[-2:] == ["data: [DONE]", ""] and reply.is_whole
    chunks = [json.loads(event.removeprefix("data: ")) for event in events[:-2]]
    assert len({(chunk["id"], chunk["created"], chunk["model"], chunk["object"]) for chunk in chunks}) == 1
    assert chunks[0]["choices"][0]["delta"]["role"] == "assistant"
    if wants:
        last = chunks.pop()
        assert last["choices"] == [] and last["usage"]["total_tokens"] > 0
        assert all("usage" in chunk and chunk["usage"] is None for chunk in chunks)
    else:
        assert all(chunk.get("usage") is None for chunk in chunks)
    choices = [chunk["choices"][0] for chunk in chunks]
    assert [choice["finish_reason"] for choice in choices if choice["finish_reason"] is not None] == ["stop"]
    assert all(choice["logprobs"] is None for choice in choices)
    assert sum("role" in choice["delta"] for choice in choices) == 1
    assert "".join(choice["delta"].get("content") or "" for choice in choices) == right
    streamed = sdk(task_gateway).chat.completions.create(**request, **more, stream=True)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in streamed if chunk.choices) == right


def test_e_max_tokens_and_temperature(task_gateway, asked):
    request, right = asked
    for name in ("max_tokens", "max_completion_tokens"):
        answer = sdk(task_gateway).chat.completions.create(**(request | {name: 3}))
        (choice,) = answer.choices
        assert (choice.finish_reason, answer.usage.completion_tokens) == ("length", 3)
        assert right.startswith(choice.message.content) and choice.message.content != right
    answers = {
        sdk(task_gateway).chat.completions.create(**(request | {"temperature": 0})).choices[0].message.content
        for _ in range(4)
    }
    assert answers == {right}
    seeded = [
        sdk(task_gateway).chat.completions.create(**(request | {"temperature": 1.5, "seed": seed})).choices[0].message.content
        for seed in (1, 1, 2)
    ]
    assert seeded[0] == seeded[1]


@pytest.mark.parametrize("streamed", [False, True])
def test_e_stop_strings_are_cut_exactly(task_gateway, asked, streamed):
    """Every stretch of the answer as a stop string, so also across the borders of tokens and chunks."""
    request, right = asked
    for length in (1, 2, 5):
        for at in range(1, len(right) - length, 3):
            stop = right[at : at + length]
            made = sdk(task_gateway).chat.completions.create(**(request | {"stop": ["\x01never", stop]}), stream=streamed)
            if streamed:
                chunks = list(made)
                text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
                reason = chunks[-1].choices[0].finish_reason
            else:
                text, reason = made.choices[0].message.content, made.choices[0].finish_reason
            assert (text, reason) == (right[: right.find(stop)], "stop"), stop


FEATURES = {
    "multiple_choices": {"n": 2},
    "logprobs": {"logprobs": True},
    "tools": {"tools": [{"type": "function", "function": {"name": "f", "parameters": {"z": 1, "a": 1.0}}}]},
    "response_format": {"response_format": {"type": "json_object"}},
    "logit_bias": {"logit_bias": {"5": -100}},
    "audio": {"modalities": ["text", "audio"], "audio": {"voice": "alloy", "format": "wav"}},
    "unknown:guided_json": {"guided_json": {"z": 1e-7}},
}


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("feature", FEATURES)
def test_e_what_the_engine_lacks_goes_in_full_byte_for_byte(task_gateway, upstream, asked, feature, streamed):
    body = json.dumps(asked[0] | FEATURES[feature] | {"stream": streamed}, indent=1).encode()
    reply = wire.chat(task_gateway.port, body)
    assert reply.status == 200
    assert reply.value("x-promptintern-reason") == "unsupported_feature"
    assert feature in reply.value("x-promptintern-detail")
    assert upstream.last.body == body


def contents_with_image(request):
    *others, last = request["messages"]
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    return [*others, last | {"content": [{"type": "text", "text": last["content"]}, image]}]


def variants(request):
    system, *middle, last = request["messages"]
    text = system["content"]
    return {
        "an image": contents_with_image(request),
        "a letter more": [system | {"content": text[:40] + "x" + text[40:]}, *middle, last],
        "a letter less": [system | {"content": text[:-2] + text[-1]}, *middle, last],
        "another turn": [*request["messages"], {"role": "assistant", "content": "a"}, {"role": "user", "content": "b"}],
        "another role": [system | {"role": "developer"}, *middle, last],
        "a name": [system, *middle, last | {"name": "ann"}],
        "no query": [system, *middle, last | {"content": ""}],
        "a tool's answer": [*request["messages"], {"role": "tool", "tool_call_id": "c", "content": "x"}],
    }


@pytest.mark.parametrize("kind", ["an image", "a letter more", "a letter less", "another turn", "another role", "a name", "no query", "a tool's answer"])
def test_e_what_is_not_quite_the_trained_prompt_goes_in_full_byte_for_byte(task_gateway, upstream, asked, kind):
    request = asked[0]
    body = json.dumps(request | {"messages": variants(request)[kind]}, ensure_ascii=False, indent=2).encode()
    reply = wire.chat(task_gateway.port, body)
    assert reply.status == 200 and reply.value("x-promptintern-arm") == "full_prompt"
    expected = {"an image": "unsupported_feature", "a name": "unsupported_feature", "a letter more": "drift", "a letter less": "drift"}
    assert reply.value("x-promptintern-reason") == expected.get(kind, reply.value("x-promptintern-reason"))
    assert upstream.last.body == body and len(upstream.requests) == 1


def test_e_a_model_of_the_engine_refuses_what_it_lacks(task_gateway, upstream):
    for feature in ("audio", "unknown:guided_json"):
        with pytest.raises(openai.BadRequestError) as caught:
            sdk(task_gateway).chat.completions.create(
                model="house-books-tuned", messages=[{"role": "user", "content": "x"}], extra_body=FEATURES[feature]
            )
        assert caught.value.type == "invalid_request_error"
    assert upstream.requests == []


def test_e_a_model_of_the_engine_gives_choices_and_log_probabilities(task_gateway, upstream):
    asked = FEATURES["multiple_choices"] | FEATURES["logprobs"] | FEATURES["logit_bias"]
    answer = sdk(task_gateway).chat.completions.create(
        model="house-books-tuned", messages=[{"role": "user", "content": "x"}], max_tokens=4, extra_body=asked
    )
    assert [choice.index for choice in answer.choices] == [0, 1]
    assert all(choice.logprobs.content for choice in answer.choices)
    assert upstream.requests == []


def test_e_other_clients_take_the_engines_answers(task_gateway, asked):
    """pydantic-ai validates each answer again; langchain adds up the stream's usage."""
    request, right = asked
    url, name = task_gateway.base_url, request["model"]
    chat = ChatOpenAI(base_url=url, api_key="sk-client", model=name, max_retries=0, stream_usage=True)
    assert chat.invoke(request["messages"]).content == right
    total = None
    for chunk in chat.stream(request["messages"]):
        total = chunk if total is None else total + chunk
    assert total.content == right and total.usage_metadata["output_tokens"] > 0

    async def run():
        client = openai.AsyncOpenAI(base_url=url, api_key="sk-client", max_retries=0)
        agent = Agent(OpenAIChatModel("house-books-tuned", provider=OpenAIProvider(openai_client=client)))
        return await agent.run(request["messages"][-1]["content"], model_settings={"max_tokens": 40})

    result = asyncio.run(run())
    assert result.usage.input_tokens > 0 and isinstance(result.output, str)


def test_many_at_once(task_gateway, question):
    async def run():
        async with openai.AsyncOpenAI(base_url=task_gateway.base_url, api_key="sk-client", max_retries=0) as client:
            asked = [question(seed) for seed in range(1, 7)]
            calls = [client.chat.completions.create(**json.loads(body)) for body, _ in asked]
            return [(answer.choices[0].message.content, right) for answer, (_, right) in zip(await asyncio.gather(*calls), asked)]

    pairs = asyncio.run(run())
    assert sum(given == right for given, right in pairs) >= 5


@pytest.mark.parametrize("size", [1, 3, 50, 1 << 20])
@pytest.mark.parametrize("client_asks", [False, True])
def test_row_06_usage_the_gateway_asked_for_itself_is_hidden(served_gateway, upstream, asked, client_asks, size):
    request = asked[0] | {"stream": True} | ({"stream_options": {"include_usage": True}} if client_asks else {})
    upstream.answer = lambda sent: stream(cut(b"".join(openai_api.chat_events(sent.json)), size))
    reply = wire.chat(served_gateway.port, json.dumps(request).encode())
    assert reply.value("x-promptintern-arm") == "internalized"
    assert upstream.last.json["stream_options"] == {"include_usage": True}
    assert upstream.last.json["model"] == "house-books-tuned"
    events = openai_api.chat_events(upstream.last.json)
    if not client_asks:
        assert b'"usage":{' in events.pop(-2)
    assert reply.body == b"".join(events) and reply.is_whole
    row = served_gateway.row(reply.value("x-request-id"))
    assert (row["prompt_tokens"], row["completion_tokens"], row["completion_source"]) == (19, 10, "reported")
    assert len(list(sdk(served_gateway).chat.completions.create(**request))) == len(events) - 1


@pytest.mark.parametrize("size", [1, 1 << 20])
@pytest.mark.parametrize("options", [None, {}, {"include_usage": False}, {"include_obfuscation": False}, {"include_usage": True}])
def test_row_06_a_stream_that_passes_through_is_asked_too_where_that_is_configured(served_gateway, upstream, options, size):
    request = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "x"}], "n": 1.0, "stream": True}
    if options is not None:
        request |= {"stream_options": options}
    body = json.dumps(request, indent=1).encode()
    upstream.answer = lambda sent: stream(cut(b"".join(openai_api.chat_events(sent.json)), size))
    reply = wire.chat(served_gateway.port, body)
    client_asks = bool(options and options.get("include_usage"))
    assert upstream.last.json == request | {"stream_options": (options or {}) | {"include_usage": True}}
    if client_asks:
        assert upstream.last.body == body
    events = openai_api.chat_events(upstream.last.json)
    if not client_asks:
        events.pop(-2)
    assert reply.body == b"".join(events) and reply.is_whole
    row = served_gateway.row(reply.value("x-request-id"))
    assert (row["prompt_tokens"], row["completion_tokens"], row["completion_source"]) == (19, 10, "reported")


def test_a_servers_answer_is_the_clients(served_gateway, upstream, asked):
    """Tools and all the rest of an answer from the tuned server come through whole."""
    raw = sdk(served_gateway).chat.completions.with_raw_response.create(**asked[0])
    assert raw.headers["x-promptintern-arm"] == "internalized"
    assert raw.content == openai_api.chat(upstream.last.json).pieces[0].split(b"\r\n\r\n", 1)[1]
    assert re.fullmatch(r"req_[0-9a-z]+", raw.headers["x-request-id"])
    assert b"sk-client" not in upstream.last.head
