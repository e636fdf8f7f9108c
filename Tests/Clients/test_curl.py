"""curl, as people type it."""

import json
import subprocess
import time

import openai_api
import pytest

JSON = ("-H", "Content-Type: application/json")


def curl(*arguments, data: bytes = b"") -> tuple[bytes, str]:
    result = subprocess.run(
        ["curl", "-sS", "--noproxy", "*", "--max-time", "30", *arguments, "-w", "%{stderr}%{http_code} %{http_version} %{time_total}"],
        input=data, capture_output=True, timeout=60,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    return result.stdout, result.stderr.decode()


def chat_body(size: int = 0, **more) -> bytes:
    return json.dumps({"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "x" * size}], **more}).encode()


def test_a_body_of_2_mb_waits_for_no_permission_in_vain(gateway, upstream):
    """curl sends `Expect: 100-continue` by itself above 1 MB, and waits a second if nobody answers it."""
    sent = chat_body(2 << 20)
    started = time.monotonic()
    body, told = curl(f"{gateway.base_url}/chat/completions", *JSON, "--data-binary", "@-", "-H", "Expect: 100-continue", data=sent)
    assert told.startswith("200 1.1") and float(told.split()[2]) < 0.5, told
    assert time.monotonic() - started < 5
    assert upstream.last.body == sent and upstream.last.value("expect") is None
    assert json.loads(body)["choices"]


def test_chunked_upload(gateway, upstream):
    sent = chat_body(300_000)
    _, told = curl(f"{gateway.base_url}/chat/completions", *JSON, "-H", "Transfer-Encoding: chunked", "-T", "-", "-X", "POST", data=sent)
    assert told.startswith("200") and upstream.last.body == sent


def test_http_1_0(gateway, upstream):
    for stream in (False, True):
        body, told = curl("-0", f"{gateway.base_url}/chat/completions", *JSON, "--data-binary", "@-", data=chat_body(stream=stream))
        assert told.startswith("200") and body
        assert body.endswith(b"data: [DONE]\n\n") == stream


def test_head(gateway, upstream):
    body, told = curl("-I", f"{gateway.base_url}/models")
    assert told.startswith("200") and b"content-type: application/json" in body.lower()


def test_stream_without_buffering(gateway, upstream):
    body, _ = curl("-N", f"{gateway.base_url}/chat/completions", *JSON, "--data-binary", "@-", data=chat_body(stream=True))
    assert body == b"".join(openai_api.chat_events({"model": "gpt-4o-mini", "messages": []}))


def test_compressed(gateway, upstream):
    body, told = curl("--compressed", f"{gateway.base_url}/models")
    assert told.startswith("200") and json.loads(body)["data"]


def test_multipart_upload(both, upstream):
    def call(url):
        return curl(f"{url}/files", "-F", "purpose=fine-tune", "-F", "file=@-;filename=rows.jsonl", "-H", "X-B: 1", data=b"\x00\xff\r\n--x")[0]

    for url in (upstream.base_url,):
        call(url)
    assert json.loads(call(upstream.base_url))["object"] == "file"


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS"])
def test_other_methods(gateway, upstream, method):
    upstream.answer = lambda request: openai_api.whole(200, b"{}")
    _, told = curl("-X", method, f"{gateway.base_url}/vector_stores/v?x=1")
    assert told.startswith("200") and (upstream.last.method, upstream.last.target) == (method, "/v1/vector_stores/v?x=1")
