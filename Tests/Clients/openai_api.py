"""What the scripted upstream answers: the OpenAI API's shapes, the same bytes for the same request.

The model's name picks the answer: `error-STATUS` an error, anything else a completion that fits what was asked for
(a tool, a JSON schema, reasoning). Nothing here is random and nothing tells the time, so that a client's result through
the gateway can be compared with its result without it.
"""

import base64
import json
import struct

from scripted_upstream import Answer, Request, stream, whole

#: Fields every answer carries, as the API sends them.
FIELDS = [
    ("Date", "Fri, 20 Nov 2026 10:00:00 GMT"),
    ("openai-organization", "org-scripted"),
    ("openai-processing-ms", "417"),
    ("openai-version", "2020-10-01"),
    ("x-ratelimit-limit-requests", "10000"),
    ("x-ratelimit-limit-tokens", "2000000"),
    ("x-ratelimit-remaining-requests", "9999"),
    ("x-ratelimit-remaining-tokens", "1999985"),
    ("x-ratelimit-reset-requests", "6ms"),
    ("x-ratelimit-reset-tokens", "0s"),
    ("x-request-id", "req_upstream_0001"),
    ("Set-Cookie", "__cf_bm=one; path=/"),
    ("Set-Cookie", "_cfuvid=two; path=/"),
]

CREATED = 1763632800
PERSON = {"name": "Ada", "age": 36}
TEXT = "Grüße aus Zürich 🙂, said she."
PIECES = ["Grüße ", "aus ", "Zürich ", "🙂", ", said ", "she."]
USAGE = {
    "prompt_tokens": 19,
    "completion_tokens": 10,
    "total_tokens": 29,
    "prompt_tokens_details": {"cached_tokens": 4, "audio_tokens": 0},
    "completion_tokens_details": {
        "reasoning_tokens": 3,
        "audio_tokens": 0,
        "accepted_prediction_tokens": 0,
        "rejected_prediction_tokens": 0,
    },
}
RESPONSE_USAGE = {
    "input_tokens": 19,
    "input_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 0},
    "output_tokens": 10,
    "output_tokens_details": {"reasoning_tokens": 3},
    "total_tokens": 29,
}
ERRORS = {
    400: ("invalid_request_error", "context_length_exceeded", "messages", "This model's maximum context length is 8 tokens."),
    401: ("invalid_request_error", "invalid_api_key", None, "Incorrect API key provided: sk-****."),
    403: ("permission_error", None, None, "Project is not allowed to use this model."),
    404: ("invalid_request_error", "model_not_found", None, "The model does not exist."),
    409: ("conflict", None, None, "Conflict."),
    422: ("invalid_request_error", None, "input", "Unprocessable."),
    429: ("requests", "rate_limit_exceeded", None, "Rate limit reached for requests."),
    500: ("server_error", None, None, "The server had an error."),
    503: ("server_error", "overloaded", None, "The engine is overloaded."),
}


def compact(value) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def pretty(value) -> bytes:
    """As the API writes whole answers: indented, with a line end at the end."""
    return json.dumps(value, ensure_ascii=True, indent=2).encode() + b"\n"


def error(status: int, fields=()) -> Answer:
    kind, code, param, message = ERRORS[status]
    body = pretty({"error": {"message": message, "type": kind, "param": param, "code": code}})
    return whole(status, body, [*FIELDS, *fields])


def event(value, name: str | None = None) -> bytes:
    return (f"event: {name}\n".encode() if name else b"") + b"data: " + compact(value) + b"\n\n"


DONE = b"data: [DONE]\n\n"


def answer(request: Request) -> Answer:
    path = request.path.removeprefix("/v1")
    if path == "/models":
        return whole(200, pretty({"object": "list", "data": [model("gpt-4o-mini"), model("text-embedding-3-small")]}), FIELDS)
    if path.startswith("/models/"):
        name = path.removeprefix("/models/")
        return whole(200, pretty(model(name)), FIELDS) if name == "gpt-4o-mini" else error(404)
    if path == "/files":
        body = {
            "object": "file", "id": "file-1", "purpose": "fine-tune", "filename": "rows.jsonl",
            "bytes": len(request.body), "created_at": CREATED, "status": "processed",
        }  # fmt: skip
        return whole(200, pretty(body), FIELDS)
    asked = request.json
    if isinstance(asked.get("model"), str) and asked["model"].startswith("error-"):
        status = int(asked["model"].removeprefix("error-"))
        return error(status, [("retry-after-ms", "20"), ("retry-after", "1")] if status in (429, 503) else [])
    if path == "/chat/completions" or path.endswith("/chat/completions"):
        return chat_stream(asked) if asked.get("stream") else chat(asked)
    if path == "/responses":
        return response_stream(asked) if asked.get("stream") else whole(200, pretty(response(asked)), FIELDS)
    if path.endswith("/embeddings"):
        return embeddings(asked)
    if path == "/moderations":
        return moderations(asked)
    if path == "/completions":
        return completions(asked)
    return error(404)


