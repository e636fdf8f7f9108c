/// The token counts of one attempt, each with its source.
public struct TokenUse: Sendable, Equatable {
    /// The client's whole prompt, as the full-prompt model would have read it.
    public var full: SegmentTokens
    /// Where `full` comes from.
    public var fullSource: CountSource
    /// What was sent to the backend; zero if nothing reached it, or if it refused.
    public var sent: SegmentTokens
    /// Where `sent` comes from.
    public var sentSource: CountSource
    /// Tokens of the answer.
    public var completion: Int
    /// Where `completion` comes from.
    public var completionSource: CountSource
    /// How many of the sent tokens the backend reported as read from its cache.
    public var cachedPrompt: Int

    /// Makes the counts.
    public init(
        full: SegmentTokens, fullSource: CountSource, sent: SegmentTokens, sentSource: CountSource, completion: Int,
        completionSource: CountSource, cachedPrompt: Int = 0
    ) {
        self.full = full
        self.fullSource = fullSource
        self.sent = sent
        self.sentSource = sentSource
        self.completion = completion
        self.completionSource = completionSource
        self.cachedPrompt = cachedPrompt
    }
}
