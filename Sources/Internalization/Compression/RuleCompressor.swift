public import PromptSchema

/// Drops units of the template by simple rules, without a model: clauses first, then sentences, items, rules and
/// headings; the later ones of a kind first. Lines with codes, digits or quotations go last, table by table.
///
/// Blank lines count as clauses, so the layout goes first. The order does not depend on the rate, which makes the kept
/// sets nested.
public struct RuleCompressor: TemplateCompressor {
    /// The rules' version, and what is forced, are part of the name.
    public var name: String { forcedName("rules-1", forced) }
    private let forced: [String]

    /// Rules that keep every unit with one of the `forced` texts, at every rate above 0.
    public init(forced: [String] = []) {
        self.forced = forced
    }

    /// Keeps units in the order of importance while their tokens fit into rate * tokens.
    public func compress(_ schema: Schema, rate: Double, countTokens: ([UInt8]) -> Int) -> CompressedTemplate {
        var ranking = UnitRanking(schema, forced: forced, countTokens: countTokens)
        ranking.orderByRules()
        return ranking.compress(schema, rate: rate)
    }
}

extension UnitRanking {
    /// The kinds that go last first; within a kind the earlier ones first.
    mutating func orderByRules() {
        let entries = entries
        order = entries.indices.sorted { left, right in
            let kinds = (entries[left].kind, entries[right].kind)
            return kinds.0 == kinds.1 ? left < right : kinds.0 > kinds.1
        }
    }
}

/// A compressor's name with a short hash of the texts it is forced to keep.
func forcedName(_ name: String, _ forced: [String]) -> String {
    forced.isEmpty ? name : name + "+" + String(stableHash(forced.joined(separator: "\u{0}")), radix: 16)
}
