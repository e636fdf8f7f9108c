import ChatAPI

/// `minimum`, `maximum` and their exclusive forms as grammars of digits.
///
/// A number is written without an exponent, with at most 15 digits on either side of the point, and never as -0.
struct NumberBounds {
    private var low: DecimalBound?
    private var high: DecimalBound?

    /// Nil if a schema has no bounds.
    init?(_ keywords: SchemaKeywords) throws(GrammarError) {
        for name in ["minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum"] {
            guard let value = keywords[name] else { continue }
            let place = "\(keywords.place)/\(name)"
            guard let bound = DecimalBound(value, isInclusive: !name.hasPrefix("exclusive")) else {
                throw GrammarError(
                    place, "it must be a number of at most 15 digits after the point and without an exponent")
            }
            let isLow = name.lowercased().hasSuffix("minimum")
            if let number = value.double, abs(number) > Double(Self.largest), (number < 0) != isLow {
                throw GrammarError(place, "no number of at most 15 digits is within it")
            }
            if isLow {
                guard low == nil else { throw GrammarError(place, "it is not supported beside 'minimum'") }
                low = bound
            } else {
                guard high == nil else { throw GrammarError(place, "it is not supported beside 'maximum'") }
                high = bound
            }
        }
        if low == nil, high == nil { return nil }
    }

    private static let largest = 999_999_999_999_999

    var hasLow: Bool { low != nil }
    var hasHigh: Bool { high != nil }

    /// The least and the largest integer within the bounds.
    func integerRange(_ place: String) throws(GrammarError) -> ClosedRange<Int> {
        let least = max(low?.leastInteger ?? -Self.largest, -Self.largest)
        let most = min(high?.largestInteger ?? Self.largest, Self.largest)
        guard least <= most else { throw GrammarError(place, "no integer lies within the bounds") }
        return least...most
    }

    /// The integers within the bounds, exactly.
    func integers(_ place: String) throws(GrammarError) -> GrammarNode {
        let range = try integerRange(place)
        let (least, most) = (range.lowerBound, range.upperBound)
        var choices: [GrammarNode] = []
        if least < 0 {
            choices.append(.sequence([.text("-"), DigitRange.node(max(1, -most), -least)]))
        }
        if most >= 0 { choices.append(DigitRange.node(max(0, least), most)) }
        return .choice(choices)
    }

    /// The numbers within the bounds, exactly, with at most so many digits after the point.
    func numbers(_ place: String, places: Int = 15) throws(GrammarError) -> GrammarNode {
        var choices: [GrammarNode] = []
        if high.map({ !$0.isNegative }) ?? true {
            let from = low.flatMap { $0.isNegative ? nil : $0 }
            if let node = Self.magnitudes(from, high, places) { choices.append(node) }
        }
        if low?.isNegative ?? true {
            let zero = DecimalBound(isNegative: false, whole: 0, fraction: [], isInclusive: false)
            let from = high.flatMap { $0.isNegative ? $0.negated : nil } ?? zero
            if let node = Self.magnitudes(from, low?.negated, places) { choices.append(.sequence([.text("-"), node])) }
        }
        guard !choices.isEmpty else { throw GrammarError(place, "no number lies within the bounds") }
        return .choice(choices)
    }

    /// Numbers without a sign between two bounds of 0 or more; nil if there are none.
    private static func magnitudes(_ low: DecimalBound?, _ high: DecimalBound?, _ places: Int) -> GrammarNode? {
        let (first, last) = (low?.whole ?? 0, high?.whole ?? largest)
        guard first <= last else { return nil }
        if first == last {
            return fraction(FractionBound(low), FractionBound(high), places).map {
                .sequence([DigitRange.node(first, first), $0])
            }
        }
        var choices: [GrammarNode] = []
        if let node = fraction(FractionBound(low), nil, places) {
            choices.append(.sequence([DigitRange.node(first, first), node]))
        }
        if first + 1 < last, let node = fraction(nil, nil, places) {
            choices.append(.sequence([DigitRange.node(first + 1, last - 1), node]))
        }
        if let node = fraction(nil, FractionBound(high), places) {
            choices.append(.sequence([DigitRange.node(last, last), node]))
        }
        return choices.isEmpty ? nil : .choice(choices)
    }

    /// What may come after the whole part: nothing, or a point and digits.
    private static func fraction(_ low: FractionBound?, _ high: FractionBound?, _ places: Int) -> GrammarNode? {
        var choices: [GrammarNode] = []
        if FractionBound.mayEnd(low, high) { choices.append(.bytes([])) }
        let digits = FractionBound.next(low, high, room: places)
        if !digits.isEmpty { choices.append(.sequence([.text("."), .choice(digits)])) }
        return choices.isEmpty ? nil : .choice(choices)
    }
}

/// The rest of a bound's digits after the point, while a number's are compared with it one by one.
private struct FractionBound {
    var digits: ArraySlice<UInt8>
    let isInclusive: Bool

    init?(_ bound: DecimalBound?) {
        guard let bound else { return nil }
        (digits, isInclusive) = (bound.fraction[...], bound.isInclusive)
    }

    private var digit: UInt8 { digits.first ?? 0 }
    private var rest: FractionBound {
        var rest = self
        rest.digits = digits.dropFirst()
        return rest
    }

    /// Whether zeros from here on lie within the bounds.
    static func mayEnd(_ low: FractionBound?, _ high: FractionBound?) -> Bool {
        (low.map { $0.digits.isEmpty && $0.isInclusive } ?? true)
            && (high.map { !$0.digits.isEmpty || $0.isInclusive } ?? true)
    }

    /// One digit or more, at most `room`, that lie within the bounds.
    static func next(_ low: FractionBound?, _ high: FractionBound?, room: Int) -> [GrammarNode] {
        guard room > 0 else { return [] }
        let low = low.flatMap { $0.digits.isEmpty && $0.isInclusive ? nil : $0 }
        if low == nil, high == nil { return [.times(JSONGrammar.digit, least: 1, most: room)] }
        var choices: [GrammarNode] = []
        for digit in UInt8(0)...9 where digit >= low?.digit ?? 0 && digit <= high?.digit ?? 9 {
            let below = low.flatMap { digit == $0.digit ? $0.rest : nil }
            let above = high.flatMap { digit == $0.digit ? $0.rest : nil }
            var ends: [GrammarNode] = mayEnd(below, above) ? [.bytes([])] : []
            ends += next(below, above, room: room - 1)
            guard !ends.isEmpty else { continue }
            choices.append(.sequence([.bytes([0x30 + digit]), .choice(ends)]))
        }
        return choices
    }
}
