#!/usr/bin/env python3
"""Runs LoRA training steps of the embedded trainer and of transformers + peft in turns, and prints ratios.

usage: training.py --engine PROMPTINTERN --python PYTHON --models FOLDER[,FOLDER...]
                   [--length 512] [--batch 4] [--rank 16] [--steps 5] [--rounds 3] [--threads 2]

A step is forward and backward pass over BATCH sequences of LENGTH random tokens, the loss on every token, clipping at 1 and
AdamW, with an adapter of the same rank on all linear layers. PYTHON has torch, transformers and peft; it runs in float32 and
in bfloat16. Each figure is the median of the rounds, each ratio the median of the rounds' ratios; a process' first step is not
counted. Memory is the most that a process ever held. Standard library only.
"""
import argparse
import json
import os
import statistics
import subprocess

RIVAL = """
import json, resource, sys, time, torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM
path, dtype, length, batch, rank, steps, threads = sys.argv[1:3] + [int(value) for value in sys.argv[3:]]
torch.set_num_threads(threads)
torch.manual_seed(1)
model = AutoModelForCausalLM.from_pretrained(path, dtype=getattr(torch, dtype))
model.config.use_cache = False
model = get_peft_model(
    model, LoraConfig(r=rank, lora_alpha=2 * rank, lora_dropout=0.0, target_modules="all-linear", task_type="CAUSAL_LM"))
model.train()
trained = [value for value in model.parameters() if value.requires_grad]
optimizer = torch.optim.AdamW(trained, lr=1e-4, weight_decay=0.0)
ids = torch.randint(0, model.config.vocab_size, (batch, length))
seconds = []
for step in range(steps + 1):
    start = time.perf_counter()
    loss = model(input_ids=ids, labels=ids).loss
    loss.backward()
    torch.nn.utils.clip_grad_norm_(trained, 1.0)
    optimizer.step()
    optimizer.zero_grad()
    if step:
        seconds.append(time.perf_counter() - start)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
print(json.dumps({"tokensPerSecond": batch * length / sorted(seconds)[len(seconds) // 2], "peakMemory": peak}))
"""


def measured(command, threads):
    environment = dict(os.environ, OMP_NUM_THREADS=str(threads), HF_HUB_OFFLINE="1")
    run = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment)
    return json.loads(run.stdout[run.stdout.index("{") :])


def compare(options, model):
    sizes = [str(value) for value in (options.length, options.batch, options.rank, options.steps, options.threads)]
    engine = [options.engine, "engine", "bench-training", "--model", model, "--json"]
    for name, value in zip(("--length", "--batch", "--rank", "--steps", "--threads"), sizes):
        engine += [name, value]
    commands = {"engine, float32": engine}
    for dtype in options.dtypes.split(","):
        commands[f"peft, {dtype}"] = [options.python, "-c", RIVAL, model, dtype, *sizes]
    rounds = [{name: measured(command, options.threads) for name, command in commands.items()} for _ in range(options.rounds)]
    print(f"\n{model}: {options.batch} x {options.length} tokens, rank {options.rank}, {options.rounds} rounds\n")
    print("| trainer | tokens/s | peak MiB | engine's speed | engine's memory |")
    print("|---|--:|--:|--:|--:|")
    own = "engine, float32"
    for name in commands:
        speed = statistics.median(row[name]["tokensPerSecond"] for row in rounds)
        memory = statistics.median(row[name]["peakMemory"] for row in rounds) / 2**20
        faster = statistics.median(row[own]["tokensPerSecond"] / row[name]["tokensPerSecond"] for row in rounds)
        smaller = statistics.median(row[own]["peakMemory"] / row[name]["peakMemory"] for row in rounds)
        ratios = ["", ""] if name == own else [f"{faster:.2f}x", f"{smaller:.2f}x"]
        print(f"| {name} | {speed:.0f} | {memory:.0f} | {ratios[0]} | {ratios[1]} |", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--engine", required=True)
    parser.add_argument("--python", required=True)
    parser.add_argument("--models", required=True)
    parser.add_argument("--dtypes", default="float32,bfloat16")
    for name, value in (("length", 512), ("batch", 4), ("rank", 16), ("steps", 5), ("rounds", 3), ("threads", 2)):
        parser.add_argument("--" + name, type=int, default=value)
    options = parser.parse_args()
    for model in options.models.split(","):
        compare(options, model)


if __name__ == "__main__":
    main()
