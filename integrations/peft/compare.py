"""Trains a task with promptintern and with train.py, and compares losses, adapters and logits.

    python compare.py PROGRAM TASK [EXPORT OPTIONS…]

TASK needs a small base of Llama architecture: both trainers run here, on one thread. The options go to `export` and to `tune`.
Exits 1 if a loss differs by more than 1e-3 or a logit by more than 1e-2 after training.
"""

import json
import pathlib
import struct
import subprocess
import sys
import tempfile

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM

HERE = pathlib.Path(__file__).parent


def embedded(program, task, options):
    """The losses of the last twenty steps, and the last stage's adapter."""
    output = subprocess.run(
        [program, "tune", "--task", task, "--threads", "1", *options], check=True, capture_output=True, text=True
    ).stdout
    run = pathlib.Path(output.strip().splitlines()[-1].removeprefix("run folder: "))
    newest = sorted(run.glob("checkpoint-*.safetensors"))[-1]
    with open(newest, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
    return json.loads(header["__metadata__"]["losses"]), sorted(run.glob("stage-*"))[-1]


def logits(base, adapter, ids):
    model = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32), adapter)
    with torch.no_grad():
        return model.eval()(input_ids=torch.tensor([ids])).logits


def main():
    program, task, options = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3:]
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as name:
        export, trained = pathlib.Path(name) / "export", pathlib.Path(name) / "trained"
        subprocess.run(
            [program, "export", "--task", task, "--to", "peft", "--output", export, "--initial-adapter", *options],
            check=True,
        )
        subprocess.run(
            [sys.executable, HERE / "train.py", "--export", export, "--model", task / "base", "--output", trained]
            + ["--initial-adapter", export / "initial-adapter", "--same-tokens"],
            check=True,
        )
        theirs = [json.loads(line)["loss"] for line in (trained / "losses.jsonl").read_text().splitlines()]
        ours, adapter = embedded(program, task, options)
        worst = max(abs(a - b) for a, b in zip(ours, theirs[-len(ours) :]))
        print(f"losses: {len(ours)} of {len(theirs)} steps compared, largest difference {worst:.2e}")
        ids = [(7 * number) % 300 for number in range(24)]
        last = sorted(trained.glob("stage-*"))[-1]
        largest = (logits(task / "base", adapter, ids) - logits(task / "base", last, ids)).abs().max().item()
        print(f"logits of the two adapters, both loaded by peft: largest difference {largest:.2e}")
    sys.exit(worst > 1e-3 or largest > 1e-2)


if __name__ == "__main__":
    main()
