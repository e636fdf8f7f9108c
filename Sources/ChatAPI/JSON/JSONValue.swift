/// A view of one value of a document.
public struct JSONValue: Sendable {
    /// What a value is.
    public enum Kind: Hashable, Sendable {
        /// `{…}`.
        case object
        /// `[…]`.
        case array
        /// `"…"`.
        case string
        /// A number of any spelling.
        case number
        /// `true` or `false`.
        case boolean
        /// `null`.
        case null
    }

    let storage: JSONStorage
    let record: Int

    var entry: JSONIndex.Record { storage.records[record] }

    /// What the value is.
    public var kind: Kind {
        switch entry.kind {
        case .object: .object
        case .array: .array
        case .string: .string
        case .number: .number
        case .true, .false: .boolean
        case .null: .null
        }
    }

    /// The value's bytes in the document, quotes and brackets included.
    public var range: Range<Int> { Int(entry.start)..<Int(entry.end) }

    /// The value as it is written.
    public var rawBytes: ArraySlice<UInt8> { storage.bytes[range] }

    /// True for `null`.
    public var isNull: Bool { entry.kind == .null }

    /// The truth value, if it is one.
    public var bool: Bool? {
        switch entry.kind {
        case .true: true
        case .false: false
        default: nil
        }
    }

    /// The string, if it is one.
    public var string: JSONString? {
        entry.kind == .string ? JSONString(storage: storage, record: record) : nil
    }

    /// The integer, if the value is a number written without fraction and exponent that fits 64 bits.
    public var int: Int? {
        guard entry.kind == .number else { return nil }
        let negative = storage.bytes[Int(entry.start)] == UInt8(ascii: "-")
        var value = 0
        for at in range.dropFirst(negative ? 1 : 0) {
            let byte = storage.bytes[at]
            guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
            let digit = Int(byte - UInt8(ascii: "0"))
            let (tens, first) = value.multipliedReportingOverflow(by: 10)
            let (next, second) =
                negative ? tens.subtractingReportingOverflow(digit) : tens.addingReportingOverflow(digit)
            if first || second { return nil }
            value = next
        }
        return value
    }

    /// The nearest double, if the value is a number; infinite if it is beyond the largest.
    public var double: Double? {
        guard entry.kind == .number else { return nil }
        return Double(Substring(decoding: rawBytes, as: UTF8.self))
    }

    /// The values of an array in order; empty for anything else.
    public var elements: Elements {
        Elements(
            storage: storage, at: record + 1, end: entry.kind == .array ? Int(entry.next) : record + 1)
    }

    /// The members of an object in order; empty for anything else.
    public var members: Members {
        Members(
            storage: storage, at: record + 1, end: entry.kind == .object ? Int(entry.next) : record + 1)
    }

    /// The value of the first member with this key; nil if there is none or this is no object.
    public subscript(key: StaticString) -> JSONValue? {
        var members = self.members
        while let member = members.next() {
            if member.key == key { return member.value }
        }
        return nil
    }

    /// The elements of an array, in the order of the text.
    public struct Elements: Sequence, IteratorProtocol, Sendable {
        let storage: JSONStorage
        var at: Int
        let end: Int

        /// The next element.
        public mutating func next() -> JSONValue? {
            guard at < end else { return nil }
            defer { at = Int(storage.records[at].next) }
            return JSONValue(storage: storage, record: at)
        }
    }

    /// The members of an object, in the order of the text, duplicates included.
    public struct Members: Sequence, IteratorProtocol, Sendable {
        let storage: JSONStorage
        var at: Int
        let end: Int

        /// The next member.
        public mutating func next() -> (key: JSONString, value: JSONValue)? {
            guard at < end else { return nil }
            let key = JSONString(storage: storage, record: at)
            let value = JSONValue(storage: storage, record: at + 1)
            at = Int(value.entry.next)
            return (key, value)
        }
    }
}
