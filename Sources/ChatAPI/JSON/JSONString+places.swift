extension JSONString {
    /// The raw bytes of a range of the text, or nil as for `rawRanges(ofText:)`.
    public func rawRange(ofText range: Range<Int>) -> Range<Int>? {
        rawRanges(ofText: [range])?.first
    }

    /// The raw bytes, as ranges of the document, of ranges of the text in UTF-8.
    ///
    /// - Parameter ranges: ascending ranges that do not overlap, counted in bytes of `utf8`.
    /// - Returns: nil if a bound lies inside a character or outside the text, if the ranges are not in order, or if the
    ///   string is not Unicode. A cut therefore never splits an escape or a UTF-8 sequence.
    public func rawRanges(ofText ranges: [Range<Int>]) -> [Range<Int>]? {
        guard isUnicode else { return nil }
        var bounds: [Int] = []
        bounds.reserveCapacity(2 * ranges.count)
        for range in ranges {
            guard range.lowerBound >= bounds.last ?? 0 else { return nil }
            bounds.append(range.lowerBound)
            bounds.append(range.upperBound)
        }
        guard let places = rawPlaces(ofText: bounds) else { return nil }
        return ranges.indices.map { places[2 * $0]..<places[2 * $0 + 1] }
    }

    /// The raw places of ascending places of the text, or nil if one is not on a character's border.
    private func rawPlaces(ofText bounds: [Int]) -> [Int]? {
        var places: [Int] = []
        places.reserveCapacity(bounds.count)
        let bytes = storage.bytes
        let text = bytes.span
        let end = contentRange.upperBound
        var at = contentRange.lowerBound
        var textOffset = 0
        while at < end, places.count < bounds.count {
            let runEnd = hasEscapes ? ByteScan.first(UInt8(ascii: "\\"), in: text, at, end) : end
            while places.count < bounds.count, bounds[places.count] - textOffset < runEnd - at {
                let place = at + bounds[places.count] - textOffset
                if UTF8Scan.isContinuation(text[place]) { return nil }
                places.append(place)
            }
            textOffset += runEnd - at
            at = runEnd
            if at == end { break }
            guard let escape = try? JSONEscape(text, at) else { return nil }
            let width = UTF8Scan.width(escape.value)
            while places.count < bounds.count, bounds[places.count] < textOffset + width {
                guard bounds[places.count] == textOffset else { return nil }
                places.append(at)
            }
            textOffset += width
            at += escape.length
        }
        while places.count < bounds.count, bounds[places.count] == textOffset { places.append(end) }
        return places.count == bounds.count ? places : nil
    }
}
