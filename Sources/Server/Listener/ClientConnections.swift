import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import Synchronization

/// Sets up the connections that a listener accepts: the library's HTTP/1 parser, and one handler that does the rest.
struct ClientConnections: ServerChildChannel {
    /// A connection that is set up.
    struct Value: ServerChildChannelValue {
        let channel: any Channel
    }

    let shared: ConnectionContext
    private let executors = LoopExecutors()

    init(shared: ConnectionContext) {
        self.shared = shared
    }

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            // What waits for a client that does not read stays small, in this process and in the system.
            let options = channel.syncOptions
            try options?.setOption(.writeBufferWaterMark, value: .init(low: 16 << 10, high: 64 << 10))
            try options?.setOption(.socketOption(.so_sndbuf), value: 256 << 10)
            var limits = NIOHTTPDecoderLimitConfiguration()
            limits.maxHeaderFieldSize = 64 << 10
            limits.maxHeaderListSize = 64 << 10
            limits.maxHeaderFieldCount = 256
            let pipeline = channel.pipeline.syncOperations
            try pipeline.addHandler(ByteToMessageHandler(HTTPRequestDecoder(limitConfiguration: limits)))
            try pipeline.addHandler(ExchangeHandler(shared: shared, executor: executors[channel.eventLoop]))
            return Value(channel: channel)
        }
    }

    /// Lasts as long as the connection, so that a listener that stops knows what is still under way.
    func handle(value: Value, logger: Logger) async {
        try? await value.channel.closeFuture.get()
    }
}

/// One executor for each event loop.
private final class LoopExecutors: Sendable {
    private let executors = Mutex<[ObjectIdentifier: LoopExecutor]>([:])

    subscript(loop: any EventLoop) -> LoopExecutor {
        executors.withLock { executors in
            if let executor = executors[ObjectIdentifier(loop)] { return executor }
            let executor = LoopExecutor(loop)
            executors[ObjectIdentifier(loop)] = executor
            return executor
        }
    }
}
