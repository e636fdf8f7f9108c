import ChatAPI

/// Turns a JSON schema into rules; a keyword that is not honoured is refused by its name.
struct SchemaCompiler {
    var rules: [GrammarNode] = []
    private(set) var root: JSONValue?
    private var references: [String: Int] = [:]
    /// References that are being expanded without a byte in between: one that comes again would never end.
    private var expanding: Set<String> = []
    private var anyValue: Int?
    private var work = 0
    private var depth = 0
    /// Branches of 'oneOf' and the values that they list, which are all compared with each other.
    var compared = 0
    /// Bytes of the schemas that were put together.
    var mergedBytes = 0

    /// Rule 0 is the schema itself.
    init(_ schema: JSONValue) throws(GrammarError) {
        rules = [.bytes([])]
        rules[0] = try add(schema)
    }

    /// A compiler whose rules come after others.
    init(rules: [GrammarNode]) {
        self.rules = rules
    }

    /// Compiles a schema; references are to places in it.
    mutating func add(_ schema: JSONValue) throws(GrammarError) -> GrammarNode {
        begin(schema)
        return try node(schema, "")
    }

    /// References are to places in this schema from here on.
    mutating func begin(_ schema: JSONValue) {
        root = schema
        references = [:]
    }

    private static let limit = 64
    private static let workLimit = 50_000

    mutating func node(_ schema: JSONValue, _ place: String) throws(GrammarError) -> GrammarNode {
        depth += 1
        defer { depth -= 1 }
        work += 1
        guard work <= Self.workLimit else { throw GrammarError(place, "the schema says too much: it is too large") }
        guard depth <= Self.limit else {
            throw GrammarError(place, "the schema is nested more than \(Self.limit) deep")
        }
        if let bool = schema.bool {
            guard bool else { throw GrammarError(place, "the schema false allows no value") }
            return value()
        }
        let keywords = try SchemaKeywords(schema, place)
        // OpenAPI's way to write that a value may be null.
        if keywords["nullable"]?.bool == true {
            return .choice([try combined(keywords.without(["nullable"]), place), .text("null")])
        }
        return try combined(keywords, place)
    }

    private mutating func combined(_ keywords: SchemaKeywords, _ place: String) throws(GrammarError) -> GrammarNode {
        if let reference = keywords["$ref"], keywords.count == 1 { return try follow(reference, place) }
        if keywords["$ref"] != nil || keywords["allOf"] != nil {
            if let only = keywords["allOf"], keywords.count == 1, Array(only.elements).count == 1 {
                return try nodes(only, place + "/allOf")[0]
            }
            return try combination([keywords], place)
        }
        for name in ["anyOf", "oneOf"] {
            if let options = keywords[name] { return try branches(options, name, keywords, place) }
        }
        if let constant = keywords["const"] {
            try keywords.check(only: ["const", "type"])
            return try literals([constant], keywords)
        }
        if let values = keywords["enum"] {
            try keywords.check(only: ["enum", "type"])
            return try literals(Array(values.elements), keywords)
        }
        return try typed(keywords, place)
    }

    /// The values as the schema writes them, those left out that are not of its type.
    private func literals(_ values: [JSONValue], _ keywords: SchemaKeywords) throws(GrammarError) -> GrammarNode {
        let types = try keywords.types()
        let fitting = values.filter { value in types.map { SchemaKeywords.isOne(value, of: $0) } ?? true }
        guard !fitting.isEmpty else {
            throw GrammarError(
                keywords.place + (keywords["const"] == nil ? "/enum" : "/const"), "it must hold a value of the 'type'")
        }
        return .choice(fitting.map { .bytes(Array($0.rawBytes)) })
    }

    mutating func typed(_ keywords: SchemaKeywords, _ place: String) throws(GrammarError) -> GrammarNode {
        var types = try keywords.types() ?? []
        if types.isEmpty {
            if keywords["properties"] != nil || keywords["required"] != nil {
                types = ["object"]
            } else if keywords["items"] != nil || keywords["prefixItems"] != nil {
                types = ["array"]
            } else {
                try keywords.check(only: [])
                return value()
            }
        }
        var allowed: Set<String> = ["type"]
        for type in types { allowed.formUnion(Self.keywords[type] ?? []) }
        try keywords.check(only: allowed)
        var choices: [GrammarNode] = []
        for type in types { choices.append(try single(type, keywords, place)) }
        return choices.count == 1 ? choices[0] : .choice(choices)
    }

