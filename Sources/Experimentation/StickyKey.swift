/// What keeps a caller on one arm: the first of explicit header, `user` field, API key and request id that is there.
///
/// The value takes part in hashes only; it goes neither into the ledger nor into a log.
public struct StickyKey: Sendable, Hashable {
    /// Where the key came from; the raw value is the name in logs.
    public enum Source: String, Sendable, Hashable, Codable, CaseIterable {
        /// The caller named the key in a header.
        case header
        /// The request's `user` field.
        case user
        /// The identity of the API key the request came with.
        case apiKey = "api_key"
        /// The request's own id: each request is assigned afresh.
        case requestID = "request_id"
    }

    /// Where the key came from.
    public let source: Source
    /// The key.
    public let value: String

    /// Chooses the first candidate that is there and not empty; the request id is taken as it is.
    public init(header: String?, user: String?, apiKey: String?, requestID: String) {
        let candidates: [(Source, String?)] = [(.header, header), (.user, user), (.apiKey, apiKey)]
        for case (let source, let value?) in candidates where !value.isEmpty {
            self.source = source
            self.value = value
            return
        }
        source = .requestID
        value = requestID
    }

    /// The key's bucket within a task.
    public func bucket(task: String) -> Bucket {
        Bucket(task: task, key: value)
    }
}
