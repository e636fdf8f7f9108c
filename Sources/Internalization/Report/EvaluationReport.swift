import Foundation

/// What an evaluation found: every arm's figures, the intervals of their differences, and what was forgotten.
public struct EvaluationReport: Sendable, Encodable {
    /// Prices of a million tokens.
    public struct Prices: Sendable, Codable {
        /// Prompt tokens.
        public let input: Double
        /// Answer tokens.
        public let output: Double

        /// Prices in any currency.
        public init(input: Double, output: Double) {
            self.input = input
            self.output = output
        }
    }

    /// What an arm still knows of another task, with that task's full prompt.
    public struct Forgetting: Sendable, Codable {
        /// The other task's folder.
        public let task: String
        /// The arm, or "base".
        public let arm: String
        /// The primary metric, in percent.
        public let percent: Double
        /// Number of items.
        public let n: Int

        /// A row of the table.
        public init(task: String, arm: String, percent: Double, n: Int) {
            self.task = task
            self.arm = arm
            self.percent = percent
            self.n = n
        }
    }

    /// What each arm scored on each item, for further statistics.
    public struct ItemScores: Sendable, Codable {
        /// For each item, what is resampled together.
        public let clusters: [String]
        /// For each arm, the primary metric's score of each item, 0 to 1; means over the seeds.
        public let scores: [String: [Double]]
    }

    /// The task's name.
    public let task: String
    /// The data file.
    public let data: String
    /// What an item is.
    public let unit: EvaluationItem.Unit
    /// Prices for the cost column.
    public let prices: Prices
    /// The arms by name.
    public var arms: [String: ArmResult] = [:]
    /// Differences with their intervals.
    public var differences: [PairedDifference] = []
    /// How the progressive arm's stages were trained.
    public var stages: [InternalizationRun.StageRecord] = []
    /// What is still known of other tasks.
    public var forgetting: [Forgetting] = []

    /// A report without arms.
    public init(task: String, data: String, unit: EvaluationItem.Unit, prices: Prices) {
        self.task = task
        self.data = data
        self.unit = unit
        self.prices = prices
    }

    /// The arms in the order of reports.
    public var ordered: [ArmResult] { EvaluationArm.allCases.compactMap { arms[$0.rawValue] } }

    /// Fills in the differences of C, and of every ablation, to the arms that they are measured by.
    public mutating func compare() {
        let pairs = [("C", "A0"), ("C", "B1"), ("C", "B3"), ("C", "NN")]
        let variants = EvaluationArm.allCases.map(\.rawValue).filter { $0.hasPrefix("C-") || $0.hasPrefix("D") }
        differences = (pairs + variants.map { ($0, "C") }).compactMap { first, second in
            guard let first = arms[first], let second = arms[second] else { return nil }
            return PairedDifference(first, second)
        }
    }

    /// The scores of single items.
    public var itemScores: ItemScores {
        ItemScores(clusters: ordered.first?.clusters ?? [], scores: arms.mapValues(\.scores))
    }

    /// The cost of a thousand requests of an arm.
    public func cost(_ arm: ArmResult) -> Double {
        (arm.meanPromptTokens * prices.input + arm.meanAnswerTokens * prices.output) / 1_000
    }

    /// The names of all metrics, exact match first.
    public var metricNames: [String] {
        let names = Set(ordered.flatMap(\.metrics.keys)).sorted()
        return names.filter { $0 == "exact" } + names.filter { $0 != "exact" }
    }

    /// The header and the rows of the main table.
    public var rows: [[String]] {
        let names = metricNames
        let head =
            ["arm"] + names.map { $0 + " %" }
            + [
                "prompt tokens", "answer tokens", "cost/1000", "first token ms", "total ms", "cached first",
                "cached total", "perplexity", "n", "what",
            ]
        let body = ordered.map { arm -> [String] in
            let times = arm.latency
            let figures = names.map { name in
                arm.metrics[name].map { format($0, 2) + range(arm, name) } ?? "-"
            }
            let sizes = [
                format(arm.meanPromptTokens, 1), format(arm.meanAnswerTokens, 1), format(cost(arm), 4),
                format(times?.firstToken, 1), format(times?.total, 1), format(times?.cachedFirstToken, 1),
                format(times?.cachedTotal, 1), format(arm.perplexity, 3), String(arm.n), arm.meaning,
            ]
            return [arm.arm] + figures + sizes
        }
        return [head] + body + ordered.compactMap { reused($0, names) }
    }

    /// The competing option as a row: the same arm with the constant beginning of its prompt already computed.
    private func reused(_ arm: ArmResult, _ names: [String]) -> [String]? {
        guard let times = arm.latency, times.cachedTokens > 16 else { return nil }
        let figures = names.map { name in arm.metrics[name].map { format($0, 2) } ?? "-" }
        return [arm.arm + "+KV"] + figures + [
            format(arm.meanPromptTokens, 1), format(arm.meanAnswerTokens, 1), format(cost(arm), 4),
            format(times.cachedFirstToken, 1), format(times.cachedTotal, 1), "", "", "", String(arm.n),
            "\(arm.arm) with the keys and values of its first \(times.cachedTokens) tokens reused",
        ]
    }

    /// How much faster the query alone is than the full prompt, as measured and as (a N + b M) / (a n + b M) foresees
    /// it, with a the time of a prompt token and b that of an answer token; nil without both arms' times.
    public var speedLine: String? {
        guard let full = arms["B1"] ?? arms["A0"], let bare = arms["C"] ?? arms["B3"], let slow = full.latency,
            let fast = bare.latency, full.meanPromptTokens > 0, fast.total > 0
        else { return nil }
        let a = slow.firstToken / full.meanPromptTokens
        let b = (slow.total - slow.firstToken) / max(1, full.meanAnswerTokens)
        let foreseen =
            (a * full.meanPromptTokens + b * full.meanAnswerTokens)
            / (a * bare.meanPromptTokens + b * bare.meanAnswerTokens)
        return String(
            format:
                "%@ answers %.1f times as fast as %@ (foreseen %.1f: %.4f ms a prompt token, %.3f ms an answer token)",
            bare.arm, slow.total / fast.total, full.arm, foreseen, a, b)
    }

    /// The smallest and largest figure over the seeds, where there are several.
    private func range(_ arm: ArmResult, _ name: String) -> String {
        let values = arm.seeds.compactMap { $0.metrics[name] }
        guard values.count > 1, let low = values.min(), let high = values.max() else { return "" }
        return " (\(format(low, 2))–\(format(high, 2)))"
    }

    /// One sentence a difference.
    public var differenceLines: [String] {
        differences.map { pair in
            String(
                format: "%@ - %@: %+.2f points, 95 %% interval %+.2f to %+.2f over %d groups", pair.arms[0],
                pair.arms[1], pair.difference, pair.low, pair.high, pair.groups)
        }
    }

    func format(_ value: Double?, _ digits: Int) -> String {
        value.map { String(format: "%.\(digits)f", $0) } ?? "-"
    }
}
