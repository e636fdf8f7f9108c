/// Whether a command has the same normal form as a label: arguments replaced by their types (`BashTemplate`).
///
/// The answer's form counts as right if it equals a label's `template`, or the form that we give to a label that has
/// one; where our form of a label and its `template` differ, both are right.
public struct TemplateMatch: AnswerMetric {
    /// Which items count.
    public enum Scope: Sendable {
        /// All; an item whose labels have no template is wrong.
        case all
        /// Those with a label that has a template.
        case havingOne
    }

    private let scope: Scope

    /// The metric over all items, or over those that have a template.
    public init(scope: Scope) {
        self.scope = scope
    }

    /// `template` or `template_having_one`.
    public var name: String { scope == .all ? "template" : "template_having_one" }

    /// 1 or 0; nil for an item without template where only those count.
    public func score(_ answer: GradedAnswer) -> Double? {
        let labels = answer.references.filter { $0.template?.isEmpty == false }
        if labels.isEmpty { return scope == .all ? 0 : nil }
        guard let form = BashTemplate.of(answer.text) else { return 0 }
        return labels.contains { $0.template == form || BashTemplate.of($0.answer) == form } ? 1 : 0
    }
}

/// Whether the answer's first word is that of a label.
public struct UtilityMatch: AnswerMetric {
    /// The key in reports.
    public let name = "utility"

    /// The metric has no settings.
    public init() {}

    /// 1 or 0.
    public func score(_ answer: GradedAnswer) -> Double? {
        guard let utility = Self.utility(answer.text) else { return 0 }
        return answer.references.contains { Self.utility($0.answer) == utility } ? 1 : 0
    }

    private static func utility(_ command: String) -> Substring? {
        command.split(maxSplits: 1, whereSeparator: \.isWhitespace).first
    }
}

/// The cosine between the counts of utilities and flags in the answer and in a label, the best over the labels.
public struct CommandMatch: AnswerMetric {
    /// The key in reports.
    public let name = "command_match"

    /// The metric has no settings.
    public init() {}

    /// 0 to 1.
    public func score(_ answer: GradedAnswer) -> Double? {
        let own = Self.counts(answer.text)
        return answer.references.map { Self.cosine(own, Self.counts($0.answer)) }.max()
    }

    /// Utilities and flags: of the normal form, or of the words where a command has none.
    private static func counts(_ command: String) -> [Substring: Int] {
        let form = BashTemplate.of(command)
        let words = (form ?? command).split(whereSeparator: \.isWhitespace)
        var counts: [Substring: Int] = [:]
        var startsCommand = true
        for word in words {
            if startsCommand || isFlag(word) { counts[word, default: 0] += 1 }
            startsCommand = ["|", "$(", "<(", "-exec", "-execdir", "-ok", ";", "&&", "||"].contains(word)
        }
        return counts
    }

    private static func isFlag(_ word: Substring) -> Bool {
        word.hasPrefix("-") && word.dropFirst().first?.isUppercase != true || (word.hasPrefix("-") && word.count == 2)
    }

    private static func cosine(_ first: [Substring: Int], _ second: [Substring: Int]) -> Double {
        func square(_ counts: [Substring: Int]) -> Int { counts.values.reduce(0) { $0 + $1 * $1 } }
        let product = first.reduce(0) { $0 + $1.value * (second[$1.key] ?? 0) }
        return product == 0 ? 0 : Double(product) / (Double(square(first)) * Double(square(second))).squareRoot()
    }
}
