/// A value that a chat template is given: what JSON can say, strings as UTF-8 bytes, members in order.
public indirect enum TemplateValue: Sendable, Equatable {
    case null
    case bool(Bool)
    case integer(Int)
    case number(Double)
    case text([UInt8])
    case list([TemplateValue])
    case object([Member])

    /// A member of an object.
    public struct Member: Sendable, Equatable {
        /// The key.
        public var key: [UInt8]
        /// The value.
        public var value: TemplateValue

        /// A member.
        public init(_ key: [UInt8], _ value: TemplateValue) {
            self.key = key
            self.value = value
        }
    }

    /// Reads a JSON text; throws if it is none.
    public init(json: [UInt8]) throws(TokenizationError) {
        self.init(try JSONParser.parse(json))
    }

    init(_ value: JSONValue) {
        switch value {
        case .null: self = .null
        case .bool(let value): self = .bool(value)
        case .integer(let value): self = .integer(value)
        case .number(let text): self = .number(Double(text) ?? 0)
        case .string(let bytes): self = .text(bytes)
        case .array(let values): self = .list(values.map { TemplateValue($0) })
        case .object(let members): self = .object(members.map { Member($0.key, TemplateValue($0.value)) })
        }
    }

    /// The value inside a template; its texts have the given source.
    func jinja(_ source: TextValue.Source) -> JinjaValue {
        switch self {
        case .null: return .none
        case .bool(let value): return .bool(value)
        case .integer(let value): return .integer(value)
        case .number(let value): return .number(value)
        case .text(let bytes): return .text(TextValue(bytes, source))
        case .list(let values): return .list(values.map { $0.jinja(source) })
        case .object(let members):
            var dictionary = JinjaDictionary()
            for member in members {
                // A key is looked up by names of the template, and printed only as the request's.
                dictionary.set(.text(TextValue(member.key, source)), member.value.jinja(source))
            }
            return .dictionary(dictionary)
        }
    }
}
