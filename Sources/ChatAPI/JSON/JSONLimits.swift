/// How much a JSON text may ask of its reader.
public struct JSONLimits: Hashable, Sendable {
    /// The number of arrays and objects that may be open at once.
    public var depth: Int
    /// The number of values and keys, which bounds the index at 16 bytes each.
    public var values: Int

    /// Limits that fit chat requests: 128 levels, two million values.
    public init(depth: Int = 128, values: Int = 1 << 21) {
        self.depth = depth
        self.values = values
    }
}
