#!/usr/bin/env python3
"""Writes the stored test values of the Tokenization tests, computed by the Python `tokenizers` package.

    python3 -m venv VENV && VENV/bin/pip install tokenizers==0.23.3 jinja2==3.1.6
    VENV/bin/python Tools/tokenizer_reference.py Tests/TokenizationTests/Fixtures
    VENV/bin/python Tools/tokenizer_reference.py SOME_FOLDER --cases 10000 --seed 7     # a larger check, not stored

For every split pattern it trains a small byte-level BPE on the samples below, in a different dress each (merges in both
forms, NFC, a beginning-of-text token, ignore_merges, added tokens that are not special), and writes NAME.tokenizer.json.
strings.json holds the texts; NAME.ids.json the ids, twice: as the package encodes the text (added tokens recognised),
and, where that differs, as it encodes it without any added token. chat.json holds conversations rendered by Jinja and their ids, classes.json the character
classes. trained.tokenizer.json comes from BPETrainer (see BPETrainerTests); here only its ids are computed.
"""

import argparse
import json
import pathlib
import random

import jinja2.sandbox
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
DIGIT_PAIRS = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+|\p{N}{1,2}| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
QWEN2 = LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}")
CHATML = (
    "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>'"
    " + '\\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)
DEFAULT_SYSTEM = (
    "{% if loop.first and messages[0]['role'] != 'system' %}{{ '<|im_start|>system\\nYou answer briefly.<|im_end|>\\n'"
    " }}{% endif %}"
)
CHATML_SYSTEM = CHATML.replace("{% for message in messages %}", "{% for message in messages %}" + DEFAULT_SYSTEM)

SAMPLES = [
    "The quick brown fox jumps over the lazy dog, and the dog doesn't mind; it's what they've always said they'll do.",
    "Which rebate applies to orders of 250 units from Harlow? =REBATE(250, \"HRL-07\") * 1.05",
    "I'm sure you're right: we'd better ask. WE'LL SEE, IT'S LATE, THEY'VE GONE. L'été dernier, c'était l'hiver.",
    "Größenwahn, Übermut, Straße, naïve café, coöperation, señor, ação, čeština, žluťoučký kůň, łódź, øre, ångström.",
    "Съешь же ещё этих мягких французских булок, да выпей чаю. Київ, Мінск, Београд.",
    "Ξεσκεπάζω την ψυχοφθόρα βδελυγμία. Ἐν ἀρχῇ ἦν ὁ λόγος.",
    "איזה כיף לשמוע. שָׁלוֹם עֲלֵיכֶם", "نص حكيم له سر قاطع وذو شأن عظيم. مَرْحَبًا ١٢٣٤",
    "हिन्दी में एक छोटा वाक्य है। क्षत्रिय १२३ নমস্কার தமிழ் తెలుగు ಕನ್ನಡ മലയാളം සිංහල",
    "ภาษาไทยไม่มีช่องว่าง ຂ້ອຍ មិនអីទេ မြန်မာ བོད་ཡིག", "我能吞下玻璃而不伤身体。東京都の天気は晴れです。カタカナ ひらがな 한국어 문장입니다.",
    "1234567890 12 345 6,789.01 ½ ² Ⅷ ① 三 ٣ 0x1F 1e-7 2024-05-17T08:09:10Z", "👍🏽 👩‍👩‍👧‍👦 🇩🇪 🏳️‍🌈 ✈️ ☕ © ™ € ∑ ∞ ≠ → 𝔘𝔫𝔦 𝟙𝟚𝟛 𐍈 𒀀 🀄",
    "e\u0301 a\u030a o\u0308\u0304 \u1100\u1161\u11a8 \u0958 ﬁ ſ K Å", "def f(x):\n\treturn {'a': x[0], \"b\": x**2}  # ok\r\n\r\n\n  \t end",
    "\u00a0\u2003\u3000\u2028\u2029\u0085\u200b\ufeff \u1680", "   leading, trailing   ", "<|im_start|>user\nHi<|im_end|>\n<|endoftext|> <tool> [INST]",
]
HAND_PICKED = [
    "", " ", "  ", "   a", "a   ", "\n", "\r\n", "\n\n\n", " \n", "\n ", " \n ", " \n a", "\t\tx", "x\t\ty", "a \r\n b", "a\r\n\r\nb", "!\n\nx", "!?\r\n",
    " !\n", "...\n...", "'s", "'S", "'ſ", "don't", "DON'T", "'ll", "'LL", "'lL", "'l", "'r", "'re", "'Re", "'v", " 's", "''s", "'", "'é", "o'clock",
    "1", "12", "123", "1234", " 1", " 12", "  12", " 1 2", "a1b22c333", "07", " Harlow", "Harlow07", "1½2", "३४५", "Ⅷ", "a\u0301", "\u0301", " \u0301",
    "\u200d", "\ufeffx", "\u00a0x", "\u00a0\u00a0x", "\u3000東", "_x", "-x", "(x)", " (x", "\u2028x", "x\u0085y", "\u0000\u0001", "\u007f", "\ufffd",
    "<|im_end|>", "a<|im_end|>b", "<|im_end|", "|im_end|>", "<<|im_end|>>", "<|im_start|><|im_end|>", " <|im_start|> ", "<tool>", "<tool", "<tool><tool_x>",
    "<|IM_END|>", "e\u0301<|im_end|>e\u0301", "<|endoftext|>\n<|endoftext|>", "caf\u00e9", "cafe\u0301", "\u1100\u1161\u11a8", "\uac01\u11a8", "q\u0307\u0323",
    "\u212b", "\u2126", "\u0958", "\ufb01", "\u0344", "\u0f73\u0f71", "x\u0f71\u0f72", "\u09c7\u09be", "𝅘𝅥𝅮", "a" * 300, "ab" * 150, " " * 200 + "x", "!" * 150 + "\n",
    "漢字" * 60, "1" * 200, "😀" * 40, "\u0301" * 100, "a\u0323\u0307" * 20,
]
POOLS = [
    "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "0123456789", "    ", "\n\r\t \u00a0\u3000\u2028\u0085\u000b\u000c", ".,;:!?'\"()[]{}<>|/\\_-+*=#@~`^%$&",
    "'sStTmMdD'rReEvVlLſ", "éèüößñçåøłžčğışęą", "абвгдежзийклмнопАБВ", "αβγδεζηθΑΒΓ", "אבגדהוזחטי\u05b0\u05b4\u05b8", "ابتثجحخد\u064b\u064e\u0651٠١٢٣",
    "कखगघचछ\u093f\u0940\u094d\u0902१२३", "กขคง\u0e31\u0e34\u0e48\u0e49", "漢字東京日本語学中文", "あいうえおカキクケコー", "가나다라마\u1100\u1161\u11a8", "\u0300\u0301\u0308\u0323\u0327\u20dd\u200d\ufe0f",
    "½¼²³①②ⅧⅨ٣三𝟙𝟚", "😀👍🏽❤🇩🇪🏳🌈👩👧", "𝔘𝔫𐍈𒀀𠀀𞤀", "\u0000\u0007\u001b\u007f\u200b\u2060\ufeff\ufffd\ue000",
]
LOOKALIKES = ["<|im_start|>", "<|im_end|>", "<|endoftext|>", "<tool>", "<|im_end", "im_end|>", "'ll", "'RE", " \n", "\r\n", "  "]


def generated(seed, count):
    """Strings of random runs from the pools, words of the samples, lookalikes, and any assigned or unassigned scalar."""
    rng = random.Random(seed)
    words = " ".join(SAMPLES).split(" ")
    for _ in range(count):
        parts = []
        for _ in range(rng.randint(1, 8)):
            kind = rng.random()
            if kind < 0.55:
                pool = rng.choice(POOLS)
                parts.append("".join(rng.choice(pool) for _ in range(rng.choice([1, 1, 2, 3, 5, 9]))))
            elif kind < 0.75:
                parts.append(rng.choice(["", " "]) + rng.choice(words))
            elif kind < 0.85:
                parts.append(rng.choice(LOOKALIKES))
            else:
                scalar = rng.randrange(rng.choice([0x500, 0x3000, 0x10000, 0x20000, 0x110000]))
                parts.append("" if 0xD800 <= scalar < 0xE000 else chr(scalar))
        yield "".join(parts)


def build(pattern, normalizer=None, size=700):
    """A tokenizer trained on the samples, without added tokens."""
    tokenizer = Tokenizer(models.BPE())
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, trim_offsets=False, use_regex=pattern is None)
    split = pre_tokenizers.Split(Regex(pattern), "isolated") if pattern else None
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([split, byte_level]) if split else byte_level
    tokenizer.decoder = decoders.ByteLevel()
    if normalizer:
        tokenizer.normalizer = normalizer
    trainer = trainers.BpeTrainer(
        vocab_size=size, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), min_frequency=1, show_progress=False)
    tokenizer.train_from_iterator(SAMPLES, trainer)
    return tokenizer


