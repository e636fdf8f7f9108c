/// Which sockets libcurl wants watched, and when it wants to be called next. Belongs to the transfer thread.
///
/// A connection's socket stays registered while the connection waits in the pool, since its next use wants the same
/// events: registering and removing it again for each exchange would be two system calls.
final class SocketWatch {
    private struct Socket {
        /// What the queue reports.
        var registered: Readiness?
        /// What libcurl wants to hear of.
        var wanted: Readiness?
        /// Whether `opened` and `closing` frame its life: only then the descriptor cannot change hands unnoticed.
        var isConnection = false
    }

    private let readiness: ReadinessQueue
    private let turn: LoopTurn
    private var timer: ContinuousClock.Instant?
    private var sockets: [Socket] = []
    private var ready: [(socket: Int32, ready: Readiness)] = []

    init(_ readiness: ReadinessQueue, _ turn: LoopTurn) {
        self.readiness = readiness
        self.turn = turn
    }

    /// A connection's socket has been made.
    func opened(_ socket: Int32) {
        reserve(socket)
        sockets[Int(socket)] = Socket(isConnection: true)
    }

    /// A connection's socket is about to be closed, which ends its registration.
    func closing(_ socket: Int32) {
        if Int(socket) < sockets.count { sockets[Int(socket)] = Socket() }
    }

    /// Watches the socket for `wanted`, or no longer.
    func set(_ socket: Int32, _ wanted: Readiness?) {
        reserve(socket)
        let known = sockets[Int(socket)]
        sockets[Int(socket)].wanted = wanted
        if let wanted {
            if known.isConnection, known.registered == wanted { return }
            readiness.watch(socket, for: wanted, isKnown: known.isConnection && known.registered != nil)
            sockets[Int(socket)].registered = wanted
        } else if !known.isConnection {
            forget(socket)
        }
    }

    /// Sets libcurl's timer; a negative number removes it.
    func setTimer(_ milliseconds: Int) {
        timer = milliseconds < 0 ? nil : milliseconds == 0 ? turn.now : .now + .milliseconds(milliseconds)
    }

    /// Whether the timer has run out; it is then removed, since it runs once.
    func takeDueTimer() -> Bool {
        guard let timer, timer <= turn.now else { return false }
        self.timer = nil
        return true
    }

    /// The sockets that are ready, after a sleep that ends with the first of them, the timer, or the limit.
    func wait(atMost limit: Duration) -> [(socket: Int32, ready: Readiness)] {
        var sleep = limit
        if let timer { sleep = min(limit, turn.now.duration(to: timer)) }
        readiness.wait(milliseconds: sleep > .zero ? sleep.milliseconds : 0, into: &ready)
        turn.now = .now
        ready.removeAll { event in
            guard Int(event.socket) < sockets.count, sockets[Int(event.socket)].wanted == nil else { return false }
            // News for a connection that is idle: the other side has closed it. Its next use would find that out.
            forget(event.socket)
            return true
        }
        return ready
    }

    private func forget(_ socket: Int32) {
        readiness.forget(socket)
        sockets[Int(socket)].registered = nil
    }

    private func reserve(_ socket: Int32) {
        while sockets.count <= Int(socket) { sockets.append(Socket()) }
    }
}
