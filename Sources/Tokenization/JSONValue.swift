/// A parsed JSON value that keeps the order of keys and the bytes of strings.
enum JSONValue {
    case null
    case bool(Bool)
    case integer(Int)
    /// A number that is no integer of 64 bits; its text.
    case number(String)
    /// The string's UTF-8 bytes, unescaped.
    case string([UInt8])
    case array([JSONValue])
    case object([Member])

    struct Member {
        var key: [UInt8]
        var value: JSONValue
    }

    /// What kind of value this is, for error messages.
    var kind: String {
        switch self {
        case .null: "null"
        case .bool(let value): "\(value)"
        case .integer, .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }
}

/// A value together with where it stands, so that every complaint can name its place.
struct JSONNode {
    var value: JSONValue
    var path: String

    func malformed(_ reason: String) -> TokenizationError {
        .malformed(file: "tokenizer.json", key: path.isEmpty ? "the whole file" : path, reason: reason)
    }

    func unsupported(_ found: String, _ supported: String) -> TokenizationError {
        .unsupported(file: "tokenizer.json", key: path, found: found, supported: supported)
    }

    /// The member `key`, or nil if it is missing or null.
    func optional(_ key: String) throws(TokenizationError) -> JSONNode? {
        guard case .object(let members) = value else { throw malformed("expected an object, found \(value.kind)") }
        let wanted = Array(key.utf8)
        guard let member = members.first(where: { $0.key == wanted }) else { return nil }
        if case .null = member.value { return nil }
        return JSONNode(value: member.value, path: path.isEmpty ? key : path + "." + key)
    }

    /// The member `key`, which must be there.
    func required(_ key: String) throws(TokenizationError) -> JSONNode {
        guard let node = try optional(key) else { throw malformed("the key \"\(key)\" is missing") }
        return node
    }

    func elements() throws(TokenizationError) -> [JSONNode] {
        guard case .array(let values) = value else { throw malformed("expected an array, found \(value.kind)") }
        return values.enumerated().map { JSONNode(value: $0.element, path: "\(path)[\($0.offset)]") }
    }

    func bytes() throws(TokenizationError) -> [UInt8] {
        guard case .string(let bytes) = value else { throw malformed("expected a string, found \(value.kind)") }
        return bytes
    }

    func string() throws(TokenizationError) -> String {
        String(decoding: try bytes(), as: UTF8.self)
    }

    func integer() throws(TokenizationError) -> Int {
        guard case .integer(let integer) = value else { throw malformed("expected an integer, found \(value.kind)") }
        return integer
    }

    func bool() throws(TokenizationError) -> Bool {
        guard case .bool(let bool) = value else { throw malformed("expected true or false, found \(value.kind)") }
        return bool
    }

    /// The member `key` as a flag, or `absent` if it is missing or null.
    func flag(_ key: String, absent: Bool) throws(TokenizationError) -> Bool {
        try optional(key)?.bool() ?? absent
    }
}
