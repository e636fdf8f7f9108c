import Synchronization

/// A number that goes up and down; changing it is one relaxed atomic operation.
public final class Gauge: Sendable {
    private let number = Atomic<Int>(0)

    /// A gauge at 0.
    public init() {}

    /// The number now.
    public var value: Int { number.load(ordering: .relaxed) }

    /// Adds, or takes away.
    public func add(_ amount: Int) {
        number.wrappingAdd(amount, ordering: .relaxed)
    }

    /// Sets the number.
    public func set(_ value: Int) {
        number.store(value, ordering: .relaxed)
    }
}
