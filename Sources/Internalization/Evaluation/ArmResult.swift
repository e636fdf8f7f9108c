/// What one arm did on the held-out items.
public struct ArmResult: Sendable {
    /// The arm's name, such as "C".
    public let arm: String
    /// What the name stands for.
    public let meaning: String
    /// Number of items.
    public let n: Int
    /// The metrics by name, in percent.
    public let metrics: [String: Double]
    /// Mean tokens of a prompt.
    public let meanPromptTokens: Double
    /// Mean tokens of an answer.
    public let meanAnswerTokens: Double
    /// For each item, the score of the task's primary metric, 0 to 1.
    public let scores: [Double]
    /// For each item, what is resampled together.
    public let clusters: [String]
    /// exp(mean negative log-likelihood) of the label's tokens after the arm's prompt; nil when it was not computed.
    public var perplexity: Double?
    /// Times of single requests on an idle thread, in milliseconds; nil when they were not taken.
    public var latency: Latency?
    /// The runs that the figures are means of; empty for an arm without training.
    public var seeds: [Seed] = []

    /// Medians over a sample of items, in milliseconds, one request at a time on one thread.
    public struct Latency: Sendable, Codable {
        /// Number of requests that were timed.
        public let n: Int
        /// Until the first token.
        public let firstToken: Double
        /// Until the whole answer.
        public let total: Double
        /// The same with the prompt's constant beginning already in the key/value cache.
        public let cachedFirstToken: Double
        /// Until the whole answer, with the beginning cached.
        public let cachedTotal: Double
        /// Tokens of that beginning.
        public let cachedTokens: Int
    }

    /// A result with given figures.
    init(
        arm: String, meaning: String, n: Int, metrics: [String: Double], meanPromptTokens: Double,
        meanAnswerTokens: Double, scores: [Double], clusters: [String]
    ) {
        self.arm = arm
        self.meaning = meaning
        self.n = n
        self.metrics = metrics
        self.meanPromptTokens = meanPromptTokens
        self.meanAnswerTokens = meanAnswerTokens
        self.scores = scores
        self.clusters = clusters
    }

    /// Grades the answers; the first metric is the primary one, whose scores are kept item by item.
    init(
        arm: String, meaning: String, answers: [GradedAnswer], items: [EvaluationItem], metrics: [any AnswerMetric],
        promptTokens: [Int], answerTokens: [Int]
    ) {
        func mean(_ counts: [Int]) -> Double { Double(counts.reduce(0, +)) / Double(max(1, counts.count)) }
        self.arm = arm
        self.meaning = meaning
        n = items.count
        self.metrics = Dictionary(uniqueKeysWithValues: metrics.map { ($0.name, $0.percent(answers)) })
        meanPromptTokens = mean(promptTokens)
        meanAnswerTokens = mean(answerTokens)
        scores = answers.map { metrics.first?.score($0) ?? 0 }
        clusters = items.map(\.cluster)
    }

    /// The primary metric's mean over the items that count, in percent.
    public var primary: Double { scores.isEmpty ? 0 : scores.reduce(0, +) / Double(scores.count) * 100 }

    /// Exact match in percent; what thresholds and tables lead with.
    public var exact: Double { metrics["exact"] ?? 0 }
}

extension ArmResult: Encodable {
    private struct Key: CodingKey {
        let stringValue: String
        let intValue: Int? = nil

        init(_ name: String) { stringValue = name }
        init?(stringValue: String) { self.init(stringValue) }
        init?(intValue: Int) { nil }
    }

    /// Writes the metrics as members beside the others, {"exact": 99.5, "n": 600, …}; scores of single items are in
    /// `EvaluationReport.ItemScores`.
    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: Key.self)
        for (name, value) in metrics { try values.encode(value, forKey: Key(name)) }
        try values.encode(arm, forKey: Key("arm"))
        try values.encode(meaning, forKey: Key("meaning"))
        try values.encode(n, forKey: Key("n"))
        try values.encode(meanPromptTokens, forKey: Key("meanPromptTokens"))
        try values.encode(meanAnswerTokens, forKey: Key("meanAnswerTokens"))
        try values.encodeIfPresent(perplexity, forKey: Key("perplexity"))
        try values.encodeIfPresent(latency, forKey: Key("latency"))
        if !seeds.isEmpty { try values.encode(seeds, forKey: Key("seeds")) }
    }
}
