import ChatAPI

/// `multipleOf` as a grammar of digits: integers that a whole number divides, and numbers with so many decimal places.
struct Multiples {
    /// What the integers are multiples of; 1 where the numbers are multiples of a decimal fraction.
    let divisor: Int
    /// The digits that may stand after the point: none for a whole divisor.
    let places: Int

    private static let largestDivisor = 100
    private static let mostValues = 2_000

    /// Nil if a schema has no `multipleOf`.
    init?(_ keywords: SchemaKeywords) throws(GrammarError) {
        guard let value = keywords["multipleOf"] else { return nil }
        let place = keywords.place + "/multipleOf"
        guard let step = value.double, step > 0, step <= 1e15 else {
            throw GrammarError(place, "it must be a number above 0 and of at most 15 digits")
        }
        if step.rounded() == step {
            (divisor, places) = (Int(step), 0)
            return
        }
        guard let places = (1...15).first(where: { Double("1e-\($0)") == step }) else {
            throw GrammarError(place, "only whole numbers and 0.1, 0.01 and so on are supported")
        }
        (divisor, self.places) = (1, places)
    }

    /// The multiples that lie within bounds, which must be two unless the divisor is small; `rules` gets what repeats.
    func integers(
        from least: Int?, to most: Int?, rules: inout [GrammarNode], _ place: String
    ) throws(GrammarError) -> GrammarNode? {
        if divisor == 1 { return nil }
        guard least != nil || most != nil else {
            guard divisor <= Self.largestDivisor else {
                throw GrammarError(
                    place + "/multipleOf", "above \(Self.largestDivisor) it needs 'minimum' and 'maximum'")
            }
            return unbounded(&rules)
        }
        guard let least, let most, most / divisor - least / divisor <= Self.mostValues else {
            throw GrammarError(
                place + "/multipleOf",
                "beside bounds it is supported where both are there and at most \(Self.mostValues) multiples lie between"
            )
        }
        let first = least >= 0 ? (least + divisor - 1) / divisor : least / divisor
        let last = most >= 0 ? most / divisor : (most - divisor + 1) / divisor
        guard first <= last else { throw GrammarError(place, "no multiple lies within the bounds") }
        return .choice((first...last).map { .bytes(Array(String($0 * divisor).utf8)) })
    }

    /// Integers of at most 15 digits: a rule for each remainder so far and number of digits that may follow.
    private func unbounded(_ rules: inout [GrammarNode]) -> GrammarNode {
        let base = rules.count
        let most = 15
        func rule(_ remainder: Int, _ left: Int) -> Int { base + left * divisor + remainder }
        func step(_ remainder: Int, _ digit: Int, _ left: Int) -> GrammarNode {
            .sequence([
                .bytes([UInt8(0x30 + digit)]), .rule(rule((remainder * 10 + digit) % divisor, left - 1)),
            ])
        }
        for left in 0..<most {
            for remainder in 0..<divisor {
                var ways: [GrammarNode] = remainder == 0 ? [.bytes([])] : []
                if left > 0 { ways += (0...9).map { step(remainder, $0, left) } }
                rules.append(.choice(ways))
            }
        }
        let some = GrammarNode.choice((1...9).map { step(0, $0, most) })
        return .choice([.text("0"), .sequence([.optional(.text("-")), some])])
    }
}
