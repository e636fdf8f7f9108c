import Randomness

/// Chooses the next token of one sequence from its logits.
///
/// Order: logit bias, penalties, the constraint's mask; then the likeliest at temperature 0, else temperature, top-k,
/// top-p and min-p, in the order and with the meaning of transformers' logits processors, and a seeded draw. Nothing
/// depends on other sequences.
public struct Sampler: Sendable {
    /// What the sampler decided.
    public enum Choice: Sendable, Equatable {
        /// The answer goes on with this token.
        case token(GeneratedToken)
        /// The answer is over.
        case end
    }

    private static let notFinite = EngineError.numbers(
        "the model's logits are not finite: compare its files with those that were promoted")

    private let options: GenerationOptions
    private let endTokens: [Int32]
    private var history: TokenHistory
    private var constraint: (any TokenConstraint)?
    private var nucleus: Nucleus
    private var random: SplitMix64
    private var adjusted: [Float] = []

    /// A sampler at the beginning of an answer.
    ///
    /// - Parameters:
    ///   - prompt: what the repetition penalty counts as said.
    ///   - endTokens: what ends an answer where the options name nothing.
    public init(_ options: GenerationOptions, prompt: some Sequence<Int32> = [], endTokens: [Int32] = []) {
        self.options = options
        self.endTokens = options.endTokens ?? endTokens
        history = TokenHistory(options, prompt: prompt)
        constraint = options.constraint
        nucleus = Nucleus(options)
        random = SplitMix64(seed: options.seed)
    }

    /// The next token, or the end; ties go to the smaller id.
    ///
    /// - Throws: `.numbers` when the chosen logit is no number; `.constraint` when no token continues what the
    ///   constraint demands.
    public mutating func next(_ logits: ArraySlice<Float>) throws(EngineError) -> Choice {
        guard let token = try choose(logits) else { return .end }
        guard logits[logits.startIndex + Int(token)].isFinite else {
            throw Self.notFinite
        }
        if endTokens.contains(token) { return .end }
        accept(token)
        return .token(GeneratedToken(token, logits: logits, top: options.topLogprobs))
    }

    /// Goes on with a token that was chosen elsewhere.
    mutating func accept(_ token: Int32) {
        history.append(token)
        constraint?.accept(token)
    }

    /// The likeliest continuations, the likeliest first; no token is the end.
    ///
    /// - Returns: at most `most`, each with ln p under the model and what bias and penalties add; what is masked is not
    ///   among them.
    /// - Throws: as `next`.
    mutating func successors(
        _ logits: ArraySlice<Float>, most: Int
    ) throws(EngineError) -> [(token: Int32?, logprob: Float)] {
        let total = GeneratedToken.logSum(logits)
        guard total.isFinite else { throw Self.notFinite }
        var open = logits
        if isAdjusting {
            guard try adjust(logits) else { return [(nil, 0)] }
            open = adjusted[...]
        }
        return GeneratedToken.largest(most, of: open).compactMap { token in
            let logit = open[open.startIndex + Int(token)]
            return logit == -.infinity ? nil : (endTokens.contains(token) ? nil : token, logit - total)
        }
    }

    /// Whether the answer cannot go on: its constraint has been met and allows nothing more.
    public var isComplete: Bool {
        constraint.map { $0.mayEnd && $0.allowed.isEmpty } ?? false
    }

    /// The probabilities that the next token is drawn with; the likeliest alone has 1 at temperature 0.
    public mutating func probabilities(_ logits: ArraySlice<Float>) throws(EngineError) -> [Float] {
        var result = [Float](repeating: 0, count: logits.count)
        try adjust(logits)
        let best = KernelTable.best.argmax(adjusted[...])
        guard nucleus.samples else {
            result[best] = 1
            return result
        }
        let total = nucleus.collect(adjusted[...], best: best)
        for candidate in nucleus.candidates { result[Int(candidate.token)] = candidate.weight / total }
        return result
    }

    /// The chosen token, nil where the constraint leaves only the end.
    private mutating func choose(_ logits: ArraySlice<Float>) throws(EngineError) -> Int32? {
        guard isAdjusting else { return pick(logits) }
        guard try adjust(logits) else { return nil }
        return pick(adjusted[...])
    }

    private mutating func pick(_ logits: ArraySlice<Float>) -> Int32 {
        let best = KernelTable.best.argmax(logits)
        guard nucleus.samples else { return Int32(best) }
        return nucleus.draw(logits, best: best, random: &random)
    }

    private var isAdjusting: Bool { !options.logitBias.isEmpty || history.isActive || constraint != nil }

    /// Copies the logits with bias, penalties and mask into `adjusted`; false where only the end is left.
    @discardableResult
    private mutating func adjust(_ logits: ArraySlice<Float>) throws(EngineError) -> Bool {
        adjusted.removeAll(keepingCapacity: true)
        adjusted.append(contentsOf: logits)
        for (token, bias) in options.logitBias where adjusted.indices.contains(Int(token)) {
            adjusted[Int(token)] += bias
        }
        history.penalize(&adjusted)
        guard let constraint else { return true }
        let ends = endTokens.filter { adjusted.indices.contains(Int($0)) }.map { (token: $0, logit: adjusted[Int($0)]) }
        let isOpen = constraint.allowed.apply(to: &adjusted)
        let mayEnd = constraint.mayEnd
        for end in ends { adjusted[Int(end.token)] = mayEnd ? end.logit : -.infinity }
        guard isOpen || mayEnd else {
            throw .constraint(
                constraint.obstacle ?? "the model's vocabulary has no token that continues the answer as demanded")
        }
        return isOpen || !ends.isEmpty
    }
}
