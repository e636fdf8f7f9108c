/// A message of a stripped prompt: the kept bytes of one message of the request.
public struct StrippedMessage: Sendable, Hashable {
    /// Who speaks, as in the request.
    public let role: Role
    /// The index of the message in the request.
    public let source: Int
    /// The kept bytes, as ranges of that message's text, in order; ranges that touch are one.
    public let ranges: [Range<Int>]
    /// The kept bytes, joined.
    public let text: [UInt8]
}

/// What is left of a prompt when its template and its examples are taken out.
public struct StrippedPrompt: Sendable, Hashable {
    /// The messages that still have kept bytes, in order.
    public let messages: [StrippedMessage]
    /// The query, byte for byte as the client sent it.
    public let query: [UInt8]
}

/// Takes the segments that are not kept out of the messages that `recognized` was found in.
///
/// - Parameters:
///   - recognized: What `recognize` returned for exactly these messages.
///   - messages: The messages of the request.
public func strip(_ recognized: RecognizedPrompt, from messages: [PromptMessage]) -> StrippedPrompt {
    var kept = KeptRanges(messages)
    for segment in recognized.segments where segment.kept { kept.keep(segment, segment.range) }
    return kept.prompt
}

/// Collects what stays of a prompt's messages, in order.
struct KeptRanges {
    private let messages: [PromptMessage]
    private var ranges: [[Range<Int>]]
    private var query: [UInt8] = []

    init(_ messages: [PromptMessage]) {
        self.messages = messages
        ranges = [[Range<Int>]](repeating: [], count: messages.count)
    }

    /// Keeps a range that lies within a segment; ranges that touch become one.
    mutating func keep(_ segment: Segment, _ range: Range<Int>) {
        if segment.kind == .query { query = Array(messages[segment.message].text[range]) }
        if range.isEmpty { return }
        if let last = ranges[segment.message].last, last.upperBound == range.lowerBound {
            ranges[segment.message].removeLast()
            ranges[segment.message].append(last.lowerBound..<range.upperBound)
        } else {
            ranges[segment.message].append(range)
        }
    }

    /// The messages that still have bytes.
    var prompt: StrippedPrompt {
        let kept = messages.indices.filter { !ranges[$0].isEmpty }.map { index in
            var text: [UInt8] = []
            for range in ranges[index] { text += messages[index].text[range] }
            return StrippedMessage(role: messages[index].role, source: index, ranges: ranges[index], text: text)
        }
        return StrippedPrompt(messages: kept, query: query)
    }
}
