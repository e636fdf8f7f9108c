/// The keys and values of the positions that a sequence has passed through, for every layer.
///
/// A value: a copy is an independent sequence with the same past, so a long shared prompt is computed once and
/// forked for each question. Layout per layer: [positions, key/value heads * head size], keys already rotated.
public struct KeyValueCache: Sendable {
    /// Number of positions held.
    public private(set) var count = 0
    /// Most positions that fit the model.
    public let limit: Int
    var keys: [[Float]]
    var values: [[Float]]
    let width: Int
    private var capacity = 0

    /// An empty cache for a model of this shape.
    public init(_ config: ModelConfig) {
        limit = config.maximumPositions
        width = config.keyValueWidth
        keys = [[Float]](repeating: [], count: config.layerCount)
        values = keys
    }

    /// A cache with the same positions and room for `extra` more; copies only what is held.
    public func fork(reserving extra: Int = 0) -> KeyValueCache {
        var copy = self
        copy.capacity = min(limit, count + max(extra, 1))
        let held = count * width
        let room = [Float](repeating: 0, count: copy.capacity * width - held)
        for layer in keys.indices {
            copy.keys[layer] = keys[layer][..<held] + room
            copy.values[layer] = values[layer][..<held] + room
        }
        return copy
    }

    /// Forgets every position from `position` on.
    public mutating func truncate(to position: Int) {
        precondition((0...count).contains(position), "a cache can only be cut to positions that it holds")
        count = position
    }

    /// Makes room for `positions` in all; at least doubles, so that growing costs little per token.
    mutating func reserve(_ positions: Int) {
        precondition(positions <= limit, "more positions than the model allows")
        guard positions > capacity else { return }
        capacity = min(limit, max(positions, capacity * 2, 64))
        for layer in keys.indices {
            let missing = capacity * width - keys[layer].count
            keys[layer].append(contentsOf: repeatElement(0, count: missing))
            values[layer].append(contentsOf: repeatElement(0, count: missing))
        }
    }

    /// Counts positions whose keys and values have been written for every layer.
    mutating func advance(by positions: Int) {
        count += positions
    }
}
