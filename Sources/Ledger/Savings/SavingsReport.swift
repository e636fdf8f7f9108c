import Foundation

/// What the product saved, as `GET /v1/savings` gives it: totals and breakdowns, each with before, after and saved.
///
/// docs/ledger.md says what every number means.
public struct SavingsReport: Sendable, Equatable, Codable {
    /// The filter that was applied, moved to whole hours.
    public struct Filter: Sendable, Equatable, Codable {
        /// The task, absent for every request.
        public var task: String?
        /// The first moment covered.
        public var from: String?
        /// The first moment no longer covered.
        public var to: String?
        /// `hour` or `day`.
        public var bucket: String?
    }

    /// How many tokens came from which source.
    public struct CountOrigin: Sendable, Equatable, Codable {
        /// Which count: `full`, `sent` or `completion`.
        public var count: String
        /// `counted`, `reported`, or `estimated: HOW`.
        public var source: String
        /// Attempts whose count came from there.
        public var attempts: Int
        /// The tokens of these counts.
        public var tokens: Int
    }

    /// The filter that was applied.
    public var filter: Filter
    /// Everything that the filter lets through.
    public var totals: SavingsTotals
    /// By task; the group without a task are requests of no task.
    public var byTask: [SavingsGroup<TaskLabel>]
    /// By arm.
    public var byArm: [SavingsGroup<ArmLabel>]
    /// By arm and reason.
    public var byReason: [SavingsGroup<ReasonLabel>]
    /// By backend and model.
    public var byModel: [SavingsGroup<ModelLabel>]
    /// Latency of complete answers, by arm.
    public var latency: [ArmLatency]
    /// The largest relative error of the latencies.
    public var latencyRelativeError: Double
    /// Where the counts come from.
    public var countOrigins: [CountOrigin]
    /// By hour or day, oldest first; hours and days without attempts are left out.
    public var buckets: [SavingsGroup<TimeLabel>]

    /// The names in JSON.
    public enum CodingKeys: String, CodingKey {
        /// `filter` and the like: the properties' names in the JSON's spelling.
        case filter, totals, latency, buckets
        case byTask = "by_task"
        case byArm = "by_arm"
        case byReason = "by_reason"
        case byModel = "by_model"
        case latencyRelativeError = "latency_relative_error"
        case countOrigins = "count_origins"
    }

    /// The report as JSON, keys in alphabetical order, indented.
    public func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
}
