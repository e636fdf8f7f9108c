// Unchecked sendability: `Worker` is used by one thread at a time; a step hands each worker to one iteration of
// `concurrentPerform` and reads the results after all have ended.

import Dispatch
public import Engine

/// Trains all weights or an adapter: one packed sequence per thread, gradients summed in a fixed order.
///
/// The same seed, data and number of workers give the same weights bit for bit.
public final class Trainer {
    /// What a step did.
    public struct StepResult: Sendable {
        /// Mean loss over the weighted tokens, in nats.
        public let loss: Double
        /// Global gradient norm before clipping.
        public let gradientNorm: Float
        /// Tokens computed, with and without a loss.
        public let tokens: Int
    }

    /// The model; changed by steps when all weights are trained.
    public private(set) var weights: ModelWeights
    /// What is trained, with its current values.
    public private(set) var trainable: Trainable
    /// The optimizer's state.
    public internal(set) var optimizer: AdamW
    private let workers: [Worker]
    private let undecayed: [Range<Int>]

    private final class Worker: @unchecked Sendable {
        var pass: TrainingPass
        var loss = 0.0
        var exact: [(sequence: Int, segments: [Bool])] = []
        var tops: [(sequence: Int, segments: [[TokenDistribution]])] = []
        var logProbabilities: [(sequence: Int, segments: [[[Float]]])] = []

        init(_ pass: TrainingPass) {
            self.pass = pass
        }

        /// Takes over what the pass collected of a sequence, by segment.
        func collect(_ number: Int, _ sequence: PackedSequence) {
            if pass.topCount > 0 {
                tops.append((number, sequence.segments.map { $0.compactMap { pass.tops[$0] } }))
                pass.tops = [:]
            }
            if pass.collectsLogProbabilities {
                logProbabilities.append((number, sequence.segments.map { $0.compactMap { pass.logProbabilities[$0] } }))
                pass.logProbabilities = [:]
            }
        }
    }

    /// Prepares training on `threads` threads.
    ///
    /// - Parameter isFrozenNarrow: the matrices that an adapter's training leaves alone are taken in bfloat16, which
    ///   pays where the processor has AMX; gradients, sums, the adapter and the optimizer stay float32.
    public init(
        weights: ModelWeights, trainable: Trainable, options: AdamW.Options, threads: Int = 2,
        isFrozenNarrow: Bool = false
    ) {
        precondition(threads > 0)
        var frozen: FrozenModel?
        if isFrozenNarrow, case .adapter = trainable { frozen = FrozenModel(weights) }
        self.weights = weights
        self.trainable = trainable
        optimizer = AdamW(count: trainable.count(in: weights), options: options)
        let rotary = RotaryTable(weights.config)
        workers = (0..<threads).map { _ in
            Worker(TrainingPass(weights: weights, trainable: trainable, rotary: rotary, frozen: frozen))
        }
        switch trainable {
        case .allWeights: undecayed = weights.layout.entries.filter { $0.shape.count == 1 }.map(\.range)
        case .adapter: undecayed = []
        }
    }

    /// One optimizer step on the mean weighted loss of the batch.
    ///
    /// - Parameters:
    ///   - dropout: probability with which an input of a low-rank path is left out.
    ///   - seed: decides which ones; another one for each step.
    public func step(_ batch: [PackedSequence], rate: Float, dropout: Float = 0, seed: UInt64 = 0) -> StepResult {
        let loss = accumulate(
            batch, wantsGradient: true, dropout: dropout > 0 ? Dropout(rate: dropout, seed: seed) : nil)
        let total = totalWeight(batch)
        for worker in workers.dropFirst() {
            KernelTable.best.addScaled(worker.pass.gradients[...], into: &workers[0].pass.gradients)
        }
        let norm = update(scale: 1 / Float(total), rate: rate)
        return StepResult(loss: loss / total, gradientNorm: norm, tokens: batch.reduce(0) { $0 + $1.count })
    }

    /// Mean weighted loss of the batch in nats, without a step.
    public func loss(_ batch: [PackedSequence]) -> Double {
        accumulate(batch, wantsGradient: false) / totalWeight(batch)
    }

    /// Mean weighted loss, and for each segment of each sequence whether the likeliest token was right wherever a loss
    /// is counted: with weights on the answer only, whether greedy decoding gives exactly the answer.
    public func evaluate(_ batch: [PackedSequence]) -> (loss: Double, exact: [[Bool]]) {
        let loss = accumulate(batch, wantsGradient: false) / totalWeight(batch)
        let exact = workers.flatMap(\.exact).sorted { $0.sequence < $1.sequence }
        return (loss, exact.map(\.segments))
    }

