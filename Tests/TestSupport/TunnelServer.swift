import Foundation
import Synchronization

/// A proxy on 127.0.0.1 that tunnels: SOCKS5 (RFC 1928, names and passwords by RFC 1929) or HTTP's `CONNECT`.
///
/// Whatever host it is asked for, it connects to that port of 127.0.0.1.
public final class TunnelServer: Sendable {
    /// How a tunnel is asked for.
    public enum Kind: Sendable {
        case socks5
        case connect
    }

    /// The port the system chose.
    public let port: Int
    private let listener: Int32
    private let isStopped = Atomic(false)
    private let log = Mutex<[String]>([])

    /// What was asked for so far: `HOST:PORT`, after `USER:PASSWORD@` where they were given.
    public var asked: [String] { log.withLock { $0 } }

    /// Starts listening.
    public init(_ kind: Kind) throws {
        (listener, port) = try ScriptedSocket.listen(backlog: 64)
        let listener = listener
        Thread { [weak self] in
            while let socket = ScriptedSocket.accept(
                listener, while: { self?.isStopped.load(ordering: .relaxed) == false })
            {
                Thread { [weak self] in
                    var tunnel = Tunnel(client: socket)
                    if let self, let asked = kind == .socks5 ? tunnel.socks() : tunnel.connect() {
                        log.withLock { $0.append(asked) }
                        tunnel.run(to: asked, kind)
                    }
                    ScriptedSocket.close(socket)
                }.start()
            }
            ScriptedSocket.close(listener)
        }.start()
    }

    deinit {
        isStopped.store(true, ordering: .relaxed)
        ScriptedSocket.shutDown(listener)
    }
}

/// One tunnel.
private struct Tunnel {
    let client: Int32
    private var received: [UInt8] = []

    init(client: Int32) {
        self.client = client
    }

    /// Takes bytes of the client; nil once it has left.
    private mutating func take(_ count: Int) -> [UInt8]? {
        while received.count < count {
            ScriptedSocket.waitToReceive(client, milliseconds: 1000)
            guard let bytes = ScriptedSocket.receive(from: client) else { continue }
            if bytes.isEmpty { return nil }
            received += bytes
        }
        defer { received.removeFirst(count) }
        return Array(received.prefix(count))
    }

    private mutating func takeText() -> String? {
        guard let length = take(1)?[0], let bytes = take(Int(length)) else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    mutating func socks() -> String? {
        guard let greeting = take(2), greeting[0] == 5, let methods = take(Int(greeting[1])) else { return nil }
        var credentials: String?
        if methods.contains(2) {
            Self.send([5, 2], to: client)
            guard take(1) == [1], let user = takeText(), let password = takeText() else { return nil }
            credentials = "\(user):\(password)"
            Self.send([1, 0], to: client)
        } else {
            Self.send([5, 0], to: client)
        }
        guard let head = take(4), head[0] == 5, head[1] == 1 else { return nil }
        let host: String?
        switch head[3] {
        case 1: host = take(4)?.map(String.init).joined(separator: ".")
        case 3: host = takeText()
        default: host = nil
        }
        guard let host, let port = take(2) else { return nil }
        return (credentials.map { $0 + "@" } ?? "") + "\(host):\(Int(port[0]) << 8 | Int(port[1]))"
    }

    mutating func connect() -> String? {
        var head: [UInt8] = []
        while !head.suffix(4).elementsEqual("\r\n\r\n".utf8) {
            guard let byte = take(1) else { return nil }
            head += byte
        }
        let lines = String(decoding: head, as: UTF8.self).components(separatedBy: "\r\n")
        let words = lines[0].split(separator: " ")
        guard words.count == 3, words[0] == "CONNECT" else { return nil }
        let field = lines.first { $0.lowercased().hasPrefix("proxy-authorization: basic ") }
        let code = field.flatMap { Data(base64Encoded: String($0.split(separator: " ")[2])) }
        return (code.map { String(decoding: $0, as: UTF8.self) + "@" } ?? "") + words[1]
    }

    /// Connects, says so, and passes bytes on both ways until one side ends.
    func run(to asked: String, _ kind: TunnelServer.Kind) {
        guard let port = asked.split(separator: ":").last.flatMap({ Int($0) }),
            let server = try? ScriptedSocket.connect(port: port)
        else { return }
        switch kind {
        case .socks5: Self.send([5, 0, 0, 1, 0, 0, 0, 0, 0, 0], to: client)
        case .connect: Self.send(Array("HTTP/1.1 200 Connection established\r\n\r\n".utf8), to: client)
        }
        Self.send(received, to: server)
        let (client, isDone) = (client, DispatchSemaphore(value: 0))
        Thread {
            Self.pass(from: server, to: client)
            isDone.signal()
        }.start()
        Self.pass(from: client, to: server)
        isDone.wait()
        ScriptedSocket.close(server)
    }

    private static func pass(from: Int32, to: Int32) {
        while true {
            ScriptedSocket.waitToReceive(from, milliseconds: 1000)
            guard let bytes = ScriptedSocket.receive(from: from) else { continue }
            if bytes.isEmpty || !send(bytes, to: to) { break }
        }
        ScriptedSocket.shutDown(from)
        ScriptedSocket.shutDown(to)
    }

    @discardableResult
    private static func send(_ bytes: [UInt8], to socket: Int32) -> Bool {
        var offset = 0
        while offset < bytes.count {
            switch ScriptedSocket.send(bytes, from: offset, to: socket) {
            case .done(let count): offset += count
            case .wouldBlock: _ = ScriptedSocket.waitToSend(socket, milliseconds: 1000)
            case .closed: return false
            }
        }
        return true
    }
}
