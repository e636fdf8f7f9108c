/// A set of Unicode scalars: general categories, ranges, and what `\s` and `\w` stand for.
///
/// ASCII is a bit map; beyond it a table of the basic plane's categories answers most questions.
struct ScalarSet: Sendable, Hashable {
    private var ascii: (low: UInt64, high: UInt64) = (0, 0)
    /// A bit for each general category, by ``ScalarCategories``.
    private var categories: UInt32 = 0
    private var ranges: [ClosedRange<UInt32>] = []
    private var hasSpaces = false
    private var hasWords = false
    /// Sets whose complements belong to this one.
    private var complements: [ScalarSet] = []
    private var isNegated = false

    init(_ ranges: [ClosedRange<UInt32>] = []) {
        for range in ranges { insert(range) }
    }

    init(categories: UInt32) {
        self.categories = categories
        mapASCII { categories & ScalarCategories.bit(of: $0) != 0 }
    }

    static let spaces: ScalarSet = {
        var set = ScalarSet()
        set.hasSpaces = true
        set.mapASCII { (0x09...0x0D).contains($0) || $0 == 0x20 }
        return set
    }()

    static let words: ScalarSet = {
        var set = ScalarSet()
        set.hasWords = true
        set.mapASCII { ScalarClasses.isWord($0) }
        return set
    }()

    mutating func insert(_ range: ClosedRange<UInt32>) {
        mapASCII { range.contains($0) }
        if range.upperBound >= 0x80 { ranges.append(max(range.lowerBound, 0x80)...range.upperBound) }
    }

    mutating func formUnion(_ other: ScalarSet) {
        if other.isNegated {
            complements.append(other.inverted)
        } else {
            categories |= other.categories
            ranges += other.ranges
            hasSpaces = hasSpaces || other.hasSpaces
            hasWords = hasWords || other.hasWords
            complements += other.complements
        }
        mapASCII { other.contains($0) }
    }

    /// All other scalars.
    var inverted: ScalarSet {
        var set = self
        set.isNegated.toggle()
        set.ascii = (~ascii.low, ~ascii.high)
        return set
    }

    @inline(__always)
    func contains(_ scalar: UInt32) -> Bool {
        if scalar < 0x40 { return ascii.low >> UInt64(scalar) & 1 != 0 }
        if scalar < 0x80 { return ascii.high >> UInt64(scalar & 0x3F) & 1 != 0 }
        return containsBeyondASCII(scalar) != isNegated
    }

    private func containsBeyondASCII(_ scalar: UInt32) -> Bool {
        if categories != 0, categories & ScalarCategories.bit(of: scalar) != 0 { return true }
        if hasSpaces, ScalarClasses.shared.of(scalar) == .whitespace { return true }
        for range in ranges where range.contains(scalar) { return true }
        if hasWords {
            // Oniguruma's `\w` leaves out the joiners, and has Latin-1's small numbers and fractions.
            if [0xB2, 0xB3, 0xB9, 0xBC, 0xBD, 0xBE].contains(scalar) { return true }
            if scalar & ~1 != 0x200C, ScalarClasses.isWord(scalar) { return true }
        }
        for set in complements where !set.contains(scalar) { return true }
        return false
    }

    /// The set with the other cases of its scalars; nil if it has too many to look at each.
    var ignoringCase: ScalarSet? {
        guard !isNegated, categories == 0, !hasWords, complements.isEmpty,
            ranges.allSatisfy({ $0.count <= 1_024 })
        else { return nil }
        var set = self
        for scalar in (0..<0x80).filter(contains) + ranges.flatMap({ Array($0) }) {
            for other in Self.cases(of: scalar) { set.insert(other...other) }
        }
        return set
    }

    private static func cases(of value: UInt32) -> [UInt32] {
        guard let scalar = Unicode.Scalar(value) else { return [] }
        var cases = [scalar.properties.lowercaseMapping, scalar.properties.uppercaseMapping].compactMap { text in
            text.unicodeScalars.count == 1 ? text.unicodeScalars.first?.value : nil
        }
        // The letters of ASCII that letters beyond it fold to: the long s, and the sign of the kelvin.
        if value | 0x20 == 0x73 { cases.append(0x17F) }
        if value | 0x20 == 0x6B { cases.append(0x212A) }
        return cases
    }

    /// Whether no scalar beyond ASCII can be a member.
    var isASCIIOnly: Bool {
        !isNegated && categories == 0 && ranges.isEmpty && !hasSpaces && !hasWords
            && complements.isEmpty
    }

    private mutating func mapASCII(_ contains: (UInt32) -> Bool) {
        for scalar in UInt32(0)..<0x40 where contains(scalar) { ascii.low |= 1 << UInt64(scalar) }
        for scalar in UInt32(0)..<0x40 where contains(scalar + 0x40) {
            ascii.high |= 1 << UInt64(scalar)
        }
    }

    static func == (left: ScalarSet, right: ScalarSet) -> Bool {
        left.ascii == right.ascii && left.categories == right.categories && left.ranges == right.ranges
            && left.hasSpaces == right.hasSpaces && left.hasWords == right.hasWords
            && left.complements == right.complements && left.isNegated == right.isNegated
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(ascii.low)
        hasher.combine(ascii.high)
        hasher.combine(categories)
        hasher.combine(ranges)
        hasher.combine(isNegated)
    }
}
