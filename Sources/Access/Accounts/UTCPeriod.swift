/// Days and months of UTC as numbers that count up; leap seconds ignored.
public enum UTCPeriod: String, Sendable, Hashable, CaseIterable {
    /// From midnight to midnight.
    case day
    /// From the first of a month to the next.
    case month

    private static let secondsPerDay: Int64 = 86400

    /// The number of the period that holds a time, in seconds since 1970.
    func index(_ seconds: Int64) -> Int64 {
        let day = Self.floor(seconds, Self.secondsPerDay)
        guard self == .month else { return day }
        let (year, month) = Self.civil(day)
        return year * 12 + month - 1
    }

    /// When a period begins, in seconds since 1970.
    func start(_ index: Int64) -> Int64 {
        guard self == .month else { return index * Self.secondsPerDay }
        let year = Self.floor(index, 12)
        return Self.days(year: year, month: index - year * 12 + 1) * Self.secondsPerDay
    }

    /// Year and month of a day. Source: Howard Hinnant, "chrono-compatible low-level date algorithms",
    /// `civil_from_days`.
    private static func civil(_ day: Int64) -> (year: Int64, month: Int64) {
        let shifted = day + 719_468
        let era = floor(shifted, 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let march = (5 * dayOfYear + 2) / 153
        let month = march < 10 ? march + 3 : march - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month)
    }

    /// The day that a month begins with. Source: the same, `days_from_civil`.
    private static func days(year: Int64, month: Int64) -> Int64 {
        let year = month <= 2 ? year - 1 : year
        let era = floor(year, 400)
        let yearOfEra = year - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    private static func floor(_ value: Int64, _ divisor: Int64) -> Int64 {
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}
