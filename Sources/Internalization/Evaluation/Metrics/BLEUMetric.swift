/// Sentence BLEU, averaged over the items; the name says of what.
public struct BLEUMetric: AnswerMetric {
    /// What an n-gram is made of.
    public enum Unit: Sendable {
        /// Unicode scalars of the text, without smoothing: the "BLEU" of the NL2Bash leaderboard.
        case characters
        /// Words between white space, smoothing method 1.
        case tokens
    }

    private let unit: Unit

    /// The metric over characters or tokens.
    public init(unit: Unit) {
        self.unit = unit
    }

    /// `char_bleu` or `token_bleu`.
    public var name: String { unit == .characters ? "char_bleu" : "token_bleu" }

    /// Sentence BLEU against all references.
    public func score(_ answer: GradedAnswer) -> Double? {
        let references = answer.references.map(\.answer)
        switch unit {
        case .characters:
            return BLEU.sentence(
                Array(answer.text.unicodeScalars), references: references.map { Array($0.unicodeScalars) },
                smoothing: .none)
        case .tokens:
            return BLEU.sentence(
                CorpusBLEU.words(answer.text), references: references.map(CorpusBLEU.words), smoothing: .method1)
        }
    }
}

/// Corpus BLEU on words between white space, smoothing method 1.
public struct CorpusBLEU: AnswerMetric {
    /// The key in reports.
    public let name = "corpus_token_bleu"

    /// The metric has no settings.
    public init() {}

    /// The item's own sentence BLEU, for intervals; the figure itself is over the corpus.
    public func score(_ answer: GradedAnswer) -> Double? {
        BLEUMetric(unit: .tokens).score(answer)
    }

    /// The counts of all items, added and then divided.
    public func percent(_ answers: [GradedAnswer]) -> Double {
        let items = answers.map { (Self.words($0.text), $0.references.map { Self.words($0.answer) }) }
        return BLEU.corpus(items, smoothing: .method1) * 100
    }

    static func words(_ text: String) -> [Substring] {
        text.split(whereSeparator: \.isWhitespace)
    }
}
