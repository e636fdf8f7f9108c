/// The latencies of an arm's complete answers, in milliseconds.
public struct ArmLatency: Sendable, Equatable, Codable {
    /// One measure's percentiles: the smallest times that half and 95 % of the answers do not exceed.
    public struct Percentiles: Sendable, Equatable, Codable {
        /// How many answers were measured.
        public var count: Int
        /// The median; absent without answers.
        public var p50: Double?
        /// The 95th percentile; absent without answers.
        public var p95: Double?

        init(counts: [Int: Int]) {
            count = counts.values.reduce(0, +)
            p50 = LatencyBuckets.quantile(0.5, of: counts).map(Self.rounded)
            p95 = LatencyBuckets.quantile(0.95, of: counts).map(Self.rounded)
        }

        /// To a microsecond.
        private static func rounded(_ milliseconds: Double) -> Double { (milliseconds * 1000).rounded() / 1000 }
    }

    /// The arm's name.
    public var arm: String
    /// From the request's arrival to the first token.
    public var timeToFirstToken: Percentiles
    /// From the request's arrival to the end.
    public var total: Percentiles

    /// The names in JSON.
    public enum CodingKeys: String, CodingKey {
        /// The properties' names in the JSON's spelling.
        case arm
        case timeToFirstToken = "time_to_first_token_ms"
        case total = "total_ms"
    }
}
