/// Which sockets libcurl wants watched, and when it wants to be called next. Belongs to the transfer thread.
final class SocketWatch {
    private let readiness: ReadinessQueue
    private var timer: ContinuousClock.Instant?
    private var ready: [(socket: Int32, ready: Readiness)] = []

    init(_ readiness: ReadinessQueue) {
        self.readiness = readiness
    }

    /// Watches the socket for `wanted`, or no longer.
    func set(_ socket: Int32, _ wanted: Readiness?) {
        if let wanted {
            readiness.watch(socket, for: wanted)
        } else {
            readiness.forget(socket)
        }
    }

    /// Sets libcurl's timer; a negative number removes it.
    func setTimer(_ milliseconds: Int) {
        timer = milliseconds < 0 ? nil : .now + .milliseconds(milliseconds)
    }

    /// Whether the timer has run out; it is then removed, since it runs once.
    func takeDueTimer() -> Bool {
        guard let timer, timer <= .now else { return false }
        self.timer = nil
        return true
    }

    /// The sockets that are ready, after a sleep that ends with the first of them, the timer, or the limit.
    func wait(atMost limit: Duration) -> [(socket: Int32, ready: Readiness)] {
        let sleep = timer.map { min(limit, ContinuousClock.now.duration(to: $0)) } ?? limit
        readiness.wait(milliseconds: sleep > .zero ? sleep.milliseconds : 0, into: &ready)
        return ready
    }
}
