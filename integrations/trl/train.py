"""Trains the stages that `promptintern export --to trl` wrote, each from the adapter of the one before, with TRL.

    accelerate launch train.py FOLDER [FIRST_STAGE] [--use_cpu true …]

FOLDER is the export; further arguments override its YAML files. Held-out rows, where the export has some, are tested after
each stage. TRL's own command line starts every run from a new adapter,
so that `trl sft --config stage-0.yaml` trains the first stage only.
"""

import json
import os
import pathlib
import sys

import torch
from datasets import load_dataset
from peft import PeftModel
from transformers import AutoModelForCausalLM
from trl import DatasetMixtureConfig, ModelConfig, ScriptArguments, SFTConfig, SFTTrainer, TrlParser, get_peft_config


def train(stage, validation, overrides):
    parser = TrlParser((ScriptArguments, SFTConfig, ModelConfig, DatasetMixtureConfig))
    _, training, settings, mixture = parser.parse_args_and_config(
        ["--config", f"stage-{stage}.yaml", *overrides], fail_with_unknown_args=True
    )
    dtype = settings.dtype if settings.dtype in ("auto", None) else getattr(torch, settings.dtype)
    model = AutoModelForCausalLM.from_pretrained(settings.model_name_or_path, dtype=dtype)
    adapter = None
    if stage:
        model = PeftModel.from_pretrained(model, f"output/stage-{stage - 1}", is_trainable=True)
    else:
        adapter = get_peft_config(settings)
    data = mixture.datasets[0]
    rows = load_dataset(data.path, data_files=data.data_files, split=data.split)
    held_out = load_dataset("json", data_files=validation, split="train") if validation else None
    trainer = SFTTrainer(model=model, args=training, train_dataset=rows, eval_dataset=held_out, peft_config=adapter)
    trainer.train()
    if validation:
        print(f"stage {stage}: {trainer.evaluate()}", flush=True)
    trainer.save_model(training.output_dir)


def main():
    os.chdir(sys.argv[1])
    arguments = sys.argv[2:]
    first = int(arguments.pop(0)) if arguments and arguments[0].isdigit() else 0
    index = json.loads(pathlib.Path("export.json").read_text())
    for stage in range(first, len(index["stages"])):
        train(stage, index.get("validation"), arguments)


if __name__ == "__main__":
    main()
