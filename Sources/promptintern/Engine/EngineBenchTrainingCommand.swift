import ArgumentParser
import Engine
import Foundation
import Randomness
import Tuning

/// Measures LoRA training steps on a checkpoint.
struct EngineBenchTrainingCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench-training", abstract: "Measure LoRA training steps on a checkpoint in tokens per second.",
        discussion: """
            A step is a forward and a backward pass over sequences of random tokens, with the loss on every token, \
            clipping and AdamW, in float32 unless --precision says otherwise, with an adapter on all linear layers. A first step is not counted. \
            Benchmarks/internalization/training.py runs it in turns with transformers and peft.
            """)

    @Option(help: ArgumentHelp("The Hugging Face checkpoint folder.", valueName: "folder"))
    var model: String

    @Option(help: "Tokens of a sequence.")
    var length = 512

    @Option(help: "Sequences of a step.")
    var batch = 4

    @Option(help: "LoRA rank.")
    var rank = 16

    @Option(help: "The base's matrices: f32, or bf16, which pays where the processor has AMX.")
    var precision: WeightPrecision = .float32

    @Option(help: "Steps that are timed.")
    var steps = 5

    @Option(help: "Threads.")
    var threads = 2

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        guard precision == .float32 || precision == .bfloat16 else {
            throw ValidationError("--precision: f32 and bf16 are possible")
        }
        for (name, value, limit) in [
            ("--length", length, 1 << 20), ("--batch", batch, 4_096), ("--rank", rank, 4_096),
            ("--steps", steps, 10_000),
            ("--threads", threads, 256),
        ] where !((name == "--length" ? 2 : 1)...limit).contains(value) {
            throw ValidationError("\(name): \(value) is not possible")
        }
    }

    func run() throws {
        try BLAS.load()
        let weights = try ModelWeights.load(folder: model)
        guard length <= weights.config.maximumPositions else {
            throw ValidationError("--length: the model has \(weights.config.maximumPositions) positions")
        }
        let trainer = Trainer(
            weights: weights,
            trainable: .adapter(
                .initial(config: .init(rank: rank, alpha: Float(2 * rank)), model: weights.config, seed: 1)),
            options: AdamW.Options(), threads: threads, isFrozenNarrow: precision == .bfloat16)
        var random = SplitMix64(seed: 1)
        let classes = UInt64(weights.config.vocabularySize)
        let sequences = (0..<batch).map { _ in
            var sequence = PackedSequence()
            let tokens = (0..<length).map { _ in Int32(random.next() % classes) }
            sequence.append(tokens, weights: [Float](repeating: 1, count: length))
            return sequence
        }
        var seconds: [Double] = []
        var loss = 0.0
        for step in 0...steps {
            let start = ContinuousClock.now
            loss = trainer.step(sequences, rate: 1e-4).loss
            if step > 0 { seconds.append((ContinuousClock.now - start) / .seconds(1)) }
        }
        let report = Report(
            tokensPerSecond: Double(batch * length) / seconds.sorted()[seconds.count / 2],
            peakMemory: peakMemory, loss: loss)
        json ? try showJSON(report) : show(report)
    }

    private struct Report: Encodable {
        /// Median over the steps.
        let tokensPerSecond: Double
        /// Bytes.
        let peakMemory: Int
        /// After the last step, in nats a token.
        let loss: Double
    }

    private func showJSON(_ report: Report) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        promptintern.show(String(decoding: try encoder.encode(report), as: UTF8.self))
    }

    private func show(_ report: Report) {
        promptintern.show(
            String(
                format: "%@: %d x %d tokens, rank %d: %.0f tokens/s, peak memory %d MiB, loss %.4f", model, batch,
                length,
                rank, report.tokensPerSecond, report.peakMemory >> 20, report.loss))
    }
}
