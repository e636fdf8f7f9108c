/// Finds the places of one literal in linear time (Knuth, Morris, Pratt 1977), overlapping places included.
struct LiteralSearch {
    let pattern: [UInt8]
    private let failure: [Int]

    init(_ pattern: [UInt8]) {
        self.pattern = pattern
        var failure = [Int](repeating: 0, count: pattern.count)
        var length = 0
        for index in pattern.indices.dropFirst() {
            while length > 0, pattern[index] != pattern[length] { length = failure[length - 1] }
            if pattern[index] == pattern[length] { length += 1 }
            failure[index] = length
        }
        self.failure = failure
    }

    /// The offsets at which the whole literal stands inside `range` of `text`, ascending.
    func places(in text: [UInt8], _ range: Range<Int>) -> [Int] {
        var found: [Int] = []
        search(text, range) { place in
            found.append(place)
            return true
        }
        return found
    }

    /// The first such offset.
    func firstPlace(in text: [UInt8], _ range: Range<Int>) -> Int? {
        var found: Int?
        search(text, range) { place in
            found = place
            return false
        }
        return found
    }

    /// Calls `visit` at each place, as long as it returns true.
    private func search(_ text: [UInt8], _ range: Range<Int>, _ visit: (Int) -> Bool) {
        guard !pattern.isEmpty, range.count >= pattern.count else { return }
        let first = pattern[0]
        var length = 0
        for index in range {
            let byte = text[index]
            if length == 0, byte != first { continue }
            while length > 0, byte != pattern[length] { length = failure[length - 1] }
            if byte == pattern[length] { length += 1 }
            if length == pattern.count {
                if !visit(index + 1 - length) { return }
                length = failure[length - 1]
            }
        }
    }
}
