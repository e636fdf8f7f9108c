"""`promptintern finetune openai` against a provider made of the official client's types, beside that client itself."""

import json
import os
import subprocess

import openai
import pytest
from gateway_process import program
from openai_provider import Provider
from scripted_upstream import ScriptedUpstream

KEY = "sk-canary-finetune-1357"


@pytest.fixture
def provider():
    provider = Provider()
    provider.server = ScriptedUpstream(provider.answer)
    yield provider
    provider.server.stop()


@pytest.fixture
def task(tmp_path):
    folder = tmp_path / "tiny"
    (folder / "data").mkdir(parents=True)
    (folder / "schema.yaml").write_text(
        "task: tiny\nunknown_examples: strip\nmessages:\n  - role: system\n    parts:\n"
        "      - template: Answer with a formula. Never explain.\n"
        '      - examples: {prefix: "Q: ", separator: "\\nA: ", suffix: "\\n\\n"}\n'
        "  - role: user\n    parts: [query]\n"
    )
    rows = [{"query": f"what is é {number}", "answer": f"=A{number}\u2028B"} for number in range(12)]
    (folder / "data/train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


def test_the_official_client_is_served(provider):
    """The provider is one that the official client understands; else the next test would show nothing."""
    with openai.OpenAI(base_url=provider.server.base_url, api_key=KEY) as client:
        uploaded = client.files.create(file=("stage-0.jsonl", b'{"messages":[]}\n'), purpose="fine-tune")
        job = client.fine_tuning.jobs.create(
            model="gpt-test", training_file=uploaded.id, suffix="tiny-0", seed=1, metadata={"a": "b"},
            method={"type": "supervised", "supervised": {"hyperparameters": {"n_epochs": 1}}},
        )  # fmt: skip
        for _ in range(3):
            job = client.fine_tuning.jobs.retrieve(job.id)
        assert (job.status, job.fine_tuned_model) == ("succeeded", "ft:ftjob-0")
        assert [event.message for event in client.fine_tuning.jobs.list_events(job.id)][0] == "Step 3/3"
    assert provider.files["file-0"] == b'{"messages":[]}\n'


def test_stages_are_trained(provider, task):
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PROMPTINTERN")}
    result = subprocess.run(
        [program(), "finetune", "openai", "--task", task, "--model", "gpt-test", "--base-url", provider.server.base_url,
         "--stages", "3", "--examples", "2", "--poll-seconds", "0.01"],
        env=environment | {"OPENAI_API_KEY": KEY}, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert [job["model"] for job in provider.jobs] == ["gpt-test", "ft:ftjob-0", "ft:ftjob-1"]
    assert "model: ft:ftjob-2" in result.stdout and KEY not in result.stdout + result.stderr
    manifest = json.loads((task / "manifest.json").read_text())
    assert manifest["format_version"] == 2 and manifest["provider_model"]["name"] == "ft:ftjob-2"
    answers = set()
    for job in provider.jobs:
        rows = [json.loads(line) for line in provider.files[job["training_file"]].decode().split("\n") if line]
        assert len(rows) == 12 and all(row["messages"][-1]["role"] == "assistant" for row in rows)
        answers.add(tuple(row["messages"][-1]["content"] for row in rows))
    assert len(answers) == 1
    assert [len(row["messages"]) for row in rows] == [2] * 12
    asked = provider.server.requests
    assert {request.value("authorization") for request in asked} == {f"Bearer {KEY}"}
    assert all(request.value("accept") == "application/json" for request in asked)
