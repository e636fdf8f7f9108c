/// Whether the whole answer has the form that the task demands, right or wrong: a validator by regular expression.
public struct FormatMatch: AnswerMetric {
    /// The key in reports.
    public let name = "format"
    private let pattern: String

    /// A validator.
    ///
    /// - Throws: `InternalizationError.setting` when the pattern is no regular expression.
    public init(_ pattern: String) throws(InternalizationError) {
        guard (try? Regex(pattern)) != nil else { throw .setting("pattern: it is not a regular expression") }
        self.pattern = pattern
    }

    /// 1 or 0.
    public func score(_ answer: GradedAnswer) -> Double? {
        guard let regex = try? Regex(pattern) else { return 0 }
        return answer.text.wholeMatch(of: regex) == nil ? 0 : 1
    }
}
