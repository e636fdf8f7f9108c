import Engine
import Foundation
import TestSupport
import Testing

@Suite("Adapter folders")
struct AdapterFolderTests {
    private func refusal(_ changes: [String: Any]) throws -> String {
        let folder = try TinyModelFolder()
        let source = URL(fileURLWithPath: TinyModelFixture.path("adapter/adapter_config.json"))
        var settings = try #require(
            try JSONSerialization.jsonObject(with: Data(contentsOf: source)) as? [String: Any])
        settings.merge(changes) { $1 }
        _ = try folder.write(JSONSerialization.data(withJSONObject: settings), to: "adapter_config.json")
        try FileManager.default.copyItem(
            atPath: TinyModelFixture.path("adapter/adapter_model.safetensors"),
            toPath: folder.path + "/adapter_model.safetensors")
        let config = try Fixture.tied.weights().config
        do throws(EngineError) {
            _ = try LoRAAdapter.load(folder: folder.path, model: config)
            return ""
        } catch {
            return error.description
        }
    }

    @Test("what PEFT wrote is read")
    func read() throws {
        let weights = try Fixture.adapter.weights()
        let adapter = try #require(try Fixture.adapter.adapter(for: weights))
        #expect(adapter.config == LoRAAdapter.Config(rank: 4, alpha: 8))
        #expect(adapter.config.scale == 2)
        #expect(adapter.values.allSatisfy { $0 != 0 })
        #expect(try refusal([:]) == "")
        #expect(try refusal(["target_modules": "all-linear"]) == "")
    }

    @Test("an adapter comes back bit for bit, with its config", arguments: [false, true])
    func roundTrip(_ stabilized: Bool) throws {
        let model = try Fixture.tied.weights().config
        var adapter = LoRAAdapter(
            config: .init(rank: 3, alpha: 7.5, dropout: 0.25, targets: [.query, .down], rankStabilized: stabilized),
            model: model)
        var random = SeededRandom(seed: 1)
        for index in adapter.values.indices { adapter.values[index] = Float.random(in: -1...1, using: &random) }
        let folder = try TinyModelFolder()
        try adapter.save(folder: folder.path + "/new", precision: .float32, baseModelName: "a \"name\"")
        let copy = try LoRAAdapter.load(folder: folder.path + "/new", model: model)
        #expect(copy.values == adapter.values)
        #expect(copy.config == adapter.config)
        try adapter.save(folder: folder.path, precision: .bfloat16, baseModelName: nil)
        let rounded = try LoRAAdapter.load(folder: folder.path, model: model)
        #expect(zip(rounded.values, adapter.values).allSatisfy { abs($0 - $1) <= abs($1) / 256 })
    }

    @Test("features other than plain LoRA on the linear layers are refused by key")
    func refused() throws {
        let cases: [(key: String, value: Any)] = [
            ("peft_type", "IA3"), ("task_type", "SEQ_CLS"), ("bias", "all"), ("use_dora", true),
            ("fan_in_fan_out", true), ("rank_pattern", ["q_proj": 0]), ("alpha_pattern", ["q_proj": "2"]),
            ("modules_to_save", ["lm_head"]), ("layers_to_transform", ["0"]), ("layer_replication", [[0, 1]]),
            ("lora_bias", true), ("use_qalora", true), ("exclude_modules", "(?=q_proj)"), ("use_later_feature", true),
            ("later_config", ["a": 1]), ("trainable_token_indices", [1]), ("target_parameters", ["x"]),
            ("init_lora_weights", "pissa_niter_4"),
            ("init_lora_weights", "olora"), ("target_modules", ["q_proj", "lm_head"]), ("target_modules", ".*"),
            ("target_modules", "q_proj"),
            ("target_modules", [] as [String]), ("r", 0), ("r", "4"), ("lora_dropout", 1.5), ("lora_alpha", "x"),
        ]
        for (key, value) in cases {
            let text = try refusal([key: value])
            #expect(text.contains(key) && text.contains("adapter_config.json"), "\(key): \(text)")
        }
    }

    @Test("keys that say nothing are ignored, whoever invented them")
    func ignored() throws {
        #expect(try refusal(["later": NSNull(), "later_b": false, "later_c": [:] as [String: Int], "size": 16]) == "")
    }

    @Test("an adapter whose layers differ in rank, alpha and place comes back as it was")
    func uneven() throws {
        let model = try Fixture.tied.weights().config
        let folder = try TinyModelFolder()
        let text = """
            {"peft_type":"LORA","r":3,"lora_alpha":6,"target_modules":["q_proj","layers.1.mlp.up_proj"],
             "rank_pattern":{"^model.layers.0.self_attn.q_proj":2},"alpha_pattern":{"up_proj":4.5},"use_rslora":true}
            """
        let config = try LoRAAdapter.Config(path: folder.write(text, to: "written.json"), model: model)
        #expect(config.targets == [.query, .up])
        #expect(config.size(layer: 0, .query)?.rank == 2 && config.size(layer: 1, .query)?.rank == 3)
        #expect(config.size(layer: 0, .up) == nil && config.size(layer: 1, .up)?.alpha == 4.5)
        var adapter = LoRAAdapter(config: config, model: model)
        let widths = 2 * (32 + 32) + 3 * (32 + 32) + 3 * (32 + 56)
        #expect(adapter.values.count == widths)
        var random = SeededRandom(seed: 2)
        for index in adapter.values.indices { adapter.values[index] = Float.random(in: -1...1, using: &random) }
        try adapter.save(folder: folder.path, precision: .float32, baseModelName: nil)
        let copy = try LoRAAdapter.load(folder: folder.path, model: model)
        #expect(copy.config == config && copy.values == adapter.values)
    }

    @Test("a tensor that is missing, not expected or of another shape is named")
    func wrongTensors() throws {
        #expect(try refusal(["r": 5]).contains("lora_A.weight"))
        #expect(try refusal(["target_modules": ["q_proj"]]).contains("down_proj"))
        let untied = try Fixture.untied.weights().config
        #expect(throws: EngineError.self) {
            try LoRAAdapter.load(folder: TinyModelFixture.path("adapter"), model: untied)
        }
    }

    @Test("an adapter for another shape is refused by a model")
    func wrongModel() throws {
        let weights = try Fixture.untied.weights()
        let tied = try Fixture.tied.weights()
        let adapter = try #require(try Fixture.adapter.adapter(for: tied))
        #expect(throws: EngineError.self) { try DecoderModel(weights: weights, adapter: adapter) }
    }
}
