/// Where a text that is one word to its tokenizer can be cut without changing its tokens: before the sign for a space.
///
/// A merge that crosses a cut would need a token in which the character before the cut is followed by that sign. The
/// vocabulary tells after which characters this never happens, so the cuts are exact, and words become short enough to
/// be remembered.
struct SpaceCuts: Sendable {
    /// U+2581, which stands for a space in vocabularies of SentencePiece's kind.
    static let sign: [UInt8] = [0xE2, 0x96, 0x81]
    private static let signValue: UInt32 = 0x2581

    /// The characters that some token joins to a sign after them; the sign itself is one of them.
    private let joined: Set<UInt32>

    /// The cuts of a vocabulary, or nil if it has no token for the sign alone.
    init?(_ vocabulary: [[UInt8]: Int32]) {
        guard vocabulary[Self.sign] != nil else { return nil }
        var joined: Set<UInt32> = [Self.signValue]
        for spelling in vocabulary.keys {
            let text = spelling.span
            var previous: UInt32?
            var index = 0
            while index < text.count {
                let next = text.scalar(at: index)
                if next.value == Self.signValue, let previous { joined.insert(previous) }
                previous = next.value
                index += next.length
            }
        }
        self.joined = joined
    }

    /// The next cut after `start`, or the end of the text.
    func wordEnd(in text: Span<UInt8>, from start: Int) -> Int {
        var index = start + 1
        while index < text.count {
            if text[index] == 0xE2, index + 2 < text.count, text[index + 1] == 0x96, text[index + 2] == 0x81,
                !joined.contains(text.lastScalar(before: index))
            {
                return index
            }
            index += 1
        }
        return text.count
    }
}

extension Span<UInt8> {
    /// The scalar that ends at `index`; bytes that belong to no character read as U+FFFD.
    func lastScalar(before index: Int) -> UInt32 {
        var start = index - 1
        while start > 0, self[start] & 0xC0 == 0x80, index - start < 4 { start -= 1 }
        let last = scalar(at: start)
        return start + last.length == index ? last.value : 0xFFFD
    }
}
