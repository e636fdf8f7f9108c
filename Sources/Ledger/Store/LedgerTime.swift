import Foundation

/// Times as the tables hold them: milliseconds and hours since 1970-01-01T00:00:00Z, leap seconds ignored.
enum LedgerTime {
    static let millisecondsPerHour: Int64 = 3_600_000

    static func milliseconds(_ date: Date) -> Int64 {
        Int64((date.timeIntervalSince1970 * 1000).rounded())
    }

    static func date(milliseconds: Int64) -> Date {
        Date(timeIntervalSince1970: Double(milliseconds) / 1000)
    }

    /// The hour that contains the time.
    static func hour(_ date: Date) -> Int64 {
        floor(milliseconds(date), by: millisecondsPerHour)
    }

    /// The day of UTC that contains the time.
    static func day(_ date: Date) -> Int64 {
        floor(milliseconds(date), by: 24 * millisecondsPerHour)
    }

    static func date(hour: Int64) -> Date {
        Date(timeIntervalSince1970: Double(hour) * 3600)
    }

    /// The quotient, rounded down, for times before 1970 too.
    static func floor(_ value: Int64, by divisor: Int64) -> Int64 {
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}
