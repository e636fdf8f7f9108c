/// What an intermediate stage of the removal leaves in a prompt, beside contexts and query: cuts of the template, and the
/// last examples.
public struct StripPlan: Sendable, Hashable {
    /// What is left of each literal that stripping would remove, by its number: byte ranges, ascending and apart.
    public let literals: [Int: [Range<Int>]]
    /// How many examples stay: the last ones, which stand next to the query.
    public let examples: Int

    /// A plan; literals that it does not name lose everything.
    public init(literals: [Int: [Range<Int>]], examples: Int) {
        self.literals = literals
        self.examples = examples
    }

    /// Whether every range lies within its literal, after the one before it, and no literal is named that stays anyway.
    public func fits(_ schema: Schema) -> Bool {
        let known = schema.literals
        return (0...100_000).contains(examples)
            && literals.allSatisfy { number, ranges in
                guard known.indices.contains(number), !known[number].keep else { return false }
                var end = 0
                for range in ranges {
                    guard range.lowerBound >= end, range.upperBound <= known[number].text.count else { return false }
                    end = range.upperBound
                }
                return true
            }
    }
}

/// Takes out of the messages what an intermediate stage does without.
///
/// For a full prompt as the schema renders it, the result has the bytes that `renderStage` gives for the same cuts and
/// the last examples: what the stage's model was trained on.
///
/// - Parameters:
///   - recognized: What `recognize` returned for exactly these messages.
///   - messages: The messages of the request.
///   - plan: What stays of template and examples; it fits the schema.
///   - schema: The schema that recognized them.
/// - Returns: nil if the request has fewer examples than the plan keeps, or a literal came with other line endings than
///   the schema's, so that the ranges are not those of its bytes.
public func strip(
    _ recognized: RecognizedPrompt, from messages: [PromptMessage], keeping plan: StripPlan, of schema: Schema
) -> StrippedPrompt? {
    let literals = schema.literals
    let examples = recognized.segments.count { $0.kind == .examples }
    // An example that stands in turns of its own has two segments.
    var removed = examples - plan.examples * (schema.exampleTurns == nil ? 1 : 2)
    guard removed >= 0 else { return nil }
    var kept = KeptRanges(messages)
    var literal = 0
    for segment in recognized.segments {
        switch segment.kind {
        case .context, .query: kept.keep(segment, segment.range)
        case .examples:
            removed -= 1
            if removed < 0 || segment.kept { kept.keep(segment, segment.range) }
        case .template:
            guard literals.indices.contains(literal), literals[literal].text.count == segment.range.count else {
                return nil
            }
            let start = segment.range.lowerBound
            let ranges = segment.kept ? [0..<segment.range.count] : plan.literals[literal] ?? []
            for range in ranges { kept.keep(segment, start + range.lowerBound..<start + range.upperBound) }
            literal += 1
        }
    }
    return kept.prompt
}
