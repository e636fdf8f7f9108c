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
    /// By the endpoint's identity, which the pool holds.
    private var pools: [ObjectIdentifier: PlainPool] = [:]
    /// Where an exchange found no connection that had served before.
    private var wanting: [PlainPool] = []
    /// No running exchange's deadline lies before this instant.
    private(set) var earliestDeadline: ContinuousClock.Instant?

    init(_ options: TransportOptions, _ turn: LoopTurn) {
        self.options = options
        self.turn = turn
    }

    /// Whether an exchange is under way.
    var isBusy: Bool { !running.isEmpty }

    /// Carries the exchange on an idle connection, or a new one to the address.
    mutating func start(_ submission: Submission, to address: SocketAddress) {
        let pool = pool(of: submission.request.endpoint.parts)
        if let connection = takeIdle(pool) {
            let isSpare = !connection.wasUsed
            begin(submission, on: connection, wasSent: false)
            if isSpare { want(pool) }
        } else {
            startAnew(submission, to: address, wasSent: false)
        }
    }

    /// Breaks the exchange's connection off.
    mutating func stop(_ exchange: Exchange) {
        guard let connection = running.removeValue(forKey: ObjectIdentifier(exchange)) else { return }
        connection.pool.inUse -= 1
        drop(connection)
    }

    /// Opens connections ahead where the last exchanges found none: to be called when those are on their way.
    mutating func openAhead() {
        guard !wanting.isEmpty else { return }
        let pools = wanting
        wanting = []
        for pool in pools {
            guard let address = pool.endpoint.plainAddress, isAllowed(address, pool.endpoint) else { continue }
            for _ in 0..<pool.missing where openCount < options.connections {
                guard let wire = connect(address, pool.endpoint.port ?? 80) else { break }
                let connection = PlainConnection(in: pool, wire, turn)
                openCount += 1
                connection.standBy()
                pool.idle.insert(connection, at: 0)
                note(turn.now + options.unusedConnectionAge)
            }
        }
    }

    /// Whether `openAhead` has something to do.
    var wantsMore: Bool { !wanting.isEmpty }

    private mutating func want(_ pool: PlainPool) {
        if pool.missing > 0, !wanting.contains(where: { $0 === pool }) { wanting.append(pool) }
    }

    /// Lets the exchange's paused connection go on.
    mutating func resume(_ exchange: Exchange) {
        guard let connection = running[ObjectIdentifier(exchange)] else { return }
        follow(connection, connection.resume())
        note(connection.timer.nextCheck)
    }

    /// The connection takes bytes, or could not be made.
    mutating func takesBytes(_ connection: PlainConnection) {
        if connection.exchange != nil { return follow(connection, connection.takesBytes()) }
        if !connection.stands() { forget(connection) }
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
        connection.pool.idle.removeAll { $0 === connection }
        drop(connection)
    }

    /// Fails every exchange under way.
    mutating func finishAll(_ error: (_ wasSent: Bool) -> TransportError) {
        let (failed, pools) = (running.values, pools.values)
        running = [:]
        self.pools = [:]
        wanting = []
        for pool in pools {
            let unused = pool.idle
            pool.idle = []
            for connection in unused { drop(connection) }
        }
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
        guard isAllowed(address, endpoint) else {
            return fail(.forbiddenAddress, "has a link-local address")
        }
        guard let wire = connect(address, endpoint.port ?? 80) else {
            endpoint.forget()
            return fail(.connect, "cannot be reached")
        }
        let pool = pool(of: endpoint)
        let connection = PlainConnection(in: pool, wire, turn)
        openCount += 1
        begin(submission, on: connection, wasSent: wasSent)
        want(pool)
    }

    private mutating func begin(_ submission: Submission, on connection: PlainConnection, wasSent: Bool) {
        running[ObjectIdentifier(submission.exchange)] = connection
        connection.pool.inUse += 1
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
            connection.pool.inUse -= 1
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

    private mutating func pool(of endpoint: EndpointParts) -> PlainPool {
        if let pool = pools[ObjectIdentifier(endpoint)] { return pool }
        let pool = PlainPool(endpoint)
        pools[ObjectIdentifier(endpoint)] = pool
        return pool
    }

    private func isAllowed(_ address: SocketAddress, _ endpoint: EndpointParts) -> Bool {
        !address.isLinkLocal || endpoint.options.allowsLinkLocal
    }

    private mutating func takeIdle(_ pool: PlainPool) -> PlainConnection? {
        while let connection = pool.idle.popLast() {
            if !isOld(connection) { return connection }
            drop(connection)
        }
        return nil
    }

    private mutating func keepOrDrop(_ connection: PlainConnection) {
        guard connection.mayBeKept, openCount <= options.connections else { return drop(connection) }
        connection.rest()
        note(turn.now + options.idleConnectionAge)
        connection.pool.idle.append(connection)
    }

    private func isOld(_ connection: PlainConnection) -> Bool {
        end(of: connection) <= turn.now
    }

    /// When an idle connection is too old to be used.
    private func end(of connection: PlainConnection) -> ContinuousClock.Instant {
        let age = connection.wasUsed ? options.idleConnectionAge : options.unusedConnectionAge
        return min(connection.idleSince + age, connection.made + options.connectionAge)
    }

    private mutating func dropOld() {
        for (key, pool) in pools {
            let old = pool.idle.filter(isOld)
            if !old.isEmpty { pool.idle.removeAll(where: isOld) }
            for connection in old { drop(connection) }
            if pool.idle.isEmpty, pool.inUse == 0 { pools[key] = nil }
            for connection in pool.idle { note(end(of: connection)) }
        }
    }

    private mutating func drop(_ connection: PlainConnection) {
        connection.close()
        openCount -= 1
    }

    private mutating func note(_ deadline: ContinuousClock.Instant) {
        earliestDeadline = earliestDeadline.map { min($0, deadline) } ?? deadline
    }
}
