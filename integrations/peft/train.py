"""Trains one LoRA adapter through a task's stages, following the plan that `promptintern export --to peft` wrote.

    accelerate launch train.py --export FOLDER --model MODEL --output FOLDER

The export says everything: `steps.jsonl` has the stage, learning rate and rows of every optimizer step, `stage-N.jsonl`
the rows' messages and answers. This program only computes: loss on the answer's tokens and its end token, their mean over
the step's rows, AdamW, clipping at a global norm of 1. With the same base and initial adapter its losses are those of
`promptintern tune`. Rows of a step are shared by the processes that accelerate starts.
"""

import argparse
import contextlib
import hashlib
import json
import os
import pathlib
import sys

import torch
from accelerate import Accelerator
from accelerate.utils import set_seed
from peft import LoraConfig, PeftModel, get_peft_model, get_peft_model_state_dict, set_peft_model_state_dict
from transformers import AutoModelForCausalLM, AutoTokenizer

IGNORED = -100


class Stage:
    """A stage's rows as token ids: prompt, and answer with its end token."""

    def __init__(self, folder, entry, tokenizer, end):
        path = folder / entry["file"]
        if hashlib.sha256(path.read_bytes()).hexdigest() != entry["sha256"]:
            sys.exit(f"{path}: is not the file that export.json describes; export again")
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]
        self.rows = [encode(tokenizer, row, end) for row in rows]
        self.is_same = entry.get("tokensSHA256") in (None, digest(self.rows))


def encode(tokenizer, row, end):
    text = tokenizer.apply_chat_template(row["messages"], tokenize=False, add_generation_prompt=True)
    prompt = tokenizer(text, add_special_tokens=False)["input_ids"]
    answer = tokenizer(row["answer"], add_special_tokens=False)["input_ids"]
    return prompt, answer + [end]


def digest(rows):
    """SHA-256 over all token ids, as promptintern's run folders name a corpus."""
    hashed = hashlib.sha256()
    for parts in rows:
        for ids in parts:
            hashed.update(b"".join(token.to_bytes(4, "little") for token in ids) + b"\xff")
    return hashed.hexdigest()


def batch(rows, pad, device):
    """Right-padded ids, attention mask, and labels that are ignored outside the answers."""
    length = max(len(prompt) + len(answer) for prompt, answer in rows)
    ids = torch.full((len(rows), length), pad)
    labels = torch.full((len(rows), length), IGNORED)
    mask = torch.zeros((len(rows), length), dtype=torch.long)
    for number, (prompt, answer) in enumerate(rows):
        count = len(prompt) + len(answer)
        ids[number, :count] = torch.tensor(prompt + answer)
        labels[number, len(prompt) : count] = torch.tensor(answer)
        mask[number, :count] = 1
    return ids.to(device), mask.to(device), labels.to(device)


def summed_loss(model, ids, mask, labels):
    """Cross-entropy of the answers' tokens, summed, in nats."""
    logits = model(input_ids=ids, attention_mask=mask).logits[:, :-1].float()
    return torch.nn.functional.cross_entropy(
        logits.reshape(-1, logits.shape[-1]), labels[:, 1:].reshape(-1), ignore_index=IGNORED, reduction="sum"
    )


class Checkpoint:
    """Adapter, optimizer and position in one file that is replaced at once."""

    def __init__(self, path, identity):
        self.path = path
        self.identity = identity

    def load(self, model, optimizer):
        """The losses of the steps that are done; none without a checkpoint."""
        if not self.path.exists():
            return []
        state = torch.load(self.path, map_location="cpu", weights_only=True)
        if state["identity"] != self.identity:
            sys.exit(f"{self.path}: belongs to another export; remove it, or name another --output")
        set_peft_model_state_dict(model, state["adapter"])
        optimizer.load_state_dict(state["optimizer"])
        return state["losses"]

    def save(self, model, optimizer, losses):
        temporary = self.path.with_suffix(".partial")
        state = {
            "identity": self.identity,
            "adapter": get_peft_model_state_dict(model),
            "optimizer": optimizer.state_dict(),
            "losses": losses,
        }
        with open(temporary, "wb") as file:
            torch.save(state, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, self.path)


