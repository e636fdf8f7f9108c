/// What carries a plain connection's bytes: a socket on the transport's own queue, or one on an event loop.
protocol PlainWire: AnyObject {
    /// Who is told what happens; set once, gone after `close`.
    var connection: PlainConnection? { get set }
    /// Whether the connection stands, once it was said to take bytes.
    var isConnected: Bool { get }
    /// Whether bytes that were taken are still on their way to the system.
    var isDraining: Bool { get }
    /// Sends what follows the first `offset` bytes of head and body taken together, or a beginning of that.
    func send(_ head: [UInt8], _ body: [UInt8], from offset: Int) -> PlainSocket.Outcome
    /// Says what is waited for.
    func watch(_ wanted: Readiness)
    /// Waits for nothing: also the end of the connection may go unnoticed.
    func pause()
    /// Closes the socket.
    func close()
}

/// A socket on the transport's own queue. Belongs to the transfer thread.
final class SocketWire: PlainWire {
    var connection: PlainConnection?
    let socket: PlainSocket
    private let table: SocketTable
    private var registered: Readiness?

    init(_ socket: consuming PlainSocket, _ table: SocketTable) {
        self.socket = socket
        self.table = table
    }

    var isConnected: Bool { socket.isConnected }
    var isDraining: Bool { false }

    func send(_ head: [UInt8], _ body: [UInt8], from offset: Int) -> PlainSocket.Outcome {
        PlainSocket.send(on: socket.descriptor, head, body, from: offset)
    }

    func watch(_ wanted: Readiness) {
        guard registered != wanted else { return }
        table.queue.watch(socket.descriptor, for: wanted, isKnown: registered != nil)
        registered = wanted
    }

    func pause() {
        if registered != nil { table.queue.forget(socket.descriptor) }
        registered = nil
    }

    func close() {
        connection = nil
        table.remove(socket.descriptor)
    }

    /// The socket is ready.
    func take(_ readiness: Readiness, _ buffer: ReceiveBuffer, for table: inout PlainTable) {
        if connection?.timer.isPaused == true { return pause() }
        if readiness.canWrite, let connection { table.takesBytes(connection) }
        guard readiness.canRead, let connection else { return }
        switch socket.receive(into: &buffer.bytes) {
        case .moved(let count):
            let bytes = buffer.bytes
            table.received(bytes.span.extracting(first: count), on: connection)
        case .blocked: break
        case .ended: table.ended(connection, isBroken: false)
        case .failed: table.ended(connection, isBroken: true)
        }
    }
}

/// Where bytes arrive; one for all connections of a thread, since what arrives is handed on at once.
final class ReceiveBuffer {
    var bytes = [UInt8](repeating: 0, count: 64 * 1024)
}

/// The plain sockets of a transfer thread, by descriptor.
final class SocketTable {
    let queue: ReadinessQueue
    private var wires: [SocketWire?] = []

    init(_ queue: ReadinessQueue) {
        self.queue = queue
    }

    subscript(descriptor: Int32) -> SocketWire? {
        Int(descriptor) < wires.count ? wires[Int(descriptor)] : nil
    }

    /// Starts to connect; nil if the system knows at once that there is no way.
    func connect(to address: SocketAddress, port: Int) -> SocketWire? {
        guard let socket = PlainSocket.connecting(to: address, port: port) else { return nil }
        let index = Int(socket.descriptor)
        let wire = SocketWire(socket, self)
        while wires.count <= index { wires.append(nil) }
        wires[index] = wire
        return wire
    }

    func remove(_ descriptor: Int32) {
        if Int(descriptor) < wires.count { wires[Int(descriptor)] = nil }
    }
}
