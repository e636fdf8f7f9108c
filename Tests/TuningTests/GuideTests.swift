import Engine
import Foundation
import TestSupport
import Testing

@testable import Tuning

@Suite("The reverse divergence to a guide is what torch computes")
struct GuideTests {
    /// What torch and peft computed (Tests/EngineTests/Fixtures/on_policy.py).
    struct Reference: Decodable {
        let prefix: [Int32]
        let query: [Int32]
        let answers: [[Int32]]
        let guides: [[String: Double]]
        let loss: Double
        let gradients: [String: TorchReference.Gradient]
        let losses: [Double]

        static func load() throws -> Reference {
            let path = URL(fileURLWithPath: TorchReference.fixtures + "/on-policy.json")
            return try JSONDecoder().decode(Reference.self, from: Data(contentsOf: path))
        }

        /// The answers after a prompt, which is computed once.
        func packed(after prompt: [Int32], guides: [[[Float]]] = []) -> PackedSequence {
            var sequence = PackedSequence(prefix: Array(prompt.dropLast()))
            for (index, answer) in answers.enumerated() {
                sequence.append(
                    prompt.suffix(1) + answer, weights: [0] + answer.map { _ in 1 },
                    guides: guides.isEmpty ? [] : [nil] + guides[index])
            }
            return sequence
        }
    }

    private let reference: Reference
    private let model: ReferenceModel
    /// log q of the model without the adapter, after the longer prompt: [answer][token][vocabulary].
    private let guides: [[[Float]]]

    init() throws {
        reference = try Reference.load()
        model = try ReferenceModel("lora")
        let none = LoRAAdapter(config: LoRAAdapter.Config(rank: 1, alpha: 1), model: model.weights.config)
        let teacher = Trainer(
            weights: model.weights, trainable: .adapter(none), options: AdamW.Options(), threads: 2)
        guides = teacher.logProbabilities([reference.packed(after: reference.prefix + reference.query)])[0]
    }

    @Test("a teacher's log-probabilities are torch's at every token of the answers")
    func logProbabilities() {
        #expect(guides.map(\.count) == reference.answers.map(\.count))
        for (own, expected) in zip(guides, reference.guides) {
            let flat = own.flatMap { $0 }
            for (index, value) in expected {
                #expect(abs(Double(flat[Int(index) ?? -1]) - value) < 1e-4, "\(index)")
            }
        }
    }

    @Test("loss and gradients equal torch's within 1e-3")
    func gradients() throws {
        let trainer = model.trainer()
        let sequence = reference.packed(after: reference.query, guides: guides)
        #expect(abs(trainer.loss([sequence]) - reference.loss) < 1e-4)
        try model.expect(trainer.gradients([sequence]), equal: reference.gradients)
    }

    @Test("five AdamW steps towards a guide give torch's losses within 1e-3")
    func steps() {
        let trainer = model.trainer(AdamW.Options(weightDecay: 0, maximumNorm: .infinity))
        let sequence = reference.packed(after: reference.query, guides: guides)
        for loss in reference.losses {
            #expect(abs(trainer.step([sequence], rate: 0.01).loss - loss) <= 1e-3 * loss)
        }
    }
}
