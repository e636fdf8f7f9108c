import Foundation
import NIOCore

/// A client's socket, to and from which bytes go without a pass through its channel.
struct ClientSocket {
    private let descriptor: Int32

    /// The channel's socket, if it has one of its own; only to be used while the channel is active.
    init?(_ context: ChannelHandlerContext) {
        let handle = try? context.pipeline.syncOperations.withUnsafeTransportIfAvailable { (handle: Int32) in handle }
        guard let handle else { return nil }
        descriptor = handle
    }

    /// Sends a beginning of the bytes; returns how many the system took. None may mean that the connection is broken,
    /// which the channel then finds out.
    func send(_ bytes: [UInt8]) -> Int {
        let sent = unsafe bytes.withUnsafeBytes { bytes in
            unsafe Foundation.send(
                descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
        }
        return max(0, sent)
    }

    /// What the system has of the client's bytes, at most so many; nil if it has none now, or the connection is over,
    /// which the channel then finds out.
    func receive(atMost limit: Int) -> ByteBuffer? {
        var bytes = ByteBuffer()
        let count = unsafe bytes.writeWithUnsafeMutableBytes(minimumWritableBytes: limit) { bytes in
            unsafe max(0, Foundation.recv(descriptor, bytes.baseAddress, limit, Int32(MSG_DONTWAIT)))
        }
        return count > 0 ? bytes : nil
    }
}
