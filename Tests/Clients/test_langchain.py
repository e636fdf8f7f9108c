"""langchain-openai, through the gateway and without it."""

import openai_api
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from pydantic import BaseModel


class Person(BaseModel):
    """Somebody."""

    name: str
    age: int


@tool
def weather(city: str, unit: str = "c") -> str:
    """The weather in a city."""
    return f"12 °{unit} in {city}"


def chat(url, **options):
    return ChatOpenAI(base_url=url, api_key="sk-client", model="gpt-4o-mini", max_retries=0, **options)


def plain(message):
    """A message without the run's own random id and what is particular to the HTTP answer."""
    return message.content, message.tool_calls, message.usage_metadata, message.response_metadata.get("finish_reason")


def test_invoke(both):
    content, _, usage, _ = both(lambda url: plain(chat(url).invoke("Say it")))
    assert content == openai_api.TEXT and usage["input_tokens"] == 19


def test_stream_reports_tokens(both):
    def call(url):
        chunks = list(chat(url, stream_usage=True).stream("Say it"))
        total = chunks[0]
        for chunk in chunks[1:]:
            total += chunk
        return [chunk.content for chunk in chunks], plain(total)

    pieces, (content, _, usage, _) = both(call)
    assert content == openai_api.TEXT and usage["output_tokens"] == 10
    assert [piece for piece in pieces if piece] == openai_api.PIECES


def test_stream_without_usage(both):
    both(lambda url: [plain(chunk) for chunk in chat(url, stream_usage=False).stream("Say it")])


def test_tools(both):
    def call(url):
        bound = chat(url).bind_tools([weather])
        first = bound.invoke("Weather?")
        streamed = None
        for chunk in bound.stream("Weather?"):
            streamed = chunk if streamed is None else streamed + chunk
        return plain(first), plain(streamed)

    (_, calls, _, _), (_, streamed, _, _) = both(call)
    assert calls == streamed and calls[0]["args"]["city"] == "Zürich"


def test_structured_output(both):
    for method in ("json_schema", "function_calling"):
        result = both(lambda url: chat(url).with_structured_output(Person, method=method).invoke("Who?"))
        assert result == Person(name="Ada", age=36)


def test_responses_api(both):
    assert openai_api.TEXT in str(both(lambda url: chat(url, use_responses_api=True).invoke("Say it").content))


def test_embeddings(both):
    def call(url):
        embeddings = OpenAIEmbeddings(
            base_url=url, api_key="sk-client", model="text-embedding-3-small", check_embedding_ctx_length=False
        )
        return embeddings.embed_documents(["a", "b"])

    assert both(call)[1][0] == 1.5
