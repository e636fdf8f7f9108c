import Engine
import Randomness
import TestSupport
import Testing

@testable import Tuning

@Suite("The trainer follows torch and peft for every family")
struct FamilyTrainerTests {
    private struct Run {
        let adapter: LoRAAdapter
        let trainer: Trainer
        let fixture: FamilyFixture

        init(_ name: String, options: AdamW.Options = AdamW.Options()) throws {
            try BLAS.load()
            fixture = try FamilyFixture.load(name)
            let weights = try ModelWeights.load(folder: FamilyFixture.folder(name))
            adapter = try LoRAAdapter.load(folder: FamilyFixture.folder(name) + "/adapter", model: weights.config)
            trainer = Trainer(weights: weights, trainable: .adapter(adapter), options: options, threads: 1)
        }

        var sequence: PackedSequence {
            let tokens = fixture.training.tokens
            var sequence = PackedSequence()
            sequence.append(tokens, weights: [Float](repeating: 1, count: tokens.count))
            return sequence
        }

        /// Compares sampled parameters within 1e-3, relative to the tensor's samples.
        func compare(_ values: [Float], _ expected: FamilyFixture.Steps) throws {
            var compared = 0
            for layer in 0..<adapter.model.layerCount {
                for projection in Projection.allCases {
                    guard let pair = adapter.pair(layer: layer, projection) else { continue }
                    let prefix = "base_model.model.model.layers.\(layer).\(projection.rawValue).lora_"
                    for (name, range) in [("A", pair.down), ("B", pair.up)] {
                        let entries = try #require(expected.parameters[prefix + name + ".weight"])
                        let size = entries.values.map { abs($0) }.max() ?? 0
                        for (index, value) in entries {
                            let own = Double(values[range.lowerBound + (try #require(Int(index)))])
                            #expect(abs(own - value) <= 1e-3 * max(size, 0.05), "\(prefix)\(name)[\(index)]")
                        }
                        compared += 1
                    }
                }
            }
            #expect(compared == expected.parameters.count)
        }
    }

    @Test("five AdamW steps give torch's losses and parameters within 1e-3", arguments: FamilyFixture.names)
    func adamW(_ name: String) throws {
        let run = try Run(name, options: AdamW.Options(weightDecay: 0.01, maximumNorm: .infinity))
        for loss in run.fixture.training.adamw.losses {
            #expect(abs(run.trainer.step([run.sequence], rate: 0.01).loss - loss) <= 1e-3 * loss)
        }
        try run.compare(run.trainer.values, run.fixture.training.adamw)
    }

    @Test("five plain gradient steps give torch's losses and parameters within 1e-3", arguments: FamilyFixture.names)
    func gradientSteps(_ name: String) throws {
        let run = try Run(name)
        for loss in run.fixture.training.sgd.losses {
            #expect(abs(run.trainer.loss([run.sequence]) - loss) <= 1e-3 * loss)
            let stepped = zip(run.trainer.values, run.trainer.gradients([run.sequence])).map { $0 - 0.01 * $1 }
            run.trainer.restore(values: stepped, optimizer: run.trainer.optimizer)
        }
        try run.compare(run.trainer.values, run.fixture.training.sgd)
    }

    @Test("gradients of all weights agree with central differences", arguments: ["llama", "mistral", "qwen3", "gemma"])
    func finiteDifferences(_ name: String) throws {
        let run = try Run(name)
        let weights = try ModelWeights.load(folder: FamilyFixture.folder(name))
        let trainer = Trainer(weights: weights, trainable: .allWeights, options: AdamW.Options(), threads: 1)
        let gradients = trainer.gradients([run.sequence])
        let start = trainer.values
        let seed: UInt64 = 12
        print("seed \(seed)")
        var random = SplitMix64(seed: seed)
        for entry in weights.layout.entries where entry.shape.count == 1 || entry.name.contains("layers.1") {
            var direction = [Float](repeating: 0, count: start.count)
            for index in entry.range { direction[index] = Float(random.normal()) }
            let length = direction[entry.range].reduce(0) { $0 + $1 * $1 }.squareRoot()
            let width: Float = 0.01 / length
            func loss(_ sign: Float) -> Double {
                trainer.restore(
                    values: zip(start, direction).map { $0 + sign * width * $1 }, optimizer: trainer.optimizer)
                return trainer.loss([run.sequence])
            }
            let difference = (loss(1) - loss(-1)) / Double(2 * width)
            let range = entry.range
            let slope = zip(gradients[range], direction[range]).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
            #expect(abs(difference - slope) <= 0.02 * max(abs(slope), 1), "\(entry.name): \(difference), \(slope)")
        }
    }

    @Test(
        "a shared prefix gives the losses and gradients of the sequences alone, in a window",
        arguments: ["mistral", "qwen2"])
    func sharedPrefix(_ name: String) throws {
        let run = try Run(name)
        var random = SplitMix64(seed: 5)
        func tokens(_ count: Int) -> [Int32] { (0..<count).map { _ in Int32(random.next() % 64) } }
        let prefix = tokens(9)
        let rests = [tokens(3), tokens(70), tokens(17)]
        var packed = PackedSequence(prefix: prefix)
        var alone: [PackedSequence] = []
        for rest in rests {
            packed.append(rest, weights: [Float](repeating: 1, count: rest.count))
            var single = PackedSequence()
            let weights = [Float](repeating: 0, count: prefix.count + 1) + [Float](repeating: 1, count: rest.count - 1)
            single.append(prefix + rest, weights: weights)
            alone.append(single)
        }
        #expect(abs(run.trainer.loss([packed]) - run.trainer.loss(alone)) < 1e-5)
        let (together, apart) = (run.trainer.gradients([packed]), run.trainer.gradients(alone))
        let size = apart.reduce(0) { max($0, abs($1)) }
        #expect(zip(together, apart).allSatisfy { abs($0 - $1) <= 1e-4 * size })
    }
}
