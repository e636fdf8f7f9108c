public import PromptSchema

/// A template with some of its text taken out.
public struct CompressedTemplate: Sendable, Equatable {
    /// What is left of each literal, by its number in the schema.
    public let literals: [Int: [UInt8]]
    /// The same as byte ranges of the literals, where the text was cut; nil where it was written anew.
    public let cuts: [Int: [Range<Int>]]?
    /// Tokens of all literals that may be removed, before and after.
    public let tokensBefore: Int
    /// Tokens that are left.
    public let tokensAfter: Int

    /// A template whose text is `literals`.
    init(literals: [Int: [UInt8]], cuts: [Int: [Range<Int>]]? = nil, tokensBefore: Int, tokensAfter: Int) {
        self.literals = literals
        self.cuts = cuts
        self.tokensBefore = tokensBefore
        self.tokensAfter = tokensAfter
    }

    /// The share that is really left; what a report has to show, not the requested rate.
    public var actualRate: Double {
        tokensBefore == 0 ? 0 : Double(tokensAfter) / Double(tokensBefore)
    }
}

/// Shortens a schema's template to a share of its tokens.
///
/// Rate 1 gives the template back byte for byte, rate 0 gives nothing, and the same input gives the same output. The
/// compressors that choose from the template's own text (rules, attribution, self-information) also promise that what
/// is kept at a smaller rate is kept at every larger one, that the kept text is a subsequence of the template, and that
/// it has at most rate * tokens, besides what is forced. Files and commands write what they want; their rate is
/// measured.
public protocol TemplateCompressor: Sendable {
    /// A stable name for a run's recipe, such as "rules-1"; it changes with everything that changes the output.
    var name: String { get }

    /// Shortens the literals that stripping removes. Literals marked `keep` are left alone.
    func compress(
        _ schema: Schema, rate: Double, countTokens: ([UInt8]) -> Int
    ) throws(InternalizationError) -> CompressedTemplate
}

extension Schema {
    /// The literals that stripping removes.
    var removableLiterals: [SchemaLiteral] { literals.filter { !$0.keep } }

    /// Every literal that stripping removes, replaced by nothing.
    var emptiedLiterals: [Int: [UInt8]] {
        Dictionary(uniqueKeysWithValues: removableLiterals.map { ($0.number, []) })
    }
}
