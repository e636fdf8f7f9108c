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
    /// Whether the token also takes the whitespace before it.
    var takesSpaceBefore = false
    /// Whether the token also takes the whitespace after it.
    var takesSpaceAfter = false
    /// Whether the token is found only where no letter, digit or connector touches it.
    var isSingleWord = false

    /// Whether the token is nothing but whitespace, so that even untrusted text may produce it: it controls nothing.
    var isWhitespace: Bool {
        !isSpecial && content.unicodeScalars.allSatisfy { $0.properties.isWhitespace || $0.value == 0x2581 }
    }
}
