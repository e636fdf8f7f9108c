/// Resolves the escapes of a string that the scanner accepted and that has no lone surrogate.
enum JSONUnescape {
    /// The text of the content that stands in `range`, in UTF-8.
    ///
    /// - Parameter limit: no more than about this many bytes are wanted; the text may be cut after a character.
    static func text(_ text: Span<UInt8>, _ range: Range<Int>, limit: Int = .max) -> [UInt8] {
        // No escape is shorter than what it stands for.
        let limit = min(limit, range.count)
        return [UInt8](capacity: limit + 4) { result in
            var at = range.lowerBound
            while at < range.upperBound, result.count < limit {
                let stop = min(range.upperBound, at &+ (limit &- result.count))
                let end = ByteScan.first(UInt8(ascii: "\\"), in: text, at, stop)
                result.append(text, at..<end)
                at = end
                guard at < stop else { continue }
                if let byte = JSONEscape.shortValue(text[at + 1]) {
                    result.append(byte)
                    at += 2
                } else {
                    guard let escape = try? JSONEscape(text, at) else { break }
                    UTF8Scan.append(escape.value, to: &result)
                    at += escape.length
                }
            }
        }
    }
}
