import NIOCore
import NIOHTTP1

/// Takes requests with a plain head, and leaves a connection to the library's parser from the first other one on; most
/// connections never need one.
final class PlainRequests: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private static let firstBytes = 8 << 10

    private let handler: ExchangeHandler
    /// Bytes of a request's body that are still to come.
    private var missing = 0
    private var isOver = false

    init(before handler: ExchangeHandler) {
        self.handler = handler
    }

    /// A client mostly has sent its first request by the time its connection is accepted: it is taken at once, and not
    /// when the loop tells of it after all else that it has at hand.
    func channelActive(context: ChannelHandlerContext) {
        context.fireChannelActive()
        guard let bytes = handler.unsent.socket?.receive(atMost: Self.firstBytes) else { return }
        channelRead(context: context, data: wrapInboundOut(bytes))
        context.fireChannelReadComplete()
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
                return leave(bytes, context)
            }
        }
    }

    /// Leaves what follows to the parser.
    private func leave(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
        isOver = true
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = HeaderLimits.bytes
        limits.maxHeaderListSize = HeaderLimits.bytes
        limits.maxHeaderFieldCount = HeaderLimits.fields
        let parser = ByteToMessageHandler(HTTPRequestDecoder(limitConfiguration: limits))
        do {
            try context.pipeline.syncOperations.addHandler(parser, position: .after(self))
            context.fireChannelRead(wrapInboundOut(bytes))
        } catch {
            // The connection is gone.
            context.close(promise: nil)
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