def dressed(name, tokenizer):
    """The file of `tokenizer` with what makes each fixture different."""
    file = json.loads(tokenizer.to_str())
    if name == "gpt2":
        file["model"]["merges"] = [" ".join(pair) for pair in file["model"]["merges"]]
        file["post_processor"] = {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": False, "use_regex": True}
    if name == "llama3":
        file["model"]["ignore_merges"] = True
    plain = json.dumps(file, ensure_ascii=False)
    full = Tokenizer.from_str(plain)
    full.add_special_tokens(["<|endoftext|>", "<|im_start|>", "<|im_end|>"])
    full.add_tokens([AddedToken("<tool>", normalized=False), AddedToken("<tool_x>"), AddedToken("e\u0301té")])
    if name == "llama3":
        template = processors.TemplateProcessing(single="<|endoftext|> $A", special_tokens=[("<|endoftext|>", full.token_to_id("<|endoftext|>"))])
        full.post_processor = processors.Sequence([processors.ByteLevel(trim_offsets=False), template])
    return full, Tokenizer.from_str(plain)


def write(path, value):
    path.write_text(json.dumps(value, ensure_ascii=True, separators=(",", ":")) + "\n", encoding="utf-8")


def plain_ids(text, full, plain):
    """The ids without added tokens; None, to keep files small, where recognising added tokens changes nothing."""
    ids = plain.encode(text).ids
    return None if ids == full.encode(text, add_special_tokens=False).ids else ids


def chat_cases(tokenizer):
    conversations = [
        [("user", "Which code does Harlow have?")],
        [("system", "Be brief."), ("user", "  two\n\nlines  "), ("assistant", ""), ("user", "\n\nStarts with line ends")],
        [("user", "\U0001f600 emoji"), ("assistant", "naïve café"), ("tool", "{\"a\": 1}")],
        [("system", "\r\n"), ("user", "a" * 40)],
    ]
    # The settings that transformers renders chat templates with.
    environment = jinja2.sandbox.ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
    for template in (CHATML, CHATML_SYSTEM):
        for conversation in conversations:
            for prompt in (False, True):
                messages = [{"role": role, "content": content} for role, content in conversation]
                text = environment.from_string(template).render(messages=messages, add_generation_prompt=prompt)
                ids = tokenizer.encode(text, add_special_tokens=False).ids
                yield {"template": template, "messages": messages, "prompt": prompt, "ids": ids}


def classes():
    """The scalars of \\p{L}, \\p{N} and \\s as the package's regular expressions see them, as ranges in hexadecimal."""
    scalars = [code for code in range(0x110000) if not 0xD800 <= code < 0xE000]
    result = {}
    for name, expression in (("letter", r"\p{L}"), ("number", r"\p{N}"), ("whitespace", r"\s")):
        kept = pre_tokenizers.Split(Regex(expression), "removed").pre_tokenize_str("".join(map(chr, scalars)))
        others = {index for _, (start, end) in kept for index in range(start, end)}
        ranges = []
        for index, code in enumerate(scalars):
            if index in others:
                continue
            if ranges and ranges[-1][1] == code - 1:
                ranges[-1][1] = code
            else:
                ranges.append([code, code])
        result[name] = " ".join(f"{low:x}-{high:x}" if low < high else f"{low:x}" for low, high in ranges)
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--cases", type=int, default=90)
    parser.add_argument("--seed", type=int, default=20240517)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    strings = HAND_PICKED + SAMPLES + list(generated(options.seed, options.cases))
    write(options.folder / "strings.json", strings)
    write(options.folder / "classes.json", classes())
    trained = options.folder / "trained.tokenizer.json"
    if trained.exists():
        tokenizer = Tokenizer.from_file(str(trained))
        write(options.folder / "trained.ids.json", [encoding.ids for encoding in tokenizer.encode_batch(HAND_PICKED)])
    tokenizers = {
        "gpt2": build(None), "gpt2-digit-pairs": build(DIGIT_PAIRS), "llama3": build(LLAMA3), "qwen2": build(QWEN2, normalizers.NFC()),
    }
    for name, tokenizer in tokenizers.items():
        full, plain = dressed(name, tokenizer)
        (options.folder / f"{name}.tokenizer.json").write_text(
            json.dumps(json.loads(full.to_str()), ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")
        write(options.folder / f"{name}.ids.json", {
            "withAddedTokens": [encoding.ids for encoding in full.encode_batch(strings)],
            "plain": [plain_ids(text, full, plain) for text in strings],
        })
        if name == "qwen2":
            write(options.folder / "chat.json", list(chat_cases(full)))


if __name__ == "__main__":
    main()
