import NIOCore

/// What was written to a connection and not yet handed to it: head and body, or an event and the end, go out as one piece.
struct ReplyBuffer {
    /// Larger pieces are not copied behind others.
    private static let joined = 16 << 10
    /// A connection keeps so much room for what it sends next.
    private static let kept = 4 << 10

    private var bytes: [UInt8] = []

    /// Adds a head.
    mutating func add(_ head: ReplyHead) {
        bytes.reserveCapacity(bytes.count + 1024)
        ReplyBytes.write(head, into: &bytes)
    }

    /// Adds a chunk of a body.
    mutating func add(_ chunk: [UInt8], _ framing: ReplyBytes.Framing, to context: ChannelHandlerContext) {
        let isChunked = framing == .chunked
        if isChunked { ReplyBytes.beginChunk(chunk.count, into: &bytes) }
        if chunk.count > Self.joined {
            passOn(to: context)
            context.write(NIOAny(context.channel.allocator.buffer(bytes: chunk)), promise: nil)
        } else {
            bytes.append(contentsOf: chunk)
        }
        if isChunked { bytes.append("\r\n") }
        if bytes.count > Self.joined { passOn(to: context) }
    }

    /// Adds the end of the message.
    mutating func addEnd(_ framing: ReplyBytes.Framing) {
        if framing == .chunked { bytes.append("0\r\n\r\n") }
    }

    /// Hands on what there is, and has it sent.
    mutating func flush(to context: ChannelHandlerContext) {
        guard !bytes.isEmpty else { return context.flush() }
        context.writeAndFlush(NIOAny(context.channel.allocator.buffer(bytes: bytes)), promise: nil)
        bytes.removeAll(keepingCapacity: bytes.capacity <= Self.kept)
    }

    private mutating func passOn(to context: ChannelHandlerContext) {
        guard !bytes.isEmpty else { return }
        context.write(NIOAny(context.channel.allocator.buffer(bytes: bytes)), promise: nil)
        bytes.removeAll(keepingCapacity: bytes.capacity <= Self.kept)
    }
}
