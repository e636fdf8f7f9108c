import GRDB

/// The hours and the task that a report covers, as a condition and its arguments.
struct RollupRange {
    /// Holds for the rows of every rollup table that are covered.
    static let condition = "hour >= :first AND hour < :end AND (:task IS NULL OR task = :task)"

    let arguments: StatementArguments

    init(_ query: SavingsQuery) {
        arguments = [
            "first": query.firstHour ?? Int64.min, "end": query.endHour ?? Int64.max, "task": query.task,
        ]
    }
}

/// The sums of all covered hours that share their other keys.
struct RollupGroup {
    var task: String
    var arm: String
    var reason: String
    var backend: String
    var model: String
    var priced: PricedSums

    static func fetch(_ range: RollupRange, in db: Database) throws -> [RollupGroup] {
        let keys = "task, arm, reason, backend, model, currency, price_date"
        let sql = "SELECT \(keys), \(sums) FROM rollups WHERE \(RollupRange.condition) GROUP BY \(keys)"
        return try Row.fetchAll(db, sql: sql, arguments: range.arguments).map { row in
            RollupGroup(
                task: row["task"], arm: row["arm"], reason: row["reason"], backend: row["backend"],
                model: row["model"], priced: priced(row))
        }
    }

    /// The sums of each covered hour, by currency and price date.
    static func fetchHours(_ range: RollupRange, in db: Database) throws -> [(hour: Int64, priced: PricedSums)] {
        let keys = "hour, currency, price_date"
        let sql = "SELECT \(keys), \(sums) FROM rollups WHERE \(RollupRange.condition) GROUP BY \(keys)"
        return try Row.fetchAll(db, sql: sql, arguments: range.arguments).map { row in (row["hour"], priced(row)) }
    }

    private static let sums = RollupSums.columns.map { "sum(\($0)) AS \($0)" }.joined(separator: ", ")

    private static func priced(_ row: Row) -> PricedSums {
        let values = RollupSums.columns.map { row[$0] as Int64 }
        return PricedSums(
            currency: row["currency"], priceDate: row["price_date"], sums: RollupSums(values: values))
    }
}
