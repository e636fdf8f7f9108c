import Foundation
import NIOCore

/// A client's socket, to which bytes go without a pass through its channel.
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
}
