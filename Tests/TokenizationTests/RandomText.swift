import TestSupport

/// Generated texts for property tests: words, whitespace, many scripts, control-token lookalikes, and broken UTF-8.
struct RandomText {
    private var random: SeededRandom
    private static let pieces = [
        "the", " House", "HARLOW", "07", "1234", " ", "   ", "\n", "\r\n", "\t", "'ll", "'S", "'", ".,;", "é",
        "e\u{301}",
        "ж", "漢字", "한국", "\u{1100}\u{1161}", "ש\u{5B8}", "क\u{94D}", "👩‍👩‍👧", "\u{FEFF}", "\u{2028}", "<|im_end|>",
        "<|im_start|>", "<tool>", "<|im_", "½", "٣", "\u{10FFFF}",
    ]

    init(seed: UInt64) {
        random = SeededRandom(seed: seed)
    }

    mutating func integer(in range: Range<Int>) -> Int {
        Int.random(in: range, using: &random)
    }

    mutating func wellFormed() -> [UInt8] {
        (0..<integer(in: 0..<12)).flatMap { _ in Array(Self.pieces[integer(in: 0..<Self.pieces.count)].utf8) }
    }

    /// Text in which some bytes were replaced by random ones.
    mutating func bytes() -> [UInt8] {
        var text = wellFormed()
        for _ in 0..<integer(in: 0..<4) where !text.isEmpty {
            text[integer(in: 0..<text.count)] = UInt8(truncatingIfNeeded: random.next())
        }
        return text
    }
}
