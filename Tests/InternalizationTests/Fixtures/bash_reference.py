"""Writes bash-dev.jsonl, bash-bank.jsonl and bash-reference.json: a few rows of NL2Bash, and what three answers that
need no model score on them by NLTK and by code that shares nothing with ours.

    python bash_reference.py FOLDER-WITH-NL2BASH [all]

With `all`, the figures over the whole dev split are printed and nothing is written.
The rows are from TellinaTool/nl2bash, data/bash (MIT license; config/tasks/nl2bash/README.md).
"""
import collections
import json
import math
import pathlib
import re
import sys

from nltk.translate.bleu_score import SmoothingFunction, corpus_bleu, sentence_bleu

WORD = re.compile(r"[A-Za-z0-9_./*$~-]+|\S")
METHOD1 = SmoothingFunction().method1


def words(text):
    return WORD.findall(text.lower())


class BM25:
    def __init__(self, texts):
        self.postings, self.lengths = collections.defaultdict(list), []
        for row, text in enumerate(texts):
            tokens = words(text)
            self.lengths.append(len(tokens))
            for token, count in collections.Counter(tokens).items():
                self.postings[token].append((row, count))
        self.mean = sum(self.lengths) / len(texts)

    def nearest(self, query):
        scores = collections.defaultdict(float)
        for token in sorted(set(words(query))):
            rows = self.postings.get(token, [])
            weight = math.log(1 + (len(self.lengths) - len(rows) + 0.5) / (len(rows) + 0.5))
            for row, count in rows:
                scores[row] += weight * count * 2.2 / (count + 1.2 * (0.25 + 0.75 * self.lengths[row] / self.mean))
        return min(scores.items(), key=lambda item: (-item[1], item[0]))[0] if scores else None


def figures(answers, groups):
    def percent(values):
        values = list(values)
        return 100 * sum(values) / len(values)

    def normal(text):
        return " ".join(text.split())

    pairs = list(zip(answers, groups))
    having = [any(r["template"] for r in rows) for rows in groups]
    field = [bool(a["template"]) and a["template"] in [r["template"] for r in rows] for a, rows in pairs]
    return {
        "n": len(groups),
        "exact": percent(normal(a["answer"]) in [normal(r["answer"]) for r in rows] for a, rows in pairs),
        "template_field": percent(field),
        "template_field_having_one": percent(f for f, h in zip(field, having) if h),
        "char_bleu": percent(
            sentence_bleu([list(r["answer"]) for r in rows], list(a["answer"])) for a, rows in pairs),
        "token_bleu": percent(
            sentence_bleu([r["answer"].split() for r in rows], a["answer"].split(), smoothing_function=METHOD1)
            for a, rows in pairs),
        "corpus_token_bleu": 100 * corpus_bleu(
            [[r["answer"].split() for r in rows] for rows in groups], [a["answer"].split() for a in answers],
            smoothing_function=METHOD1),
        "utility": percent(a["answer"].split()[0] in [r["answer"].split()[0] for r in rows] for a, rows in pairs),
    }


def baselines(rows, bank):
    groups = collections.OrderedDict()
    for row in rows:
        groups.setdefault(row["group"], []).append(row)
    groups = list(groups.values())
    index = BM25([row["query"] for row in bank])
    constant = {"answer": "find . -type f", "template": "find Path -type f"}
    return {
        "constant": figures([constant] * len(groups), groups),
        "nearest": figures([bank[index.nearest(rows[0]["query"])] for rows in groups], groups),
        "gold": figures([rows[-1] for rows in groups], groups),
    }


def load(path):
    return [json.loads(line) for line in open(path, encoding="utf-8")]


if __name__ == "__main__":
    source, here = pathlib.Path(sys.argv[1]), pathlib.Path(__file__).parent
    dev, bank = load(source / "dev.jsonl"), load(source / "train.jsonl")
    if sys.argv[2:] == ["all"]:
        print(json.dumps(baselines(dev, bank), indent=1))
        sys.exit()
    dev = [row for row in dev if int(row["group"]) % 9 == 4]
    index = BM25([row["query"] for row in bank])
    near = {index.nearest(row["query"]) for row in dev}
    bank = [row for number, row in enumerate(bank) if number in near or number % 97 == 0]
    for name, rows in (("bash-dev.jsonl", dev), ("bash-bank.jsonl", bank)):
        with open(here / name, "w", encoding="utf-8") as file:
            for row in rows:
                kept = {key: row[key] for key in ("query", "answer", "group", "template")}
                file.write(json.dumps(kept, ensure_ascii=False, sort_keys=True) + "\n")
    with open(here / "bash-reference.json", "w") as file:
        json.dump(baselines(dev, bank), file, indent=1)
        file.write("\n")
