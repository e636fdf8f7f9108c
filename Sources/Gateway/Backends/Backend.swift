public import ChatAPI

/// Something that answers requests: an embedded engine, a local server, an upstream.
public protocol Backend: Sendable {
    /// The name in the configuration, the ledger and error texts.
    var name: String { get }

    /// The features that this backend would have to ignore; a request with one of them must not be sent here stripped.
    func unsupported(_ features: Set<Feature>) -> Set<Feature>

    /// What of its failures is tried again.
    var retry: RetryPolicy { get }

    /// Whether it is asked with the client's own key, where there is one.
    var takesClientKey: Bool { get }

    /// Answers a request; returns when status and header fields are there.
    ///
    /// Every status is an answer, not an error. Cancelling the task, or letting go of the answer's body, ends the work.
    func reply(to request: BackendRequest) async throws(BackendError) -> Reply
}

extension Backend {
    /// Nothing is tried again.
    public var retry: RetryPolicy { .never }

    /// The client's key is no business of this backend's.
    public var takesClientKey: Bool { false }
}
