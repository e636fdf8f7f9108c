/// GPT-2's byte alphabet: every byte has one printable character, so that any byte string is valid text in a
/// vocabulary.
///
/// Printable Latin-1 bytes stand for themselves; the other 68 take U+0100 and up, in byte order.
enum ByteAlphabet {
    /// The scalar that stands for each byte.
    static let scalars: [UInt32] = {
        var next: UInt32 = 0x100
        return (UInt32(0)..<256).map { byte in
            if (0x21...0x7E).contains(byte) || (0xA1...0xAC).contains(byte) || (0xAE...0xFF).contains(byte) {
                return byte
            }
            defer { next += 1 }
            return next
        }
    }()

    private static let bytes: [UInt32: UInt8] = Dictionary(
        uniqueKeysWithValues: scalars.enumerated().map { ($0.element, UInt8($0.offset)) })

    /// The vocabulary's spelling of `bytes`, as UTF-8.
    static func spelling(of bytes: some Sequence<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        for byte in bytes {
            let scalar = scalars[Int(byte)]
            if scalar < 0x80 {
                result.append(UInt8(scalar))
            } else {
                result.append(UInt8(0xC0 | scalar >> 6))
                result.append(UInt8(0x80 | scalar & 0x3F))
            }
        }
        return result
    }

    /// The bytes that `spelling` stands for, or nil if it holds a character outside the alphabet.
    static func bytes(of spelling: [UInt8]) -> [UInt8]? {
        var result: [UInt8] = []
        result.reserveCapacity(spelling.count)
        let text = spelling.span
        var index = 0
        while index < text.count {
            let next = text.scalar(at: index)
            if next.value < 0x7F, next.value > 0x20 {
                result.append(UInt8(next.value))
            } else if let byte = bytes[next.value] {
                result.append(byte)
            } else {
                return nil
            }
            index += next.length
        }
        return result
    }
}
