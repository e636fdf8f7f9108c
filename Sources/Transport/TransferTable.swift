/// The transfers under way, the idle handles of each endpoint, and the time limits libcurl does not keep.
///
/// Used by the transfer thread alone.
struct TransferTable {
    /// The most idle handles kept for one endpoint.
    private static let idleLimit = 64
    /// The most endpoints for which handles are kept; a reload of the configuration makes new ones.
    private static let endpointLimit = 64

    private let options: TransportOptions
    private let turn: LoopTurn
    private var running: [ObjectIdentifier: Transfer] = [:]
    /// By the endpoint's identity, which the handles hold: it cannot be taken by another one meanwhile.
    private var idle: [ObjectIdentifier: [Transfer]] = [:]
    /// No running transfer's deadline lies before this instant.
    private var earliestDeadline: ContinuousClock.Instant?

    init(_ options: TransportOptions, _ turn: LoopTurn) {
        self.options = options
        self.turn = turn
    }

    /// Takes an idle handle of the endpoint, or a new one, and hands it to libcurl.
    mutating func start(_ submission: Submission, on multi: borrowing CurlMulti) {
        do throws(TransportError) {
            let transfer = try takeHandle(submission.request.endpoint.parts, multi.watch)
            try transfer.begin(submission)
            try multi.add(transfer)
            running[ObjectIdentifier(submission.exchange)] = transfer
            note(transfer.timer.nextCheck)
        } catch {
            submission.exchange.finished(.failure(error))
        }
    }

    /// Aborts the exchange's transfer, which closes its connection.
    mutating func stop(_ exchange: Exchange, on multi: borrowing CurlMulti) {
        guard let transfer = running[ObjectIdentifier(exchange)] else { return }
        retire(transfer, exchange, on: multi)
    }

    /// Lets the exchange's paused transfer go on.
    mutating func resume(_ exchange: Exchange) {
        guard let transfer = running[ObjectIdentifier(exchange)] else { return }
        transfer.resume()
        note(transfer.timer.nextCheck)
    }

    /// libcurl is done with the transfer.
    mutating func complete(_ transfer: Transfer, _ outcome: CurlOutcome, on multi: borrowing CurlMulti) {
        guard let exchange = transfer.exchange else { return }
        let result = transfer.result(of: outcome)
        if case .success = result, let address = transfer.easy.peerAddress {
            transfer.endpoint.learn(address, at: turn.now)
        }
        retire(transfer, exchange, on: multi)
        exchange.finished(result)
    }

    /// Fails every transfer under way.
    mutating func finishAll(on multi: borrowing CurlMulti, _ error: (_ wasSent: Bool) -> TransportError) {
        for transfer in running.values {
            multi.remove(transfer)
            transfer.exchange?.finished(.failure(error(transfer.timer.wasSent)))
        }
        running = [:]
        idle = [:]
    }

    /// Fails the transfers of which a limit has passed; says how long the loop may sleep.
    mutating func expire(on multi: borrowing CurlMulti) -> Duration {
        if let earliest = earliestDeadline, earliest <= turn.now {
            earliestDeadline = nil
            for transfer in running.values {
                guard let exchange = transfer.exchange, let error = transfer.expiry() else {
                    note(transfer.timer.nextCheck)
                    continue
                }
                retire(transfer, exchange, on: multi)
                exchange.finished(.failure(error))
            }
        }
        return earliestDeadline.map { min(turn.now.duration(to: $0), .seconds(60)) } ?? .seconds(60)
    }

    private mutating func takeHandle(
        _ endpoint: EndpointParts, _ watch: SocketWatch
    ) throws(TransportError) -> Transfer {
        if let transfer = idle[ObjectIdentifier(endpoint)]?.popLast() { return transfer }
        return try Transfer(endpoint, options, turn, watch)
    }

    private mutating func note(_ deadline: ContinuousClock.Instant) {
        earliestDeadline = earliestDeadline.map { min($0, deadline) } ?? deadline
    }

    private mutating func retire(_ transfer: Transfer, _ exchange: Exchange, on multi: borrowing CurlMulti) {
        running[ObjectIdentifier(exchange)] = nil
        multi.remove(transfer)
        transfer.end()
        guard transfer.isReusable else { return }
        let endpoint = ObjectIdentifier(transfer.endpoint)
        if idle[endpoint] == nil, idle.count >= Self.endpointLimit { idle = [:] }
        if idle[endpoint, default: []].count < Self.idleLimit { idle[endpoint, default: []].append(transfer) }
    }
}
