/// The values of a JSON text by their record numbers, for readers that look once and keep nothing.
///
/// `JSONDocument` is the same for those who keep the text: its views share and count references.
struct JSONTree {
    let records: [JSONIndex.Record]

    /// Checks and indexes the text; nil if it is not JSON.
    init?(_ text: Span<UInt8>) {
        guard let index = try? JSONIndex(text, limits: JSONLimits()) else { return nil }
        records = index.records
    }

    /// True if the value is an array without elements.
    func isEmptyArray(_ record: Int) -> Bool {
        records[record].kind == .array && Int(records[record].next) == record + 1
    }

    /// True for anything but null, false, and empty strings, arrays and objects.
    func isFilled(_ record: Int) -> Bool {
        let entry = records[record]
        return switch entry.kind {
        case .null, .false: false
        case .true, .number: true
        case .string, .array, .object: entry.end - entry.start > 2
        }
    }

    /// True if the string is written exactly like this, or means the same with escapes.
    @inline(__always)
    func string(_ record: Int, in text: Span<UInt8>, is name: StaticString) -> Bool {
        let entry = records[record]
        let length = name.utf8CodeUnitCount
        let start = Int(entry.start) + 1
        if entry.flags.isEmpty {
            guard Int(entry.end) - start - 1 == length else { return false }
            for offset in 0..<length where unsafe name.utf8Start[offset] != text[start + offset] { return false }
            return true
        }
        guard let unescaped = self.text(record, in: text), unescaped.count == length else { return false }
        return (0..<length).allSatisfy { unsafe name.utf8Start[$0] == unescaped[$0] }
    }

    /// The text of a string in UTF-8; nil for anything else, and for a string that is not Unicode.
    func text(_ record: Int, in text: Span<UInt8>) -> [UInt8]? {
        let entry = records[record]
        guard entry.kind == .string, !entry.flags.contains(.loneSurrogate) else { return nil }
        return JSONUnescape.text(text, Int(entry.start) + 1..<Int(entry.end) - 1)
    }

    /// The text of a string; nil for anything else and for an empty one.
    func name(_ record: Int, in text: Span<UInt8>) -> String? {
        guard let name = self.text(record, in: text), !name.isEmpty else { return nil }
        return String(decoding: name, as: UTF8.self)
    }

    /// The record of an object's first member of this name, or if there is none, of the other; nil if there is neither,
    /// and for anything but an object.
    func member(_ name: StaticString, or other: StaticString? = nil, of record: Int, in text: Span<UInt8>) -> Int? {
        for key in keys(of: record) where string(key, in: text, is: name) { return key + 1 }
        guard let other else { return nil }
        return member(other, of: record, in: text)
    }

    /// The whole number that this member holds; nil if it does not, or is not there.
    func int(_ name: StaticString, or other: StaticString? = nil, of record: Int?, in text: Span<UInt8>) -> Int? {
        guard let record, let member = member(name, or: other, of: record, in: text) else { return nil }
        return int(member, in: text)
    }

    /// The number, if it is written as a whole number that fits; nil for anything else.
    func int(_ record: Int, in text: Span<UInt8>) -> Int? {
        let entry = records[record]
        guard entry.kind == .number else { return nil }
        let isNegative = text[Int(entry.start)] == UInt8(ascii: "-")
        var value = 0
        for at in Int(entry.start) + (isNegative ? 1 : 0)..<Int(entry.end) {
            let byte = text[at]
            guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
            let digit = Int(byte - UInt8(ascii: "0"))
            let (tens, first) = value.multipliedReportingOverflow(by: 10)
            let (next, second) =
                isNegative ? tens.subtractingReportingOverflow(digit) : tens.addingReportingOverflow(digit)
            if first || second { return nil }
            value = next
        }
        return value
    }

    /// The elements of an array; none for anything else.
    func elements(of record: Int) -> Children {
        Children(tree: self, at: record + 1, end: end(of: record, ifKind: .array))
    }

    /// The keys of an object; each value is the record after its key. None for anything else.
    func keys(of record: Int) -> Children {
        Children(tree: self, at: record + 1, end: end(of: record, ifKind: .object), step: 1)
    }

    private func end(of record: Int, ifKind kind: JSONIndex.Kind) -> Int {
        records[record].kind == kind ? Int(records[record].next) : record + 1
    }

    /// The records of the elements or keys of a container, in the order of the text.
    struct Children: Sequence, IteratorProtocol {
        let tree: JSONTree
        var at: Int
        let end: Int
        /// What stands between a child's record and the one whose end is the child's.
        var step = 0

        @inline(__always)
        mutating func next() -> Int? {
            guard at < end else { return nil }
            defer { at = Int(tree.records[at + step].next) }
            return at
        }
    }
}
