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
}
