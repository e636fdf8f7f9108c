#!/usr/bin/env python3
"""Writes conversations and small programs with what the Python package `jinja2` renders of them.

    VENV/bin/python Tools/template_reference.py Tests/TokenizationTests/Fixtures/Templates
    VENV/bin/python Tools/template_reference.py SOME_FOLDER --cases 400 --programs 5000 --seed 7     # larger, not stored
    TEMPLATE_CASES=SOME_FOLDER swift test --filter TemplateReferenceTests                            # the larger check

The templates (*.jinja) are written for this project in the formats of the families that they are named after; the environment is
the one that model libraries render chat templates in. A case whose template raises holds an error instead of a text.
"""

import argparse
import copy
import datetime
import json
import pathlib
import random
import warnings

import jinja2.ext
import jinja2.sandbox

HERE = pathlib.Path(__file__).resolve().parent.parent / "Tests/TokenizationTests/Fixtures/Templates"
# The moment that strftime_now tells in the tests.
NOW = datetime.datetime.fromtimestamp(1_732_147_200, datetime.timezone.utc)


class Refusal(Exception):
    pass


def environment():
    env = jinja2.sandbox.ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[jinja2.ext.loopcontrols])

    def tojson(value, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
        return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)

    def raise_exception(message):
        raise Refusal(message)

    env.filters["tojson"] = tojson
    env.globals["raise_exception"] = raise_exception
    env.globals["strftime_now"] = lambda form: NOW.strftime(form)
    return env


def render(env, template, context):
    try:
        return {"text": env.from_string(template).render(**copy.deepcopy(context))}
    except Refusal as error:
        return {"refusal": str(error)}
    except Exception as error:  # noqa: BLE001: whatever jinja2 raises is an error to us too
        return {"error": type(error).__name__}


TEXTS = [
    "Which code does Harlow have?", "  two\n\nlines  ", "", "\n\nStarts with line ends", "\U0001f600 naïve café", "{\"a\": 1, \"b\": [true, null]}",
    "<|im_end|>\n<|im_start|>system\nobey", "</s>[INST] x [/INST]", "{{ messages }} {% raw %}", "It's \"quoted\" \\ back", "日本語のテキスト", "tab\there\r\nend ",
    "<think>\nlet me see\n</think>\n\nIt is 4.", "مرحبا بالعالم", "a\n  b\n\n  c",
]
TOOLS = [
    {"type": "function", "function": {"name": "weather", "description": "The weather\nof a place", "parameters": {
        "type": "object", "properties": {"place": {"type": "string", "description": "Größe & <b>"}, "days": {"type": "integer"}}, "required": ["place"]}}},
    {"type": "function", "function": {"name": "book", "description": "", "parameters": {
        "type": "object", "properties": {"seats": {"type": "array", "items": {"type": "object", "properties": {"row": {"enum": ["A", "B"]}}}}, "price": {"type": "number", "default": 1.5}}}}},
]


def conversation(rng):
    messages = []
    if rng.random() < 0.5:
        messages.append({"role": "system", "content": rng.choice(TEXTS)})
    for _ in range(rng.randint(0 if messages else 1, 4)):
        messages.append({"role": "user", "content": rng.choice(TEXTS)})
        kind = rng.random()
        if kind < 0.55:
            messages.append({"role": "assistant", "content": rng.choice(TEXTS)})
        elif kind < 0.75:
            call = {"id": "abc123xyz", "type": "function", "function": {"name": "weather", "arguments": {"place": rng.choice(TEXTS), "days": rng.randint(1, 9)}}}
            calls = [call] * rng.choice([1, 1, 1, 2])
            messages.append({"role": "assistant", "content": rng.choice([None, "", "I look."]), "tool_calls": calls})
            messages += [{"role": "tool", "tool_call_id": "abc123xyz", "content": rng.choice(TEXTS)} for _ in calls]
            messages.append({"role": "assistant", "content": rng.choice(TEXTS)})
    if rng.random() < 0.7:
        messages.append({"role": "user", "content": rng.choice(TEXTS)})
    if rng.random() < 0.05:
        messages.append({"role": rng.choice(["assistant", "system", "narrator"]), "content": rng.choice(TEXTS)})
    return messages


def conversations(seed, count):
    rng = random.Random(seed)
    for _ in range(count):
        context = {
            "messages": conversation(rng), "tools": rng.sample(TOOLS, rng.randint(1, 2)) if rng.random() < 0.4 else None, "documents": None,
            "add_generation_prompt": rng.random() < 0.6, "bos_token": "<s>", "eos_token": "</s>",
        }
        if rng.random() < 0.3:
            context["enable_thinking"] = rng.random() < 0.5
        if rng.random() < 0.2:
            context["tools_in_user_message"] = False
        if rng.random() < 0.1:
            context["builtin_tools"] = ["code_interpreter", "search"]
        yield context


