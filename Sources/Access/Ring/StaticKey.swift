/// A key of the configuration: kept as its SHA-256, whatever its form.
public struct StaticKey: Sendable, Hashable {
    /// The SHA-256 of the key.
    public let hash: KeyHash
    /// What it is and may do.
    public let policy: KeyPolicy

    /// A key known by its hash; without a policy it may do everything, sees everything, and is named after its hash.
    public init(hash: KeyHash, policy: KeyPolicy? = nil) {
        self.hash = hash
        self.policy = policy ?? KeyPolicy(name: "key_" + hash.fingerprint, isAdmin: true)
    }

    /// A key.
    public init(key: String, policy: KeyPolicy? = nil) {
        self.init(hash: KeyHash(sha256: Array(key.utf8)), policy: policy)
    }
}
