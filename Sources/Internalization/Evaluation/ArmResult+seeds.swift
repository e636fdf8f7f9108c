extension ArmResult {
    /// One result over several seeds of the same arm: means of the figures, and of each item's score.
    ///
    /// - Parameter results: by seed, on the same items; not empty.
    public static func mean(of results: [(seed: UInt64, result: ArmResult)]) -> ArmResult {
        let first = results[0].result
        let all = results.map(\.result)
        func mean(_ value: (ArmResult) -> Double) -> Double { all.reduce(0) { $0 + value($1) } / Double(all.count) }
        var result = ArmResult(
            arm: first.arm, meaning: first.meaning, n: first.n,
            metrics: Dictionary(
                uniqueKeysWithValues: first.metrics.keys.map { name in (name, mean { $0.metrics[name] ?? 0 }) }),
            meanPromptTokens: mean(\.meanPromptTokens), meanAnswerTokens: mean(\.meanAnswerTokens),
            scores: first.scores.indices.map { index in mean { $0.scores[index] } }, clusters: first.clusters)
        result.perplexity = all.contains { $0.perplexity == nil } ? nil : mean { $0.perplexity ?? 0 }
        result.latency = first.latency
        result.seeds = results.map { Seed(seed: $0.seed, primary: $0.result.primary, metrics: $0.result.metrics) }
        return result
    }

    /// The figures of one seed.
    public struct Seed: Sendable, Codable {
        /// The run's seed.
        public let seed: UInt64
        /// The primary metric, in percent.
        public let primary: Double
        /// All metrics, in percent.
        public let metrics: [String: Double]
    }
}
