/// A request that the scheduler computes: how far it has come, and its keys and values.
struct RunningSequence {
    let job: GenerationJob
    var cache: KeyValueCache
    /// Blocks of the prefix tree that it runs on.
    var match: PrefixTree.Match
    /// Blocks that its positions may need, beyond those of `match`.
    let reserved: Int
    /// Prompt tokens whose keys and values are there.
    var computed: Int
    /// Prompt and answer; the last one's keys and values may be missing.
    var tokens: [Int32]
    var sampler: Sampler
    var statistics = GenerationStatistics()
    /// The prompt's tokens as they are described, or the sum of its hidden states.
    var described: [GeneratedToken] = []
    var hiddenSum: [Double] = []
    var drafts: DraftLookup
    /// Where the answer is searched for with beams: the search, once the prompt has been read.
    var search: BeamSearch?
    var hasEnded = false
    private let start = ContinuousClock.now
    private var first: ContinuousClock.Instant?

    init(
        _ job: GenerationJob, cache: KeyValueCache, match: PrefixTree.Match, reserved: Int, config: ModelConfig,
        guesses: Int
    ) {
        self.job = job
        self.cache = cache
        self.match = match
        self.reserved = reserved
        computed = match.count
        tokens = job.prompt
        sampler = Sampler(job.options, prompt: job.prompt, endTokens: config.endTokens)
        drafts = DraftLookup(limit: guesses)
        drafts.append(contentsOf: job.prompt)
        statistics.promptTokens = job.prompt.count
        statistics.cachedTokens = match.count
        statistics.waiting = start - job.arrival
        if job.options.describesPrompt { described = [GeneratedToken(job.prompt[0])] }
        if job.isEmbedding { hiddenSum = [Double](repeating: 0, count: config.hiddenSize) }
    }

    /// Prompt tokens still to be computed; 0 when the answer has begun.
    var missing: Int { job.prompt.count - computed }

    /// Tokens that may still be generated.
    var left: Int { job.allowed - statistics.generatedTokens }

    /// Starts the search for the answer: the cache holds the prompt.
    mutating func beginSearch() {
        first = .now
        search = BeamSearch(job.options, limit: job.allowed, sampler: sampler, cache: cache.fork())
    }

    /// The keys and values for a step, which gives them back.
    ///
    /// - Parameter beam: the beam whose past it is; nil: the sequence's own.
    mutating func takeCache(beam: Int?) -> KeyValueCache {
        if let beam, let taken = search?.beams[beam].cache.handOver() { return taken }
        return cache.handOver()
    }

    /// Takes the keys and values of a step back.
    mutating func giveBack(_ past: KeyValueCache, beam: Int?) {
        if let beam { search?.beams[beam].cache = past } else { cache = past }
    }

    mutating func noteToken(_ token: Int32) {
        if first == nil { first = .now }
        statistics.generatedTokens += 1
        tokens.append(token)
        drafts.append(token)
    }

    /// The statistics as they stand at the end.
    func closed() -> GenerationStatistics {
        var result = statistics
        let now = ContinuousClock.now
        result.prefill = (first ?? now) - start
        result.decode = now - (first ?? now)
        return result
    }
}
