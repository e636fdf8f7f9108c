import Synchronization

/// Finds the worked examples that go into a prompt. The bank is training rows only.
///
/// Each row's neighbours are found once and kept: a stage takes the nearest k of them, so that sets are nested and no
/// stage shows a neighbour that an earlier one did not.
public struct ExampleRetriever: Sendable {
    private let bank: [TaskRow]
    private let labels: [LabelBLEU.Label]
    private let answers: BM25
    private let queries: BM25
    private let method: RetrievalSettings.Method
    private let embeddings: (any TextEmbedder)?
    private let vectors: [UnitVector]
    /// The vector of each query of the bank.
    private let known: [String: UnitVector]
    private let found = FoundNeighbours()

    /// Names the way examples are chosen; a run whose prompts have examples is named by it, so that a finished run is
    /// never taken for one with other examples.
    static let version = "examples-2"

    /// Candidates that the label score ranks; more would change little and cost n² comparisons.
    static let candidates = 50

    /// A retriever over a bank of training rows.
    ///
    /// - Parameter embedder: what the method `embeddings` compares by.
    /// - Throws: `InternalizationError.setting` when that method has no embedder.
    public init(
        bank: [TaskRow], settings: RetrievalSettings, embedder: (any TextEmbedder)? = nil
    ) throws(InternalizationError) {
        let kept = bank.filter(settings.keeps)
        var vectors: [[Float]] = []
        if settings.method == .embeddings {
            guard let embedder else { throw .setting("retrieval: embeddings need a base model") }
            vectors = try embedder.vectors(kept.map(\.query))
        }
        self.init(bank: kept, method: settings.method, embedder: embedder, vectors: vectors)
    }

    /// A retriever by label over the whole bank.
    public init(bank: [TaskRow]) {
        self.init(bank: bank, method: .labelBLEU, embedder: nil, vectors: [])
    }

    private init(
        bank: [TaskRow], method: RetrievalSettings.Method, embedder: (any TextEmbedder)?, vectors: [[Float]]
    ) {
        self.bank = bank
        self.method = method
        embeddings = embedder
        self.vectors = vectors.map(UnitVector.init)
        known = Dictionary(zip(bank.map(\.query), self.vectors)) { first, _ in first }
        answers = BM25(method == .labelBLEU ? bank.map(\.answer) : [])
        labels = method == .labelBLEU ? bank.map { LabelBLEU.Label($0.answer) } : []
        queries = BM25(bank.map(\.query))
    }

    /// For a training row: the nearest bank rows by the method, least similar first.
    ///
    /// Rows with the same answer, the same query or the same group are left out, so that a stage cannot be learned by
    /// copying. The best k rows of a larger k are the same rows: sets are nested. Where too few labels are similar, as
    /// with labels that are one word each, rows with similar queries follow, then others.
    public func examples(forTraining row: TaskRow, count: Int) -> [TaskRow] {
        neighbours(ofTraining: row).prefix(count).reversed().map { bank[$0] }
    }

    /// For a query whose label is not known: bank rows with the most similar queries, least similar first.
    public func examples(forQuery query: String, count: Int) -> [TaskRow] {
        let isExcluded = { (index: Int) in bank[index].query == query }
        let rows =
            method == .embeddings
            ? nearest(query, limit: count, excluding: isExcluded)
            : queries.search(query, limit: count, excluding: isExcluded)
        return filled(rows, query, limit: count, excluding: isExcluded).reversed().map { bank[$0] }
    }

    /// Positions in the bank, most similar first.
    private func neighbours(ofTraining row: TaskRow) -> [Int] {
        if let rows = found.rows.withLock({ $0[row] }) { return rows }
        let rows = search(row)
        found.rows.withLock { $0[row] = rows }
        return rows
    }

    private func search(_ row: TaskRow) -> [Int] {
        let isExcluded = { (index: Int) in isTooClose(bank[index], to: row) }
        return filled(nearest(row, isExcluded), row.query, limit: Self.candidates, excluding: isExcluded)
    }

    /// The rows that the method finds.
    private func nearest(_ row: TaskRow, _ isExcluded: (Int) -> Bool) -> [Int] {
        switch method {
        case .labelBLEU:
            let candidates = answers.search(row.answer, limit: Self.candidates, excluding: isExcluded)
            let label = LabelBLEU.Label(row.answer)
            let scored = candidates.map { ($0, LabelBLEU.score(labels[$0], reference: label)) }
            return scored.sorted { $0.1 == $1.1 ? $0.0 < $1.0 : $0.1 > $1.1 }.map(\.0)
        case .bm25: return queries.search(row.query, limit: Self.candidates, excluding: isExcluded)
        case .embeddings: return nearest(row.query, limit: Self.candidates, excluding: isExcluded)
        }
    }

    /// `found`, and where these are too few the rows with similar queries, then the first of the others, so that a
    /// prompt has its number of examples wherever the bank has as many.
    private func filled(_ found: [Int], _ query: String, limit: Int, excluding: (Int) -> Bool) -> [Int] {
        guard found.count < limit else { return found }
        var taken = Set(found)
        var rows = found + queries.search(query, limit: limit - found.count) { taken.contains($0) || excluding($0) }
        taken.formUnion(rows)
        for row in bank.indices where rows.count < limit && !taken.contains(row) && !excluding(row) { rows.append(row) }
        return rows
    }

    /// By cosine; vectors have length 1.
    private func nearest(_ query: String, limit: Int, excluding: (Int) -> Bool) -> [Int] {
        let vector = known[query] ?? (try? embeddings?.vectors([query]).first).map(UnitVector.init)
        guard limit > 0, let vector else { return [] }
        var best = BestRows(limit: limit)
        for (row, other) in vectors.enumerated() {
            let score = 2 + Double(vector.dot(other))
            if score > best.threshold, !excluding(row) { best.insert(row, score) }
        }
        return best.rows
    }

    private func isTooClose(_ other: TaskRow, to row: TaskRow) -> Bool {
        other.answer == row.answer || other.query == row.query || (row.group != nil && other.group == row.group)
    }
}

/// Neighbours that were found once, shared by all copies of a retriever.
private final class FoundNeighbours: Sendable {
    let rows = Mutex<[TaskRow: [Int]]>([:])
}

/// Turns texts into vectors of length 1 whose dot product says how similar two texts are.
public protocol TextEmbedder: Sendable {
    /// One vector a text, all of the same width.
    func vectors(_ texts: [String]) throws(InternalizationError) -> [[Float]]
}
