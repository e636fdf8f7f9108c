"""Loads what `promptintern export` wrote with the tools it was written for, and says which tools were here.

    python check_exports.py FOLDER...

Each FOLDER is one export. JSON lines are loaded with `datasets`; configuration files with the tool's own parser or
schema, where it is installed: TRL's TrlParser, LLaMA-Factory's get_dataset_list and converters, Axolotl's
pydantic schema. Exits 1 if a tool refuses a file, or if the answers differ between stages.
"""

import importlib.util
import json
import pathlib
import sys


def answer_of(row):
    """The answer of a row in any of the shapes."""
    if "answer" in row:
        return row["answer"]
    if "completion" in row:
        completion = row["completion"]
        return completion if isinstance(completion, str) else completion[0]["content"]
    last = row["messages"][-1]
    assert last["role"] == "assistant", last["role"]
    content = last["content"]
    return content if isinstance(content, str) else content[0]["text"]


def check_rows(folder, index):
    from datasets import load_dataset

    answers = None
    for stage in index["stages"]:
        path = str(folder / stage["file"])
        rows = load_dataset("json", data_files=path, split="train", cache_dir=str(folder / ".cache"))
        assert len(rows) == stage["rows"], f"{path}: {len(rows)} rows"
        found = [answer_of(row) for row in rows]
        assert answers in (None, found), f"{path}: answers differ from the first stage's"
        answers = found
    return f"datasets: {len(index['stages'])} stages of {len(answers)} rows, answers the same in all"


def check_trl(folder, index):
    import torch
    from trl import DatasetMixtureConfig, ModelConfig, ScriptArguments, SFTConfig, TrlParser

    cpu = [] if torch.cuda.is_available() else ["--use_cpu", "true", "--bf16", "false"]
    for number in range(len(index["stages"])):
        parser = TrlParser((ScriptArguments, SFTConfig, ModelConfig, DatasetMixtureConfig))
        _, training, model, mixture = parser.parse_args_and_config(
            ["--config", str(folder / f"stage-{number}.yaml"), *cpu], fail_with_unknown_args=True
        )
        assert training.max_steps == index["stages"][number]["steps"]
        assert model.use_peft and mixture.datasets[0].data_files == index["stages"][number]["file"]
    return "trl: every stage-N.yaml parsed by TrlParser"


def check_llama_factory(folder, index):
    import yaml
    from llamafactory.data.parser import get_dataset_list
    from llamafactory.hparams import DataArguments, FinetuningArguments, GeneratingArguments, ModelArguments
    from transformers import HfArgumentParser, Seq2SeqTrainingArguments

    validation = f"{index['task']}-validation" if index.get("validation") else None
    if validation:
        assert get_dataset_list([validation], str(folder))[0].dataset_name == index["validation"]
    names = [f"{index['task']}-stage-{number}" for number in range(len(index["stages"]))]
    for entry, stage in zip(get_dataset_list(names, str(folder)), index["stages"]):
        assert (entry.dataset_name, entry.formatting, entry.messages) == (stage["file"], "sharegpt", "messages")
        assert (entry.role_tag, entry.assistant_tag) == ("role", "assistant")
    groups = (ModelArguments, DataArguments, Seq2SeqTrainingArguments, FinetuningArguments, GeneratingArguments)
    for number in range(len(names)):
        values = yaml.safe_load((folder / f"stage-{number}.yaml").read_text())
        values["use_cpu"] = True
        model, data, training, finetuning, _ = HfArgumentParser(groups).parse_dict(values)
        previous = [f"output/stage-{number - 1}"] if number else None
        assert model.adapter_name_or_path == previous and not finetuning.create_new_adapter
        assert data.eval_dataset == ([validation] if validation else None)
        assert data.dataset == [names[number]] and training.max_steps == index["stages"][number]["steps"]
    return "llama-factory: dataset_info.json and every stage-N.yaml parsed by its own argument classes"


def check_axolotl(folder, index):
    import yaml
    from axolotl.utils.schemas.config import AxolotlInputConfig

    for number in range(len(index["stages"])):
        values = yaml.safe_load((folder / f"stage-{number}.yaml").read_text())
        config = AxolotlInputConfig(**values)
        assert config.max_steps == index["stages"][number]["steps"]
        assert config.datasets[0].message_field_training == "train"
        held_out = [index["validation"]] if index.get("validation") else []
        assert [test.path for test in config.test_datasets or []] == held_out
        assert config.lora_model_dir == (f"output/stage-{number - 1}" if number else None)
    return "axolotl: every stage-N.yaml accepted by AxolotlInputConfig"


CHECKS = {
    "trl": ("trl", check_trl),
    "llama-factory": ("llamafactory", check_llama_factory),
    "axolotl": ("axolotl", check_axolotl),
}


def main():
    failed = False
    for name in sys.argv[1:]:
        folder = pathlib.Path(name)
        index = json.loads((folder / "export.json").read_text())
        checks = [check_rows]
        if index["target"] in CHECKS:
            module, check = CHECKS[index["target"]]
            spec = importlib.util.find_spec(module)
            # A folder beside this file, such as trl/, looks like a package without an origin.
            if spec and spec.origin:
                checks.append(check)
            else:
                print(f"{folder}: {module} is not installed, its files were not tried")
        for check in checks:
            try:
                print(f"{folder}: {check(folder, index)}")
            except Exception as error:  # whatever the tool raises is the finding
                failed = True
                print(f"{folder}: {check.__name__}: {type(error).__name__}: {error}")
    sys.exit(failed or len(sys.argv) < 2)


if __name__ == "__main__":
    main()