def model(name: str) -> dict:
    return {"id": name, "object": "model", "created": CREATED, "owned_by": "system"}


# Chat completions.


def tool_of(asked: dict) -> tuple[str, dict] | None:
    """The tool to call and its arguments, if one is offered and none has answered yet."""
    if any(message.get("role") == "tool" for message in asked["messages"]) or not asked.get("tools"):
        return None
    function = asked["tools"][-1]["function"]
    return function["name"], arguments_for(function.get("parameters") or {})


def arguments_for(schema: dict) -> dict:
    properties = schema.get("properties", {})
    return {"city": "Zürich", "unit": "c"} if "city" in properties else PERSON


def text_of(asked: dict) -> str:
    return json.dumps(PERSON) if asked.get("response_format", {}).get("type") in ("json_schema", "json_object") else TEXT


def completion(asked: dict, choices: list, object_name: str) -> dict:
    return {
        "id": "chatcmpl-scripted1",
        "object": object_name,
        "created": CREATED,
        "model": asked["model"] + "-2024-07-18",
        "choices": choices,
    }


TAIL = {"service_tier": "default", "system_fingerprint": "fp_44709d6fcb"}


def chat(asked: dict) -> Answer:
    message = {"role": "assistant", "content": text_of(asked), "refusal": None, "annotations": []}
    reason = "stop"
    if tool := tool_of(asked):
        name, arguments = tool
        call = {"name": name, "arguments": json.dumps(arguments, ensure_ascii=False)}
        message |= {"content": None, "tool_calls": [{"id": "call_1", "type": "function", "function": call}]}
        reason = "tool_calls"
    if asked.get("reasoning_effort"):
        message["reasoning_content"] = "Let me think …"
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": reason}
    return whole(200, pretty(completion(asked, [choice], "chat.completion") | {"usage": USAGE} | TAIL), FIELDS)


def deltas(asked: dict) -> list[tuple[dict, str | None]]:
    if tool := tool_of(asked):
        name, arguments = tool
        text = json.dumps(arguments, ensure_ascii=False)
        function = {"name": name, "arguments": ""}
        call = {"index": 0, "id": "call_1", "type": "function", "function": function}
        pieces = [text[at : at + 5] for at in range(0, len(text), 5)]
        return [
            ({"role": "assistant", "content": None, "tool_calls": [call], "refusal": None}, None),
            *[({"tool_calls": [{"index": 0, "function": {"arguments": piece}}]}, None) for piece in pieces],
            ({}, "tool_calls"),
        ]
    text = text_of(asked)
    pieces = PIECES if text == TEXT else [text[at : at + 6] for at in range(0, len(text), 6)]
    start = [({"role": "assistant", "content": "", "refusal": None}, None)]
    if asked.get("reasoning_effort"):
        start.append(({"reasoning_content": "Let me think …"}, None))
    return start + [({"content": piece}, None) for piece in pieces] + [({}, "stop")]


def chat_events(asked: dict) -> list[bytes]:
    wants_usage = (asked.get("stream_options") or {}).get("include_usage")
    usage = {"usage": None} if wants_usage else {}
    events = []
    for delta, reason in deltas(asked):
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
        events.append(
            event(completion(asked, [choice], "chat.completion.chunk") | TAIL | usage | {"obfuscation": "aZ3"})
        )
    if wants_usage:
        events.append(event(completion(asked, [], "chat.completion.chunk") | TAIL | {"usage": USAGE}))
    return events + [DONE]


def chat_stream(asked: dict) -> Answer:
    return stream(chat_events(asked), FIELDS)


