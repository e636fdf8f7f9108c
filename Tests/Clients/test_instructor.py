"""instructor, through the gateway and without it."""

import instructor
import openai
import pytest
from pydantic import BaseModel


class Person(BaseModel):
    name: str
    age: int


@pytest.mark.parametrize("mode", [instructor.Mode.TOOLS, instructor.Mode.JSON, instructor.Mode.JSON_SCHEMA])
def test_create(both, mode):
    def call(url):
        client = instructor.from_openai(openai.OpenAI(base_url=url, api_key="sk-client", max_retries=0), mode=mode)
        person = client.chat.completions.create(
            model="gpt-4o-mini", response_model=Person, messages=[{"role": "user", "content": "Who?"}], max_retries=1
        )
        return person.model_dump()

    assert both(call) == {"name": "Ada", "age": 36}


def test_partial_stream(both):
    def call(url):
        client = instructor.from_openai(openai.OpenAI(base_url=url, api_key="sk-client", max_retries=0))
        messages = [{"role": "user", "content": "Who?"}]
        states = client.chat.completions.create_partial(model="gpt-4o-mini", response_model=Person, messages=messages)
        return [state.model_dump() for state in states]

    assert both(call)[-1] == {"name": "Ada", "age": 36}
