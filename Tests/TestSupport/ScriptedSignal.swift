import Synchronization

/// A one-time signal from a test to a scripted server, or back.
public final class ScriptedSignal: Sendable {
    private let fired = Atomic(false)

    /// Makes a signal that has not been fired.
    public init() {}

    /// Lets everybody who waits go on.
    public func fire() {
        fired.store(true, ordering: .releasing)
    }

    /// Whether `fire` has been called.
    public var isFired: Bool { fired.load(ordering: .acquiring) }
}

/// Waits until the condition holds, looking every few milliseconds; false if it does not within the limit.
public func eventually(within limit: Duration = .seconds(10), _ condition: () -> Bool) async -> Bool {
    var time = RunningTime()
    while !condition() {
        if time.passed >= limit { return false }
        try? await Task.sleep(for: .milliseconds(2))
        time.look()
    }
    return true
}
