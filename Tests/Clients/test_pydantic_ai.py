"""pydantic-ai, through the gateway and without it. It validates every answer again and refuses what lacks a required key."""

import asyncio

import openai
import openai_api
import pytest
from pydantic import BaseModel
from pydantic_ai import Agent
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
from pydantic_ai.providers.openai import OpenAIProvider


class Person(BaseModel):
    name: str
    age: int


def agent(url, kind, **options):
    sdk = openai.AsyncOpenAI(base_url=url, api_key="sk-client", max_retries=0)
    return Agent(kind("gpt-4o-mini", provider=OpenAIProvider(openai_client=sdk)), **options)


KINDS = pytest.mark.parametrize("kind", [OpenAIChatModel, OpenAIResponsesModel])


@KINDS
def test_run(both, kind):
    async def call(url):
        result = await agent(url, kind).run("Say it")
        return result.output, result.usage.input_tokens, result.usage.output_tokens

    assert both(lambda url: asyncio.run(call(url))) == (openai_api.TEXT, 19, 10)


@KINDS
def test_stream(both, kind):
    async def call(url):
        async with agent(url, kind).run_stream("Say it") as result:
            pieces = [piece async for piece in result.stream_text(delta=True, debounce_by=None)]
            return pieces, result.usage.output_tokens

    pieces, tokens = both(lambda url: asyncio.run(call(url)))
    assert "".join(pieces) == openai_api.TEXT and tokens == 10


@KINDS
def test_tools(both, kind):
    async def call(url):
        asked = []
        weatherman = agent(url, kind)

        @weatherman.tool_plain
        def weather(city: str, unit: str) -> str:
            asked.append((city, unit))
            return "12 °C"

        return (await weatherman.run("Weather?")).output, asked

    assert both(lambda url: asyncio.run(call(url))) == (openai_api.TEXT, [("Zürich", "c")])


def test_structured_output(both):
    async def call(url):
        return (await agent(url, OpenAIChatModel, output_type=Person).run("Who?")).output

    assert both(lambda url: asyncio.run(call(url))) == Person(name="Ada", age=36)
