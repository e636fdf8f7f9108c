import Crypto

/// Hashes keys: SHA-256, or HMAC-SHA-256 where the server has a pepper.
///
/// A key's secret has more than 256 random bits, so one fast hash is enough: there is nothing to guess. The pepper
/// keeps a stolen key store from being of use for keys that people chose themselves, and from being extended by whoever
/// can write it.
public struct KeyHasher: Sendable {
    /// How a stored hash was made; the raw value is what the table holds.
    enum Scheme: String, Sendable {
        case sha256
        case peppered = "hmac-sha256"
    }

    /// HMAC with the pepper absorbed; copied for each key.
    private let peppered: HMAC<SHA256>?

    /// A hasher; an absent or empty pepper makes it plain SHA-256.
    public init(pepper: String? = nil) {
        peppered = pepper.flatMap { text in
            text.isEmpty ? nil : HMAC<SHA256>(key: SymmetricKey(data: Array(text.utf8)))
        }
    }

    /// How new keys are hashed.
    var scheme: Scheme { peppered == nil ? .sha256 : .peppered }

    /// The hash of a key; nil if the scheme needs a pepper and there is none.
    func hash(_ key: [UInt8], _ scheme: Scheme) -> KeyHash? {
        switch scheme {
        case .sha256: return KeyHash(sha256: key)
        case .peppered:
            guard var code = peppered else { return nil }
            code.update(data: key)
            return KeyHash(code.finalize())
        }
    }
}
