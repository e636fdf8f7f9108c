"""Makes sampling.json: what transformers' logits processors leave of given logits, for SamplingReferenceTests.

usage: python sampling.py > sampling.json        (torch, transformers)
"""
import json
import random

import torch
from transformers import (
    MinPLogitsWarper, RepetitionPenaltyLogitsProcessor, TemperatureLogitsWarper, TopKLogitsWarper, TopPLogitsWarper,
)

random.seed(4)
cases = []
for number in range(40):
    size = random.randint(2, 40)
    logits = [round(random.gauss(0, 3), 3) for _ in range(size)]
    prompt = [random.randrange(size) for _ in range(random.randint(1, 12))]
    case = {
        "logits": logits,
        "prompt": prompt,
        "temperature": random.choice([0.5, 0.8, 1.0, 1.7]),
        "top_k": random.choice([0, 0, 2, 3, 5, 100]),
        "top_p": random.choice([1.0, 1.0, 0.95, 0.7, 0.3]),
        "min_p": random.choice([0.0, 0.0, 0.05, 0.3]),
        "repetition_penalty": random.choice([1.0, 1.0, 1.3, 2.0, 0.7]),
    }
    ids = torch.tensor([prompt])
    scores = torch.tensor([logits], dtype=torch.float32)
    if case["repetition_penalty"] != 1.0:
        scores = RepetitionPenaltyLogitsProcessor(case["repetition_penalty"])(ids, scores)
    scores = TemperatureLogitsWarper(case["temperature"])(ids, scores)
    if case["top_k"]:
        scores = TopKLogitsWarper(case["top_k"])(ids, scores)
    if case["top_p"] < 1.0:
        scores = TopPLogitsWarper(case["top_p"])(ids, scores)
    if case["min_p"] > 0.0:
        scores = MinPLogitsWarper(case["min_p"])(ids, scores)
    case["probabilities"] = [round(p, 7) for p in torch.softmax(scores, -1)[0].tolist()]
    case["logprobs"] = [round(p, 6) for p in torch.log_softmax(torch.tensor(logits), -1).tolist()]
    cases.append(case)
print(json.dumps(cases))
