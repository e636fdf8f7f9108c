public import Foundation

/// What a savings report covers.
///
/// Rollups are hourly: `from` is moved down and `to` up to a whole hour, and the report's `filter` shows the result.
public struct SavingsQuery: Sendable, Equatable {
    /// The width of the report's time buckets; days are days of UTC.
    public enum Bucket: String, Sendable, Equatable, CaseIterable {
        /// 3,600 seconds.
        case hour
        /// 24 hours from midnight UTC.
        case day

        var hours: Int64 { self == .hour ? 1 : 24 }
    }

    /// Only this task, nil for every request.
    public var task: String?
    /// The first moment covered, nil for the ledger's beginning.
    public var from: Date?
    /// The first moment no longer covered, nil for the ledger's end.
    public var to: Date?
    /// The width of the time buckets, nil for none.
    public var bucket: Bucket?

    /// Makes a query.
    public init(task: String? = nil, from: Date? = nil, to: Date? = nil, bucket: Bucket? = nil) {
        self.task = task
        self.from = from
        self.to = to
        self.bucket = bucket
    }

    /// Everything, without time buckets.
    public static let all = SavingsQuery()

    /// Reads the filters of a URL's query or of the command line; throws `badFilter`, saying what is allowed.
    ///
    /// The names are `task`, `from`, `to` and `bucket`, each at most once.
    public init(parameters: [(name: String, value: String)]) throws(LedgerError) {
        self.init()
        var seen: Set<String> = []
        for (name, value) in parameters {
            guard seen.insert(name).inserted else {
                throw LedgerError(.badFilter, "filter \"\(Self.shown(name))\" is given twice: give it once")
            }
            switch name {
            case "task":
                guard !value.isEmpty else { throw LedgerError(.badFilter, "filter \"task\" is empty: name a task") }
                task = value
            case "from": from = try Self.time(value, of: name)
            case "to": to = try Self.time(value, of: name)
            case "bucket":
                guard let bucket = Bucket(rawValue: value) else {
                    throw LedgerError(.badFilter, "filter \"bucket\" is \"\(Self.shown(value))\": write hour or day")
                }
                self.bucket = bucket
            default:
                throw LedgerError(
                    .badFilter, "unknown filter \"\(Self.shown(name))\": the filters are task, from, to and bucket")
            }
        }
        if let from, let to, from >= to {
            throw LedgerError(.badFilter, "filter \"from\" is not before \"to\": exchange them, or widen the range")
        }
    }

    /// The first hour covered.
    var firstHour: Int64? { from.map(LedgerTime.hour) }

    /// The first hour no longer covered.
    var endHour: Int64? {
        to.map { -LedgerTime.floor(-LedgerTime.milliseconds($0), by: LedgerTime.millisecondsPerHour) }
    }

    private static func time(_ text: String, of name: String) throws(LedgerError) -> Date {
        if let date = Timestamp.parse(text) { return date }
        throw LedgerError(
            .badFilter,
            "filter \"\(name)\" is \"\(shown(text))\": write a day such as 2026-11-21 (midnight UTC) or a time such as "
                + "2026-11-21T09:30:00Z")
    }

    private static func shown(_ text: String) -> String {
        text.count > 40 ? text.prefix(40) + "..." : text
    }
}
