/// The way from a file's top to one of its values; written out only when an error names it.
indirect enum JSONPath: CustomStringConvertible {
    case root
    case key(JSONPath, [UInt8])
    case index(JSONPath, Int)

    var description: String {
        switch self {
        case .root: ""
        case .key(.root, let key): String(decoding: key, as: UTF8.self)
        case .key(let parent, let key): parent.description + "." + String(decoding: key, as: UTF8.self)
        case .index(let parent, let index): parent.description + "[\(index)]"
        }
    }
}

/// A value together with where it stands, so that every complaint can name its place.
struct JSONNode {
    var value: JSONValue
    var place = JSONPath.root

    /// Where the value stands, as text: `model.merges[12]`.
    var path: String { place.description }

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
        return JSONNode(value: member.value, place: .key(place, wanted))
    }

    /// The member `key`, which must be there.
    func required(_ key: String) throws(TokenizationError) -> JSONNode {
        guard let node = try optional(key) else { throw malformed("the key \"\(key)\" is missing") }
        return node
    }

    func elements() throws(TokenizationError) -> [JSONNode] {
        guard case .array(let values) = value else { throw malformed("expected an array, found \(value.kind)") }
        return values.enumerated().map { JSONNode(value: $0.element, place: .index(place, $0.offset)) }
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
