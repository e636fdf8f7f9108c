import NIOCore
import NIOHTTP1

/// What a handler writes: bytes on an HTTP/1 connection, parts on a stream of an HTTP/2 connection.
enum ReplyWire {
    case http1
    case http2

    func write(_ head: ReplyHead, to context: ChannelHandlerContext) {
        switch self {
        case .http1:
            var buffer = context.channel.allocator.buffer(capacity: 1024)
            ReplyBytes.write(head, into: &buffer)
            context.write(NIOAny(buffer), promise: nil)
        case .http2:
            context.write(NIOAny(HTTPServerResponsePart.head(ReplyBytes.http2(head))), promise: nil)
        }
    }

    func write(_ chunk: [UInt8], _ framing: ReplyBytes.Framing, to context: ChannelHandlerContext) {
        var buffer = context.channel.allocator.buffer(capacity: chunk.count + 16)
        switch self {
        case .http1 where framing == .chunked:
            ReplyBytes.writeChunk(chunk, into: &buffer)
            context.write(NIOAny(buffer), promise: nil)
        case .http1:
            buffer.writeBytes(chunk)
            context.write(NIOAny(buffer), promise: nil)
        case .http2:
            buffer.writeBytes(chunk)
            context.write(NIOAny(HTTPServerResponsePart.body(.byteBuffer(buffer))), promise: nil)
        }
    }

    /// Writes the end of the message; a stream of an HTTP/2 connection ends with it, whatever the client still sends.
    func writeEnd(_ framing: ReplyBytes.Framing, to context: ChannelHandlerContext) {
        switch self {
        case .http1 where framing == .chunked:
            context.write(NIOAny(ByteBuffer(staticString: "0\r\n\r\n")), promise: nil)
        case .http1: break
        case .http2:
            let sent = context.eventLoop.makePromise(of: Void.self)
            let channel = context.channel
            sent.futureResult.whenComplete { _ in channel.close(promise: nil) }
            context.write(NIOAny(HTTPServerResponsePart.end(nil)), promise: sent)
        }
    }
}
