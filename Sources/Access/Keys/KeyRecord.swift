public import Foundation

/// A key as the store holds it.
public struct KeyRecord: Sendable, Hashable {
    /// A hash and how it was made.
    struct Stored: Sendable, Hashable {
        let scheme: KeyHasher.Scheme
        let hash: KeyHash
    }

    /// Where a key stands.
    public enum State: String, Sendable, Hashable, CaseIterable {
        /// It is accepted.
        case live
        /// Its time is over.
        case expired
        /// It was revoked.
        case revoked
    }

    /// The key's id, part of its token.
    public let id: KeyID
    /// What it is and may do.
    public let policy: KeyPolicy
    /// When it was made.
    public let created: Date
    /// When its secret was last changed.
    public let rotated: Date?
    /// When it was revoked.
    public let revoked: Date?
    /// Until when the secret before the last rotation is accepted.
    public let previousUntil: Date?
    let current: Stored
    let previous: Stored?

    /// Where the key stands at a time.
    public func state(at now: Date) -> State {
        if revoked != nil { return .revoked }
        if let expiry = policy.expiry, expiry <= now { return .expired }
        return .live
    }

    /// The hashes that are accepted at a time, the current one first.
    func accepted(at now: Date) -> [Stored] {
        guard state(at: now) == .live else { return [] }
        guard let previous, let previousUntil, now < previousUntil else { return [current] }
        return [current, previous]
    }
}

/// A new key or a key's new secret: the only time that the token is seen.
public struct IssuedKey: Sendable {
    /// The key.
    public let record: KeyRecord
    /// What the caller is to send.
    public let token: KeyToken
}
