"""Makes beams.json: what transformers' beam search finds with the fixtures' models, for BeamSearchTests.

usage: python beams.py > beams.json        (torch, transformers, peft; in this folder)

Random models end no answer by themselves, so many tokens count as ends. Answers that the limit cut while others had
ended are left out: the engine prefers those that ended.
"""
import json
import random

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM

random.seed(7)
LIMIT = 14
cases = []
for name in ("tied", "untied", "adapter"):
    model = AutoModelForCausalLM.from_pretrained("untied" if name == "untied" else "tied", dtype=torch.float32).eval()
    if name == "adapter":
        model = PeftModel.from_pretrained(model, "adapter").merge_and_unload().eval()
    kept = 0
    while kept < 12:
        prompt = [random.randrange(3, 96) for _ in range(random.choice([1, 5, 31, 40]))]
        width = random.choice([2, 3, 4, 8, 16])
        ends = sorted(random.sample(range(96), random.choice([0, 2, 6, 12])))
        output = model.generate(
            torch.tensor([prompt]), attention_mask=torch.ones(1, len(prompt), dtype=torch.long), num_beams=width,
            length_penalty=0.0, early_stopping=False, do_sample=False, max_new_tokens=LIMIT,
            num_return_sequences=width, eos_token_id=ends or None, pad_token_id=0, return_dict_in_generate=True,
            output_scores=True)
        tokens = output.sequences[0, len(prompt):].tolist()
        end = next((place for place, token in enumerate(tokens) if token in ends), None)
        if ends and end is None:
            continue
        kept += 1
        cases.append({
            "model": name, "prompt": prompt, "width": width, "ends": ends, "limit": LIMIT,
            "tokens": tokens if end is None else tokens[:end], "score": round(output.sequences_scores[0].item(), 5)})
print(json.dumps(cases))
