import Engine
import Foundation
import TestSupport
import Testing

@Suite("Model checkpoints")
struct ModelCheckpointTests {
    static let base = """
        "architectures":["LlamaForCausalLM"],"model_type":"llama","vocab_size":96,"hidden_size":32,\
        "intermediate_size":56,"num_hidden_layers":2,"num_attention_heads":4,"rms_norm_eps":1e-05
        """

    private func config(_ text: String) throws -> ModelConfig {
        let folder = try TinyModelFolder()
        return try ModelConfig(path: folder.write(text, to: "config.json"))
    }

    private func refusal(_ text: String) throws -> String {
        do throws(EngineError) {
            let folder: TinyModelFolder
            do { folder = try TinyModelFolder() } catch { return "" }
            guard let path = try? folder.write(text, to: "config.json") else { return "" }
            _ = try ModelConfig(path: path)
            return ""
        } catch {
            return error.description
        }
    }

    @Test("defaults are those of transformers")
    func defaults() throws {
        let config = try config("{\(Self.base)}")
        #expect(config.keyValueHeadCount == 4)
        #expect(config.headSize == 8)
        #expect(config.maximumPositions == 2_048)
        #expect(config.ropeTheta == 10_000)
        #expect(!config.tiesEmbeddings)
        #expect(config.endTokens == [])
    }

    @Test("both layouts of the rotary base are read")
    func ropeLayouts() throws {
        #expect(try config(#"{\#(Self.base),"rope_theta":500000.0,"rope_scaling":null}"#).ropeTheta == 500_000)
        let five = #"{\#(Self.base),"rope_parameters":{"rope_theta":250000.0,"rope_type":"default"}}"#
        #expect(try config(five).ropeTheta == 250_000)
        #expect(try config(#"{\#(Self.base),"eos_token_id":[2,7]}"#).endTokens == [2, 7])
        #expect(try config(#"{\#(Self.base),"eos_token_id":5,"head_dim":16}"#).headSize == 16)
    }

