import ChatAPI

/// What is known of the values of a schema without compiling it: enough to see that two schemas have none in common.
struct SchemaBranch {
    /// The types, "number" for "integer" too; nil: any.
    private let types: Set<String>?
    /// All the values there are; nil: not listed.
    private let literals: [JSONValue]?
    /// The values of required properties that have listed ones.
    private let tags: [String: [JSONValue]]

    /// How many values it lists.
    var listed: Int { (literals?.count ?? 0) + tags.values.reduce(0) { $0 + $1.count } }

    /// Reads the keywords of a schema; `follow` gives the schema that a property's reference leads to.
    init(
        _ keywords: SchemaKeywords, follow: (JSONValue) throws(GrammarError) -> JSONValue
    ) throws(GrammarError) {
        literals = Self.literals(keywords)
        if let literals {
            types = Set(literals.map(Self.type))
        } else {
            let null = keywords["nullable"]?.bool == true ? ["null"] : []
            types = try keywords.types().map { Set($0.map { $0 == "integer" ? "number" : $0 } + null) }
        }
        var tags: [String: [JSONValue]] = [:]
        let required = Set(keywords["required"]?.elements.compactMap { $0.string?.text } ?? [])
        let properties = keywords["properties"].map { Array($0.members) } ?? []
        for (key, schema) in properties {
            guard let name = key.text, required.contains(name) else { continue }
            let target = try follow(schema)
            guard target.kind == .object else { continue }
            tags[name] = Self.literals(try SchemaKeywords(target, keywords.place + "/properties/" + name.prefix(64)))
        }
        self.tags = tags
    }

    /// Whether certainly no value belongs to both.
    func isDisjoint(from other: SchemaBranch) -> Bool {
        if let types, let others = other.types, types.isDisjoint(with: others) { return true }
        if let literals, let others = other.literals { return Self.areDisjoint(literals, others) }
        // Tags tell objects apart, and nothing else.
        guard types == ["object"], other.types == ["object"] else { return false }
        return tags.contains { name, values in other.tags[name].map { Self.areDisjoint(values, $0) } ?? false }
    }

    private static func literals(_ keywords: SchemaKeywords) -> [JSONValue]? {
        // Null belongs to it too.
        if keywords["nullable"]?.bool == true { return nil }
        return keywords["const"].map { [$0] } ?? keywords["enum"].map { Array($0.elements) }
    }

    private static func areDisjoint(_ values: [JSONValue], _ others: [JSONValue]) -> Bool {
        values.allSatisfy { value in others.allSatisfy { !mayEqual(value, $0) } }
    }

    private static func mayEqual(_ value: JSONValue, _ other: JSONValue) -> Bool {
        guard type(value) == type(other) else { return false }
        if let number = value.double, let second = other.double { return number == second }
        if let text = value.string?.text, let second = other.string?.text { return text == second }
        if let bool = value.bool, let second = other.bool { return bool == second }
        return true
    }

    private static func type(_ value: JSONValue) -> String {
        switch value.kind {
        case .object: "object"
        case .array: "array"
        case .string: "string"
        case .number: "number"
        case .boolean: "boolean"
        case .null: "null"
        }
    }
}
