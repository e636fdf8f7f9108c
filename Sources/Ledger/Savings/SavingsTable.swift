/// A savings report as text for a terminal: a summary, then a table each by task, arm and reason, kind, model and time.
public struct SavingsTable: Sendable {
    private let report: SavingsReport

    /// Takes the report to show.
    public init(_ report: SavingsReport) {
        self.report = report
    }

    /// The text, lines ended by newlines.
    public var text: String {
        if report.totals.attempts == 0 { return heading + "\n\nNo requests recorded.\n" }
        var blocks = [heading, summary]
        blocks.append(table(["task"], report.byTask) { [$0.task ?? "(no task)"] })
        blocks.append(table(["arm", "reason"], report.byReason) { [$0.arm, $0.reason] })
        blocks.append(kinds)
        blocks.append(table(["backend", "model"], report.byModel) { [$0.backend, $0.model] })
        blocks.append(latency)
        if !report.buckets.isEmpty {
            blocks.append(table([report.filter.bucket ?? "time"], report.buckets) { [$0.start] })
        }
        blocks.append(origins)
        return blocks.filter { !$0.isEmpty }.joined(separator: "\n\n") + "\n"
    }

    private var heading: String {
        let filter = report.filter
        var text = filter.task.map { "Savings of task \($0)" } ?? "Savings of all requests"
        if let from = filter.from { text += ", from \(from)" }
        if let to = filter.to { text += ", to \(to)" }
        return text
    }

    private var summary: String {
        let totals = report.totals
        let prompt = totals.tokens.prompt
        var lines = [
            "requests       \(Self.number(totals.requests)) in \(Self.number(totals.attempts)) attempts "
                + "(\(totals.outcomes.complete) complete, \(totals.outcomes.partial) partial, "
                + "\(totals.outcomes.aborted) aborted, \(totals.outcomes.failed) failed)",
            "prompt tokens  \(Self.number(prompt.before)) before, \(Self.number(prompt.after)) after, "
                + "\(Self.number(prompt.saved)) saved (\(totals.tokens.savedPercent) %)",
        ]
        for money in totals.money {
            lines.append(
                "money          \(money.currency) \(NanoAmount.text(money.beforeNano)) before, "
                    + "\(NanoAmount.text(money.afterNano)) after, \(NanoAmount.text(money.savedNano)) saved")
            lines.append(
                "               \(NanoAmount.text(money.savedCachedNano)) saved if a cache had read the full prompts "
                    + "(prices of \(money.priceDates.joined(separator: ", ")))")
        }
        if totals.unpricedAttempts > 0 {
            lines.append(
                "without price  \(Self.number(totals.unpricedAttempts)) of the attempts, left out of the money")
        }
        return lines.joined(separator: "\n")
    }

    private var kinds: String {
        let rows = SegmentKind.allCases.compactMap { kind -> [String]? in
            guard let change = report.totals.tokens.byKind[kind.rawValue] else { return nil }
            return [kind.rawValue] + [change.before, change.after, change.saved].map(Self.number)
        }
        return TextTable(labels: ["segment kind"], numbers: ["before", "after", "saved"], rows: rows).text
    }

    private var latency: String {
        let rows = report.latency.map { latency in
            [latency.arm, Self.number(latency.total.count)]
                + [
                    latency.timeToFirstToken.p50, latency.timeToFirstToken.p95, latency.total.p50, latency.total.p95,
                ].map(Self.milliseconds)
        }
        return TextTable(
            labels: ["latency (ms)"], numbers: ["complete", "first p50", "first p95", "total p50", "total p95"],
            rows: rows
        ).text
    }

    private var origins: String {
        let rows = report.countOrigins.map { [$0.count, $0.source, Self.number($0.attempts), Self.number($0.tokens)] }
        return TextTable(labels: ["count", "source"], numbers: ["attempts", "tokens"], rows: rows).text
    }

    private func table<Label>(
        _ names: [String], _ groups: [SavingsGroup<Label>], _ labels: (Label) -> [String]
    ) -> String {
        let rows = groups.map { group in
            let prompt = group.totals.tokens.prompt
            let counts = [group.totals.requests, group.totals.attempts, prompt.before, prompt.after, prompt.saved]
            let money = group.totals.money.map { "\($0.currency) \(NanoAmount.text($0.savedNano))" }
            return labels(group.label) + counts.map(Self.number) + [money.joined(separator: " + ")]
        }
        let numbers = ["requests", "attempts", "before", "after", "saved", "money saved"]
        return TextTable(labels: names, numbers: numbers, rows: rows).text
    }

    /// With a comma between thousands.
    private static func number(_ value: Int) -> String {
        var digits = String(value.magnitude)
        var groups: [String] = []
        while digits.count > 3 {
            groups.insert(String(digits.suffix(3)), at: 0)
            digits.removeLast(3)
        }
        return (value < 0 ? "-" : "") + ([digits] + groups).joined(separator: ",")
    }

    private static func milliseconds(_ value: Double?) -> String {
        guard let value else { return "-" }
        return NanoAmount.text(Int64((value * 10).rounded()) * (NanoAmount.unit / 10)).dropLast().description
    }
}
