internal import CCurl
import Foundation

/// A TCP socket that never blocks; closed when let go.
struct PlainSocket: ~Copyable {
    /// How a call ended.
    enum Outcome: Equatable {
        case moved(Int)
        /// Nothing can be moved now.
        case blocked
        /// The other side has sent its last byte.
        case ended
        case failed
    }

    let descriptor: Int32

    /// Starts to connect; nil if the system gives no socket or knows at once that there is no way.
    static func connecting(to address: SocketAddress, port: Int) -> PlainSocket? {
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        let made = socket(address.family, type, 0)
        guard made >= 0 else { return nil }
        let plain = PlainSocket(made)
        var on: Int32 = 1
        let size = socklen_t(MemoryLayout<Int32>.size)
        _ = unsafe setsockopt(made, Int32(IPPROTO_TCP), TCP_NODELAY, &on, size)
        _ = unsafe setsockopt(made, SOL_SOCKET, SO_KEEPALIVE, &on, size)
        let isUnderWay = unsafe address.withSystemAddress(port: port) { pointer, length in
            unsafe connect(made, pointer, length) == 0 || errno == EINPROGRESS
        }
        guard isUnderWay else { return nil }
        return plain
    }

    private init(_ descriptor: Int32) {
        self.descriptor = descriptor
    }

    deinit {
        _ = close(descriptor)
    }

    /// Whether the connection stands, once the socket has become writable.
    var isConnected: Bool {
        var error: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        return unsafe getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0
    }

    /// Sends what follows the first `offset` bytes of head and body taken together.
    static func send(on descriptor: Int32, _ head: [UInt8], _ body: [UInt8], from offset: Int) -> Outcome {
        let sent = unsafe head.withUnsafeBytes { head in
            unsafe body.withUnsafeBytes { body in
                let skippedBody = max(0, offset - head.count)
                var parts = unsafe (
                    iovec(
                        iov_base: UnsafeMutableRawPointer(mutating: head.baseAddress! + min(offset, head.count)),
                        iov_len: max(0, head.count - offset)),
                    iovec(
                        iov_base: body.baseAddress.map { unsafe UnsafeMutableRawPointer(mutating: $0 + skippedBody) },
                        iov_len: body.count - skippedBody)
                )
                return unsafe withUnsafeMutableBytes(of: &parts) { parts in
                    var message = unsafe msghdr()
                    unsafe message.msg_iov = parts.baseAddress!.assumingMemoryBound(to: iovec.self)
                    unsafe message.msg_iovlen = 2
                    return unsafe sendmsg(descriptor, &message, Int32(MSG_NOSIGNAL))
                }
            }
        }
        return outcome(sent)
    }

    /// Receives into the buffer, as much as fits.
    func receive(into buffer: inout [UInt8]) -> Outcome {
        let received = unsafe buffer.withUnsafeMutableBytes { unsafe recv(descriptor, $0.baseAddress!, $0.count, 0) }
        return received == 0 ? .ended : Self.outcome(received)
    }

    private static func outcome(_ result: Int) -> Outcome {
        if result >= 0 { return .moved(result) }
        return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? .blocked : .failed
    }
}

extension SocketAddress {
    /// Reads an address in its textual form, an IPv6 one in brackets; nil if it is a name.
    init?(literal text: String) {
        if text.first == "[" {
            var address = in6_addr()
            guard unsafe inet_pton(AF_INET6, String(text.dropFirst().dropLast()), &address) == 1 else { return nil }
            self = unsafe withUnsafeBytes(of: &address) { unsafe Self.unmapped([UInt8]($0)) }
        } else {
            var address = in_addr()
            guard unsafe inet_pton(AF_INET, text, &address) == 1 else { return nil }
            self = unsafe withUnsafeBytes(of: &address) { unsafe .v4([UInt8]($0)) }
        }
    }

    fileprivate var family: Int32 {
        if case .v6 = self { AF_INET6 } else { AF_INET }
    }

    /// Calls `body` with the system's form of the address.
    fileprivate func withSystemAddress<Result>(
        port: Int, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        var bytes = [UInt8](repeating: 0, count: MemoryLayout<sockaddr_in6>.size)
        unsafe withUnsafeBytes(of: sa_family_t(family)) { unsafe bytes.replaceSubrange(0..<2, with: $0) }
        bytes[2] = UInt8(port >> 8)
        bytes[3] = UInt8(port & 0xFF)
        let length: Int
        switch self {
        case .v4(let address):
            bytes.replaceSubrange(4..<8, with: address)
            length = MemoryLayout<sockaddr_in>.size
        case .v6(let address):
            bytes.replaceSubrange(8..<24, with: address)
            length = MemoryLayout<sockaddr_in6>.size
        case .other: length = 0
        }
        return unsafe bytes.withUnsafeBytes { bytes in
            unsafe body(bytes.baseAddress!.assumingMemoryBound(to: sockaddr.self), socklen_t(length))
        }
    }
}
