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
    var ranges = [[Range<Int>]](repeating: [], count: messages.count)
    var query: [UInt8] = []
    for segment in recognized.segments where segment.kept {
        if segment.kind == .query { query = Array(messages[segment.message].text[segment.range]) }
        if segment.range.isEmpty { continue }
        if let last = ranges[segment.message].last, last.upperBound == segment.range.lowerBound {
            ranges[segment.message].removeLast()
            ranges[segment.message].append(last.lowerBound..<segment.range.upperBound)
        } else {
            ranges[segment.message].append(segment.range)
        }
    }
    let kept = messages.indices.filter { !ranges[$0].isEmpty }.map { index in
        var text: [UInt8] = []
        for range in ranges[index] { text += messages[index].text[range] }
        return StrippedMessage(role: messages[index].role, source: index, ranges: ranges[index], text: text)
    }
    return StrippedPrompt(messages: kept, query: query)
}
