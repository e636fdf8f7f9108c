import Crypto

/// The SHA-256 of a key, or its HMAC under the server's pepper: all that is kept of it.
public struct KeyHash: Sendable, Hashable {
    private let words: (UInt64, UInt64, UInt64, UInt64)

    /// Reads 32 bytes; nil for any other number.
    public init?(bytes: [UInt8]) {
        guard bytes.count == 32 else { return nil }
        func word(_ start: Int) -> UInt64 {
            bytes[start..<start + 8].reduce(0) { $0 << 8 | UInt64($1) }
        }
        words = (word(0), word(8), word(16), word(24))
    }

    /// Reads 64 hexadecimal digits; nil for anything else.
    public init?(hexadecimal text: String) {
        guard Self.isHexadecimal(text) else { return nil }
        let digits = text.compactMap(\.hexDigitValue)
        self.init(bytes: stride(from: 0, to: 64, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) })
    }

    /// Whether a text is a SHA-256 as it is written: 64 hexadecimal digits, small or large.
    public static func isHexadecimal(_ text: String) -> Bool {
        text.utf8.count == 64 && text.allSatisfy { $0.isASCII && $0.isHexDigit }
    }

    /// The SHA-256 of a key.
    public init(sha256 key: [UInt8]) {
        words = unsafe SHA256.hash(data: key).withUnsafeBytes { unsafe Self.words($0) }
    }

    /// An HMAC.
    init(_ code: HashedAuthenticationCode<SHA256>) {
        words = unsafe code.withUnsafeBytes { unsafe Self.words($0) }
    }

    private static func words(_ bytes: UnsafeRawBufferPointer) -> (UInt64, UInt64, UInt64, UInt64) {
        unsafe (
            UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self)),
            UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)),
            UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self)),
            UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 24, as: UInt64.self))
        )
    }

    /// The 32 bytes.
    var bytes: [UInt8] {
        [words.0, words.1, words.2, words.3].flatMap { word in
            (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64(56 - 8 * $0)) }
        }
    }

    /// The first 48 bits in hexadecimal: names a key that has no name.
    public var fingerprint: String {
        bytes.prefix(6).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// Whether two hashes are the same, in the same time wherever they differ.
    func matches(_ other: KeyHash) -> Bool {
        let difference =
            (words.0 ^ other.words.0) | (words.1 ^ other.words.1) | (words.2 ^ other.words.2)
            | (words.3 ^ other.words.3)
        return difference == 0
    }

    /// Whether two hashes are the same.
    public static func == (left: KeyHash, right: KeyHash) -> Bool { left.matches(right) }

    /// Feeds the first word: the hash is uniform already.
    public func hash(into hasher: inout Hasher) { hasher.combine(words.0) }
}
