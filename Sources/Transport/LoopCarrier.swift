// Unchecked sendability: all but `port` belongs to the port's thread, and the methods for other threads go there first.

/// Carries plain exchanges on an event loop, for who asks from that loop: the request is sent, and its answer arrives,
/// on the thread on which it is waited for.
final class LoopCarrier: ExchangeCarrier, @unchecked Sendable {
    private static let openingDelay = Duration.milliseconds(1)

    let port: any EventLoopPort
    let isClientsOwn = true
    private let turn = LoopTurn()
    private var table: PlainTable
    private var isClosed = false
    /// What is sent once the loop has run what it has at hand.
    private var waiting: [Submission] = []
    /// Connections are opened ahead in a moment.
    private var opensSoon = false
    /// When limits are looked at next.
    private var nextLook: ContinuousClock.Instant?

    init(_ port: any EventLoopPort, _ options: TransportOptions) {
        self.port = port
        table = PlainTable(options, turn)
        table.connect = { [unowned self] address, port in
            let wire = LoopWire(self)
            wire.connect(to: address, port: port)
            return wire
        }
    }

    // MARK: Any thread

    func resume(_ exchange: Exchange) {
        port.execute { [self] in act { $0.resume(exchange) } }
    }

    func stop(_ exchange: Exchange) {
        port.execute { [self] in act { $0.stop(exchange) } }
    }

    func close() {
        port.execute { [self] in
            isClosed = true
            table.finishAll { .shutDown(wasSent: $0) }
        }
    }

    // MARK: The port's thread

    /// Only on the port's thread. Requests that are ready in one turn of the loop go out together, so that on the other
    /// side they wake whoever waits once; with none waiting or under way, a request goes out at once.
    func submit(_ submission: Submission) {
        if submission.request.isUrgent || waiting.isEmpty && !table.isBusy { return send([submission]) }
        waiting.append(submission)
        if waiting.count == 1 { port.execute { [self] in sendWaiting() } }
    }

    private func sendWaiting() {
        let submissions = waiting
        waiting.removeAll(keepingCapacity: true)
        send(submissions)
    }

    private func send(_ submissions: [Submission]) {
        act { table in
            for submission in submissions {
                if !isClosed, let address = submission.request.plainAddress {
                    table.start(submission, to: address)
                } else {
                    submission.exchange.finished(.failure(.shutDown(wasSent: false)))
                }
            }
        }
        openAheadLater()
    }

    /// What has just been sent goes first, and its answer too, which a server that is near gives at once.
    private func openAheadLater() {
        guard table.wantsMore, !opensSoon else { return }
        opensSoon = true
        port.schedule(after: Self.openingDelay) { [weak self] in
            self?.opensSoon = false
            self?.act { $0.openAhead() }
        }
    }

    func takesBytes(_ connection: PlainConnection) {
        act { $0.takesBytes(connection) }
    }

    func received(_ bytes: Span<UInt8>, on connection: PlainConnection) {
        turn.now = .now
        table.received(bytes, on: connection)
    }

    func ended(_ connection: PlainConnection, isBroken: Bool) {
        act { $0.ended(connection, isBroken: isBroken) }
    }

    /// Hands what has arrived to whoever waits for it.
    func deliver() {
        turn.deliver()
        lookLater()
    }

    private func act(_ change: (inout PlainTable) -> Void) {
        turn.now = .now
        change(&table)
        deliver()
    }

    private func lookLater() {
        guard let next = table.earliestDeadline, nextLook.map({ next < $0 }) ?? true else { return }
        nextLook = next
        port.schedule(after: max(.milliseconds(1), turn.now.duration(to: next))) { [weak self] in self?.look() }
    }

    private func look() {
        nextLook = nil
        act { _ = $0.expire() }
    }
}
