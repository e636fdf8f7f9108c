import Foundation
import Synchronization

/// The time that passes while the machine runs: what lies between two looks at the clock counts as 50 ms at most. A
/// virtual machine may stand still for seconds, and nobody can act then.
public struct RunningTime {
    /// The time up to the last look.
    public private(set) var passed = Duration.zero
    private var last = ContinuousClock.now

    /// Begins.
    public init() {}

    /// Looks at the clock; to be called every few milliseconds.
    public mutating func look() {
        let now = ContinuousClock.now
        passed += min(now - last, .milliseconds(50))
        last = now
    }
}

/// Measures what passes until it is asked, on a thread that does nothing else. Good for upper bounds only: it shows too
/// little where that thread does not run.
public final class Stopwatch: Sendable {
    private let time = Mutex(RunningTime())
    private let isOver = Atomic(false)

    /// Begins.
    public init() {
        let thread = Thread { [self] in
            while !isOver.load(ordering: .acquiring) {
                time.withLock { $0.look() }
                usleep(2000)
            }
        }
        thread.start()
    }

    /// Ends, and tells what has passed.
    public func stop() -> Duration {
        isOver.store(true, ordering: .releasing)
        return time.withLock { time in
            time.look()
            return time.passed
        }
    }
}
