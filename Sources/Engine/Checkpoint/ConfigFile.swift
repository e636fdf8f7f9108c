import Foundation

/// A value of a JSON configuration file.
enum ConfigValue: Decodable, Equatable {
    case null
    case bool(Bool)
    case number(Double)
    case string(String)
    case array([ConfigValue])
    case object([String: ConfigValue])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let value = try? container.decode([ConfigValue].self) {
            self = .array(value)
        } else {
            self = .object(try container.decode([String: ConfigValue].self))
        }
    }

    /// True for null, false, zero, and an empty text, list or object: a setting that is switched off.
    var isOff: Bool {
        switch self {
        case .null: true
        case .bool(let value): !value
        case .number(let value): value == 0
        case .string(let value): value.isEmpty
        case .array(let values): values.isEmpty
        case .object(let members): members.isEmpty
        }
    }

    /// The value as it may be shown in an error.
    var summary: String {
        switch self {
        case .null: "null"
        case .bool(let value): "\(value)"
        case .number(let value): "\(value)"
        case .string(let value): value.prefix(60).debugDescription
        case .array(let values): "a list of \(values.count)"
        case .object(let members): "an object with \(members.keys.sorted().prefix(8).joined(separator: ", "))"
        }
    }
}

/// A JSON object read from a file, whose members are read by key and type; errors name file and key.
struct ConfigFile {
    let path: String
    let members: [String: ConfigValue]
    private let prefix: String

    /// Largest configuration file that is read, in bytes.
    static let maximumBytes = 4 << 20

    init(path: String) throws(EngineError) {
        let file = try InputFile(path: path)
        guard file.size <= Self.maximumBytes else {
            throw .malformed(
                file: path, at: "byte \(Self.maximumBytes)",
                reason: "the file is larger than \(Self.maximumBytes) bytes")
        }
        try self.init(bytes: file.bytes(0..<file.size), path: path)
    }

    /// Reads the bytes of a file.
    init(bytes: [UInt8], path: String) throws(EngineError) {
        do {
            members = try JSONDecoder().decode([String: ConfigValue].self, from: Data(bytes))
        } catch {
            throw .malformed(file: path, at: "top level", reason: "it is not a JSON object")
        }
        self.path = path
        prefix = ""
    }

    private init(path: String, members: [String: ConfigValue], prefix: String) {
        self.path = path
        self.members = members
        self.prefix = prefix
    }

    func value(_ key: String) -> ConfigValue { members[key] ?? .null }

    func wrong(_ key: String, _ reason: String) -> EngineError {
        .malformed(file: path, at: "key \"\(prefix)\(key)\"", reason: reason)
    }

    func unsupported(_ key: String, _ what: String) -> EngineError {
        .unsupported(file: path, what: "\"\(prefix)\(key)\" \(what)")
    }

    /// A whole number within the range; nil when the key is absent or null.
    func integer(_ key: String, in range: ClosedRange<Int>) throws(EngineError) -> Int? {
        switch value(key) {
        case .null: return nil
        case .number(let number):
            guard let integer = Int(exactly: number), range.contains(integer) else {
                throw wrong(key, "\(number) is not a whole number from \(range.lowerBound) to \(range.upperBound)")
            }
            return integer
        case let other: throw wrong(key, "a whole number is expected, not \(other.summary)")
        }
    }

    /// A whole number that must be there.
    func requiredInteger(_ key: String, in range: ClosedRange<Int>) throws(EngineError) -> Int {
        guard let integer = try integer(key, in: range) else { throw wrong(key, "it is missing") }
        return integer
    }

    /// A finite number; nil when the key is absent or null.
    func number(_ key: String) throws(EngineError) -> Float? {
        switch value(key) {
        case .null: return nil
        case .number(let number):
            guard Float(number).isFinite else { throw wrong(key, "\(number) is not a finite number") }
            return Float(number)
        case let other: throw wrong(key, "a number is expected, not \(other.summary)")
        }
    }

    /// True or false; nil when the key is absent or null.
    func bool(_ key: String) throws(EngineError) -> Bool? {
        switch value(key) {
        case .null: return nil
        case .bool(let value): return value
        case let other: throw wrong(key, "true or false is expected, not \(other.summary)")
        }
    }

    /// A text; nil when the key is absent or null.
    func string(_ key: String) throws(EngineError) -> String? {
        switch value(key) {
        case .null: return nil
        case .string(let value): return value
        case let other: throw wrong(key, "a text is expected, not \(other.summary)")
        }
    }

    /// An object; nil when the key is absent or null.
    func object(_ key: String) throws(EngineError) -> ConfigFile? {
        switch value(key) {
        case .null: return nil
        case .object(let members): return ConfigFile(path: path, members: members, prefix: "\(prefix)\(key).")
        case let other: throw wrong(key, "an object is expected, not \(other.summary)")
        }
    }

    /// Refuses a setting that is switched on.
    func requireOff(_ keys: String...) throws(EngineError) {
        for key in keys where !value(key).isOff {
            throw unsupported(key, "is \(value(key).summary); it must be absent, null or false")
        }
    }
}
