import NIOCore

/// The time limits of one connection, at the price of one timer that is seldom set.
///
/// What is measured changes several times a request, and that only stores a number. The timer fires at least as often as
/// the shortest limit, looks at the number, and is set again; so it is never late, and never has to be set anew.
struct ConnectionClock {
    /// What a connection is given time for.
    enum Limit {
        /// The next request's head.
        case header
        /// The next piece of a body.
        case body
        /// The next request's first byte.
        case keepAlive
        /// The client's taking more of an answer.
        case write
        /// The client's closing of a connection on which everything is said.
        case linger
    }

    private var limit: Limit?
    private var deadline = NIODeadline.distantFuture
    private var timer: Scheduled<Void>?

    /// What is being waited for.
    var current: Limit? { limit }

    /// Starts to measure, unless a head is awaited already.
    mutating func begin(_ limit: Limit, for times: ConnectionTimes, on owner: some ClockOwner) {
        if limit == .header, self.limit == .header { return }
        self.limit = limit
        deadline = .now() + times[limit]
        if timer == nil { schedule(times, owner) }
    }

    /// Measures nothing until something begins.
    mutating func pause() {
        limit = nil
        deadline = .distantFuture
    }

    /// Ends for good.
    mutating func stop() {
        timer?.cancel()
        timer = nil
        pause()
    }

    /// The timer has fired; true if a limit is over.
    mutating func fired(_ times: ConnectionTimes, _ owner: some ClockOwner) -> Bool {
        timer = nil
        if deadline <= .now() { return true }
        schedule(times, owner)
        return false
    }

    private mutating func schedule(_ times: ConnectionTimes, _ owner: some ClockOwner) {
        guard let loop = owner.context?.eventLoop else { return }
        let bound = NIOLoopBound(owner, eventLoop: loop)
        timer = loop.scheduleTask(deadline: min(deadline, .now() + times.tick)) { bound.value.clockFired() }
    }
}

/// A handler that has a clock.
protocol ClockOwner: AnyObject, SendableMetatype {
    /// Nil when it is in no pipeline.
    var context: ChannelHandlerContext? { get }

    /// The clock's timer has fired.
    func clockFired()
}

/// How long a connection's limits give, in the loop's own unit: worked out once, not for each request.
struct ConnectionTimes: Sendable {
    private let header: TimeAmount
    private let body: TimeAmount
    private let keepAlive: TimeAmount
    private let write: TimeAmount
    /// No limit is shorter.
    let tick: TimeAmount

    init(_ options: ListenOptions) {
        header = TimeAmount(options.header)
        body = TimeAmount(options.bodyIdle)
        keepAlive = TimeAmount(options.idle)
        write = TimeAmount(options.writeIdle)
        tick = min(.seconds(2), header, body, min(keepAlive, write))
    }

    /// How long each may take.
    subscript(limit: ConnectionClock.Limit) -> TimeAmount {
        switch limit {
        case .header: header
        case .body: body
        case .keepAlive: keepAlive
        case .write: write
        case .linger: .seconds(2)
        }
    }
}
