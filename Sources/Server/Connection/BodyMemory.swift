import Synchronization

/// Bounds what the bodies of all requests of a listener hold together, in bytes.
final class BodyMemory: Sendable {
    private let limit: Int
    private let held = Atomic(0)

    init(limit: Int) {
        self.limit = limit
    }

    /// How much they hold.
    var bytes: Int { held.load(ordering: .relaxed) }

    /// Sets so much aside; false, with nothing set aside, if there is no room.
    func take(_ count: Int) -> Bool {
        if held.wrappingAdd(count, ordering: .relaxed).newValue <= limit { return true }
        giveBack(count)
        return false
    }

    func giveBack(_ count: Int) {
        if count > 0 { held.wrappingSubtract(count, ordering: .relaxed) }
    }
}
