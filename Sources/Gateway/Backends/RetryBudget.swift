import Synchronization

/// Bounds what is tried again to a fifth of the requests, so that retries never multiply the load on what already
/// fails.
public final class RetryBudget: Sendable {
    /// Fifths of a retry that may be spent.
    private let fifths: Atomic<Int>
    private static let limit = 100

    /// A budget with a few retries in hand.
    public init(retries: Int = 10) {
        fifths = Atomic(min(Self.limit, retries * 5))
    }

    /// A request came: it brings a fifth of a retry.
    public func add() {
        if fifths.load(ordering: .relaxed) < Self.limit { fifths.wrappingAdd(1, ordering: .relaxed) }
    }

    /// Takes one retry; false if there is none left.
    public func take() -> Bool {
        if fifths.wrappingSubtract(5, ordering: .relaxed).newValue >= 0 { return true }
        fifths.wrappingAdd(5, ordering: .relaxed)
        return false
    }
}
