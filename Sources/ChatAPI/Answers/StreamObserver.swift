/// Reads along a streamed answer while a relay passes its bytes on.
///
/// Give bytes with `append`, then take the events with `next` and pass on the `raw` of those the client is to see; or
/// give bytes with `observe` and pass them on untouched.
public struct StreamObserver: Sendable {
    /// An event as it came, and what it means.
    public struct Event: Sendable {
        /// What the event means to the answer.
        public enum Kind: Hashable, Sendable {
            /// A comment, or a block without data.
            case comment
            /// A chunk that carries text, reasoning or tool calls.
            case content
            /// A chunk with `choices: []` and usage: to be hidden if only the gateway asked for it.
            case usageOnly
            /// `[DONE]`.
            case done
            /// An error object.
            case error
            /// Any other chunk, such as the first with the role or the last with the finish reason.
            case other
        }

        /// The event's bytes, line ends included.
        public let raw: ArraySlice<UInt8>
        /// What the event means to the answer.
        public let kind: Kind
    }

    private var parser: SSEParser
    /// The last usage the stream told.
    public private(set) var usage: Usage?
    /// The first finish reason the stream told.
    public private(set) var finishReason: String?
    /// True once an event with content came.
    public private(set) var sawContent = false
    /// True once an event of the Responses API came: such a stream ends with an event that says how it ended.
    public private(set) var isResponse = false
    /// True once `[DONE]` came, or the event that ends a Responses stream.
    public private(set) var sawDone = false
    /// True once an error object came.
    public private(set) var sawError = false
    /// Why the bytes could no longer be read as events; the relay may still pass them on.
    public private(set) var failure: SSEError?

    /// Starts at the beginning of a stream.
    public init(lineLimit: Int = 1 << 24, eventLimit: Int = 1 << 24) {
        parser = SSEParser(lineLimit: lineLimit, eventLimit: eventLimit)
    }

    /// Adds bytes as they arrived; `next` tells the events they complete.
    public mutating func append(_ bytes: [UInt8]) {
        if failure == nil { parser.append(bytes) }
    }

    /// The next whole event, or nil until more bytes come.
    public mutating func next() throws(SSEError) -> Event? {
        if let failure { throw failure }
        do {
            return try parser.next().map { classify($0) }
        } catch {
            failure = error
            throw error
        }
    }

    /// What remains when the stream has ended without the blank line that ends an event.
    public mutating func finish() -> Event? {
        failure == nil ? parser.finish().map { classify($0) } : nil
    }

    /// Reads along; for relays that pass on every byte. After a failure the rest is not read.
    public mutating func observe(_ bytes: [UInt8]) {
        append(bytes)
        while (try? next()) != nil {}
    }

    private mutating func classify(_ event: SSEEvent) -> Event {
        Event(raw: event.raw, kind: read(event))
    }

    private static let lastResponseEvents: Set<String> = [
        "response.completed", "response.incomplete", "response.failed", "response.cancelled",
    ]

    private mutating func read(_ event: SSEEvent) -> Event.Kind {
        guard let data = event.data else { return .comment }
        if data.starts(with: "[DONE]".utf8) {
            sawDone = true
            return .done
        }
        let chunk = UsageReader(data)
        usage = chunk.usage ?? usage
        finishReason = finishReason ?? chunk.finishReason
        if let name = event.name, name.hasPrefix("response.") {
            isResponse = true
            sawDone = sawDone || Self.lastResponseEvents.contains(name)
        }
        if chunk.hasError || event.name == "error" {
            sawError = true
            return .error
        }
        if chunk.hasContent {
            sawContent = true
            return .content
        }
        return chunk.isUsageOnly ? .usageOnly : .other
    }
}
