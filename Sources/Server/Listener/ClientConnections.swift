import ChatAPI
import NIOCore
import Synchronization

/// Sets up the connections that a listener accepts: a reader of plain requests, which leaves all others to the library's
/// HTTP/1 parser, and one handler that does the rest.
struct ClientConnections {
    let shared: ConnectionContext
    let executors: LoopExecutors

    /// On the channel's loop, before anything is read.
    func setUp(_ channel: any Channel) throws {
        // The count has this one already.
        let excess = shared.open.count - shared.options.connections
        if excess > 0, shared.options.tls == nil || excess > Self.toldOverTLS {
            return try channel.pipeline.syncOperations.addHandler(TurningAway(saysWhy: shared.options.tls == nil))
        }
        // What waits for a client that does not read stays small, in this process and in the system.
        let options = channel.syncOptions
        try options?.setOption(.allowRemoteHalfClosure, value: true)
        try options?.setOption(.writeBufferWaterMark, value: .init(low: 16 << 10, high: 64 << 10))
        try options?.setOption(.socketOption(.so_sndbuf), value: 256 << 10)
        guard let tls = shared.options.tls else {
            try addHTTP1(to: channel)
            return shared.open.begin(channel)
        }
        secure(channel, with: tls, turnsAway: excess > 0).whenFailure { _ in channel.close(promise: nil) }
    }

    /// Over TLS a refusal costs a handshake, so only so many connections beyond the limit are told at a time.
    static let toldOverTLS = 64

    func addHTTP1(to channel: any Channel, turnsAway: Bool = false) throws {
        let pipeline = channel.pipeline.syncOperations
        let handler = ExchangeHandler(shared: shared, executor: executors[channel.eventLoop], turnsAway: turnsAway)
        try pipeline.addHandler(PlainRequests(before: handler))
        try pipeline.addHandler(handler)
    }
}

extension APIError {
    /// 503: as many connections are open as may be.
    static let tooManyConnections = APIError.overloaded("The gateway holds as many connections as it may.")
}

/// Answers a connection beyond the limit before it says anything, and closes it; one that speaks TLS is only closed.
private final class TurningAway: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let saysWhy: Bool

    init(saysWhy: Bool) {
        self.saysWhy = saysWhy
    }

    func channelActive(context: ChannelHandlerContext) {
        guard saysWhy else { return context.close(promise: nil) }
        let body = APIError.tooManyConnections.body
        var buffer = ByteBuffer()
        buffer.writeString(
            "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\nretry-after: 1\r\n"
                + "content-length: \(body.count)\r\nconnection: close\r\n\r\n")
        buffer.writeBytes(body)
        context.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
        context.close(promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {}
}

/// What is under way has had its time.
struct DrainIsOver {}

/// One executor for each event loop.
final class LoopExecutors: Sendable {
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
