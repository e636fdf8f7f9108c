import NIOCore
import NIOHTTP1

/// What a handler writes: bytes on an HTTP/1 connection, parts on a stream of an HTTP/2 connection.
enum ReplyWire {
    case http1
    case http2

    func write(_ head: ReplyHead, _ buffer: inout ReplyBuffer, to context: ChannelHandlerContext) {
        switch self {
        case .http1: buffer.add(head)
        case .http2:
            context.write(NIOAny(HTTPServerResponsePart.head(ReplyBytes.http2(head))), promise: nil)
        }
    }

    func write(
        _ chunk: [UInt8], _ framing: ReplyBytes.Framing, _ buffer: inout ReplyBuffer, to context: ChannelHandlerContext
    ) {
        switch self {
        case .http1: buffer.add(chunk, framing, to: context)
        case .http2:
            var bytes = context.channel.allocator.buffer(capacity: chunk.count)
            bytes.writeBytes(chunk)
            context.write(NIOAny(HTTPServerResponsePart.body(.byteBuffer(bytes))), promise: nil)
        }
    }

    /// Writes the end of the message; a stream of an HTTP/2 connection ends with it, whatever the client still sends.
    func writeEnd(_ framing: ReplyBytes.Framing, _ buffer: inout ReplyBuffer, to context: ChannelHandlerContext) {
        switch self {
        case .http1: buffer.addEnd(framing)
        case .http2:
            let sent = context.eventLoop.makePromise(of: Void.self)
            let channel = context.channel
            sent.futureResult.whenComplete { _ in channel.close(promise: nil) }
            context.write(NIOAny(HTTPServerResponsePart.end(nil)), promise: sent)
        }
    }
}
