/// An easy handle and the exchange it carries at present: what libcurl's callbacks talk to.
///
/// Used by the transfer thread alone, and used again for the next exchange with the same upstream.
final class Transfer {
    private(set) var easy: CurlEasy
    private(set) var exchange: Exchange?
    private(set) var origin = ""
    private(set) var wasSent = false
    private(set) var body: [UInt8] = []
    private var bodyOffset = 0
    private var mayRepeat = false
    private var limits = TransportLimits()
    private var head = ResponseHeadParser(byteLimit: 0, fieldLimit: 0)
    private var isPaused = false
    private var started: ContinuousClock.Instant = .now
    private var lastProgress: ContinuousClock.Instant = .now
    private var uploaded = 0
    /// Whether something has arrived that the exchange has not delivered yet.
    private var hasNews = false
    private let newsroom: Newsroom
    /// Why this side broke the transfer off.
    private var refusal: TransportError?

    init(_ newsroom: Newsroom) throws(TransportError) {
        self.newsroom = newsroom
        easy = try CurlEasy()
    }

    /// Prepares the handle for the exchange; throws `.internalFailure` if libcurl refuses an option.
    func begin(
        _ submission: Submission, _ options: TransportOptions, at now: ContinuousClock.Instant
    ) throws(TransportError) {
        exchange = submission.exchange
        origin = submission.request.origin
        wasSent = false
        body = submission.request.body
        bodyOffset = 0
        mayRepeat = submission.request.mayRepeat
        limits = submission.limits
        head = ResponseHeadParser(byteLimit: limits.headerBytes, fieldLimit: limits.headerFields)
        isPaused = false
        started = now
        lastProgress = now
        uploaded = 0
        refusal = nil
        try easy.prepare(submission.request, limits, options, for: self)
    }

    /// Forgets the exchange; the handle is ready for another.
    func end() {
        exchange = nil
        hasNews = false
        body = []
        head = ResponseHeadParser(byteLimit: 0, fieldLimit: 0)
        easy.reset()
    }

    // MARK: Callbacks

    /// A connection stands and the request is about to go out; false forbids that.
    ///
    /// The second call for one exchange means that a kept-alive connection was dead: libcurl would send again.
    func connected() -> Bool {
        if wasSent, !mayRepeat {
            refusal = failure(.reset, "closed a kept-alive connection before it answered")
            return false
        }
        if !wasSent { exchange?.connected() }
        wasSent = true
        lastProgress = .now
        return true
    }

    /// The next bytes of the request body, at most `limit`.
    func nextBodySlice(_ limit: Int) -> ArraySlice<UInt8> {
        let slice = body[bodyOffset..<min(body.count, bodyOffset + limit)]
        bodyOffset += slice.count
        return slice
    }

    /// Goes back in the request body, to send it once more.
    func rewindBody(to offset: Int) -> Bool {
        guard body.indices.contains(offset) || offset == body.count else { return false }
        bodyOffset = offset
        return true
    }

    /// A header line arrived; false breaks the transfer off.
    func receive(headerLine: Span<UInt8>) -> Bool {
        do {
            lastProgress = .now
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
        lastProgress = .now
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
        newsroom.transfers.append(self)
    }

    // MARK: The loop

    /// Hands what has arrived since the last call to whoever waits for it.
    func deliver() {
        guard hasNews else { return }
        hasNews = false
        exchange?.deliver()
    }

    /// Lets a paused transfer go on; libcurl may deliver bytes, and pause again, before this returns.
    func resume(at now: ContinuousClock.Instant) {
        isPaused = false
        lastProgress = now
        easy.resume()
    }

    /// When to look at the limits next: no deadline can pass before, whatever arrives until then.
    func nextCheck(at now: ContinuousClock.Instant) -> ContinuousClock.Instant? {
        guard let deadline else { return nil }
        return head.isComplete ? deadline : min(deadline, now + min(limits.idle, limits.firstByte))
    }

    /// When the first-byte or idle limit passes, if one of them runs.
    private var deadline: ContinuousClock.Instant? {
        if head.isComplete { return isPaused ? nil : lastProgress + limits.idle }
        return wasSent ? lastProgress + limits.firstByte : started + limits.connect + limits.firstByte
    }

    /// The error, if the first-byte or idle limit has passed; progress of the upload starts the former again.
    func expiry(at now: ContinuousClock.Instant) -> TransportError? {
        guard let deadline, deadline <= now else { return nil }
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
    func result(of outcome: CurlOutcome, at now: ContinuousClock.Instant) -> Result<Void, TransportError> {
        if let refusal { return .failure(refusal) }
        switch outcome.kind {
        case .success where head.isComplete: return .success(())
        case .success: return .failure(failure(.protocolViolation, "sent no complete header block"))
        case .timeout:
            if wasSent || started.duration(to: now) >= limits.total {
                return .failure(failure(.totalTimeout, "did not finish within \(limits.total)"))
            }
            return .failure(failure(.connectTimeout, "could not be connected to within \(limits.connect)"))
        case .tooLarge where !head.isComplete:
            return .failure(failure(.tooManyHeaders, "sent a header field that is too long"))
        case .tooLarge: return .failure(failure(.internalFailure, "could not be served: \(outcome.text)"))
        case .failed(let code): return .failure(failure(code, "failed: \(outcome.text)"))
        }
    }

    private func failure(_ code: TransportError.Code, _ problem: String) -> TransportError {
        TransportError(code, context: "The upstream \(origin) \(problem)", wasSent: wasSent)
    }
}

/// The transfers for which something has arrived in this turn of the loop.
final class Newsroom {
    var transfers: [Transfer] = []
}
