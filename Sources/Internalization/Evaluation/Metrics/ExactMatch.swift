/// Whether the answer equals a label after every run of white space is made one space and the ends are trimmed.
public struct ExactMatch: AnswerMetric {
    /// The key in reports.
    public let name = "exact"

    /// The metric has no settings.
    public init() {}

    /// 1 or 0.
    public func score(_ answer: GradedAnswer) -> Double? {
        let text = Self.normalized(answer.text)
        return answer.references.contains { Self.normalized($0.answer) == text } ? 1 : 0
    }

    /// The text with single spaces between its words.
    public static func normalized(_ text: String) -> String {
        text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }
}

/// Whether the answer equals a label byte for byte.
public struct IdenticalMatch: AnswerMetric {
    /// The key in reports.
    public let name = "identical"

    /// The metric has no settings.
    public init() {}

    /// 1 or 0.
    public func score(_ answer: GradedAnswer) -> Double? {
        answer.references.contains { $0.answer.utf8.elementsEqual(answer.text.utf8) } ? 1 : 0
    }
}
