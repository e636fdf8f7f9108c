#!/usr/bin/env python3
"""Writes tokenizer.json files in the exact shapes of real model families, and the ids that the Python package gives.

    VENV/bin/python Tools/tokenizer_families.py Tests/TokenizationTests/Fixtures/Families
    VENV/bin/python Tools/tokenizer_families.py SOME_FOLDER --cases 10000 --seed 7 --size 4000   # larger, not stored
    TOKENIZER_FAMILIES=SOME_FOLDER swift test --filter TokenizerFamilyTests                      # the larger check

No file of a real model is needed: vocabularies are trained on the samples of tokenizer_reference.py (and on --text FILE), and
dressed in each family's normalizer, pre-tokenizer, decoder, post-processor, added tokens, and layout of merges.
NAME.tokenizer.json is the file; NAME.json holds ids and decoded texts of the strings in strings.json.
"""

import argparse
import json
import pathlib

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from tokenizer_reference import HAND_PICKED, QWEN2, LLAMA3, SAMPLES, generated, write

SIGN = "\u2581"
EXTRA = [
    "<s>", "</s>", "<unk>", "a<s>b", " <s> ", "<s> x", "[INST] hi [/INST]", "<0x0A>", "<0x41", SIGN, SIGN + "x", "x" + SIGN, " " + SIGN + " ",
    "a  b   c    d", "\n\n", "\n\n\n\n", "a\n\nb", "\t\t\t", "<start_of_turn>user\nx<end_of_turn>\n", "tool", "a tool b", "tools", "stool", "tool_",
    "tool.", "x <mask>  y", "<mask>", "  <mask>", "<MASK>", "\ufb01\u2460\uff21", "İI", "ΑΣ ΟΔΟΣ", "\u00bd\u2075", "x,y;z!", "12ab34", "٣٤x",
]
UPPER, LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
TAIL = r" ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
ENDS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
# The expressions of tokenizers that have no scanner of their own; each a list of Split steps.
EXPRESSIONS = {
    "tekken": [(rf"[^\r\n\p{{L}}\p{{N}}]?{UPPER}*{LOWER}+|[^\r\n\p{{L}}\p{{N}}]?{UPPER}+{LOWER}*|\p{{N}}|{TAIL}", "Isolated")],
    "gpt4o": [(
        rf"[^\r\n\p{{L}}\p{{N}}]?{UPPER}*{LOWER}+{ENDS}|[^\r\n\p{{L}}\p{{N}}]?{UPPER}+{LOWER}*{ENDS}|\p{{N}}{{1,3}}|{TAIL}",
        "Removed")],
    "gpt4": [(
        r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+", "Isolated")],
    "deepseek": [
        (r"\p{N}{1,3}", "Isolated"), (r"[\u4E00-\u9FA5\u3040-\u309F\u30A0-\u30FF]+", "Isolated"),
        (r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
         "Isolated")],
    "deepseek-coder": [
        (r"[\r\n]", "Isolated"), (r"\s?\p{L}+", "Isolated"), (r"\s?\p{P}+", "Isolated"), (r"[\u4E00-\u9FA5\u0800-\u4E00\uAC00-\uD7FF]+", "Isolated"),
        (r"\p{N}", "Isolated")],
    "odd-steps": [
        (r"(?>a+|b)c?|(?:xy){2,3}+?z|\w+?\d$|^\P{Ll}{2,}?(?=[^\W_])", "Isolated"), (r"[^\S\n]+", "MergedWithNext"), (r"\p{^L}{3}+", "Contiguous"),
        (r"(?:[A-Z][a-z]+)++|(?i:straße|K)", "MergedWithPrevious")],
}
PIECES = SAMPLES + ["Which rebate applies? 12 of 34, 5678!", "tar -xzf archive.tar.gz --directory build | grep foo"]


def spelled_bytes():
    return [f"<0x{value:02X}>" for value in range(256)]


def sentencepiece(texts, size, specials, byte_fallback=True, extra=()):
    """The vocabulary and merges of a BPE over characters in which spaces are the sign U+2581."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend(SIGN), normalizers.Replace(" ", SIGN)])
    tokenizer.pre_tokenizer = pre_tokenizers.Split(SIGN, "merged_with_next")
    limit = 150 if byte_fallback else 120
    trainer = trainers.BpeTrainer(vocab_size=size, min_frequency=1, limit_alphabet=limit, show_progress=False)
    tokenizer.train_from_iterator(texts, trainer)
    model = json.loads(tokenizer.to_str())["model"]
    vocabulary = list(specials) + (spelled_bytes() if byte_fallback else []) + list(extra)
    vocabulary += [token for token in sorted(model["vocab"], key=model["vocab"].get) if token not in vocabulary]
    merges = [merge for merge in model["merges"]]
    # Runs of spaces, as real vocabularies have them.
    for length in (2, 4, 8):
        half = SIGN * (length // 2)
        merges.append([half, half])
        vocabulary.append(half + half)
    return {token: index for index, token in enumerate(vocabulary)}, merges


def byte_level(texts, size, pre_tokenizer):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizer
    trainer = trainers.BpeTrainer(
        vocab_size=size, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), min_frequency=1, show_progress=False)
    tokenizer.train_from_iterator(texts, trainer)
    return json.loads(tokenizer.to_str())["model"]


def added(identifier, content, special=True, **flags):
    token = {"id": identifier, "content": content, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": special}
    return token | flags


def template(*names):
    tokens = [{"SpecialToken": {"id": name, "type_id": 0}} for name, _ in names]
    return {
        "type": "TemplateProcessing", "single": tokens + [{"Sequence": {"id": "A", "type_id": 0}}],
        "pair": tokens + [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
        "special_tokens": {name: {"id": name, "ids": [identifier], "tokens": [name]} for name, identifier in names},
    }


def model(vocab, merges, **changes):
    base = {
        "type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None, "end_of_word_suffix": None, "fuse_unk": False,
        "byte_fallback": False, "ignore_merges": False, "vocab": vocab, "merges": merges,
    }
    return base | changes


def file(model, **parts):
    base = {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": [], "normalizer": None, "pre_tokenizer": None,
        "post_processor": None, "decoder": None,
    }
    return base | parts | {"model": model}


def sequence(kind, *steps):
    key = {"Sequence-n": "normalizers", "Sequence-p": "pretokenizers", "Sequence-d": "decoders"}[kind]
    return {"type": "Sequence", key: list(steps)}


REPLACE_SPACE = {"type": "Replace", "pattern": {"String": " "}, "content": SIGN}
REPLACE_SIGN = {"type": "Replace", "pattern": {"String": SIGN}, "content": " "}
LLAMA_DECODER = sequence(
    "Sequence-d", REPLACE_SIGN, {"type": "ByteFallback"}, {"type": "Fuse"}, {"type": "Strip", "content": " ", "start": 1, "stop": 0})


def metaspace(scheme, split):
    return {"type": "Metaspace", "replacement": SIGN, "prepend_scheme": scheme, "split": split}


def byte_level_step(space=False, regex=True):
    return {"type": "ByteLevel", "add_prefix_space": space, "trim_offsets": True, "use_regex": regex}


def families(texts, size):
    """Each family's name and file."""
    specials = ["<unk>", "<s>", "</s>"]
    vocab, merges = sentencepiece(texts, size, specials)
    marks = [added(index, token) for index, token in enumerate(specials)]
    spelled = [" ".join(pair) for pair in merges]
    # Llama 2 and Mistral v1 as first converted: spaces by normalizers, no pre-tokenizer, merges as strings.
    yield "llama2", file(
        model(vocab, spelled, unk_token="<unk>", fuse_unk=True, byte_fallback=True), added_tokens=marks,
        normalizer=sequence("Sequence-n", {"type": "Prepend", "prepend": SIGN}, REPLACE_SPACE), decoder=LLAMA_DECODER,
        post_processor=template(("<s>", 1)))
    # Llama 2 and Mistral as converted later: Metaspace, which puts a space only at the very beginning.
    yield "llama2-metaspace", file(
        model(vocab, merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True), added_tokens=marks,
        pre_tokenizer=metaspace("first", False), decoder=LLAMA_DECODER, post_processor=template(("<s>", 1)))
    # Mistral v3: control tokens of its own inside the vocabulary, old name of the prepend scheme in the decoder.
    v3 = specials + ["[INST]", "[/INST]", "[AVAILABLE_TOOLS]", "[TOOL_CALLS]"]
    vocab3, merges3 = sentencepiece(texts, size, v3)
    yield "mistral-v3", file(
        model(vocab3, merges3, unk_token="<unk>", fuse_unk=True, byte_fallback=True),
        added_tokens=[added(index, token) for index, token in enumerate(v3)], pre_tokenizer=metaspace("first", False),
        decoder=LLAMA_DECODER, post_processor=template(("<s>", 1)))
    # Gemma: no space in front, a Split that finds nothing, whitespace runs and turn marks as added tokens.
    gemma = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>", "<start_of_turn>", "<end_of_turn>"]
    runs = ["\n", "\n\n", "\n\n\n", "\n\n\n\n", "\t", "\t\t", "<table>"]
    vocabg, mergesg = sentencepiece(texts, size, gemma, extra=runs)
    mergesg += [["\n", "\n"], ["\n\n", "\n"], ["\n\n", "\n\n"], ["\t", "\t"]]
    yield "gemma", file(
        model(vocabg, mergesg, unk_token="<unk>", fuse_unk=True, byte_fallback=True),
        added_tokens=[added(index, token) for index, token in enumerate(gemma)]
        + [added(vocabg[token], token, special=False) for token in runs if token not in ("\n", "\t")],
        normalizer=REPLACE_SPACE,
        pre_tokenizer={"type": "Split", "pattern": {"String": " "}, "behavior": "MergedWithPrevious", "invert": False},
        decoder=sequence("Sequence-d", REPLACE_SIGN, {"type": "ByteFallback"}, {"type": "Fuse"}), post_processor=template(("<bos>", 2)))
    # Metaspace that cuts into words, with its own decoder; no bytes to fall back to, unknown characters fused.
    vocabm, mergesm = sentencepiece(texts, size, specials, byte_fallback=False)
    yield "metaspace-words", file(
        model(vocabm, mergesm, unk_token="<unk>", fuse_unk=True), added_tokens=marks, pre_tokenizer=metaspace("always", True),
        decoder=metaspace("always", True), post_processor=template(("<s>", 1)),
        normalizer=sequence("Sequence-n", {"type": "Strip", "strip_left": True, "strip_right": True}, {"type": "NFKC"}))
    yield "unknown-apart", file(
        model(vocabm, mergesm, unk_token="<unk>"), added_tokens=marks,
        pre_tokenizer={"type": "Metaspace", "replacement": SIGN, "add_prefix_space": True, "prepend_scheme": "never", "split": False},
        decoder=metaspace("never", False), normalizer={"type": "Lowercase"})
    # SmolLM and StarCoder: digits one by one before GPT-2's words.
    steps = pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)])
    small = byte_level(texts, size, steps)
    ends = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    top = max(small["vocab"].values()) + 1
    turns = [added(top + index, token) for index, token in enumerate(ends)]
    yield "smollm", file(
        small, added_tokens=turns, decoder=byte_level_step(space=True),
        pre_tokenizer=sequence("Sequence-p", {"type": "Digits", "individual_digits": True}, byte_level_step()))
    # Digits in runs, signs in runs, a literal with each behaviour; a space in front; tokens that take space or stand alone.
    alone = small["vocab"].get("tool", top + 2)
    flags = [
        added(top, "<mask>", lstrip=True), added(top + 1, "<end>", rstrip=True), added(alone, "tool", special=False, single_word=True),
        added(max(top + 1, alone) + 1, "мягких", special=False, normalized=True),
    ]
    yield "prefix-space", file(
        small, added_tokens=flags, decoder=byte_level_step(), pre_tokenizer=byte_level_step(space=True), normalizer={"type": "NFC"},
        post_processor=byte_level_step())
    for behavior in ("Isolated", "Contiguous", "MergedWithPrevious", "MergedWithNext"):
        yield "steps-" + behavior.lower(), file(
            small, added_tokens=turns, decoder=byte_level_step(), pre_tokenizer=sequence(
                "Sequence-p", {"type": "Punctuation", "behavior": behavior},
                {"type": "Split", "pattern": {"String": " "}, "behavior": behavior, "invert": behavior == "Contiguous"},
                {"type": "Digits", "individual_digits": False}, byte_level_step(regex=behavior != "Isolated")))
    # Llama 3 and Qwen as the newest converters write them.
    for name, expression in (("llama3-removed", LLAMA3), ("qwen3", QWEN2)):
        yield name, file(
            small, added_tokens=turns + [added(top + 3, "<think>", special=False)], decoder=byte_level_step(),
            normalizer={"type": "NFC"} if name == "qwen3" else None, pre_tokenizer=sequence(
                "Sequence-p", {
                    "type": "Split", "pattern": {"Regex": expression}, "behavior": "Isolated" if name == "qwen3" else "Removed",
                    "invert": name != "qwen3"}, byte_level_step(regex=False)))
    # Tekken, GPT-4o, GPT-4, DeepSeek and StarCoder 2 style: expressions of other kinds.
    for name, parts in EXPRESSIONS.items():
        splits = [
            {"type": "Split", "pattern": {"Regex": expression}, "behavior": behavior, "invert": behavior == "Removed"}
            for expression, behavior in parts]
        yield name, file(
            small, added_tokens=turns, decoder=byte_level_step(),
            pre_tokenizer=sequence("Sequence-p", *splits, byte_level_step(regex=False)))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--cases", type=int, default=120)
    parser.add_argument("--seed", type=int, default=20261121)
    parser.add_argument("--size", type=int, default=500)
    parser.add_argument("--text", type=pathlib.Path, help="a text file to train on as well")
    parser.add_argument("--only", nargs="*", help="write these families only, for the strings.json that is there")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    texts = PIECES + (options.text.read_text(encoding="utf-8").splitlines() if options.text else [])
    strings = EXTRA + HAND_PICKED + PIECES + list(generated(options.seed, options.cases))
    if options.only:
        strings = json.loads((options.folder / "strings.json").read_text(encoding="utf-8"))
    else:
        write(options.folder / "strings.json", strings)
    for name, content in families(texts, options.size):
        if options.only and name not in options.only:
            continue
        text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
        (options.folder / f"{name}.tokenizer.json").write_text(text + "\n", encoding="utf-8")
        tokenizer = Tokenizer.from_str(text)
        ids = [encoding.ids for encoding in tokenizer.encode_batch(strings)]
        write(options.folder / f"{name}.json", {"ids": ids, "texts": [tokenizer.decode(one, skip_special_tokens=False) for one in ids]})
        print(f"{name}: {tokenizer.get_vocab_size()} tokens, {len(strings)} strings, {sum(map(len, ids))} ids")


if __name__ == "__main__":
    main()
