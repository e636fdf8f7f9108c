/// Something about keys that the operator's log should tell; never a secret.
public enum AccessEvent: Sendable, Equatable {
    /// The keys that are accepted have changed; so many are live now.
    case keysChanged(live: Int)
    /// The key store cannot be read: the keys stay as they were.
    case storeUnreadable(AccessError)
    /// Keys that were hashed with a pepper, and there is none: they are not accepted.
    case pepperMissing(keys: [String])
}
