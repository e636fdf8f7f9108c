import Synchronization

/// A number that only grows; adding to it is one relaxed atomic addition.
public final class Counter: Sendable {
    private let number = Atomic<Int>(0)

    /// A counter at 0.
    public init() {}

    /// The number now.
    public var value: Int { number.load(ordering: .relaxed) }

    /// Adds; what is negative is left out.
    public func add(_ amount: Int = 1) {
        guard amount > 0 else { return }
        number.wrappingAdd(amount, ordering: .relaxed)
    }
}