    private static let numbers: Set<String> = [
        "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "format",
    ]
    private static let keywords: [String: Set<String>] = [
        "string": ["minLength", "maxLength", "pattern", "format"],
        "array": ["items", "prefixItems", "additionalItems", "unevaluatedItems", "minItems", "maxItems"],
        "object": [
            "properties", "required", "additionalProperties", "unevaluatedProperties", "patternProperties",
            "propertyNames",
        ], "integer": numbers, "number": numbers,
    ]

    private mutating func single(
        _ type: String, _ keywords: SchemaKeywords, _ place: String
    ) throws(GrammarError) -> GrammarNode {
        switch type {
        case "string": return try string(keywords, place)
        case "integer": return try integer(keywords, place)
        case "number": return try number(keywords, place)
        case "boolean": return JSONGrammar.boolean
        case "null": return .text("null")
        case "array": return try array(keywords, place)
        case "object": return try object(keywords, place)
        default: throw GrammarError(place + "/type", "\(type.prefix(40).debugDescription) is no type")
        }
    }

    /// A schema inside a bracket: what was being expanded outside may come again.
    mutating func inner(_ schema: JSONValue, _ place: String) throws(GrammarError) -> GrammarNode {
        let outer = expanding
        expanding = []
        defer { expanding = outer }
        return try node(schema, place)
    }

    mutating func nodes(_ list: JSONValue, _ place: String) throws(GrammarError) -> [GrammarNode] {
        var nodes: [GrammarNode] = []
        for (index, schema) in list.elements.enumerated() { nodes.append(try node(schema, "\(place)/\(index)")) }
        guard !nodes.isEmpty else { throw GrammarError(place, "it must be an array with schemas") }
        return nodes
    }

    mutating func follow(_ reference: JSONValue, _ place: String) throws(GrammarError) -> GrammarNode {
        let pointer = try pointer(reference, place)
        return try rule(pointer, place + "/$ref", at: String(pointer.dropFirst())) { compiler throws(GrammarError) in
            try compiler.target(reference, place)
        }
    }

    /// The rule of a schema with a name of its own, which may come again inside: what leads back to it is the rule.
    mutating func rule(
        _ name: String, _ place: String, at target: String,
        schema: (SchemaCompiler) throws(GrammarError) -> JSONValue
    ) throws(GrammarError) -> GrammarNode {
        guard !expanding.contains(name) else {
            throw GrammarError(place, "the reference leads back to itself without a value in between")
        }
        if let rule = references[name] { return .rule(rule) }
        let schema = try schema(self)
        let rule = rules.count
        rules.append(.bytes([]))
        references[name] = rule
        expanding.insert(name)
        defer { expanding.remove(name) }
        rules[rule] = try node(schema, target)
        return .rule(rule)
    }

    private func pointer(_ reference: JSONValue, _ place: String) throws(GrammarError) -> String {
        guard let pointer = reference.string?.text, pointer == "#" || pointer.hasPrefix("#/") else {
            throw GrammarError(
                place + "/$ref", "only references within the schema, such as #/$defs/name, are supported")
        }
        return pointer
    }

    /// The schema that a reference leads to.
    func target(_ reference: JSONValue, _ place: String) throws(GrammarError) -> JSONValue {
        let pointer = try pointer(reference, place)
        guard let root, let target = Self.resolve(pointer, in: root) else {
            throw GrammarError(place + "/$ref", "\(pointer.prefix(120).debugDescription) is not in the schema")
        }
        return target
    }

    private static func resolve(_ pointer: String, in root: JSONValue) -> JSONValue? {
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

    mutating func value() -> GrammarNode {
        if let anyValue { return .rule(anyValue) }
        let rule = rules.count
        anyValue = rule
        rules.append(JSONGrammar.value(rule: rule))
        return .rule(rule)
    }
}