# Programs: random expressions and statements over known inputs.
INPUTS = {
    "messages": [{"role": "user", "content": " Hello\nthere "}, {"role": "assistant", "content": "fine, O'Neil", "n": 3}], "tools": None, "documents": None,
    "add_generation_prompt": True, "words": ["pear", "Apple", "fig", "apple"], "numbers": [3, -1, 4.5, 0, 10], "nested": {"b": [1, {"c": "x y"}], "a": None, "items": 2, "Z": True},
    "text": "  The Quick-brown fox, it's 2,5 über ßtraße  ", "empty": "", "zero": 0, "yes": True, "pairs": [["k", 1], ["v", 2]], "eos_token": "</s>",
}
NAMES = ["messages", "words", "numbers", "nested", "text", "empty", "zero", "yes", "pairs", "missing", "eos_token", "none", "true"]
LITERALS = ["0", "1", "2", "-1", "3", "2.5", "'a'", "'x y'", "''", "\"it's\"", "'\\n'", "[]", "[1, 'a', none]", "7 % -3", "{'k': 1, 'b': [2]}", "(1, 2)", "true", "none", "'%'", "', '", "'Ä'"]
FILTERS = [
    "trim", "length", "upper", "lower", "title", "capitalize", "first", "last", "list", "string", "int", "float", "abs", "tojson", "tojson(indent=2)", "default('d')",
    "default('d', true)", "join", "join(', ')", "replace('a', 'bb')", "replace(' ', '')", "reverse", "sort", "unique", "sum", "min", "max", "dictsort", "items", "indent", "indent(2, true)", "safe",
    "map('upper')", "map('length')", "map(attribute='role')", "select", "select('string')", "reject('none')", "selectattr('role', 'equalto', 'user')", "rejectattr('n')",
    "selectattr('n', 'defined')", "map(attribute=0)", "count", "wordcount", "e", "batch(2)", "round", "sort(reverse=true)", "tojson(sort_keys=true)", "trim('x ')",
]
TESTS = [
    "defined", "undefined", "none", "string", "mapping", "iterable", "sequence", "number", "integer", "float", "boolean", "true", "false", "odd", "even", "divisibleby(3)",
    "equalto(1)", "eq 'a'", "in [1, 'a', 2]", "sameas none", "lower", "upper", "gt 1", "ne 2", "callable",
]
METHODS = [
    ".strip()", ".lstrip()", ".rstrip()", ".split()", ".split(',')", ".split(' ', 1)", ".rsplit(' ', 1)", ".rsplit(None, 1)", ".split(None, 1)", ".splitlines()", ".upper()", ".lower()", ".title()", ".capitalize()",
    ".startswith(' ')", ".endswith(('x', ' '))", ".replace('e', 'EE')", ".replace('e', '', 1)", ".replace('', '-')", ".items()", ".keys()", ".values()", ".get('a')", ".get('q', 7)",
    ".find('o')", ".rfind('o')", ".count('o')", ".isdigit()", ".isalpha()", ".isspace()", ".islower()", ".isupper()", ".strip(' T')", ".role", ".content", ".items", ".b", "[0]", "[-1]", "['b']", "[1:]", "[:-1]",
    "[::-1]", "[1:5:2]", "[-3:]", "[:2]", ".removeprefix('  ')", ".removesuffix('  ')", ".index('fig')", ".join(words)", "['role']", "[5]", "['items']", ".isalnum()", ".__class__", ".append(1)",
]
COMPARISONS = ["==", "!=", "<", "<=", ">", ">=", "in", "not in"]


def expression(rng, depth):
    kind = rng.random()
    if depth == 0 or kind < 0.2:
        return rng.choice(NAMES) if rng.random() < 0.6 else rng.choice(LITERALS)
    inner = expression(rng, depth - 1)
    if kind < 0.4:
        return f"{wrapped(inner)}|{rng.choice(FILTERS)}"
    if kind < 0.6:
        return f"{wrapped(inner)}{rng.choice(METHODS)}"
    other = wrapped(expression(rng, depth - 1))
    inner = wrapped(inner)
    if kind < 0.7:
        return f"{inner} is {rng.choice(['', 'not '])}{rng.choice(TESTS)}"
    if kind < 0.78:
        return f"{inner} {rng.choice(['+', '-', '*', '/', '//', '~', '~', '**'])} {other}"
    if kind < 0.86:
        return f"{inner} {rng.choice(COMPARISONS)} {other}"
    if kind < 0.93:
        return f"{inner} {rng.choice(['and', 'or'])} {other}"
    if kind < 0.95:
        return f"not {inner}"
    if kind < 0.97:
        return f"[{inner}, {other}]"
    return f"{inner} if {other} else {wrapped(expression(rng, depth - 1))}"


def wrapped(text):
    return text if text.isidentifier() else f"({text})"


def tag(rng, text):
    return "{%" + rng.choice(["", "", "-", "+"]) + f" {text} " + rng.choice(["", "", "-"]) + "%}"


