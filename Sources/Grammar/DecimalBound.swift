import ChatAPI

/// A bound of a number, exactly as a schema writes it: sign, whole part and digits after the point.
struct DecimalBound {
    let isNegative: Bool
    /// The magnitude's whole part, at most 15 digits.
    let whole: Int
    /// The digits after the point, without zeros at the end.
    let fraction: [UInt8]
    /// Whether the bound itself is within.
    let isInclusive: Bool

    private static let largest = 999_999_999_999_999

    init(isNegative: Bool, whole: Int, fraction: [UInt8], isInclusive: Bool) {
        self.isNegative = isNegative
        self.whole = whole
        self.fraction = fraction
        self.isInclusive = isInclusive
    }

    /// Reads a number; nil if it is none, or has an exponent and is no integer that a double holds exactly. What lies
    /// beyond 15 digits becomes the outermost number of 15 digits.
    init?(_ value: JSONValue, isInclusive: Bool) {
        guard value.kind == .number, let double = value.double, double.isFinite else { return nil }
        var text = Array(value.rawBytes)
        isNegative = text.first == UInt8(ascii: "-") && double != 0
        if text.first == UInt8(ascii: "-") { text.removeFirst() }
        if abs(double) > Double(Self.largest) {
            (whole, fraction, self.isInclusive) = (Self.largest, [], true)
            return
        }
        self.isInclusive = isInclusive
        if text.contains(where: { $0 | 0x20 == UInt8(ascii: "e") }) {
            guard double.rounded() == double else { return nil }
            (whole, fraction) = (Int(abs(double)), [])
            return
        }
        let parts = text.split(separator: UInt8(ascii: "."))
        guard let whole = Int(String(decoding: parts[0], as: UTF8.self)) else { return nil }
        self.whole = whole
        var digits = parts.count > 1 ? parts[1].map { $0 - 0x30 } : []
        while digits.last == 0 { digits.removeLast() }
        guard digits.count <= 15 else { return nil }
        fraction = digits
    }

    private var isZero: Bool { whole == 0 && fraction.isEmpty }

    /// The bound of the numbers with the other sign.
    var negated: DecimalBound {
        DecimalBound(isNegative: !isNegative && !isZero, whole: whole, fraction: fraction, isInclusive: isInclusive)
    }

    /// The least integer that is not below it.
    var leastInteger: Int {
        if isNegative {
            return -DecimalBound(isNegative: false, whole: whole, fraction: fraction, isInclusive: isInclusive)
                .largestInteger
        }
        return fraction.isEmpty && isInclusive ? whole : whole + 1
    }

    /// The largest integer that is not above it.
    var largestInteger: Int {
        if isNegative {
            return -DecimalBound(isNegative: false, whole: whole, fraction: fraction, isInclusive: isInclusive)
                .leastInteger
        }
        return fraction.isEmpty && !isInclusive ? whole - 1 : whole
    }
}
