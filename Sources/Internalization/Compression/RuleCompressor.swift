public import PromptSchema

/// Drops units of the template by simple rules, without a model: clauses first, then sentences, items, rules and
/// headings; the later ones of a kind first. Lines with codes, digits or quotations go last, table by table.
///
/// Blank lines count as clauses, so the layout goes first. The order does not depend on the rate, which makes the kept
/// sets nested.
public struct RuleCompressor: TemplateCompressor {
    /// The rules' version is part of the name.
    public let name = "rules-1"

    /// The compressor has no settings.
    public init() {}

    /// Keeps units in the order of importance while their tokens fit into rate * tokens.
    public func compress(_ schema: Schema, rate: Double, countTokens: ([UInt8]) -> Int) -> CompressedTemplate {
        let literals = schema.literals.filter { !$0.keep }
        let units = literals.flatMap { literal in
            TemplateUnit.units(of: literal.text).map { unit in
                RankedUnit(
                    literal: literal.number, unit: unit, tokens: countTokens(Array(literal.text[unit.range])))
            }
        }
        let before = units.reduce(0) { $0 + $1.tokens }
        let budget = Int((rate * Double(before) + 1e-9).rounded(.down))
        var kept = Set<Int>()
        var used = 0
        for (index, unit) in units.enumerated().sorted(by: RankedUnit.isMoreImportant) {
            guard used + unit.tokens <= budget else { break }
            used += unit.tokens
            kept.insert(index)
        }
        if rate >= 1 { kept = Set(units.indices) }
        if rate <= 0 { kept = [] }
        var result = Dictionary(uniqueKeysWithValues: literals.map { ($0.number, [UInt8]()) })
        for (index, unit) in units.enumerated() where kept.contains(index) {
            result[unit.literal]! += schema.literals[unit.literal].text[unit.unit.range]
        }
        return CompressedTemplate(
            literals: result, tokensBefore: before,
            tokensAfter: kept.reduce(0) { $0 + units[$1].tokens })
    }
}

private struct RankedUnit {
    let literal: Int
    let unit: TemplateUnit
    let tokens: Int

    static func isMoreImportant(_ left: (offset: Int, element: Self), _ right: (offset: Int, element: Self)) -> Bool {
        let kinds = (left.element.unit.kind, right.element.unit.kind)
        return kinds.0 == kinds.1 ? left.offset < right.offset : kinds.0 > kinds.1
    }
}
