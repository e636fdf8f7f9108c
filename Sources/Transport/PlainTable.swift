/// The connections without TLS: the exchanges under way on them, and those that wait for another.
///
/// Used by one thread alone: the transfer thread, or an event loop's.
struct PlainTable {
    /// Starts to connect to an address and port; nil if there is no way at all.
    typealias Connector = (SocketAddress, Int) -> (any PlainWire)?

    var connect: Connector = { _, _ in nil }
    private let options: TransportOptions
    private let turn: LoopTurn
    private var openCount = 0
    private var running: [ObjectIdentifier: PlainConnection] = [:]
    /// By the endpoint's identity, which its connections hold; the one used last stands last.
    private var idle: [ObjectIdentifier: [PlainConnection]] = [:]
    /// No running exchange's deadline lies before this instant.
    private(set) var earliestDeadline: ContinuousClock.Instant?

    init(_ options: TransportOptions, _ turn: LoopTurn) {
        self.options = options
        self.turn = turn
    }

    /// Carries the exchange on an idle connection, or a new one to the address.
    mutating func start(_ submission: Submission, to address: SocketAddress) {
        if let connection = takeIdle(submission.request.endpoint.parts) {
            begin(submission, on: connection, wasSent: false)
        } else {
            startAnew(submission, to: address, wasSent: false)
        }
    }

    /// Breaks the exchange's connection off.
    mutating func stop(_ exchange: Exchange) {
        guard let connection = running.removeValue(forKey: ObjectIdentifier(exchange)) else { return }
        drop(connection)
    }

    /// Lets the exchange's paused connection go on.
    mutating func resume(_ exchange: Exchange) {
        guard let connection = running[ObjectIdentifier(exchange)] else { return }
        follow(connection, connection.resume())
        note(connection.timer.nextCheck)
    }

    /// The connection takes bytes, or could not be made.
    mutating func takesBytes(_ connection: PlainConnection) {
        if connection.exchange != nil { follow(connection, connection.takesBytes()) }
    }

    /// Bytes have arrived.
    mutating func received(_ bytes: Span<UInt8>, on connection: PlainConnection) {
        guard connection.exchange != nil else { return forget(connection) }
        follow(connection, connection.received(bytes))
    }

    /// The connection is over.
    mutating func ended(_ connection: PlainConnection, isBroken: Bool) {
        guard connection.exchange != nil else { return forget(connection) }
        follow(connection, connection.ended(isBroken: isBroken))
    }

    /// News for a connection that is idle: the other side has closed it, or says what nobody asked for.
    private mutating func forget(_ connection: PlainConnection) {
        idle[ObjectIdentifier(connection.endpoint)]?.removeAll { $0 === connection }
        drop(connection)
    }

    /// Fails every exchange under way.
    mutating func finishAll(_ error: (_ wasSent: Bool) -> TransportError) {
        let (failed, unused) = (running.values, idle.values.joined())
        running = [:]
        idle = [:]
        for connection in unused { drop(connection) }
        for connection in failed {
            connection.exchange?.finished(.failure(error(connection.timer.wasSent)))
            drop(connection)
        }
    }

    /// Fails the exchanges of which a limit has passed; says how long the loop may sleep.
    mutating func expire() -> Duration {
        if let earliest = earliestDeadline, earliest <= turn.now {
            earliestDeadline = nil
            for connection in running.values {
                if let error = connection.expiry() {
                    follow(connection, .failed(error))
                } else {
                    note(connection.timer.nextCheck)
                }
            }
            dropOld()
        }
        return earliestDeadline.map { min(turn.now.duration(to: $0), .seconds(60)) } ?? .seconds(60)
    }

    private mutating func startAnew(_ submission: Submission, to address: SocketAddress, wasSent: Bool) {
        let endpoint = submission.request.endpoint.parts
        func fail(_ code: TransportError.Code, _ problem: String) {
            let error = TransportError(code, context: "The upstream \(endpoint.origin) \(problem)", wasSent: wasSent)
            submission.exchange.finished(.failure(error))
        }
        if address.isLinkLocal, !endpoint.options.allowsLinkLocal {
            return fail(.forbiddenAddress, "has a link-local address")
        }
        guard let wire = connect(address, endpoint.port ?? 80) else {
            endpoint.forget()
            return fail(.connect, "cannot be reached")
        }
        let connection = PlainConnection(to: endpoint, wire, turn)
        openCount += 1
        begin(submission, on: connection, wasSent: wasSent)
    }

    private mutating func begin(_ submission: Submission, on connection: PlainConnection, wasSent: Bool) {
        running[ObjectIdentifier(submission.exchange)] = connection
        let progress = connection.begin(submission, wasSent: wasSent)
        note(connection.timer.nextCheck)
        follow(connection, progress)
    }

    private mutating func follow(_ connection: PlainConnection, _ progress: PlainConnection.Progress) {
        guard let exchange = connection.exchange else { return }
        switch progress {
        case .goesOn: return
        case .complete:
            running[ObjectIdentifier(exchange)] = nil
            keepOrDrop(connection)
            exchange.finished(.success(()))
        case .unwanted: stop(exchange)
        case .failed(let error):
            if error.code == .connect || error.code == .connectTimeout { connection.endpoint.forget() }
            stop(exchange)
            exchange.finished(.failure(error))
        case .repeatable:
            stop(exchange)
            guard let submission = connection.submission, let address = submission.request.plainAddress else { return }
            startAnew(submission, to: address, wasSent: connection.hasSent)
        }
    }

    private mutating func takeIdle(_ endpoint: EndpointParts) -> PlainConnection? {
        while let connection = idle[ObjectIdentifier(endpoint)]?.popLast() {
            if !isOld(connection) { return connection }
            drop(connection)
        }
        return nil
    }

    private mutating func keepOrDrop(_ connection: PlainConnection) {
        guard connection.mayBeKept, openCount <= options.connections else { return drop(connection) }
        connection.rest()
        note(turn.now + options.idleConnectionAge)
        idle[ObjectIdentifier(connection.endpoint), default: []].append(connection)
    }

    private func isOld(_ connection: PlainConnection) -> Bool {
        connection.idleSince + options.idleConnectionAge <= turn.now
            || connection.made + options.connectionAge <= turn.now
    }

    private mutating func dropOld() {
        for (endpoint, connections) in idle {
            for connection in connections where isOld(connection) { drop(connection) }
            let kept = connections.filter { !isOld($0) }
            idle[endpoint] = kept.isEmpty ? nil : kept
        }
        if !idle.isEmpty { note(turn.now + options.idleConnectionAge) }
    }

    private mutating func drop(_ connection: PlainConnection) {
        connection.close()
        openCount -= 1
    }

    private mutating func note(_ deadline: ContinuousClock.Instant) {
        earliestDeadline = earliestDeadline.map { min($0, deadline) } ?? deadline
    }
}
