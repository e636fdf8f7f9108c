import Synchronization

/// The rotary table of the positions that were reached so far: long contexts cost time and memory when they are used.
final class GrowingRotaryTable: Sendable {
    private let table: Mutex<RotaryTable>
    private let maximum: Int

    init(_ config: ModelConfig) {
        maximum = config.maximumPositions
        table = Mutex(RotaryTable(config, positions: min(512, maximum)))
    }

    /// A table with a row for each of the first `positions` positions, which the model allows; it doubles as it grows.
    func rows(for positions: Int) -> RotaryTable {
        table.withLock { table in
            if positions > table.positions { table.grow(to: min(maximum, max(positions, 2 * table.positions))) }
            return table
        }
    }
}
