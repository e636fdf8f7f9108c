/// Whole numbers in decimal digits, without zeros before them.
enum DigitRange {
    /// The numbers from `low` to `high`, both at least 0.
    static func node(_ low: Int, _ high: Int) -> GrammarNode {
        var choices: [GrammarNode] = []
        var least = low
        while least <= high {
            // As many digits as `least` has.
            var most = 9
            while most < least { most = most * 10 + 9 }
            most = min(most, high)
            choices.append(sameLength(digits(least), digits(most)))
            least = most + 1
        }
        return choices.count == 1 ? choices[0] : .choice(choices)
    }

    private static func digits(_ number: Int) -> ArraySlice<UInt8> { Array(String(number).utf8)[...] }

    /// The digit strings between two of the same length.
    private static func sameLength(_ low: ArraySlice<UInt8>, _ high: ArraySlice<UInt8>) -> GrammarNode {
        guard let first = low.first, let last = high.first else { return .bytes([]) }
        let (lowRest, highRest) = (low.dropFirst(), high.dropFirst())
        if first == last { return .sequence([.bytes([first]), sameLength(lowRest, highRest)]) }
        let zeros = lowRest.map { _ in UInt8(ascii: "0") }[...]
        let nines = lowRest.map { _ in UInt8(ascii: "9") }[...]
        var choices: [GrammarNode] = []
        var (from, to) = (first, last)
        if lowRest != zeros {
            choices.append(.sequence([.bytes([first]), sameLength(lowRest, nines)]))
            from += 1
        }
        if highRest != nines {
            choices.append(.sequence([.bytes([last]), sameLength(zeros, highRest)]))
            to -= 1
        }
        if from <= to {
            choices.append(
                .sequence([
                    .set(ByteSet(from...to)),
                    .times(JSONGrammar.digit, least: lowRest.count, most: lowRest.count),
                ]))
        }
        return .choice(choices)
    }
}
