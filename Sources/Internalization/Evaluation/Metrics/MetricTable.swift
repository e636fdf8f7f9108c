/// The metrics that a task can name.
public enum MetricTable {
    /// All of them, in the order of reports.
    public static let all: [any AnswerMetric] = [
        ExactMatch(), IdenticalMatch(), BLEUMetric(unit: .characters), BLEUMetric(unit: .tokens), CorpusBLEU(),
        TemplateMatch(scope: .all), TemplateMatch(scope: .havingOne), UtilityMatch(), CommandMatch(),
    ]

    /// What is reported when a task names nothing.
    public static let standard: [any AnswerMetric] = [ExactMatch(), BLEUMetric(unit: .characters)]

    /// The metrics with these names.
    ///
    /// - Throws: `InternalizationError.setting` for a name that no metric has.
    public static func named(_ names: [String]) throws(InternalizationError) -> [any AnswerMetric] {
        var found: [any AnswerMetric] = []
        for name in names {
            guard let metric = all.first(where: { $0.name == name }) else {
                throw .setting(
                    "metrics: there is no metric '\(name)'; known are \(all.map(\.name).joined(separator: ", "))")
            }
            found.append(metric)
        }
        return found
    }
}
