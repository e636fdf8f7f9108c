"""Writes the reference that the Swift tests compare the embedded trainer with (Tests/InternalizationTests/Fixtures/peft).

    python make_reference.py PROGRAM FOLDER

Makes a tiny random Llama with a tokenizer, a task of sixteen rows, exports it with PROGRAM (promptintern), trains it with
train.py, and keeps: the base, the rows, the template, every step's loss, the last stage's adapter, and logits that
transformers and peft compute with it. Everything is seeded.
"""

import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

import torch
from peft import PeftModel
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

HERE = pathlib.Path(__file__).parent
TEMPLATE = """You answer with one formula.
- sum adds, mean averages, top takes the largest.
- North is N1, South is S2, East is E3, West is W4.
Never explain.

Examples
"""
CHATML = (
    "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n'}}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)
SETTINGS = ["--stages", "3", "--examples", "2", "--epochs", "3", "--batch", "4", "--rank", "4", "--seed", "11"]
SCHEMA = """task: tiny
unknown_examples: strip
messages:
  - role: system
    parts:
      - template_file: template.txt
      - examples: {prefix: "Q: ", separator: "\\nA: ", suffix: "\\n\\n"}
  - role: user
    parts: [query]
"""


def rows():
    found = []
    for function, word in [("sum", "total"), ("mean", "average"), ("top", "best"), ("sum", "whole")]:
        for place in ["North", "South", "East", "West"]:
            code = {"North": "N1", "South": "S2", "East": "E3", "West": "W4"}[place]
            found.append({"query": f"What is the {word} of {place}?", "answer": f"={function}({code})"})
    return found


def tokenizer(folder):
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    specials = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    trainer = trainers.BpeTrainer(
        vocab_size=320, special_tokens=specials, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    made.train_from_iterator([TEMPLATE] + [row["query"] + " " + row["answer"] for row in rows()], trainer)
    wrapped = PreTrainedTokenizerFast(tokenizer_object=made, eos_token="<|im_end|>", pad_token="<|endoftext|>")
    wrapped.chat_template = CHATML
    wrapped.save_pretrained(folder)
    (folder / "chat_template.jinja").unlink(missing_ok=True)
    settings = json.loads((folder / "tokenizer_config.json").read_text())
    settings["chat_template"] = CHATML
    (folder / "tokenizer_config.json").write_text(json.dumps(settings, indent=1) + "\n")
    return wrapped


def base(folder):
    words = tokenizer(folder)
    torch.manual_seed(20240702)
    config = LlamaConfig(
        vocab_size=len(words),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=8,
        max_position_embeddings=512,
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=words.eos_token_id,
        initializer_range=0.08,
    )
    LlamaForCausalLM(config).to(torch.bfloat16).save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)


def logits(folder, adapter, ids):
    model = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32), adapter)
    with torch.no_grad():
        return model.eval()(input_ids=torch.tensor([ids])).logits[0]


def main():
    program, output = sys.argv[1], pathlib.Path(sys.argv[2])
    output.mkdir(parents=True, exist_ok=True)
    base(output / "base")
    (output / "template.txt").write_text(TEMPLATE)
    (output / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows()))
    with tempfile.TemporaryDirectory() as name:
        task, export, trained = (pathlib.Path(name) / part for part in ["task", "export", "trained"])
        (task / "data").mkdir(parents=True)
        shutil.copytree(output / "base", task / "base")
        shutil.copy(output / "template.txt", task)
        shutil.copy(output / "rows.jsonl", task / "data/train.jsonl")
        (task / "schema.yaml").write_text(SCHEMA)
        subprocess.run(
            [program, "export", "--task", task, "--to", "peft", "--output", export, "--initial-adapter", *SETTINGS],
            check=True,
        )
        subprocess.run(
            [sys.executable, HERE / "train.py", "--export", export, "--model", task / "base", "--output", trained]
            + ["--initial-adapter", export / "initial-adapter", "--same-tokens", "--micro-batch", "3"],
            check=True,
        )
        shutil.copytree(trained / "stage-2", output / "adapter", dirs_exist_ok=True)
        (output / "adapter/README.md").unlink(missing_ok=True)
        settings = json.loads((output / "adapter/adapter_config.json").read_text())
        settings["base_model_name_or_path"] = "../base"
        settings["target_modules"] = sorted(settings["target_modules"])
        (output / "adapter/adapter_config.json").write_text(json.dumps(settings, indent=1, sort_keys=True) + "\n")
        losses = [json.loads(line)["loss"] for line in (trained / "losses.jsonl").read_text().splitlines()]
        index = json.loads((export / "export.json").read_text())
    ids = [(7 * number) % 300 for number in range(24)]
    last = logits(output / "base", output / "adapter", ids)[-1].tolist()
    reference = {
        "losses": losses,
        "digests": [stage["tokensSHA256"] for stage in index["stages"]],
        "ids": ids,
        "logits": last,
    }
    (output / "reference.json").write_text(json.dumps(reference) + "\n")


if __name__ == "__main__":
    main()
