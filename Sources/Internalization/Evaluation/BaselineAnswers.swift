/// Answers that need no model: what a figure has to beat, and what an implementation of the metrics has to reproduce.
public struct BaselineAnswers: Sendable {
    /// How the answers come about.
    public enum Kind: String, Sendable, CaseIterable {
        /// The same text for every query.
        case constant
        /// The label of the training row whose query is nearest by BM25.
        case nearest
        /// The item's own label, the last of several.
        case gold
    }

    /// The answers, in the order of the items.
    public let answers: [GradedAnswer]
    /// The `template` field of the row that each answer was copied from; nil for a text that comes from no row.
    public let templates: [String?]

    /// Answers every item.
    ///
    /// - Parameters:
    ///   - bank: training rows.
    ///   - constant: the answer of `constant`; the bank's most frequent one if nil, the first of several.
    public init(_ kind: Kind, items: [EvaluationItem], bank: [TaskRow], constant: String? = nil) {
        let rows: [TaskRow?]
        switch kind {
        case .constant:
            let text = constant ?? Self.mostFrequent(bank)
            answers = items.map { GradedAnswer(text: text, references: $0.references) }
            templates = items.map { _ in nil }
            return
        case .nearest:
            let index = BM25(bank.map(\.query))
            rows = items.map { index.search($0.row.query, limit: 1).first.map { bank[$0] } }
        case .gold: rows = items.map(\.references.last)
        }
        answers = zip(rows, items).map { GradedAnswer(text: $0?.answer ?? "", references: $1.references) }
        templates = rows.map { $0?.template }
    }

    /// Share of items, in percent, whose answer's own `template` field equals that of a label: template accuracy
    /// without a parser of ours. Answers from no row count by our parser.
    public func fieldTemplatePercent(_ scope: TemplateMatch.Scope) -> Double {
        let flags = zip(answers, templates).compactMap { answer, template -> Bool? in
            let labels = answer.references.compactMap(\.template).filter { !$0.isEmpty }
            if labels.isEmpty { return scope == .all ? false : nil }
            guard let template = template ?? BashTemplate.of(answer.text) else { return false }
            return labels.contains(template)
        }
        return Double(flags.filter { $0 }.count) / Double(max(1, flags.count)) * 100
    }

    private static func mostFrequent(_ bank: [TaskRow]) -> String {
        var counts: [String: Int] = [:]
        for row in bank { counts[row.answer, default: 0] += 1 }
        let most = counts.values.max() ?? 0
        return bank.first { counts[$0.answer] == most }?.answer ?? ""
    }
}
