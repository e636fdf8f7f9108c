import ChatAPI
import Synchronization

/// The bytes of an answer as they come, with one reader.
///
/// A stream that breaks throws; it never ends as if it were complete. Letting go of the stream and of its iterator
/// before the end, or cancelling the task that reads, ends the work behind it.
public struct ReplyStream: AsyncSequence, Sendable {
    /// A chunk; never empty.
    public typealias Element = [UInt8]
    /// What a broken answer throws.
    public typealias Failure = any Error

    /// Takes a chunk at the moment of its arrival, so that no task has to be woken for it; false: its reader gets it.
    public typealias Taker = @Sendable ([UInt8]) -> Bool

    private let pull: @Sendable (Taker?) async throws -> [UInt8]?

    /// A stream of the chunks that `pull` gives, until it gives nil or throws; it is not called again after that.
    public init(_ pull: @escaping @Sendable () async throws -> [UInt8]?) {
        self.pull = { _ in try await pull() }
    }

    /// A stream like that, whose source may offer chunks to the taker while its reader waits.
    ///
    /// They are offered in their order, and only on the event loop on which the answer was asked for.
    public init(passing pull: @escaping @Sendable (Taker?) async throws -> [UInt8]?) {
        self.pull = pull
    }

    /// A stream of one chunk, or of none if there are no bytes.
    public init(_ bytes: [UInt8]) {
        let rest = ChunkBox(bytes.isEmpty ? nil : bytes)
        pull = { _ in rest.take() }
    }

    /// A stream of `chunk`, if there is one, and then of `rest`.
    init(_ chunk: [UInt8]?, then rest: ReplyStream) {
        let first = ChunkBox(chunk)
        pull = { taker in
            if let chunk = first.take() { return chunk }
            return try await rest.pull(taker)
        }
    }

    /// The next chunk, or nil after the last byte of a complete answer.
    public func next() async throws -> [UInt8]? {
        try await pull(nil)
    }

    /// The next chunk that `taker` does not take, or nil after the last byte of a complete answer.
    public func next(passing taker: Taker?) async throws -> [UInt8]? {
        try await pull(taker)
    }

    /// Starts reading; a second iterator goes on where the first stopped.
    public func makeAsyncIterator() -> Iterator {
        Iterator(stream: self)
    }

    /// Reads the rest into one array; a body of more than `limit` bytes throws `BackendError` `.broken`.
    public func collect(upTo limit: Int = 64 << 20) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        while let chunk = try await next() {
            guard chunk.count <= limit - bytes.count else {
                throw BackendError(
                    .broken, wasSent: true, answer: .upstreamUnavailable("The answer is larger than \(limit) bytes."))
            }
            if bytes.isEmpty { bytes = chunk } else { bytes += chunk }
        }
        return bytes
    }

    /// Hands out the chunks.
    public struct Iterator: AsyncIteratorProtocol, Sendable {
        let stream: ReplyStream

        /// The next chunk, or nil after the last byte of a complete answer.
        public mutating func next() async throws -> [UInt8]? {
            try await stream.next()
        }

        /// The next chunk, or nil after the last byte of a complete answer.
        public mutating func next(isolation actor: isolated (any Actor)?) async throws -> [UInt8]? {
            try await stream.next()
        }
    }
}

/// One chunk that is handed out once.
private final class ChunkBox: Sendable {
    private let chunk: Mutex<[UInt8]?>

    init(_ chunk: [UInt8]?) {
        self.chunk = Mutex(chunk)
    }

    func take() -> [UInt8]? {
        chunk.withLock { chunk in
            defer { chunk = nil }
            return chunk
        }
    }
}
