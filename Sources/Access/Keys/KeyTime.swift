public import Foundation

/// Times as people write them for keys.
public enum KeyTime {
    /// `90s`, `30m`, `24h` or `90d` in seconds; nil for anything else.
    public static func seconds(_ text: String) -> Double? {
        if text == "0" { return 0 }
        let units: [Character: Double] = ["s": 1, "m": 60, "h": 3600, "d": 86400]
        guard let unit = text.last.flatMap({ units[$0] }) else { return nil }
        let digits = text.dropLast()
        guard (1...7).contains(digits.utf8.count), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let number = Double(digits)
        else { return nil }
        return number * unit
    }

    /// When a key ends: `90d` and the like from now on, a day such as `2027-01-31` (its beginning, UTC), or a time such
    /// as `2027-01-31T12:00:00Z`; nil for anything else.
    public static func expiry(_ text: String, now: Date = Date()) -> Date? {
        if let seconds = seconds(text) { return now + seconds }
        let time = text.utf8.count == 10 ? text + "T00:00:00Z" : text
        return try? Date(time, strategy: .iso8601)
    }

    /// A time as `expiry` reads it, to the second.
    public static func text(_ date: Date) -> String { date.formatted(.iso8601) }

    /// What an expiry may be, for messages.
    public static let expiryForms =
        "a span such as 90d or 12h, a day such as 2027-01-31, or a time such as 2027-01-31T12:00:00Z"
    /// What a span may be, for messages.
    public static let spanForms = "a span such as 30m, 24h or 7d"
}
