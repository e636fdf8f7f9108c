"""Writes on-policy.json: the reverse KL from a student that saw a query to a teacher that saw a longer prompt, on the
same answer, as torch and peft compute it.

The student is `tied/` with `adapter/`, the teacher `tied/` alone. Loss: the mean over the answer's tokens of
sum over v of p(v) (log p(v) - log q(v)).

Needs (scratch environment): torch, transformers, peft. Usage: python Tests/EngineTests/Fixtures/on_policy.py
"""

import json
import os

import torch
from peft import PeftModel
from transformers import LlamaForCausalLM

HERE = os.path.dirname(os.path.abspath(__file__))
PREFIX = [5, 17, 80, 3, 44, 91, 12]
QUERY = [33, 9, 61, 27, 70]
ANSWERS = [[14, 88, 14, 52, 2], [71, 6, 2]]


def log_probabilities(model, prompt, answer):
    """[answer tokens, vocabulary]: what the model expects in place of each token of the answer."""
    logits = model(torch.tensor([prompt + answer])).logits[0]
    return torch.log_softmax(logits, -1)[len(prompt) - 1:-1]


def divergence(student, targets):
    total = torch.zeros(())
    for answer, q in zip(ANSWERS, targets):
        p = log_probabilities(student, QUERY, answer)
        total = total + (p.exp() * (p - q)).sum()
    return total / sum(len(answer) for answer in ANSWERS)


def samples(tensor):
    flat = tensor.detach().reshape(-1)
    picks = sorted({0, 1, flat.numel() // 3, flat.numel() // 2, flat.numel() - 1})
    return {str(i): float(f"{flat[i].item():.8g}") for i in picks}


def main():
    torch.set_num_threads(1)
    base = LlamaForCausalLM.from_pretrained(f"{HERE}/tied", dtype=torch.float32, attn_implementation="eager")
    with torch.no_grad():
        targets = [log_probabilities(base, PREFIX + QUERY, answer) for answer in ANSWERS]
    student = PeftModel.from_pretrained(base, f"{HERE}/adapter", is_trainable=True)
    trained = {n.replace(".default.", "."): p for n, p in student.named_parameters() if p.requires_grad}
    loss = divergence(student, targets)
    loss.backward()
    result = {
        "prefix": PREFIX, "query": QUERY, "answers": ANSWERS,
        "guides": [samples(q) for q in targets],
        "loss": float(f"{loss.item():.8g}"),
        "gradients": {n: {"norm": float(f"{p.grad.norm().item():.8g}"), "entries": samples(p.grad)}
                      for n, p in trained.items()},
    }
    optimizer = torch.optim.AdamW(trained.values(), lr=1e-2, weight_decay=0.0, foreach=False)
    losses = []
    for _ in range(5):
        optimizer.zero_grad()
        loss = divergence(student, targets)
        loss.backward()
        optimizer.step()
        losses.append(float(f"{loss.item():.8g}"))
    result["losses"] = losses
    with open(f"{HERE}/on-policy.json", "w") as file:
        json.dump(result, file, sort_keys=True, separators=(",", ":"))
        file.write("\n")


if __name__ == "__main__":
    main()
