/// The number grammar of RFC 8259, section 6.
enum JSONNumberScanner {
    /// Returns the place after the number that starts at `start` with a digit or a minus sign.
    static func end(_ text: Span<UInt8>, _ start: Int) throws(JSONFault) -> Int {
        var at = start
        if text[at] == UInt8(ascii: "-") { at += 1 }
        if at < text.count, text[at] == UInt8(ascii: "0") {
            at += 1
        } else {
            at = try digits(text, at)
        }
        if at < text.count, text[at] == UInt8(ascii: ".") {
            at = try digits(text, at + 1)
        }
        if at < text.count, text[at] == UInt8(ascii: "e") || text[at] == UInt8(ascii: "E") {
            at += 1
            if at < text.count, text[at] == UInt8(ascii: "+") || text[at] == UInt8(ascii: "-") { at += 1 }
            at = try digits(text, at)
        }
        if at < text.count, continuesNumber(text[at]) { throw JSONFault(reason: .invalidNumber, offset: at) }
        return at
    }

    /// Reads at least one digit.
    private static func digits(_ text: Span<UInt8>, _ start: Int) throws(JSONFault) -> Int {
        var at = start
        while at < text.count, isDigit(text[at]) { at += 1 }
        guard at > start else {
            throw JSONFault(reason: at < text.count ? .invalidNumber : .unexpectedEnd, offset: at)
        }
        return at
    }

    @inline(__always)
    private static func isDigit(_ byte: UInt8) -> Bool {
        byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
    }

    /// True for bytes that show that the writer meant a longer number, such as `01`, `1.e`, `0x1`.
    private static func continuesNumber(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "."), UInt8(ascii: "+"), UInt8(ascii: "-"),
            UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
