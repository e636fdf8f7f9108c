/// A model ready to compute: weights, and the tables that belong to them. Immutable, shared between threads.
public struct DecoderModel: Sendable {
    /// The parameters; an adapter is already added in.
    public let weights: ModelWeights
    /// Most positions computed at once; longer prompts go in chunks of this size.
    public static let chunk = 256
    let rotary: RotaryTable
    let kernels: KernelTable
    let attention: CachedAttention

    /// A model with these weights; `kernels` is for comparing instruction sets.
    ///
    /// - Throws: `EngineError.openBLAS` when the matrix library is missing.
    public init(weights: ModelWeights, kernels: KernelTable = .best) throws(EngineError) {
        try BLAS.load()
        self.weights = weights
        self.kernels = kernels
        rotary = RotaryTable(weights.config)
        attention = CachedAttention(
            heads: weights.config.headCount, keyValueHeads: weights.config.keyValueHeadCount,
            headSize: weights.config.headSize)
    }

    /// A model with the adapter added to a copy of the weights.
    public init(weights: ModelWeights, adapter: LoRAAdapter) throws(EngineError) {
        self = try DecoderModel(weights: weights).merging(adapter)
    }

    /// This model with the adapter added to a copy of its weights; the tables are shared.
    public func merging(_ adapter: LoRAAdapter) throws(EngineError) -> DecoderModel {
        guard adapter.model == config else {
            throw .limit("the adapter was made for a model of another shape than this one")
        }
        return DecoderModel(weights: weights.merging(adapter), rotary: rotary, kernels: kernels, attention: attention)
    }

    private init(weights: ModelWeights, rotary: RotaryTable, kernels: KernelTable, attention: CachedAttention) {
        self.weights = weights
        self.rotary = rotary
        self.kernels = kernels
        self.attention = attention
    }

    /// The model's shape.
    public var config: ModelConfig { weights.config }

    /// Runs the tokens after what the cache holds; leaves the last position's logits in `scratch.logits`.
    ///
    /// - Parameter isCancelled: asked before every chunk; true ends the work early.
    /// - Returns: false when it was cancelled; the cache then holds only the finished chunks.
    /// - Throws: `EngineError.limit` when there is no token, a token is outside the vocabulary, or the sequence
    ///   would be longer than the model allows; nothing is computed then.
    @discardableResult
    public func forward(
        _ tokens: [Int32], cache: inout KeyValueCache, scratch: inout DecoderScratch,
        isCancelled: () -> Bool = { false }
    ) throws(EngineError) -> Bool {
        try check(tokens, after: cache.count)
        var start = 0
        while start < tokens.count {
            guard !isCancelled() else { return false }
            let end = min(start + Self.chunk, tokens.count)
            advance(tokens[start..<end], cache: &cache, scratch: &scratch, keepingLastOnly: true)
            start = end
        }
        head(row: 0, scratch: &scratch)
        return true
    }

    /// The logits of every given position, [tokens, vocabulary].
    public func logits(_ tokens: [Int32], cache: inout KeyValueCache) throws(EngineError) -> [Float] {
        var all: [Float] = []
        all.reserveCapacity(tokens.count * config.vocabularySize)
        try forEachChunk(tokens, cache: &cache) { logits, _ in all += logits }
        return all
    }

    /// The negative log-likelihood in nats of each token after the first: tokens.count - 1 values.
    public func score(_ tokens: [Int32]) throws(EngineError) -> [Float] {
        var cache = KeyValueCache(config)
        var losses: [Float] = []
        let classes = config.vocabularySize
        try forEachChunk(tokens, cache: &cache) { logits, range in
            let targets = Array(tokens[(range.lowerBound + 1)..<min(range.upperBound + 1, tokens.count)])
            guard !targets.isEmpty else { return }
            var logits = logits
            var chunkLosses = [Float](repeating: 0, count: targets.count)
            let weights = [Float](repeating: 0, count: targets.count)
            kernels.crossEntropy(
                &logits, losses: &chunkLosses, targets: targets, weights: weights, rows: targets.count,
                classes: classes)
            losses += chunkLosses
        }
        return losses
    }

    private func forEachChunk(
        _ tokens: [Int32], cache: inout KeyValueCache, _ body: ([Float], Range<Int>) -> Void
    ) throws(EngineError) {
        try check(tokens, after: cache.count)
        var scratch = DecoderScratch(config)
        var start = 0
        while start < tokens.count {
            let end = min(start + Self.chunk, tokens.count)
            advance(tokens[start..<end], cache: &cache, scratch: &scratch, keepingLastOnly: false)
            body(heads(rows: end - start, scratch: &scratch), start..<end)
            start = end
        }
    }

    /// Refuses tokens that the model cannot run after `count` earlier ones.
    func check(_ tokens: [Int32], after count: Int) throws(EngineError) {
        guard !tokens.isEmpty else { throw .limit("a sequence needs at least one token") }
        guard count + tokens.count <= config.maximumPositions else {
            throw .limit(
                "the sequence has \(count + tokens.count) tokens, the model allows \(config.maximumPositions)")
        }
        if let token = tokens.first(where: { $0 < 0 || Int($0) >= config.vocabularySize }) {
            throw .limit("token id \(token) is outside the vocabulary of \(config.vocabularySize)")
        }
    }
}
