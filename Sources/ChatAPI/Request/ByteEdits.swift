/// Changes to a byte string, each a range and what stands there instead; all other bytes stay as they are.
public struct ByteEdits: Hashable, Sendable {
    /// One change.
    public struct Edit: Hashable, Sendable {
        /// The bytes that go; empty for an insertion.
        public let range: Range<Int>
        /// The bytes that come in their place; empty for a removal.
        public let replacement: [UInt8]
    }

    /// The changes in ascending order.
    public private(set) var edits: [Edit] = []

    /// No changes.
    public init() {}

    /// True if nothing changes.
    public var isEmpty: Bool { edits.isEmpty }

    /// Puts `replacement` in the place of `range`. Insertions at one place keep the order in which they were asked for,
    /// and stand before what replaces bytes that start there.
    public mutating func replace(_ range: Range<Int>, with replacement: [UInt8]) {
        let before = { (edit: Edit) in
            edit.range.lowerBound < range.lowerBound
                || edit.range.lowerBound == range.lowerBound && edit.range.upperBound <= range.upperBound
        }
        let place = edits.lastIndex(where: before).map { $0 + 1 } ?? 0
        edits.insert(Edit(range: range, replacement: replacement), at: place)
    }

    /// Takes `range` out.
    public mutating func remove(_ range: Range<Int>) {
        if !range.isEmpty { replace(range, with: []) }
    }

    /// Puts `bytes` before the byte at `offset`.
    public mutating func insert(_ bytes: [UInt8], at offset: Int) {
        replace(offset..<offset, with: bytes)
    }

    /// Takes out some elements of a comma-separated list, each with one of the commas beside it.
    ///
    /// - Parameter elements: the ranges of all elements of the list, in order.
    public mutating func removeElements(_ elements: [Range<Int>], keeping keep: (Int) -> Bool) {
        var keptOne = false
        for index in elements.indices {
            if keep(index) {
                keptOne = true
            } else if keptOne {
                remove(elements[index - 1].upperBound..<elements[index].upperBound)
            } else {
                let end = index + 1 < elements.count ? elements[index + 1].lowerBound : elements[index].upperBound
                remove(elements[index].lowerBound..<end)
            }
        }
    }

    /// The changed bytes; nil if changes overlap or reach beyond the bytes.
    public func applied(to bytes: [UInt8]) -> [UInt8]? {
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count + edits.reduce(0) { $0 + $1.replacement.count })
        var at = 0
        for edit in edits {
            guard edit.range.lowerBound >= at, edit.range.upperBound <= bytes.count else { return nil }
            result.append(contentsOf: bytes[at..<edit.range.lowerBound])
            result.append(contentsOf: edit.replacement)
            at = edit.range.upperBound
        }
        result.append(contentsOf: bytes[at...])
        return result
    }
}
