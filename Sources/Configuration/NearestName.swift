/// Finds what somebody probably meant to write.
enum NearestName {
    /// The name most like `word`, if one is like it at all: two edits at most, and fewer in short words.
    static func of(_ word: String, among names: [String]) -> String? {
        let written = folded(word)
        let ranked = names.map { (name: $0, distance: distance(written, folded($0))) }
        guard let best = ranked.min(by: { $0.distance < $1.distance }) else { return nil }
        let shorter = min(written.count, best.name.utf8.count)
        if best.distance <= min(2, max(1, shorter / 3)) { return best.name }
        return names.first { name in
            let known = folded(name)
            return min(known.count, written.count) >= 4 && (known.starts(with: written) || written.starts(with: known))
        }
    }

    private static func folded(_ word: String) -> [UInt8] {
        word.lowercased().utf8.map { $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: " ") ? UInt8(ascii: "_") : $0 }
    }

    /// The number of insertions, deletions, replacements and swaps of neighbours (optimal string alignment).
    private static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var beforeLast: [Int] = []
        var last = Array(0...right.count)
        for row in left.indices {
            var current = [row + 1]
            for column in right.indices {
                let replaced = last[column] + (left[row] == right[column] ? 0 : 1)
                var cost = min(replaced, last[column + 1] + 1, current[column] + 1)
                if row > 0, column > 0, left[row] == right[column - 1], left[row - 1] == right[column] {
                    cost = min(cost, beforeLast[column - 1] + 1)
                }
                current.append(cost)
            }
            (beforeLast, last) = (last, current)
        }
        return last[right.count]
    }
}
