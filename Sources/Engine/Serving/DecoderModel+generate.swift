extension DecoderModel {
    /// Generates after the prompt, token by token, on the calling thread.
    ///
    /// The cache may already hold a shared beginning of the sequence; `prompt` is what comes after it.
    ///
    /// - Parameters:
    ///   - isCancelled: asked before each step.
    ///   - onToken: gets each token; false ends the generation with `.cancelled`.
    /// - Throws: `EngineError.limit` before any token when prompt and answer cannot fit the model, `.numbers` when what
    ///   the model computes is no number.
    public func generate(
        after prompt: [Int32], cache: inout KeyValueCache, scratch: inout DecoderScratch, options: GenerationOptions,
        isCancelled: () -> Bool = { false }, onToken: (Int32) -> Bool
    ) throws(EngineError) -> FinishReason {
        let allowed = try newTokens(after: prompt.count + cache.count, options: options)
        var sampler = Sampler(options, prompt: prompt, endTokens: config.endTokens)
        guard try forward(prompt, cache: &cache, scratch: &scratch, isCancelled: isCancelled) else {
            return .cancelled
        }
        guard allowed > 0 else { return .length }
        if options.beams > 1 {
            var search = BeamSearch(options, limit: allowed, sampler: sampler, cache: cache.fork())
            guard try finish(&search, scratch: &scratch, isCancelled: isCancelled) else { return .cancelled }
            let answer = search.answer
            return answer.tokens.allSatisfy { onToken($0.id) } ? answer.reason : .cancelled
        }
        var pending: [Int32] = [0]
        for number in 1...allowed {
            guard case .token(let token) = try sampler.next(scratch.logits[...]) else { return .stop }
            guard onToken(token.id) else { return .cancelled }
            if sampler.isComplete { return .stop }
            if number == allowed { break }
            pending[0] = token.id
            guard try forward(pending, cache: &cache, scratch: &scratch, isCancelled: isCancelled) else {
                return .cancelled
            }
        }
        return .length
    }

    /// Searches to the end, after a prompt whose logits are in `scratch`; false when it was cancelled.
    private func finish(
        _ search: inout BeamSearch, scratch: inout DecoderScratch, isCancelled: () -> Bool
    ) throws(EngineError) -> Bool {
        try search.advance([scratch.logits[...]])
        var logits: [Float] = []
        while !search.beams.isEmpty {
            guard !isCancelled() else { return false }
            var steps = search.beams.indices.map { beam in
                SequenceStep(
                    tokens: search.beams[beam].last, cache: search.beams[beam].cache.handOver(), wanted: .last)
            }
            let rows = step(&steps, scratch: &scratch)
            for (beam, step) in steps.enumerated() { search.beams[beam].cache = step.cache }
            steps = []
            heads(rows: rows, into: &logits, scratch: &scratch)
            try search.advance(
                (0..<rows).map { logits[$0 * config.vocabularySize..<($0 + 1) * config.vocabularySize] })
        }
        return true
    }

    /// The mean of the final hidden states, after the last norm, over a sequence: [hidden].
    public func embedding(_ tokens: [Int32]) throws(EngineError) -> [Float] {
        try check(tokens, after: 0)
        var cache = KeyValueCache(config)
        var scratch = DecoderScratch(config)
        var sum = [Double](repeating: 0, count: config.hiddenSize)
        var start = 0
        while start < tokens.count {
            let end = min(start + Self.chunk, tokens.count)
            let rows = advance(tokens[start..<end], cache: &cache, scratch: &scratch, wanted: .all)
            let hidden = finalHidden(rows: rows, scratch: scratch)
            for (offset, value) in hidden.enumerated() { sum[offset % config.hiddenSize] += Double(value) }
            start = end
        }
        return sum.map { Float($0 / Double(tokens.count)) }
    }

    /// The tokens generated after a prompt, and why the generation ended.
    public func generate(
        after prompt: [Int32], options: GenerationOptions = GenerationOptions()
    ) throws(EngineError) -> (tokens: [Int32], reason: FinishReason) {
        var cache = KeyValueCache(config)
        var scratch = DecoderScratch(config)
        var tokens: [Int32] = []
        let reason = try generate(after: prompt, cache: &cache, scratch: &scratch, options: options) {
            tokens.append($0)
            return true
        }
        return (tokens, reason)
    }

    /// How many tokens may be generated after `count` positions.
    func newTokens(after count: Int, options: GenerationOptions) throws(EngineError) -> Int {
        guard (1...GenerationOptions.maximumBeams).contains(options.beams) else {
            throw .limit("\(options.beams) beams; there are 1 to \(GenerationOptions.maximumBeams)")
        }
        guard options.beams == 1 || options.temperature == 0 else {
            throw .limit(
                "beams search for the likeliest answer: the temperature is 0 with them, not \(options.temperature)")
        }
        let room = config.maximumPositions - count
        let wanted = options.maximumNewTokens ?? room
        guard wanted >= (options.describesPrompt ? 0 : 1) || options.maximumNewTokens == nil else {
            throw .limit("the number of new tokens is \(wanted); it must be at least 1")
        }
        guard room >= (options.describesPrompt && options.maximumNewTokens == 0 ? 0 : 1), wanted <= room else {
            throw .limit(
                "a prompt of \(count) tokens and an answer of up to \(max(wanted, 1)) do not fit the model's "
                    + "\(config.maximumPositions)")
        }
        return wanted
    }
}
