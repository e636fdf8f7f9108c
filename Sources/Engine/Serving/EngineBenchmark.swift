/// Times a model's two kinds of work: reading prompts and generating tokens.
public struct EngineBenchmark: Sendable {
    /// One measured row.
    public struct Row: Sendable, Codable, Equatable {
        /// "prefill" or "decode".
        public let work: String
        /// Tokens that were read, or generated in each sequence.
        public let tokens: Int
        /// Sequences computed at once.
        public let batch: Int
        /// Positions in the cache before the first of the tokens.
        public let context: Int
        /// Median over the rounds of all sequences' tokens a second.
        public let tokensPerSecond: Double
        /// The fastest round.
        public let fastest: Double
        /// The slowest round.
        public let slowest: Double
    }

    private let model: DecoderModel
    private let rounds: Int

    /// A benchmark that repeats each row `rounds` times.
    public init(_ model: DecoderModel, rounds: Int) {
        precondition(rounds > 0)
        self.model = model
        self.rounds = rounds
    }

    /// Reads a prompt of `tokens` tokens into an empty cache and computes the logits after it.
    public func prefill(tokens: Int) throws(EngineError) -> Row {
        var scratch = DecoderScratch(model.config)
        let prompt = Self.tokens(tokens, model.config)
        var rates: [Double] = []
        for round in 0...rounds {
            var cache = KeyValueCache(model.config)
            let start = ContinuousClock.now
            try model.forward(prompt, cache: &cache, scratch: &scratch)
            if round > 0 { rates.append(Double(tokens) / seconds(since: start)) }
        }
        return row("prefill", tokens: tokens, batch: 1, context: 0, rates)
    }

    /// Generates `tokens` tokens greedily in `batch` sequences that already hold `context` positions.
    public func decode(tokens: Int, batch: Int, context: Int) throws(EngineError) -> Row {
        guard context >= 1, context + tokens <= model.config.maximumPositions else {
            throw .limit(
                "\(context) positions and \(tokens) new tokens do not fit the model's \(model.config.maximumPositions)")
        }
        var scratch = DecoderScratch(model.config)
        var base = KeyValueCache(model.config)
        try model.forward(Self.tokens(context, model.config), cache: &base, scratch: &scratch)
        var rates: [Double] = []
        for round in 0...rounds {
            var steps = (0..<batch).map { number in
                SequenceStep(
                    tokens: [Int32(number % model.config.vocabularySize)], cache: base.fork(reserving: tokens),
                    wanted: .last)
            }
            let start = ContinuousClock.now
            for _ in 0..<(round == 0 ? 1 : tokens) { generate(&steps, scratch: &scratch) }
            if round > 0 { rates.append(Double(batch * tokens) / seconds(since: start)) }
        }
        return row("decode", tokens: tokens, batch: batch, context: context, rates)
    }

    private func generate(_ steps: inout [SequenceStep], scratch: inout DecoderScratch) {
        let logits = model.logits(of: &steps, scratch: &scratch)
        let classes = model.config.vocabularySize
        for index in steps.indices {
            let next = model.kernels.argmax(logits[index * classes..<(index + 1) * classes])
            steps[index].tokens = [Int32(next)]
        }
    }

    private func seconds(since start: ContinuousClock.Instant) -> Double {
        (ContinuousClock.now - start) / .seconds(1)
    }

    private func row(_ work: String, tokens: Int, batch: Int, context: Int, _ rates: [Double]) -> Row {
        let sorted = rates.sorted()
        return Row(
            work: work, tokens: tokens, batch: batch, context: context, tokensPerSecond: sorted[sorted.count / 2],
            fastest: sorted.last ?? 0, slowest: sorted.first ?? 0)
    }

    /// Token ids spread over the vocabulary.
    private static func tokens(_ count: Int, _ config: ModelConfig) -> [Int32] {
        (0..<count).map { Int32(($0 * 7919 + 13) % config.vocabularySize) }
    }
}
