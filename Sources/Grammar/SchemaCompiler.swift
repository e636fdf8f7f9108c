import ChatAPI

/// Turns a JSON schema into rules; a keyword that is not honoured is refused by its name.
struct SchemaCompiler {
    private(set) var rules: [GrammarNode] = []
    private let root: JSONValue
    private var references: [String: Int] = [:]
    /// References that are being expanded without a byte in between: one that comes again would never end.
    private var expanding: Set<String> = []
    private var anyValue: Int?
    private var depth = 0

    /// Rule 0 is the schema itself.
    init(_ schema: JSONValue) throws(GrammarError) {
        root = schema
        rules = [.bytes([])]
        rules[0] = try node(schema, "")
    }

    /// Keywords that say nothing about what is valid.
    fileprivate static let annotations: Set<String> = [
        "title", "description", "default", "examples", "example", "$schema", "$id", "$comment", "$defs", "definitions",
        "deprecated", "readOnly", "writeOnly",
    ]

    private static let limit = 64

    private mutating func node(_ schema: JSONValue, _ place: String) throws(GrammarError) -> GrammarNode {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.limit else {
            throw GrammarError(place, "the schema is nested more than \(Self.limit) deep")
        }
        if let bool = schema.bool {
            guard bool else { throw GrammarError(place, "the schema false allows no value") }
            return value()
        }
        let keywords = try Keywords(schema, place)
        if let reference = keywords["$ref"] {
            try keywords.check(only: ["$ref"])
            return try follow(reference, place)
        }
        if let options = keywords["anyOf"] {
            try keywords.check(only: ["anyOf", "type"])
            return .choice(try nodes(options, place + "/anyOf"))
        }
        if let parts = keywords["allOf"] {
            try keywords.check(only: ["allOf", "type"])
            let nodes = try nodes(parts, place + "/allOf")
            guard nodes.count == 1 else {
                throw GrammarError(place, "'allOf' of more than one schema is not supported")
            }
            return nodes[0]
        }
        if let constant = keywords["const"] {
            try keywords.check(only: ["const", "type"])
            return .bytes(Array(constant.rawBytes))
        }
        if let values = keywords["enum"] {
            try keywords.check(only: ["enum", "type"])
            let literals = values.elements.map { GrammarNode.bytes(Array($0.rawBytes)) }
            guard !literals.isEmpty else { throw GrammarError(place + "/enum", "it must be an array with values") }
            return .choice(literals)
        }
        return try typed(keywords, place)
    }

    private mutating func typed(_ keywords: Keywords, _ place: String) throws(GrammarError) -> GrammarNode {
        var types: [String] = []
        if let type = keywords["type"] {
            types = type.string?.text.map { [$0] } ?? type.elements.compactMap { $0.string?.text }
            guard !types.isEmpty else { throw GrammarError(place + "/type", "it must be a type or an array of types") }
        } else if keywords["properties"] != nil || keywords["required"] != nil {
            types = ["object"]
        } else if keywords["items"] != nil {
            types = ["array"]
        } else {
            try keywords.check(only: [])
            return value()
        }
        var allowed: Set<String> = ["type"]
        for type in types { allowed.formUnion(Self.keywords[type] ?? []) }
        try keywords.check(only: allowed)
        var choices: [GrammarNode] = []
        for type in types { choices.append(try single(type, keywords, place)) }
        return choices.count == 1 ? choices[0] : .choice(choices)
    }

    private static let keywords: [String: Set<String>] = [
        "string": ["minLength", "maxLength"], "array": ["items", "minItems", "maxItems"],
        "object": ["properties", "required", "additionalProperties"],
    ]

    private mutating func single(
        _ type: String, _ keywords: Keywords, _ place: String
    ) throws(GrammarError) -> GrammarNode {
        switch type {
        case "string":
            let (least, most) = try keywords.bounds("minLength", "maxLength")
            return JSONGrammar.string(least: least, most: most)
        case "integer": return JSONGrammar.integer
        case "number": return JSONGrammar.number
        case "boolean": return JSONGrammar.boolean
        case "null": return .text("null")
        case "array":
            let (least, most) = try keywords.bounds("minItems", "maxItems")
            let item = try keywords["items"].map { items throws(GrammarError) in try inner(items, place + "/items") }
            return JSONGrammar.array(of: item ?? value(), least: least, most: most)
        case "object": return try object(keywords, place)
        default: throw GrammarError(place + "/type", "\(type.prefix(40).debugDescription) is no type")
        }
    }

