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
    }

    /// What the pass learned about a string on the way.
    struct Flags: OptionSet, Sendable {
        let rawValue: UInt8
        /// The string has at least one backslash.
        static let escaped = Flags(rawValue: 1)
        /// The string has an escaped surrogate without its partner: legal JSON that stands for no Unicode text.
        static let loneSurrogate = Flags(rawValue: 2)
    }

    private(set) var records: [Record] = []

    /// An empty index for a text of this many bytes, with room for what a chat request or a chunk has.
    init(textLength: Int) {
        records.reserveCapacity(min(8 + textLength / 6, 96))
    }

    /// Adds a value that has no children.
    @inline(__always)
    mutating func append(_ kind: Kind, _ start: Int, _ end: Int, flags: Flags = []) {
        let next = UInt32(truncatingIfNeeded: records.count + 1)
        records.append(
            Record(
                start: UInt32(truncatingIfNeeded: start), end: UInt32(truncatingIfNeeded: end), next: next,
                kind: kind, flags: flags))
    }

    /// Opens a container inside `parent` and returns its record.
    @inline(__always)
    mutating func open(_ kind: Kind, _ start: Int, parent: UInt32) -> UInt32 {
        let record = UInt32(truncatingIfNeeded: records.count)
        records.append(
            Record(start: UInt32(truncatingIfNeeded: start), end: 0, next: parent, kind: kind, flags: []))
        return record
    }

    /// Closes the container and returns its parent's record.
    @inline(__always)
    mutating func close(_ record: UInt32, end: Int) -> UInt32 {
        let parent = records[Int(record)].next
        records[Int(record)].end = UInt32(truncatingIfNeeded: end)
        records[Int(record)].next = UInt32(truncatingIfNeeded: records.count)
        return parent
    }
}
