/// What a task's data files hold, and what has leaked between them.
public struct DatasetStatistics: Sendable, Codable, Equatable {
    /// One data file.
    public struct Part: Sendable, Codable, Equatable {
        /// Number of rows, of different queries, of different answers and of groups.
        public let rows: Int
        /// Different queries.
        public let queries: Int
        /// Different answers.
        public let answers: Int
        /// Groups, where rows without one count one each.
        public let groups: Int
        /// Rows whose query and answer both occurred before in the file.
        public let duplicates: Int
        /// Rows whose answer another row has, too: retrieval by label has to leave these out.
        public let sharedAnswers: Int
        /// Mean and largest number of tokens of queries and answers.
        public let queryTokens: Lengths
        /// Of the answers.
        public let answerTokens: Lengths
        /// SHA-256 over all rows, hex, as in a run's name.
        public let digest: String
    }

    /// Token counts.
    public struct Lengths: Sendable, Codable, Equatable {
        /// Mean.
        public let mean: Double
        /// Largest.
        public let largest: Int

        init(_ counts: [Int]) {
            mean = counts.isEmpty ? 0 : Double(counts.reduce(0, +)) / Double(counts.count)
            largest = counts.max() ?? 0
        }
    }

    /// Rows of a held-out file that training could have given away.
    public struct Leakage: Sendable, Codable, Equatable {
        /// The held-out file.
        public let part: String
        /// Rows whose query, up to case and white space, is in the training file: an error in the split.
        public let queries: Int
        /// Rows whose group is in the training file: an error in the split.
        public let groups: Int
        /// Rows whose answer is in the training file: possible, and worth knowing.
        public let answers: Int
    }

    /// The files by name.
    public let parts: [String: Part]
    /// Held-out files against the training file.
    public let leakage: [Leakage]

    /// Counts; `files` are rows by name, of which "train" is what the others are held against.
    public init(_ files: [String: [TaskRow]], countTokens: (String) -> Int) {
        parts = files.mapValues { Part($0, countTokens: countTokens) }
        let train = files["train"] ?? []
        let queries = Set(train.map { DatasetImport.group(of: $0.query) })
        let groups = Set(train.compactMap(\.group))
        let answers = Set(train.map(\.answer))
        leakage = files.keys.sorted().filter { $0 != "train" }.map { name in
            let rows = files[name] ?? []
            return Leakage(
                part: name, queries: rows.count { queries.contains(DatasetImport.group(of: $0.query)) },
                groups: rows.count { $0.group.map(groups.contains) ?? false },
                answers: rows.count { answers.contains($0.answer) })
        }
    }

    /// Whether a held-out query or group is in the training file.
    public var leaks: Bool { leakage.contains { $0.queries > 0 || $0.groups > 0 } }
}

extension DatasetStatistics.Part {
    init(_ rows: [TaskRow], countTokens: (String) -> Int) {
        var answers: [String: Int] = [:]
        for row in rows { answers[row.answer, default: 0] += 1 }
        let pairs = Set(rows.map { [$0.query, $0.answer] })
        self.init(
            rows: rows.count, queries: Set(rows.map(\.query)).count, answers: answers.count,
            groups: Set(rows.compactMap(\.group)).count + rows.count { $0.group == nil },
            duplicates: rows.count - pairs.count, sharedAnswers: rows.count { (answers[$0.answer] ?? 0) > 1 },
            queryTokens: .init(rows.map { countTokens($0.query) }),
            answerTokens: .init(rows.map { countTokens($0.answer) }), digest: TaskRows.digest(rows))
    }
}
