/// How a task's adapter is trained, compared and promoted: the file `recipe.yaml` of a task folder.
public struct TaskRecipe: Sendable, Equatable {
    /// Which compressor shortens the template.
    public enum Compressor: Sendable, Equatable {
        /// By the rise of the labels' loss; needs no more than the base model.
        case attribution
        /// By what the base model foresees.
        case selfInformation
        /// Simple rules, no model.
        case rules
        /// Hand-written templates in a folder.
        case files(String)
        /// An external program.
        case command([String])
    }

    /// What is measured, and how rows become items.
    public struct Evaluation: Sendable, Equatable {
        /// Names of metrics; the first one decides intervals and promotion. Empty for the usual ones.
        public var metrics: [String] = []
        /// Whether every row is asked, or every group once.
        public var unit: EvaluationItem.Unit = .row
        /// A regular expression that a whole answer has to match to be of the right form; adds the metric `format`.
        public var pattern: String?
        /// Longest answer, in tokens.
        public var maximumAnswer = 128

        /// Exact match and character BLEU, row by row.
        public init() {}

        /// The metrics.
        public func resolved() throws(InternalizationError) -> [any AnswerMetric] {
            let named = metrics.isEmpty ? MetricTable.standard : try MetricTable.named(metrics)
            return try pattern.map { (pattern) throws(InternalizationError) in named + [try FormatMatch(pattern)] }
                ?? named
        }
    }

    /// The training of every arm.
    public var training = Recipe()
    /// How the template shrinks.
    public var compressor = Compressor.attribution
    /// Texts that every shortened template keeps.
    public var forced: [String] = []
    /// What an evaluation measures.
    public var evaluation = Evaluation()
    /// What promotion demands.
    public var promotion = Promotion.Thresholds()

    /// The usual recipe.
    public init() {}
}
