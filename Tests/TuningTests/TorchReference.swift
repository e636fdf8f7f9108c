import Engine
import Foundation
import TestSupport
import Testing
import Tuning

/// The numbers that torch, transformers and peft computed (Tests/EngineTests/Fixtures/README.md).
struct TorchReference: Decodable {
    struct Gradient: Decodable {
        let norm: Double
        let entries: [String: Double]
    }

    struct Steps: Decodable {
        let losses: [Double]
        let parameters: [String: [String: Double]]
    }

    struct Training: Decodable {
        let tokens: [Int32]
        let mask: [Int]
        let loss: Double
        let gradients: [String: Gradient]
        let sgd: Steps
        let adamw: Steps
    }

    let training: [String: Training]

    static let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("EngineTests/Fixtures").path

    static func load() throws -> TorchReference {
        let data = try Data(contentsOf: URL(fileURLWithPath: fixtures + "/expectations.json"))
        return try JSONDecoder().decode(TorchReference.self, from: data)
    }
}

extension TorchReference.Training {
    /// The sequence with its mask, as one segment.
    var sequence: PackedSequence {
        var sequence = PackedSequence()
        sequence.append(tokens, weights: mask.map { Float($0) })
        return sequence
    }
}

/// A model (with an adapter) of the fixtures, and where each trained tensor lies in the trained values.
struct ReferenceModel {
    let weights: ModelWeights
    let trainable: Trainable
    let ranges: [String: Range<Int>]

    /// "full_tied", "full_untied" or "lora".
    init(_ name: String) throws {
        try BLAS.load()
        let folder = TorchReference.fixtures + (name == "full_untied" ? "/untied" : "/tied")
        weights = try ModelWeights.load(folder: folder)
        guard name == "lora" else {
            trainable = .allWeights
            ranges = Dictionary(uniqueKeysWithValues: weights.layout.entries.map { ($0.name, $0.range) })
            return
        }
        let adapter = try LoRAAdapter.load(folder: TorchReference.fixtures + "/adapter", model: weights.config)
        trainable = .adapter(adapter)
        var ranges: [String: Range<Int>] = [:]
        for layer in 0..<weights.config.layerCount {
            for projection in Projection.allCases {
                guard let pair = adapter.pair(layer: layer, projection) else { continue }
                let prefix = "base_model.model.model.layers.\(layer).\(projection.rawValue)"
                ranges[prefix + ".lora_A.weight"] = pair.down
                ranges[prefix + ".lora_B.weight"] = pair.up
            }
        }
        self.ranges = ranges
    }

    /// Holds gradients against torch's, tensor by tensor, within 1e-3.
    func expect(_ gradients: [Float], equal expected: [String: TorchReference.Gradient]) throws {
        #expect(expected.count == ranges.count)
        for (tensor, gradient) in expected {
            let range = try #require(ranges[tensor])
            let norm = gradients[range].reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
            #expect(abs(norm - gradient.norm) <= 1e-3 * gradient.norm, "\(tensor)")
            for (index, value) in gradient.entries {
                let own = Double(gradients[range.lowerBound + (try #require(Int(index)))])
                #expect(abs(own - value) <= 1e-3 * max(abs(value), gradient.norm * 1e-2), "\(tensor)[\(index)]")
            }
        }
    }

    func trainer(_ options: AdamW.Options = AdamW.Options(), threads: Int = 1) -> Trainer {
        Trainer(weights: weights, trainable: trainable, options: options, threads: threads)
    }
}
