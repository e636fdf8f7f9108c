/// An easy handle and the exchange it carries at present: what libcurl's callbacks talk to.
///
/// Used by the transfer thread alone, and used again for the next exchange with the same endpoint.
final class Transfer {
    private(set) var easy: CurlEasy
    private(set) var exchange: Exchange?
    private(set) var wasSent = false
    let endpoint: EndpointParts
    /// Whether the handle is fit for another exchange; one that holds credentials is not kept.
    private(set) var isReusable = true
    private var mayRepeat = false
    private var bodyBytes = 0
    private var limits = TransportLimits()
    private var head = ResponseHeadParser(byteLimit: 0, fieldLimit: 0)
    private var isPaused = false
    private var started: ContinuousClock.Instant
    private var lastProgress: ContinuousClock.Instant
    private var uploaded = 0
    /// Whether something has arrived that the exchange has not delivered yet.
    private var hasNews = false
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
        started = turn.now
        lastProgress = turn.now
        easy = try CurlEasy()
        try easy.configure(endpoint, options, for: self, watch)
    }

    /// Prepares the handle for the exchange; throws `.internalFailure` if libcurl refuses an option.
    func begin(_ submission: Submission) throws(TransportError) {
        exchange = submission.exchange
        wasSent = false
        mayRepeat = submission.request.mayRepeat
        isReusable = submission.request.signature == nil
        bodyBytes = submission.request.body.count
        limits = submission.limits
        head = ResponseHeadParser(byteLimit: limits.headerBytes, fieldLimit: limits.headerFields)
        isPaused = false
        started = turn.now
        lastProgress = turn.now
        uploaded = 0
        refusal = nil
        try easy.prepare(submission.request, connectLimit: limits.connect.milliseconds)
    }

    /// Forgets the exchange; the handle is ready for another.
    func end() {
        exchange = nil
        hasNews = false
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
        if wasSent, !mayRepeat {
            refusal = failure(.reset, "closed a kept-alive connection before it answered")
            return false
        }
        // Another of the name's addresses may have been permitted.
        refusal = nil
        if !wasSent { exchange?.connected() }
        wasSent = true
        lastProgress = turn.now
        return true
    }

    /// A header line arrived; false breaks the transfer off.
    func receive(headerLine: Span<UInt8>) -> Bool {
        do {
            lastProgress = turn.now
            if case .complete(let head) = try head.take(headerLine) {
                exchange?.arrived(head)
                reportNews()
            }
            return true
        } catch {
            refusal = failure(error.code, error.problem)
            return false
        }
    }

    /// Bytes of the body arrived.
    func receive(_ chunk: [UInt8]) -> BodyVerdict {
        lastProgress = turn.now
        guard head.isComplete else {
            refusal = failure(.protocolViolation, "sent a body without a header block")
            return .abort
        }
        let verdict = exchange?.arrived(chunk) ?? .abort
        if verdict == .pause { isPaused = true }
        reportNews()
        return verdict
    }

    private func reportNews() {
        guard !hasNews else { return }
        hasNews = true
        turn.news.append(self)
    }

    // MARK: The loop

    /// Hands what has arrived since the last call to whoever waits for it.
    func deliver() {
        guard hasNews else { return }
        hasNews = false
        exchange?.deliver()
    }

    /// Lets a paused transfer go on; libcurl may deliver bytes, and pause again, before this returns.
    func resume() {
        isPaused = false
        lastProgress = turn.now
        easy.resume()
    }

    /// When to look at the limits next: no deadline can pass before, whatever arrives until then.
    var nextCheck: ContinuousClock.Instant {
        head.isComplete ? deadline : min(deadline, turn.now + min(limits.idle, limits.firstByte))
    }

    /// When the first-byte, idle or total limit passes, whichever comes first.
    private var deadline: ContinuousClock.Instant {
        let end = started + limits.total
        if head.isComplete { return isPaused ? end : min(end, lastProgress + limits.idle) }
        // libcurl keeps the limit for connecting; what is added here is never reached before that.
        return min(end, wasSent ? lastProgress + limits.firstByte : started + limits.connect + limits.firstByte)
    }

    /// The error, if a limit has passed; progress of the upload starts that for the first byte again.
    func expiry() -> TransportError? {
        let now = turn.now
        guard deadline <= now else { return nil }
        if started + limits.total <= now { return failure(.totalTimeout, "did not finish within \(limits.total)") }
        if head.isComplete { return failure(.idleTimeout, "was silent for \(limits.idle) in the middle of its answer") }
        let progress = easy.uploadedBytes
        if progress > uploaded {
            uploaded = progress
            lastProgress = now
            return nil
        }
        return failure(.firstByteTimeout, "sent no response header block within \(limits.firstByte)")
    }

    /// What libcurl's result means for the exchange.
    func result(of outcome: CurlOutcome) -> Result<Void, TransportError> {
        if let refusal { return .failure(refusal) }
        switch outcome.kind {
        case .success where head.isComplete: return .success(())
        case .success: return .failure(failure(.protocolViolation, "sent no complete header block"))
        case .timeout:
            return .failure(failure(.connectTimeout, "could not be connected to within \(limits.connect)"))
        case .tooLarge where !head.isComplete:
            return .failure(failure(.tooManyHeaders, "sent a header field that is too long"))
        case .tooLarge: return .failure(failure(.internalFailure, "could not be served: \(outcome.text)"))
        case .failed(let code): return .failure(failure(code, "failed: \(outcome.text)"))
        }
    }

    private func failure(_ code: TransportError.Code, _ problem: String) -> TransportError {
        TransportError(code, context: "The upstream \(endpoint.origin) \(problem)", wasSent: wasSent)
    }
}
