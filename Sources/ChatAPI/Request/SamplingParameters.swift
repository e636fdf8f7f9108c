/// The parameters of the answer that a text backend honours itself; nil means absent or `null`.
public struct SamplingParameters: Hashable, Sendable {
    /// `temperature`, from 0 to 2.
    public var temperature: Double?
    /// `top_p`, from 0 to 1.
    public var topP: Double?
    /// `max_completion_tokens`, else `max_tokens`; at least 1.
    public var maxTokens: Int?
    /// `stop` as a list; none is empty.
    public var stop: [String] = []
    /// `seed`.
    public var seed: Int?

    /// All parameters absent.
    public init() {}
}
