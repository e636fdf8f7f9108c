/// A plain connection's socket on an event loop: the loop says what arrives, and what is sent goes to the socket directly.
/// Belongs to the loop's thread.
final class LoopWire: PlainWire, LoopLinkEvents {
    /// So much is left to the loop at once when the system takes nothing more.
    private static let pieceSize = 256 << 10

    var connection: PlainConnection?
    private(set) var isDraining = false
    private unowned let carrier: LoopCarrier
    private var link: (any LoopLink)?
    /// Nil before the connection stands and after its end: the number may be another socket's then.
    private var descriptor: Int32?
    private var isReading = true

    init(_ carrier: LoopCarrier) {
        self.carrier = carrier
    }

    /// Starts to connect.
    func connect(to address: SocketAddress, port: Int) {
        link = carrier.port.connect(to: address.bytes, port: port, self)
    }

    // MARK: What the connection asks for

    var isConnected: Bool { descriptor != nil }

    func send(_ head: [UInt8], _ body: [UInt8], from offset: Int) -> PlainSocket.Outcome {
        if isDraining { return .blocked }
        guard let descriptor, let link else { return .failed }
        let outcome = PlainSocket.send(on: descriptor, head, body, from: offset)
        guard outcome == .blocked else { return outcome }
        // The loop sends the next piece when it can, and says so.
        isDraining = true
        let part = offset < head.count ? head[offset...] : body[(offset - head.count)...]
        let piece = part.prefix(Self.pieceSize)
        link.write(piece)
        return .moved(piece.count)
    }

    func watch(_ wanted: Readiness) {
        if wanted.canRead { setReading(true) }
    }

    func pause() {
        setReading(false)
    }

    func close() {
        connection = nil
        descriptor = nil
        link?.close()
        link = nil
    }

    private func setReading(_ isOn: Bool) {
        guard isReading != isOn else { return }
        isReading = isOn
        link?.setReading(isOn)
    }

    // MARK: What the loop tells

    func connected(_ descriptor: Int32) {
        self.descriptor = descriptor
        if let connection { carrier.takesBytes(connection) }
    }

    func received(_ bytes: Span<UInt8>) {
        if let connection { carrier.received(bytes, on: connection) }
    }

    func receivedAll() -> LoopNews {
        carrier.deliver()
        guard let connection, connection.isInBody else { return .other }
        return connection.takeBeginning() ? .beginning : .piece
    }

    func drained() {
        isDraining = false
        if let connection { carrier.takesBytes(connection) }
    }

    func lost() {
        descriptor = nil
    }

    func ended(isBroken: Bool) {
        if let connection { carrier.ended(connection, isBroken: isBroken) }
    }
}
