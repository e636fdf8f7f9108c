/// The way from text to tokens: added tokens, normalizers, words, merges.
extension Tokenizer {
    /// A stretch of the input on its way through the steps.
    private struct Stretch {
        /// Where it begins in the input.
        var start: Int
        var text: ArraySlice<UInt8>
        var isAtStart: Bool
    }

    /// The tokens of `text`.
    ///
    /// - Parameters:
    ///   - isAtStart: whether the text begins the model's input; some tokenizers put a space there.
    ///   - keepsPlaces: whether the tokens' ranges are wanted.
    ///   - accepts: whether the bytes in a range of `text` may be an added token; nil where only those of whitespace
    ///     may.
    func encode(
        _ text: [UInt8], isAtStart: Bool, keepsPlaces: Bool, accepts: ((Range<Int>) -> Bool)?
    ) -> OffsetEncoding {
        var result = OffsetEncoding()
        result.tokens.reserveCapacity(text.count / 3 + 8)
        let matcher = accepts == nil ? whitespaceTokens : rawTokens
        withScratch { scratch in
            guard !matcher.isEmpty else {
                let whole = Stretch(start: 0, text: text[...], isAtStart: isAtStart)
                return append(whole, to: &result, keepsPlaces, accepts, &scratch)
            }
            for piece in matcher.split(text[...], accepts: accepts ?? { _ in true }) {
                if let token = piece.token {
                    result.tokens.append(token)
                    if keepsPlaces { result.ranges.append(piece.range) }
                } else {
                    let stretch = Stretch(
                        start: piece.range.lowerBound, text: text[piece.range],
                        isAtStart: isAtStart && piece.range.lowerBound == 0)
                    append(stretch, to: &result, keepsPlaces, accepts, &scratch)
                }
            }
        }
        return result
    }

    /// Normalizes a stretch and finds the added tokens of normalized text.
    private func append(
        _ stretch: Stretch, to result: inout OffsetEncoding, _ keepsPlaces: Bool, _ accepts: ((Range<Int>) -> Bool)?,
        _ scratch: inout EncodingScratch
    ) {
        let searches = accepts != nil && !normalizedTokens.isEmpty
        var normalized = NormalizedText(
            stretch.text, isAtStart: stretch.isAtStart, keepsPlaces: keepsPlaces || searches)
        normalized.apply(definition.normalizers)
        guard searches, let accepts else { return append(normalized, from: stretch, to: &result, &scratch) }
        func place(_ range: Range<Int>) -> Range<Int> {
            let original = normalized.original(range)
            return stretch.start + original.lowerBound..<stretch.start + original.upperBound
        }
        let bytes = normalized.bytes
        for piece in normalizedTokens.split(bytes, accepts: { accepts(place($0)) }) {
            if let token = piece.token {
                result.tokens.append(token)
                if keepsPlaces { result.ranges.append(place(piece.range)) }
                continue
            }
            var words = NormalizedText(
                bytes[(bytes.startIndex + piece.range.lowerBound)..<(bytes.startIndex + piece.range.upperBound)],
                isAtStart: stretch.isAtStart && piece.range.lowerBound == 0, keepsPlaces: keepsPlaces)
            words.apply(definition.wordNormalizers)
            appendWords(words, to: &result, &scratch) { range in
                let inner = words.original(range)
                let start = piece.range.lowerBound
                return place(start + inner.lowerBound..<start + inner.upperBound)
            }
        }
    }

    /// Encodes a stretch in which no added tokens are looked for any more.
    private func append(
        _ normalized: NormalizedText, from stretch: Stretch, to result: inout OffsetEncoding,
        _ scratch: inout EncodingScratch
    ) {
        var words = normalized
        words.apply(definition.wordNormalizers)
        appendWords(words, to: &result, &scratch) { range in
            let original = words.original(range)
            return stretch.start + original.lowerBound..<stretch.start + original.upperBound
        }
    }

    private func appendWords(
        _ words: NormalizedText, to result: inout OffsetEncoding, _ scratch: inout EncodingScratch,
        place: (Range<Int>) -> Range<Int>
    ) {
        let first = result.tokens.count
        scratch.unknowns.removeAll(keepingCapacity: true)
        encoder.append(words.bytes.span, to: &result.tokens, &scratch)
        guard words.keepsPlaces else { return }
        var start = 0
        var unknowns = scratch.unknowns.makeIterator()
        for token in result.tokens[first...] {
            let isUnknown = token == definition.unknown && !definition.usesByteLevel
            let length = isUnknown ? unknowns.next() ?? 0 : definition.lengthOfToken[Int(token)]
            let end = min(start + length, words.bytes.count)
            result.ranges.append(place(start..<end))
            start = end
        }
    }
}
