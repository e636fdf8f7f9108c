"""The official SDK, through the gateway and without it."""

import asyncio
import io

import openai
import openai_api
import pytest
from pydantic import BaseModel

MESSAGES = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": 'Say "Grüße" 🙂\n'}]
WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "unit": {"type": "string"}},
            "required": ["city"],
        },
    },
}


class Person(BaseModel):
    name: str
    age: int


def client(base_url, **options):
    return openai.OpenAI(base_url=base_url, **{"api_key": "sk-client", "max_retries": 0, **options})


def plain(value):
    """A result as plain values; what only the HTTP layer knows is left out."""
    return value.model_dump() if hasattr(value, "model_dump") else value


def test_completion(both):
    result = both(lambda url: plain(client(url).chat.completions.create(model="gpt-4o-mini", messages=MESSAGES)))
    assert result["choices"][0]["message"]["content"] == openai_api.TEXT
    assert result["usage"]["completion_tokens_details"]["reasoning_tokens"] == 3


def test_completion_asynchronous(both):
    async def call(url):
        async with openai.AsyncOpenAI(base_url=url, api_key="sk-client", max_retries=0) as sdk:
            calls = [sdk.chat.completions.create(model=f"gpt-{n}", messages=MESSAGES) for n in range(8)]
            return [plain(answer) for answer in await asyncio.gather(*calls)]

    answers = both(lambda url: asyncio.run(call(url)), in_order=False)
    assert [answer["model"] for answer in answers] == [f"gpt-{n}-2024-07-18" for n in range(8)]


@pytest.mark.parametrize("usage", [{}, {"stream_options": {"include_usage": True}}, {"stream_options": {"include_usage": False}}])
def test_stream(both, usage):
    def call(url):
        stream = client(url).chat.completions.create(model="gpt-4o-mini", messages=MESSAGES, stream=True, **usage)
        return [plain(chunk) for chunk in stream]

    chunks = both(call)
    text = "".join(chunk["choices"][0]["delta"].get("content") or "" for chunk in chunks if chunk["choices"])
    assert text == openai_api.TEXT
    asked = usage.get("stream_options", {}).get("include_usage", False)
    assert [chunk["choices"] == [] for chunk in chunks].count(True) == (1 if asked else 0)
    assert (chunks[-1]["usage"] is not None) == asked


def test_stream_asynchronous(both):
    async def call(url):
        async with openai.AsyncOpenAI(base_url=url, api_key="sk-client", max_retries=0) as sdk:
            stream = await sdk.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES, stream=True)
            return [plain(chunk) async for chunk in stream]

    assert len(both(lambda url: asyncio.run(call(url)))) == len(openai_api.PIECES) + 2


def test_stream_helper_with_tools(both):
    def call(url):
        with client(url).chat.completions.stream(model="gpt-4o-mini", messages=MESSAGES, tools=[WEATHER]) as stream:
            kinds = [event.type for event in stream]
            return kinds, plain(stream.get_final_completion())

    kinds, final = both(call)
    assert "tool_calls.function.arguments.delta" in kinds
    (tool,) = final["choices"][0]["message"]["tool_calls"]
    assert tool["function"]["name"] == "weather" and '"Zürich"' in tool["function"]["arguments"]


def test_tool_round_trip(both):
    def call(url):
        sdk, messages = client(url), list(MESSAGES)
        first = sdk.chat.completions.create(model="gpt-4o-mini", messages=messages, tools=[WEATHER]).choices[0].message
        messages += [first, {"role": "tool", "tool_call_id": first.tool_calls[0].id, "content": "12 °C"}]
        return plain(sdk.chat.completions.create(model="gpt-4o-mini", messages=messages, tools=[WEATHER]))

    assert both(call)["choices"][0]["message"]["content"] == openai_api.TEXT


def test_parse(both):
    def call(url):
        return client(url).chat.completions.parse(model="gpt-4o-mini", messages=MESSAGES, response_format=Person)

    assert both(lambda url: call(url).choices[0].message.parsed) == Person(name="Ada", age=36)


def test_reasoning_fields(both):
    def call(url):
        return client(url).chat.completions.create(
            model="o9", messages=MESSAGES, reasoning_effort="high", extra_body={"chat_template_kwargs": {"enable_thinking": True}}
        )

    assert both(lambda url: plain(call(url)))["choices"][0]["message"]["reasoning_content"].startswith("Let me")


def test_raw_response(both, gateway):
    def call(url):
        raw = client(url).chat.completions.with_raw_response.create(model="gpt-4o-mini", messages=MESSAGES)
        ours = ("x-request-id", "x-upstream-request-id", "x-promptintern-")
        fields = [(k, v) for k, v in raw.headers.multi_items() if not k.startswith(ours)]
        return raw.status_code, raw.content, sorted(fields), plain(raw.parse())

    status, content, fields, _ = both(call)
    assert status == 200 and content.endswith(b"}\n")
    assert ("x-ratelimit-remaining-tokens", "1999985") in fields


def test_request_id(gateway, upstream):
    """The SDK's `_request_id` is the gateway's, under which the ledger has the request; the upstream's has its own name."""
    assert client(upstream.base_url).models.list()._request_id == "req_upstream_0001"
    raw = client(gateway.base_url).chat.completions.with_raw_response.create(model="gpt-4o-mini", messages=MESSAGES)
    assert raw.headers["x-upstream-request-id"] == "req_upstream_0001"
    row = gateway.row(raw.parse()._request_id)
    assert (row["prompt_tokens"], row["completion_tokens"], row["cached_prompt_tokens"]) == (19, 10, 4)
    assert (row["sent_source"], row["completion_source"], row["outcome"]) == ("reported", "reported", "complete")


