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
        var text: [UInt8] = []
        text.reserveCapacity(contentRange.count)
        for piece in pieces {
            switch piece {
            case .plain(let range): text.append(contentsOf: storage.bytes[range])
            case .escape(_, let value): UTF8Scan.append(value, to: &text)
            }
        }
        return text
    }

    /// The text; nil if the string is not Unicode.
    public var text: String? {
        guard isUnicode else { return nil }
        guard hasEscapes else { return String(decoding: storage.bytes[contentRange], as: UTF8.self) }
        return utf8.map { String(decoding: $0, as: UTF8.self) }
    }

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

    /// The content in order, cut into plain runs and escapes.
    var pieces: Pieces { Pieces(storage: storage, at: contentRange.lowerBound, end: contentRange.upperBound) }

    /// A run of the content that is its own text, or one escape with the scalar value it stands for.
    enum Piece {
        case plain(Range<Int>)
        case escape(Range<Int>, UInt32)
    }

    struct Pieces: Sequence, IteratorProtocol {
        let storage: JSONStorage
        var at: Int
        let end: Int

        mutating func next() -> Piece? {
            guard at < end else { return nil }
            let start = at
            let bytes = storage.bytes
            let text = bytes.span
            at = ByteScan.first(UInt8(ascii: "\\"), in: text, start, end)
            if at > start { return .plain(start..<at) }
            // The scan accepted this string, so the escape reads.
            guard let escape = try? JSONEscape(text, start) else { return nil }
            at = start + escape.length
            return .escape(start..<at, escape.value)
        }
    }
}
