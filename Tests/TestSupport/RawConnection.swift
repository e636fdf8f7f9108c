import Foundation

/// A client's TCP connection to 127.0.0.1, for tests that look at bytes.
///
/// Waiting never blocks a thread, so that any number of tests can wait in one process.
public final class RawConnection {
    private let socket: Int32
    private var isOpen = true
    private var unread: [UInt8] = []

    /// What went wrong on the connection.
    public struct Failure: Error, CustomStringConvertible {
        /// The call and its error.
        public let description: String
    }

    /// Connects.
    public init(port: Int, receiveLimit: Int32? = nil) throws {
        socket = Foundation.socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        if var limit = receiveLimit {
            _ = unsafe setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &limit, socklen_t(MemoryLayout<Int32>.size))
        }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        address.sin_port = UInt16(port).bigEndian
        let length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                unsafe connect(socket, pointer, length)
            }
        }
        guard result == 0 else {
            Foundation.close(socket)
            throw Failure(description: "connect failed: \(errno)")
        }
    }

    deinit { close() }

    /// Closes the connection in the orderly way.
    public func close() {
        guard isOpen else { return }
        isOpen = false
        Foundation.close(socket)
    }

    /// Sends everything.
    public func send(_ bytes: [UInt8]) throws {
        var offset = 0
        while offset < bytes.count {
            let sent = unsafe bytes.withUnsafeBytes { buffer in
                unsafe Foundation.send(
                    socket, buffer.baseAddress.map { unsafe $0 + offset }, buffer.count - offset, Int32(MSG_NOSIGNAL))
            }
            guard sent > 0 else { throw Failure(description: "send failed: \(errno)") }
            offset += sent
        }
    }

    /// Sends a text.
    public func send(_ text: String) throws { try send(Array(text.utf8)) }

    /// Bytes that arrive within the limit; empty at the end of the connection, nil if nothing came or it was reset.
    public func receive(within limit: Duration = .seconds(10)) async -> [UInt8]? {
        if !unread.isEmpty {
            defer { unread = [] }
            return unread
        }
        guard await eventually(within: limit, { hasNews }) else { return nil }
        var failed = false
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: 64 * 1024) { buffer, count in
            let received = unsafe recv(socket, buffer.baseAddress, buffer.count, 0)
            failed = received < 0
            count = max(0, received)
        }
        return failed ? nil : bytes
    }

    private var hasNews: Bool {
        var entry = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
        return unsafe poll(&entry, 1, 0) == 1
    }

    /// One response, read to its end as its head frames it; `isWhole` is false if the connection broke before that.
    public func response(to method: String = "POST", within limit: Duration = .seconds(20)) async -> RawResponse {
        var bytes: [UInt8] = []
        while true {
            if let response = RawResponse(bytes, to: method) {
                unread = Array(bytes[response.end...])
                return response
            }
            guard let more = await receive(within: limit), !more.isEmpty else { return RawResponse(broken: bytes) }
            bytes += more
        }
    }
}
