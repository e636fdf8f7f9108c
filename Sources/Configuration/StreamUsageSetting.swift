/// When streams that go in full are asked for their usage.
public enum StreamUsageSetting: String, Sendable, Hashable, CaseIterable {
    /// If the client asks; the client's bytes stay as they are, and other streams' tokens are estimated.
    case asAsked = "as_asked"
    /// Always; a client that did not ask does not see it.
    case always
}
