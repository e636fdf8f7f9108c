"""Writes the engine's reference fixtures: tiny random Llama checkpoints, a LoRA adapter, and what torch,
transformers and peft compute with them. See Tests/EngineTests/Fixtures/README.md for the layout.

Needs (scratch environment): torch, transformers, peft, safetensors.
Usage: python Tools/engine_reference.py [OUTPUT_FOLDER]
"""

import copy
import json
import os
import shutil
import sys

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import LlamaConfig, LlamaForCausalLM

OUTPUT = sys.argv[1] if len(sys.argv) > 1 else "Tests/EngineTests/Fixtures"
torch.set_num_threads(1)
torch.use_deterministic_algorithms(True)


def config(tied, layers):
    return LlamaConfig(
        vocab_size=96,
        hidden_size=32,
        intermediate_size=56,
        num_hidden_layers=layers,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=320,
        rms_norm_eps=1e-5,
        rope_theta=10000.0,
        tie_word_embeddings=tied,
        bos_token_id=1,
        eos_token_id=2,
        pad_token_id=None,
        attn_implementation="eager",
    )


def randomize(model, seed):
    """Weights large enough for logits that differ clearly, norms away from one."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            parameter.copy_(1 + 0.1 * noise if "norm" in name else 0.25 * noise)


def tokens(count, seed):
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(3, 96, (count,), generator=generator).tolist()


def rounded(values):
    return [float(f"{value:.8g}") for value in values]


def inference(model, prompt, long):
    model.eval()
    with torch.no_grad():
        logits = model(torch.tensor([prompt])).logits[0]
        greedy = model.generate(
            torch.tensor([prompt]), max_new_tokens=24, do_sample=False, eos_token_id=None, pad_token_id=0
        )[0, len(prompt):].tolist()
        ids = torch.tensor([long])
        scores = torch.log_softmax(model(ids).logits[0].double(), -1)
        nll = -scores[:-1].gather(1, ids[0, 1:, None])[:, 0]
    return {
        "prompt": prompt,
        "logits": {str(p): rounded(logits[p].tolist()) for p in (0, 5, len(prompt) - 1)},
        "greedy": greedy,
        "long": long,
        "nll": rounded(nll.tolist()),
    }


def batch():
    """One sequence and the mask of its targets: the loss is the mean over the masked ones."""
    ids = tokens(20, 77)
    mask = [0] * 20
    for position in range(8, 20):
        mask[position] = 1
    mask[13] = 0
    return ids, mask


def masked_loss(model, ids, mask):
    logits = model(torch.tensor([ids])).logits[0]
    losses = torch.nn.functional.cross_entropy(logits[:-1], torch.tensor(ids[1:]), reduction="none")
    weights = torch.tensor(mask[1:], dtype=losses.dtype)
    return (losses * weights).sum() / weights.sum()


def samples(tensor):
    flat = tensor.detach().reshape(-1)
    picks = sorted({0, 1, flat.numel() // 3, flat.numel() // 2, flat.numel() - 1})
    return {str(i): float(f"{flat[i].item():.8g}") for i in picks}


def short(name):
    """PEFT's live names carry the adapter's name; the file's names do not."""
    return name.replace(".default.", ".")


def training(model, steps=5, rate=1e-2):
    ids, mask = batch()
    trainable = {short(n): p for n, p in model.named_parameters() if p.requires_grad}
    result = {"tokens": ids, "mask": mask}
    model.train()
    loss = masked_loss(model, ids, mask)
    loss.backward()
    result["loss"] = float(f"{loss.item():.8g}")
    result["gradients"] = {
        n: {"norm": float(f"{p.grad.norm().item():.8g}"), "entries": samples(p.grad)} for n, p in trainable.items()
    }
    for kind in ("sgd", "adamw"):
        run = copy.deepcopy(model)
        run.zero_grad()
        parameters = {short(n): p for n, p in run.named_parameters() if p.requires_grad}
        if kind == "sgd":
            optimizer = torch.optim.SGD(parameters.values(), lr=rate)
        else:
            groups = [
                {"params": [p for p in parameters.values() if p.dim() > 1], "weight_decay": 0.01},
                {"params": [p for p in parameters.values() if p.dim() == 1], "weight_decay": 0.0},
            ]
            optimizer = torch.optim.AdamW(groups, lr=rate, betas=(0.9, 0.999), eps=1e-8, foreach=False)
        losses = []
        for _ in range(steps):
            optimizer.zero_grad()
            loss = masked_loss(run, ids, mask)
            loss.backward()
            optimizer.step()
            losses.append(float(f"{loss.item():.8g}"))
        result[kind] = {"losses": losses, "parameters": {n: samples(p) for n, p in parameters.items()}}
    return result


def save(model, folder, dtype=None):
    shutil.rmtree(folder, ignore_errors=True)
    model = copy.deepcopy(model)
    if dtype is not None:
        model = model.to(dtype)
    model.save_pretrained(folder)
    for name in os.listdir(folder):
        if name not in ("config.json", "generation_config.json", "model.safetensors", "adapter_config.json",
                        "adapter_model.safetensors"):
            os.remove(os.path.join(folder, name))
    path = f"{folder}/adapter_config.json"
    if os.path.exists(path):
        # PEFT keeps the module names in a set: their order changes from run to run.
        with open(path) as file:
            settings = json.load(file)
        settings["target_modules"].sort()
        with open(path, "w") as file:
            json.dump(settings, file, indent=2, sort_keys=True)
            file.write("\n")


def main():
    os.makedirs(OUTPUT, exist_ok=True)
    expectations = {}
    prompt, long = tokens(12, 5), tokens(300, 6)
    tied = LlamaForCausalLM(config(True, 2))
    randomize(tied, 11)
    save(tied, f"{OUTPUT}/tied")
    untied = LlamaForCausalLM(config(False, 3))
    randomize(untied, 12)
    save(untied, f"{OUTPUT}/untied", torch.bfloat16)
    untied = LlamaForCausalLM.from_pretrained(f"{OUTPUT}/untied", dtype=torch.float32, attn_implementation="eager")
    expectations["tied"] = inference(tied, prompt, long)
    expectations["untied"] = inference(untied, prompt, long)

    adapted = get_peft_model(
        copy.deepcopy(tied),
        LoraConfig(
            r=4,
            lora_alpha=8,
            lora_dropout=0.0,
            target_modules=["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"],
            task_type="CAUSAL_LM",
        ),
    )
    generator = torch.Generator().manual_seed(13)
    with torch.no_grad():
        for name, parameter in adapted.named_parameters():
            if "lora_" in name:
                parameter.copy_(0.15 * torch.randn(parameter.shape, generator=generator))
    save(adapted, f"{OUTPUT}/adapter")
    expectations["adapter"] = inference(PeftModel.from_pretrained(copy.deepcopy(tied), f"{OUTPUT}/adapter"),
                                        prompt, long)
    expectations["training"] = {
        "full_tied": training(copy.deepcopy(tied)),
        "full_untied": training(copy.deepcopy(untied)),
        "lora": training(adapted),
    }
    with open(f"{OUTPUT}/expectations.json", "w") as file:
        json.dump(expectations, file, sort_keys=True, separators=(",", ":"))
        file.write("\n")


main()
