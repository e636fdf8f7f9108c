/// What became of a look at a request's key.
public enum KeyCheck: Sendable {
    /// Nobody is asked for a key.
    case notRequired
    /// A key is asked for, and none came.
    case missing
    /// The key is not accepted: unknown, expired or revoked.
    case refused
    /// The key is this caller's.
    case accepted(Caller)
}
