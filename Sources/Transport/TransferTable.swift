/// The transfers under way, the idle handles of each upstream, and the time limits libcurl does not keep.
///
/// Used by the transfer thread alone.
struct TransferTable {
    /// The most idle handles kept for one upstream.
    private static let idleLimit = 64

    private let options: TransportOptions
    private var running: [ObjectIdentifier: Transfer] = [:]
    private var idle: [String: [Transfer]] = [:]
    private let newsroom = Newsroom()
    /// No running transfer's deadline lies before this instant.
    private var earliestDeadline: ContinuousClock.Instant?
    /// The present instant, read once per turn of the loop.
    var now: ContinuousClock.Instant = .now

    init(_ options: TransportOptions) {
        self.options = options
    }

    /// Takes an idle handle of the upstream, or a new one, and hands it to libcurl.
    mutating func start(_ submission: Submission, on multi: borrowing CurlMulti) {
        do throws(TransportError) {
            let transfer = try takeHandle(submission.request.origin)
            try transfer.begin(submission, options, at: now)
            try multi.add(transfer)
            running[ObjectIdentifier(submission.exchange)] = transfer
            note(transfer.nextCheck(at: now))
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
        transfer.resume(at: now)
        note(transfer.nextCheck(at: now))
    }

    /// libcurl is done with the transfer.
    mutating func complete(_ transfer: Transfer, _ outcome: CurlOutcome, on multi: borrowing CurlMulti) {
        guard let exchange = transfer.exchange else { return }
        let result = transfer.result(of: outcome, at: now)
        retire(transfer, exchange, on: multi)
        exchange.finished(result)
    }

    /// Hands what has arrived in this turn of the loop to whoever waits for it.
    func deliver() {
        for transfer in newsroom.transfers { transfer.deliver() }
        newsroom.transfers.removeAll(keepingCapacity: true)
    }

    /// Fails every transfer under way.
    mutating func finishAll(on multi: borrowing CurlMulti, _ error: (_ wasSent: Bool) -> TransportError) {
        for transfer in running.values {
            multi.remove(transfer)
            transfer.exchange?.finished(.failure(error(transfer.wasSent)))
        }
        running = [:]
        idle = [:]
    }

    /// Fails the transfers whose first-byte or idle limit has passed; says how long the loop may sleep.
    mutating func expire(on multi: borrowing CurlMulti) -> Duration {
        now = .now
        if let earliest = earliestDeadline, earliest <= now {
            earliestDeadline = nil
            for transfer in running.values {
                guard let exchange = transfer.exchange, let error = transfer.expiry(at: now) else {
                    note(transfer.nextCheck(at: now))
                    continue
                }
                retire(transfer, exchange, on: multi)
                exchange.finished(.failure(error))
            }
        }
        return earliestDeadline.map { min(now.duration(to: $0), .seconds(60)) } ?? .seconds(60)
    }

    private mutating func takeHandle(_ origin: String) throws(TransportError) -> Transfer {
        if let transfer = idle[origin]?.popLast() { return transfer }
        return try Transfer(newsroom)
    }

    private mutating func note(_ deadline: ContinuousClock.Instant?) {
        guard let deadline else { return }
        earliestDeadline = earliestDeadline.map { min($0, deadline) } ?? deadline
    }

    private mutating func retire(_ transfer: Transfer, _ exchange: Exchange, on multi: borrowing CurlMulti) {
        running[ObjectIdentifier(exchange)] = nil
        multi.remove(transfer)
        let origin = transfer.origin
        transfer.end()
        if idle[origin, default: []].count < Self.idleLimit { idle[origin, default: []].append(transfer) }
    }
}
