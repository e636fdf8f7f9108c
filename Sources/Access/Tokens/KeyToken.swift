/// What a caller sends: `sk-pi-ID-SECRET`, where the secret holds at least 256 random bits. Shown once, never stored.
///
/// No description, log or error shows it; only `text` does.
public struct KeyToken: Sendable, CustomStringConvertible, CustomReflectable {
    static let prefix = Array("sk-pi-".utf8)
    /// 44 characters of 62 hold 261 bits.
    static let secretLength = 44
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789".utf8)

    /// The token itself.
    public let text: String

    /// A new token for the key, from the system's random source.
    static func random(for id: KeyID) -> KeyToken {
        var system = SystemRandomNumberGenerator()
        let secret = (0..<secretLength).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &system)] }
        let bytes = prefix + Array(id.description.utf8) + [UInt8(ascii: "-")] + secret
        return KeyToken(text: String(decoding: bytes, as: UTF8.self))
    }

    /// The id in a token's bytes; nil if they do not have the form of a token.
    static func id(in bytes: [UInt8]) -> KeyID? {
        let end = prefix.count + KeyID.length
        guard bytes.count == end + 1 + secretLength, bytes.starts(with: prefix), bytes[end] == UInt8(ascii: "-") else {
            return nil
        }
        return KeyID(bytes: bytes[prefix.count..<end])
    }

    /// `[secret]`, whatever the token.
    public var description: String { "[secret]" }
    /// Nothing to look into.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