    @Test("what the families differ in is read, with transformers' defaults for absent keys")
    func families() throws {
        func family(_ name: String, _ members: String = "") throws -> ModelConfig {
            let family = try #require(ModelFamily(rawValue: name))
            return try config(
                "{\(Self.base)\(members)}".replacingOccurrences(of: "LlamaForCausalLM", with: family.architecture)
                    .replacingOccurrences(of: #""llama""#, with: "\"\(name)\""))
        }
        let heads = #","num_key_value_heads":2"#
        let llama = try family("llama", #","attention_bias":true,"mlp_bias":true,"hidden_act":"gelu_pytorch_tanh""#)
        #expect(llama.block.biased == Set(Projection.allCases) && llama.block.activation == .geluTanh)
        let mistral = try family("mistral", heads)
        #expect(mistral.block.windows == [4_096, 4_096] && mistral.maximumPositions == 131_072)
        #expect(try family("mistral", heads + #","sliding_window":null"#).block.windows == [])
        #expect(try family("mistral", heads + #","sliding_window":8"#).window(layer: 1) == 8)
        let qwen2 = try family("qwen2", heads + #","use_sliding_window":true,"max_window_layers":1"#)
        #expect(qwen2.block.biased == [.query, .key, .value] && qwen2.block.windows == [nil, 4_096])
        #expect(try family("qwen2", heads + #","sliding_window":8"#).block.windows == [])
        let listed =
            #","use_sliding_window":true,"sliding_window":9,"layer_types":["sliding_attention","full_attention"]"#
        let qwen3 = try family("qwen3", heads + listed)
        #expect(qwen3.block.normsHeads && qwen3.block.windows == [9, nil] && qwen3.headSize == 128)
        let gemma = try family("gemma", heads + #","hidden_act":"gelu""#)
        #expect(gemma.block.activation == .geluTanh && gemma.tiesEmbeddings && gemma.headSize == 256)
        #expect(gemma.embeddingScale == Float(32).squareRoot() && gemma.keyValueHeadCount == 2)
        #expect(throws: EngineError.self) { try family("qwen2", heads + #","layer_types":["full_attention"]"#) }
        let windowed = #","layer_types":["sliding_attention","full_attention"]"#
        #expect(throws: EngineError.self) { try family("qwen2", heads + windowed) }
    }

    @Test("what the engine writes about a model of any family, it reads back", arguments: ModelFamily.allCases)
    func configRoundTrip(_ family: ModelFamily) throws {
        let folder = try TinyModelFolder()
        let windows: [Int?] =
            switch family {
            case .llama, .gemma: []
            case .mistral: [17, 17]
            case .qwen2, .qwen3: [nil, 17]
            }
        let biased: Set<Projection> =
            switch family {
            case .mistral: []
            case .qwen2: [.query, .key, .value]
            case .llama: Set(Projection.allCases)
            case .qwen3, .gemma: [.query, .key, .value, .output]
            }
        let config = ModelConfig(
            vocabularySize: 9, hiddenSize: 6, intermediateSize: 5, layerCount: 2, headCount: 4, keyValueHeadCount: 2,
            headSize: 8, maximumPositions: 64, tiesEmbeddings: false, endTokens: [3, 4], family: family,
            ropeScaling: .llama3(
                .init(factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalPositions: 32)),
            block: DecoderBlock(
                activation: family == .gemma ? .geluTanh : .silu, biased: biased, normsHeads: family == .qwen3,
                windows: windows))
        try config.save(folder: folder.path, precision: .float32)
        #expect(try ModelConfig.load(folder: folder.path) == config)
    }

    @Test(
        "what the engine does not do is refused by file and key",
        arguments: [
            (#""model_type":"mixtral""#, "model_type"), (#""architectures":["MistralForCausalLM"]"#, "architectures"),
            (#""architectures":"LlamaForCausalLM""#, "architectures"), (#""hidden_act":"gelu""#, "hidden_act"),
            (#""attention_bias":1"#, "attention_bias"), (#""mlp_bias":"yes""#, "mlp_bias"),
            (#""sliding_window":64"#, "sliding_window"),
            (#""rope_scaling":{"rope_type":"llama3","factor":8.0}"#, "rope_scaling.low_freq_factor"),
            (
                #""rope_scaling":{"rope_type":"llama3","factor":8.0,"low_freq_factor":4,"high_freq_factor":4}"#,
                "rope_scaling.high_freq_factor"
            ),
            (#""rope_scaling":{"type":"linear","factor":0.5}"#, "rope_scaling.factor"),
            (#""rope_scaling":{"type":"dynamic","factor":2.0}"#, "rope_scaling.type"),
            (#""rope_parameters":{"rope_type":"yarn","rope_theta":1.0}"#, "rope_parameters.rope_type"),
            (#""quantization_config":{"quant_method":"gptq"}"#, "quantization_config"),
            (#""partial_rotary_factor":0.5"#, "partial_rotary_factor"), (#""pretraining_tp":2"#, "pretraining_tp"),
            (#""num_key_value_heads":3"#, "num_key_value_heads"), (#""num_attention_heads":5"#, "num_attention_heads"),
            (#""head_dim":7"#, "head_dim"), (#""hidden_size":0"#, "hidden_size"),
            (#""hidden_size":3.5"#, "hidden_size"),
            (#""hidden_size":"32""#, "hidden_size"), (#""vocab_size":null"#, "vocab_size"),
            (#""num_hidden_layers":1e30"#, "num_hidden_layers"), (#""eos_token_id":96"#, "eos_token_id"),
            (#""eos_token_id":"</s>""#, "eos_token_id"), (#""tie_word_embeddings":1"#, "tie_word_embeddings"),
            (#""rope_theta":-1"#, "rope_theta"), (#""max_position_embeddings":100000000"#, "max_position_embeddings"),
        ])
    func refused(change: String, key: String) throws {
        // The members of the base without the one that is changed.
        let name = change.prefix { $0 != ":" }
        let kept = Self.base.components(separatedBy: ",\"").enumerated()
            .map { $0 == 0 ? $1 : "\"" + $1 }.filter { !$0.hasPrefix(name) }
        let text = try refusal("{\((kept + [change]).joined(separator: ","))}")
        #expect(text.contains("config.json") && text.contains(key), "\(text)")
    }

    @Test("a file that is no JSON object is refused", arguments: ["", "[]", "{", "3", "{\"a\":}"])
    func notAnObject(text: String) throws {
        #expect(try refusal(text).contains("not a JSON object"))
    }

    @Test(
        "weights written in float32 come back bit for bit, and so does the config", arguments: [Fixture.tied, .untied])
    func roundTrip(_ fixture: Fixture) throws {
        let folder = try TinyModelFolder()
        let weights = try fixture.weights()
        try weights.save(folder: folder.path + "/deep/copy", precision: .float32)
        let copy = try ModelWeights.load(folder: folder.path + "/deep/copy")
        #expect(copy.values == weights.values)
        #expect(copy.config == weights.config)
        try weights.save(folder: folder.path, precision: .bfloat16)
        let rounded = try ModelWeights.load(folder: folder.path)
        #expect(zip(rounded.values, weights.values).allSatisfy { abs($0 - $1) <= abs($1) / 256 })
        // The untied fixture is stored in bfloat16, so that rounding it again changes nothing.
        if fixture == .untied { #expect(rounded.values == weights.values) }
    }

    @Test("a checkpoint gives each parameter alone as it gives all", arguments: ["llama-linear", "gemma", "qwen3"])
    func tensorByTensor(_ name: String) throws {
        let checkpoint = try Checkpoint(folder: FamilyFixture.folder(name))
        let weights = checkpoint.weights()
        for entry in checkpoint.layout.entries {
            #expect(checkpoint.values(in: entry.range) == Array(weights.values[entry.range]))
            let part = entry.range.lowerBound + entry.range.count / 3..<entry.range.upperBound - entry.range.count / 4
            #expect(checkpoint.values(in: part) == Array(weights.values[part]))
        }
    }

    @Test("a file that is replaced while it is open is read as it was")
    func replaced() throws {
        let folder = try TinyModelFolder()
        let weights = try Fixture.tied.weights()
        try weights.save(folder: folder.path, precision: .float32)
        let checkpoint = try Checkpoint(folder: folder.path)
        try ModelWeights(config: weights.config).save(folder: folder.path, precision: .bfloat16)
        #expect(checkpoint.weights().values == weights.values)
    }

    @Test(
        "an index that leads outside the folder, or to no file, is refused",
        arguments: [
            "../model.safetensors", "/etc/passwd", "a/b", "..", ".hidden", "", "a\\u0000b", "missing.safetensors", ".",
        ])
    func traversal(_ name: String) throws {
        let folder = try TinyModelFolder()
        let weights = try Fixture.tied.weights()
        try weights.save(folder: folder.path, precision: .float32)
        let text = #"{"weight_map":{"model.norm.weight":"model.safetensors","x":"\#(name)"}}"#
        _ = try folder.write(text, to: "model.safetensors.index.json")
        #expect(throws: EngineError.self) { try Checkpoint(folder: folder.path) }
    }

    @Test("shards named by an index are read as one checkpoint")
    func shards() throws {
        let folder = try TinyModelFolder()
        let weights = try Fixture.untied.weights()
        try weights.config.save(folder: folder.path, precision: .float32)
        var map: [String: String] = [:]
        for part in 0..<3 {
            let name = "model-\(part).safetensors"
            let entries = weights.layout.entries.enumerated().filter { $0.offset % 3 == part }.map(\.element)
            for entry in entries { map[entry.name] = name }
            try SafetensorsWriter.write(
                entries.map { .init(name: $0.name, shape: $0.shape, values: weights.values[$0.range]) },
                precision: .float32, to: folder.path + "/" + name)
        }
        let index = try JSONEncoder().encode(["weight_map": map])
        _ = try folder.write(index, to: "model.safetensors.index.json")
        #expect(try ModelWeights.load(folder: folder.path).values == weights.values)
        map["model.norm.weight"] = "../model-1.safetensors"
        _ = try folder.write(JSONEncoder().encode(["weight_map": map]), to: "model.safetensors.index.json")
        #expect(throws: EngineError.self) { try ModelWeights.load(folder: folder.path) }
    }

    @Test("a tensor that is missing, not expected or of another shape is named")
    func wrongTensors() throws {
        let weights = try Fixture.tied.weights()
        let all = weights.layout.entries.map {
            SafetensorsWriter.Tensor(name: $0.name, shape: $0.shape, values: weights.values[$0.range])
        }
        func refusal(_ tensors: [SafetensorsWriter.Tensor]) throws -> String {
            let folder = try TinyModelFolder()
            try weights.config.save(folder: folder.path, precision: .float32)
            try SafetensorsWriter.write(tensors, precision: .float32, to: folder.path + "/model.safetensors")
            do throws(EngineError) {
                _ = try ModelWeights.load(folder: folder.path)
                return ""
            } catch {
                return error.description
            }
        }
        #expect(try refusal(all) == "")
        #expect(try refusal(Array(all.dropLast())).contains("model.norm.weight"))
        #expect(try refusal(all + [.init(name: "lm_head.weight", shape: [1], values: [1])]).contains("lm_head.weight"))
        let embedding = all[0]
        #expect(try refusal(all + [.init(name: "lm_head.weight", shape: [96, 32], values: embedding.values)]) == "")
        let turned = ArraySlice(embedding.values.reversed())
        #expect(
            try refusal(all + [.init(name: "lm_head.weight", shape: [96, 32], values: turned)]).contains("another head")
        )
        let bias = SafetensorsWriter.Tensor(name: "model.layers.0.self_attn.q_proj.bias", shape: [1], values: [1])
        #expect(try refusal(all + [bias]).contains("q_proj.bias"))
        var transposed = all
        transposed[0].shape.reverse()
        #expect(try refusal(transposed).contains("[32, 96]"))
    }

    @Test("sizes whose parameters no memory holds are refused before any is taken")
    func enormous() throws {
        let folder = try TinyModelFolder()
        let text = Self.base.replacingOccurrences(of: #""hidden_size":32"#, with: #""hidden_size":65536"#)
            .replacingOccurrences(of: #""num_hidden_layers":2"#, with: #""num_hidden_layers":1000"#)
        _ = try folder.write("{\(text)}", to: "config.json")
        #expect(throws: EngineError.self) { try ModelWeights.load(folder: folder.path) }
    }
}
