import Foundation

/// The checkpoints and adapters of Tests/EngineTests/Fixtures/families, and what transformers and peft compute with
/// them (Tools/family_reference.py).
public struct FamilyFixture: Decodable, Sendable {
    /// What a model computes.
    public struct Inference: Decodable, Sendable {
        /// Token ids that are read first.
        public let prompt: [Int32]
        /// The logits after the prompt.
        public let logits: [Float]
        /// The 24 likeliest tokens after the prompt, one by one.
        public let greedy: [Int32]
        /// 60 token ids.
        public let long: [Int32]
        /// The negative log-likelihood of each of them after the first, in nats.
        public let nll: [Float]
    }

    /// Five steps: the loss before each, and samples of the parameters after the last, by tensor and flat index.
    public struct Steps: Decodable, Sendable {
        /// The loss before each step.
        public let losses: [Double]
        /// By tensor name and flat index: values after the last step.
        public let parameters: [String: [String: Double]]
    }

    /// Five steps of the adapter on one sequence.
    public struct Training: Decodable, Sendable {
        /// The sequence; the loss is the mean over all tokens after the first.
        public let tokens: [Int32]
        /// Plain gradient steps, rate 0.01.
        public let sgd: Steps
        /// AdamW steps, rate 0.01, weight decay 0.01.
        public let adamw: Steps
    }

    /// Of the checkpoint alone.
    public let base: Inference
    /// Of the checkpoint with its adapter.
    public let adapter: Inference
    /// Of the adapter on the frozen checkpoint.
    public let training: Training

    /// The fixtures' names.
    public static let names = ["llama", "llama-linear", "mistral", "qwen2", "qwen3", "gemma"]

    /// The checkpoint folder; its adapter is in `adapter` below.
    public static func folder(_ name: String) -> String { TinyModelFixture.path("families/" + name) }

    /// The expectations of one fixture.
    public static func load(_ name: String) throws -> FamilyFixture {
        let data = try Data(contentsOf: URL(fileURLWithPath: TinyModelFixture.path("families/expectations.json")))
        guard let fixture = try JSONDecoder().decode([String: FamilyFixture].self, from: data)[name] else {
            throw CocoaError(.fileReadCorruptFile)
        }
        return fixture
    }
}
