/// How worked examples are found.
public struct RetrievalSettings: Sendable, Codable, Equatable {
    /// What two rows are compared by.
    public enum Method: String, Sendable, Codable, CaseIterable {
        /// Smoothed sentence BLEU of the labels, of the 50 best by BM25 over labels. Training rows only: held-out rows
        /// are compared by BM25 over queries, since their labels are not known.
        case labelBLEU = "label-bleu"
        /// BM25 over queries.
        case bm25
        /// Cosine of the base model's mean hidden states over the queries.
        case embeddings
    }

    /// What rows are compared by.
    public var method: Method = .labelBLEU
    /// Share of the training rows that may serve as examples; smaller banks are part of larger ones.
    public var bankRatio = 1.0

    /// Label BLEU over all training rows.
    public init() {}

    func validate() throws(InternalizationError) {
        guard bankRatio > 0, bankRatio <= 1 else {
            throw .setting("bank_ratio: \(bankRatio) is not above 0 and at most 1")
        }
    }

    /// Whether a row belongs to the bank: by a hash of its query, so that the choice depends on nothing else.
    func keeps(_ row: TaskRow) -> Bool {
        bankRatio >= 1 || Double(stableHash(row.query) >> 11) * 0x1p-53 < bankRatio
    }
}

/// FNV-1a over the UTF-8, mixed once more so that every bit counts.
func stableHash(_ text: String) -> UInt64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    hash = (hash ^ (hash >> 31)) &* 0x9E37_79B9_7F4A_7C15
    return hash ^ (hash >> 29)
}
