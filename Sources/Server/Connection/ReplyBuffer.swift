import NIOCore

/// What was written to a connection and not yet handed to it: head and body, or an event and the end, go out as one piece.
struct ReplyBuffer {
    /// Larger pieces are not copied behind others.
    private static let joined = 16 << 10
    /// A connection keeps so much room for what it sends next.
    private static let kept = 4 << 10

    private var bytes = ByteBuffer()

    /// Adds a head.
    mutating func add(_ head: ReplyHead) {
        bytes.reserveCapacity(minimumWritableBytes: 1024)
        ReplyBytes.write(head, into: &bytes)
    }

    /// Adds a chunk of a body.
    mutating func add(_ chunk: [UInt8], _ framing: ReplyBytes.Framing, to context: ChannelHandlerContext) {
        let isChunked = framing == .chunked
        if chunk.count <= Self.joined {
            if isChunked { ReplyBytes.writeChunk(chunk, into: &bytes) } else { bytes.writeBytes(chunk) }
            if bytes.readableBytes > Self.joined { passOn(to: context) }
        } else {
            passOn(to: context)
            var large = context.channel.allocator.buffer(capacity: chunk.count + 16)
            if isChunked { ReplyBytes.writeChunk(chunk, into: &large) } else { large.writeBytes(chunk) }
            context.write(NIOAny(large), promise: nil)
        }
    }

    /// Adds the end of the message.
    mutating func addEnd(_ framing: ReplyBytes.Framing) {
        if framing == .chunked { bytes.writeStaticString("0\r\n\r\n") }
    }

    /// Hands on what there is, and has it sent.
    mutating func flush(to context: ChannelHandlerContext) {
        guard bytes.readableBytes > 0 else { return context.flush() }
        context.writeAndFlush(NIOAny(bytes), promise: nil)
        // What is sent by now leaves its room for the next piece.
        if bytes.capacity > Self.kept { bytes = ByteBuffer() } else { bytes.clear() }
    }

    private mutating func passOn(to context: ChannelHandlerContext) {
        guard bytes.readableBytes > 0 else { return }
        context.write(NIOAny(bytes), promise: nil)
        bytes = ByteBuffer()
    }
}
