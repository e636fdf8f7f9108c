/// What a stretch of a prompt is.
public enum SegmentKind: String, Sendable, Hashable, CaseIterable {
    case template, examples, context, query
}

/// A stretch of one message. The segments of a recognized prompt cover every byte of every message, in order.
public struct Segment: Sendable, Hashable {
    /// What the stretch is.
    public let kind: SegmentKind
    /// The index of its message in the request.
    public let message: Int
    /// Its bytes in that message's text. Empty only for an empty slot.
    public let range: Range<Int>
    /// Whether it stays in the stripped prompt.
    public let kept: Bool
    /// For a known example, its index in the bank.
    public let example: Int?
    /// For a context or query, the name of its slot.
    public let slot: String?

    init(
        kind: SegmentKind, message: Int, range: Range<Int>, kept: Bool, example: Int? = nil, slot: String? = nil
    ) {
        self.kind = kind
        self.message = message
        self.range = range
        self.kept = kept
        self.example = example
        self.slot = slot
    }
}

/// A prompt that is an instance of one task's schema, with the place of each of its parts.
public struct RecognizedPrompt: Sendable, Hashable {
    /// The task's name.
    public let taskID: String
    /// The version of the schema that matched.
    public let version: String
    /// The fingerprint of the schema that matched.
    public let fingerprint: String
    /// The stretches, covering every byte of every message, in order.
    public let segments: [Segment]

    /// How many bytes the segments of one kind have together.
    public func byteCount(of kind: SegmentKind) -> Int {
        segments.reduce(0) { $1.kind == kind ? $0 + $1.range.count : $0 }
    }

    /// How many bytes stripping takes out.
    public var removedByteCount: Int {
        segments.reduce(0) { $1.kept ? $0 : $0 + $1.range.count }
    }
}
