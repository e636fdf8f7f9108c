/// Finds all keys that a text starts with, in a binary search however many keys there are.
///
/// The keys are sorted; each knows the longest other key that is a prefix of it. The keys that start a text are then the
/// greatest key not above the text, or prefixes of it.
struct PrefixTable {
    /// The distinct keys, ascending.
    let keys: [[UInt8]]
    /// For each key, the values that were given with it.
    let values: [[Int]]
    private let parent: [Int]

    init(_ entries: [(key: [UInt8], value: Int)]) {
        let sorted = entries.sorted { left, right in
            let order = Self.order(left.key, right.key, at: 0, end: right.key.count)
            return order == 0 ? left.value < right.value : order < 0
        }
        var keys: [[UInt8]] = []
        var values: [[Int]] = []
        for entry in sorted {
            if keys.last == entry.key {
                values[values.count - 1].append(entry.value)
            } else {
                keys.append(entry.key)
                values.append([entry.value])
            }
        }
        var parent = [Int](repeating: -1, count: keys.count)
        for index in keys.indices.dropFirst() {
            var candidate = index - 1
            while candidate >= 0, !matches(keys[candidate], keys[index], at: 0, end: keys[index].count) {
                candidate = parent[candidate]
            }
            parent[index] = candidate
        }
        self.keys = keys
        self.values = values
        self.parent = parent
    }

    /// The indices of the keys that stand in `text` at `offset`, longest first.
    func prefixes(of text: [UInt8], at offset: Int, end: Int) -> [Int] {
        var found: [Int] = []
        var candidate = insertionPoint(text, at: offset, end: end) - 1
        while candidate >= 0 {
            if matches(keys[candidate], text, at: offset, end: end) { found.append(candidate) }
            candidate = parent[candidate]
        }
        return found
    }

    /// The key that agrees with the start of `text` for the most bytes, and for how many.
    func nearest(to text: [UInt8]) -> (index: Int, common: Int)? {
        let point = insertionPoint(text, at: 0, end: text.count)
        var best: (index: Int, common: Int)?
        for index in [point - 1, point] where keys.indices.contains(index) {
            let common = commonPrefixLength(keys[index], text, at: 0, end: text.count)
            if common > best?.common ?? -1 { best = (index, common) }
        }
        return best
    }

    /// How many keys are not above the text.
    private func insertionPoint(_ text: [UInt8], at offset: Int, end: Int) -> Int {
        var low = 0
        var high = keys.count
        while low < high {
            let middle = (low + high) / 2
            if Self.order(keys[middle], text, at: offset, end: end) <= 0 { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private static func order(_ key: [UInt8], _ text: [UInt8], at offset: Int, end: Int) -> Int {
        let common = commonPrefixLength(key, text, at: offset, end: end)
        if common == key.count { return offset + common == end ? 0 : -1 }
        if offset + common == end { return 1 }
        return key[common] < text[offset + common] ? -1 : 1
    }
}
