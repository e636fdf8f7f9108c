/// Which limit an exchange runs into next.
struct ExchangeTimer {
    let limits: TransportLimits
    let started: ContinuousClock.Instant
    /// When something last arrived, went out, or was resumed.
    var lastProgress: ContinuousClock.Instant
    /// Whether a connection stands and the request is going out.
    var wasSent = false
    /// Whether the header block is complete.
    var isInBody = false
    /// Whether the consumer has paused the transfer.
    var isPaused = false

    init(_ limits: TransportLimits, at now: ContinuousClock.Instant) {
        self.limits = limits
        started = now
        lastProgress = now
    }

    /// When the first limit passes.
    var deadline: ContinuousClock.Instant {
        let end = started + limits.total
        if isInBody { return isPaused ? end : min(end, lastProgress + limits.idle) }
        return min(end, wasSent ? lastProgress + limits.firstByte : started + limits.connect)
    }

    /// When to look at the limits next: no deadline can pass before, whatever happens until then.
    var nextCheck: ContinuousClock.Instant {
        isInBody ? deadline : min(deadline, lastProgress + min(limits.idle, limits.firstByte))
    }

    /// The limit that has passed, and how to put it.
    func expiry(at now: ContinuousClock.Instant) -> (code: TransportError.Code, problem: String)? {
        guard deadline <= now else { return nil }
        if started + limits.total <= now { return (.totalTimeout, "did not finish within \(limits.total)") }
        if isInBody { return (.idleTimeout, "was silent for \(limits.idle) in the middle of its answer") }
        if wasSent { return (.firstByteTimeout, "sent no response header block within \(limits.firstByte)") }
        return (.connectTimeout, "could not be connected to within \(limits.connect)")
    }
}
