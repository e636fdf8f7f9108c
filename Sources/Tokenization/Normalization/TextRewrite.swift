/// Text that a step rewrote, with the way back to the places in the text before it.
///
/// Built from left to right: every byte of the original is either kept or replaced. Places map exactly outside the
/// changes; inside a change they map to its border.
struct TextRewrite {
    private struct Change {
        var rewritten: Range<Int>
        var original: Range<Int>
    }

    /// The rewritten text.
    private(set) var bytes: [UInt8] = []
    /// How many bytes of the original are taken in so far.
    private(set) var originalCount = 0
    private(set) var isChanged = false
    private var changes: [Change] = []
    private let keepsPlaces: Bool

    /// Begins an empty text; without `keepsPlaces` only the text itself is built.
    init(keepsPlaces: Bool, capacity: Int) {
        self.keepsPlaces = keepsPlaces
        bytes.reserveCapacity(capacity)
    }

    /// Takes the next bytes of the original as they are.
    mutating func keep(_ slice: ArraySlice<UInt8>) {
        bytes.append(contentsOf: slice)
        originalCount += slice.count
    }

    /// Puts `replacement` in place of the next `count` bytes of the original.
    mutating func replace(_ count: Int, with replacement: some Collection<UInt8>) {
        let start = bytes.count
        bytes.append(contentsOf: replacement)
        if keepsPlaces {
            changes.append(
                Change(rewritten: start..<bytes.count, original: originalCount..<originalCount + count))
        }
        originalCount += count
        isChanged = true
    }

    /// The bytes of the original that `range` of the rewritten text came from.
    func original(_ range: Range<Int>) -> Range<Int> {
        let start = place(range.lowerBound, roundingUp: false)
        return start..<max(start, place(range.upperBound, roundingUp: true))
    }

    private func place(_ offset: Int, roundingUp: Bool) -> Int {
        var low = 0
        var high = changes.count
        while low < high {
            let middle = (low + high) / 2
            if changes[middle].rewritten.upperBound <= offset { low = middle + 1 } else { high = middle }
        }
        if low < changes.count, changes[low].rewritten.lowerBound < offset {
            return roundingUp ? changes[low].original.upperBound : changes[low].original.lowerBound
        }
        guard low > 0 else { return offset }
        return changes[low - 1].original.upperBound + offset - changes[low - 1].rewritten.upperBound
    }
}
