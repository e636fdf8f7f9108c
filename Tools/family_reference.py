"""Writes Tests/EngineTests/Fixtures/families: for every family a tiny random checkpoint and a PEFT adapter, and what
transformers and peft compute with them in float32. See Tests/EngineTests/Fixtures/README.md for the layout.

Needs (scratch environment): torch, transformers, peft, safetensors.
Usage: python Tools/family_reference.py [OUTPUT_FOLDER]
"""

import copy
import json
import os
import shutil
import sys

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoConfig, AutoModelForCausalLM

OUTPUT = sys.argv[1] if len(sys.argv) > 1 else "Tests/EngineTests/Fixtures/families"
VOCABULARY = 64
torch.set_num_threads(1)
torch.use_deterministic_algorithms(True)

SHAPE = dict(vocab_size=VOCABULARY, hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=4,
             num_key_value_heads=2, max_position_embeddings=128, rms_norm_eps=1e-5, bos_token_id=1, eos_token_id=2,
             pad_token_id=None)
LLAMA3 = {"rope_type": "llama3", "rope_theta": 500.0, "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
          "original_max_position_embeddings": 32}
LINEAR = {"rope_type": "linear", "rope_theta": 10000.0, "factor": 2.5}

# name: (model_type, settings, stored type, shards, layout of config.json, LoRA settings)
CASES = {
    "llama": ("llama", dict(rope_parameters=LLAMA3, attention_bias=True, mlp_bias=True, head_dim=6,
                            tie_word_embeddings=False),
              torch.float32, 1, 5, dict(r=3, lora_alpha=6, target_modules="all-linear")),
    "llama-linear": ("llama", dict(rope_parameters=LINEAR, tie_word_embeddings=True, hidden_act="gelu_pytorch_tanh"),
                     torch.float16, 3, 4, dict(r=2, lora_alpha=5, target_modules=["self_attn.v_proj", "down_proj"])),
    "mistral": ("mistral", dict(sliding_window=7, tie_word_embeddings=False), torch.bfloat16, 1, 4,
                dict(r=4, lora_alpha=3, use_rslora=True,
                     target_modules=r"(?:.*\.)?layers\.\d+\.self_attn\.[qkv]_proj|model\.layers\.1\.mlp\.(up|gate)_proj")),
    "qwen2": ("qwen2", dict(use_sliding_window=True, sliding_window=5, max_window_layers=1, tie_word_embeddings=True),
              torch.bfloat16, 1, 4,
              dict(r=3, lora_alpha=4, target_modules=["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj"],
                   rank_pattern={"layers.0.self_attn.q_proj": 5, "up_proj": 1},
                   alpha_pattern={"o_proj": 9, r"layers\.1\..*_proj": 2})),
    "qwen3": ("qwen3", dict(head_dim=10, tie_word_embeddings=True, use_sliding_window=True, sliding_window=9,
                            layer_types=["sliding_attention", "full_attention"]),
              torch.float32, 2, 5,
              dict(r=3, lora_alpha=6, target_modules=["q_proj", "k_proj", "up_proj"], layers_to_transform=[1])),
    "gemma": ("gemma", dict(head_dim=8, num_key_value_heads=1), torch.float16, 1, 5,
              dict(r=2, lora_alpha=4, target_modules=["q_proj", "k_proj", "gate_proj", "down_proj"],
                   exclude_modules=["layers.0.mlp.gate_proj"])),
}


def randomize(model, seed, deviation=0.3):
    """Weights large enough for logits that differ clearly, norms and biases away from what they start as."""
    generator = torch.Generator().manual_seed(seed)
    gemma = model.config.model_type == "gemma"
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            centre = 1.0 if "norm" in name and not gemma else 0.0
            parameter.copy_(centre + (0.1 if "norm" in name else deviation) * noise)


def tokens(count, seed):
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(3, VOCABULARY, (count,), generator=generator).tolist()


def rounded(values):
    return [float(f"{value:.7g}") for value in values]


def inference(model):
    """Logits of the last position, greedy tokens without a cache, and the negative log-likelihoods of a long text."""
    prompt, long = tokens(12, 5), tokens(60, 6)
    model.eval()
    with torch.no_grad():
        logits = model(torch.tensor([prompt])).logits[0]
        greedy, sequence = [], list(prompt)
        for _ in range(24):
            sequence.append(int(model(torch.tensor([sequence]), use_cache=False).logits[0, -1].argmax()))
            greedy.append(sequence[-1])
        ids = torch.tensor([long])
        scores = torch.log_softmax(model(ids).logits[0].double(), -1)
        nll = -scores[:-1].gather(1, ids[0, 1:, None])[:, 0]
    return {"prompt": prompt, "logits": rounded(logits[-1].tolist()), "greedy": greedy, "long": long,
            "nll": rounded(nll.tolist())}