def completions(asked: dict) -> Answer:
    def body(choices, **more):
        return {"id": "cmpl-1", "object": "text_completion", "created": CREATED, "model": asked["model"], "choices": choices, **more}

    def choice(text, reason):
        return {"text": text, "index": 0, "logprobs": None, "finish_reason": reason}

    usage = {"prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12}
    if asked.get("stream"):
        events = [event(body([choice(piece, None)])) for piece in PIECES] + [event(body([choice("", "stop")], usage=usage))]
        return stream([*events, DONE], FIELDS)
    return whole(200, pretty(body([choice(TEXT, "stop")], usage=usage)), FIELDS)


# Responses.


def response_output(asked: dict) -> list[dict]:
    items = asked["input"] if isinstance(asked["input"], list) else []
    functions = [tool for tool in asked.get("tools") or [] if tool["type"] == "function"]
    if functions and not any(item.get("type") == "function_call_output" for item in items):
        arguments = json.dumps(arguments_for(functions[-1].get("parameters") or {}), ensure_ascii=False)
        return [
            {
                "type": "function_call", "id": "fc_1", "call_id": "call_1", "name": functions[-1]["name"],
                "arguments": arguments, "status": "completed",
            }
        ]  # fmt: skip
    kind = ((asked.get("text") or {}).get("format") or {}).get("type")
    text = json.dumps(PERSON) if kind == "json_schema" else TEXT
    content = [{"type": "output_text", "text": text, "annotations": [], "logprobs": []}]
    return [{"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": content}]


def response(asked: dict, **changes) -> dict:
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": CREATED,
        "status": "completed",
        "background": False,
        "error": None,
        "incomplete_details": None,
        "instructions": asked.get("instructions"),
        "metadata": {},
        "model": asked["model"],
        "output": response_output(asked),
        "parallel_tool_calls": True,
        "previous_response_id": None,
        "reasoning": {"effort": None, "summary": None},
        "store": True,
        "temperature": 1.0,
        "text": asked.get("text") or {"format": {"type": "text"}},
        "tool_choice": "auto",
        "tools": asked.get("tools") or [],
        "top_p": 1.0,
        "truncation": "disabled",
        "usage": RESPONSE_USAGE,
        "user": None,
    } | changes


def response_events(asked: dict) -> list[bytes]:
    output = response_output(asked)[0]
    events: list[dict] = []

    def add(kind, **fields):
        events.append({"type": kind, "sequence_number": len(events), **fields})

    started = response(asked, status="in_progress", output=[], usage=None)
    add("response.created", response=started)
    add("response.in_progress", response=started)
    if output["type"] == "function_call":
        place = {"item_id": output["id"], "output_index": 0}
        add("response.output_item.added", output_index=0, item=output | {"arguments": "", "status": "in_progress"})
        for at in range(0, len(output["arguments"]), 7):
            add("response.function_call_arguments.delta", **place, delta=output["arguments"][at : at + 7])
        add("response.function_call_arguments.done", **place, name=output["name"], arguments=output["arguments"])
    else:
        part = output["content"][0]
        place = {"item_id": output["id"], "output_index": 0, "content_index": 0}
        add("response.output_item.added", output_index=0, item=output | {"content": [], "status": "in_progress"})
        add("response.content_part.added", **place, part=part | {"text": ""})
        pieces = PIECES if part["text"] == TEXT else [part["text"]]
        for piece in pieces:
            add("response.output_text.delta", **place, delta=piece, logprobs=[])
        add("response.output_text.done", **place, text=part["text"], logprobs=[])
        add("response.content_part.done", **place, part=part)
    add("response.output_item.done", output_index=0, item=output)
    add("response.completed", response=response(asked))
    return [event(value, value["type"]) for value in events]


def response_stream(asked: dict) -> Answer:
    return stream(response_events(asked), FIELDS)


# The rest.


def embeddings(asked: dict) -> Answer:
    texts = asked["input"] if isinstance(asked["input"], list) else [asked["input"]]
    data = []
    for index in range(len(texts)):
        vector = [index + 0.5, -0.25, 1e-7, 3.0]
        packed = base64.b64encode(struct.pack("<4f", *vector)).decode()
        value = packed if asked.get("encoding_format") == "base64" else vector
        data.append({"object": "embedding", "index": index, "embedding": value})
    usage = {"prompt_tokens": 8, "total_tokens": 8}
    return whole(200, pretty({"object": "list", "data": data, "model": asked["model"], "usage": usage}), FIELDS)


def moderations(asked: dict) -> Answer:
    names = [
        "harassment", "harassment/threatening", "hate", "hate/threatening", "illicit", "illicit/violent", "self-harm",
        "self-harm/instructions", "self-harm/intent", "sexual", "sexual/minors", "violence", "violence/graphic",
    ]  # fmt: skip
    result = {
        "flagged": False,
        "categories": {name: False for name in names},
        "category_scores": {name: 1.5e-7 for name in names},
        "category_applied_input_types": {name: ["text"] for name in names},
    }
    return whole(200, pretty({"id": "modr-1", "model": asked.get("model", "omni"), "results": [result]}), FIELDS)