    private mutating func object(_ keywords: Keywords, _ place: String) throws(GrammarError) -> GrammarNode {
        var required: Set<String> = []
        for name in keywords["required"]?.elements.map({ $0 }) ?? [] {
            guard let name = name.string?.text else { throw GrammarError(place + "/required", "it must hold strings") }
            required.insert(name)
        }
        var members: [(node: GrammarNode, isRequired: Bool)] = []
        var seen: Set<String> = []
        for member in (keywords["properties"]?.members).map(Array.init) ?? [] {
            let (key, schema) = member
            let name = key.text ?? ""
            guard seen.insert(name).inserted else {
                throw GrammarError(place + "/properties", "a property stands twice")
            }
            let value = try inner(schema, place + "/properties/" + name.prefix(64))
            members.append(
                (
                    .sequence([.bytes(JSONWriter.encoded(name)), JSONGrammar.colon, value]),
                    required.contains(name)
                ))
        }
        if let missing = required.subtracting(seen).min() {
            throw GrammarError(
                place + "/required",
                "\(missing.prefix(64).debugDescription) is not under 'properties', which it must be")
        }
        if seen.isEmpty, keywords["additionalProperties"]?.bool != false {
            let other = keywords["additionalProperties"].flatMap { $0.kind == .object ? $0 : nil }
            let value = try other.map { other throws(GrammarError) in
                try inner(other, place + "/additionalProperties")
            }
            return JSONGrammar.map(of: value ?? self.value())
        }
        return .sequence([.text("{"), .members(members), .text("}")])
    }

    /// A schema inside a bracket: what was being expanded outside may come again.
    private mutating func inner(_ schema: JSONValue, _ place: String) throws(GrammarError) -> GrammarNode {
        let outer = expanding
        expanding = []
        defer { expanding = outer }
        return try node(schema, place)
    }

    private mutating func nodes(_ list: JSONValue, _ place: String) throws(GrammarError) -> [GrammarNode] {
        var nodes: [GrammarNode] = []
        for (index, schema) in list.elements.enumerated() { nodes.append(try node(schema, "\(place)/\(index)")) }
        guard !nodes.isEmpty else { throw GrammarError(place, "it must be an array with schemas") }
        return nodes
    }

    private mutating func follow(_ reference: JSONValue, _ place: String) throws(GrammarError) -> GrammarNode {
        guard let pointer = reference.string?.text, pointer == "#" || pointer.hasPrefix("#/") else {
            throw GrammarError(
                place + "/$ref", "only references within the schema, such as #/$defs/name, are supported")
        }
        guard !expanding.contains(pointer) else {
            throw GrammarError(place + "/$ref", "the reference leads back to itself without a value in between")
        }
        if let rule = references[pointer] { return .rule(rule) }
        guard let target = resolve(pointer) else {
            throw GrammarError(place + "/$ref", "\(pointer.prefix(120).debugDescription) is not in the schema")
        }
        let rule = rules.count
        rules.append(.bytes([]))
        references[pointer] = rule
        expanding.insert(pointer)
        defer { expanding.remove(pointer) }
        rules[rule] = try node(target, String(pointer.dropFirst()))
        return .rule(rule)
    }

    private func resolve(_ pointer: String) -> JSONValue? {
        var value = root
        for step in pointer.dropFirst().split(separator: "/") {
            let name = String(step.replacing("~1", with: "/").replacing("~0", with: "~"))
            var found: JSONValue?
            if let index = Int(name), value.kind == .array {
                found = value.elements.enumerated().first { $0.offset == index }?.element
            } else {
                found = value.members.first { $0.key.text == name }?.value
            }
            guard let next = found else { return nil }
            value = next
        }
        return value
    }

    private mutating func value() -> GrammarNode {
        if let anyValue { return .rule(anyValue) }
        let rule = rules.count
        anyValue = rule
        rules.append(JSONGrammar.value(rule: rule))
        return .rule(rule)
    }

    /// The keywords of one schema, annotations left out.
    private struct Keywords {
        private var values: [String: JSONValue] = [:]
        private let place: String

        init(_ schema: JSONValue, _ place: String) throws(GrammarError) {
            guard schema.kind == .object else { throw GrammarError(place, "a schema must be an object, true or false") }
            self.place = place
            for (key, value) in schema.members {
                let name = key.text ?? "?"
                if SchemaCompiler.annotations.contains(name) { continue }
                guard values.updateValue(value, forKey: name) == nil else {
                    throw GrammarError(place, "the keyword \(name.prefix(40).debugDescription) stands twice")
                }
            }
        }

        subscript(name: String) -> JSONValue? { values[name] }

        func check(only allowed: Set<String>) throws(GrammarError) {
            guard let other = values.keys.filter({ !allowed.contains($0) }).min() else { return }
            throw GrammarError(place, "the keyword \(other.prefix(40).debugDescription) is not supported here")
        }

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
}
