/// The four classes of characters that the split rules distinguish.
enum ScalarClass: UInt8 {
    case other, letter, number, whitespace
}

/// The class of every Unicode scalar, as the regular expressions `\p{L}`, `\p{N}` and `\s` define it in Unicode 16.
///
/// Later scalars are signs of no class, as they are to the engine that the Python package uses.
/// The basic plane is a table, filled once; scalars beyond it are looked up one by one.
struct ScalarClasses: Sendable {
    static let shared = ScalarClasses()

    private let table: [UInt8]

    private init() {
        table = (UInt32(0)..<0x1_0000).map { Self.computed($0).rawValue }
    }

    func of(_ scalar: UInt32) -> ScalarClass {
        if scalar < 0x1_0000 {
            return ScalarClass(rawValue: table[Int(scalar)]) ?? .other
        }
        return Self.computed(scalar)
    }

    private static func computed(_ value: UInt32) -> ScalarClass {
        guard let scalar = Unicode.Scalar(value), let age = scalar.properties.age, age.major <= 16 else {
            return .other
        }
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: return .letter
        case .decimalNumber, .letterNumber, .otherNumber: return .number
        default: return scalar.properties.isWhitespace ? .whitespace : .other
        }
    }

    /// Whether the scalar is a number of any kind (categories Nd, Nl and No).
    static func isNumeral(_ value: UInt32) -> Bool {
        if value < 0x80 { return (0x30...0x39).contains(value) }
        return shared.of(value) == .number
    }

    /// Whether the scalar is a sign: one of ASCII's, or of a category P in Unicode 8, which the Python package knows.
    static func isPunctuation(_ value: UInt32) -> Bool {
        if value < 0x80 {
            return (0x21...0x2F).contains(value) || (0x3A...0x40).contains(value) || (0x5B...0x60).contains(value)
                || (0x7B...0x7E).contains(value)
        }
        guard let scalar = Unicode.Scalar(value), let age = scalar.properties.age, age.major <= 8 else { return false }
        switch scalar.properties.generalCategory {
        case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation,
            .finalPunctuation, .otherPunctuation:
            return true
        default: return false
        }
    }

    /// Whether the scalar belongs to a word as the regular expression `\w` defines it: letters, marks, decimal digits,
    /// connectors and joiners.
    static func isWord(_ value: UInt32) -> Bool {
        guard let scalar = Unicode.Scalar(value) else { return false }
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark, .decimalNumber, .connectorPunctuation: return true
        default: return scalar.properties.isAlphabetic || scalar.properties.isJoinControl
        }
    }
}
