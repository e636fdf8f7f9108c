import ChatAPI
import PromptSchema

/// The messages of a request as schemas see them: text content joined, if it is text throughout.
struct RequestMessages: Sendable {
    let messages: [PromptMessage]
    /// For each message the length of each of its texts: content parts are seen as one text.
    let lengths: [[Int]]
    /// False if a message carries more than role and text.
    let isPlain: Bool

    /// Nil if a message has another role than schemas know, or content that is not text.
    ///
    /// - Parameter readsOther: whether such content reads as no text instead; for telling whose request it is.
    init?(_ request: ChatRequest, readsOther: Bool = false) {
        var messages: [PromptMessage] = []
        var lengths: [[Int]] = []
        var isPlain = true
        for message in request.messages {
            guard let role = message.role.flatMap(Role.init(rawValue:)),
                let texts = message.texts ?? (readsOther ? [] : nil)
            else { return nil }
            var joined: [UInt8] = []
            var counts: [Int] = []
            for text in texts {
                guard let bytes = text.string.utf8 else { return nil }
                joined += bytes
                counts.append(bytes.count)
            }
            messages.append(PromptMessage(role: role, text: joined))
            lengths.append(counts)
            isPlain = isPlain && message.isPlain
        }
        self.messages = messages
        self.lengths = lengths
        self.isPlain = isPlain
    }

    /// The selection that keeps these ranges of a message's joined text, each part getting its share.
    func selection(of message: Int, keeping ranges: [Range<Int>]) -> MessageSelection {
        var start = 0
        let kept = lengths[message].map { length -> [Range<Int>] in
            let part = start..<start + length
            start += length
            return ranges.compactMap { range in
                let common = range.clamped(to: part)
                guard !common.isEmpty else { return nil }
                return common.lowerBound - part.lowerBound..<common.upperBound - part.lowerBound
            }
        }
        return MessageSelection(message, kept: kept)
    }
}

extension ChatRequest {
    /// The bytes of all texts of the messages, without looking at them.
    var textByteCount: Int {
        messages.reduce(0) { count, message in (message.texts ?? []).reduce(count) { $0 + $1.string.utf8Count } }
    }

    /// The start of a message's joined texts: `count` bytes or a few more, or all of a shorter text; empty if the
    /// content is not text.
    func opening(of message: Int, count: Int) -> [UInt8] {
        var opening: [UInt8] = []
        for text in messages[message].texts ?? [] where opening.count < count {
            opening += text.string.utf8(first: count - opening.count) ?? []
        }
        return opening
    }
}
