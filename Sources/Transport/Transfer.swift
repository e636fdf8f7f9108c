/// An easy handle and the exchange it carries at present: what libcurl's callbacks talk to.
///
/// Used by the transfer thread alone, and used again for the next exchange with the same endpoint.
final class Transfer {
    private(set) var easy: CurlEasy
    private(set) var exchange: Exchange?
    private(set) var timer: ExchangeTimer
    let endpoint: EndpointParts
    /// Whether the handle is fit for another exchange; one that holds credentials is not kept.
    private(set) var isReusable = true
    private var mayRepeat = false
    private var head = ResponseHeadParser(byteLimit: 0, fieldLimit: 0)
    private var uploaded = 0
    private var newsTurn = 0
    private let turn: LoopTurn
    private let watch: SocketWatch
    /// Why this side broke the transfer off.
    private var refusal: TransportError?

    init(
        _ endpoint: EndpointParts, _ options: TransportOptions, _ turn: LoopTurn, _ watch: SocketWatch
    ) throws(TransportError) {
        self.endpoint = endpoint
        self.turn = turn
        self.watch = watch
        timer = ExchangeTimer(TransportLimits(), at: turn.now)
        easy = try CurlEasy()
        try easy.configure(endpoint, options, for: self, watch)
    }

    /// Prepares the handle for the exchange; throws `.internalFailure` if libcurl refuses an option.
    func begin(_ submission: Submission) throws(TransportError) {
        exchange = submission.exchange
        timer = ExchangeTimer(submission.limits, at: turn.now)
        mayRepeat = submission.request.mayRepeat
        isReusable = submission.request.signature == nil
        head = ResponseHeadParser(
            byteLimit: submission.limits.headerBytes, fieldLimit: submission.limits.headerFields)
        uploaded = 0
        newsTurn = 0
        refusal = nil
        try easy.prepare(submission.request, connectLimit: submission.limits.connect.milliseconds)
    }

    /// Forgets the exchange; the handle is ready for another.
    func end() {
        exchange = nil
        head = ResponseHeadParser(byteLimit: 0, fieldLimit: 0)
        easy.releaseBody()
    }

    // MARK: Callbacks

    /// Whether a connection to the address may be made.
    func permits(_ address: SocketAddress) -> Bool {
        if endpoint.options.allowsLinkLocal || !address.isLinkLocal { return true }
        refusal = failure(.forbiddenAddress, "has a link-local address")
        return false
    }

    /// A socket was made for a connection.
    func opened(_ socket: Int32) {
        watch.opened(socket)
    }

    /// A connection stands and the request is about to go out; false forbids that.
    ///
    /// The second call for one exchange means that a kept-alive connection was dead: libcurl would send again.
    func connected() -> Bool {
        if timer.wasSent, !mayRepeat {
            refusal = failure(.reset, "closed a kept-alive connection before it answered")
            return false
        }
        // Another of the name's addresses may have been permitted.
        refusal = nil
        if !timer.wasSent { exchange?.connected() }
        timer.wasSent = true
        timer.lastProgress = turn.now
        return true
    }

    /// A header line arrived; false breaks the transfer off.
    func receive(headerLine: Span<UInt8>) -> Bool {
        do {
            if case .complete(let head) = try head.take(headerLine) {
                exchange?.arrived(head)
                timer.isInBody = true
                timer.lastProgress = turn.now
                turn.report(exchange, last: &newsTurn)
            }
            return true
        } catch {
            refusal = failure(error.code, error.problem)
            return false
        }
    }

    /// Bytes of the body arrived.
    func receive(_ chunk: [UInt8]) -> BodyVerdict {
        timer.lastProgress = turn.now
        guard head.isComplete else {
            refusal = failure(.protocolViolation, "sent a body without a header block")
            return .abort
        }
        let verdict = exchange?.arrived(chunk) ?? .abort
        if verdict == .pause { timer.isPaused = true }
        turn.report(exchange, last: &newsTurn)
        return verdict
    }

    // MARK: The loop

    /// Lets a paused transfer go on; libcurl may deliver bytes, and pause again, before this returns.
    func resume() {
        timer.isPaused = false
        timer.lastProgress = turn.now
        easy.resume()
    }

    /// The error, if a limit has passed; progress of the upload starts that for the first byte again.
    func expiry() -> TransportError? {
        guard let (code, problem) = timer.expiry(at: turn.now) else { return nil }
        if code == .firstByteTimeout {
            let progress = easy.uploadedBytes
            if progress > uploaded {
                uploaded = progress
                timer.lastProgress = turn.now
                return nil
            }
        }
        return failure(code, problem)
    }

    /// What libcurl's result means for the exchange.
    func result(of outcome: CurlOutcome) -> Result<Void, TransportError> {
        if let refusal { return .failure(refusal) }
        switch outcome.kind {
        case .success where head.isComplete: return .success(())
        case .success: return .failure(failure(.protocolViolation, "sent no complete header block"))
        case .timeout:
            return .failure(failure(.connectTimeout, "could not be connected to within \(timer.limits.connect)"))
        case .tooLarge where !head.isComplete:
            return .failure(failure(.tooManyHeaders, "sent a header field that is too long"))
        case .tooLarge: return .failure(failure(.internalFailure, "could not be served: \(outcome.text)"))
        // Such as a proxy that answers CONNECT with an error.
        case .failed(.reset) where !timer.wasSent:
            return .failure(failure(.connect, "could not be connected to: \(outcome.text)"))
        case .failed(let code): return .failure(failure(code, "failed: \(outcome.text)"))
        }
    }

    private func failure(_ code: TransportError.Code, _ problem: String) -> TransportError {
        TransportError(code, context: "The upstream \(endpoint.origin) \(problem)", wasSent: timer.wasSent)
    }
}
