/// An HTTP/1.1 connection without TLS, and the exchange it carries at present. Used by the transfer thread alone.
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

    let endpoint: EndpointParts
    let descriptor: Int32
    let made: ContinuousClock.Instant
    private(set) var idleSince: ContinuousClock.Instant
    private(set) var exchange: Exchange?
    /// What is to be sent; gone once it is sent and the answer has begun, so that a long stream does not hold it.
    private(set) var submission: Submission?
    private(set) var timer: ExchangeTimer
    private var reader: ResponseReader
    private let socket: PlainSocket
    private let queue: ReadinessQueue
    private let turn: LoopTurn
    private var registered: Readiness?
    private var isConnected = false
    private var isReused = false
    private var sentBytes = 0
    private var isUploadBroken = false
    private var hasAnswer = false
    private var newsTurn = 0

    /// Starts to connect; nil if there is no way to the address.
    init?(to endpoint: EndpointParts, _ address: SocketAddress, _ queue: ReadinessQueue, _ turn: LoopTurn) {
        guard let socket = PlainSocket.connecting(to: address, port: endpoint.port ?? 80) else { return nil }
        self.endpoint = endpoint
        self.queue = queue
        self.turn = turn
        descriptor = socket.descriptor
        self.socket = socket
        made = turn.now
        idleSince = turn.now
        timer = ExchangeTimer(TransportLimits(), at: turn.now)
        reader = ResponseReader(TransportLimits(), isHead: false)
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
        isReused = isConnected
        return isConnected ? startSending() : watch(Readiness(canRead: false, canWrite: true))
    }

    /// Whether the connection can serve another exchange now.
    var mayBeKept: Bool {
        reader.isOver && reader.keepsAlive && !hasUnsent && !isUploadBroken
    }

    /// Whether the system took bytes of the request.
    var hasSent: Bool { sentBytes > 0 }

    /// Lets go of the exchange; the connection stays registered, so that its end is noticed.
    func rest() {
        exchange = nil
        submission = nil
        idleSince = turn.now
    }

    /// The socket is ready.
    func ready(_ readiness: Readiness, _ buffer: ReceiveBuffer) -> Progress {
        if timer.isPaused { return pauseWatching() }
        if !isConnected {
            guard socket.isConnected else { return .failed(failure(.connect, "refused the connection")) }
            isConnected = true
            return startSending()
        }
        if readiness.canWrite, hasUnsent {
            let progress = send()
            guard case .goesOn = progress else { return progress }
        }
        return readiness.canRead ? receive(buffer) : .goesOn
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
            switch socket.send(request.headerBlock, request.body, from: sentBytes) {
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

    private func receive(_ buffer: ReceiveBuffer) -> Progress {
        do throws(ResponseReader.Fault) {
            switch socket.receive(into: &buffer.bytes) {
            case .moved(let count):
                hasAnswer = true
                if timer.isInBody { timer.lastProgress = turn.now }
                return try take { events throws(ResponseReader.Fault) in
                    try reader.take(buffer.bytes, count, events)
                }
            case .blocked: return .goesOn
            case .ended where hasAnswer:
                return try take { events throws(ResponseReader.Fault) in try reader.connectionEnded(events) }
            case .failed where hasAnswer: return .failed(failure(.reset, "reset the connection"))
            case .ended, .failed: return unanswered()
            }
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
        return timer.isPaused ? pauseWatching() : .goesOn
    }

    // MARK: Registration

    private func watchAsNeeded() -> Progress {
        watch(Readiness(canRead: true, canWrite: hasUnsent))
    }

    private func watch(_ wanted: Readiness) -> Progress {
        if registered != wanted {
            queue.watch(descriptor, for: wanted, isKnown: registered != nil)
            registered = wanted
        }
        return .goesOn
    }

    /// A paused connection is not watched at all: its end would be reported again and again.
    private func pauseWatching() -> Progress {
        if registered != nil { queue.forget(descriptor) }
        registered = nil
        return .goesOn
    }

    private func failure(_ code: TransportError.Code, _ problem: String) -> TransportError {
        TransportError(code, context: "The upstream \(endpoint.origin) \(problem)", wasSent: timer.wasSent)
    }
}

/// Where bytes arrive; one for all connections of a loop, since what arrives is handed on at once.
final class ReceiveBuffer {
    var bytes = [UInt8](repeating: 0, count: 64 * 1024)
}
