/// Finds the worked examples that go into a prompt. The bank is training rows only.
public struct ExampleRetriever: Sendable {
    private let bank: [TaskRow]
    private let answers: BM25
    private let queries: BM25

    /// Candidates that the label score ranks; more would change little and cost n² comparisons.
    private static let candidates = 50

    /// A retriever over a bank of training rows.
    public init(bank: [TaskRow]) {
        self.bank = bank
        answers = BM25(bank.map(\.answer))
        queries = BM25(bank.map(\.query))
    }

    /// For a training row: bank rows with the most similar labels, least similar first.
    ///
    /// Rows with the same answer, the same query or the same group are left out, so that a stage cannot be learned by
    /// copying. The best k rows of a larger k are the same rows: sets are nested.
    public func examples(forTraining row: TaskRow, count: Int) -> [TaskRow] {
        let found = answers.search(row.answer, limit: Self.candidates) { isTooClose(bank[$0], to: row) }
        let words = BM25.words(row.answer)
        let scored = found.map { index in
            (index, LabelBLEU.score(candidate: BM25.words(bank[index].answer), reference: words))
        }
        let ranked = scored.sorted { $0.1 == $1.1 ? $0.0 < $1.0 : $0.1 > $1.1 }
        return ranked.prefix(count).reversed().map { bank[$0.0] }
    }

    /// For a query whose label is not known: bank rows with the most similar queries, least similar first.
    public func examples(forQuery query: String, count: Int) -> [TaskRow] {
        queries.search(query, limit: count) { bank[$0].query == query }.reversed().map { bank[$0] }
    }

    private func isTooClose(_ other: TaskRow, to row: TaskRow) -> Bool {
        other.answer == row.answer || other.query == row.query || (row.group != nil && other.group == row.group)
    }
}
