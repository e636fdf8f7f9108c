/// Tokens of a text together with the bytes each one covers.
public struct OffsetEncoding: Equatable, Sendable {
    /// The token ids.
    public internal(set) var tokens: [Int32] = []
    /// The byte range of each token in the encoded text; together they cover the text in order.
    ///
    /// Where the tokenizer rewrites text (NFC, say), a token inside a rewritten character covers that whole character,
    /// and a token of what the tokenizer put in covers nothing.
    public internal(set) var ranges: [Range<Int>] = []

    /// How many tokens start inside each of `spans`: a token that straddles two spans counts where it starts.
    public func tokenCounts(of spans: [Range<Int>]) -> [Int] {
        spans.map { span in
            Self.firstIndex(ranges, startingAtOrAfter: span.upperBound)
                - Self.firstIndex(ranges, startingAtOrAfter: span.lowerBound)
        }
    }

    private static func firstIndex(_ ranges: [Range<Int>], startingAtOrAfter offset: Int) -> Int {
        var low = 0
        var high = ranges.count
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].lowerBound < offset { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
