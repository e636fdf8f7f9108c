import Foundation

/// The few socket calls the scripted server needs, on non-blocking sockets.
enum ScriptedSocket {
    /// What a send came to.
    enum Sent {
        case done(Int)
        case wouldBlock
        case closed
    }

    /// A system call that failed.
    struct Failure: Error, CustomStringConvertible {
        let call: String
        let code: Int32

        var description: String { unsafe "\(call) failed: \(String(cString: strerror(code)))" }
    }

    /// A listening socket on 127.0.0.1 and its port.
    static func listen(backlog: Int32) throws -> (socket: Int32, port: Int) {
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let socket = Foundation.socket(AF_INET, kind, 0)
        guard socket >= 0 else { throw Failure(call: "socket", code: errno) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                unsafe bind(socket, pointer, length) == 0 && Foundation.listen(socket, backlog) == 0
                    && getsockname(socket, pointer, &length) == 0
            }
        }
        guard isBound else {
            defer { close(socket) }
            throw Failure(call: "bind", code: errno)
        }
        setNonBlocking(socket)
        return (socket, Int(UInt16(bigEndian: address.sin_port)))
    }

    /// A connection to a port of 127.0.0.1.
    static func connect(port: Int) throws -> Int32 {
        let socket = Foundation.socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard socket >= 0 else { throw Failure(call: "socket", code: errno) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        address.sin_port = UInt16(port).bigEndian
        let isConnected = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                unsafe Foundation.connect(socket, pointer, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        guard isConnected else {
            defer { close(socket) }
            throw Failure(call: "connect", code: errno)
        }
        setNonBlocking(socket)
        return socket
    }

    /// The next connection; nil when the listener is gone.
    static func accept(_ listener: Int32, while condition: () -> Bool) -> Int32? {
        while condition() {
            let socket = Foundation.accept(listener, nil, nil)
            if socket >= 0 {
                var on: Int32 = 1
                _ = unsafe setsockopt(
                    socket, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
                _ = fcntl(socket, F_SETFD, FD_CLOEXEC)
                setNonBlocking(socket)
                return socket
            }
            switch errno {
            case EAGAIN, EINTR, ECONNABORTED: _ = poll(listener, Int16(POLLIN), 1000)
            case EMFILE, ENFILE: usleep(10_000)
            default: return nil
            }
        }
        return nil
    }

    /// Bytes that have arrived, empty at the end of the connection, nil if there are none at present.
    static func receive(from socket: Int32) -> [UInt8]? {
        var isClosed = false
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: 256 * 1024) { buffer, count in
            let received = unsafe recv(socket, buffer.baseAddress, buffer.count, 0)
            count = max(0, received)
            isClosed = received == 0 || received < 0 && errno != EAGAIN && errno != EINTR
        }
        return bytes.isEmpty && !isClosed ? nil : bytes
    }

    /// Sends what the system takes at once.
    static func send(_ bytes: [UInt8], from offset: Int, to socket: Int32) -> Sent {
        let sent = unsafe bytes.withUnsafeBytes { buffer in
            unsafe Foundation.send(
                socket, buffer.baseAddress.map { unsafe $0 + offset }, buffer.count - offset, Int32(MSG_NOSIGNAL))
        }
        if sent >= 0 { return .done(sent) }
        return errno == EAGAIN || errno == EINTR ? .wouldBlock : .closed
    }

    /// Waits for bytes, the end of the connection, or the limit.
    static func waitToReceive(_ socket: Int32, milliseconds: Int32) {
        _ = poll(socket, Int16(POLLIN), milliseconds)
    }

    /// Waits until sending is possible; true if the client has hung up.
    static func waitToSend(_ socket: Int32, milliseconds: Int32) -> Bool {
        poll(socket, Int16(POLLOUT) | peerClosed, milliseconds) & hangUp != 0
    }

    /// Waits for the client to hang up; true if it has.
    static func waitForHangUp(_ socket: Int32, milliseconds: Int32) -> Bool {
        poll(socket, peerClosed, milliseconds) & hangUp != 0
    }

    /// Makes the later `close` send RST instead of FIN.
    static func resetOnClose(_ socket: Int32) {
        var linger = Foundation.linger(l_onoff: 1, l_linger: 0)
        _ = unsafe setsockopt(
            socket, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Foundation.linger>.size))
    }

    static func shutDown(_ socket: Int32) {
        _ = Foundation.shutdown(socket, Int32(SHUT_RDWR))
    }

    static func close(_ socket: Int32) {
        _ = Foundation.close(socket)
    }

    /// Linux's POLLRDHUP, which the C library shows only to GNU sources.
    private static let peerClosed: Int16 = 0x2000

    private static let hangUp = peerClosed | Int16(POLLHUP | POLLERR | POLLNVAL)

    private static func poll(_ socket: Int32, _ events: Int16, _ milliseconds: Int32) -> Int16 {
        var entry = pollfd(fd: socket, events: events, revents: 0)
        _ = unsafe Foundation.poll(&entry, 1, milliseconds)
        return entry.revents
    }

    private static func setNonBlocking(_ socket: Int32) {
        _ = fcntl(socket, F_SETFL, fcntl(socket, F_GETFL, 0) | O_NONBLOCK)
    }
}
