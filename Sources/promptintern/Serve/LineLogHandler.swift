import Foundation
import Logging

/// Writes each event as one line to standard error: time, level, what happened, then `name=value` pairs.
///
/// Values with spaces or quotes are quoted, and control characters are escaped, so that no value can pose as a line or
/// talk to a terminal.
struct LineLogHandler: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level = .info

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let all = metadata.merging(event.metadata ?? [:]) { $1 }
        let line = Self.line(
            time: Date(), level: event.level.rawValue, message: "\(event.message)",
            fields: all.map { (name: $0.key, value: "\($0.value)") })
        put(line, to: .standardError)
    }

    /// The order in which the fields of a request are easiest to read; others follow by name.
    private static let order = [
        "id", "method", "path", "status", "task", "arm", "reason", "model", "tokens_before", "tokens_after",
        "first_byte_ms", "ms", "end",
    ]

    static func line(time: Date, level: String, message: String, fields: [(name: String, value: String)]) -> String {
        let sorted = fields.sorted { left, right in
            let (first, second) = (order.firstIndex(of: left.name), order.firstIndex(of: right.name))
            return (first ?? .max, left.name) < (second ?? .max, right.name)
        }
        let stamp = time.formatted(.iso8601.time(includingFractionalSeconds: true))
        let pairs = sorted.map { " \($0.name)=\(quoted($0.value))" }.joined()
        return "\(stamp) \(level) \(escaped(message))\(pairs)"
    }

    private static func quoted(_ value: String) -> String {
        let text = escaped(value)
        let isPlain = !text.isEmpty && !text.contains { $0 == " " || $0 == "\"" || $0 == "=" }
        return isPlain ? text : "\"" + text.replacingOccurrences(of: "\"", with: "\\\"") + "\""
    }

    private static func escaped(_ text: String) -> String {
        text.unicodeScalars.map { scalar in
            scalar.properties.generalCategory == .control ? "\\u{\(String(scalar.value, radix: 16))}" : String(scalar)
        }.joined()
    }
}
