import Engine
import Foundation
import Randomness
import TestSupport
import Testing

@testable import Tuning

@Suite("The trainer computes what torch, transformers and peft compute")
struct TrainerTests {
    static let names = ["full_tied", "full_untied", "lora"]

    @Test("the loss and every tensor's gradient equal torch's within 1e-3", arguments: names)
    func gradients(_ name: String) throws {
        let expected = try #require(try TorchReference.load().training[name])
        let model = try ReferenceModel(name)
        let trainer = model.trainer()
        #expect(abs(trainer.loss([expected.sequence]) - expected.loss) < 1e-4)
        let gradients = trainer.gradients([expected.sequence])
        try model.expect(gradients, equal: expected.gradients)
    }

    @Test("five AdamW steps give torch's losses and parameters within 1e-3", arguments: names)
    func adamW(_ name: String) throws {
        let expected = try #require(try TorchReference.load().training[name])
        let model = try ReferenceModel(name)
        let trainer = model.trainer(AdamW.Options(weightDecay: 0.01, maximumNorm: .infinity))
        for loss in expected.adamw.losses {
            #expect(abs(trainer.step([expected.sequence], rate: 0.01).loss - loss) <= 1e-3 * loss)
        }
        for (tensor, entries) in expected.adamw.parameters {
            let range = try #require(model.ranges[tensor])
            for (index, value) in entries {
                let own = Double(trainer.values[range.lowerBound + (try #require(Int(index)))])
                #expect(abs(own - value) <= 1e-3 * max(1, abs(value)), "\(tensor)[\(index)]")
            }
        }
    }

    @Test("a base in bfloat16 gives the loss and the gradients of one whose matrices were rounded to it")
    func narrowBase() throws {
        let weights = try ReferenceModel("full_untied").weights
        var rounded = weights
        let matrices = weights.layout.layers.flatMap { place in Projection.allCases.map { place.range(of: $0) } }
        for range in matrices + [weights.layout.head] {
            for index in range {
                let bits = weights.values[index].bitPattern
                rounded.values[index] = Float(bitPattern: (bits &+ 0x7FFF &+ (bits >> 16 & 1)) & 0xFFFF_0000)
            }
        }
        var adapter = LoRAAdapter.initial(config: .init(rank: 3, alpha: 6), model: weights.config, seed: 1)
        var random = SplitMix64(seed: 7)
        for index in adapter.values.indices { adapter.values[index] = Float(random.normal()) * 0.1 }
        let sequence = try #require(try TorchReference.load().training["full_untied"]).sequence
        func trainer(_ weights: ModelWeights, narrow: Bool) -> Trainer {
            Trainer(
                weights: weights, trainable: .adapter(adapter), options: AdamW.Options(), threads: 1,
                isFrozenNarrow: narrow)
        }
        let (own, reference) = (trainer(weights, narrow: true), trainer(rounded, narrow: false))
        // With AMX the rows are rounded too.
        let limit = ProductTable.best.name == "amx" ? 0.03 : 1e-4
        #expect(abs(own.loss([sequence]) - reference.loss([sequence])) <= limit)
        let expected = reference.gradients([sequence])
        let difference = zip(own.gradients([sequence]), expected).reduce(0.0) { $0 + pow(Double($1.0 - $1.1), 2) }
        let size = expected.reduce(0.0) { $0 + Double($1 * $1) }
        #expect(size > 0 && (difference / size).squareRoot() <= limit)
    }

    @Test("gradients agree with central differences in random directions")
    func finiteDifferences() throws {
        let model = try ReferenceModel("full_tied")
        let sequence = try #require(try TorchReference.load().training["full_tied"]).sequence
        let trainer = model.trainer()
        let gradients = trainer.gradients([sequence])
        let start = trainer.values
        let seed: UInt64 = 11
        print("seed \(seed)")
        var random = SplitMix64(seed: seed)
        for (tensor, range) in model.ranges.sorted(by: { $0.key < $1.key }) {
            var direction = [Float](repeating: 0, count: start.count)
            for index in range { direction[index] = Float(random.normal()) }
            let length = direction[range].reduce(0) { $0 + $1 * $1 }.squareRoot()
            let width: Float = 0.02 / length
            func loss(_ sign: Float) -> Double {
                trainer.restore(
                    values: zip(start, direction).map { $0 + sign * width * $1 }, optimizer: trainer.optimizer)
                return trainer.loss([sequence])
            }
            let difference = (loss(1) - loss(-1)) / Double(2 * width)
            let slope = zip(gradients[range], direction[range]).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
            #expect(abs(difference - slope) <= 0.02 * max(abs(slope), 1), "\(tensor): \(difference), \(slope)")
        }
    }

    @Test("a shared prefix gives the gradients of the sequences alone", arguments: ["full_tied", "lora"])
    func sharedPrefix(_ name: String) throws {
        let model = try ReferenceModel(name)
        var random = SplitMix64(seed: 5)
        func tokens(_ count: Int) -> [Int32] { (0..<count).map { _ in Int32(random.next() % 96) } }
        let prefix = tokens(100)
        let rests = [tokens(3), tokens(90), tokens(17)]
        var packed = PackedSequence(prefix: prefix)
        var alone: [PackedSequence] = []
        for rest in rests {
            let weights = rest.map { _ in Float(random.unit()) }
            packed.append(rest, weights: weights)
            var single = PackedSequence()
            var all = [Float](repeating: 0, count: prefix.count) + weights
            all[prefix.count] = 0
            single.append(prefix + rest, weights: all)
            alone.append(single)
        }
        let trainer = model.trainer(threads: 2)
        #expect(abs(trainer.loss([packed]) - trainer.loss(alone)) < 1e-5)
        let together = trainer.gradients([packed])
        let apart = trainer.gradients(alone)
        for (tensor, range) in model.ranges {
            let norm = apart[range].reduce(0) { $0 + $1 * $1 }.squareRoot()
            let distance = zip(together[range], apart[range]).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
            #expect(distance.squareRoot() <= 1e-4 * norm, "\(tensor)")
        }
    }

    @Test("the loss of a segment equals the engine's score of the same tokens")
    func engineAgrees() throws {
        let model = try ReferenceModel("full_untied")
        var random = SplitMix64(seed: 6)
        let tokens = (0..<200).map { _ in Int32(random.next() % 96) }
        var sequence = PackedSequence(prefix: Array(tokens.prefix(130)))
        sequence.append(Array(tokens.dropFirst(130)), weights: [Float](repeating: 1, count: 70))
        let scores = try DecoderModel(weights: model.weights).score(tokens).suffix(69)
        let mean = Double(scores.reduce(0, +)) / 69
        #expect(abs(model.trainer().loss([sequence]) - mean) < 1e-4)
    }

    @Test("the same run gives the same weights bit for bit, interrupted or not")
    func resumes() throws {
        let model = try ReferenceModel("lora")
        let sequence = try #require(try TorchReference.load().training["lora"]).sequence
        let whole = model.trainer(threads: 2)
        for step in 0..<6 { _ = whole.step([sequence, sequence], rate: 0.01 / Float(step + 1)) }

        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("trainer-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let first = model.trainer(threads: 2)
        for step in 0..<3 {
            _ = first.step([sequence, sequence], rate: 0.01 / Float(step + 1))
            try TrainingCheckpoint(values: first.values, optimizer: first.optimizer, position: ["at": "\(step + 1)"])
                .save(folder: folder, number: step + 1)
        }
        // A damaged newest checkpoint costs one interval: the one before is used.
        let newest = folder + "/checkpoint-000000003.safetensors"
        var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: newest)))
        bytes[bytes.count - 5] ^= 1
        try Data(bytes).write(to: URL(fileURLWithPath: newest))
        let checkpoint = try #require(TrainingCheckpoint.latest(folder: folder, options: first.optimizer.options))
        #expect(checkpoint.position == ["at": "2"])
        let second = model.trainer(threads: 2)
        second.restore(values: checkpoint.values, optimizer: checkpoint.optimizer)
        for step in 2..<6 { _ = second.step([sequence, sequence], rate: 0.01 / Float(step + 1)) }
        #expect(second.values == whole.values)
    }

    @Test("weights of prompt tokens are zero: changing them changes no loss but through attention")
    func lossMask() throws {
        let model = try ReferenceModel("full_tied")
        var sequence = PackedSequence(prefix: [1, 2, 3])
        sequence.append([4, 5, 6], weights: [0, 0, 1])
        #expect(sequence.weights == [0, 0, 0, 0, 1, 0])
        #expect(sequence.targets[4] == 6)
        #expect(sequence.positions == [0, 1, 2, 3, 4, 5])
        let trainer = model.trainer()
        let (loss, exact) = trainer.evaluate([sequence])
        #expect(loss.isFinite)
        #expect(exact.count == 1 && exact[0].count == 1)
    }
}
