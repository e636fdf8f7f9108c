"""litellm as a client of an OpenAI-compatible server, through the gateway and without it."""

import asyncio

import litellm
import openai_api
import pytest

MESSAGES = [{"role": "user", "content": "Say it"}]
litellm.telemetry = False


def options(url):
    return {"api_base": url, "api_key": "sk-client", "max_retries": 0, "num_retries": 0}


def plain(answer):
    """An answer without what litellm makes up itself: ids and times."""
    return [choice.model_dump() for choice in answer.choices]


def test_completion(both):
    def call(url):
        answer = litellm.completion("openai/gpt-4o-mini", messages=MESSAGES, **options(url))
        return plain(answer), answer.usage.model_dump()

    choices, usage = both(call)
    assert choices[0]["message"]["content"] == openai_api.TEXT and usage["total_tokens"] == 29


def test_asynchronous(both):
    async def call(url):
        return plain(await litellm.acompletion("openai/gpt-4o-mini", messages=MESSAGES, **options(url)))

    both(lambda url: asyncio.run(call(url)))


def test_stream(both):
    def call(url):
        stream = litellm.completion(
            "openai/gpt-4o-mini", messages=MESSAGES, stream=True, stream_options={"include_usage": True}, **options(url)
        )
        chunks = list(stream)
        usage = [chunk.usage.total_tokens for chunk in chunks if getattr(chunk, "usage", None)]
        return [plain(chunk) for chunk in chunks], usage

    chunks, usage = both(call)
    assert "".join(chunk[0]["delta"]["content"] or "" for chunk in chunks if chunk) == openai_api.TEXT
    assert usage == [29]


def test_embedding(both):
    def call(url):
        return litellm.embedding("openai/text-embedding-3-small", input=["a"], encoding_format="float", **options(url)).data

    assert both(call)[0]["embedding"][0] == 0.5


@pytest.mark.parametrize(
    "status, kind",
    [
        (400, litellm.ContextWindowExceededError),
        (401, litellm.AuthenticationError),
        (404, litellm.NotFoundError),
        (429, litellm.RateLimitError),
        (500, litellm.InternalServerError),
        (503, litellm.ServiceUnavailableError),
    ],
)
def test_errors(both, status, kind):
    def call(url):
        with pytest.raises(kind) as caught:
            litellm.completion(f"openai/error-{status}", messages=MESSAGES, **options(url))
        return caught.value.status_code, str(caught.value)

    both(call)