def loss_of(model, ids):
    logits = model(torch.tensor([ids])).logits[0]
    return torch.nn.functional.cross_entropy(logits[:-1], torch.tensor(ids[1:]))


def training(model, rate=1e-2):
    """Five steps of each optimizer on one sequence; three samples of every trained tensor after the fifth."""
    ids = tokens(30, 77)
    result = {"tokens": ids}
    for kind in ("sgd", "adamw"):
        run = copy.deepcopy(model).train()
        parameters = {n.replace(".default.", "."): p for n, p in run.named_parameters() if p.requires_grad}
        if kind == "sgd":
            optimizer = torch.optim.SGD(parameters.values(), lr=rate)
        else:
            optimizer = torch.optim.AdamW(parameters.values(), lr=rate, betas=(0.9, 0.999), eps=1e-8,
                                          weight_decay=0.01, foreach=False)
        losses = []
        for _ in range(5):
            optimizer.zero_grad()
            loss = loss_of(run, ids)
            loss.backward()
            optimizer.step()
            losses.append(float(f"{loss.item():.7g}"))
        samples = {}
        for name, parameter in parameters.items():
            flat = parameter.detach().reshape(-1)
            picks = sorted({0, flat.numel() // 2, flat.numel() - 1})
            samples[name] = {str(i): float(f"{flat[i].item():.7g}") for i in picks}
        result[kind] = {"losses": losses, "parameters": samples}
    return result


def keep(folder):
    for name in os.listdir(folder):
        if not name.endswith(".safetensors") and name not in (
                "config.json", "model.safetensors.index.json", "adapter_config.json"):
            os.remove(os.path.join(folder, name))


def rewrite(path, change):
    with open(path) as file:
        settings = json.load(file)
    change(settings)
    with open(path, "w") as file:
        json.dump(settings, file, indent=2, sort_keys=True)
        file.write("\n")


def as_version_4(settings):
    """The layout of transformers 4: torch_dtype, rope_theta and rope_scaling."""
    settings["torch_dtype"] = settings.pop("dtype")
    rope = settings.pop("rope_parameters")
    settings["rope_theta"] = rope.pop("rope_theta")
    settings["rope_scaling"] = {"type": rope["rope_type"], "factor": rope["factor"]} if "factor" in rope else None
    settings.pop("layer_types", None)
    settings["transformers_version"] = "4.44.0"


def adapter_settings(settings):
    # PEFT keeps the module names in sets: their order changes from run to run.
    for key in ("target_modules", "exclude_modules"):
        if isinstance(settings.get(key), list):
            settings[key].sort()


def build(name, seed):
    kind, changes, dtype, shards, version, lora = CASES[name]
    folder = f"{OUTPUT}/{name}"
    shutil.rmtree(folder, ignore_errors=True)
    config = AutoConfig.for_model(kind, **{**SHAPE, **changes})
    model = AutoModelForCausalLM.from_config(config)
    randomize(model, seed)
    size = sum(p.numel() * p.element_size() for p in model.to(dtype).parameters())
    model.save_pretrained(folder, max_shard_size=size // shards + 1 if shards > 1 else "5GB")
    keep(folder)
    if version == 4:
        rewrite(f"{folder}/config.json", as_version_4)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager")
    adapted = get_peft_model(copy.deepcopy(model), LoraConfig(lora_dropout=0.0, task_type="CAUSAL_LM", **lora))
    generator = torch.Generator().manual_seed(seed + 100)
    with torch.no_grad():
        for key, parameter in adapted.named_parameters():
            if "lora_" in key:
                parameter.copy_(0.2 * torch.randn(parameter.shape, generator=generator))
    adapted.save_pretrained(f"{folder}/adapter")
    keep(f"{folder}/adapter")
    rewrite(f"{folder}/adapter/adapter_config.json", adapter_settings)
    # The adapter as its file says it: of two patterns that fit, PEFT takes the first, and it writes them sorted.
    loaded = PeftModel.from_pretrained(copy.deepcopy(model), f"{folder}/adapter", is_trainable=True)
    return {"base": inference(model), "adapter": inference(loaded), "training": training(loaded)}


def main():
    os.makedirs(OUTPUT, exist_ok=True)
    expectations = {name: build(name, 21 + index) for index, name in enumerate(CASES)}
    with open(f"{OUTPUT}/expectations.json", "w") as file:
        json.dump(expectations, file, sort_keys=True, separators=(",", ":"))
        file.write("\n")


main()
