public import PromptSchema

/// A template with some of its text taken out.
public struct CompressedTemplate: Sendable, Equatable {
    /// What is left of each literal, by its number in the schema.
    public let literals: [Int: [UInt8]]
    /// Tokens of all literals that may be removed, before and after.
    public let tokensBefore: Int
    /// Tokens that are left.
    public let tokensAfter: Int

    /// The share that is really left; what a report has to show, not the requested rate.
    public var actualRate: Double {
        tokensBefore == 0 ? 0 : Double(tokensAfter) / Double(tokensBefore)
    }
}

/// Shortens a schema's template to a share of its tokens.
///
/// Rate 1 gives the template back byte for byte, rate 0 gives nothing, what is kept at a smaller rate is kept at every
/// larger one, and the kept text is a subsequence of the template. The same input gives the same output.
public protocol TemplateCompressor: Sendable {
    /// A stable name for a run's recipe, such as "rules-1".
    var name: String { get }

    /// Shortens the literals that stripping removes. Literals marked `keep` are left alone.
    func compress(_ schema: Schema, rate: Double, countTokens: ([UInt8]) -> Int) -> CompressedTemplate
}
