import Foundation

/// How long an answer asks its client to wait.
public enum RetryAfter {
    /// The time that `retry-after-ms` or `retry-after` names, in seconds or as an HTTP date; nil if neither can be
    /// read.
    public static func duration(_ headers: HeaderFields) -> Duration? {
        if let text = headers.first(named: "retry-after-ms"), let time = Double(text), time >= 0, time < 1e9 {
            return .milliseconds(time)
        }
        guard let text = headers.first(named: "retry-after") else { return nil }
        if let seconds = Double(text) { return seconds >= 0 && seconds < 1e9 ? .seconds(seconds) : nil }
        guard let date = seconds(ofDate: text) else { return nil }
        return .seconds(max(0, Double(date) - Date().timeIntervalSince1970))
    }

    /// Seconds since 1970 of a date such as `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, 5.6.7).
    static func seconds(ofDate text: String) -> Int? {
        let words = text.split { $0 == " " || $0 == "," || $0 == ":" }
        guard words.count == 8, words[7] == "GMT", let day = Int(words[1]), (1...31).contains(day),
            let month = months.firstIndex(of: words[2]), let year = Int(words[3]), (1970...9999).contains(year),
            let hour = Int(words[4]), let minute = Int(words[5]), let second = Int(words[6]),
            (0..<24).contains(hour), (0..<60).contains(minute), (0...60).contains(second)
        else { return nil }
        // Days of the proleptic Gregorian calendar, with years that begin in March.
        let years = month < 2 ? year - 1 : year
        let sinceMarch = (month + 10) % 12
        let days = 365 * years + years / 4 - years / 100 + years / 400 + (153 * sinceMarch + 2) / 5 + day - 1 - 719_468
        return days * 86400 + hour * 3600 + minute * 60 + second
    }

    private static let months: [Substring] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
}
