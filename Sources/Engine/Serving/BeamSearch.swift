/// The likeliest whole answer that a number of beginnings, kept side by side, lead to.
///
/// A beginning's score is ln p of its tokens under the model, an answer's has ln p of its end beside them; what the
/// options mask is never chosen, bias and penalties count too. The search is over when no beginning is above the best
/// answer: without those, scores only fall.
/// Equals transformers' beam search with `length_penalty=0`, except that an answer which ended goes before any that the
/// token limit cut.
struct BeamSearch: Sendable {
    /// One beginning.
    struct Beam: Sendable {
        var tokens: [GeneratedToken] = []
        var score = 0.0
        var sampler: Sampler
        /// The keys and values of the prompt and of all its tokens but the last.
        var cache: KeyValueCache

        /// The token that its next step computes.
        var last: ArraySlice<Int32> { tokens.suffix(1).map(\.id)[...] }
    }

    /// What may follow one of the beams; no token is the end.
    private struct Step {
        let beam: Int
        let token: Int32?
        let score: Double
    }

    /// The beginnings that go on, the likeliest first; none when the search is over.
    var beams: [Beam]
    private let width: Int
    private let limit: Int
    private let top: Int?
    private var best: (tokens: [GeneratedToken], score: Double)?
    private var isCut = false

    /// A search after a prompt.
    ///
    /// - Parameters:
    ///   - limit: tokens of an answer at most, at least 1.
    ///   - sampler: at the beginning of an answer.
    ///   - cache: holds the whole prompt.
    init(_ options: GenerationOptions, limit: Int, sampler: Sampler, cache: KeyValueCache) {
        width = options.beams
        top = options.topLogprobs
        self.limit = limit
        beams = [Beam(sampler: sampler, cache: cache)]
    }

    /// The answer, and why it ended; what is there so far before the search is over.
    var answer: (tokens: [GeneratedToken], reason: FinishReason) {
        if let best { return (best.tokens, isCut ? .length : .stop) }
        return (beams.first?.tokens ?? [], .cancelled)
    }

    /// Chooses the next beams by what follows each of the present ones.
    ///
    /// - Parameter logits: of the token after a beam's last, for each beam.
    /// - Throws: what the sampler throws; a beam that the vocabulary cannot continue as demanded is only left out, as
    ///   long as there is another.
    mutating func advance(_ logits: [ArraySlice<Float>]) throws(EngineError) {
        let steps = try likeliest(logits)
        var next: [Beam] = []
        for (rank, step) in steps.enumerated() where next.count < width {
            guard let token = step.token else {
                if rank < width { close(beams[step.beam].tokens, step.score) }
                continue
            }
            var beam = beams[step.beam]
            beam.sampler.accept(token)
            beam.tokens.append(GeneratedToken(token, logits: logits[step.beam], top: top))
            beam.score = step.score
            if beam.sampler.isComplete { close(beam.tokens, beam.score) } else { next.append(beam) }
        }
        if let best, next.first.map({ $0.score <= best.score }) ?? true { next = [] }
        if let first = next.first, first.tokens.count >= limit {
            if best == nil {
                best = (first.tokens, first.score)
                isCut = true
            }
            next = []
        }
        beams = next
    }

    /// Twice as many steps as beams, the likeliest first, so that ends do not crowd out beginnings; of equals the
    /// earlier beam's, then the smaller token's.
    private mutating func likeliest(_ logits: [ArraySlice<Float>]) throws(EngineError) -> ArraySlice<Step> {
        var steps: [Step] = []
        var failure: EngineError?
        for index in beams.indices {
            do throws(EngineError) {
                for (token, logprob) in try beams[index].sampler.successors(logits[index], most: 2 * width) {
                    steps.append(Step(beam: index, token: token, score: beams[index].score + Double(logprob)))
                }
            } catch {
                guard case .constraint = error else { throw error }
                failure = error
            }
        }
        if steps.isEmpty, best == nil, let failure { throw failure }
        // Each beam's are in order already, and equal ones stay in the order of beams.
        let order = steps.indices.sorted { (-steps[$0].score, $0) < (-steps[$1].score, $1) }
        return order.prefix(2 * width).map { steps[$0] }[...]
    }

    private mutating func close(_ tokens: [GeneratedToken], _ score: Double) {
        if best.map({ score > $0.score }) ?? true { best = (tokens, score) }
    }
}
