import ChatAPI

/// The keywords of one schema, annotations left out.
struct SchemaKeywords {
    /// Keywords that say nothing about what is valid.
    private static let annotations: Set<String> = [
        "title", "description", "default", "examples", "example", "$schema", "$id", "$comment", "$defs", "definitions",
        "deprecated", "readOnly", "writeOnly", "$anchor", "$vocabulary", "contentMediaType", "contentEncoding",
        "discriminator", "externalDocs", "xml", "enumNames", "markdownDescription", "propertyOrdering",
    ]

    private var values: [String: JSONValue] = [:]
    let place: String

    init(_ schema: JSONValue, _ place: String) throws(GrammarError) {
        guard schema.kind == .object else { throw GrammarError(place, "a schema must be an object, true or false") }
        self.place = place
        for (key, value) in schema.members {
            let name = key.text ?? "?"
            if Self.annotations.contains(name) || name.hasPrefix("x-") { continue }
            if Self.saysNothing(name, value) { continue }
            guard values.updateValue(value, forKey: name) == nil else {
                throw GrammarError(place, "the keyword \(name.prefix(40).debugDescription) stands twice")
            }
        }
    }

    /// Keywords with a value that leaves everything valid.
    private static func saysNothing(_ name: String, _ value: JSONValue) -> Bool {
        switch name {
        case "uniqueItems", "nullable": value.bool == false
        case "minProperties": value.int == 0
        case "propertyNames", "unevaluatedProperties", "unevaluatedItems": value.bool == true
        default: false
        }
    }

    private init(_ values: [String: JSONValue], _ place: String) {
        self.values = values
        self.place = place
    }

    /// The keywords without some.
    func without(_ names: Set<String>) -> SchemaKeywords {
        SchemaKeywords(values.filter { !names.contains($0.key) }, place)
    }

    /// All of them, sorted by name.
    var all: [(name: String, value: JSONValue)] {
        values.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// How many there are.
    var count: Int { values.count }

    /// Whether there is none.
    var isEmpty: Bool { values.isEmpty }

    subscript(name: String) -> JSONValue? { values[name] }

    /// Refuses every other keyword by its name.
    func check(only allowed: Set<String>) throws(GrammarError) {
        guard let other = values.keys.filter({ !allowed.contains($0) }).min() else { return }
        throw GrammarError(place, "the keyword \(other.prefix(40).debugDescription) is not supported here")
    }

    /// Two counts, the first not above the second.
    func bounds(_ least: String, _ most: String) throws(GrammarError) -> (Int, Int?) {
        var bounds: (Int, Int?) = (0, nil)
        for name in [least, most] {
            guard let value = values[name] else { continue }
            guard let count = value.int, (0...10_000).contains(count) else {
                throw GrammarError("\(place)/\(name)", "it must be an integer from 0 to 10000")
            }
            if name == least { bounds.0 = count } else { bounds.1 = count }
        }
        guard bounds.0 <= bounds.1 ?? bounds.0 else {
            throw GrammarError("\(place)/\(most)", "it must not be below '\(least)'")
        }
        return bounds
    }
}

extension SchemaKeywords {
    /// The types under 'type'; nil if it is not there.
    func types() throws(GrammarError) -> [String]? {
        guard let type = self["type"] else { return nil }
        let types = type.string?.text.map { [$0] } ?? type.elements.compactMap { $0.string?.text }
        guard !types.isEmpty else { throw GrammarError(place + "/type", "it must be a type or an array of types") }
        return types
    }

    /// Whether a value is of one of the types; of none at all, if there are none to be of.
    static func isOne(_ value: JSONValue, of types: [String]) -> Bool {
        types.contains { type in
            switch type {
            case "integer": value.int != nil || value.double.map { $0.rounded() == $0 && $0.isFinite } ?? false
            case "number": value.double != nil
            case "string": value.kind == .string
            case "boolean": value.bool != nil
            case "null": value.isNull
            case "array": value.kind == .array
            case "object": value.kind == .object
            default: false
            }
        }
    }
}