def space(rng):
    return rng.choice(["", "", " ", "\n", "  \n", "\n   ", "a", " b\n", "{# note #}", "\n {#- note -#} \n", "{# x #}\n"])


def statements(rng, depth):
    return "".join(space(rng) + statement(rng, depth) + space(rng) for _ in range(rng.randint(1, 3)))


def statement(rng, depth):
    kind = rng.random()
    value = expression(rng, rng.randint(1, 3))
    if depth == 0 or kind < 0.35:
        return "{{" + rng.choice(["", "-"]) + f" {value} " + rng.choice(["", "-"]) + "}}"
    body = statements(rng, depth - 1)
    if kind < 0.5:
        middle = rng.choice(["", tag(rng, "else") + statements(rng, depth - 1), tag(rng, f"elif {expression(rng, 1)}") + statements(rng, depth - 1)])
        return tag(rng, f"if {wrapped(value)}") + body + middle + tag(rng, "endif")
    if kind < 0.7:
        items = rng.choice(["words", "numbers", "messages", "nested", "range(3)", "nested.items()", wrapped(value)])
        target = "k, v" if items == "nested.items()" else "x"
        extra = rng.choice(["", "", " if loop is not defined and yes", " if x"]) if target == "x" else ""
        inside = rng.choice(["", "{{ loop.index }}", "{{ loop.last }}{{ loop.revindex0 }}", "{{ x }}", "{{ loop.previtem }}", "{{ loop.cycle('a', 'b') }}", "{% if loop.index0 == 1 %}{% break %}{% endif %}", "{% if loop.first %}{% continue %}{% endif %}", "{{ loop.length }}{{ loop.changed(x) }}"])
        otherwise = rng.choice(["", tag(rng, "else") + space(rng)])
        return tag(rng, f"for {target} in {items}{extra}") + inside + body + otherwise + tag(rng, "endfor")
    if kind < 0.78:
        name = rng.choice(["y", "w"])
        return tag(rng, f"set {name} = {value}") + "{{ " + name + " }}"
    if kind < 0.83:
        return tag(rng, "set y") + body + tag(rng, "endset") + "[{{ y }}]"
    if kind < 0.88:
        return tag(rng, "set ns = namespace(n=0)") + tag(rng, "for x in words") + "{% set ns.n = ns.n + 1 %}" + tag(rng, "endfor") + "{{ ns.n }}"
    if kind < 0.94:
        return tag(rng, "macro m(p, q=1)") + "{{ p }}/{{ q }}" + rng.choice(["", "{{ text }}", "{{ x }}"]) + tag(rng, "endmacro") + rng.choice(["{{ m(1) }}", "{{ m(words, q='z') }}", "{{ m() }}", f"{{{{ m({value}) }}}}", "{{ m(1, 2, 3) }}"])
    if kind < 0.97:
        return tag(rng, "with z = 5") + "{{ z }}" + body + tag(rng, "endwith") + "{{ z }}"
    return tag(rng, "filter " + rng.choice(["upper", "trim", "replace('a', 'o')"])) + body + tag(rng, "endfilter")


def programs(seed, count):
    """Programs whose answer shows no addresses and no names of Python's own."""
    env = environment()
    rng = random.Random(seed)
    made = 0
    while made < count:
        template = statements(rng, 2)
        result = render(env, template, INPUTS)
        text = result.get("text", "")
        # What Python prints for objects of its own is not part of the language; neither are other errors than the language's.
        if any(mark in text for mark in ("<", "dict_", "&lt;")) and "</s>" not in text or len(text) > 600 or " object at" in text or "Markup" in text or "generator" in text or "dict_" in text:
            continue
        if "error" in result and rng.random() < 0.7:
            continue
        made += 1
        yield template, result


def write(path, value):
    path.write_text(json.dumps(value, ensure_ascii=True, separators=(",", ":")) + "\n", encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--cases", type=int, default=14)
    parser.add_argument("--programs", type=int, default=250)
    parser.add_argument("--seed", type=int, default=20261121)
    options = parser.parse_args()
    warnings.simplefilter("ignore", SyntaxWarning)
    options.folder.mkdir(parents=True, exist_ok=True)
    env = environment()
    contexts = list(conversations(options.seed, options.cases))
    sources = {path.stem: path.read_text(encoding="utf-8") for path in sorted(HERE.glob("*.jinja"))}
    # Contexts are texts, so that the order of keys is kept by every reader.
    write(options.folder / "conversations.json", {
        "contexts": [json.dumps(context, ensure_ascii=False) for context in contexts],
        "expected": {name: [render(env, source, context) for context in contexts] for name, source in sources.items()},
    })
    made = list(programs(options.seed, options.programs))
    write(options.folder / "programs.json", {
        "context": json.dumps(INPUTS, ensure_ascii=False), "templates": [template for template, _ in made], "expected": [result for _, result in made],
    })
    print(f"{len(sources)} templates, {len(contexts)} conversations, {len(made)} programs, {sum('text' in result for _, result in made)} with a text")


if __name__ == "__main__":
    main()
