/// The string grammar of RFC 8259, section 7, with UTF-8 checked on the way.
enum JSONStringScanner {
    /// Returns the place after the closing quote of a string whose first content byte is at `start`.
    static func end(
        _ text: Span<UInt8>, _ start: Int, flags: inout JSONIndex.Flags
    ) throws(JSONFault) -> Int {
        var at = start
        while true {
            at = ByteScan.endOfPlainRun(text, at)
            guard at < text.count else { throw JSONFault(reason: .unexpectedEnd, offset: text.count) }
            let byte = text[at]
            if byte >= 0x80 {
                repeat {
                    let length = UTF8Scan.sequenceLength(text, at)
                    guard length > 0 else { throw JSONFault(reason: .invalidUTF8, offset: at) }
                    at += length
                } while at < text.count && text[at] >= 0x80
            } else if byte == UInt8(ascii: "\"") {
                return at + 1
            } else if byte == UInt8(ascii: "\\") {
                let escape = try JSONEscape(text, at)
                flags.insert(.escaped)
                if escape.isLoneSurrogate { flags.insert(.loneSurrogate) }
                at += escape.length
            } else {
                throw JSONFault(reason: .controlCharacter, offset: at)
            }
        }
    }
}
