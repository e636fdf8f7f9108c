/// A key's public part: 12 characters of `a-z2-7`, by which it is looked up before its secret is compared.
public struct KeyID: Sendable, Hashable, CustomStringConvertible {
    static let length = 12
    private static let alphabet = Array("abcdefghijklmnopqrstuvwxyz234567".utf8)

    /// Five bits a character.
    let bits: UInt64

    /// A new id from the system's random source.
    static func random() -> KeyID {
        KeyID(bits: UInt64.random(in: 0..<(1 << 60)))
    }

    private init(bits: UInt64) {
        self.bits = bits
    }

    /// Reads the 12 characters; nil for anything else.
    public init?(_ text: some StringProtocol) {
        self.init(bytes: ArraySlice(text.utf8))
    }

    init?(bytes: ArraySlice<UInt8>) {
        guard bytes.count == Self.length else { return nil }
        var bits: UInt64 = 0
        for byte in bytes {
            let value: UInt8
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"): value = byte - UInt8(ascii: "a")
            case UInt8(ascii: "2")...UInt8(ascii: "7"): value = byte - UInt8(ascii: "2") + 26
            default: return nil
            }
            bits = bits << 5 | UInt64(value)
        }
        self.bits = bits
    }

    /// The 12 characters.
    public var description: String {
        let characters = (0..<Self.length).map { place in
            Self.alphabet[Int(bits >> UInt64(5 * (Self.length - 1 - place))) & 31]
        }
        return String(decoding: characters, as: UTF8.self)
    }
}