class Run:
    def __init__(self, options):
        self.options = options
        self.accelerator = Accelerator()
        self.folder = pathlib.Path(options.export)
        self.output = pathlib.Path(options.output)
        self.index = json.loads((self.folder / "export.json").read_text())
        if self.index["target"] != "peft":
            sys.exit(f"{self.folder}: was exported for {self.index['target']}; use promptintern export --to peft")
        plan = (self.folder / "steps.jsonl").read_bytes()
        self.steps = [json.loads(line) for line in plan.splitlines()]
        self.recipe = self.index["recipe"]
        self.identity = hashlib.sha256(plan + json.dumps(self.index, sort_keys=True).encode()).hexdigest()
        set_seed(self.recipe["seed"] % 2**32)
        self.tokenizer = AutoTokenizer.from_pretrained(options.model)
        self.pad = self.tokenizer.pad_token_id or 0
        self.stages = self.load_stages()

    def say(self, text):
        self.accelerator.print(text, flush=True)

    def load_stages(self):
        end = self.tokenizer.eos_token_id
        if self.index.get("endToken"):
            known = self.tokenizer.convert_tokens_to_ids(self.index["endToken"])
            end = end if known is None or known == self.tokenizer.unk_token_id else known
        stages = [Stage(self.folder, entry, self.tokenizer, end) for entry in self.index["stages"]]
        if not all(stage.is_same for stage in stages):
            self.say("note: the model's tokenizer or chat template differs from the task's; so do the token ids")
            if self.options.same_tokens:
                sys.exit("--same-tokens: refused")
        return stages

    def model(self):
        base = AutoModelForCausalLM.from_pretrained(self.options.model, dtype=getattr(torch, self.options.dtype))
        base.config.use_cache = False
        if self.options.gradient_checkpointing:
            base.gradient_checkpointing_enable()
            base.enable_input_require_grads()
        if self.options.initial_adapter:
            return PeftModel.from_pretrained(base, self.options.initial_adapter, is_trainable=True)
        config = LoraConfig(
            r=self.recipe["rank"],
            lora_alpha=self.recipe["alpha"],
            lora_dropout=self.recipe.get("dropout", 0.0),
            target_modules="all-linear",
            task_type="CAUSAL_LM",
        )
        return get_peft_model(base, config)

    def optimizer(self, model):
        trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
        return torch.optim.AdamW(trained, lr=0.0, betas=(0.9, 0.999), eps=1e-8, weight_decay=self.recipe["weightDecay"])

    def train(self):
        plain = self.model()
        bare = self.optimizer(plain)
        checkpoint = Checkpoint(self.output / "checkpoint.pt", self.identity)
        losses = checkpoint.load(plain, bare)
        if losses:
            self.say(f"going on after step {len(losses)} of {len(self.steps)}")
        model, optimizer = self.accelerator.prepare(plain, bare)
        model.train()
        for number in range(len(losses), len(self.steps)):
            step = self.steps[number]
            if self.recipe.get("resetsOptimizer") and number and step["stage"] != self.steps[number - 1]["stage"]:
                bare.state.clear()
            loss, tokens = self.step(model, optimizer, step)
            losses.append({"step": number + 1, "stage": step["stage"], "loss": loss, "tokens": tokens})
            self.say(f"stage {step['stage'] + 1}/{len(self.stages)} step {number + 1}/{len(self.steps)} loss {loss:.5f}")
            ends = number + 1 == len(self.steps) or self.steps[number + 1]["stage"] != step["stage"]
            if ends or (number + 1) % self.options.save_every == 0:
                self.save(plain, bare, checkpoint, losses, step["stage"] if ends else None)

    def step(self, model, optimizer, step):
        """One optimizer step on the step's rows; returns their mean loss a token, over all processes."""
        rows = self.rows(step)
        tokens = sum(len(answer) for _, answer in rows)
        share = rows[self.accelerator.process_index :: self.accelerator.num_processes]
        micro = self.options.micro_batch
        parts = [share[start : start + micro] for start in range(0, len(share), micro)] or [rows[:1]]
        total = torch.zeros((), device=self.accelerator.device)
        for number, part in enumerate(parts):
            is_last = number + 1 == len(parts)
            with contextlib.nullcontext() if is_last else self.accelerator.no_sync(model):
                loss = summed_loss(model, *batch(part, self.pad, self.accelerator.device))
                if not share:
                    loss = loss * 0
                # Processes' gradients are averaged; what is wanted is their sum over the step's tokens.
                self.accelerator.backward(loss * (self.accelerator.num_processes / tokens))
            total += loss.detach()
        for group in optimizer.param_groups:
            group["lr"] = step["rate"]
        self.accelerator.clip_grad_norm_(model.parameters(), self.recipe["clip"])
        optimizer.step()
        optimizer.zero_grad()
        return self.accelerator.reduce(total, reduction="sum").item() / tokens, tokens

    def rows(self, step):
        """The step's rows: of its own stage, or of the stages that the plan names row by row."""
        stages = step.get("stages") or [step["stage"]] * len(step["rows"])
        return [self.stages[stage].rows[row] for stage, row in zip(stages, step["rows"])]

    def save(self, model, optimizer, checkpoint, losses, stage):
        self.accelerator.wait_for_everyone()
        if not self.accelerator.is_main_process:
            return
        if stage is not None:
            model.save_pretrained(self.output / f"stage-{stage}")
        (self.output / "losses.jsonl").write_text("".join(json.dumps(loss) + "\n" for loss in losses))
        checkpoint.save(model, optimizer, losses)


def main():
    parser = argparse.ArgumentParser(description="Trains an adapter through the stages of a promptintern export.")
    parser.add_argument("--export", required=True, help="folder that `promptintern export --to peft` wrote")
    parser.add_argument("--model", required=True, help="base model: a folder, or a name on the Hugging Face hub")
    parser.add_argument("--output", required=True, help="folder for checkpoints, losses and one adapter a stage")
    parser.add_argument("--initial-adapter", help="adapter to start from, such as the export's initial-adapter")
    parser.add_argument("--micro-batch", type=int, default=4, help="rows that a process computes at once")
    parser.add_argument("--dtype", default="float32", choices=["float32", "bfloat16", "float16"])
    parser.add_argument("--gradient-checkpointing", action="store_true")
    parser.add_argument("--save-every", type=int, default=50, help="steps between checkpoints")
    parser.add_argument("--same-tokens", action="store_true", help="refuse a tokenizer that differs from the task's")
    options = parser.parse_args()
    pathlib.Path(options.output).mkdir(parents=True, exist_ok=True)
    Run(options).train()


if __name__ == "__main__":
    main()