    /// The model's likeliest tokens wherever a loss is counted: for each sequence and segment, one distribution for
    /// each token with a weight, in order.
    public func distributions(_ batch: [PackedSequence], top count: Int) -> [[[TokenDistribution]]] {
        for worker in workers { worker.pass.topCount = count }
        defer { for worker in workers { worker.pass.topCount = 0 } }
        _ = accumulate(batch, wantsGradient: false)
        return workers.flatMap(\.tops).sorted { $0.sequence < $1.sequence }.map(\.segments)
    }

    /// log p of every token of the vocabulary wherever a loss is counted: for each sequence and segment, one list for
    /// each token with a weight, in order.
    public func logProbabilities(_ batch: [PackedSequence]) -> [[[[Float]]]] {
        for worker in workers { worker.pass.collectsLogProbabilities = true }
        defer { for worker in workers { worker.pass.collectsLogProbabilities = false } }
        _ = accumulate(batch, wantsGradient: false)
        defer { for worker in workers { worker.logProbabilities = [] } }
        return workers.flatMap(\.logProbabilities).sorted { $0.sequence < $1.sequence }.map(\.segments)
    }

    /// Gradients of the mean weighted loss of the batch, in the layout of what is trained, without a step.
    public func gradients(_ batch: [PackedSequence]) -> [Float] {
        gradients(batch, dropout: nil)
    }

    /// Mean weighted loss with some inputs left out, as `gradients` with the same dropout sees it.
    func loss(_ batch: [PackedSequence], dropout: Dropout) -> Double {
        accumulate(batch, wantsGradient: false, dropout: dropout) / totalWeight(batch)
    }

    func gradients(_ batch: [PackedSequence], dropout: Dropout?) -> [Float] {
        _ = accumulate(batch, wantsGradient: true, dropout: dropout)
        var sum = workers[0].pass.gradients
        for worker in workers.dropFirst() { KernelTable.best.addScaled(worker.pass.gradients[...], into: &sum) }
        let scale = 1 / Float(totalWeight(batch))
        return sum.map { $0 * scale }
    }

    /// Replaces parameters and optimizer state, as read from a checkpoint or at a stage border.
    public func restore(values: [Float], optimizer: AdamW) {
        precondition(values.count == optimizer.first.count && values.count == self.optimizer.first.count)
        switch trainable {
        case .allWeights: weights.values = values
        case .adapter(var adapter):
            adapter.values = values
            trainable = .adapter(adapter)
        }
        self.optimizer = optimizer
    }

    /// The trained parameters.
    public var values: [Float] {
        switch trainable {
        case .allWeights: weights.values
        case .adapter(let adapter): adapter.values
        }
    }

    private func totalWeight(_ batch: [PackedSequence]) -> Double {
        batch.reduce(0) { $0 + $1.weights.reduce(0) { $0 + Double($1) } }
    }

    private func accumulate(
        _ batch: [PackedSequence], wantsGradient: Bool, dropout: Dropout? = nil
    ) -> Double {
        let workers = workers
        let weights = weights
        let trainable = trainable
        DispatchQueue.concurrentPerform(iterations: workers.count) { index in
            let worker = workers[index]
            worker.loss = 0
            worker.exact = []
            worker.tops = []
            worker.logProbabilities = []
            if wantsGradient { worker.pass.clearGradients() }
            for number in stride(from: index, to: batch.count, by: workers.count) {
                let sequence = batch[number]
                worker.pass.dropout = dropout.map {
                    Dropout(rate: $0.rate, seed: $0.seed &+ UInt64(number) &* 0x9E37_79B9_7F4A_7C15)
                }
                if wantsGradient {
                    worker.loss += worker.pass.run(sequence, weights: weights, trainable: trainable)
                } else {
                    worker.loss += worker.pass.loss(sequence, weights: weights, trainable: trainable)
                    worker.exact.append((number, sequence.exactSegments(predictions: worker.pass.predictions)))
                    worker.collect(number, sequence)
                }
            }
        }
        return workers.reduce(0) { $0 + $1.loss }
    }

    private func update(scale: Float, rate: Float) -> Float {
        let gradients = workers[0].pass.gradients
        switch trainable {
        case .allWeights:
            return optimizer.update(
                &weights.values, gradients: gradients, gradientScale: scale, rate: rate, undecayed: undecayed)
        case .adapter(var adapter):
            trainable = .allWeights
            defer { trainable = .adapter(adapter) }
            return optimizer.update(
                &adapter.values, gradients: gradients, gradientScale: scale, rate: rate, undecayed: undecayed)
        }
    }
}
