"""The `llm` command with a model of an OpenAI-compatible server, through the gateway and without it."""

import os
import subprocess
import sys

import openai_api
import pytest


@pytest.fixture
def ask(tmp_path):
    def run(url, *arguments):
        (tmp_path / "extra-openai-models.yaml").write_text(
            f"- model_id: scripted\n  model_name: gpt-4o-mini\n  api_base: {url}\n  can_stream: true\n"
            "  supports_tools: true\n  supports_schema: true\n"
        )
        environment = os.environ | {"LLM_USER_PATH": str(tmp_path)}
        result = subprocess.run(
            [sys.executable, "-m", "llm", *arguments], env=environment, capture_output=True, text=True, timeout=60,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
        return result.returncode, result.stdout, "" if result.returncode == 0 else result.stderr

    return run


@pytest.mark.parametrize("more", [[], ["--no-stream"]])
def test_prompt(both, ask, more):
    status, text, errors = both(lambda url: ask(url, "prompt", "-m", "scripted", "--no-log", "Say it", *more))
    assert status == 0, errors
    assert text.strip() == openai_api.TEXT


def test_schema(both, ask):
    status, text, errors = both(lambda url: ask(url, "-m", "scripted", "--no-log", "--schema", "name, age int", "Who?"))
    assert (status, text.replace(" ", "").strip()) == (0, '{"name":"Ada","age":36}'), errors
