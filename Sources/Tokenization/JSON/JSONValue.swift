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
