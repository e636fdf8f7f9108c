import Foundation
import Synchronization

/// An HTTP/1.1 server on 127.0.0.1 that records each request to the byte and answers with exactly scripted bytes.
///
/// Each connection has a thread; connections are kept alive until a step, the client or `stop` ends them. The server also
/// stops when its last reference goes.
public final class ScriptedServer: Sendable {
    /// Says what to do about a request.
    public typealias Script = @Sendable (RecordedRequest) -> [ScriptedStep]

    /// The port the system chose.
    public let port: Int
    private let hub: ScriptedHub

    /// Starts listening.
    ///
    /// - Parameters:
    ///   - reading: how much of a request is read before `script` is asked.
    ///   - backlog: how many connections the system takes beyond one while the server has not accepted them.
    ///   - accepts: false leaves every connection in the system's queue, unanswered.
    ///   - script: the steps for a request.
    public init(
        reading: ScriptedReading = .wholeRequest, backlog: Int32 = 1024, accepts: Bool = true,
        _ script: @escaping Script
    ) throws {
        let (listener, port) = try ScriptedSocket.listen(backlog: backlog)
        self.port = port
        hub = ScriptedHub(listener: listener, accepts: accepts, reading: reading, script: script)
        if accepts { hub.startAccepting() }
    }

    deinit {
        hub.stop()
    }

    /// `http://127.0.0.1:PORT`.
    public var baseURL: String { "http://127.0.0.1:\(port)" }

    /// The requests so far, in the order in which they were complete.
    public var requests: [RecordedRequest] { hub.log.withLock { $0.requests } }

    /// How many connections have been accepted.
    public var connectionCount: Int { hub.log.withLock { $0.connections } }

    /// How many bytes have been handed to the system for sending, over all connections.
    public var bytesSent: Int { hub.log.withLock { $0.bytesSent } }

    /// When the client closed or reset the connection of this number, if it has.
    public func clientClosed(_ connection: Int) -> ContinuousClock.Instant? {
        hub.log.withLock { $0.closed[connection] }
    }

    /// How many connections the client has closed.
    public var clientClosedCount: Int { hub.log.withLock { $0.closed.count } }

    /// How many connections the server has not closed.
    public var openCount: Int {
        // Besides them its listener is open.
        hub.log.withLock { max(0, $0.open.count - 1) }
    }

    /// Waits until at least `count` requests have been recorded.
    public func waitForRequests(_ count: Int, within limit: Duration = .seconds(10)) async -> Bool {
        await eventually(within: limit) { requests.count >= count }
    }

    /// Waits until the client has closed the connection; says when it did, nil if it did not within the limit.
    public func waitForClientClose(
        _ connection: Int = 0, within limit: Duration = .seconds(10)
    ) async -> ContinuousClock.Instant? {
        _ = await eventually(within: limit) { clientClosed(connection) != nil }
        return clientClosed(connection)
    }

    /// Closes the listener and every connection.
    public func stop() {
        hub.stop()
    }
}

/// What the server's threads share; it outlives the server until the last of them ends.
final class ScriptedHub: Sendable {
    struct Log {
        var requests: [RecordedRequest] = []
        var connections = 0
        var bytesSent = 0
        var closed: [Int: ContinuousClock.Instant] = [:]
        var open: Set<Int32> = []
        var isStopped = false
    }

    let log = Mutex(Log())
    let reading: ScriptedReading
    let script: ScriptedServer.Script
    private let listener: Int32
    private let accepts: Bool

    init(
        listener: Int32, accepts: Bool, reading: ScriptedReading, script: @escaping ScriptedServer.Script
    ) {
        self.listener = listener
        self.accepts = accepts
        self.reading = reading
        self.script = script
        log.withLock { _ = $0.open.insert(listener) }
    }

    var isStopped: Bool { log.withLock { $0.isStopped } }

    func startAccepting() {
        Self.startThread { [self] in
            while let socket = ScriptedSocket.accept(listener, while: { !isStopped }) {
                let number = log.withLock { log -> Int? in
                    if log.isStopped { return nil }
                    log.open.insert(socket)
                    log.connections += 1
                    return log.connections - 1
                }
                guard let number else {
                    ScriptedSocket.close(socket)
                    break
                }
                Self.startThread { [self] in
                    var connection = ScriptedConnection(socket: socket, number: number, hub: self)
                    connection.serve()
                    close(socket)
                }
            }
            close(listener)
        }
    }

    func stop() {
        let first = log.withLock { log in
            defer { log.isStopped = true }
            // Wakes the threads that own the sockets; they close them.
            for socket in log.open { ScriptedSocket.shutDown(socket) }
            return !log.isStopped
        }
        if first, !accepts { close(listener) }
    }

    /// Closes a socket; under the lock, so that `stop` never meets a number that is used again.
    private func close(_ socket: Int32) {
        log.withLock { log in
            if log.open.remove(socket) != nil { ScriptedSocket.close(socket) }
        }
    }

    private static func startThread(_ body: @escaping @Sendable () -> Void) {
        let thread = Thread(block: body)
        thread.stackSize = 512 * 1024
        thread.start()
    }
}
