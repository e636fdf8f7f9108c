public import Engine
import Foundation
import Tuning

/// Everything that decides a small base model trained on a task's own text, besides the data: a task's `base.json`.
public struct BaseRecipe: Sendable, Codable, Equatable {
    /// A data file and how its rows become training text.
    public struct Source: Sendable, Codable, Equatable {
        /// Which prompt stands before an answer.
        public enum Prompt: String, Sendable, Codable {
            /// The query alone, exactly as stripping leaves it.
            case query
            /// Whole template and examples with similar labels.
            case full
        }

        /// Path below the task's folder.
        public var file: String
        /// The prompt of each row.
        public var prompt: Prompt
        /// Rows of one optimizer step.
        public var rowsPerStep: Int
        /// The source takes part in every so manieth step: rows that share a long template are cheaper together.
        public var everySteps: Int
        /// Share of rows whose arguments are exchanged for others, in query and answer alike.
        public var swapShare: Double
    }

    /// Tokens, bytes and control tokens included.
    public var vocabularySize: Int
    /// Width of the residual stream; heads are `hiddenSize / headCount` wide.
    public var hiddenSize: Int
    /// Width of the feed-forward layers.
    public var intermediateSize: Int
    /// Decoder layers.
    public var layerCount: Int
    /// Query heads.
    public var headCount: Int
    /// Key/value heads.
    public var keyValueHeadCount: Int
    /// Seed of the weights, of the order of rows and of every change made to them.
    public var seed: UInt64
    /// Optimizer steps.
    public var steps: Int
    /// Highest learning rate.
    public var rate: Float
    /// Steps of the warm-up.
    public var warmUpSteps: Int
    /// Steps at the end over which the rate falls to a fiftieth.
    public var decaySteps: Int
    /// AdamW's weight decay.
    public var weightDecay: Float
    /// Weight of a query's token in the loss; an answer's token counts 1, the template's none.
    public var promptWeight: Float
    /// Share of a query's plain words that are left out, where the answer does not repeat them.
    public var wordDropout: Double
    /// Examples in a full prompt.
    public var examples: Int
    /// What it is trained on.
    public var sources: [Source]

    /// Reads a recipe.
    ///
    /// - Throws: `InternalizationError.file` when the file is not such a recipe or its numbers do not fit together.
    public static func load(_ path: String) throws(InternalizationError) -> BaseRecipe {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw .file(path: path, reason: "cannot be read; a base recipe is described in docs/training.md")
        }
        let recipe: BaseRecipe
        do {
            recipe = try JSONDecoder().decode(BaseRecipe.self, from: data)
        } catch {
            throw .file(path: path, reason: "is not a base recipe: \(Self.place(of: error))")
        }
        if let problem = recipe.problem { throw .file(path: path, reason: problem) }
        return recipe
    }

    /// The first thing that cannot work.
    private var problem: String? {
        let counts = [
            ("hiddenSize", hiddenSize), ("intermediateSize", intermediateSize), ("layerCount", layerCount),
            ("headCount", headCount), ("keyValueHeadCount", keyValueHeadCount), ("steps", steps),
        ]
        if let (name, value) = counts.first(where: { !(1...1_000_000).contains($0.1) }) {
            return "\(name): \(value) is not between 1 and 1,000,000"
        }
        if !(512...65_536).contains(vocabularySize) {
            return "vocabularySize: \(vocabularySize) is not between 512 and 65,536"
        }
        if hiddenSize % (2 * headCount) != 0 { return "hiddenSize has to be an even multiple of headCount" }
        if headCount % keyValueHeadCount != 0 { return "headCount has to be a multiple of keyValueHeadCount" }
        if !(rate > 0 && rate <= 1) { return "rate: \(rate) is not between 0 and 1" }
        if warmUpSteps < 0 || decaySteps < 0 || examples < 0 {
            return "warmUpSteps, decaySteps and examples count from 0"
        }
        if sources.isEmpty || sources.contains(where: { $0.rowsPerStep < 1 || $0.everySteps < 1 }) {
            return "sources: at least one is needed, each with rowsPerStep and everySteps of at least 1"
        }
        return nil
    }

    /// The model's shape; `endToken` ends an answer.
    public func model(vocabularySize: Int, endToken: Int32) -> ModelConfig {
        ModelConfig(
            vocabularySize: vocabularySize, hiddenSize: hiddenSize, intermediateSize: intermediateSize,
            layerCount: layerCount, headCount: headCount, keyValueHeadCount: keyValueHeadCount,
            headSize: hiddenSize / headCount, maximumPositions: 2_048, endTokens: [endToken])
    }

    /// How the weights are found.
    public var plan: BaseRun.Plan {
        BaseRun.Plan(
            seed: seed, steps: steps,
            schedule: RateSchedule(
                peak: rate, warmUpSteps: warmUpSteps, totalSteps: steps, decaySteps: decaySteps, finalShare: 0.02),
            weightDecay: weightDecay)
    }

    private static func place(of error: any Error) -> String {
        switch error {
        case DecodingError.keyNotFound(let key, _): "\"\(key.stringValue)\" is missing"
        case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context):
            "\"\(context.codingPath.map(\.stringValue).joined(separator: "."))\" has another type"
        default: "it is not valid JSON"
        }
    }
}
