/// A model ready to compute: weights, and the tables that belong to them. Immutable, shared between threads.
public struct DecoderModel: Sendable {
    /// The model's shape.
    public let config: ModelConfig
    /// How the matrices are held.
    public let precision: WeightPrecision
    /// Most positions computed at once; longer prompts go in chunks of this size.
    public static let chunk = 256
    let packed: PackedWeights
    let rotary: GrowingRotaryTable
    let kernels: KernelTable
    let products: ProductTable
    let team: ThreadTeam
    /// What an adapter is added to; nil when the model was made without.
    private let source: ParameterSource?

    /// How a model computes.
    public struct Options: Sendable {
        /// How the matrices are held.
        public var precision: WeightPrecision
        /// Threads that share the work of a step.
        public var team: ThreadTeam
        /// The instruction set; another than the best is for comparing them.
        public var kernels: KernelTable
        /// True keeps what the model was made from, which `merging` needs: weights in memory, or an open checkpoint.
        public var keepsWeights: Bool

        /// Float32 on the calling thread, unless something else is said.
        public init(
            precision: WeightPrecision = .float32, team: ThreadTeam = .single, kernels: KernelTable = .best,
            keepsWeights: Bool = true
        ) {
            self.precision = precision
            self.team = team
            self.kernels = kernels
            self.keepsWeights = keepsWeights
        }
    }

    /// A model with these weights.
    ///
    /// - Throws: `EngineError.openBLAS` when the matrix library is missing, `.limit` when a head is wider than the
    ///   kernels' 256.
    public init(weights: ModelWeights, options: Options = Options()) throws(EngineError) {
        try self.init(.weights(weights), options: options)
    }

    /// A model with the adapter added to a copy of the weights.
    public init(
        weights: ModelWeights, adapter: LoRAAdapter, options: Options = Options()
    ) throws(EngineError) {
        try self.init(.weights(weights), adapter: adapter, options: options)
    }

    /// A model with the weights of a checkpoint, and an adapter added in, packed one matrix after the other: only one
    /// is float32 at a time.
    ///
    /// - Throws: as `init(weights:options:)`; `.limit` too when the adapter was made for a model of another shape.
    public init(
        checkpoint: Checkpoint, adapter: LoRAAdapter? = nil, options: Options = Options()
    ) throws(EngineError) {
        try self.init(.checkpoint(checkpoint), adapter: adapter, options: options)
    }

    /// This model with the adapter added to a copy of the matrices that it adapts; everything else is shared.
    public func merging(_ adapter: LoRAAdapter) throws(EngineError) -> DecoderModel {
        guard adapter.model == config, let source else { throw Self.otherShape }
        return DecoderModel(
            config, packed: packed.merging(adapter, into: source, team: team), rotary: rotary,
            options: Options(precision: precision, team: team, kernels: kernels), source: nil)
    }

    /// A model whose matrices lie packed already.
    init(_ source: ParameterSource, packed: PackedWeights, options: Options) throws(EngineError) {
        try BLAS.load()
        try Self.checkHeads(source.config)
        self.init(
            source.config, packed: packed, rotary: GrowingRotaryTable(source.config), options: options,
            source: options.keepsWeights ? source : nil)
    }

    /// What is added in can be the base of no other adapter.
    private init(_ source: ParameterSource, adapter: LoRAAdapter? = nil, options: Options) throws(EngineError) {
        try BLAS.load()
        try Self.checkHeads(source.config)
        guard adapter == nil || adapter?.model == source.config else { throw Self.otherShape }
        let packed = PackedWeights(source, merging: adapter, precision: options.precision, team: options.team)
        self.init(
            source.config, packed: packed, rotary: GrowingRotaryTable(source.config), options: options,
            source: options.keepsWeights && adapter == nil ? source : nil)
    }

    private init(
        _ config: ModelConfig, packed: PackedWeights, rotary: GrowingRotaryTable, options: Options,
        source: ParameterSource?
    ) {
        self.config = config
        precision = options.precision
        self.packed = packed
        self.rotary = rotary
        kernels = options.kernels
        products = options.kernels.products
        team = options.team
        self.source = source
    }

    private static func checkHeads(_ config: ModelConfig) throws(EngineError) {
        guard config.headSize <= 256 else {
            throw .limit("a head has \(config.headSize) elements; the engine computes heads of up to 256")
        }
    }

    private static let otherShape = EngineError.limit(
        "the adapter was made for a model of another shape than this one")

    /// True when keys and values are held in half precision: whenever the weights are narrower than float32.
    var usesHalfCache: Bool { precision != .float32 }

    /// Bytes of one layer in a block of keys and values.
    var layerBytes: Int { KeyValueBlock.Shape(config, isHalf: usesHalfCache).layerBytes }

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
            _ = advance(
                tokens[start..<end], cache: &cache, scratch: &scratch, wanted: end == tokens.count ? .last : .none)
            start = end
        }
        var logits: [Float] = []
        swap(&logits, &scratch.logits)
        heads(rows: 1, into: &logits, scratch: &scratch)
        swap(&logits, &scratch.logits)
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
            let rows = advance(tokens[start..<end], cache: &cache, scratch: &scratch, wanted: .all)
            var logits = [Float](repeating: 0, count: rows * config.vocabularySize)
            heads(rows: rows, into: &logits, scratch: &scratch)
            body(logits, start..<end)
            start = end
        }
    }

    /// Runs one sequence's tokens; returns how many final hidden rows `scratch` has.
    func advance(
        _ tokens: ArraySlice<Int32>, cache: inout KeyValueCache, scratch: inout DecoderScratch,
        wanted: SequenceStep.Wanted
    ) -> Int {
        // Taken out and put back: a block that two caches hold would be copied when it is written to.
        var own = KeyValueCache(config)
        swap(&own, &cache)
        var steps = [SequenceStep(tokens: tokens, cache: own, wanted: wanted)]
        own = KeyValueCache(config)
        let rows = step(&steps, scratch: &scratch)
        cache = steps[0].cache
        return rows
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
