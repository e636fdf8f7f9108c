import Foundation
import TestSupport

/// A Llama model of a few thousand random weights with a tokenizer of single bytes, and a LoRA adapter for it.
///
/// Its answers are nonsense, the same ones every time: enough to run the engine's whole road.
struct TinyEngineModel {
    private static let (hidden, inner, vocabulary, positions) = (32, 48, 259, 512)

    let folder: TinyModelFolder
    var base: String { folder.path + "/base" }
    var adapter: String { folder.path + "/adapter" }

    init() throws {
        folder = try TinyModelFolder()
        try FileManager.default.createDirectory(atPath: folder.path + "/base", withIntermediateDirectories: true)
        _ = try folder.write(Self.config, to: "base/config.json")
        _ = try folder.write(Self.tokenizer, to: "base/tokenizer.json")
        _ = try folder.write(Self.template, to: "base/tokenizer_config.json")
        let (h, i, v) = (Self.hidden, Self.inner, Self.vocabulary)
        let layer = "model.layers.0."
        let weights: [(String, [Int], Float)] = [
            ("model.embed_tokens.weight", [v, h], 0.5), (layer + "input_layernorm.weight", [h], 0),
            (layer + "mlp.down_proj.weight", [h, i], 0.2), (layer + "mlp.gate_proj.weight", [i, h], 0.2),
            (layer + "mlp.up_proj.weight", [i, h], 0.2), (layer + "post_attention_layernorm.weight", [h], 0),
            (layer + "self_attn.k_proj.weight", [16, h], 0.2), (layer + "self_attn.o_proj.weight", [h, h], 0.2),
            (layer + "self_attn.q_proj.weight", [h, h], 0.2), (layer + "self_attn.v_proj.weight", [16, h], 0.2),
            ("model.norm.weight", [h], 0),
        ]
        _ = try folder.write(Self.safetensors(weights, seed: 1), to: "base/model.safetensors")
        _ = try addAdapter("adapter", seed: 2)
    }

    /// Writes a random adapter into a folder beside the base, over one that is there, file by file atomically.
    func addAdapter(_ name: String, seed: UInt64) throws -> String {
        let path = folder.path + "/" + name
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        let config =
            #"{"peft_type": "LORA", "task_type": "CAUSAL_LM", "r": 2, "lora_alpha": 4, "bias": "none", "#
            + #""target_modules": ["q_proj", "down_proj"], "base_model_name_or_path": "../base"}"#
        let place = "base_model.model.model.layers.0."
        let tensors: [(String, [Int], Float)] = [
            (place + "self_attn.q_proj.lora_A.weight", [2, Self.hidden], 0.3),
            (place + "self_attn.q_proj.lora_B.weight", [Self.hidden, 2], 0.3),
            (place + "mlp.down_proj.lora_A.weight", [2, Self.inner], 0.6),
            (place + "mlp.down_proj.lora_B.weight", [Self.hidden, 2], 3),
        ]
        try Data(config.utf8).write(to: URL(fileURLWithPath: path + "/adapter_config.json"), options: .atomic)
        try Data(Self.safetensors(tensors, seed: seed)).write(
            to: URL(fileURLWithPath: path + "/adapter_model.safetensors"), options: .atomic)
        return path
    }

    /// Tensors of random values of the given size; size 0 means ones, as for norms.
    private static func safetensors(_ tensors: [(String, [Int], Float)], seed: UInt64) -> [UInt8] {
        var random = SeededRandom(seed: seed)
        var entries: [String] = []
        var values: [UInt8] = []
        for (name, shape, size) in tensors.sorted(by: { $0.0 < $1.0 }) {
            let start = values.count
            for _ in 0..<shape.reduce(1, *) {
                let value = size == 0 ? 1 : Float.random(in: -size...size, using: &random)
                values += (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) }
            }
            entries.append(
                "\"\(name)\":{\"dtype\":\"F32\",\"shape\":\(shape),\"data_offsets\":[\(start),\(values.count)]}")
        }
        var header = Array("{\(entries.joined(separator: ","))}".utf8)
        while header.count % 8 != 0 { header.append(0x20) }
        let count = UInt64(header.count)
        return (0..<8).map { UInt8(truncatingIfNeeded: count >> (8 * $0)) } + header + values
    }

    private static let config = """
        {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": \(hidden), "head_dim": 8,
         "intermediate_size": \(inner), "num_attention_heads": 4, "num_key_value_heads": 2, "num_hidden_layers": 1,
         "vocab_size": \(vocabulary), "max_position_embeddings": \(positions), "rms_norm_eps": 1e-5,
         "rope_theta": 10000.0, "tie_word_embeddings": true, "hidden_act": "silu", "bos_token_id": 0,
         "eos_token_id": 2, "attention_bias": false, "mlp_bias": false}
        """

    private static let template = """
        {"eos_token": "<|im_end|>", "chat_template": "{% for message in messages %}{{'<|im_start|>' + message['role'] + \
        '\\\\n' + message['content'] + '<|im_end|>' + '\\\\n'}}{% endfor %}{% if add_generation_prompt %}{{ \
        '<|im_start|>assistant\\\\n' }}{% endif %}"}
        """

    private static let special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]

    private static var tokenizer: String {
        let added = special.enumerated().map { id, text in
            #"{"id": \#(id), "content": "\#(text)", "single_word": false, "lstrip": false, "rstrip": false, "#
                + #""normalized": false, "special": true}"#
        }
        let vocabulary = (special + spellings).enumerated().map { id, text in
            "\"\(text == "\"" || text == "\\" ? "\\" + text : text)\": \(id)"
        }
        let level = #"{"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": false, "use_regex": true}"#
        return #"{"version": "1.0", "added_tokens": [\#(added.joined(separator: ", "))], "normalizer": null, "#
            + #""pre_tokenizer": \#(level), "post_processor": null, "decoder": \#(level), "#
            + #""model": {"type": "BPE", "vocab": {\#(vocabulary.joined(separator: ", "))}, "merges": []}}"#
    }

    /// The characters that stand for the 256 bytes in byte-level BPE.
    private static var spellings: [String] {
        var next: UInt32 = 256
        return (0...255).map { byte in
            let isPrintable = (33...126).contains(byte) || (161...172).contains(byte) || (174...255).contains(byte)
            defer { if !isPrintable { next += 1 } }
            return String(Unicode.Scalar(isPrintable ? UInt32(byte) : next) ?? "?")
        }
    }
}
