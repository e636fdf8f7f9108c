/// A key's rates just after a request was counted, as OpenAI's `x-ratelimit-*` fields tell them.
public struct RateStatus: Sendable, Equatable {
    struct Rate: Sendable, Equatable {
        let limit: Int
        let remaining: Int
        /// Milliseconds until nothing is used.
        let reset: Int64
    }

    var requests: Rate?
    var tokens: Rate?

    /// What the names of all these fields begin with.
    public static let prefix = "x-ratelimit-"

    /// Whether no rate is limited.
    public var isEmpty: Bool { requests == nil && tokens == nil }

    /// The header fields; none without a rate limit.
    public var fields: [(name: String, value: String)] {
        var fields: [(name: String, value: String)] = []
        for (rate, what) in [(requests, "requests"), (tokens, "tokens")] {
            guard let rate else { continue }
            fields.append((Self.prefix + "limit-" + what, String(rate.limit)))
            fields.append((Self.prefix + "remaining-" + what, String(rate.remaining)))
            fields.append((Self.prefix + "reset-" + what, Self.text(milliseconds: rate.reset)))
        }
        return fields
    }

    /// `120ms`, `17s` or `1m1s`; whole seconds are rounded up.
    static func text(milliseconds: Int64) -> String {
        if milliseconds < 1000 { return "\(max(0, milliseconds))ms" }
        let seconds = (milliseconds + 999) / 1000
        return seconds < 60 ? "\(seconds)s" : "\(seconds / 60)m\(seconds % 60)s"
    }
}
