/// A JSON text that was checked once, kept as the bytes that came, with an index of where each value stands.
///
/// The check is RFC 8259: UTF-8, escapes, numbers, nothing after the value. Nothing is decoded or re-encoded, so the
/// order of keys, the spelling of numbers and unknown fields stay what the sender wrote. An escaped surrogate without
/// its partner (`"\uD800"`) is legal JSON and accepted, but it stands for no Unicode text: such a string has no
/// `JSONString.text`.
public struct JSONDocument: Sendable {
    let storage: JSONStorage

    /// Checks and indexes the bytes, or throws the first fault.
    public init(_ bytes: [UInt8], limits: JSONLimits = JSONLimits()) throws(JSONError) {
        let text = bytes.span
        do {
            storage = JSONStorage(bytes: bytes, records: try JSONIndex(text, limits: limits).records)
        } catch {
            throw JSONError(error, in: text)
        }
    }

    /// The bytes as they came.
    public var bytes: [UInt8] { storage.bytes }

    /// The document's one value.
    public var root: JSONValue { JSONValue(storage: storage, record: 0) }

    /// The number of values and keys.
    public var valueCount: Int { storage.records.count }
}

/// The bytes and the index, shared by every view of a document.
final class JSONStorage: Sendable {
    let bytes: [UInt8]
    let records: [JSONIndex.Record]

    init(bytes: [UInt8], records: [JSONIndex.Record]) {
        self.bytes = bytes
        self.records = records
    }
}
