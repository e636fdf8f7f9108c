"""Fixtures: the scripted upstream, the program in front of it, and the two roads that a client can take."""

import os
import subprocess
import textwrap

import openai_api
import pytest
from gateway_process import ROOT, Gateway, program
from scripted_upstream import ScriptedUpstream

# Nothing here may speak to anything but this machine, nor write outside the test's own folder.
os.environ |= {
    "OPENAI_API_KEY": "sk-client",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "OPENAI_AGENTS_DISABLE_TRACING": "1",
    "LANGSMITH_TRACING": "false",
    "HF_HUB_OFFLINE": "1",
    "NO_PROXY": "*",
}


@pytest.fixture(scope="session")
def the_upstream():
    server = ScriptedUpstream(openai_api.answer)
    yield server
    server.stop()


@pytest.fixture
def upstream(the_upstream):
    """The scripted upstream; a test may set its `answer`."""
    the_upstream.reset()
    yield the_upstream
    the_upstream.reset()


@pytest.fixture(scope="session")
def the_gateway(the_upstream, tmp_path_factory):
    gateway = Gateway(
        tmp_path_factory.mktemp("gateway"),
        textwrap.dedent(f"""\
            upstreams:
              openai:
                base_url: {the_upstream.base_url}
                breaker: {{failures: 0}}  # the tests break on purpose
            """),
    )
    yield gateway
    assert gateway.stop() == 0


@pytest.fixture
def gateway(the_gateway, upstream):
    """A gateway without tasks: a plain pass-through to the scripted upstream."""
    return the_gateway


@pytest.fixture(scope="session")
def the_task_gateway(the_upstream, tmp_path_factory):
    demo = ROOT / "config/tasks/house-books"
    gateway = Gateway(
        tmp_path_factory.mktemp("task-gateway"),
        textwrap.dedent(f"""\
            engines:
              house-books:
                model: {demo}/base
                base_name: house-books-base
                adapters:
                  house-books-tuned: {demo}/adapter
            upstreams:
              openai:
                base_url: {the_upstream.base_url}
            tasks:
              - folder: {demo}
                mode: on
                tuned: {{backend: house-books, model: house-books-tuned}}
                full_prompt: {{backend: openai}}
            """),
    )
    yield gateway
    assert gateway.stop() == 0


@pytest.fixture
def task_gateway(the_task_gateway, upstream):
    """A gateway with the demo task in the embedded engine; full prompts go to the scripted upstream."""
    return the_task_gateway


@pytest.fixture(scope="session")
def the_served_gateway(the_upstream, tmp_path_factory):
    demo = ROOT / "config/tasks/house-books"
    gateway = Gateway(
        tmp_path_factory.mktemp("served-gateway"),
        textwrap.dedent(f"""\
            servers:
              vllm:
                base_url: {the_upstream.base_url}
            upstreams:
              openai:
                base_url: {the_upstream.base_url}
            tasks:
              - folder: {demo}
                mode: on
                tuned: {{backend: vllm, model: house-books-tuned}}
                full_prompt: {{backend: openai}}
            stream_usage: always
            """),
    )
    yield gateway
    assert gateway.stop() == 0


@pytest.fixture
def served_gateway(the_served_gateway, upstream):
    """A gateway with the demo task in a server of the OpenAI API, which the scripted upstream plays."""
    return the_served_gateway


@pytest.fixture(scope="session")
def question():
    """Calls the program for the whole request of a held-out question of the demo task, and the right answer."""

    def ask(seed, *arguments):
        def run(what, *more):
            command = [program(), "demo", what, "--seed", str(seed), *more]
            return subprocess.run(command, cwd=ROOT, capture_output=True, check=True, timeout=60).stdout

        return run("request", *arguments), run("answer").decode().removesuffix("\n")

    return ask


@pytest.fixture
def both(gateway, upstream):
    """Calls a function with the upstream's base URL and with the gateway's, and expects one result.

    Beside the results, the bodies and targets that reached the upstream must be the same, and no more of them.
    """

    def run(call, in_order=True):
        def take(base_url):
            upstream.requests.clear()
            result = call(base_url)
            sent = [(request.method, request.target, request.body) for request in upstream.requests]
            return result, sent if in_order else sorted(sent)

        directly, sent_directly = take(upstream.base_url)
        through, sent_through = take(gateway.base_url)
        assert through == directly
        assert sent_through == sent_directly
        return through

    return run
