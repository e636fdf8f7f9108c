import Engine

/// AdamW with decoupled weight decay and clipping by the global norm (Loshchilov and Hutter, 2019, algorithm 2).
public struct AdamW: Sendable {
    /// The optimizer's constants.
    public struct Options: Sendable, Equatable {
        /// Decay of the first and second moment.
        public var beta1: Float
        /// Decay of the second moment.
        public var beta2: Float
        /// Added to the root of the second moment.
        public var epsilon: Float
        /// Decoupled weight decay; norm weights are never decayed.
        public var weightDecay: Float
        /// Largest global gradient norm; larger gradients are scaled down to it. Infinity switches clipping off.
        public var maximumNorm: Float

        /// The usual constants of LoRA fine-tuning.
        public init(
            beta1: Float = 0.9, beta2: Float = 0.999, epsilon: Float = 1e-8, weightDecay: Float = 0,
            maximumNorm: Float = 1
        ) {
            self.beta1 = beta1
            self.beta2 = beta2
            self.epsilon = epsilon
            self.weightDecay = weightDecay
            self.maximumNorm = maximumNorm
        }
    }

    /// The optimizer's constants.
    public let options: Options
    /// First and second moments of every trained parameter.
    public internal(set) var first: [Float]
    /// Second moments of every trained parameter.
    public internal(set) var second: [Float]
    /// Number of steps taken.
    public internal(set) var step = 0

    /// Zero moments for `count` parameters.
    public init(count: Int, options: Options) {
        self.options = options
        first = [Float](repeating: 0, count: count)
        second = first
    }

    /// Forgets the moments, as at a stage border; the step count starts again, and with it the bias correction.
    public mutating func reset() {
        self = AdamW(count: first.count, options: options)
    }

    /// One step in place.
    ///
    /// - Parameters:
    ///   - gradientScale: multiplies every gradient first (1 / total loss weight).
    ///   - undecayed: ranges of parameters without weight decay, ascending.
    /// - Returns: the global gradient norm before clipping.
    mutating func update(
        _ parameters: inout [Float], gradients: [Float], gradientScale: Float, rate: Float, undecayed: [Range<Int>]
    ) -> Float {
        let kernels = KernelTable.best
        let norm = kernels.dot(gradients[...], gradients[...]).squareRoot() * gradientScale
        guard norm.isFinite else { return norm }
        let clip = norm > options.maximumNorm ? options.maximumNorm / norm : 1
        step += 1
        func apply(_ range: Range<Int>, decay: Float) {
            kernels.adamW(
                &parameters, first: &first, second: &second, gradients: gradients, range: range,
                gradientScale: gradientScale * clip, rate: rate, beta1: options.beta1, beta2: options.beta2,
                epsilon: options.epsilon, decay: decay, step: step)
        }
        var next = 0
        for range in undecayed {
            apply(next..<range.lowerBound, decay: options.weightDecay)
            apply(range, decay: 0)
            next = range.upperBound
        }
        apply(next..<parameters.count, decay: options.weightDecay)
        return norm
    }
}
