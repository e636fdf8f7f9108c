/// A view of one string of a document: its raw bytes, its text, and how places in the one map to the other.
public struct JSONString: Sendable {
    let storage: JSONStorage
    let record: Int

    private var entry: JSONIndex.Record { storage.records[record] }

    /// The string's bytes in the document, quotes included.
    public var range: Range<Int> { Int(entry.start)..<Int(entry.end) }

    /// The bytes between the quotes.
    public var contentRange: Range<Int> { Int(entry.start) + 1..<Int(entry.end) - 1 }

    /// True if the content has a backslash.
    public var hasEscapes: Bool { entry.flags.contains(.escaped) }

    /// False if an escaped surrogate has no partner, so that the string stands for no Unicode text.
    public var isUnicode: Bool { !entry.flags.contains(.loneSurrogate) }

    /// The text in UTF-8, escapes resolved; nil if the string is not Unicode.
    public var utf8: [UInt8]? {
        guard isUnicode else { return nil }
        guard hasEscapes else { return Array(storage.bytes[contentRange]) }
        let bytes = storage.bytes
        return JSONUnescape.text(bytes.span, contentRange)
    }

    /// The number of bytes of the text in UTF-8; a lone surrogate counts three.
    public var utf8Count: Int {
        let entry = self.entry
        guard entry.excess == .max else { return contentRange.count - Int(entry.excess) }
        let bytes = storage.bytes
        return contentRange.count - JSONUnescape.excess(bytes.span, contentRange)
    }

    /// The first bytes of the text in UTF-8, `count` or a few more, or all of a shorter text; nil if the string is not
    /// Unicode. The last character may be cut.
    public func utf8(first count: Int) -> [UInt8]? {
        guard isUnicode else { return nil }
        let bytes = storage.bytes
        return JSONUnescape.text(bytes.span, contentRange, limit: count)
    }

    /// The text; nil if the string is not Unicode.
    public var text: String? {
        guard isUnicode else { return nil }
        guard hasEscapes else { return String(decoding: storage.bytes[contentRange], as: UTF8.self) }
        return utf8.map { String(decoding: $0, as: UTF8.self) }
    }

    /// The content as it is written, escapes and all.
    var rawContent: ArraySlice<UInt8> { storage.bytes[contentRange] }

    /// True if the text is exactly `other`, however it is escaped.
    public static func == (string: JSONString, other: StaticString) -> Bool {
        let length = other.utf8CodeUnitCount
        if string.hasEscapes {
            guard let text = string.utf8, text.count == length else { return false }
            return (0..<length).allSatisfy { unsafe other.utf8Start[$0] == text[$0] }
        }
        let range = string.contentRange
        guard range.count == length else { return false }
        for offset in 0..<length
        where unsafe other.utf8Start[offset] != string.storage.bytes[range.lowerBound + offset] { return false }
        return true
    }
}
