import NIOCore

/// What was written to a connection and not yet handed to it: head and body, or an event and the end, go out as one piece.
struct ReplyBuffer {
    /// Larger pieces are not copied behind others.
    private static let joined = 16 << 10
    /// A connection keeps so much room for what it sends next.
    private static let kept = 4 << 10

    /// Where bytes may go without the channel's taking part; nil where the channel changes them, as TLS does.
    var socket: ClientSocket?
    private var bytes: [UInt8] = []
    /// Whether the channel may hold bytes that have to go first.
    private var isHandedOn = false

    /// Adds the permission to send a body.
    mutating func addContinue() {
        bytes.append("HTTP/1.1 100 Continue\r\n\r\n")
    }

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
            isHandedOn = true
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

    /// Has what there is sent: by the system itself as far as it takes that at once, the rest by the channel.
    mutating func flush(to context: ChannelHandlerContext) {
        guard !bytes.isEmpty else { return context.flush() }
        let sent = sendDirectly(to: context)
        if sent < bytes.count {
            if sent > 0 { bytes.removeFirst(sent) }
            passOn(to: context)
            context.flush()
        } else {
            clear()
        }
    }

    private mutating func sendDirectly(to context: ChannelHandlerContext) -> Int {
        guard let socket, context.channel.isActive else { return 0 }
        if isHandedOn {
            let held = try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)
            guard held == 0 else { return 0 }
            isHandedOn = false
        }
        return socket.send(bytes)
    }

    private mutating func passOn(to context: ChannelHandlerContext) {
        guard !bytes.isEmpty else { return }
        context.write(NIOAny(context.channel.allocator.buffer(bytes: bytes)), promise: nil)
        isHandedOn = true
        clear()
    }

    private mutating func clear() {
        bytes.removeAll(keepingCapacity: bytes.capacity <= Self.kept)
    }
}
