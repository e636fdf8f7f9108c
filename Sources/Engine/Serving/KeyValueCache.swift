/// The keys and values of the positions that a sequence has passed through, for every layer, in blocks of 32.
///
/// A value: a copy is an independent sequence with the same past, so a long shared prompt is computed once and
/// forked for each question. Full blocks are shared between copies; a block that is written to is its sequence's own.
public struct KeyValueCache: Sendable {
    /// Number of positions held.
    public private(set) var count = 0
    /// Most positions that fit the model.
    public let limit: Int
    /// The blocks that hold the positions, and room for some more.
    private(set) var blocks: [KeyValueBlock] = []
    private let config: ModelConfig

    /// An empty cache for a model of this shape.
    public init(_ config: ModelConfig) {
        limit = config.maximumPositions
        self.config = config
    }

    /// A cache that already holds the positions of these full blocks, which it shares.
    init(_ config: ModelConfig, holding blocks: [KeyValueBlock]) {
        self.init(config)
        self.blocks = blocks
        count = blocks.count * KeyValueBlock.positions
    }

    /// A cache with the same positions; `extra` is a hint of how many more will come.
    public func fork(reserving extra: Int = 0) -> KeyValueCache {
        var copy = self
        copy.blocks.removeLast(blocks.count - (count + KeyValueBlock.positions - 1) / KeyValueBlock.positions)
        return copy
    }

    /// Gives all positions away and holds none: a block that two caches hold would be copied when it is written to.
    mutating func handOver() -> KeyValueCache {
        var given = KeyValueCache(config)
        swap(&given, &self)
        return given
    }

    /// Forgets every position from `position` on.
    public mutating func truncate(to position: Int) {
        precondition((0...count).contains(position), "a cache can only be cut to positions that it holds")
        count = position
    }

    /// Makes room for `positions` in all, in blocks that nobody else holds from position `count` on.
    mutating func reserve(_ positions: Int, isHalf: Bool) {
        precondition(positions <= limit, "more positions than the model allows")
        let shape = KeyValueBlock.Shape(config, isHalf: isHalf)
        if count == 0, let first = blocks.first, first.shape != shape { blocks = [] }
        precondition(blocks.first.map { $0.shape == shape } ?? true, "a cache of another model or precision")
        let written = count / KeyValueBlock.positions
        let needed = (positions + KeyValueBlock.positions - 1) / KeyValueBlock.positions
        while blocks.count < needed { blocks.append(KeyValueBlock(shape)) }
        for index in written..<max(needed, written) where !isKnownUniquelyReferenced(&blocks[index]) {
            blocks[index] =
                index * KeyValueBlock.positions < count ? blocks[index].copied() : KeyValueBlock(shape)
        }
    }

    /// Counts positions whose keys and values have been written for every layer.
    mutating func advance(by positions: Int) {
        count += positions
    }
}
