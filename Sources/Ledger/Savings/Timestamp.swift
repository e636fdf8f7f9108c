import Foundation

/// Times in texts: `2026-11-21` for a UTC midnight, or `2026-11-21T09:30:00Z` with `Z` or an offset (RFC 3339).
enum Timestamp {
    /// Reads a time; nil for anything else, such as a day that the month does not have.
    static func parse(_ text: String) -> Date? {
        var rest = Substring(text).utf8
        guard let year = number(4, &rest), skip("-", &rest), let month = number(2, &rest), skip("-", &rest),
            let day = number(2, &rest), (1...12).contains(month), day >= 1, day <= days(in: month, of: year)
        else { return nil }
        let midnight = Double(daysSince1970(year, month, day)) * 86_400
        if rest.isEmpty { return Date(timeIntervalSince1970: midnight) }
        guard skip("T", &rest) || skip("t", &rest), let hour = number(2, &rest), skip(":", &rest),
            let minute = number(2, &rest), skip(":", &rest), let second = number(2, &rest), hour < 24, minute < 60,
            second < 60, let fraction = fraction(&rest), let offset = offset(&rest), rest.isEmpty
        else { return nil }
        return Date(timeIntervalSince1970: midnight + Double(hour * 3600 + minute * 60 + second) + fraction - offset)
    }

    /// The form `2026-11-21T09:30:00Z`; parts of a second are dropped.
    static func text(_ date: Date) -> String {
        let seconds = Int64(date.timeIntervalSince1970.rounded(.down))
        let day = LedgerTime.floor(seconds, by: 86_400)
        let time = Int(seconds - day * 86_400)
        let (year, month, dayOfMonth) = civil(Int(day))
        return "\(padded(year, 4))-\(padded(month, 2))-\(padded(dayOfMonth, 2))T"
            + "\(padded(time / 3600, 2)):\(padded(time / 60 % 60, 2)):\(padded(time % 60, 2))Z"
    }

    private static func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    private static func number(_ count: Int, _ rest: inout Substring.UTF8View) -> Int? {
        let digits = rest.prefix(count)
        guard digits.count == count, digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        rest = rest.dropFirst(count)
        return digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
    }

    private static func skip(_ character: Unicode.Scalar, _ rest: inout Substring.UTF8View) -> Bool {
        guard rest.first == UInt8(ascii: character) else { return false }
        rest = rest.dropFirst()
        return true
    }

    /// Parts of a second, 0 if there are none.
    private static func fraction(_ rest: inout Substring.UTF8View) -> Double? {
        guard skip(".", &rest) else { return 0 }
        var value = 0.0
        var place = 0.1
        let digits = rest.prefix { (0x30...0x39).contains($0) }
        for digit in digits {
            value += Double(digit - 0x30) * place
            place /= 10
        }
        rest = rest.dropFirst(digits.count)
        return digits.isEmpty ? nil : value
    }

    /// Seconds east of UTC.
    private static func offset(_ rest: inout Substring.UTF8View) -> Double? {
        if skip("Z", &rest) || skip("z", &rest) { return 0 }
        let isWest = rest.first == UInt8(ascii: "-")
        guard skip("+", &rest) || skip("-", &rest), let hours = number(2, &rest), skip(":", &rest),
            let minutes = number(2, &rest), hours < 24, minutes < 60
        else { return nil }
        return Double(hours * 3600 + minutes * 60) * (isWest ? -1 : 1)
    }

    private static func days(in month: Int, of year: Int) -> Int {
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        return month == 2 ? (isLeap ? 29 : 28) : [4, 6, 9, 11].contains(month) ? 30 : 31
    }

    /// Days in the proleptic Gregorian calendar, counted in years that begin in March.
    private static func daysSince1970(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let marchYear = month > 2 ? year : year - 1
        let marchMonth = (month + 9) % 12
        let leapDays = marchYear / 4 - marchYear / 100 + marchYear / 400
        return marchYear * 365 + leapDays + (marchMonth * 153 + 2) / 5 + day - 1 - 719_468
    }

    /// Year, month and day of a day number: the inverse of `daysSince1970`, by search within a few years.
    private static func civil(_ day: Int) -> (year: Int, month: Int, day: Int) {
        var year = 1970 + Int((Double(day) / 365.2425).rounded(.down))
        while daysSince1970(year + 1, 1, 1) <= day { year += 1 }
        while daysSince1970(year, 1, 1) > day { year -= 1 }
        var month = 1
        while month < 12, daysSince1970(year, month + 1, 1) <= day { month += 1 }
        return (year, month, day - daysSince1970(year, month, 1) + 1)
    }
}
