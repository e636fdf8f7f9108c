import GRDB

/// The rollups of the entries of one transaction, summed in memory and then added to the tables, one statement per key.
struct RollupBatch {
    struct Key: Hashable {
        var hour: Int64
        var task: String
        var arm: LedgerEntry.Arm
        var reason: String
        var backend: String
        var model: String
        var currency: String
        var priceDate: String
    }

    struct LatencyKey: Hashable {
        var hour: Int64
        var task: String
        var arm: LedgerEntry.Arm
        var measure: LatencyMeasure
        var bucket: Int
    }

    struct SourceKey: Hashable {
        var hour: Int64
        var task: String
        var count: String
        var source: CountSource
    }

    struct DayKey: Hashable {
        var day: Int64
        var key: String
        var currency: String
    }

    private(set) var keys: [DayKey: KeySums] = [:]
    private(set) var sums: [Key: RollupSums] = [:]
    private(set) var latencies: [LatencyKey: Int] = [:]
    private(set) var sources: [SourceKey: (attempts: Int, tokens: Int)] = [:]

    /// Adds one attempt to every rollup. Latencies are those of complete answers.
    mutating func add(_ entry: LedgerEntry) {
        let hour = LedgerTime.hour(entry.time)
        let task = entry.task ?? ""
        let key = Key(
            hour: hour, task: task, arm: entry.arm, reason: entry.reason, backend: entry.backend, model: entry.model,
            currency: entry.money?.currency ?? "", priceDate: entry.money?.priceDate ?? "")
        sums[key, default: RollupSums()].add(entry)

        if let key = entry.key {
            let currency = entry.money?.currency ?? ""
            keys[DayKey(day: LedgerTime.day(entry.time), key: key, currency: currency), default: KeySums()].add(entry)
        }

        if entry.outcome == .complete {
            let times = [(LatencyMeasure.firstToken, entry.timeToFirstToken), (.total, entry.totalTime)]
            for case (let measure, let time?) in times {
                let bucket = LatencyBuckets.bucket(milliseconds: time)
                let key = LatencyKey(hour: hour, task: task, arm: entry.arm, measure: measure, bucket: bucket)
                latencies[key, default: 0] += 1
            }
        }

        let tokens = entry.tokens
        for (count, source, number) in [
            ("full", tokens.fullSource, tokens.full.total), ("sent", tokens.sentSource, tokens.sent.total),
            ("completion", tokens.completionSource, tokens.completion),
        ] {
            let key = SourceKey(hour: hour, task: task, count: count, source: source)
            sources[key, default: (0, 0)].attempts += 1
            sources[key, default: (0, 0)].tokens += number
        }
    }

    /// Adds the sums to the tables.
    func write(to db: Database) throws {
        let sumsStatement = try db.cachedStatement(sql: Self.sumsUpsert)
        for (key, sums) in sums {
            var values = [key.hour.databaseValue]
            for text in [
                key.task, key.arm.rawValue, key.reason, key.backend, key.model, key.currency, key.priceDate,
            ] { values.append(text.databaseValue) }
            for value in sums.values { values.append(value.databaseValue) }
            try sumsStatement.execute(arguments: StatementArguments(values))
        }
        for (key, sums) in keys { try sums.write(day: key.day, key: key.key, currency: key.currency, to: db) }
        let latencyStatement = try db.cachedStatement(sql: Self.latencyUpsert)
        for (key, count) in latencies {
            try latencyStatement.execute(arguments: [
                key.hour, key.task, key.arm.rawValue, key.measure.rawValue, key.bucket, count,
            ])
        }
        let sourceStatement = try db.cachedStatement(sql: Self.sourceUpsert)
        for (key, sum) in sources {
            try sourceStatement.execute(arguments: [
                key.hour, key.task, key.count, key.source.text, sum.attempts, sum.tokens,
            ])
        }
    }

    private static let sumsUpsert =
        "INSERT INTO rollups VALUES (?, ?, ?, ?, ?, ?, ?, ?, "
        + RollupSums.columns.map { _ in "?" }.joined(separator: ", ") + ") ON CONFLICT DO UPDATE SET "
        + RollupSums.columns.map { "\($0) = \($0) + excluded.\($0)" }.joined(separator: ", ")

    private static let latencyUpsert =
        "INSERT INTO latency_rollups VALUES (?, ?, ?, ?, ?, ?) "
        + "ON CONFLICT DO UPDATE SET attempts = attempts + excluded.attempts"

    private static let sourceUpsert =
        "INSERT INTO source_rollups VALUES (?, ?, ?, ?, ?, ?) "
        + "ON CONFLICT DO UPDATE SET attempts = attempts + excluded.attempts, tokens = tokens + excluded.tokens"
}

/// What a latency rollup measures; the raw value is what the table holds.
enum LatencyMeasure: String, CaseIterable {
    case firstToken = "first_token"
    case total
}
