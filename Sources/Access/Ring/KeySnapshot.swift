/// The keys that are accepted now; replaced as a whole, never changed.
final class KeySnapshot: Sendable {
    struct Entry: Sendable {
        let accepted: [KeyRecord.Stored]
        let caller: Caller
    }

    let stored: [UInt64: Entry]
    let fixed: [KeyHash: Caller]
    /// Whether callers must present a key.
    let isRequired: Bool

    init(stored: [UInt64: Entry] = [:], fixed: [KeyHash: Caller] = [:], isRequired: Bool = false) {
        self.stored = stored
        self.fixed = fixed
        self.isRequired = isRequired
    }

    var liveCount: Int { stored.count + fixed.count }

    /// The caller with this key, nil if it is none of the accepted.
    ///
    /// The key is hashed before anything is looked up, and hashes are compared to their end.
    func caller(_ key: [UInt8], _ hasher: KeyHasher) -> Caller? {
        guard !key.isEmpty, key.count <= 4096 else { return nil }
        if let id = KeyToken.id(in: key) {
            let scheme = hasher.scheme
            let usual = hasher.hash(key, scheme)
            guard let entry = stored[id.bits] else { return fixed.isEmpty ? nil : fixed[KeyHash(sha256: key)] }
            for known in entry.accepted {
                let hash = known.scheme == scheme ? usual : hasher.hash(key, known.scheme)
                if let hash, hash.matches(known.hash) { return entry.caller }
            }
            return nil
        }
        return fixed.isEmpty ? nil : fixed[KeyHash(sha256: key)]
    }
}
