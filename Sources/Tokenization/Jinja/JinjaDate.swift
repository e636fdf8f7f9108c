import Foundation

/// `strftime`, for the codes that have one meaning everywhere.
enum JinjaDate {
    private static let months = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    ]
    private static let days = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]

    /// The date as `format` says, in English and in local time; nil if the format has a code that is not supported.
    static func text(_ date: Date, format: String) -> String? {
        let parts = Calendar(identifier: .gregorian).dateComponents(
            [.year, .month, .day, .hour, .minute, .second, .weekday, .dayOfYear], from: date)
        var result = ""
        var characters = format.makeIterator()
        while let character = characters.next() {
            guard character == "%" else {
                result.append(character)
                continue
            }
            var code = characters.next()
            let isBare = code == "-"
            if isBare { code = characters.next() }
            guard let code, let text = text(code, parts) else { return nil }
            let bare = text.drop { $0 == "0" }
            result += !isBare ? text : bare.isEmpty ? "0" : String(bare)
        }
        return result
    }

    private static func text(_ code: Character, _ parts: DateComponents) -> String? {
        guard let year = parts.year, let month = parts.month, let day = parts.day, let hour = parts.hour,
            let minute = parts.minute, let second = parts.second, let weekday = parts.weekday
        else { return nil }
        switch code {
        case "Y": return String(year)
        case "y": return padded(year % 100, 2)
        case "m": return padded(month, 2)
        case "d": return padded(day, 2)
        case "e": return day < 10 ? " \(day)" : "\(day)"
        case "B": return months[month - 1]
        case "b", "h": return String(months[month - 1].prefix(3))
        case "A": return days[weekday - 1]
        case "a": return String(days[weekday - 1].prefix(3))
        case "H": return padded(hour, 2)
        case "I": return padded((hour + 11) % 12 + 1, 2)
        case "M": return padded(minute, 2)
        case "S": return padded(second, 2)
        case "p": return hour < 12 ? "AM" : "PM"
        case "j": return parts.dayOfYear.map { padded($0, 3) }
        case "F": return "\(year)-\(padded(month, 2))-\(padded(day, 2))"
        case "T": return "\(padded(hour, 2)):\(padded(minute, 2)):\(padded(second, 2))"
        case "%": return "%"
        default: return nil
        }
    }

    private static func padded(_ value: Int, _ width: Int) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
