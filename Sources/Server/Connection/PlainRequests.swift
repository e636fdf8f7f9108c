import NIOCore

/// Stands before the library's parser: takes requests with a plain head, and leaves a connection to the parser from the
/// first other one on.
final class PlainRequests: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let handler: ExchangeHandler
    /// Bytes of a request's body that are still to come.
    private var missing = 0
    private var isOver = false

    init(before handler: ExchangeHandler) {
        self.handler = handler
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if isOver { return context.fireChannelRead(data) }
        var bytes = unwrapInboundIn(data)
        while bytes.readableBytes > 0 {
            if missing > 0 {
                takeBody(&bytes)
            } else if let plain = PlainHead(bytes.readableBytesUInt8Span) {
                bytes.moveReaderIndex(forwardBy: plain.length)
                take(plain)
            } else {
                isOver = true
                return context.fireChannelRead(wrapInboundOut(bytes))
            }
        }
    }

    private func take(_ plain: PlainHead) {
        missing = plain.bodyLength
        handler.receive(.head(plain.head))
        if missing == 0 { handler.receive(.end) }
    }

    private func takeBody(_ bytes: inout ByteBuffer) {
        guard let part = bytes.readSlice(length: min(missing, bytes.readableBytes)) else { return }
        missing -= part.readableBytes
        handler.receive(.body(part))
        if missing == 0 { handler.receive(.end) }
    }
}
