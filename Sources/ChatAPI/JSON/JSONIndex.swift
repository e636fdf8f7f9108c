/// The kind and byte range of every value of a JSON text, in the order of the text.
///
/// A container is followed by its children; an object's children alternate between key and value.
struct JSONIndex: Sendable {
    /// What a record describes.
    enum Kind: UInt8, Sendable {
        case object, array, string, number, `true`, `false`, null
    }

    /// One value: 16 bytes, so that the index stays small beside the text.
    struct Record: Sendable {
        /// The value's first byte.
        var start: UInt32
        /// The byte after the value's last one.
        var end: UInt32
        /// The record after the value and everything inside it; while a container is open, its parent's record.
        var next: UInt32
        var kind: Kind
        var flags: Flags
        /// By how many bytes a string's content is longer than its text; the greatest number stands for that or more.
        var excess: UInt16 = 0
    }

    /// What the pass learned about a string on the way.
    struct Flags: OptionSet, Sendable {
        let rawValue: UInt8
        /// The string has at least one backslash.
        static let escaped = Flags(rawValue: 1)
        /// The string has an escaped surrogate without its partner: legal JSON that stands for no Unicode text.
        static let loneSurrogate = Flags(rawValue: 2)
    }

    /// The records, in the order of the text.
    let records: [Record]

    /// Checks the text and indexes it, or throws the first fault.
    init(_ text: Span<UInt8>, limits: JSONLimits) throws(JSONFault) {
        guard text.count < Int(UInt32.max) else { throw JSONFault(reason: .tooLarge, offset: 0) }
        // Room for what a chat request or a chunk has; a text of many small values is read a second time.
        let usual = min(16 + text.count / 6, 96 + text.count / 64)
        do {
            records = try Self.records(text, capacity: usual, limits: limits)
        } catch {
            guard error.isFullIndex else { throw error }
            // A value takes two bytes with its comma, colon or closing bracket, except the last one and what is open.
            let most = min((text.count + limits.depth) / 2 + 1, limits.values + 2)
            records = try Self.records(text, capacity: most, limits: limits)
        }
    }

    private static func records(
        _ text: Span<UInt8>, capacity: Int, limits: JSONLimits
    ) throws(JSONFault) -> [Record] {
        try [Record](capacity: capacity) { records throws(JSONFault) in
            try JSONScanner.scan(text, into: &records, limits: limits)
        }
    }
}

extension OutputSpan<JSONIndex.Record> {
    /// Adds a value that has no children.
    @inline(__always)
    mutating func append(
        _ kind: JSONIndex.Kind, _ start: Int, _ end: Int, flags: JSONIndex.Flags = [], excess: Int = 0
    ) throws(JSONFault) {
        guard !isFull else { throw .fullIndex }
        let next = UInt32(truncatingIfNeeded: count + 1)
        append(
            JSONIndex.Record(
                start: UInt32(truncatingIfNeeded: start), end: UInt32(truncatingIfNeeded: end), next: next,
                kind: kind, flags: flags, excess: UInt16(clamping: excess)))
    }

    /// Opens a container inside `parent` and returns its record.
    @inline(__always)
    mutating func open(_ kind: JSONIndex.Kind, _ start: Int, parent: UInt32) throws(JSONFault) -> UInt32 {
        let record = UInt32(truncatingIfNeeded: count)
        try append(kind, start, 0)
        self[Int(record)].next = parent
        return record
    }

    /// Closes the container and returns its parent's record.
    @inline(__always)
    mutating func close(_ record: UInt32, end: Int) -> UInt32 {
        let parent = self[Int(record)].next
        self[Int(record)].end = UInt32(truncatingIfNeeded: end)
        self[Int(record)].next = UInt32(truncatingIfNeeded: count)
        return parent
    }
}
