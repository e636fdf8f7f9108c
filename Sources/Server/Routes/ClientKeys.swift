import ChatAPI
import Crypto
import Gateway

/// The keys that clients may present, kept as SHA-256 hashes only.
public struct ClientKeys: Sendable {
    private var hashes: [[UInt8]] = []

    /// No keys: everybody is let in.
    public init() {}

    /// Whether nothing is asked of clients.
    public var isEmpty: Bool { hashes.isEmpty }

    /// Accepts a key.
    public mutating func accept(key: String) {
        hashes.append(Array(SHA256.hash(data: Array(key.utf8))))
    }

    /// Accepts the key with this SHA-256, in hexadecimal; false if the text is not one.
    public mutating func accept(sha256 text: String) -> Bool {
        let digits = text.compactMap(\.hexDigitValue)
        guard digits.count == 64, text.utf8.count == 64 else { return false }
        hashes.append(stride(from: 0, to: 64, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) })
        return true
    }

    /// The name of the key that a request carries as bearer token or, as Azure's clients send it, as `api-key`; nil if
    /// nothing is asked of clients.
    func admit(_ fields: HeaderFields) -> Result<String?, APIError> {
        if isEmpty { return .success(nil) }
        let authorization = fields.first(named: "authorization")
        if let name = name(authorization: authorization) { return .success(name) }
        let key = fields.first(named: "api-key")
        if let key, let name = name(of: key) { return .success(name) }
        return .failure(authorization == nil && key == nil ? .missingAPIKey : .invalidAPIKey)
    }

    /// The name of the key in an `Authorization` field's value; nil if it is none of the accepted.
    ///
    /// Takes the same time whatever the key: every hash is compared to its end.
    func name(authorization: String?) -> String? {
        guard let authorization, authorization.utf8.count > 7, authorization.prefix(7).lowercased() == "bearer "
        else { return nil }
        return self.name(of: authorization.dropFirst(7).drop { $0 == " " })
    }

    private func name(of key: some StringProtocol) -> String? {
        let digest = Array(SHA256.hash(data: Array(key.utf8)))
        var found = false
        for hash in hashes {
            var difference: UInt8 = 0
            for (left, right) in zip(hash, digest) { difference |= left ^ right }
            found = found || difference == 0
        }
        return found ? "key_" + digest.prefix(6).map(Self.hexadecimal).joined() : nil
    }

    private static func hexadecimal(_ byte: UInt8) -> String {
        (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }
}
