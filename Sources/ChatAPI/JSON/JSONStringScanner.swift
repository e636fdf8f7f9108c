/// The string grammar of RFC 8259, section 7, with UTF-8 checked on the way, sixteen bytes at a time.
///
/// The blocks only tell where something is; what it is, and every fault, is read byte by byte from there.
struct JSONStringScanner {
    private(set) var flags: JSONIndex.Flags = []
    /// The bytes that escapes take beyond what they stand for.
    private(set) var excess = 0

    /// Returns the place after the closing quote of a string whose first content byte is at `start`.
    @inline(__always)
    mutating func end(_ text: Span<UInt8>, _ start: Int) throws(JSONFault) -> Int {
        let at = ByteScan.endOfPlainRun(text, start)
        if at < text.count, text[at] == UInt8(ascii: "\"") { return at + 1 }
        return try endOfOtherText(text, at)
    }

    /// The same for a string that is not plain ASCII up to its end; `start` is where that shows.
    private mutating func endOfOtherText(_ text: Span<UInt8>, _ start: Int) throws(JSONFault) -> Int {
        var at = start
        while true {
            guard at < text.count else { throw JSONFault(reason: .unexpectedEnd, offset: text.count) }
            let byte = text[at]
            if byte >= 0x80 {
                at = try endOfCharacters(text, at)
            } else if byte == UInt8(ascii: "\"") {
                return at + 1
            } else if byte == UInt8(ascii: "\\") {
                flags.insert(.escaped)
                if at + 1 < text.count, JSONEscape.shortValue(text[at + 1]) != nil {
                    at += 2
                    excess += 1
                } else {
                    let escape = try JSONEscape(text, at)
                    if escape.isLoneSurrogate { flags.insert(.loneSurrogate) }
                    at += escape.length
                    excess += escape.length - UTF8Scan.width(escape.value)
                }
            } else {
                throw JSONFault(reason: .controlCharacter, offset: at)
            }
            at = ByteScan.endOfPlainRun(text, at)
        }
    }

    /// Checks characters from `start` on, of which the first is not ASCII, and returns a place at or before the end of
    /// the run, on the border of a character.
    private func endOfCharacters(_ text: Span<UInt8>, _ start: Int) throws(JSONFault) -> Int {
        var at = start
        let bytes = unsafe text.bytes
        while at >= 3, at &+ ByteBlock.width <= text.count {
            let block = ByteBlock(bytes, at)
            let faults = block.breaksUTF8(
                after: ByteBlock(bytes, at &- 1), ByteBlock(bytes, at &- 2), ByteBlock(bytes, at &- 3))
            let ends = block.endsRun
            if !ByteBlock.isEmpty(faults .| ends) {
                let end = ByteBlock.first(of: ends)
                if end < ByteBlock.first(of: faults) { return at &+ end }
                break
            }
            at &+= ByteBlock.width
            if ByteBlock.isEmpty(block.isBeyondASCII) { return at }
        }
        at = startOfCharacter(text, at, notBefore: start)
        while at < text.count, text[at] >= 0x80 {
            let length = UTF8Scan.sequenceLength(text, at)
            guard length > 0 else { throw JSONFault(reason: .invalidUTF8, offset: at) }
            at += length
        }
        return at
    }

    /// The start of the character that a block's end at `at` may have cut, else `at`.
    private func startOfCharacter(_ text: Span<UInt8>, _ at: Int, notBefore start: Int) -> Int {
        var first = at
        while first > start, at - first < 3 {
            first -= 1
            if text[first] < 0x80 { return at }
            if text[first] >= 0xC0 { return at - first < UTF8Scan.length(startingWith: text[first]) ? first : at }
        }
        return at
    }
}
