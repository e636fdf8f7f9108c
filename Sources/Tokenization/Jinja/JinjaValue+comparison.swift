import Foundation

extension JinjaValue {
    /// Python's `==`; true equals 1, and lists and mappings are equal when their elements are.
    func equals(_ other: JinjaValue) -> Bool {
        switch (self, other) {
        case (.undefined, .undefined), (.none, .none): return true
        case (.text(let left), .text(let right)): return left == right
        case (.list(let left, let isTuple), .list(let right, let isOtherTuple)):
            return isTuple == isOtherTuple && left.count == right.count
                && zip(left, right).allSatisfy { $0.equals($1) }
        case (.dictionary(let left), .dictionary(let right)):
            return left.entries.count == right.entries.count
                && left.entries.allSatisfy { entry in right[entry.key].map { $0.equals(entry.value) } ?? false }
        case (.namespace(let left), .namespace(let right)): return left === right
        default:
            if let left = whole, let right = other.whole { return left == right }
            guard let left = numeric, let right = other.numeric else { return false }
            return left == right
        }
    }

    /// Which of two values comes first: below zero this one, zero neither; nil if they cannot be compared.
    func order(_ other: JinjaValue) -> Int? {
        switch (self, other) {
        case (.text(let left), .text(let right)):
            // The bytes of UTF-8 have the order of the scalars.
            return left == right ? 0 : left.bytes.lexicographicallyPrecedes(right.bytes) ? -1 : 1
        case (.list(let left, _), .list(let right, _)):
            for (first, second) in zip(left, right) where !first.equals(second) { return first.order(second) }
            return left.count - right.count
        default:
            if let left = whole, let right = other.whole { return left < right ? -1 : left > right ? 1 : 0 }
            guard let left = numeric, let right = other.numeric else { return nil }
            return left < right ? -1 : left > right ? 1 : 0
        }
    }
}

extension TextValue {
    /// Where `part` first stands at or after `start`, counted in bytes.
    func firstRange(of part: [UInt8], from start: Int) -> Range<Int>? {
        guard let first = part.first else { return start <= bytes.count ? start..<start : nil }
        var index = start
        while index + part.count <= bytes.count {
            if bytes[index] == first, bytes[index..<index + part.count].elementsEqual(part) {
                return index..<index + part.count
            }
            index += 1
        }
        return nil
    }
}

/// Calculations that the standard library leaves to the C library.
enum JinjaNumbers {
    static func power(_ base: Double, _ exponent: Double) -> Double { pow(base, exponent) }
}
