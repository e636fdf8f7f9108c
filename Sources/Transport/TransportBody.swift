import Synchronization

/// Takes a chunk at the moment of its arrival, so that no task has to be woken for it; false: its reader gets it.
public typealias ChunkTaker = @Sendable ([UInt8]) -> Bool

/// A response body: its chunks exactly as they arrive, none held back, none merged.
///
/// At most about 80 KiB wait for a slow consumer; beyond that the transfer pauses, and with it the upstream. A body that
/// ends early throws; it never ends as if it were complete. The body can be iterated once. Letting go of the iterator (or
/// of a body that was never iterated) before the end aborts the transfer and closes its connection, and so does
/// cancelling the task that waits for a chunk.
public struct TransportBody: AsyncSequence, Sendable {
    /// A chunk; never empty.
    public typealias Element = [UInt8]
    /// What a broken transfer throws.
    public typealias Failure = TransportError

    private let lease: BodyLease

    init(_ exchange: Exchange) {
        lease = BodyLease(exchange)
    }

    /// The one iterator; a second call shares the first one's chunks.
    public func makeAsyncIterator() -> Iterator {
        Iterator(lease: lease.passOn())
    }

    /// Collects what is left of the body.
    ///
    /// - Parameter limit: the most bytes to hold; a longer body throws `.protocolViolation`.
    public func collect(upTo limit: Int = .max) async throws(TransportError) -> [UInt8] {
        var bytes: [UInt8] = []
        var iterator = makeAsyncIterator()
        while let chunk = try await iterator.next() {
            guard chunk.count <= limit - bytes.count else {
                throw TransportError(.protocolViolation, context: "The body is over \(limit) bytes", wasSent: true)
            }
            bytes += chunk
        }
        return bytes
    }

    /// Hands out the chunks.
    public struct Iterator: AsyncIteratorProtocol, Sendable {
        let lease: BodyLease

        /// The next chunk that `take` does not take, or nil after the last byte of a complete body.
        ///
        /// Only chunks that arrive on the event loop on which the exchange was asked for are offered.
        public mutating func next(passing take: ChunkTaker?) async throws(TransportError) -> [UInt8]? {
            try await lease.exchange.nextChunk(passing: take)
        }

        /// The next chunk, or nil after the last byte of a complete body.
        public mutating func next() async throws(TransportError) -> [UInt8]? {
            try await lease.exchange.nextChunk()
        }

        /// The next chunk, or nil after the last byte of a complete body.
        public mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws(TransportError) -> [UInt8]? {
            try await lease.exchange.nextChunk()
        }
    }
}

/// Gives the exchange up when its holder lets go of it, unless it was passed on before.
final class BodyLease: Sendable {
    let exchange: Exchange
    private let isPassedOn = Atomic(false)

    init(_ exchange: Exchange) {
        self.exchange = exchange
    }

    /// The lease that takes over from this one.
    func passOn() -> BodyLease {
        isPassedOn.store(true, ordering: .relaxed)
        return BodyLease(exchange)
    }

    deinit {
        if !isPassedOn.load(ordering: .relaxed) {
            exchange.cancel()
        }
    }
}
