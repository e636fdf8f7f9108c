/// The next tokens of one sequence in a step that computes the rows of several sequences together.
public struct SequenceStep: Sendable {
    /// The tokens to run after what the cache holds.
    public var tokens: ArraySlice<Int32>
    /// The sequence's past; the step adds its tokens.
    public var cache: KeyValueCache
    /// Which of the tokens' final hidden states are wanted.
    public var wanted: Wanted

    /// What is computed beside the model's weights for these rows; nil: nothing.
    let adapter: LoRAAdapter?
    /// Equal for steps of the same adapter: their rows share its products.
    let adapterNumber: Int

    /// Rows whose hidden states, and with them logits, a step gives.
    public enum Wanted: Sendable {
        /// None: more of the prompt follows.
        case none
        /// The last token's: the next token is to be chosen.
        case last
        /// Every token's: the text is scored.
        case all
    }

    /// Describes the work of one sequence.
    public init(tokens: ArraySlice<Int32>, cache: KeyValueCache, wanted: Wanted) {
        self.init(tokens: tokens, cache: cache, wanted: wanted, beside: nil)
    }

    /// Describes the work of one sequence, with what its adapter adds.
    init(tokens: ArraySlice<Int32>, cache: KeyValueCache, wanted: Wanted, beside version: AdapterVersion?) {
        adapter = version?.beside
        adapterNumber = version?.beside == nil ? 0 : version?.number ?? 0
        self.tokens = tokens
        self.cache = cache
        self.wanted = wanted
    }

    /// Positions of the wanted rows among the step's rows, which start at `first`.
    func wantedRows(from first: Int) -> Range<Int> {
        switch wanted {
        case .none: first..<first
        case .last: first + tokens.count - 1..<first + tokens.count
        case .all: first..<first + tokens.count
        }
    }
}
