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
            } else if let head = PlainHead(bytes.readableBytesUInt8Span) {
                bytes.moveReaderIndex(forwardBy: head.length)
                take(head)
            } else {
                isOver = true
                return context.fireChannelRead(wrapInboundOut(bytes))
            }
        }
    }

    private func take(_ head: PlainHead) {
        missing = head.bodyLength
        handler.receive(
            .head(
                RequestHead(
                    method: head.method, target: head.target, isHTTP10: false, fields: head.fields)))
        if missing == 0 { handler.receive(.end) }
    }

    private func takeBody(_ bytes: inout ByteBuffer) {
        guard let part = bytes.readSlice(length: min(missing, bytes.readableBytes)) else { return }
        missing -= part.readableBytes
        handler.receive(.body(part))
        if missing == 0 { handler.receive(.end) }
    }
}
