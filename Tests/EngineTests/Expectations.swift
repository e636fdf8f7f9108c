import Engine
import Foundation
import TestSupport
import Testing

/// The inference part of `Fixtures/expectations.json`.
struct Expectations: Decodable {
    struct Model: Decodable {
        let prompt: [Int32]
        let logits: [String: [Float]]
        let greedy: [Int32]
        let long: [Int32]
        let nll: [Float]
    }

    let tied: Model
    let untied: Model
    let adapter: Model

    static func load() throws -> Expectations {
        let data = try Data(contentsOf: URL(fileURLWithPath: TinyModelFixture.path("expectations.json")))
        return try JSONDecoder().decode(Expectations.self, from: data)
    }
}

/// The models of the fixtures.
enum Fixture: String, CaseIterable, CustomTestStringConvertible {
    case tied, untied, adapter

    var testDescription: String { rawValue }

    func weights() throws -> ModelWeights {
        try ModelWeights.load(folder: TinyModelFixture.path(self == .untied ? "untied" : "tied"))
    }

    func adapter(for weights: ModelWeights) throws -> LoRAAdapter? {
        guard self == .adapter else { return nil }
        return try LoRAAdapter.load(folder: TinyModelFixture.path("adapter"), model: weights.config)
    }

    func model() throws -> DecoderModel {
        let weights = try weights()
        guard let adapter = try adapter(for: weights) else { return try DecoderModel(weights: weights) }
        return try DecoderModel(weights: weights, adapter: adapter)
    }

    func expectations() throws -> Expectations.Model {
        let all = try Expectations.load()
        switch self {
        case .tied: return all.tied
        case .untied: return all.untied
        case .adapter: return all.adapter
        }
    }
}

/// The largest absolute difference of two lists; infinity when their lengths differ.
func largestDifference(_ a: some Collection<Float>, _ b: some Collection<Float>) -> Float {
    guard a.count == b.count else { return .infinity }
    return zip(a, b).reduce(0) { max($0, abs($1.0 - $1.1)) }
}
