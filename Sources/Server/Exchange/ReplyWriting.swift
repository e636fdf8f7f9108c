import Gateway
import HTTPTypes
import HummingbirdCore
import NIOCore

/// What has been written of a reply.
struct WrittenReply {
    var bytes = 0
    /// When the first byte of the body was handed to the connection.
    var firstByte: ContinuousClock.Instant?
}

/// Writes a reply to a client, chunk by chunk: each is flushed at once, and the next is asked for only when the
/// connection has taken the last, so that a slow client slows its model and nobody's memory.
///
/// A body that breaks is thrown on, before the end of the message is written: the client sees a broken connection.
@concurrent
func write(
    _ reply: ClientReply, head: HTTPResponse, bodyless: Bool, to writer: consuming ResponseWriter,
    progress: inout WrittenReply
) async throws {
    var head = head
    if bodyless {
        if head.status != .noContent, head.headerFields[.contentLength] == nil {
            head.headerFields[.contentLength] = "0"
        }
        return try await writer.writeResponse(head)
    }
    var chunks = reply.body.makeAsyncIterator()
    let length = head.headerFields[.contentLength].flatMap { Int($0) }
    if let length, length <= 1 << 20 {
        // A short body of known length goes out with its head and its end in one write.
        var whole = ByteBuffer()
        while let chunk = try await chunks.next(isolation: #isolation) { whole.writeBytes(chunk) }
        progress.firstByte = .now
        progress.bytes = whole.readableBytes
        return try await writer.write(response: head, body: ResponseBody(byteBuffer: whole))
    }
    var body = try await writer.writeHead(head)
    while let chunk = try await chunks.next(isolation: #isolation) {
        if progress.firstByte == nil { progress.firstByte = .now }
        progress.bytes += chunk.count
        try await body.write(ByteBuffer(bytes: chunk))
    }
    try await body.finish(nil)
}
