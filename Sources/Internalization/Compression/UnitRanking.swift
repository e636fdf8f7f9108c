import PromptSchema

/// A template's units in the order of their importance; keeping the most important ones that fit makes kept sets
/// nested.
struct UnitRanking: Sendable {
    /// A unit with its place and its size.
    struct Entry: Sendable {
        /// The literal's number in the schema.
        let literal: Int
        /// Its bytes in the literal.
        let range: Range<Int>
        let text: [UInt8]
        let kind: TemplateUnit.Kind
        let tokens: Int
        /// Whether the unit holds a forced text: it is kept at every rate above 0, and not counted.
        let isForced: Bool
    }

    /// The units, in the order of the template.
    let entries: [Entry]
    /// Positions in `entries`, the most important first.
    var order: [Int]

    /// The units of a schema's removable literals, ordered by place.
    init(_ schema: Schema, forced: [String] = [], countTokens: ([UInt8]) -> Int) {
        let marks = forced.filter { !$0.isEmpty }
        entries = schema.removableLiterals.flatMap { literal in
            TemplateUnit.units(of: literal.text).map { unit in
                let bytes = Array(literal.text[unit.range])
                let text = String(decoding: bytes, as: UTF8.self)
                return Entry(
                    literal: literal.number, range: unit.range, text: bytes, kind: unit.kind,
                    tokens: countTokens(bytes),
                    isForced: marks.contains { text.contains($0) })
            }
        }
        order = Array(entries.indices)
    }

    /// The units that are kept at a rate: forced ones, then the most important ones that fit, up to the first that does
    /// not.
    func kept(rate: Double) -> Set<Int> {
        if rate >= 1 { return Set(entries.indices) }
        if rate <= 0 { return [] }
        var kept = Set(entries.indices.filter { entries[$0].isForced })
        let budget = Int((rate * Double(tokens) + 1e-9).rounded(.down))
        var used = 0
        for index in order where !entries[index].isForced {
            guard used + entries[index].tokens <= budget else { break }
            used += entries[index].tokens
            kept.insert(index)
        }
        return kept
    }

    /// Tokens of all units.
    var tokens: Int { entries.reduce(0) { $0 + $1.tokens } }

    /// The template with only these units.
    func template(keeping kept: Set<Int>, of schema: Schema) -> CompressedTemplate {
        var literals = schema.emptiedLiterals
        var cuts = literals.mapValues { _ in [Range<Int>]() }
        for index in entries.indices where kept.contains(index) {
            let entry = entries[index]
            literals[entry.literal, default: []] += entry.text
            var ranges = cuts[entry.literal] ?? []
            let touches = ranges.last?.upperBound == entry.range.lowerBound
            let start = touches ? ranges.removeLast().lowerBound : entry.range.lowerBound
            cuts[entry.literal] = ranges + [start..<entry.range.upperBound]
        }
        return CompressedTemplate(
            literals: literals, cuts: cuts, tokensBefore: tokens,
            tokensAfter: kept.reduce(0) { $0 + entries[$1].tokens })
    }

    /// The template at a rate.
    func compress(_ schema: Schema, rate: Double) -> CompressedTemplate {
        template(keeping: kept(rate: rate), of: schema)
    }
}
