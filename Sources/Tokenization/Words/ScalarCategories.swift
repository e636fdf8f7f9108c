/// The general category of every Unicode scalar, as a bit; scalars younger than Unicode 16 are unassigned.
struct ScalarCategories: Sendable {
    private static let table: [UInt32] = (UInt32(0)..<0x1_0000).map { 1 << computed($0) }

    @inline(__always)
    static func bit(of scalar: UInt32) -> UInt32 {
        scalar < 0x1_0000 ? table[Int(scalar)] : 1 << computed(scalar)
    }

    /// The bits of a category's name, such as `L`, `Lu` or `Letter`; nil if it is none.
    static func bits(named name: String) -> UInt32? {
        let short = longNames[name] ?? name
        let bits = names.enumerated().reduce(UInt32(0)) { bits, entry in
            entry.element == short || short.count == 1 && entry.element.hasPrefix(short)
                ? bits | 1 << UInt32(entry.offset) : bits
        }
        return bits == 0 ? nil : bits
    }

    /// In the order of their bits.
    private static let names = [
        "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No", "Pc", "Pd", "Ps", "Pe", "Pi",
        "Pf", "Po",
        "Sm", "Sc", "Sk", "So", "Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Co", "Cn",
    ]
    private static let longNames = [
        "Letter": "L", "Mark": "M", "Number": "N", "Punctuation": "P", "Symbol": "S", "Separator": "Z",
        "Other": "C",
    ]

    private static func computed(_ value: UInt32) -> UInt32 {
        guard let scalar = Unicode.Scalar(value) else { return 27 }
        guard let age = scalar.properties.age, age.major <= 16 else { return 29 }
        return switch scalar.properties.generalCategory {
        case .uppercaseLetter: 0
        case .lowercaseLetter: 1
        case .titlecaseLetter: 2
        case .modifierLetter: 3
        case .otherLetter: 4
        case .nonspacingMark: 5
        case .spacingMark: 6
        case .enclosingMark: 7
        case .decimalNumber: 8
        case .letterNumber: 9
        case .otherNumber: 10
        case .connectorPunctuation: 11
        case .dashPunctuation: 12
        case .openPunctuation: 13
        case .closePunctuation: 14
        case .initialPunctuation: 15
        case .finalPunctuation: 16
        case .otherPunctuation: 17
        case .mathSymbol: 18
        case .currencySymbol: 19
        case .modifierSymbol: 20
        case .otherSymbol: 21
        case .spaceSeparator: 22
        case .lineSeparator: 23
        case .paragraphSeparator: 24
        case .control: 25
        case .format: 26
        case .surrogate: 27
        case .privateUse: 28
        case .unassigned: 29
        @unknown default: 29
        }
    }
}
