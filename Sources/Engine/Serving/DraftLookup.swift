/// Guesses the next tokens of a sequence from where its last few stood before, in prompt or answer.
///
/// Source: Saxena, "Prompt Lookup Decoding", 2023. A guess is only ever checked, so that a wrong one costs time and
/// changes nothing.
struct DraftLookup {
    /// Tokens in a row that must have stood before.
    static let pattern = 3

    private let limit: Int
    private var tokens: [Int32] = []
    /// For each run of `pattern` tokens, the position after its last and its last but one occurrence.
    private var places: [[Int32]: (last: Int, before: Int?)] = [:]

    /// - Parameter limit: most tokens guessed at once; 0 guesses nothing and keeps nothing.
    init(limit: Int) {
        self.limit = limit
    }

    mutating func append(_ token: Int32) {
        guard limit > 0 else { return }
        tokens.append(token)
        guard tokens.count >= Self.pattern else { return }
        let run = Array(tokens.suffix(Self.pattern))
        places[run] = (tokens.count, places[run]?.last)
    }

    mutating func append(contentsOf more: [Int32]) {
        guard limit > 0 else { return }
        for token in more { append(token) }
    }

    /// What may come next, at most `most` tokens; empty if the last tokens never stood before.
    func guess(most: Int) -> ArraySlice<Int32> {
        guard limit > 0, tokens.count >= Self.pattern,
            let start = places[Array(tokens.suffix(Self.pattern))]?.before
        else { return [] }
        return tokens[start..<min(start + min(limit, most), tokens.count)]
    }
}
