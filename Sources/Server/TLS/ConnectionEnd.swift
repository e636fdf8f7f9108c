import NIOCore

/// Stands between TLS and NIOHTTP2: closes a connection on which nothing more comes.
///
/// NIOHTTP2 tells of an error of the connection with GOAWAY and leaves the closing to others (RFC 9113, 5.4.1); an
/// error of one stream resets that stream and nothing else. It takes no notice of a client that says it will send no
/// more.
final class ConnectionEnd: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = IOData
    typealias OutboundOut = IOData

    /// An error was told of: what still comes is thrown away.
    private var isOver = false
    /// The next write is a DATA frame's payload.
    private var payloadFollows = false

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if !isOver { context.fireChannelRead(data) }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed? = event as? ChannelEvent { return context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let tellsOfError = tellsOfError(unwrapOutboundIn(data))
        context.write(data, promise: promise)
        guard tellsOfError, !isOver else { return }
        isOver = true
        let channel = context.channel
        // NIOHTTP2 flushes first.
        context.eventLoop.execute { channel.close(promise: nil) }
    }

    /// Whether a write is a GOAWAY with an error's code. Each frame is a write of its own, but DATA, whose head is one
    /// and whose payload is the next.
    private func tellsOfError(_ write: IOData) -> Bool {
        guard !payloadFollows, case .byteBuffer(let frame) = write else {
            payloadFollows = false
            return false
        }
        let type = frame.getInteger(at: frame.readerIndex + 3, as: UInt8.self)
        payloadFollows = type == 0
        guard type == 7 else { return false }
        return frame.getInteger(at: frame.readerIndex + 13, as: UInt32.self) != 0
    }
}