def test_responses(both):
    def call(url):
        return client(url).responses.create(model="gpt-4o-mini", input="Say it", instructions="Be brief.")

    assert both(lambda url: plain(call(url)))["usage"]["output_tokens"] == 10


def test_responses_stream(both, gateway):
    def call(url):
        return [plain(event) for event in client(url).responses.create(model="gpt-4o-mini", input="Say it", stream=True)]

    events = both(call)
    assert events[0]["type"] == "response.created" and events[-1]["type"] == "response.completed"


def test_responses_parse(both):
    def call(url):
        return client(url).responses.parse(model="gpt-4o-mini", input="Who?", text_format=Person)

    assert both(lambda url: call(url).output_parsed) == Person(name="Ada", age=36)


@pytest.mark.parametrize("options", [{}, {"encoding_format": "float"}, {"encoding_format": "base64"}, {"dimensions": 4}])
def test_embeddings(both, upstream, options):
    def call(url):
        return plain(client(url).embeddings.create(model="text-embedding-3-small", input=["a", "b"], **options))

    result = both(call)
    assert len(result["data"]) == 2
    assert upstream.last.json["encoding_format"] == options.get("encoding_format", "base64")


def test_moderations(both):
    assert both(lambda url: plain(client(url).moderations.create(input="x")))["results"][0]["flagged"] is False


def test_completions(both):
    def call(url):
        sdk = client(url)
        whole = plain(sdk.completions.create(model="gpt-3.5-turbo-instruct", prompt="x"))
        return whole, [plain(chunk) for chunk in sdk.completions.create(model="instruct", prompt="x", stream=True)]

    whole, chunks = both(call)
    assert "".join(chunk["choices"][0]["text"] for chunk in chunks) == whole["choices"][0]["text"]


def test_file_upload(gateway, upstream):
    content = bytes(range(256)) * 700
    sent = []
    for url in (upstream.base_url, gateway.base_url):
        result = client(url).files.create(file=("rows.jsonl", io.BytesIO(content)), purpose="fine-tune")
        request = upstream.last
        boundary = request.value("content-type").partition("boundary=")[2].encode()
        assert result.bytes == len(request.body) and content in request.body
        sent.append(request.body.replace(boundary, b"BOUNDARY"))
    assert sent[0] == sent[1]


def test_models(both):
    def call(url):
        sdk = client(url)
        return [plain(model) for model in sdk.models.list()], plain(sdk.models.retrieve("gpt-4o-mini"))

    models, model = both(call)
    assert models[0] == model and model["owned_by"] == "system"


ERRORS = {
    400: openai.BadRequestError,
    401: openai.AuthenticationError,
    403: openai.PermissionDeniedError,
    404: openai.NotFoundError,
    409: openai.ConflictError,
    422: openai.UnprocessableEntityError,
    429: openai.RateLimitError,
    500: openai.InternalServerError,
    503: openai.InternalServerError,
}


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("status", ERRORS)
def test_errors(both, status, streamed):
    def call(url):
        with pytest.raises(ERRORS[status]) as caught:
            client(url).chat.completions.create(model=f"error-{status}", messages=MESSAGES, stream=streamed)
        error = caught.value
        return error.status_code, error.code, error.type, error.param, error.body, error.message

    assert both(call)[:2] == (status, openai_api.ERRORS[status][1])


@pytest.mark.parametrize("retries", [0, 2])
def test_retries_are_the_clients_own(both, upstream, retries):
    """One POST of the client is one POST upstream, so both roads see the same number; `retry-after-ms` is honoured."""

    def call(url):
        with pytest.raises(openai.RateLimitError):
            client(url, max_retries=retries).chat.completions.create(model="error-429", messages=MESSAGES)
        return [request.value("x-stainless-retry-count") for request in upstream.requests]

    assert both(call) == [str(number) for number in range(retries + 1)]


@pytest.mark.parametrize("field, value", [("retry-after-ms", "700"), ("retry-after", "1")])
def test_retry_waits_as_asked(gateway, upstream, field, value):
    import time

    times = []

    def answer(request):
        times.append(time.monotonic())
        return openai_api.error(429, [(field, value)]) if len(times) == 1 else openai_api.answer(request)

    upstream.answer = answer
    client(gateway.base_url, max_retries=1).chat.completions.create(model="gpt-4o-mini", messages=MESSAGES)
    assert len(times) == 2 and 0.65 <= times[1] - times[0] < 3


@pytest.mark.parametrize("status, value, count", [(400, "true", 2), (503, "false", 1)])
def test_should_retry_overrides(both, upstream, status, value, count):
    def call(url):
        first = []

        def answer(request):
            first.append(request)
            return openai_api.error(status, [("x-should-retry", value), ("retry-after-ms", "5")])

        upstream.answer = answer
        with pytest.raises(ERRORS[status]):
            client(url, max_retries=1).chat.completions.create(model="gpt-4o-mini", messages=MESSAGES)
        return len(first)

    assert both(call) == count


def test_identity_fields_reach_the_upstream(gateway, upstream):
    sdk = client(gateway.base_url, organization="org-1", project="proj-1")
    more = {"X-Client-Request-Id": "mine", "traceparent": "00-1-2-01", "Idempotency-Key": "k"}
    sdk.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES, extra_headers=more)
    request = upstream.last
    for name, value in (more | {"OpenAI-Organization": "org-1", "OpenAI-Project": "proj-1"}).items():
        assert request.values(name) == [value]
    assert request.value("authorization") == "Bearer sk-client"
    assert request.value("user-agent").startswith("OpenAI/Python")
