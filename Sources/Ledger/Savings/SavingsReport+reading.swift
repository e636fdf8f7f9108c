import Foundation
import GRDB

extension SavingsReport {
    /// Reads the report from the rollups, all from one snapshot.
    init(_ query: SavingsQuery, in db: Database) throws {
        let range = RollupRange(query)
        let rows = try RollupGroup.fetch(range, in: db)
        filter = Filter(
            task: query.task, from: query.firstHour.map { Timestamp.text(LedgerTime.date(hour: $0)) },
            to: query.endHour.map { Timestamp.text(LedgerTime.date(hour: $0)) }, bucket: query.bucket?.rawValue)
        totals = SavingsTotals(rows.map(\.priced))
        byTask = Self.groups(rows) { TaskLabel(task: $0.task.isEmpty ? nil : $0.task) }
        byArm = Self.groups(rows) { ArmLabel(arm: $0.arm) }
        byReason = Self.groups(rows) { ReasonLabel(arm: $0.arm, reason: $0.reason) }
        byModel = Self.groups(rows) { ModelLabel(backend: $0.backend, model: $0.model) }
        latency = try Self.latency(range, in: db)
        latencyRelativeError = LatencyBuckets.relativeError
        countOrigins = try Self.origins(range, in: db)
        buckets = []
        if let bucket = query.bucket { buckets = try Self.buckets(range, hours: bucket.hours, in: db) }
    }

    /// One group per label, those with the most attempts first.
    private static func groups<Label: Hashable>(
        _ rows: [RollupGroup], by label: (RollupGroup) -> Label
    ) -> [SavingsGroup<Label>] {
        Dictionary(grouping: rows, by: label)
            .map { label, rows in SavingsGroup(label: label, totals: SavingsTotals(rows.map(\.priced))) }
            .sorted { left, right in
                let (more, less) = (left.totals.attempts, right.totals.attempts)
                return more == less ? "\(left.label)" < "\(right.label)" : more > less
            }
    }

    private static func latency(_ range: RollupRange, in db: Database) throws -> [ArmLatency] {
        let sql = """
            SELECT arm, measure, bucket, sum(attempts) AS attempts FROM latency_rollups
            WHERE \(RollupRange.condition) GROUP BY arm, measure, bucket
            """
        var counts: [String: [String: [Int: Int]]] = [:]
        let rows = try Row.fetchCursor(db, sql: sql, arguments: range.arguments)
        while let row = try rows.next() {
            counts[row["arm"], default: [:]][row["measure"], default: [:]][row["bucket"]] = row["attempts"]
        }
        return counts.sorted { $0.key < $1.key }.map { arm, measures in
            ArmLatency(
                arm: arm,
                timeToFirstToken: .init(counts: measures[LatencyMeasure.firstToken.rawValue] ?? [:]),
                total: .init(counts: measures[LatencyMeasure.total.rawValue] ?? [:]))
        }
    }

    private static func origins(_ range: RollupRange, in db: Database) throws -> [CountOrigin] {
        let sql = """
            SELECT count, source, sum(attempts) AS attempts, sum(tokens) AS tokens FROM source_rollups
            WHERE \(RollupRange.condition) GROUP BY count, source ORDER BY count, source
            """
        return try Row.fetchAll(db, sql: sql, arguments: range.arguments).map { row in
            CountOrigin(count: row["count"], source: row["source"], attempts: row["attempts"], tokens: row["tokens"])
        }
    }

    private static func buckets(
        _ range: RollupRange, hours: Int64, in db: Database
    ) throws -> [SavingsGroup<TimeLabel>] {
        var groups: [Int64: [PricedSums]] = [:]
        for row in try RollupGroup.fetchHours(range, in: db) {
            let start = LedgerTime.floor(row.hour, by: hours) * hours
            groups[start, default: []].append(row.priced)
        }
        return groups.sorted { $0.key < $1.key }.map { start, sums in
            let label = TimeLabel(start: Timestamp.text(LedgerTime.date(hour: start)))
            return SavingsGroup(label: label, totals: SavingsTotals(sums))
        }
    }
}
