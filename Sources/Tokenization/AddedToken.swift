/// A token that stands outside the byte pairs: a control token such as `<|im_end|>`, or a word added later.
public struct AddedToken: Equatable, Sendable {
    /// The token's id.
    public var id: Int32
    /// The text that the token stands for.
    public var content: String
    /// Whether the token is a control token, which plain text must never produce.
    public var isSpecial: Bool
    /// Whether the token is looked for in normalized text rather than in the raw text.
    var isNormalized: Bool
}
