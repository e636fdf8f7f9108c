/// An HTTP/1.1 connection without TLS, and the exchange it carries at present. Used by one thread alone.
final class PlainConnection {
    /// What became of the exchange.
    enum Progress {
        case goesOn
        case complete
        /// Nobody wants the rest.
        case unwanted
        case failed(TransportError)
        /// The kept-alive connection was dead, and the request may go out on another one.
        case repeatable
    }

    let pool: PlainPool
    let made: ContinuousClock.Instant
    private(set) var idleSince: ContinuousClock.Instant
    private(set) var exchange: Exchange?
    /// What is to be sent; gone once it is sent and the answer has begun, so that a long stream does not hold it.
    private(set) var submission: Submission?
    private(set) var timer: ExchangeTimer
    private var reader: ResponseReader
    private let wire: any PlainWire
    private let turn: LoopTurn
    private var isConnected = false
    /// Whether it has carried an exchange to its end.
    private(set) var wasUsed = false
    /// Whether it stood already when it took the exchange.
    private var isReused = false
    private var sentBytes = 0
    private var isUploadBroken = false
    private var hasAnswer = false
    private var newsTurn = 0
    /// Whether somebody waits for the answer's first piece.
    private var isAwaited = false
    private var hasPiece = false

    /// A connection that is being made.
    init(in pool: PlainPool, _ wire: any PlainWire, _ turn: LoopTurn) {
        self.pool = pool
        self.wire = wire
        self.turn = turn
        made = turn.now
        idleSince = turn.now
        timer = ExchangeTimer(TransportLimits(), at: turn.now)
        reader = ResponseReader(TransportLimits(), isHead: false)
        wire.connection = self
    }

    var endpoint: EndpointParts { pool.endpoint }

    /// Has the connection made before there is anything to carry.
    func standBy() {
        _ = watch(Readiness(canRead: false, canWrite: true))
    }

    /// The connection that was made ahead stands; false if it could not be made.
    func stands() -> Bool {
        isConnected = isConnected || wire.isConnected
        if isConnected { _ = watchAsNeeded() }
        return isConnected
    }

    /// Closes the socket; nothing is heard of it any more.
    func close() {
        wire.close()
    }

    /// Takes the exchange; a connection that stands sends at once.
    func begin(_ submission: Submission, wasSent: Bool = false) -> Progress {
        exchange = submission.exchange
        self.submission = submission
        timer = ExchangeTimer(submission.limits, at: turn.now)
        timer.wasSent = wasSent
        reader = ResponseReader(submission.limits, isHead: submission.request.kind == .head)
        sentBytes = 0
        isUploadBroken = false
        hasAnswer = false
        newsTurn = 0
        isAwaited = submission.request.isUrgent
        hasPiece = false
        isReused = isConnected
        return isConnected ? startSending() : watch(Readiness(canRead: false, canWrite: true))
    }

    /// Whether the connection can serve another exchange now.
    var mayBeKept: Bool {
        reader.isOver && reader.keepsAlive && !hasUnsent && !wire.isDraining && !isUploadBroken
    }

    /// Whether the exchange's body is under way.
    var isInBody: Bool { exchange != nil && timer.isInBody }

    /// Whether what arrived is the beginning of an answer that somebody waits for: its head, or its first piece.
    func takeBeginning() -> Bool {
        defer { isAwaited = isAwaited && !hasPiece }
        return isAwaited
    }

    /// Whether the system took bytes of the request.
    var hasSent: Bool { sentBytes > 0 }

    /// Lets go of the exchange; the connection stays watched, so that its end is noticed.
    func rest() {
        _ = watchAsNeeded()
        exchange = nil
        submission = nil
        wasUsed = true
        idleSince = turn.now
    }

    /// The socket takes bytes, or the connection could not be made.
    func takesBytes() -> Progress {
        if !isConnected {
            guard wire.isConnected else { return .failed(failure(.connect, "refused the connection")) }
            isConnected = true
            return startSending()
        }
        if !timer.isInBody { timer.lastProgress = turn.now }
        return hasUnsent ? send() : .goesOn
    }

