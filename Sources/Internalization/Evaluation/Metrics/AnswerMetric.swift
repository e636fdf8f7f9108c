/// An answer, and the rows whose labels count as right for it.
public struct GradedAnswer: Sendable, Equatable {
    /// What the model wrote.
    public let text: String
    /// The rows of the item: one, or all rows of a group; never empty.
    public let references: [TaskRow]

    /// An answer with its references.
    public init(text: String, references: [TaskRow]) {
        precondition(!references.isEmpty, "an answer needs a reference")
        self.text = text
        self.references = references
    }
}

/// Scores answers against labels. A metric's name says exactly what it computes; it is its key in reports.
public protocol AnswerMetric: Sendable {
    /// The key in reports, in lower case with underscores.
    var name: String { get }

    /// The score of one answer, 0 to 1; nil when the item does not count.
    func score(_ answer: GradedAnswer) -> Double?

    /// The figure over all answers, in percent: the mean of the scores unless the metric is defined over a corpus.
    func percent(_ answers: [GradedAnswer]) -> Double
}

extension AnswerMetric {
    /// The mean of the scores that count, in percent; 0 when none does.
    public func percent(_ answers: [GradedAnswer]) -> Double {
        let scores = answers.compactMap(score)
        return scores.isEmpty ? 0 : scores.reduce(0, +) / Double(scores.count) * 100
    }
}
