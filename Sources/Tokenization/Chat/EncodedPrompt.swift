/// The tokens of a rendered conversation, with the place of every message's text among them.
public struct EncodedPrompt: Equatable, Sendable {
    /// One message's text among the tokens.
    public struct MessageSpan: Equatable, Sendable {
        /// The tokens that start inside the message's text.
        public var tokens: Range<Int>
        /// Where each of these tokens starts, in bytes from the beginning of the message's text.
        var starts: [Int]
    }

    /// The token ids of the whole prompt.
    public internal(set) var ids: [Int32] = []
    /// One span per message, in order.
    public internal(set) var messages: [MessageSpan] = []

    /// The tokens of one message that start inside each of `ranges`, given in bytes of the message's text.
    ///
    /// A token that straddles two ranges belongs to the one where it starts, so that adjoining ranges share no token
    /// and miss none. A token that starts before the text, in the line end after the role, belongs to the frame.
    public func segmentSpans(ofMessage message: Int, ranges: [Range<Int>]) -> [Range<Int>] {
        let span = messages[message]
        return ranges.map { range in
            let first = Self.firstIndex(span.starts, atOrAfter: range.lowerBound)
            let end = Self.firstIndex(span.starts, atOrAfter: range.upperBound)
            return span.tokens.lowerBound + first..<span.tokens.lowerBound + end
        }
    }

    private static func firstIndex(_ starts: [Int], atOrAfter offset: Int) -> Int {
        var low = 0
        var high = starts.count
        while low < high {
            let middle = (low + high) / 2
            if starts[middle] < offset { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
