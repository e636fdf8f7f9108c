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

    /// When the timer runs out, as a limit for a sleep.
    func shorten(_ sleep: Duration) -> Duration {
        timer.map { min(sleep, turn.now.duration(to: $0)) } ?? sleep
    }

    /// Whether libcurl wants to hear that the socket is ready.
    func wants(_ socket: Int32) -> Bool {
        if Int(socket) < sockets.count, sockets[Int(socket)].wanted != nil { return true }
        // News for a connection that is idle: the other side has closed it. Its next use would find that out.
        forget(socket)
        return false
    }

    private func forget(_ socket: Int32) {
        readiness.forget(socket)
        if Int(socket) < sockets.count { sockets[Int(socket)].registered = nil }
    }

    private func reserve(_ socket: Int32) {
        while sockets.count <= Int(socket) { sockets.append(Socket()) }
    }
}