    /// Reads on after a pause.
    func resume() -> Progress {
        timer.isPaused = false
        timer.lastProgress = turn.now
        return watchAsNeeded()
    }

    /// The error, if a limit has passed.
    func expiry() -> TransportError? {
        timer.expiry(at: turn.now).map { failure($0.code, $0.problem) }
    }

    // MARK: Sending

    private var hasUnsent: Bool {
        guard let request = submission?.request, !isUploadBroken else { return false }
        return sentBytes < request.headerBlock.count + request.body.count
    }

    private func startSending() -> Progress {
        exchange?.connected()
        timer.wasSent = true
        timer.lastProgress = turn.now
        return send()
    }

    private func send() -> Progress {
        guard let request = submission?.request else { return .goesOn }
        while hasUnsent {
            switch wire.send(request.headerBlock, request.body, from: sentBytes) {
            case .moved(let count):
                sentBytes += count
                timer.lastProgress = turn.now
            case .blocked: return watchAsNeeded()
            case .ended, .failed:
                // Nothing of this request has gone out, so that another connection may take it.
                if isReused, sentBytes == 0 { return .repeatable }
                // An answer may stand in the receive buffer.
                isUploadBroken = true
            }
        }
        return watchAsNeeded()
    }

    // MARK: Receiving

    /// Bytes have arrived.
    func received(_ bytes: Span<UInt8>) -> Progress {
        hasAnswer = true
        if timer.isInBody { timer.lastProgress = turn.now }
        do throws(ResponseReader.Fault) {
            return try take { events throws(ResponseReader.Fault) in try reader.take(bytes, events) }
        } catch {
            return .failed(failure(error.code, error.problem))
        }
    }

    /// The connection is over; `isBroken`: by an error, not by the upstream's closing it.
    func ended(isBroken: Bool) -> Progress {
        guard isConnected else { return .failed(failure(.connect, "refused the connection")) }
        guard hasAnswer else { return unanswered() }
        if isBroken { return .failed(failure(.reset, "reset the connection")) }
        do throws(ResponseReader.Fault) {
            return try take { events throws(ResponseReader.Fault) in try reader.connectionEnded(events) }
        } catch {
            return .failed(failure(error.code, error.problem))
        }
    }

    /// The connection broke before any byte of an answer.
    private func unanswered() -> Progress {
        guard isReused else { return .failed(failure(.reset, "closed the connection without an answer")) }
        if submission?.request.mayRepeat == true { return .repeatable }
        return .failed(failure(.reset, "closed a kept-alive connection before it answered"))
    }

    private func take(
        _ read: ((ResponseReader.Event) -> Void) throws(ResponseReader.Fault) -> Void
    ) throws(ResponseReader.Fault) -> Progress {
        guard let exchange else { return .unwanted }
        var isComplete = false
        var isUnwanted = false
        try read { event in
            switch event {
            case .head(let head):
                exchange.arrived(head)
                timer.isInBody = true
                timer.lastProgress = turn.now
                if !hasUnsent { submission = nil }
            case .piece(let bytes):
                hasPiece = true
                switch exchange.took(bytes) {
                case .taken: break
                case .pause: timer.isPaused = true
                case .abort: isUnwanted = true
                }
            case .end: isComplete = true
            }
            turn.report(exchange, last: &newsTurn)
        }
        if isComplete { return .complete }
        if isUnwanted { return .unwanted }
        if timer.isPaused { wire.pause() }
        return .goesOn
    }

    private func watchAsNeeded() -> Progress {
        watch(Readiness(canRead: true, canWrite: hasUnsent))
    }

    private func watch(_ wanted: Readiness) -> Progress {
        wire.watch(wanted)
        return .goesOn
    }

    private func failure(_ code: TransportError.Code, _ problem: String) -> TransportError {
        TransportError(code, context: "The upstream \(endpoint.origin) \(problem)", wasSent: timer.wasSent)
    }
}
