/// Why a byte stream is refused as server-sent events.
public enum SSEError: Error, Hashable, Sendable, CustomStringConvertible {
    /// A line is longer than the limit, in bytes.
    case lineTooLong(limit: Int)
    /// The lines of one event are together longer than the limit, in bytes.
    case eventTooLong(limit: Int)

    /// One sentence with the limit.
    public var description: String {
        switch self {
        case .lineTooLong(let limit): "A line of the event stream is longer than \(limit) bytes."
        case .eventTooLong(let limit): "An event of the stream is longer than \(limit) bytes."
        }
    }
}
