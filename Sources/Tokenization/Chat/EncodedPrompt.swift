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

    /// The tokens of a rendered text, with those of each message found by where their bytes came from.
    ///
    /// A message that the template prints twice counts where it stands first; one that it leaves out has no tokens.
    init(_ encoding: OffsetEncoding, _ origins: TextOrigins, messages count: Int) {
        ids = encoding.tokens
        messages = [MessageSpan](repeating: MessageSpan(tokens: 0..<0, starts: []), count: count)
        for (place, range) in encoding.ranges.enumerated() {
            guard let (index, offset) = origins.message(at: range.lowerBound) else { continue }
            if messages[index].starts.isEmpty {
                messages[index] = MessageSpan(tokens: place..<place + 1, starts: [offset])
            } else if let last = messages[index].starts.last, last <= offset {
                // What the template put between two parts of a message belongs to the part after it.
                let gap = place - messages[index].tokens.upperBound + 1
                messages[index].starts += [Int](repeating: offset, count: gap)
                messages[index].tokens = messages[index].tokens.lowerBound..<place + 1
            }
        }
    }

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
