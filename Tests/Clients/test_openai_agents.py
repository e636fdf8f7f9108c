"""openai-agents, which speaks the Responses API by default, through the gateway and without it."""

import asyncio

import openai
import openai_api
import pytest
from agents import Agent, OpenAIChatCompletionsModel, OpenAIResponsesModel, Runner, function_tool
from pydantic import BaseModel


class Person(BaseModel):
    name: str
    age: int


@function_tool
def weather(city: str, unit: str) -> str:
    """The weather in a city."""
    return f"12 °{unit} in {city}"


def agent(url, kind, **options):
    sdk = openai.AsyncOpenAI(base_url=url, api_key="sk-client", max_retries=0)
    return Agent(name="A", instructions="Be brief.", model=kind(model="gpt-4o-mini", openai_client=sdk), **options)


KINDS = pytest.mark.parametrize("kind", [OpenAIResponsesModel, OpenAIChatCompletionsModel])


@KINDS
def test_run_with_tool(both, kind, upstream):
    async def call(url):
        result = await Runner.run(agent(url, kind, tools=[weather]), "Weather?")
        return result.final_output, result.context_wrapper.usage.total_tokens

    assert both(lambda url: asyncio.run(call(url))) == (openai_api.TEXT, 58)
    assert len(upstream.requests) == 2


@KINDS
def test_stream_with_tool(both, kind):
    async def call(url):
        result = Runner.run_streamed(agent(url, kind, tools=[weather]), "Weather?")
        kinds = [event.data.type async for event in result.stream_events() if event.type == "raw_response_event"]
        return result.final_output, kinds

    text, kinds = both(lambda url: asyncio.run(call(url)))
    assert text == openai_api.TEXT and "response.output_text.delta" in kinds


@KINDS
def test_structured_output(both, kind):
    async def call(url):
        return (await Runner.run(agent(url, kind, output_type=Person), "Who?")).final_output

    assert both(lambda url: asyncio.run(call(url))) == Person(name="Ada", age=36)
